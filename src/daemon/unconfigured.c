/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sysfs has the descriptors as the device has sent them: the device's, then each configuration with
 * all that belongs to it. Every length is the device's word, and is checked. What is read is what
 * the kernel would make of it: whatever a device leaves out or says twice, none of its interfaces
 * is hidden from the rules.
 */
#include "daemon/unconfigured.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

/* A configuration has at most 64 KiB; a device with more than a few of this size does not exist. */
#define DESCRIPTORS_MAX (256 * 1024)

/* The USB specification's. */
enum {
        DEVICE_LENGTH = 18,
        CONFIGURATION_TYPE = 2,
        CONFIGURATION_LENGTH = 9,
        INTERFACE_TYPE = 4,
        INTERFACE_LENGTH = 9,
        INTERFACES = 256, /* by their numbers */
        VENDORS_OWN_CLASS = 0xff,
};

/* A descriptor of that type and at least that length at offset, or NULL. */
static const uint8_t *descriptor_at(const uint8_t *bytes, size_t size, size_t offset, uint8_t type,
                                    uint8_t length)
{
        const uint8_t *d = bytes + offset;

        return size - offset >= length && d[0] >= length && d[1] == type ? d : NULL;
}

/* The next descriptor of an interface, from *offset on, which is then behind it. */
static const uint8_t *next_interface(const uint8_t *bytes, size_t size, size_t *offset)
{
        while (size - *offset >= 2) {
                const uint8_t *d =
                        descriptor_at(bytes, size, *offset, INTERFACE_TYPE, INTERFACE_LENGTH);
                uint8_t length = bytes[*offset];

                if (length < 2 || length > size - *offset)
                        return NULL;
                *offset += length;
                if (d)
                        return d;
        }

        return NULL;
}

/*
 * As the kernel chooses: the first that does not begin with the vendor's own class, or the first,
 * which it is too where all of the device is the vendor's own.
 */
static const uint8_t *choose(const uint8_t *bytes, size_t size, size_t *ret_size)
{
        bool is_own = bytes[4] == VENDORS_OWN_CLASS;
        const uint8_t *choice = NULL, *d, *first;

        for (size_t offset = DEVICE_LENGTH, total; offset < size; offset += total) {
                bool is_usual;
                size_t inside;

                d = descriptor_at(bytes, size, offset, CONFIGURATION_TYPE, CONFIGURATION_LENGTH);
                total = d ? (size_t)(d[2] | d[3] << 8) : 0;
                if (!d || total < d[0] || total > size - offset)
                        break;

                inside = d[0];
                first = next_interface(d, total, &inside);
                is_usual = !is_own && first && first[5] != VENDORS_OWN_CLASS;
                if (!choice || is_usual) {
                        choice = d;
                        *ret_size = total;
                }
                if (is_usual)
                        break;
        }

        return choice;
}

void unconfigured_read(struct device_info *info, const uint8_t *bytes, size_t size)
{
        const uint8_t *configuration, *d, *alts[INTERFACES] = { NULL };
        size_t offset, length = 0;

        if (size < DEVICE_LENGTH)
                return;
        configuration = choose(bytes, size, &length);
        if (!configuration)
                return;

        info->usual_configuration = configuration[5];
        offset = configuration[0];
        while ((d = next_interface(configuration, length, &offset))) {
                if (!alts[d[2]])
                        alts[d[2]] = d;
                /* Where a length is a lie, that one may be the next configuration's. */
                if (d[3] == 0 && alts[d[2]][3] != 0) {
                        snprintf(info->refusal, sizeof(info->refusal),
                                 "interface %u does not begin with alternate setting 0", d[2]);
                        return;
                }
        }

        for (unsigned number = 0; number < INTERFACES; number++) {
                d = alts[number];
                if (!d)
                        continue;
                if (facts_add_interface(&info->facts, d[5], d[6], d[7]) < 0) {
                        snprintf(info->refusal, sizeof(info->refusal),
                                 "it has more interfaces than can be judged");
                        return;
                }
                info->interface_numbers[info->facts.n_interfaces - 1] = (uint8_t)number;
        }
}

static ssize_t read_file(const struct device_info *info, const char *name, void *buffer,
                         size_t size)
{
        CLEANUP(close_fdp) int fd = -1;
        char path[sizeof(info->syspath) + 32];
        size_t used = 0;
        ssize_t n = 0;

        snprintf(path, sizeof(path), "%s/%s", info->syspath, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        while (fd >= 0 && used < size && (n = read(fd, (char *)buffer + used, size - used)) > 0)
                used += (size_t)n;

        return fd < 0 || n < 0 ? -1 : (ssize_t)used;
}

void unconfigured_complete(struct device_info *info)
{
        CLEANUP(freep) uint8_t *bytes = NULL;
        char authorized = '0';
        ssize_t size;

        if (info->configuration != 0 || info->facts.n_interfaces > 0 ||
            read_file(info, "authorized", &authorized, 1) != 1 || authorized != '1')
                return;

        bytes = malloc(DESCRIPTORS_MAX);
        size = bytes ? read_file(info, "descriptors", bytes, DESCRIPTORS_MAX) : -1;
        if (size > 0)
                unconfigured_read(info, bytes, (size_t)size);
}
