#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A control socket with hostile messages out of an input: a byte with the number of descriptors
 * that come with it, a type, a length of two bytes, the body.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "session/control.h"

/* More than a message may have of each. */
#define HOSTILE_FDS_MAX  (CONTROL_FDS_MAX + 2)
#define HOSTILE_BODY_MAX (CONTROL_BODY_MAX + 64)

static inline void open_pair(int fds[2])
{
        CHECKED(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
}

/* Sends the next message. Returns whether there was one, and the socket took it. */
static inline bool send_hostile(struct input *in, int fd)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int) * HOSTILE_FDS_MAX)];
        } control = { 0 };
        static int null_fd = -1;
        size_t n = take_u8(in) % (HOSTILE_FDS_MAX + 1);
        uint32_t type = take_u32(in);
        size_t size = take_u16(in) % HOSTILE_BODY_MAX;
        const uint8_t *body = take(in, size, &size);
        struct iovec iov[] = { { &type, sizeof(type) }, { (void *)body, size } };
        struct msghdr header = { .msg_iov = iov, .msg_iovlen = ELEMENTS(iov) };

        if (null_fd < 0)
                null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (n > 0) {
                control.header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                                   .cmsg_type = SCM_RIGHTS,
                                                   .cmsg_len = CMSG_LEN(sizeof(int) * n) };
                for (size_t i = 0; i < n; i++)
                        memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &null_fd, sizeof(int));
                header.msg_control = &control;
                header.msg_controllen = CMSG_SPACE(sizeof(int) * n);
        }
        return sendmsg(fd, &header, MSG_NOSIGNAL) >= 0;
}

/* The lowest descriptor that is free: the same one again when all that were opened are closed. */
static inline int next_fd(void)
{
        int fd = dup(STDERR_FILENO);

        CHECKED(fd >= 0);
        close(fd);
        return fd;
}
