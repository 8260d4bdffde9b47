/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options are rows of tables; parsing, help and the checks that the manual and the shell
 * completion know them all are derived from these.
 */
#include "testguest/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "testguest/commands.h"
#include "testguest/parse.h"
#include "testguest/tool.h"

/* clang-format off */
/*        option    name        argument    help */
#define OPTIONS(O) \
        O(LISTEN,   "listen",   "ADDRESS",  "wait there for the host: tcp:HOST:PORT, unix:PATH, or fd:N, a socket") \
        O(CONNECT,  "connect",  "ADDRESS",  "connect to the host there") \
        O(SCRIPT,   "script",   "FILE",     "commands from there, one a line; - is standard input") \
        O(FILTER,   "filter",   "RULES",    "send that filter behind the host's hello") \
        O(JSON,     "json",     NULL,       "print a JSON object for each result, one a line") \
        O(VERBOSE,  "verbose",  NULL,       "log what the host does") \
        O(TRACE,    "trace",    NULL,       "log every packet") \
        O(VERSION,  "version",  NULL,       "print the version") \
        O(HELP,     "help",     NULL,       "print this")
/* clang-format on */

enum option_id {
        OPTION_BASE = 256,
#define OPTION_ID(id, name, argument, help) OPTION_##id,
        OPTIONS(OPTION_ID)
#undef OPTION_ID
#define NUMBER_ID(field, name, argument, from, to, normal, help) OPTION_##field,
                OPTION_NUMBERS(NUMBER_ID)
#undef NUMBER_ID
};

static const struct option long_options[] = {
#define LONG_OPTION(id, name, argument, help)                                                      \
        { name, argument ? required_argument : no_argument, NULL, OPTION_##id },
        OPTIONS(LONG_OPTION)
#undef LONG_OPTION
#define LONG_NUMBER(field, name, argument, from, to, normal, help)                                 \
        { name, required_argument, NULL, OPTION_##field },
                OPTION_NUMBERS(LONG_NUMBER)
#undef LONG_NUMBER
                        { 0 },
};

static void print_line(const char *name, const char *argument, const char *help)
{
        char text[64];

        snprintf(text, sizeof(text), "--%s%s%s", name, argument ? "=" : "", argument ?: "");
        printf("  %-28s %s\n", text, help);
}

static void print_help(void)
{
        char text[64];

        printf("Usage: usbredir-testguest [OPTION...] --listen=ADDRESS|--connect=ADDRESS [COMMAND...]\n"
               "Uses a device that a usbredir host offers, without a virtual machine.\n"
               "\n"
               "Commands:\n");
        for (const struct command *c = commands; c->name; c++) {
                snprintf(text, sizeof(text), "%s %s", c->name, c->usage);
                printf("  %-28s %s\n", text, c->help);
        }

        printf("\n\"expect STATUS COMMAND...\" has a command succeed if it ends with that status.\n"
               "\nOptions:\n");
#define OPTION_LINE(id, name, argument, help) print_line(name, argument, help);
        OPTIONS(OPTION_LINE)
#undef OPTION_LINE
#define NUMBER_LINE(field, name, argument, from, to, normal, help) print_line(name, argument, help);
        OPTION_NUMBERS(NUMBER_LINE)
#undef NUMBER_LINE

        printf("\nExit codes:\n");
#define EXIT_LINE(name, code, meaning) printf("  %i  %s\n", code, meaning);
        TOOL_EXITS(EXIT_LINE)
#undef EXIT_LINE
}

/* Says what is wrong; for "return usage(...)". */
static enum options_result PRINTF(1, 2) usage(const char *format, ...)
{
        va_list arguments;

        fputs("usbredir-testguest: ", stderr);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputs("\nTry \"usbredir-testguest --help\".\n", stderr);
        return OPTIONS_USAGE;
}

static enum options_result set_address(struct options *options, const char *text, bool listen)
{
        char message[256];

        if (address_is_set(&options->address))
                return usage("give one of --listen and --connect, once");
        if ((listen ? address_parse : address_parse_remote)(text, &options->address, message,
                                                            sizeof(message)) < 0)
                return usage("%s", message);

        options->listen = listen;
        return OPTIONS_RUN;
}

static enum options_result set_number(struct options *options, int option, const char *text)
{
        static const struct {
                int option;
                const char *name;
                uint32_t from, to;
                size_t offset;
        } numbers[] = {
#define NUMBER_ROW(field, name, argument, from, to, normal, help)                                  \
        { OPTION_##field, name, from, to, offsetof(struct options, field) },
                OPTION_NUMBERS(NUMBER_ROW)
#undef NUMBER_ROW
        };

        for (size_t i = 0; i < ELEMENTS(numbers); i++) {
                uint64_t value;

                if (numbers[i].option != option)
                        continue;
                if (parse_number(text, numbers[i].from, numbers[i].to, &value) < 0)
                        return usage("--%s='%s': expected a number from %u to %u", numbers[i].name,
                                     text, numbers[i].from, numbers[i].to);
                *(uint32_t *)((char *)options + numbers[i].offset) = (uint32_t)value;
                return OPTIONS_RUN;
        }

        return usage("see above"); /* getopt has said which */
}

static enum options_result set_option(struct options *options, int option, const char *argument)
{
        switch (option) {
        case OPTION_LISTEN: return set_address(options, argument, true);
        case OPTION_CONNECT: return set_address(options, argument, false);
        case OPTION_SCRIPT: options->script = argument; break;
        case OPTION_FILTER: options->filter = argument; break;
        case OPTION_JSON: options->json = true; break;
        case OPTION_VERBOSE: options->verbose = true; break;
        case OPTION_TRACE: options->trace = true; break;
        case OPTION_VERSION:
                printf("usbredir-testguest " PACKAGE_VERSION "\n");
                return OPTIONS_DONE;
        case OPTION_HELP: print_help(); return OPTIONS_DONE;
        default: return set_number(options, option, argument);
        }

        return OPTIONS_RUN;
}

enum options_result options_parse(int argc, char **argv, struct options *ret)
{
        struct options options = { .address.fd = -1,
#define NUMBER_DEFAULT(field, name, argument, from, to, normal, help) .field = normal,
                                   OPTION_NUMBERS(NUMBER_DEFAULT)
#undef NUMBER_DEFAULT
        };
        int option;

        /* "+": what stands behind the command is the command's. */
        while ((option = getopt_long(argc, argv, "+", long_options, NULL)) >= 0) {
                enum options_result result = set_option(&options, option, optarg);

                if (result != OPTIONS_RUN)
                        return result;
        }

        options.command = argv + optind;
        if (!address_is_set(&options.address))
                return usage("which host? Give --listen or --connect");
        if (options.script && *options.command)
                return usage("'%s': give commands or --script, not both", *options.command);

        *ret = options;
        return OPTIONS_RUN;
}
