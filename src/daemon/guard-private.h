#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guards share: reading sysfs.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>

#include "daemon/guard.h"
#include "util/macro.h"

/* Walks the entries of a class, as in: for (…begin(); …next();) …; it ends itself. */
struct class_walk {
        DIR *directory;
        const char *syspath; /* of the device */
        char name[GUARD_NAME_SIZE];
        char target[PATH_MAX]; /* what the entry is a link to */
        bool is_own;           /* it is below the device */
};

void class_begin(struct class_walk *walk, const struct guard_scope *scope, const char *class,
                 const char *syspath);
bool class_next(struct class_walk *walk);
void class_end(struct class_walk *walk); /* when it is left early */

/* The first line of a file; false, and "", if there is none. */
bool guard_read_line(char *ret, size_t size, const char *format, ...) PRINTF(3, 4);

/* The first entry of a directory, not "." and "..", that begins so. */
bool guard_find_entry(char ret_name[GUARD_NAME_SIZE], const char *directory, const char *prefix);

/* One for each guard; of a kind with guard_check(). */
bool guard_check_disks(const struct guard_scope *scope, const char *syspath,
                       const struct guard_question *question, char *ret_reason);
bool guard_check_network(const struct guard_scope *scope, const char *syspath,
                         const struct guard_question *question, char *ret_reason);
bool guard_check_keyboard(const struct guard_scope *scope, const char *syspath,
                          const struct guard_question *question, char *ret_reason);

/* The kernel's own answers; see struct guard_scope. */
int guard_route_of(const struct sockaddr_storage *peer);
int disk_probe_try(const char *path);
