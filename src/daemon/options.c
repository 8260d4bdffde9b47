/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Everything that lasts is in files; options say where those are.
 */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define RUNTIME_DIRECTORY "/run/usbredird"
#define SESSION_SOCKET    "/run/usbredir-session"

enum {
        OPTION_CONFIG_DIR = 256,
        OPTION_RUNTIME_DIR,
        OPTION_BUS_ADDRESS,
        OPTION_SESSION_SOCKET,
        OPTION_SESSION_PROGRAM,
        OPTION_JUDGE,
        OPTION_VERSION,
        OPTION_HELP,
        OPTION_NO_SANDBOX,
};

static const struct option long_options[] = {
        { "config-dir", required_argument, NULL, OPTION_CONFIG_DIR },
        { "runtime-dir", required_argument, NULL, OPTION_RUNTIME_DIR },
        { "bus-address", required_argument, NULL, OPTION_BUS_ADDRESS },
        { "session-socket", required_argument, NULL, OPTION_SESSION_SOCKET },
        { "session-program", required_argument, NULL, OPTION_SESSION_PROGRAM },
        { "judge", required_argument, NULL, OPTION_JUDGE },
        { "version", no_argument, NULL, OPTION_VERSION },
        { "help", no_argument, NULL, OPTION_HELP },
#ifdef TEST_HOOKS
        { "no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX },
#endif
        { 0 },
};

static void print_help(void)
{
        printf("Usage: usbredird [OPTION...]\n"
               "Gives USB devices plugged into this machine to virtual machines, by policy.\n"
               "\n"
               "  --config-dir=DIR        read DIR instead of /etc/usbredir and its siblings\n"
               "  --runtime-dir=DIR       keep state there [" RUNTIME_DIRECTORY "]\n"
               "  --bus-address=ADDRESS   of the D-Bus bus [the system bus]\n"
               "  --session-socket=PATH   where systemd starts sessions [" SESSION_SOCKET "]\n"
               "  --session-program=PATH  start sessions as children instead; the default\n"
               "                          where there is no such socket\n"
               "  --judge=SYSPATH         for udev: say what the files say of a device, and exit\n"
               "  --version, --help\n");
#ifdef TEST_HOOKS
        printf("  --no-sandbox            sessions for tests on emulated devices\n");
#endif
        printf("\n"
               "Signals:\n"
               "  SIGHUP           reads the configuration again\n"
               "  SIGTERM, SIGINT  end\n"
               "\n"
               "Exit codes:\n"
               "  0  ended by a signal\n"
               "  1  not started, or its name on D-Bus was refused; the log says why\n"
               "  2  wrong usage\n");
}

static enum daemon_options_result usage(void)
{
        fputs("Try \"usbredird --help\".\n", stderr);
        return DAEMON_OPTIONS_USAGE;
}

enum daemon_options_result daemon_options_parse(int argc, char **argv, struct daemon_options *ret)
{
        struct daemon_options options = {
                .runtime_directory = RUNTIME_DIRECTORY,
                .session_socket = SESSION_SOCKET,
        };
        int option, index;

        while ((option = getopt_long(argc, argv, "", long_options, &index)) >= 0) {
                if (optarg && !*optarg) {
                        fprintf(stderr, "usbredird: --%s needs a value\n",
                                long_options[index].name);
                        return usage();
                }
                switch (option) {
                case OPTION_CONFIG_DIR: options.config_directory = optarg; break;
                case OPTION_RUNTIME_DIR: options.runtime_directory = optarg; break;
                case OPTION_BUS_ADDRESS: options.bus_address = optarg; break;
                case OPTION_SESSION_SOCKET: options.session_socket = optarg; break;
                case OPTION_SESSION_PROGRAM: options.session_program = optarg; break;
                case OPTION_JUDGE: options.judge = optarg; break;
                case OPTION_NO_SANDBOX: options.no_sandbox = true; break;
                case OPTION_VERSION:
                        printf("usbredird " PACKAGE_VERSION "\n");
                        return DAEMON_OPTIONS_DONE;
                case OPTION_HELP: print_help(); return DAEMON_OPTIONS_DONE;
                default: return usage(); /* getopt has said which */
                }
        }
        if (optind < argc) {
                fprintf(stderr, "usbredird: '%s' is no option\n", argv[optind]);
                return usage();
        }

        *ret = options;
        return DAEMON_OPTIONS_RUN;
}
