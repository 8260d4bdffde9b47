#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A server under test: started as a child on its own processor, it connects to us; what it uses is
 * read from outside while it lives, and once more from what the system kept of it when it ended.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct transport;

struct server_config {
        bool is_tcp;
        int core;       /* that it runs on; -1: any */
        char **command; /* %a and %p in it become the address, as tcp:HOST:PORT and HOST:PORT */
};

/* What it has used since its start. */
struct server_usage {
        uint64_t cpu_ns;
        uint64_t waits; /* times it gave the processor up */
};

struct server {
        pid_t pid;
        int socket;            /* connected, non-blocking */
        struct transport *tls; /* the socket's, or NULL */
        int report;            /* of the fake device: a pipe to read from */
        clockid_t clock;
        char directory[32]; /* of the unix socket, or empty */
        char path[64];
};

/* Returns 0, or -1 with a sentence on standard error. */
int server_start(struct server *ret, const struct server_config *config);

int server_usage(const struct server *s, struct server_usage *ret);

/* Its proportional share of memory now, in KiB; 0 if that cannot be told. */
uint64_t server_pss(const struct server *s);

/* A number of the fake device's report, which is there when the server has ended; -1: not in it. */
int64_t server_report(const char *report, const char *key);

/*
 * Waits for the end of the server whose socket has been closed, and ends it if it does not within
 * five seconds. Writes its report, up to size bytes with the last one 0, and its CPU time. Returns
 * 0; -1 with a sentence if it was killed by a signal that is not ours.
 */
int server_end(struct server *s, char *report, size_t size, uint64_t *ret_cpu_ns);

/* Pins the caller to a processor; -1: none. Returns 0 or -errno. */
int pin(int core);
