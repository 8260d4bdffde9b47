#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of usbredir-session.
 */
#include <stdbool.h>
#include <stddef.h>

#include "session/tls-options.h"
#include "util/address.h"
#include "util/log.h"

struct options {
        const char *device;     /* port, VVVV:PPPP, BBB/DDD or fd:N; NULL with a control_fd */
        struct address address; /* of the guest */
        bool listen;            /* the guest dials in */
        const char *user;       /* to become when started as root */
        size_t usbfs_memory;    /* in bytes; 0: the machine's limit, less a reserve */
        enum log_level log_level;
        bool trace;
        bool sandbox;   /* always, but in builds with test hooks */
        int device_fd;  /* N of a device fd:N; else -1 */
        int control_fd; /* the daemon tells device and guest there; else -1 */
        struct tls_options tls;
};

enum options_result {
        OPTIONS_RUN,
        OPTIONS_DONE, /* --help or --version was printed */
        OPTIONS_USAGE /* an error was printed */
};

enum options_result options_parse(int argc, char **argv, struct options *ret);
