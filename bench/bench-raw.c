/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the machine's sockets give at most: one process writes messages of a size, one call for
 * each, another reads what is there. No protocol, no device, no answers.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/server.h"
#include "util/macro.h"

#define READ_MIN (128u * 1024)

struct options {
        size_t size;
        bool is_tcp;
        int writer_core, reader_core;
        double seconds;
};

static int die(const char *what)
{
        fprintf(stderr, "bench-raw: %s: %s\n", what, strerror(errno));
        return 1;
}

static int tcp_pair(int fds[2])
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(address);
        int listener = socket(AF_INET, SOCK_STREAM, 0);

        fds[0] = socket(AF_INET, SOCK_STREAM, 0);
        if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 1) < 0 ||
            getsockname(listener, (struct sockaddr *)&address, &length) < 0 ||
            connect(fds[0], (struct sockaddr *)&address, length) < 0)
                return -1;

        fds[1] = accept(listener, NULL, NULL);
        close(listener);
        return fds[1] < 0 ? -1 : 0;
}

/* Until the reader has had enough. */
static void write_all(int fd, size_t size)
{
        uint8_t *bytes = malloc(size);

        if (bytes)
                memset(bytes, 1, size);
        while (bytes && send(fd, bytes, size, MSG_NOSIGNAL) > 0)
                ;
        free(bytes);
}

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int read_all(int fd, const struct options *o)
{
        size_t room = MAX(o->size, (size_t)READ_MIN);
        uint8_t *bytes = malloc(room);
        uint64_t total = 0;
        double begin = now(), end = begin;

        while (bytes && end - begin < o->seconds) {
                ssize_t n = recv(fd, bytes, room, 0);

                if (n <= 0)
                        return die("recv");
                total += (uint64_t)n;
                end = now();
        }
        free(bytes);
        printf("{\"messages\": %llu, \"bytes\": %llu, \"seconds\": %.6f}\n",
               (unsigned long long)(total / o->size), (unsigned long long)total, end - begin);
        return 0;
}

static int parse(struct options *o, int argc, char **argv)
{
        static const struct option long_options[] = {
                { "socket", required_argument, NULL, 'k' },
                { "server-core", required_argument, NULL, 'S' },
                { "guest-core", required_argument, NULL, 'G' },
                { "seconds", required_argument, NULL, 's' },
                { 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0)
                switch (option) {
                case 'k': o->is_tcp = !strcmp(optarg, "tcp"); break;
                case 'S': o->writer_core = atoi(optarg); break;
                case 'G': o->reader_core = atoi(optarg); break;
                case 's': o->seconds = atof(optarg); break;
                default: return -1;
                }
        o->size = optind < argc ? strtoul(argv[optind], NULL, 10) : 0;
        return o->size > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
        struct options o = { .writer_core = -1, .reader_core = -1, .seconds = 0.2 };
        int fds[2], r;
        pid_t writer;

        if (parse(&o, argc, argv) < 0) {
                fprintf(stderr, "Usage: bench-raw SIZE [--socket=unix|tcp] [--server-core=N] "
                                "[--guest-core=N] [--seconds=S]\n");
                return 2;
        }

        r = o.is_tcp ? tcp_pair(fds) : socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
        if (r < 0)
                return die("cannot connect");

        writer = fork();
        if (writer < 0)
                return die("fork");
        if (writer == 0) {
                close(fds[1]);
                pin(o.writer_core);
                write_all(fds[0], o.size);
                _exit(0);
        }

        close(fds[0]);
        pin(o.reader_core);
        r = read_all(fds[1], &o);
        close(fds[1]);
        kill(writer, SIGTERM);
        waitpid(writer, NULL, 0);
        return r;
}
