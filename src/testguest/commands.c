/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A command, from its words to its outcome; and many of them, from a file. A line that begins with
 * "-" may fail; what ends the connection, and what is no command, ends the script all the same.
 */
#include "testguest/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testguest/parse.h"
#include "util/cleanup.h"

/* Of a line, with room to spare: the longest command has six arguments, "expect" and its word. */
#define WORDS_MAX 16

const struct command commands[] = {
#define COMMAND(function, name, usage, from, to, help)                                             \
        { name, usage, help, from, to, command_##function },
        COMMANDS(COMMAND)
#undef COMMAND
                { 0 },
};

static const struct command *find_command(const char *name)
{
        const struct command *c = commands;

        while (c->name && strcmp(c->name, name) != 0)
                c++;

        return c->name ? c : NULL;
}

static const char *status_name(uint8_t status)
{
        return packet_status_string(status) ?: "unknown";
}

enum tool_exit command_run(struct tool *t, char **words)
{
        const struct command *command;
        uint8_t expected = STATUS_success;
        enum tool_exit result;
        int n = 0;

        if (!strcmp(words[0], "expect")) {
                if (!words[1] || parse_status(words[1], &expected) < 0 || !words[2])
                        return tool_fail(t, TOOL_USAGE,
                                         "expect takes a status (success, cancelled, inval, "
                                         "ioerror, stall, timeout, babble) and a command");
                words += 2;
        }

        command = find_command(words[0]);
        if (!command)
                return tool_fail(t, TOOL_USAGE, "'%s' is no command; --help lists them", words[0]);
        while (words[n + 1])
                n++;
        if (n < command->from || n > command->to)
                return tool_fail(t, TOOL_USAGE, "%s takes %s", command->name,
                                 *command->usage ? command->usage : "no argument");

        t->status = STATUS_success;
        result = command->run(t, words + 1);
        if (result == TOOL_DONE && t->status != expected)
                return tool_fail(t, TOOL_FAILED, "%s: %s, not %s", command->name,
                                 status_name(t->status), status_name(expected));

        return result;
}

/* Does a script go on behind a line that may fail? */
static bool may_go_on(const struct tool *t, enum tool_exit result)
{
        return (result == TOOL_FAILED || result == TOOL_GONE || result == TOOL_LATE) && !t->is_over;
}

static enum tool_exit run_line(struct tool *t, char *line)
{
        char *words[WORDS_MAX + 1];
        enum tool_exit result;
        bool may_fail;

        line += strspn(line, " \t");
        may_fail = *line == '-';
        if (parse_words(line + may_fail, words, WORDS_MAX) < 0)
                return tool_fail(t, TOOL_USAGE, "a quote is open, or there are more than %i words",
                                 WORDS_MAX);
        if (!words[0])
                return TOOL_DONE;

        result = command_run(t, words);
        fflush(stdout);
        return may_fail && may_go_on(t, result) ? TOOL_DONE : result;
}

enum tool_exit script_run(struct tool *t, const char *path)
{
        bool is_stdin = !strcmp(path, "-");
        FILE *file = is_stdin ? stdin : fopen(path, "re");
        CLEANUP(freep) char *line = NULL;
        enum tool_exit result = TOOL_DONE;
        size_t size = 0;

        if (!file)
                return tool_fail(t, TOOL_USAGE, "--script='%s': %s", path, strerror(errno));

        for (unsigned n = 1; result == TOOL_DONE && !t->quits && getline(&line, &size, file) >= 0;
             n++) {
                snprintf(t->place, sizeof(t->place), "%.256s:%u: ", is_stdin ? "stdin" : path, n);
                result = run_line(t, line);
        }

        if (!is_stdin)
                fclose(file);
        t->place[0] = '\0';
        return result;
}

enum tool_exit command_quit(struct tool *t, char **arguments)
{
        t->quits = true;
        return TOOL_DONE;
}
