/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * notify-listener PATH: stands for the service manager. Binds a NOTIFY_SOCKET there, says
 * "listening", and prints each message as a line, its own lines parted by "|"; ends with SIGTERM.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char message[4096];
        ssize_t n;
        int fd;

        if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path))
                return 2;
        strcpy(address.sun_path, argv[1]);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            chmod(argv[1], 0666) < 0) {
                perror(argv[1]);
                return 1;
        }

        setvbuf(stdout, NULL, _IOLBF, 0);
        puts("listening");
        while ((n = recv(fd, message, sizeof(message) - 1, 0)) >= 0) {
                message[n] = '\0';
                for (char *c = message; (c = strchr(c, '\n'));)
                        *c = '|';
                puts(message);
        }

        perror("recv");
        return 1;
}
