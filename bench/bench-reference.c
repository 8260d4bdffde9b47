/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a careful program makes of libusbredirhost: one poll loop without threads, a socket without
 * delay, written when there is something to write. The fair comparison: usbredirect, the program
 * that comes with the library, spins while it is idle and leaves Nagle's algorithm on.
 */
#include <errno.h>
#include <fcntl.h>
#include <libusb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <usbredirhost.h>

#define POLLFDS 16

static int guest = -1;

static void on_log(void *priv, int level, const char *message)
{
        fprintf(stderr, "bench-reference: %s\n", message);
}

/* 0: nothing now. -1: an error, or the end. */
static int on_read(void *priv, uint8_t *data, int count)
{
        ssize_t n = recv(guest, data, (size_t)count, 0);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -1;

        return n == 0 ? -1 : (int)n;
}

static int on_write(void *priv, uint8_t *data, int count)
{
        ssize_t n = send(guest, data, (size_t)count, MSG_NOSIGNAL);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -1;

        return (int)n;
}

static int dial(const char *address)
{
        struct sockaddr_un path = { .sun_family = AF_UNIX };
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
        const char *colon = strchr(address, ':');
        int fd = socket(colon ? AF_INET : AF_UNIX, SOCK_STREAM, 0), one = 1;

        if (!colon) {
                snprintf(path.sun_path, sizeof(path.sun_path), "%s", address);
                return connect(fd, (struct sockaddr *)&path, sizeof(path)) < 0 ? -1 : fd;
        }

        in.sin_port = htons((uint16_t)atoi(colon + 1));
        if (connect(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
                return -1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        return fd;
}

/* The socket first, then what libusb wants. */
static nfds_t collect(libusb_context *context, struct usbredirhost *host, struct pollfd *fds)
{
        const struct libusb_pollfd **usb = libusb_get_pollfds(context);
        nfds_t n = 1;

        fds[0] = (struct pollfd){
                .fd = guest,
                .events = (short)(POLLIN | (usbredirhost_has_data_to_write(host) ? POLLOUT : 0))
        };
        for (size_t i = 0; usb && usb[i] && n < POLLFDS; i++)
                fds[n++] = (struct pollfd){ .fd = usb[i]->fd, .events = usb[i]->events };
        libusb_free_pollfds(usb);
        return n;
}

static void serve(libusb_context *context, struct usbredirhost *host)
{
        struct timeval now = { 0 };
        struct pollfd fds[POLLFDS];
        nfds_t n = collect(context, host, fds);

        for (;;) {
                fds[0].events =
                        (short)(POLLIN | (usbredirhost_has_data_to_write(host) ? POLLOUT : 0));
                if (poll(fds, n, -1) < 0 && errno != EINTR)
                        return;
                if (fds[0].revents & (POLLIN | POLLHUP | POLLERR) &&
                    usbredirhost_read_guest_data(host) < 0)
                        return;
                for (nfds_t i = 1; i < n; i++)
                        if (fds[i].revents) {
                                libusb_handle_events_timeout_completed(context, &now, NULL);
                                break;
                        }
                /* Most often there is room: no need to ask first. */
                if (usbredirhost_has_data_to_write(host) && usbredirhost_write_guest_data(host) < 0)
                        return;
        }
}

int main(int argc, char **argv)
{
        libusb_device_handle *handle = NULL;
        struct usbredirhost *host;
        libusb_context *context;

        if (argc != 2) {
                fprintf(stderr, "Usage: bench-reference PATH | 127.0.0.1:PORT\n");
                return 2;
        }

        if (libusb_init(&context) < 0 ||
            !(handle = libusb_open_device_with_vid_pid(context, 0x1209, 0x0001))) {
                fprintf(stderr, "bench-reference: no device\n");
                return 1;
        }
        guest = dial(argv[1]);
        if (guest < 0) {
                fprintf(stderr, "bench-reference: cannot connect to %s: %s\n", argv[1],
                        strerror(errno));
                return 1;
        }

        host = usbredirhost_open(context, handle, on_log, on_read, on_write, NULL,
                                 "bench-reference", usbredirparser_warning, 0);
        if (!host)
                return 1;
        fcntl(guest, F_SETFL, fcntl(guest, F_GETFL) | O_NONBLOCK);
        serve(context, host);
        usbredirhost_close(host);
        libusb_exit(context);
        return 0;
}
