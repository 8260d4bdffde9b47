#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Scope-bound cleanup, in the manner of dbus-broker and systemd.
 *
 *      CLEANUP(foo_freep) struct foo *f = NULL;
 *      ...
 *      *ret = TAKE(f);
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

/* Hands the pointer over: its value, and NULL is left behind. */
#define TAKE(pointer)                                                                              \
        ({                                                                                         \
                __typeof__(pointer) *take_ = &(pointer);                                           \
                __typeof__(pointer) taken_ = *take_;                                               \
                *take_ = NULL;                                                                     \
                taken_;                                                                            \
        })

/* Hands the descriptor over: its value, and -1 is left behind. */
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int *take_ = &(fd);                                                                \
                int taken_ = *take_;                                                               \
                *take_ = -1;                                                                       \
                taken_;                                                                            \
        })

/* Defines foo_freep() for CLEANUP from struct foo *foo_free(struct foo *). */
#define DEFINE_CLEANUP(type, function)                                                             \
        static inline void function##p(type **pointer)                                             \
        {                                                                                          \
                if (*pointer)                                                                      \
                        *pointer = function(*pointer);                                             \
        }

static inline void freep(void *pointer)
{
        free(*(void **)pointer);
}

/* Closes a descriptor unless it is negative; returns -1, for "fd = close_fd(fd)". */
static inline int close_fd(int fd)
{
        if (fd >= 0)
                close(fd);
        return -1;
}

static inline void closedirp(DIR **directory)
{
        if (*directory)
                closedir(*directory);
}

static inline void close_fdp(int *fd)
{
        *fd = close_fd(*fd);
}
