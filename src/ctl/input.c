/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "util/cleanup.h"

int input_read(const char *path, size_t limit, char **ret_text, size_t *ret_size)
{
        CLEANUP(close_fdp) int opened = -1;
        CLEANUP(freep) char *text = malloc(limit + 1);
        int fd = STDIN_FILENO;
        size_t size = 0;
        ssize_t n;

        if (!text)
                return -ENOMEM;
        if (strcmp(path, "-") != 0) {
                fd = opened = open(path, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
        }

        do {
                n = read(fd, text + size, limit + 1 - size);
                size += n > 0 ? (size_t)n : 0;
        } while ((n > 0 && size <= limit) || (n < 0 && errno == EINTR));
        if (n < 0)
                return -errno;
        if (size > limit)
                return -EFBIG;

        text[size] = '\0';
        *ret_text = TAKE(text);
        *ret_size = size;
        return 0;
}
