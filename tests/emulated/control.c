/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A command is a row: its name, how many words may follow, what it does. Those that take time, a
 * storm and an await, say so by leaving no answer, and are asked again; nothing here blocks.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emulated/control.h"
#include "emulated/storm.h"
#include "emulated/words.h"
#include "util/macro.h"

enum { WORDS_MAX = 64, AWAIT_SECONDS = 30, AWAIT_PAUSE_MS = 5 };

struct await {
        char port[WORLD_PORT_SIZE];
        char *wanted; /* "interface.0.driver=usb-storage" */
        time_t end;
};

struct control {
        struct world *world;
        char *words[WORDS_MAX];
        size_t count;
        bool is_under_way, is_over;
        /* What a command that takes time is doing; > 0: to be asked again in so many ms. */
        int (*go_on)(struct control *control);
        struct storm storm;
        struct await await;
        char answer[CONTROL_LINE_MAX];
};

static void answer(struct control *control, const char *format, ...) PRINTF(2, 3);

static void answer(struct control *control, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        vsnprintf(control->answer, sizeof(control->answer), format, args);
        va_end(args);
}

static void answer_error(struct control *control, int error, const char *port)
{
        switch (-error) {
        case EEXIST: answer(control, "error something is plugged in at %s", port); break;
        case ENODEV: answer(control, "error nothing is plugged in at %s", port); break;
        case EUSERS: answer(control, "error all numbers of the bus of %s are in use", port); break;
        default: answer(control, "error %s: %s", port, strerror(-error));
        }
}

static void do_plug(struct control *control)
{
        struct world_plug what = { .kind = control->words[1], .port = control->words[2] };
        const char *properties[WORDS_MAX], *fault = NULL;
        size_t count = 0;
        int r;

        for (size_t i = 3; i < control->count; i++) {
                char *word = control->words[i];

                if (word_is_property(word)) {
                        properties[count++] = word;
                } else if (!strchr(word, '=') || !word_to_plug_key(&what, word, &fault)) {
                        answer(control, "error %s: no such key, or a wrong value", word);
                        return;
                }
        }
        properties[count] = NULL;
        what.properties = properties;
        what.fault = fault;
        r = world_plug(control->world, &what);
        if (r == -EINVAL)
                answer(control, "error %s at %s: wrong kind, port (1-1 to 16-16) or fault",
                       what.kind, what.port);
        else if (r < 0)
                answer_error(control, r, what.port);
        else
                answer(control, "ok %s devnum=%u", what.port,
                       emulated_description(world_device(control->world, what.port))->devnum);
}

static void do_unplug(struct control *control)
{
        int r = world_unplug(control->world, control->words[1]);

        if (r < 0)
                answer_error(control, r, control->words[1]);
        else
                answer(control, "ok %s", control->words[1]);
}

static void do_change(struct control *control)
{
        const char *properties[WORDS_MAX];
        size_t count = 0;
        int r;

        for (size_t i = 2; i < control->count; i++) {
                if (!word_is_property(control->words[i])) {
                        answer(control, "error %s: not NAME=VALUE", control->words[i]);
                        return;
                }
                properties[count++] = control->words[i];
        }
        properties[count] = NULL;
        r = world_change(control->world, control->words[1], properties);
        if (r < 0)
                answer_error(control, r, control->words[1]);
        else
                answer(control, "ok %s", control->words[1]);
}

/* The device of the first word; NULL if answered. */
static struct emulated_device *find_device(struct control *control)
{
        struct emulated_device *device = world_device(control->world, control->words[1]);

        if (!device)
                answer(control, "error nothing was ever plugged in at %s", control->words[1]);
        return device;
}

static void do_fail(struct control *control)
{
        struct emulated_device *device = find_device(control);

        if (!device)
                return;
        if (emulated_fail_text(device, control->words[2]) < 0)
                answer(control, "error %s: not NAME=ERRNO[@N[xTIMES]]", control->words[2]);
        else
                answer(control, "ok %s", control->words[1]);
}

static void do_report(struct control *control)
{
        struct emulated_device *device = find_device(control);
        FILE *file;

        if (!device)
                return;
        file = fopen(control->words[2], "we");
        if (!file) {
                answer(control, "error cannot write %s: %s", control->words[2], strerror(errno));
                return;
        }
        emulated_report(device, file);
        if (fclose(file) == 0)
                answer(control, "ok %s", control->words[1]);
        else
                answer(control, "error cannot write %s: %s", control->words[2], strerror(errno));
}

static bool report_says(struct emulated_device *device, const char *wanted)
{
        CLEANUP(freep) char *text = NULL;
        size_t size, length = strlen(wanted);
        FILE *file = open_memstream(&text, &size);

        if (!file)
                return false;
        emulated_report(device, file);
        if (fclose(file) != 0)
                return false;
        for (const char *line = text; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, wanted, length) == 0 && line[length] == '\n')
                        return true;
        }
        return false;
}

static int go_on_awaiting(struct control *control)
{
        struct await *await = &control->await;
        struct emulated_device *device = world_device(control->world, await->port);

        if (device && report_says(device, await->wanted))
                answer(control, "ok %s", await->port);
        else if (time(NULL) > await->end)
                answer(control, "error %s: not %s in time", await->port, await->wanted);
        else
                return AWAIT_PAUSE_MS;
        return 0;
}

static void do_await(struct control *control)
{
        unsigned long seconds = AWAIT_SECONDS;

        if (!world_is_port(control->words[1])) {
                answer(control, "error %s: not a port", control->words[1]);
                return;
        }
        if (control->count > 3 && !word_to_number(control->words[3], &seconds)) {
                answer(control, "error %s: not a number of seconds", control->words[3]);
                return;
        }
        snprintf(control->await.port, sizeof(control->await.port), "%s", control->words[1]);
        control->await.wanted = control->words[2];
        control->await.end = time(NULL) + (time_t)seconds;
        control->go_on = go_on_awaiting;
}

static void do_list(struct control *control)
{
        FILE *file;

        answer(control, "ok");
        file = fmemopen(control->answer + 2, sizeof(control->answer) - 2, "w");
        if (!file)
                return;
        world_list(control->world, file);
        fclose(file);
}

static void do_root(struct control *control)
{
        answer(control, "ok %s", world_root(control->world));
}

static int go_on_storming(struct control *control)
{
        int r = storm_run(&control->storm, control->world);

        if (r < 0)
                answer(control, "error event %u: %s", control->storm.events, strerror(-r));
        if (r == 0)
                do_list(control);
        return r;
}

static void do_storm(struct control *control)
{
        unsigned long count, seed;

        if (!word_to_number(control->words[1], &count) || !word_to_number(control->words[2], &seed))
                answer(control, "error COUNT and SEED are numbers");
        else if (storm_begin(&control->storm, (unsigned)count, seed, control->words + 3,
                             control->count - 3) < 0)
                answer(control, "error not ports, or more than %d", STORM_PORTS_MAX);
        else
                control->go_on = go_on_storming;
}

static void do_quit(struct control *control)
{
        control->is_over = true;
        answer(control, "ok");
}

static const struct {
        const char *name;
        size_t min, max; /* words, with the name */
        void (*run)(struct control *control);
} commands[] = {
        { "plug", 3, WORDS_MAX - 1, do_plug },
        { "unplug", 2, 2, do_unplug },
        { "change", 2, WORDS_MAX - 1, do_change },
        { "fail", 3, 3, do_fail },
        { "report", 3, 3, do_report },
        { "await", 3, 4, do_await },
        { "list", 1, 1, do_list },
        { "root", 1, 1, do_root },
        { "storm", 3, 3 + STORM_PORTS_MAX, do_storm },
        { "quit", 1, 1, do_quit },
};

void control_begin(struct control *control, char *line)
{
        char *rest = line;

        control->count = 0;
        control->go_on = NULL;
        control->answer[0] = 0;
        control->is_under_way = true;
        while (control->count < WORDS_MAX &&
               (control->words[control->count] = strtok_r(rest, " \t\r\n", &rest)))
                control->count++;
        for (size_t i = 0; i < control->count; i++)
                word_unescape(control->words[i]);
        for (size_t i = 0; i < ELEMENTS(commands) && control->count > 0; i++) {
                if (strcmp(control->words[0], commands[i].name) != 0)
                        continue;
                if (control->count >= commands[i].min && control->count <= commands[i].max)
                        commands[i].run(control);
                else
                        answer(control, "error %s: too few or too many words", commands[i].name);
                return;
        }
        answer(control, "error no such command");
}

const char *control_run(struct control *control, int *ret_wait_ms)
{
        int r = 0;

        *ret_wait_ms = -1;
        if (!control->is_under_way)
                return NULL;
        if (control->go_on)
                r = control->go_on(control);
        if (r > 0) {
                *ret_wait_ms = r;
                return NULL;
        }
        control->is_under_way = false;
        for (char *at = control->answer; *at; at++)
                if (iscntrl((unsigned char)*at))
                        *at = '?'; /* a line is a line, whatever a serial holds */
        return control->answer;
}

bool control_is_over(const struct control *control)
{
        return control->is_over;
}

int control_new(struct control **ret, struct world *world)
{
        struct control *control = calloc(1, sizeof(*control));

        if (!control)
                return -ENOMEM;
        control->world = world;
        *ret = control;
        return 0;
}

struct control *control_free(struct control *control)
{
        free(control);
        return NULL;
}
