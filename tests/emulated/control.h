#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The world by commands, a line each; every command has one line of answer, "ok ..." or
 * "error ...". CONTROL_HELP lists them.
 */
#include "emulated/world.h"

#define CONTROL_HELP                                                                               \
        "  plug KIND PORT [KEY=VALUE]...   KIND: stick, gadget, reader, keyboard, composite;\n"    \
        "                                  PORT: 1-1 to 16-16; KEY: serial, product,\n"            \
        "                                  manufacturer (empty: none), id (1209:0001), image,\n"   \
        "                                  speed (high, super), fail (as --fail), or a property\n" \
        "                                  of udev, in capitals (empty: without it)\n"             \
        "  unplug PORT\n"                                                                          \
        "  change PORT [NAME=VALUE]...     other properties than udev's rules set\n"               \
        "  fail PORT NAME=ERRNO[@N[xTIMES]]\n"                                                     \
        "  report PORT FILE                how the device is, or was left, as key=value lines\n"   \
        "  await PORT KEY=VALUE [SECONDS]  until the report says so; 5\n"                          \
        "  list                            PORT=KIND,DEVNUM,SERIAL of what is plugged in\n"        \
        "  root                            the directory that stands for /\n"                      \
        "  storm COUNT SEED [PORT]...      plugs and unplugs COUNT times, 0 to 20 ms apart, at\n"  \
        "                                  1-1 to 1-4 and 2-1 to 2-4; answers as list does\n"      \
        "  quit\n"                                                                                 \
        "A byte may be written as \\xNN.\n"

enum { CONTROL_LINE_MAX = 16384 }; /* "list" of all ports */

struct control;

int control_new(struct control **ret, struct world *world);
struct control *control_free(struct control *control);
DEFINE_CLEANUP(struct control, control_free)

/*
 * Begins a command. The line is written to, and has to stay, and no other may begin, until
 * control_run() gives an answer.
 */
void control_begin(struct control *control, char *line);

/*
 * Goes on with the command. The answer, without newline, valid until the next one begins; NULL:
 * call again, after at most *ret_wait_ms. With no command under way NULL, and -1 to wait.
 */
const char *control_run(struct control *control, int *ret_wait_ms);

/* "quit" has been answered. */
bool control_is_over(const struct control *control);
