/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl: what the daemon says on D-Bus, for people and scripts. No file of the daemon is
 * read, no device is touched; what needs no daemon, such as convert, opens no bus.
 */
#include <locale.h>
#include <stdio.h>

#include "ctl/bus.h"
#include "ctl/options.h"

int main(int argc, char **argv)
{
        const struct command *command;
        struct ctl ctl = { 0 };
        enum ctl_exit result;
        char **arguments;

        setlocale(LC_ALL, "");

        switch (options_parse(argc, argv, &ctl, &command, &arguments)) {
        case OPTIONS_RUN:
                result = command->needs_bus ? bus_open(&ctl) : CTL_DONE;
                if (result == CTL_DONE)
                        result = command->run(&ctl, arguments);
                break;
        case OPTIONS_DONE: result = CTL_DONE; break;
        case OPTIONS_USAGE:
        default: result = CTL_USAGE; break;
        }
        sd_bus_flush_close_unref(ctl.bus);

        if (fflush(stdout) != 0 || ferror(stdout)) {
                if (result == CTL_DONE)
                        perror("usbredirctl: cannot write");
                return result == CTL_DONE ? CTL_FAILURE : result;
        }
        return result;
}
