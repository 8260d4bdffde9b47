#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands: each is a function command_NAME() in the file of its group.
 */
#include <limits.h>

#include "ctl/ctl.h"

/* clang-format off */
/*        name      arguments              from, to     help */
#define COMMANDS(C) \
        C(list,     "",                    0, 0,        "the USB devices and what is done with each (the default)") \
        C(guests,   "",                    0, 0,        "the guests, their state and their queues") \
        C(sessions, "",                    0, 0,        "the devices that are redirected, and where to") \
        C(status,   "[DEVICE]",            0, 1,        "a summary, with all that is wrong; or all about one device") \
        C(attach,   "DEVICE [GUEST]",      1, 2,        "redirect a device; without GUEST to where the policy says") \
        C(detach,   "DEVICE... | --all",   0, INT_MAX,  "take devices back") \
        C(explain,  "DEVICE",              1, 1,        "what the policy says of a device, and which rule says it") \
        C(rules,    "[add RULE | remove FILE:LINE]", 0, 2, "the rules, in order; or one more, or one less") \
        C(learn,    "",                    0, 0,        "print the rule for the device that is plugged in next") \
        C(doctor,   "",                    0, 0,        "look for all that is wrong, and say what to do") \
        C(monitor,  "",                    0, 0,        "print a line for each change, until interrupted") \
        C(reload,   "",                    0, 0,        "have the daemon read its configuration again") \
        C(pause,    "",                    0, 0,        "stop redirecting by rules; sessions go on") \
        C(resume,   "",                    0, 0,        "redirect by rules again")
/* clang-format on */

#define COMMAND_PROTOTYPE(name, usage, from, to, help)                                             \
        enum ctl_exit command_##name(struct ctl *ctl, char **arguments);
COMMANDS(COMMAND_PROTOTYPE)
#undef COMMAND_PROTOTYPE

struct command {
        const char *name, *usage, *help;
        int from, to; /* number of arguments */

        /* Arguments end with NULL. */
        enum ctl_exit (*run)(struct ctl *ctl, char **arguments);
};

/* The last has no name. */
extern const struct command commands[];
