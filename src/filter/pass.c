/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order and the exceptions are upstream's, so that a filter means the same here as in QEMU
 * and in remote-viewer. Nothing here looks at rules.
 */
#include "filter/pass.h"

enum {
        CLASS_PER_INTERFACE = 0x00,
        CLASS_HID = 0x03,
        CLASS_MISCELLANEOUS = 0xef,
};

/* Such as the volume keys of a headset: a rule against keyboards should not catch the headset. */
static bool is_non_boot_hid(const struct facts_interface *interface)
{
        return interface->class == CLASS_HID && interface->subclass == 0 &&
               interface->protocol == 0;
}

/* A device of nothing but such interfaces, as many KVM switches are, is judged by all of them. */
static bool has_only_non_boot_hid(const struct facts *facts)
{
        for (size_t i = 0; i < facts->n_interfaces; i++)
                if (!is_non_boot_hid(&facts->interfaces[i]))
                        return false;

        return true;
}

size_t pass_list(const struct facts *facts, bool every_interface, struct pass ret[PASSES_MAX])
{
        size_t n = 0;

        /* These two device classes say: ask the interfaces. */
        if (facts->class != CLASS_PER_INTERFACE && facts->class != CLASS_MISCELLANEOUS)
                ret[n++] = (struct pass){ .interface = PASS_DEVICE, .class = facts->class };

        if (has_only_non_boot_hid(facts))
                every_interface = true;

        for (size_t i = 0; i < facts->n_interfaces; i++)
                if (every_interface || !is_non_boot_hid(&facts->interfaces[i]))
                        ret[n++] = (struct pass){
                                .interface = (int)i,
                                .class = facts->interfaces[i].class,
                        };

        return n;
}
