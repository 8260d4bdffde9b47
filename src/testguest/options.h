#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of usbredir-testguest.
 */
#include <stdbool.h>
#include <stdint.h>

#include "util/address.h"

/* clang-format off */
/*        field               name                  argument   from, to          default  help */
#define OPTION_NUMBERS(N) \
        N(caps,               "caps",               "MASK",    0, 0xff,          0xff,    "capabilities to announce, by their bits [0xff]") \
        N(timeout,            "timeout",            "SECONDS", 1, 86400,         10,      "wait so long for the device, and for each answer [10]") \
        N(stream,             "stream",             "ID",      0, 65536,         0,       "read, write, receive: the bulk stream [0, none]") \
        N(transfers,          "transfers",          "N",       1, 16,            4,       "read, write, receive, send: transfers in flight [4]") \
        N(bytes_per_transfer, "bytes-per-transfer", "BYTES",   1, 134217728,     16384,   "receive: of a bulk endpoint [16384]") \
        N(packets_per_urb,    "packets-per-urb",    "N",       1, 32,            8,       "receive, send: of an iso endpoint [8]") \
        N(urbs,               "urbs",               "N",       1, 16,            4,       "receive, send: of an iso endpoint [4]") \
        N(rate,               "rate",               "HZ",      0, 1000000,       0,       "send: packets a second [as the endpoint's interval says]") \
        N(size,               "size",               "BYTES",   0, 65535,         0,       "send: of each packet [as large as the endpoint takes]")
/* clang-format on */

struct options {
        struct address address; /* of the host, or where it connects to */
        bool listen;
        const char *script; /* a file, or "-" for standard input; NULL: the command */
        const char *filter; /* rules to send at once; NULL: none */
        bool json, verbose, trace;
        char **command; /* words, up to NULL; { NULL }: the default */
#define OPTION_FIELD(field, name, argument, from, to, normal, help) uint32_t field;
        OPTION_NUMBERS(OPTION_FIELD)
#undef OPTION_FIELD
};

enum options_result {
        OPTIONS_RUN,
        OPTIONS_DONE, /* --help or --version was printed */
        OPTIONS_USAGE /* an error was printed */
};

enum options_result options_parse(int argc, char **argv, struct options *ret);
