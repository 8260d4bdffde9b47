/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Nothing is looked up by a second call: names are in the paths.
 */
#include "ctl/objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

const struct object_kind_names object_kinds[] = {
#define OBJECT_KIND_NAMES(kind, name, interface, path) { name, interface, path },
        OBJECT_KINDS(OBJECT_KIND_NAMES)
#undef OBJECT_KIND_NAMES
};

enum ctl_exit objects_get(struct ctl *ctl, json_t **ret)
{
        return bus_read(ctl, ret, OBJECTS_TYPE, USBREDIR_PATH, OBJECTS_INTERFACE,
                        "GetManagedObjects", "");
}

bool objects_find(json_t *all, enum object_kind kind, const char *path, struct object *ret)
{
        json_t *properties =
                json_object_get(json_object_get(all, path), object_kinds[kind].interface);

        if (!properties)
                return false;

        *ret = (struct object){ .kind = kind, .all = all, .path = path, .properties = properties };
        return true;
}

/* 1-1.9 before 1-1.10: the part behind the folder, where escapes leave digits as they are. */
static int compare(const void *a, const void *b)
{
        return strverscmp(((const struct object *)a)->path, ((const struct object *)b)->path);
}

int objects_list(json_t *all, enum object_kind kind, struct object **ret, size_t *ret_n)
{
        struct object *objects;
        const char *path;
        json_t *value;
        size_t n = 0;

        objects = calloc(json_object_size(all) + 1, sizeof(*objects));
        if (!objects)
                return -ENOMEM;

        json_object_foreach (all, path, value)
                if (objects_find(all, kind, path, &objects[n]))
                        n++;
        qsort(objects, n, sizeof(*objects), compare);

        *ret = objects;
        *ret_n = n;
        return 0;
}

json_t *object_name(enum object_kind kind, const char *path)
{
        CLEANUP(freep) char *name = NULL;
        int r;

        if (!strcmp(path, "/"))
                return json_string("");

        r = sd_bus_path_decode(path, object_kinds[kind].path, &name);
        return r < 0 ? NULL : json_string(r > 0 ? name : path);
}

bool object_state_is_trouble(const char *state)
{
        static const char *const troubles[] = { "failed", "stuck", "unreachable" };

        for (size_t i = 0; i < ELEMENTS(troubles); i++)
                if (!strcmp(state, troubles[i]))
                        return true;

        return false;
}
