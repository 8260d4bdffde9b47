/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that does nothing but look at its clock: takes one connection after the other, says
 * hello, and tells when a device was offered, by the clock of "udevadm monitor":
 *
 *      offers NAME PORT
 *      [SECONDS] OFFER NAME VENDOR:PRODUCT
 *
 * It announces nothing, so that all ids have 32 bits, as in the hello.
 */
#include <endian.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HELLO = 0, DEVICE_CONNECT = 1 };

struct header {
        uint32_t type, length, id;
};

struct hello {
        struct header header;
        char version[64];
        uint32_t capabilities;
};

struct device_connect {
        uint8_t speed, class, subclass, protocol;
        uint16_t vendor, product;
};

static void tell(const char *name, const struct device_connect *connect)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        printf("[%ld.%06ld] OFFER %s %04x:%04x\n", (long)now.tv_sec, now.tv_nsec / 1000, name,
               le16toh(connect->vendor), le16toh(connect->product));
        fflush(stdout);
}

/* Reads packets until there are no more. */
static void serve(int fd, const char *name)
{
        struct hello hello = { .header = { htole32(HELLO), htole32(64 + 4) }, .version = "offers" };
        struct header header;
        char body[1 << 16];

        if (write(fd, &hello, sizeof(hello)) != sizeof(hello))
                return;

        while (recv(fd, &header, sizeof(header), MSG_WAITALL) == sizeof(header)) {
                size_t length = le32toh(header.length);

                if (length > sizeof(body) ||
                    (length > 0 && recv(fd, body, length, MSG_WAITALL) != (ssize_t)length))
                        return;
                if (le32toh(header.type) == DEVICE_CONNECT &&
                    length >= sizeof(struct device_connect))
                        tell(name, (const struct device_connect *)body);
        }
}

int main(int argc, char **argv)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_ANY) } };
        int listener, fd, one = 1;

        if (argc != 3)
                return 2;
        address.sin_port = htons((uint16_t)atoi(argv[2]));

        listener = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            listen(listener, 16) < 0) {
                perror(argv[2]);
                return 1;
        }

        while ((fd = accept(listener, NULL, NULL)) >= 0) {
                serve(fd, argv[1]);
                close(fd);
        }

        return 1;
}
