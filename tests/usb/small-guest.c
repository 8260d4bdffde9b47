/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * small-guest PATH [use|leave|serve|close|silent]: the least a guest is. Listens on a unix socket,
 * greets whoever connects, and prints the number of each packet it gets, one a line. With no
 * capabilities, so that a header is twelve bytes and nothing need be understood to find the next
 * one.
 *
 * "use": once the device is there, a transfer is left waiting at its endpoint 81, and a
 * control request behind it is answered (100): by then the first one is in flight. "leave": it goes
 * as soon as the device is there.
 *
 * It has one connection, but: "serve" has any number of them, a process for each, which "use" their
 * devices; "close" closes each at once; "silent" keeps each, and says nothing. They print
 * "accepted" for each.
 */
#include <endian.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { HELLO = 0, DEVICE_CONNECT = 1, CONTROL = 100, BULK = 101, BODY_MAX = 1 << 16, BACKLOG = 64 };

struct header {
        uint32_t type, length, id;
};

static int failed(const char *what)
{
        perror(what);
        return 1;
}

static int listen_at(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
                return -1;
        strcpy(address.sun_path, path);
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0)
                return -1;

        puts("listening");
        return fd;
}

static int send_packet(int fd, uint32_t type, uint32_t id, const void *body, uint32_t length)
{
        struct header header = { htole32(type), htole32(length), htole32(id) };
        struct iovec parts[] = { { &header, sizeof(header) }, { (void *)body, length } };

        return sendmsg(fd, &(struct msghdr){ .msg_iov = parts, .msg_iovlen = 2 }, MSG_NOSIGNAL) ==
                               (ssize_t)(sizeof(header) + length)
                       ? 0
                       : -1;
}

static int use_device(int fd)
{
        /* endpoint 81, no status, 512 bytes, no stream */
        static const uint8_t bulk[] = { 0x81, 0, 0, 2, 0, 0, 0, 0 };
        /* endpoint 80, GET_STATUS, type, status; value, index; 2 bytes */
        static const uint8_t control[] = { 0x80, 0, 0x80, 0, 0, 0, 0, 0, 2, 0 };

        if (send_packet(fd, BULK, 1, bulk, sizeof(bulk)) < 0)
                return -1;
        return send_packet(fd, CONTROL, 2, control, sizeof(control));
}

/* Until the other side closes. */
static int have_device(int fd, const char *then)
{
        static const uint8_t hello[64 + 4] = "small guest";
        static uint8_t body[BODY_MAX];
        struct header header;

        if (fd < 0 || send_packet(fd, HELLO, 0, hello, sizeof(hello)) < 0)
                return failed("small-guest");

        while (recv(fd, &header, sizeof(header), MSG_WAITALL) == sizeof(header)) {
                uint32_t length = le32toh(header.length), type = le32toh(header.type);

                if (length > sizeof(body) ||
                    (length > 0 && recv(fd, body, length, MSG_WAITALL) != (ssize_t)length))
                        return failed("small-guest: a packet");
                printf("%u\n", type);
                if (type != DEVICE_CONNECT)
                        continue;
                if (strcmp(then, "leave") == 0)
                        return 0;
                if (strcmp(then, "use") == 0 && use_device(fd) < 0)
                        return failed("small-guest: a request");
        }

        puts("closed");
        return 0;
}

static int serve(int listener, const char *then)
{
        pid_t parent = getpid();
        int fd;

        signal(SIGCHLD, SIG_IGN); /* nobody waits for them */
        while ((fd = accept(listener, NULL, NULL)) >= 0) {
                puts("accepted");
                if (strcmp(then, "silent") == 0)
                        continue;
                if (strcmp(then, "serve") == 0 && fork() == 0) {
                        prctl(PR_SET_PDEATHSIG, SIGTERM);
                        close(listener);
                        exit(getppid() == parent ? have_device(fd, "use") : 1);
                }
                close(fd);
        }

        return failed("small-guest: accept");
}

int main(int argc, char **argv)
{
        const char *then = argc > 2 ? argv[2] : "";
        int fd;

        setvbuf(stdout, NULL, _IOLBF, 0);
        fd = argc > 1 ? listen_at(argv[1]) : -1;
        if (fd < 0)
                return failed("small-guest");
        if (strcmp(then, "serve") == 0 || strcmp(then, "close") == 0 || strcmp(then, "silent") == 0)
                return serve(fd, then);

        return have_device(accept(fd, NULL, NULL), then);
}
