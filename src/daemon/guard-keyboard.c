/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What udev calls a keyboard (ID_INPUT_KEYBOARD): it has all of the first 31 keys. Power buttons
 * and remote controls have not. What a program has made (uinput) is no keyboard of the machine; one
 * by Bluetooth, which is a program's too (uhid), is. One that is about to be given away is no more.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/guard-private.h"

/* KEY_ESC (1) to KEY_S (31) */
#define KEYS_OF_KEYBOARDS 0xfffffffeul

#define MADE_BY_PROGRAMS "/devices/virtual/input/"

/* "f 0 0 ffffffffffffffff": words, the lowest last. */
static bool is_keyboard(const struct guard_scope *scope, const char *input)
{
        char keys[512];
        const char *last;

        if (strncmp(input, "input", 5) != 0 ||
            !guard_read_line(keys, sizeof(keys), "%s/class/input/%s/capabilities/key", scope->sys,
                             input))
                return false;

        last = strrchr(keys, ' ');
        return (strtoul(last ? last : keys, NULL, 16) & KEYS_OF_KEYBOARDS) == KEYS_OF_KEYBOARDS;
}

bool guard_check_keyboard(const struct guard_scope *scope, const char *syspath,
                          const struct guard_question *question, char *ret_reason)
{
        unsigned own = 0, others = 0;
        struct class_walk walk;

        for (class_begin(&walk, scope, "input", syspath); class_next(&walk);) {
                if (strstr(walk.target, MADE_BY_PROGRAMS) || !is_keyboard(scope, walk.name))
                        continue;
                if (walk.is_own)
                        own++;
                else if (!question->is_given ||
                         !question->is_given(question->userdata, walk.target))
                        others++;
        }
        if (own == 0 || others > 0)
                return false;

        snprintf(ret_reason, GUARD_REASON_SIZE,
                 "it is the last keyboard of this machine: plug in another one");
        return true;
}
