/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hotplug.h in place of the daemon's own: devices come and go as the test says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bed-private.h"
#include "daemon/hotplug.h"

struct hotplug {
        struct hotplug_events events;
        void *userdata;
        struct {
                struct device_info *info;
        } ports[64];
};

static struct hotplug the_hotplug;
static bool is_watched;

int hotplug_new(struct hotplug **ret, struct event_base *base, const struct hotplug_events *events,
                void *userdata)
{
        the_hotplug.events = *events;
        the_hotplug.userdata = userdata;
        is_watched = true;
        for (size_t i = 0; i < 64; i++)
                if (the_hotplug.ports[i].info)
                        events->on_device(userdata, the_hotplug.ports[i].info);
        *ret = &the_hotplug;
        return 0;
}

struct hotplug *hotplug_free(struct hotplug *h)
{
        is_watched = false;
        return NULL;
}

static struct device_info **find_port(const char *port)
{
        for (size_t i = 0; i < 64; i++)
                if (the_hotplug.ports[i].info &&
                    !strcmp(the_hotplug.ports[i].info->facts.port, port))
                        return &the_hotplug.ports[i].info;
        return NULL;
}

/* The directory that sysfs would have for it. */
static void bind_drivers(struct device_info *info)
{
        char command[512];

        snprintf(info->syspath, sizeof(info->syspath), "%s/sys/%s", the_bed->directory,
                 info->facts.port);
        snprintf(command, sizeof(command), "mkdir -p %s/%s:1.0/driver", info->syspath,
                 info->facts.port);
        assert_int_equal(system(command), 0);
}

static void describe(struct device_info *info, const char *text)
{
        char copy[512], *word, *rest;
        unsigned class, subclass, protocol;

        snprintf(copy, sizeof(copy), "%s", text);
        for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
                char *equals = strchr(word, '=');

                if (!equals) {
                        class = subclass = protocol = 0;
                        assert_true(sscanf(word, "%x/%x/%x", &class, &subclass, &protocol) > 0);
                        assert_int_equal(facts_add_interface(&info->facts, (uint8_t) class,
                                                             (uint8_t)subclass, (uint8_t)protocol),
                                         0);
                        continue;
                }
                *equals++ = '\0';
                if (!strcmp(word, "serial"))
                        facts_set_serial(&info->facts, equals);
                else if (!strcmp(word, "product"))
                        info->facts.product = (uint16_t)strtoul(equals, NULL, 16);
                else if (!strcmp(word, "place"))
                        snprintf(info->place, sizeof(info->place), "%s", equals);
                else if (!strcmp(word, "configuration"))
                        info->configuration = (uint8_t)strtoul(equals, NULL, 10);
                else if (!strcmp(word, "usual"))
                        info->usual_configuration = (uint8_t)strtoul(equals, NULL, 10);
                else if (!strcmp(word, "drivers"))
                        bind_drivers(info);
                else if (!strcmp(word, "syspath"))
                        snprintf(info->syspath, sizeof(info->syspath), "%s", equals);
                else if (!strcmp(word, "settled"))
                        info->is_settled = *equals == '1';
                else
                        assert_int_equal(facts_add_property(&info->facts, word, equals), 0);
        }
}

void bed_plug(struct bed *bed, const char *port, const char *text)
{
        static uint8_t last_address = 1;
        struct device_info **place = find_port(port);
        struct device_info *info = calloc(1, sizeof(*info));

        assert_non_null(info);
        facts_set_port(&info->facts, port);
        snprintf(info->place, sizeof(info->place), "%s", port);
        info->facts.vendor = 0x1209;
        info->facts.product = 0x0001;
        info->bus = 1;
        info->address = place ? (*place)->address : ++last_address;
        info->configuration = 1;
        info->is_settled = true;
        describe(info, text);

        for (size_t i = 0; !place && i < 64; i++)
                if (!the_hotplug.ports[i].info)
                        place = &the_hotplug.ports[i].info;
        assert_non_null(place);
        free(*place);
        *place = info;
        if (is_watched)
                the_hotplug.events.on_device(the_hotplug.userdata, info);
}

void bed_unplug(struct bed *bed, const char *port)
{
        struct device_info **place = find_port(port);

        assert_non_null(place);
        free(*place);
        *place = NULL;
        if (is_watched)
                the_hotplug.events.on_removed(the_hotplug.userdata, port);
}

void bed_unplug_all(void)
{
        for (size_t i = 0; i < 64; i++) {
                free(the_hotplug.ports[i].info);
                the_hotplug.ports[i].info = NULL;
        }
}
