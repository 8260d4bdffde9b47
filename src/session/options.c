/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options are parsed once and checked here; what an error says ends in what to do.
 */
#include "session/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/reason.h"

enum {
        OPTION_DEVICE = 256,
        OPTION_TO,
        OPTION_LISTEN,
        OPTION_TLS,
        OPTION_CONTROL,
        OPTION_USER,
        OPTION_USBFS_MEMORY,
        OPTION_LOG_LEVEL,
        OPTION_TRACE,
        OPTION_VERSION,
        OPTION_HELP,
        OPTION_NO_SANDBOX,
};

static const struct option long_options[] = {
        { "device", required_argument, NULL, OPTION_DEVICE },
        { "to", required_argument, NULL, OPTION_TO },
        { "listen", required_argument, NULL, OPTION_LISTEN },
        { "tls", required_argument, NULL, OPTION_TLS },
        { "control", required_argument, NULL, OPTION_CONTROL },
        { "user", required_argument, NULL, OPTION_USER },
        { "usbfs-memory", required_argument, NULL, OPTION_USBFS_MEMORY },
        { "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
        { "trace", no_argument, NULL, OPTION_TRACE },
        { "version", no_argument, NULL, OPTION_VERSION },
        { "help", no_argument, NULL, OPTION_HELP },
#ifdef TEST_HOOKS
        { "no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX },
#endif
        { 0 },
};

static void print_help(void)
{
        printf("Usage: usbredir-session --device=DEVICE --to=ADDRESS | --listen=ADDRESS [OPTION...]\n"
               "Redirects one USB device to one virtual machine, and returns it at the end.\n"
               "\n"
               "  --device=DEVICE      1-1.4 (port), VVVV:PPPP, BBB/DDD, or fd:N, an open device node\n"
               "  --to=ADDRESS         connect to the guest: tcp:HOST:PORT, unix:PATH, or fd:N, a socket\n"
               "  --listen=ADDRESS     wait there for the guest to connect\n"
               "  --tls=ca=FILE[,cert=FILE,key=FILE][,peer=NAME][,ktls=yes]\n"
               "  --tls=psk=FILE[,identity=NAME][,ktls=yes]\n"
               "                       encrypt, with certificates or a pre-shared key\n"
               "  --control=fd:N       the daemon's socket: it tells device and guest, instead of the above\n"
               "  --user=NAME          become this user when started as root [" SESSION_USER "]\n"
               "  --usbfs-memory=MIB   most memory of usbfs to use [the machine's limit - 2]\n"
               "  --log-level=LEVEL    error, warning, notice, info or debug [info]\n"
               "  --trace              log every packet\n"
               "  --version, --help\n");
#ifdef TEST_HOOKS
        printf("  --no-sandbox         for tests on emulated devices\n");
#endif
        printf("\nExit codes:\n");
#define EXIT_LINE(reason, code, name, sentence) printf("  %i  %s\n", code, sentence);
        SESSION_REASONS(EXIT_LINE)
#undef EXIT_LINE
}

static int parse_mebibytes(const char *text, size_t *ret)
{
        unsigned long value;
        char *end;

        errno = 0;
        value = strtoul(text, &end, 10);
        if (text[0] < '0' || text[0] > '9' || *end || errno != 0 || value < 1 || value > 2047)
                return -EINVAL;

        *ret = (size_t)value << 20;
        return 0;
}

/* Says what is wrong; for "return usage(...)". */
static enum options_result PRINTF(1, 2) usage(const char *format, ...)
{
        va_list arguments;

        fputs("usbredir-session: ", stderr);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputs("\nTry \"usbredir-session --help\".\n", stderr);
        return OPTIONS_USAGE;
}

/* The number of fd:N, or -1. */
static int parse_fd(const char *text)
{
        int fd, end = 0;

        return sscanf(text, "fd:%5d%n", &fd, &end) == 1 && !text[end] && fd >= 0 ? fd : -1;
}

static enum options_result set_device(struct options *options, const char *text)
{
        options->device_fd = parse_fd(text);
        if (options->device_fd < 0 && !strncmp(text, "fd:", 3))
                return usage("--device='%s': expected fd:N, the number of an open descriptor",
                             text);

        options->device = text;
        return OPTIONS_RUN;
}

static enum options_result set_control(struct options *options, const char *text)
{
        options->control_fd = parse_fd(text);
        if (options->control_fd < 0)
                return usage("--control='%s': expected fd:N, the number of an open socket", text);

        return OPTIONS_RUN;
}

static enum options_result set_address(struct options *options, const char *text, bool listen)
{
        char message[256];

        if (address_is_set(&options->address))
                return usage("give one of --to and --listen, once");
        if ((listen ? address_parse : address_parse_remote)(text, &options->address, message,
                                                            sizeof(message)) < 0)
                return usage("%s", message);

        options->listen = listen;
        return OPTIONS_RUN;
}

static enum options_result set_tls(struct options *options, char *text)
{
        char message[256];

        if (tls_options_parse(&options->tls, text, message, sizeof(message)) < 0)
                return usage("--tls: %s", message);

        return OPTIONS_RUN;
}

static enum options_result parse_one(int option, char *argument, struct options *options)
{
        switch (option) {
        case OPTION_DEVICE: return set_device(options, argument);
        case OPTION_TO: return set_address(options, argument, false);
        case OPTION_LISTEN: return set_address(options, argument, true);
        case OPTION_TLS: return set_tls(options, argument);
        case OPTION_CONTROL: return set_control(options, argument);
        case OPTION_USER: options->user = argument; return OPTIONS_RUN;
        case OPTION_USBFS_MEMORY:
                if (parse_mebibytes(argument, &options->usbfs_memory) < 0)
                        return usage("--usbfs-memory='%s': expected MiB, from 1 to 2047", argument);
                return OPTIONS_RUN;
        case OPTION_LOG_LEVEL:
                if (log_level_from_string(argument, &options->log_level) < 0)
                        return usage("--log-level='%s': expected error, warning, notice, info or "
                                     "debug",
                                     argument);
                return OPTIONS_RUN;
        case OPTION_TRACE: options->trace = true; return OPTIONS_RUN;
        case OPTION_NO_SANDBOX: options->sandbox = false; return OPTIONS_RUN;
        case OPTION_VERSION: printf("usbredir-session " PACKAGE_VERSION "\n"); return OPTIONS_DONE;
        case OPTION_HELP: print_help(); return OPTIONS_DONE;
        default: return usage("see above"); /* getopt has said which */
        }
}

/* A device and a guest, here or from the daemon. */
static enum options_result check(const struct options *options)
{
        if (options->control_fd >= 0)
                return options->device || address_is_set(&options->address) ||
                                       options->usbfs_memory > 0 || options->tls.kind
                               ? usage("with --control the daemon tells device, guest and memory: "
                                       "give none of --device, --to, --listen, --tls and "
                                       "--usbfs-memory")
                               : OPTIONS_RUN;
        if (!options->device)
                return usage("which device? Give --device");
        if (!address_is_set(&options->address))
                return usage("which guest? Give --to or --listen");

        return OPTIONS_RUN;
}

enum options_result options_parse(int argc, char **argv, struct options *ret)
{
        struct options options = {
                .device_fd = -1,
                .control_fd = -1,
                .address.fd = -1,
                .user = SESSION_USER,
                .log_level = LOG_LEVEL_INFO,
                .sandbox = true,
        };
        int option;

        while ((option = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
                enum options_result result = parse_one(option, optarg, &options);

                if (result != OPTIONS_RUN)
                        return result;
        }

        if (optind < argc)
                return usage("'%s' is no option", argv[optind]);
        if (check(&options) != OPTIONS_RUN)
                return OPTIONS_USAGE;
        if (options.trace && options.log_level < LOG_LEVEL_INFO)
                options.log_level = LOG_LEVEL_INFO;

        *ret = options;
        return OPTIONS_RUN;
}
