/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How fast a connection is, without anything behind it:
 *
 *      speed-wire ask ADDRESS PORT SECONDS FOLLOWS:ANSWER...
 *      speed-wire answer ADDRESS PORT
 *
 * The first listens, and asks the other again and again in that order, each time when it has the
 * answer: FOLLOWS bytes come with the question, ANSWER bytes are wanted. It prints how many rounds
 * there were in how many seconds. The bytes are those of a redirected device's packets, so this is
 * what no redirector can be faster than.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BYTES_MAX = 4 << 20, QUESTIONS_MAX = 8, RETRY_US = 10000, DEADLINE = 60 };

struct question {
        uint32_t follows, answer;
};

static uint8_t bytes[BYTES_MAX];

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int give(int fd, uint32_t length)
{
        for (uint32_t done = 0; done < length;) {
                ssize_t r = send(fd, bytes + done, length - done, MSG_NOSIGNAL);

                if (r <= 0)
                        return -1;
                done += (uint32_t)r;
        }
        return 0;
}

static int take(int fd, uint32_t length)
{
        return length == 0 || recv(fd, bytes, length, MSG_WAITALL) == (ssize_t)length ? 0 : -1;
}

/* Until the other one leaves. */
static int answer(int fd)
{
        struct question q;

        while (recv(fd, &q, sizeof(q), MSG_WAITALL) == sizeof(q))
                if (q.follows > BYTES_MAX || q.answer > BYTES_MAX || take(fd, q.follows) < 0 ||
                    give(fd, q.answer) < 0)
                        return 1;
        return 0;
}

static int ask(int fd, double seconds, const struct question *questions, int count)
{
        double begin = now(), end;
        unsigned long rounds = 0;

        do {
                for (int i = 0; i < count; i++) {
                        memcpy(bytes, &questions[i], sizeof(*questions));
                        if (give(fd, (uint32_t)sizeof(*questions) + questions[i].follows) < 0 ||
                            take(fd, questions[i].answer) < 0)
                                return 1;
                }
                rounds++;
                end = now();
        } while (end < begin + seconds);

        printf("%lu %.6f\n", rounds, end - begin);
        return 0;
}

/* Who connects to us, or to whom we connect, once it listens. */
static int connected(const char *address, const char *port, int is_listener)
{
        struct sockaddr_in to = { .sin_family = AF_INET };
        int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

        to.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
        if (fd < 0 || inet_pton(AF_INET, address, &to.sin_addr) != 1)
                return -1;
        if (is_listener) {
                setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
                if (bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || listen(fd, 1) < 0)
                        return -1;
                fd = accept(fd, NULL, NULL);
        } else {
                while (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
                        usleep(RETRY_US);
        }

        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        return fd;
}

int main(int argc, char **argv)
{
        struct question questions[QUESTIONS_MAX];
        int count = 0, is_asking, fd;

        if (argc < 4 || argc > 5 + QUESTIONS_MAX)
                return 2;
        is_asking = strcmp(argv[1], "ask") == 0;
        for (int i = 5; i < argc; i++, count++)
                if (sscanf(argv[i], "%u:%u", &questions[count].follows, &questions[count].answer) !=
                            2 ||
                    questions[count].follows > BYTES_MAX - sizeof(*questions) ||
                    questions[count].answer > BYTES_MAX)
                        return 2;

        alarm(DEADLINE);
        fd = connected(argv[2], argv[3], is_asking);
        if (fd < 0) {
                perror("speed-wire");
                return 1;
        }
        return is_asking ? ask(fd, strtod(argv[4], NULL), questions, count) : answer(fd);
}
