/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A change at another port, behind all that has happened, tells that all of it has been told of.
 */
#include "daemon/hotplug-bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "util/macro.h"

#define DEADLINE_SEC 30
#define MARK         "4-8"

static void on_device(void *userdata, const struct device_info *info)
{
        struct hotplug_bed *bed = userdata;
        size_t length = strlen(bed->told);

        snprintf(bed->told + length, sizeof(bed->told) - length, "+%s/%u ", info->facts.port,
                 info->address);
        if (strcmp(info->facts.port, MARK) != 0)
                bed->info = *info;
}

static void on_removed(void *userdata, const char *port)
{
        struct hotplug_bed *bed = userdata;
        size_t length = strlen(bed->told);

        snprintf(bed->told + length, sizeof(bed->told) - length, "-%s ", port);
}

int hotplug_bed_setup(void **state)
{
        struct hotplug_bed *bed = calloc(1, sizeof(*bed));

        assert_non_null(bed);
        assert_int_equal(world_new(&bed->world, true, NULL), 0);
        bed->base = event_base_new();
        assert_non_null(bed->base);
        *state = bed;
        return 0;
}

int hotplug_bed_teardown(void **state)
{
        struct hotplug_bed *bed = *state;

        hotplug_free(bed->hotplug);
        event_base_free(bed->base);
        world_free(bed->world);
        free(bed);
        return 0;
}

void hotplug_bed_start(struct hotplug_bed *bed)
{
        static const struct hotplug_events events = { on_device, on_removed };

        bed->hotplug = hotplug_free(bed->hotplug);
        bed->told[0] = '\0';
        assert_int_equal(hotplug_new(&bed->hotplug, bed->base, &events, bed), 0);
}

void hotplug_bed_plug(struct hotplug_bed *bed, struct world_plug what)
{
        assert_int_equal(world_plug(bed->world, &what), 0);
}

void hotplug_bed_unplug(struct hotplug_bed *bed, const char *port)
{
        assert_int_equal(world_unplug(bed->world, port), 0);
}

void hotplug_bed_change(struct hotplug_bed *bed, const char *port, const char *const *properties)
{
        static const char *const none[] = { NULL };

        assert_int_equal(world_change(bed->world, port, properties ?: none), 0);
}

void hotplug_bed_expect(struct hotplug_bed *bed, const char *told)
{
        static const struct timeval pause = { .tv_usec = 1000 };
        time_t end = time(NULL) + DEADLINE_SEC;
        char *last;

        if (!world_device(bed->world, MARK))
                PLUG(bed, .kind = "keyboard", .port = MARK);
        else
                hotplug_bed_change(bed, MARK, NULL);
        do {
                assert_true(time(NULL) <= end);
                event_base_loopexit(bed->base, &pause);
                event_base_dispatch(bed->base);
        } while (!(last = strstr(bed->told, "+" MARK)));
        *last = '\0';
        assert_string_equal(bed->told, told);
        bed->told[0] = '\0';
}

/* In the directory of the device at 1-1. */
static void make_path(struct hotplug_bed *bed, const char *name, char *ret_path, size_t size)
{
        assert_true((size_t)snprintf(ret_path, size, "%s/sys/bus/usb/devices/1-1/%s",
                                     world_root(bed->world), name) < size);
}

void hotplug_bed_set(struct hotplug_bed *bed, const char *name, const char *text)
{
        char path[1024];
        FILE *file;

        make_path(bed, name, path, sizeof(path));
        file = fopen(path, "we");
        assert_non_null(file);
        fprintf(file, "%s\n", text);
        assert_int_equal(fclose(file), 0);
}

void hotplug_bed_add_interface(struct hotplug_bed *bed, unsigned number, const char *class)
{
        char path[1024], name[64], text[8];

        snprintf(name, sizeof(name), "1-1:1.%u", number);
        make_path(bed, name, path, sizeof(path));
        assert_int_equal(mkdir(path, 0755), 0);
        snprintf(text, sizeof(text), "%02x", number);

        const struct {
                const char *name, *text;
        } attributes[] = {
                { "bInterfaceNumber", text },
                { "bInterfaceClass", class },
                { "bInterfaceSubClass", "00" },
                { "bInterfaceProtocol", "00" },
        };
        for (size_t i = 0; i < ELEMENTS(attributes); i++) {
                snprintf(name, sizeof(name), "1-1:1.%u/%s", number, attributes[i].name);
                hotplug_bed_set(bed, name, attributes[i].text);
        }
}
