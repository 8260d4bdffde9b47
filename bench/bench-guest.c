/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One measurement: starts a server, loads it in one way, prints what came out as JSON. README.md in
 * this folder tells what it is part of.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/load.h"
#include "bench/server.h"
#include "session/tls-options.h"
#include "session/tls.h"
#include "util/macro.h"

struct options {
        struct load_config load;
        struct server_config server;
        struct tls_options tls;
        int core;
};

static void print_help(void)
{
        printf("Usage: bench-guest KIND SIZE DEPTH [OPTION...] -- COMMAND...\n"
               "Runs COMMAND, a server that connects to %%a or %%p, and measures it.\n"
               "KIND is one of %s.\n\n"
               "  --socket=unix|tcp  [unix]\n"
               "  --tls=psk=FILE or ca=FILE,cert=FILE,key=FILE\n"
               "                     encrypt, as the server of TLS\n"
               "  --server-core=N, --guest-core=N\n"
               "                     pin them to these processors\n"
               "  --seconds=S        measure for so long [0.1]\n"
               "  --warm-up=S        after this time [0.02]\n"
               "  --count=N          measure so many messages instead\n"
               "  --verify           compare every byte\n"
               "  --help\n",
               load_kind_names());
}

static int usage(const char *what, const char *value)
{
        fprintf(stderr, "bench-guest: %s '%s'\nTry \"bench-guest --help\".\n", what, value);
        return -1;
}

static int parse_number(const char *text, double most, double *ret)
{
        char *end;
        double value;

        errno = 0;
        value = strtod(text, &end);
        if (end == text || *end || errno || !(value >= 0 && value <= most))
                return usage("not a number in range:", text);

        *ret = value;
        return 0;
}

static int parse_positional(struct options *o, char **arguments, int n)
{
        double size, depth;

        if (n < 4)
                return usage("expected KIND SIZE DEPTH -- COMMAND after",
                             n > 0 ? arguments[n - 1] : "");

        o->load.kind = load_kind_find(arguments[0]);
        if (!o->load.kind)
                return usage("no such KIND:", arguments[0]);
        if (parse_number(arguments[1], 128 << 20, &size) < 0 ||
            parse_number(arguments[2], 1024, &depth) < 0)
                return -1;

        o->load.size = (uint32_t)size;
        o->load.depth = (uint32_t)depth;
        o->server.command = arguments + 3;
        return 0;
}

static int set_option(struct options *o, int option)
{
        double number = 0;

        if (option == 'v') {
                o->load.verify = true;
                return 0;
        }
        if (option == 't') {
                char message[256];

                return tls_options_parse(&o->tls, optarg, message, sizeof(message)) < 0
                               ? usage(message, "")
                               : 0;
        }
        if (option == 'k') {
                o->server.is_tcp = !strcmp(optarg, "tcp");
                return o->server.is_tcp || !strcmp(optarg, "unix")
                               ? 0
                               : usage("expected --socket=unix or tcp, not", optarg);
        }
        if (parse_number(optarg, 1e9, &number) < 0)
                return -1;

        switch (option) {
        case 'S': o->server.core = (int)number; break;
        case 'G': o->core = (int)number; break;
        case 's': o->load.seconds = number; break;
        case 'w': o->load.warm_up = number; break;
        case 'c': o->load.count = (uint64_t)number; break;
        }
        return 0;
}

/* Returns 0, 1 when all is said, -1 for wrong ones. */
static int parse(struct options *o, int argc, char **argv)
{
        static const struct option long_options[] = {
                { "socket", required_argument, NULL, 'k' },
                { "tls", required_argument, NULL, 't' },
                { "server-core", required_argument, NULL, 'S' },
                { "guest-core", required_argument, NULL, 'G' },
                { "seconds", required_argument, NULL, 's' },
                { "warm-up", required_argument, NULL, 'w' },
                { "count", required_argument, NULL, 'c' },
                { "verify", no_argument, NULL, 'v' },
                { "help", no_argument, NULL, 'h' },
                { 0 },
        };
        int option;

        while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
                if (option == 'h') {
                        print_help();
                        return 1;
                }
                if (option == '?' || set_option(o, option) < 0)
                        return -1;
        }

        return parse_positional(o, argv + optind, argc - optind);
}

/* What the fake device saw; it ends with the server, so everything has been sent by then. */
static int check_report(const char *report, bool is_thorough)
{
        static const char *const keys[] = { "pattern-mismatches", "sequence-gaps", "misuse",
                                            "leaked-transfers" };

        if (!report[0]) {
                fprintf(stderr, "bench-guest: the fake device made no report%s\n",
                        is_thorough ? "" : ": the server did not end by itself");
                return is_thorough ? -1 : 0;
        }
        for (size_t i = 0; i < ELEMENTS(keys); i++)
                if (server_report(report, keys[i]) > 0) {
                        fprintf(stderr, "bench-guest: the fake device reports %s=%" PRIi64 "\n",
                                keys[i], server_report(report, keys[i]));
                        return -1;
                }

        return 0;
}

static void print_latency(const struct histogram *h)
{
        if (h->count == 0)
                printf("null");
        else
                printf("{\"p50\": %.3f, \"p99\": %.3f, \"p999\": %.3f, \"max\": %.3f}",
                       histogram_permille(h, 500) / 1e3, histogram_permille(h, 990) / 1e3,
                       histogram_permille(h, 999) / 1e3, (double)h->max / 1e3);
}

static void print(const struct load_result *r, uint64_t life_cpu_ns)
{
        double others = (double)r->all_cpu_ns - (double)r->server_cpu_ns - (double)r->guest_cpu_ns;

        printf("{\"messages\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"seconds\": %.6f, "
               "\"latency_us\": ",
               r->messages, r->bytes, r->seconds);
        print_latency(&r->latency);
        printf(", \"server_cpu_s\": %.9f, \"guest_cpu_s\": %.9f, \"others_cpu_s\": %.3f, "
               "\"server_wakeups\": %" PRIu64 ", \"pss_kib\": %" PRIu64 ", \"lost\": %" PRIu64
               ", \"lost_whole_frames\": %s, \"life\": {\"messages\": %" PRIu64
               ", \"server_cpu_s\": %.6f}}\n",
               (double)r->server_cpu_ns / 1e9, (double)r->guest_cpu_ns / 1e9, others / 1e9,
               r->server_waits, r->pss_kib, r->lost, r->has_lost_parts ? "false" : "true",
               r->messages_in_life, (double)life_cpu_ns / 1e9);
}

/* The server has dialled in. */
static int encrypt(struct server *server, const struct tls_options *options)
{
        struct control_order order = { .purpose = CONTROL_REDIRECT, .flags = CONTROL_ACCEPTED };
        struct control_fds fds = CONTROL_NO_FDS;
        char message[256];
        int r;

        r = tls_options_open(options, "", &order, fds.files, message, sizeof(message));
        if (r == 0 && order.tls != CONTROL_CLEAR)
                r = tls_new(&server->tls, server->socket, &order, fds.files, message,
                            sizeof(message));
        control_fds_close(&fds);
        if (r < 0) {
                fprintf(stderr, "bench-guest: --tls: %s\n", message);
                server_end(server, NULL, 0, NULL);
        }

        return r;
}

int main(int argc, char **argv)
{
        static struct load_result result;
        struct options options = { .load = { .seconds = 0.1, .warm_up = 0.02 },
                                   .server = { .core = -1 },
                                   .core = -1 };
        char report[4096] = "";
        uint64_t life_cpu_ns = 0;
        struct server server;
        int r;

        signal(SIGPIPE, SIG_IGN);
        r = parse(&options, argc, argv);
        if (r != 0)
                return r < 0 ? 2 : 0;
        if (pin(options.core) < 0) {
                fprintf(stderr, "bench-guest: no processor %i\n", options.core);
                return 1;
        }

        if (server_start(&server, &options.server) < 0 || encrypt(&server, &options.tls) < 0)
                return 1;
        r = load_run(&result, &options.load, &server);
        if (server_end(&server, report, sizeof(report), &life_cpu_ns) < 0 || r < 0 ||
            check_report(report, options.load.verify) < 0)
                return 1;

        print(&result, life_cpu_ns);
        return 0;
}
