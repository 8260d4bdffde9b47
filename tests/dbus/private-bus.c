/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon prints its address when it listens, and dies with the test.
 */
#include "dbus/private-bus.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/test.h"

/* A system bus has rules for what is received, too; without them callers wait in vain. */
static const char configuration[] =
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
        " \"https://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
        "<busconfig>\n"
        "  <listen>unix:path=%s/bus</listen>\n"
        "  <auth>EXTERNAL</auth>\n"
        "  <policy context=\"default\">\n"
        "    <allow user=\"*\"/>\n"
        "    <allow own=\"*\"/>\n"
        "    <allow send_type=\"method_call\"/>\n"
        "    <allow send_type=\"signal\"/>\n"
        "    <allow send_type=\"method_return\"/>\n"
        "    <allow send_type=\"error\"/>\n"
        "    <allow receive_type=\"method_call\"/>\n"
        "    <allow receive_type=\"method_return\"/>\n"
        "    <allow receive_type=\"error\"/>\n"
        "    <allow receive_type=\"signal\"/>\n"
        "  </policy>\n"
        "  %s\n"
        "</busconfig>\n";

static void write_configuration(const struct private_bus *bus, const char *policy)
{
        char path[96];
        FILE *file;

        snprintf(path, sizeof(path), "%s/bus.conf", bus->directory);
        file = fopen(path, "we");
        assert_non_null(file);
        fprintf(file, configuration, bus->directory, policy);
        assert_int_equal(fclose(file), 0);
}

void private_bus_restart(struct private_bus *bus)
{
        char config[128], print[32], line[256];
        ssize_t n;
        int fds[2];

        snprintf(config, sizeof(config), "--config-file=%s/bus.conf", bus->directory);
        assert_int_equal(pipe(fds), 0);
        bus->pid = fork();
        assert_true(bus->pid >= 0);
        if (bus->pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                close(fds[0]);
                snprintf(print, sizeof(print), "--print-address=%i", fds[1]);
                execlp("dbus-daemon", "dbus-daemon", config, "--nofork", "--nopidfile", print,
                       (char *)NULL);
                _exit(errno == ENOENT ? 77 : 1);
        }

        close(fds[1]);
        n = read(fds[0], line, sizeof(line));
        close(fds[0]);
        if (n <= 0) {
                int status;

                waitpid(bus->pid, &status, 0);
                if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                        exit(77);
                fail_msg("dbus-daemon does not start");
        }
}

void private_bus_start(struct private_bus *bus, const char *policy)
{
        *bus = (struct private_bus){ .directory = "/tmp/usbredir-bus-XXXXXX" };
        assert_non_null(mkdtemp(bus->directory));
        snprintf(bus->address, sizeof(bus->address), "unix:path=%s/bus", bus->directory);
        write_configuration(bus, policy);
        private_bus_restart(bus);
}

void private_bus_stop(struct private_bus *bus)
{
        if (bus->pid <= 0)
                return;

        kill(bus->pid, SIGTERM);
        waitpid(bus->pid, NULL, 0);
        bus->pid = 0;
}

void private_bus_end(struct private_bus *bus)
{
        char path[96];

        private_bus_stop(bus);
        snprintf(path, sizeof(path), "%s/bus.conf", bus->directory);
        unlink(path);
        snprintf(path, sizeof(path), "%s/bus", bus->directory);
        unlink(path);
        rmdir(bus->directory);
}
