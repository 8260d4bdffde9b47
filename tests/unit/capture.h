#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is written to a descriptor meanwhile, as text. Include after cmocka.h.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

struct capture {
        int fd, saved, memory;
        char text[8192];
};

static inline void capture_begin(struct capture *c, int fd)
{
        fflush(NULL);
        c->fd = fd;
        c->saved = dup(fd);
        c->memory = memfd_create("capture", MFD_CLOEXEC);
        assert_true(c->saved >= 0 && c->memory >= 0);
        assert_int_equal(dup2(c->memory, fd), fd);
}

/* Its text, until the next capture. */
static inline const char *capture_end(struct capture *c)
{
        ssize_t n;

        fflush(NULL);
        assert_int_equal(dup2(c->saved, c->fd), c->fd);
        n = pread(c->memory, c->text, sizeof(c->text) - 1, 0);
        c->text[n > 0 ? n : 0] = '\0';
        close(c->memory);
        close(c->saved);
        return c->text;
}
