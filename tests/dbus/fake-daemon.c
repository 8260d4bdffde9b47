/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's bus with a fake manager behind it, for programs that call it: sticks 1-1 and 2-1.4,
 * guests vm1 and vm2, and one rule. Prints "ready" when it may be called; ends by SIGTERM.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dbus/bus.h"
#include "dbus/fake-manager.h"
#include "util/log.h"

static int result;

static void on_ready(void *userdata)
{
        printf("ready\n");
        fflush(stdout);
}

static void on_refused(void *userdata, const struct error *error)
{
        log_error("%s", error->text);
        result = 1;
        event_base_loopbreak(userdata);
}

static void on_signal(evutil_socket_t signal, short what, void *userdata)
{
        event_base_loopbreak(userdata);
}

int main(int argc, char **argv)
{
        static const struct bus_events events = { on_ready, on_refused };
        const struct bus_config config = { 0 };
        struct event_base *base = event_base_new();
        struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
        struct manager *manager = fake_new(base);
        struct bus *bus;
        int r;

        log_set_name("fake-daemon");
        event_add(term, NULL);
        fake_set_rules(manager, "-1,-1,-1,-1,1 auto=no guest=vm1,vm2");
        fake_add_guest(manager, "vm1");
        fake_add_guest(manager, "vm2");
        fake_plug(manager, "1-1", 0x0781, 0x5581, "4C53");
        fake_plug(manager, "2-1.4", 0x046d, 0x0825, "");

        r = bus_new(&bus, base, manager, &config, &events, base);
        if (r < 0) {
                log_error("no bus: %s", strerror(-r));
                return 1;
        }

        event_base_dispatch(base);
        bus_free(bus);
        fake_free(manager);
        event_free(term);
        event_base_free(base);
        return result;
}
