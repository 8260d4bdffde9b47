#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands: each is a function command_NAME() in the file of its group.
 */
#include <limits.h>

#include "ctl/ctl.h"

/* Whether it is run with the bus open, or at all without one. */
#define BUS    true
#define NO_BUS false

/* clang-format off */
/*        name      arguments              from, to     bus     help */
#define COMMANDS(C) \
        C(list,     "",                    0, 0,        BUS,    "the USB devices and what is done with each (the default)") \
        C(guests,   "",                    0, 0,        BUS,    "the guests, their state and their queues") \
        C(guest,    "GUEST",               1, 1,        BUS,    "all about one guest: its channels, its queue, its last error") \
        C(sessions, "",                    0, 0,        BUS,    "the devices that are redirected, and where to") \
        C(status,   "[DEVICE]",            0, 1,        BUS,    "a summary, with all that is wrong; or all about one device") \
        C(attach,   "DEVICE [GUEST]",      1, 2,        BUS,    "redirect a device; without GUEST to where the policy says") \
        C(detach,   "DEVICE... | --all",   0, INT_MAX,  BUS,    "take devices back") \
        C(explain,  "DEVICE",              1, 1,        BUS,    "what the policy says of a device, and which rule says it") \
        C(rules,    "[add RULE | remove FILE:LINE]", 0, 2, BUS,    "the rules, in order; or one more, or one less") \
        C(learn,    "",                    0, 0,        BUS,    "print the rule for the device that is plugged in next") \
        C(doctor,   "",                    0, 0,        NO_BUS, "look for all that is wrong, and say what to do") \
        C(monitor,  "",                    0, 0,        BUS,    "print a line for each change, until interrupted") \
        C(reload,   "",                    0, 0,        BUS,    "have the daemon read its configuration again") \
        C(pause,    "",                    0, 0,        BUS,    "stop redirecting by rules; sessions go on") \
        C(resume,   "",                    0, 0,        BUS,    "redirect by rules again") \
        C(convert,  "--to=FORM RULES",     1, 1,        NO_BUS, "RULES (a file, - or a text) as string, qemu, libvirt or rules") \
        C(test,     "FILE...",             1, INT_MAX,  NO_BUS, "what files of rules that are not installed would change")
/* clang-format on */

#define COMMAND_PROTOTYPE(name, usage, from, to, bus, help)                                        \
        enum ctl_exit command_##name(struct ctl *ctl, char **arguments);
COMMANDS(COMMAND_PROTOTYPE)
#undef COMMAND_PROTOTYPE

struct command {
        const char *name, *usage, *help;
        int from, to; /* number of arguments */
        bool needs_bus;

        /* Arguments end with NULL. */
        enum ctl_exit (*run)(struct ctl *ctl, char **arguments);
};

/* The last has no name. */
extern const struct command commands[];
