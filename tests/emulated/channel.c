/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Both FIFOs are opened for reading and writing: then opening does not wait, the end of one writer
 * is not the end of the channel, and answers stay until they are read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emulated/channel.h"

static int open_fifo(const char *path)
{
        CLEANUP(close_fdp) int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        struct stat status;

        if (fd < 0 || fstat(fd, &status) < 0)
                return -errno;
        return S_ISFIFO(status.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

int channel_open(struct channel *channel, const char *in, const char *out)
{
        *channel = (struct channel){ .in = -1, .out = -1 };
        channel->in = open_fifo(in);
        if (channel->in < 0)
                return channel->in;
        channel->out = open_fifo(out);
        return channel->out < 0 ? channel->out : 0;
}

void channel_close(struct channel *channel)
{
        channel->in = close_fd(channel->in);
        channel->out = close_fd(channel->out);
}

static char *take_line(struct channel *channel)
{
        char *end = memchr(channel->line, '\n', channel->size);

        if (!end && channel->size == sizeof(channel->line) - 1)
                end = channel->line + channel->size - 1;
        if (!end)
                return NULL;
        *end = 0;
        channel->taken = (size_t)(end + 1 - channel->line);
        return channel->line;
}

char *channel_read(struct channel *channel)
{
        ssize_t n;
        char *line;

        channel->size -= channel->taken;
        memmove(channel->line, channel->line + channel->taken, channel->size);
        channel->taken = 0;
        line = take_line(channel);
        if (line)
                return line;
        n = read(channel->in, channel->line + channel->size,
                 sizeof(channel->line) - 1 - channel->size);
        if (n <= 0)
                return NULL;
        channel->size += (size_t)n;
        return take_line(channel);
}

int channel_write(struct channel *channel, const char *line)
{
        char text[CONTROL_LINE_MAX + 1];
        int n = snprintf(text, sizeof(text), "%s\n", line);

        if (n < 0 || (size_t)n >= sizeof(text))
                return -EMSGSIZE;
        return write(channel->out, text, (size_t)n) == n ? 0 : -errno;
}
