/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The child's CPU time is its own clock's, exact to the nanosecond; procfs has the rest.
 */
#include "bench/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/socket.h"

#define CONNECT_MS 10000
#define END_MS     5000
#define ARGUMENTS  64

static int complain(const char *what)
{
        fprintf(stderr, "bench-guest: %s: %s\n", what, strerror(errno));
        return -1;
}

int pin(int core)
{
        cpu_set_t set;

        if (core < 0)
                return 0;

        CPU_ZERO(&set);
        CPU_SET((size_t)core, &set);
        return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

static int listen_tcp(char *bare, size_t size)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t length = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 || listen(fd, 1) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &length) < 0)
                return close_fd(fd);

        snprintf(bare, size, "127.0.0.1:%u", ntohs(address.sin_port));
        return fd;
}

/* The server may run as another user. */
static int listen_unix(struct server *s, char *bare, size_t size)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd;

        strcpy(s->directory, "/tmp/bench-XXXXXX");
        if (!mkdtemp(s->directory) || chmod(s->directory, 0755) < 0)
                return -1;

        snprintf(s->path, sizeof(s->path), "%s/socket", s->directory);
        strcpy(address.sun_path, s->path);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
            chmod(s->path, 0666) < 0 || listen(fd, 1) < 0)
                return close_fd(fd);

        snprintf(bare, size, "%s", s->path);
        return fd;
}

/* A copy of the argument with %a and %p replaced, the caller's to free. */
static char *expand(const char *argument, const char *bare, bool is_tcp)
{
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        if (!out)
                return NULL;

        for (const char *p = argument; *p; p++) {
                if (p[0] == '%' && (p[1] == 'a' || p[1] == 'p')) {
                        fprintf(out, "%s%s", *++p == 'p' ? "" : is_tcp ? "tcp:" : "unix:", bare);
                        continue;
                }
                fputc(*p, out);
        }
        fclose(out);
        return text;
}

/* In the child: 3 is the device node, 4 the report of the fake device. */
static void run(const struct server_config *config, const char *bare, int report)
{
        char options[512], *argv[ARGUMENTS + 1] = { NULL };
        const char *fake = getenv("FAKE_LIBUSB");
        int node, error_fd;

        for (size_t i = 0; i < ARGUMENTS && config->command[i]; i++)
                argv[i] = expand(config->command[i], bare, config->is_tcp);
        snprintf(options, sizeof(options), "%s%sreport-fd=4", fake ? fake : "", fake ? "," : "");
        setenv("FAKE_LIBUSB", options, 1);

        node = open("/dev/null", O_RDWR);
        report = fcntl(report, F_DUPFD, 10);
        error_fd = fcntl(2, F_DUPFD_CLOEXEC, 10);
        if (pin(config->core) < 0 || dup2(node, 3) < 0 || dup2(report, 4) < 0 || error_fd < 0)
                _exit(126);
        close(report);
        /* What a server says on standard output is not ours. */
        dup2(2, 1);
        execvp(argv[0], argv);
        dprintf(error_fd, "bench-guest: cannot start %s: %s\n", argv[0], strerror(errno));
        _exit(127);
}

static int start(struct server *s, const struct server_config *config, const char *bare)
{
        int report[2];

        if (pipe2(report, O_CLOEXEC) < 0)
                return -1;

        s->pid = fork();
        if (s->pid == 0)
                run(config, bare, report[1]);
        close(report[1]);
        s->report = report[0];
        return s->pid < 0 ? -1 : clock_getcpuclockid(s->pid, &s->clock);
}

/* Waits for it to connect, or to end. */
static int take_connection(struct server *s, int listener)
{
        struct pollfd fds[] = { { .fd = listener, .events = POLLIN },
                                { .fd = s->report, .events = POLLIN } };
        int n = poll(fds, 2, CONNECT_MS);

        if (n <= 0 || !(fds[0].revents & POLLIN)) {
                fprintf(stderr, "bench-guest: the server %s\n",
                        n <= 0 ? "does not connect" : "ended before it connected");
                return -1;
        }

        s->socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        return s->socket < 0 ? complain("accept") : 0;
}

int server_start(struct server *ret, const struct server_config *config)
{
        struct server *s = ret;
        CLEANUP(close_fdp) int listener = -1;
        char bare[64];
        int r = -1;

        *s = (struct server){ .pid = -1, .socket = -1, .report = -1 };
        listener = config->is_tcp ? listen_tcp(bare, sizeof(bare))
                                  : listen_unix(s, bare, sizeof(bare));
        if (listener < 0)
                return complain("cannot listen");

        if (start(s, config, bare) == 0)
                r = take_connection(s, listener);
        else
                complain("cannot start the server");
        if (s->directory[0]) {
                unlink(s->path);
                rmdir(s->directory);
        }
        if (r == 0 && config->is_tcp)
                socket_set_tcp_options(s->socket, SOCKET_KEEPALIVE_SEC);
        if (r < 0)
                server_end(s, NULL, 0, NULL);

        return r;
}

/* The number behind "key:" in a file of procfs. */
static uint64_t procfs_number(const struct server *s, const char *file, const char *key)
{
        char path[64], line[256];
        uint64_t value = 0;
        FILE *in;

        snprintf(path, sizeof(path), "/proc/%i/%s", (int)s->pid, file);
        in = fopen(path, "re");
        while (in && fgets(line, sizeof(line), in))
                if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
                        value = strtoull(line + strlen(key) + 1, NULL, 10);
        if (in)
                fclose(in);

        return value;
}

int server_usage(const struct server *s, struct server_usage *ret)
{
        struct timespec cpu;

        if (clock_gettime(s->clock, &cpu) < 0)
                return -1;

        ret->cpu_ns = (uint64_t)cpu.tv_sec * 1000000000 + (uint64_t)cpu.tv_nsec;
        ret->waits = procfs_number(s, "status", "voluntary_ctxt_switches");
        return 0;
}

uint64_t server_pss(const struct server *s)
{
        return procfs_number(s, "smaps_rollup", "Pss");
}

int64_t server_report(const char *report, const char *key)
{
        size_t length = strlen(key);

        for (const char *p = report; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
                if (!strncmp(p, key, length) && p[length] == '=')
                        return strtoll(p + length + 1, NULL, 10);

        return -1;
}

/* Until its end of the pipe is closed: the server has ended. */
static bool read_report(struct server *s, char *report, size_t size)
{
        struct pollfd end = { .fd = s->report, .events = POLLIN };
        size_t filled = 0;
        char rest[512];

        for (;;) {
                bool fits = report && filled + 1 < size;
                ssize_t n;

                if (poll(&end, 1, END_MS) <= 0)
                        return false;
                n = read(s->report, fits ? report + filled : rest,
                         fits ? size - filled - 1 : sizeof(rest));
                if (n <= 0)
                        return true;
                filled += fits ? (size_t)n : 0;
                if (report)
                        report[filled] = '\0';
        }
}

int server_end(struct server *s, char *report, size_t size, uint64_t *ret_cpu_ns)
{
        struct rusage usage = { 0 };
        bool is_ours = false;
        int status = 0;

        s->socket = close_fd(s->socket);
        if (s->pid < 0)
                return 0;

        if (!read_report(s, report, size)) {
                is_ours = true;
                kill(s->pid, SIGKILL);
        }
        wait4(s->pid, &status, 0, &usage);
        s->report = close_fd(s->report);
        s->pid = -1;
        if (ret_cpu_ns)
                *ret_cpu_ns =
                        (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
                        (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
        if (WIFSIGNALED(status) && !is_ours) {
                fprintf(stderr, "bench-guest: the server was killed by signal %i\n",
                        WTERMSIG(status));
                return -1;
        }

        return 0;
}
