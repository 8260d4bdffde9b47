#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands: each is a function command_NAME() in the file of its group.
 */
#include "testguest/tool.h"

/* clang-format off */
/*        function       name            arguments                            from, to  help */
#define COMMANDS(C) \
        C(info,          "info",         "",                                   0, 0,    "the device, as the host tells it and as its descriptors do (the default)") \
        C(descriptors,   "descriptors",  "",                                   0, 0,    "the bytes of its descriptors") \
        C(control,       "control",      "TYPE REQUEST VALUE INDEX LENGTH [HEX]", 5, 6, "a control transfer; LENGTH bytes of data for OUT") \
        C(read,          "read",         "EP LENGTH [COUNT]",                  2, 3,    "bulk transfers IN") \
        C(write,         "write",        "EP HEX|@FILE [COUNT]",               2, 3,    "bulk or interrupt transfers OUT") \
        C(receive,       "receive",      "EP [COUNT|SECONDSs]",                1, 2,    "receive a stream: iso, interrupt or buffered bulk [5s]") \
        C(send,          "send",         "EP [COUNT|SECONDSs]",                1, 2,    "send numbered packets: iso or interrupt [5s]") \
        C(cancel,        "cancel",       "EP LENGTH",                          2, 2,    "start a bulk transfer IN, and cancel it") \
        C(reset,         "reset",        "",                                   0, 0,    "reset the device") \
        C(configuration, "configuration","[N]",                                0, 1,    "get or set the configuration") \
        C(alt,           "alt",          "INTERFACE [N]",                      1, 2,    "get or set an alternate setting") \
        C(alloc_streams, "alloc-streams","EP,... N",                           2, 2,    "allocate bulk streams") \
        C(free_streams,  "free-streams", "EP,...",                             1, 1,    "free them") \
        C(filter,        "filter",       "RULES",                              1, 1,    "send a filter, such as 0x08,-1,-1,-1,1|-1,-1,-1,-1,0") \
        C(reject,        "reject",       "",                                   0, 0,    "reject the device, as a filter does") \
        C(wait,          "wait",         "",                                   0, 0,    "until the device is taken away") \
        C(quit,          "quit",         "",                                   0, 0,    "leave a script")
/* clang-format on */

#define COMMAND_PROTOTYPE(function, name, usage, from, to, help)                                   \
        enum tool_exit command_##function(struct tool *t, char **arguments);
COMMANDS(COMMAND_PROTOTYPE)
#undef COMMAND_PROTOTYPE

struct command {
        const char *name, *usage, *help;
        int from, to; /* number of arguments */

        /* Arguments end with NULL. */
        enum tool_exit (*run)(struct tool *t, char **arguments);
};

/* The last has no name. */
extern const struct command commands[];

/*
 * Runs one command, by its words up to NULL: "[expect STATUS] NAME ARGUMENT...". TOOL_DONE if its
 * status is the expected one.
 */
enum tool_exit command_run(struct tool *t, char **words);

/* Runs the commands of a file, or of standard input for "-", up to the first that fails. */
enum tool_exit script_run(struct tool *t, const char *path);
