/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredir-testguest: uses a device that a usb-host offers, as a virtual machine would, for tests
 * and for people who want to know what a host does.
 */
#include <locale.h>
#include <stdio.h>

#include "testguest/commands.h"
#include "util/log.h"

static enum tool_exit run(const struct options *options)
{
        static char *info[] = { (char *)"info", NULL };
        struct tool t = { 0 };
        enum tool_exit result;

        result = tool_open(&t, options);
        if (result == TOOL_DONE)
                result = tool_wait_for_device(&t);
        if (result == TOOL_DONE && options->script)
                result = script_run(&t, options->script);
        else if (result == TOOL_DONE)
                result = command_run(&t, *options->command ? options->command : info);

        tool_close(&t);
        return result;
}

int main(int argc, char **argv)
{
        enum tool_exit result = TOOL_USAGE;
        struct options options;

        setlocale(LC_CTYPE, "");
        log_set_name("usbredir-testguest");

        switch (options_parse(argc, argv, &options)) {
        case OPTIONS_RUN:
                log_set_level(options.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
                result = run(&options);
                break;
        case OPTIONS_DONE: result = TOOL_DONE; break;
        case OPTIONS_USAGE: break;
        }

        if ((fflush(stdout) != 0 || ferror(stdout)) && result == TOOL_DONE) {
                perror("usbredir-testguest: cannot write");
                result = TOOL_FAILED;
        }
        return result;
}
