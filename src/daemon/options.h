#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of usbredird.
 */
#include <stdbool.h>

struct daemon_options {
        const char *config_directory;  /* the only one; NULL: the usual ones */
        const char *runtime_directory; /* never NULL */
        const char *bus_address;       /* NULL: the system bus */
        const char *session_socket;    /* where systemd starts sessions; never NULL */
        const char *session_program;   /* to be forked instead; NULL: if there is no such socket */
        const char *judge;             /* a path below /sys: judge its device, print, end */
        bool no_sandbox;               /* for forked sessions; in builds with test hooks */
};

enum daemon_options_result {
        DAEMON_OPTIONS_RUN,
        DAEMON_OPTIONS_DONE, /* --help or --version was printed */
        DAEMON_OPTIONS_USAGE /* an error was printed */
};

enum daemon_options_result daemon_options_parse(int argc, char **argv, struct daemon_options *ret);
