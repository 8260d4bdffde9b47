#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files below the testbed's root. Directories are named as a program in the testbed sees them
 * ("/sys/devices/..."), and are made where they are missing. Whoever reads a file while it is
 * written again sees the old text or the new one.
 *
 * All return 0 or -errno.
 */
#include <stddef.h>

#include "util/macro.h"

int tree_make_directory(const char *root, const char *directory);
int tree_write(const char *root, const char *directory, const char *name, const void *data,
               size_t size);
int tree_print(const char *root, const char *directory, const char *name, const char *format, ...)
        PRINTF(4, 5);
int tree_link(const char *root, const char *directory, const char *name, const char *target);

/* A file or link; none is fine. */
int tree_unlink(const char *root, const char *directory, const char *name);

/* The directory and all that is in it. */
int tree_remove(const char *root, const char *directory);
