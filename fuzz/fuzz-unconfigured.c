/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors of a device that is not configured, as sysfs has them and as the device likes to lie:
 * the interfaces that are told are those of one of its configurations, and all of it.
 *
 * Input: the bytes of the descriptors.
 */
#include "daemon/unconfigured.h"

#include "fuzz/fuzz.h"

/* The USB specification's: type and least length. */
static bool is_descriptor(const uint8_t *d, size_t size, uint8_t type, uint8_t length)
{
        return size >= length && d[0] >= length && d[1] == type;
}

static const uint8_t *find_interface(const struct input *in, uint8_t number,
                                     const struct facts_interface *f)
{
        for (size_t i = 0; i < in->left; i++) {
                const uint8_t *d = in->at + i;

                if (is_descriptor(d, in->left - i, 4, 9) && d[2] == number && d[5] == f->class &&
                    d[6] == f->subclass && d[7] == f->protocol)
                        return d;
        }

        return NULL;
}

static bool is_told(const struct device_info *info, uint8_t number)
{
        for (size_t i = 0; i < info->facts.n_interfaces; i++)
                if (info->interface_numbers[i] == number)
                        return true;
        return info->refusal[0];
}

/* Has this configuration no interface but those that are told, and all of these? */
static bool is_the_one(const struct device_info *info, struct input configuration)
{
        for (size_t i = 0; i < info->facts.n_interfaces; i++)
                if (!find_interface(&configuration, info->interface_numbers[i],
                                    &info->facts.interfaces[i]))
                        return false;

        while (configuration.left >= 2 && configuration.at[0] >= 2 &&
               configuration.at[0] <= configuration.left) {
                if (is_descriptor(configuration.at, configuration.left, 4, 9) &&
                    !is_told(info, configuration.at[2]))
                        return false;
                configuration.left -= configuration.at[0];
                configuration.at += configuration.at[0];
        }

        return true;
}

static bool is_of_a_configuration(const struct device_info *info, const uint8_t *bytes, size_t size)
{
        for (size_t i = 18; i < size; i++) {
                const uint8_t *d = bytes + i;

                if (is_descriptor(d, size - i, 2, 9) && d[5] == info->usual_configuration &&
                    (size_t)(d[2] | d[3] << 8) <= size - i &&
                    is_the_one(info, (struct input){ d, (size_t)(d[2] | d[3] << 8) }))
                        return true;
        }

        return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct device_info info;
        uint8_t *bytes = copy_of(data, size);

        memset(&info, 0, sizeof(info));
        unconfigured_read(&info, bytes, size);

        CHECKED(info.facts.n_interfaces <= FACTS_INTERFACES_MAX);
        CHECKED(!info.refusal[0] || info.facts.n_interfaces == FACTS_INTERFACES_MAX ||
                info.facts.n_interfaces == 0);
        for (size_t i = 1; i < info.facts.n_interfaces; i++)
                CHECKED(info.interface_numbers[i - 1] < info.interface_numbers[i]);
        if (info.usual_configuration || info.facts.n_interfaces > 0)
                CHECKED(is_of_a_configuration(&info, bytes, size));

        free(bytes);
        return 0;
}
