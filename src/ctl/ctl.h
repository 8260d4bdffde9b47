#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every command gets: the bus, and how to print. And how the program ends.
 */
#include <stdbool.h>
#include <systemd/sd-bus.h>

/* clang-format off */
/*        exit          code  means */
#define CTL_EXITS(E) \
        E(DONE,         0,    "done") \
        E(FAILURE,      1,    "failure") \
        E(USAGE,        2,    "wrong usage") \
        E(NOT_FOUND,    3,    "no such device, guest or rule, or several") \
        E(DENIED,       4,    "denied, by the policy or for want of authorization") \
        E(NO_DAEMON,    5,    "the daemon is not running, or cannot be reached") \
        E(PARTLY,       6,    "done in part; what could not be done is told")
/* clang-format on */

enum ctl_exit {
#define CTL_EXIT_VALUE(name, code, meaning) CTL_##name = code,
        CTL_EXITS(CTL_EXIT_VALUE)
#undef CTL_EXIT_VALUE
};

struct ctl {
        sd_bus *bus;
        bool json, no_legend, no_ask_password;
        bool wait;  /* attach: for the outcome */
        bool hold;  /* attach */
        bool force; /* attach: although this machine needs it */
        bool all;   /* detach: all devices */
        bool add;   /* learn: also add the rule */

        const char *guest;  /* learn; NULL: the rule names none */
        const char *file;   /* rules add, learn; NULL: the daemon's choice */
        const char *before; /* rules add: a line number; NULL: last */
        const char *root;   /* doctor: where the host's files are */
        const char *to;     /* convert: the form */
        const char *device; /* test: only this one */
};

/* The bus as the API names it. */
#define USBREDIR_NAME      "org.usbredir1"
#define USBREDIR_PATH      "/org/usbredir1"
#define MANAGER_INTERFACE  USBREDIR_NAME ".Manager"
#define PROPERTY_INTERFACE "org.freedesktop.DBus.Properties"
#define OBJECTS_INTERFACE  "org.freedesktop.DBus.ObjectManager"
