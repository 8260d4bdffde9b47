/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/fake-polkit.h"

#include <stdio.h>
#include <string.h>

static void answer(sd_bus_message *m, enum fake_polkit_answer answer)
{
        if (answer == POLKIT_FAILS)
                sd_bus_reply_method_errorf(m, "org.freedesktop.PolicyKit1.Error.Failed",
                                           "out of order");
        else
                sd_bus_reply_method_return(m, "(bba{ss})", answer == POLKIT_YES,
                                           answer == POLKIT_CHALLENGE, 0);
}

static void read_details(struct fake_polkit *polkit, sd_bus_message *m)
{
        const char *name, *value;

        polkit->details[0] = 0;
        sd_bus_message_enter_container(m, 'a', "{ss}");
        while (sd_bus_message_read(m, "{ss}", &name, &value) > 0) {
                size_t used = strlen(polkit->details);

                snprintf(polkit->details + used, sizeof(polkit->details) - used, "%s%s=%s",
                         used > 0 ? "," : "", name, value);
        }
        sd_bus_message_exit_container(m);
}

static int check_authorization(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        struct fake_polkit *polkit = userdata;
        const char *kind, *key, *subject, *action;

        assert_true(sd_bus_message_read(m, "(sa{sv})s", &kind, 1, &key, "s", &subject, &action) >
                    0);
        assert_string_equal(kind, "system-bus-name");
        assert_string_equal(key, "name");
        snprintf(polkit->subject, sizeof(polkit->subject), "%s", subject);
        snprintf(polkit->action, sizeof(polkit->action), "%s", action);
        read_details(polkit, m);
        assert_true(sd_bus_message_read(m, "us", &polkit->flags, NULL) > 0);
        polkit->n_asked++;

        if (polkit->answer == POLKIT_WAITS) {
                sd_bus_message_unref(polkit->question);
                polkit->question = sd_bus_message_ref(m);
        } else {
                answer(m, polkit->answer);
        }
        return 1;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", check_authorization,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int on_name(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        *(bool *)userdata = true;
        return 0;
}

void fake_polkit_start(struct fake_polkit *polkit, struct bed *bed)
{
        bool is_there = false;

        *polkit = (struct fake_polkit){ 0 };
        caller_connect(&polkit->connection, bed);
        assert_true(sd_bus_add_object_vtable(
                            polkit->connection.bus, NULL, "/org/freedesktop/PolicyKit1/Authority",
                            "org.freedesktop.PolicyKit1.Authority", vtable, polkit) >= 0);
        assert_true(sd_bus_request_name_async(polkit->connection.bus, NULL,
                                              "org.freedesktop.PolicyKit1", 0, on_name,
                                              &is_there) >= 0);
        bus_loop_wake(polkit->connection.loop);
        RUN_UNTIL(bed->base, is_there);
}

void fake_polkit_say(struct fake_polkit *polkit, enum fake_polkit_answer what)
{
        answer(polkit->question, what);
        polkit->question = sd_bus_message_unref(polkit->question);
        bus_loop_wake(polkit->connection.loop);
}

void fake_polkit_end(struct fake_polkit *polkit)
{
        polkit->question = sd_bus_message_unref(polkit->question);
        caller_disconnect(&polkit->connection);
}
