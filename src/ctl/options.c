/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options and commands are rows of tables; parsing, help and the checks that the manual and the
 * shell completion know them all are derived from these.
 */
#include "ctl/options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

/* clang-format off */
/*        option           name               argument    of one command  help */
#define OPTIONS(O) \
        O(JSON,            "json",            NULL,       NULL,           "print JSON; its keys are in the manual") \
        O(NO_LEGEND,       "no-legend",       NULL,       NULL,           "print tables without headings") \
        O(WAIT,            "wait",            NULL,       "attach",       "attach: wait until the guest uses the device, 20 s at most") \
        O(HOLD,            "hold",            NULL,       "attach",       "attach: keep it from the host's drivers while its guest is away") \
        O(FORCE,           "force",           NULL,       "attach",       "attach: although this machine needs the device") \
        O(ALL,             "all",             NULL,       "detach",       "detach: all devices") \
        O(FILE,            "file",            "FILE",     "rules",        "rules add: to this file, NN-NAME.rules, instead of 20-added.rules") \
        O(BEFORE,          "before",          "LINE",     "rules",        "rules add: in front of this line, instead of as the last one") \
        O(GUEST,           "guest",           "GUEST",    "learn",        "learn: the rule names this guest") \
        O(ADD,             "add",             NULL,       "learn",        "learn: also add the rule") \
        O(ROOT,            "root",            "DIRECTORY", "doctor",      "doctor: the host's files are there, instead of in /") \
        O(TO,              "to",              "FORM",     "convert",      "convert: the form to write: string, qemu, libvirt, rules") \
        O(DEVICE,          "device",          "DEVICE",   "test",         "test: only this device; or one that is described, see the manual") \
        O(NO_ASK_PASSWORD, "no-ask-password", NULL,       NULL,           "never have the user asked to authenticate") \
        O(BUS_ADDRESS,     "bus-address",     "ADDRESS",  NULL,           "the D-Bus to use instead of the system's") \
        O(VERSION,         "version",         NULL,       NULL,           "print the version") \
        O(HELP,            "help",            NULL,       NULL,           "print this")
/* clang-format on */

enum option_id {
        OPTION_BASE = 256,
#define OPTION_ID(id, name, argument, command, help) OPTION_##id,
        OPTIONS(OPTION_ID)
#undef OPTION_ID
};

static const struct option long_options[] = {
#define LONG_OPTION(id, name, argument, command, help)                                             \
        { name, argument ? required_argument : no_argument, NULL, OPTION_##id },
        OPTIONS(LONG_OPTION)
#undef LONG_OPTION
                { 0 },
};

/* By id - OPTION_BASE - 1: what getopt does not need to know. */
static const struct {
        const char *argument, *command, *help;
} more[] = {
#define MORE(id, name, argument, command, help) { argument, command, help },
        OPTIONS(MORE)
#undef MORE
};

const struct command commands[] = {
#define COMMAND(name, usage, from, to, bus, help)                                                  \
        { #name, usage, help, from, to, bus, command_##name },
        COMMANDS(COMMAND)
#undef COMMAND
                { 0 },
};

static void print_help(void)
{
        char text[64];

        printf("Usage: usbredirctl [OPTION...] [COMMAND]\n"
               "Shows and steers usbredird, which gives USB devices to virtual machines.\n"
               "\n"
               "Commands:\n");
        for (const struct command *c = commands; c->name; c++) {
                snprintf(text, sizeof(text), "%s %s", c->name, c->usage);
                printf("  %-26s %s\n", text, c->help);
        }

        printf("\nA DEVICE is a port (1-1.4), VVVV:PPPP, VVVV:PPPP:SERIAL or BBB/DDD.\n"
               "\n"
               "Options:\n");
        for (size_t i = 0; i < ELEMENTS(more); i++) {
                snprintf(text, sizeof(text), "--%s%s%s", long_options[i].name,
                         more[i].argument ? "=" : "", more[i].argument ? more[i].argument : "");
                printf("  %-26s %s\n", text, more[i].help);
        }

        printf("\nExit codes:\n");
#define EXIT_LINE(name, code, meaning) printf("  %-26i %s\n", code, meaning);
        CTL_EXITS(EXIT_LINE)
#undef EXIT_LINE
}

/* Says what is wrong; for "return usage(...)". */
static enum options_result PRINTF(1, 2) usage(const char *format, ...)
{
        va_list arguments;

        fputs("usbredirctl: ", stderr);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputs("\nTry \"usbredirctl --help\".\n", stderr);
        return OPTIONS_USAGE;
}

static enum options_result set_option(enum option_id option, const char *argument, struct ctl *ctl)
{
        switch (option) {
        case OPTION_JSON: ctl->json = true; break;
        case OPTION_NO_LEGEND: ctl->no_legend = true; break;
        case OPTION_WAIT: ctl->wait = true; break;
        case OPTION_HOLD: ctl->hold = true; break;
        case OPTION_FORCE: ctl->force = true; break;
        case OPTION_ALL: ctl->all = true; break;
        case OPTION_FILE: ctl->file = argument; break;
        case OPTION_BEFORE: ctl->before = argument; break;
        case OPTION_GUEST: ctl->guest = argument; break;
        case OPTION_ADD: ctl->add = true; break;
        case OPTION_ROOT: ctl->root = argument; break;
        case OPTION_TO: ctl->to = argument; break;
        case OPTION_DEVICE: ctl->device = argument; break;
        case OPTION_NO_ASK_PASSWORD: ctl->no_ask_password = true; break;
        case OPTION_BUS_ADDRESS:
                /* sd-bus has no other way that keeps all it does for the system bus. */
                if (setenv("DBUS_SYSTEM_BUS_ADDRESS", argument, true) < 0)
                        return usage("--bus-address: out of memory");
                break;
        case OPTION_VERSION: printf("usbredirctl " PACKAGE_VERSION "\n"); return OPTIONS_DONE;
        case OPTION_HELP: print_help(); return OPTIONS_DONE;
        case OPTION_BASE: break; /* stands for no option */
        }

        return OPTIONS_RUN;
}

static const struct command *find_command(const char *name)
{
        const struct command *c = commands;

        while (c->name && strcmp(c->name, name) != 0)
                c++;

        return c->name ? c : NULL;
}

/* Are options that belong to one command given to that one only? */
static enum options_result check_options(const bool *given, const struct command *command)
{
        for (size_t i = 0; i < ELEMENTS(more); i++)
                if (given[i] && more[i].command && strcmp(more[i].command, command->name) != 0)
                        return usage("--%s is an option of %s", long_options[i].name,
                                     more[i].command);

        return OPTIONS_RUN;
}

static enum options_result check_arguments(const struct ctl *ctl, const struct command *command,
                                           int n)
{
        if (n < command->from || n > command->to)
                return usage("%s takes %s", command->name,
                             *command->usage ? command->usage : "no argument");
        if (!strcmp(command->name, "detach") && ctl->all == (n > 0))
                return usage("detach takes %s: either devices or --all", command->usage);
        if (!strcmp(command->name, "convert") && !ctl->to)
                return usage("convert takes %s: --to is missing", command->usage);

        return OPTIONS_RUN;
}

/* "-" is standard input, and rules mostly begin with "-1": no option is a digit. */
static bool is_operand(const char *argument)
{
        return argument[0] != '-' || !argument[1] || (argument[1] >= '0' && argument[1] <= '9');
}

/* The next option, or -1. Operands are moved to argv[1] and on, behind the n that are there. */
static int next_option(int argc, char **argv, int *n)
{
        int option;

        while (optind < argc && is_operand(argv[optind]))
                argv[++*n] = argv[optind++];
        option = getopt_long(argc, argv, "+", long_options, NULL);
        while (option < 0 && optind < argc)
                argv[++*n] = argv[optind++]; /* behind "--" */

        return option;
}

enum options_result options_parse(int argc, char **argv, struct ctl *ctl,
                                  const struct command **ret_command, char ***ret_arguments)
{
        bool given[ELEMENTS(more)] = { false };
        enum options_result result = OPTIONS_RUN;
        const struct command *command;
        int option, n = 0;

        while ((option = next_option(argc, argv, &n)) >= 0) {
                if (option <= OPTION_BASE)
                        /* getopt has said which */
                        return usage("what begins with \"-\" and is no option comes behind \"--\"");

                given[option - OPTION_BASE - 1] = true;
                result = set_option((enum option_id)option, optarg, ctl);
                if (result != OPTIONS_RUN)
                        return result;
        }

        command = find_command(n > 0 ? argv[1] : "list");
        if (!command)
                return usage("'%s' is no command", argv[1]);

        result = check_options(given, command);
        if (result == OPTIONS_RUN)
                result = check_arguments(ctl, command, n > 0 ? n - 1 : 0);
        if (result != OPTIONS_RUN)
                return result;

        *ret_command = command;
        argv[n + 1] = NULL;
        *ret_arguments = argv + (n > 0 ? 2 : 1);
        return OPTIONS_RUN;
}
