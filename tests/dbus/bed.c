/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The caller's calls are asynchronous, as it shares its loop with those it calls.
 */
#include "dbus/bed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_ready(void *userdata)
{
        ((struct bed *)userdata)->n_ready++;
}

static void on_refused(void *userdata, const struct error *error)
{
        struct bed *bed = userdata;

        bed->n_refused++;
        snprintf(bed->refusal, sizeof(bed->refusal), "%s", error->text);
}

struct bed *bed_new(const char *policy)
{
        struct bed *bed = calloc(1, sizeof(*bed));

        assert_non_null(bed);
        private_bus_start(&bed->private_bus, policy);
        bed->base = event_base_new();
        assert_non_null(bed->base);
        bed->manager = fake_new(bed->base);
        return bed;
}

void bed_start_bus(struct bed *bed, bool trusts_nobody)
{
        const struct bus_config config = {
                .address = bed->private_bus.address,
                .trusts_nobody = trusts_nobody,
        };
        static const struct bus_events events = { on_ready, on_refused };

        assert_int_equal(bus_new(&bed->bus, bed->base, bed->manager, &config, &events, bed), 0);
}

struct bed *bed_free(struct bed *bed)
{
        caller_disconnect(&bed->caller);
        bus_free(bed->bus);
        fake_free(bed->manager);
        event_base_free(bed->base);
        private_bus_end(&bed->private_bus);
        free(bed);
        return NULL;
}

static int setup(void **state, bool trusts_nobody)
{
        struct bed *bed = bed_new("");

        bed_start_bus(bed, trusts_nobody);
        RUN_UNTIL(bed->base, bed->n_ready > 0);
        caller_connect(&bed->caller, bed);
        *state = bed;
        return 0;
}

int bed_setup(void **state)
{
        return setup(state, false);
}

int bed_setup_distrustful(void **state)
{
        return setup(state, true);
}

int bed_teardown(void **state)
{
        bed_free(*state);
        return 0;
}

static const char *last_part(const char *interface)
{
        const char *dot = strrchr(interface, '.');

        return dot ? dot + 1 : interface;
}

/* Of PropertiesChanged: the interface and the names. */
static void note_changes(sd_bus_message *m, FILE *line)
{
        const char *interface, *name, *comma = "";

        sd_bus_message_read(m, "s", &interface);
        fprintf(line, " %s ", last_part(interface));
        sd_bus_message_enter_container(m, 'a', "{sv}");
        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                sd_bus_message_read(m, "s", &name);
                fprintf(line, "%s%s", comma, name);
                comma = ",";
                sd_bus_message_skip(m, "v");
                sd_bus_message_exit_container(m);
        }
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        struct caller *caller = userdata;
        size_t used = strlen(caller->signals);
        const char *member = sd_bus_message_get_member(m), *path;
        FILE *line;

        line = fmemopen(caller->signals + used, sizeof(caller->signals) - used, "w");
        assert_non_null(line);
        fprintf(line, "%s", member);
        if (!strcmp(member, "PropertiesChanged")) {
                fprintf(line, " %s", sd_bus_message_get_path(m));
                note_changes(m, line);
        } else if (!strncmp(member, "Interfaces", strlen("Interfaces"))) {
                sd_bus_message_read(m, "o", &path);
                fprintf(line, " %s", path);
        } else {
                CLEANUP(freep) char *text = message_text(m);

                fprintf(line, " %s", text);
        }
        fprintf(line, "\n");
        fclose(line);
        return 0;
}

static void on_caller_lost(void *userdata, int error)
{
        /* A test that takes the bus away connects anew. */
}

static int on_hello(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        *(bool *)userdata = true;
        return 0;
}

void caller_connect(struct caller *caller, struct bed *bed)
{
        bool is_there = false;

        *caller = (struct caller){ .base = bed->base };
        assert_true(sd_bus_new(&caller->bus) >= 0);
        assert_true(sd_bus_set_address(caller->bus, bed->private_bus.address) >= 0);
        assert_true(sd_bus_set_bus_client(caller->bus, true) >= 0);
        assert_true(sd_bus_start(caller->bus) >= 0);
        assert_int_equal(
                bus_loop_new(&caller->loop, bed->base, caller->bus, on_caller_lost, caller), 0);
        assert_true(sd_bus_add_match_async(caller->bus, NULL, "type='signal',sender='" NAME "'",
                                           on_signal, NULL, caller) >= 0);
        assert_true(sd_bus_call_method_async(caller->bus, NULL, "org.freedesktop.DBus", "/",
                                             "org.freedesktop.DBus", "GetId", on_hello, &is_there,
                                             "") >= 0);
        RUN_UNTIL(bed->base, is_there);
}

void caller_disconnect(struct caller *caller)
{
        caller->loop = bus_loop_free(caller->loop);
        caller->bus = sd_bus_close_unref(caller->bus);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        *(sd_bus_message **)userdata = sd_bus_message_ref(reply);
        return 0;
}

sd_bus_message *caller_message(struct caller *caller, const char *path, const char *interface,
                               const char *member)
{
        sd_bus_message *m;

        assert_true(sd_bus_message_new_method_call(caller->bus, &m, NAME, path, interface,
                                                   member) >= 0);
        return m;
}

void caller_send(struct caller *caller, sd_bus_message *m, sd_bus_message **ret)
{
        assert_true(sd_bus_call_async(caller->bus, NULL, m, on_reply, ret, 0) >= 0);
        sd_bus_message_unref(m);
        bus_loop_wake(caller->loop);
}

static sd_bus_message *call(struct caller *caller, const char *path, const char *interface,
                            const char *member, const char *types, va_list arguments)
{
        sd_bus_message *reply = NULL, *m = caller_message(caller, path, interface, member);

        if (*types)
                assert_true(sd_bus_message_appendv(m, types, arguments) >= 0);
        caller_send(caller, m, &reply);
        RUN_UNTIL(caller->base, reply);
        return reply;
}

sd_bus_message *caller_call(struct caller *caller, const char *path, const char *interface,
                            const char *member, const char *types, ...)
{
        sd_bus_message *reply;
        va_list arguments;

        va_start(arguments, types);
        reply = call(caller, path, interface, member, types, arguments);
        va_end(arguments);
        return reply;
}

static void check_success(sd_bus_message *reply, const char *member)
{
        const sd_bus_error *e = sd_bus_message_get_error(reply);

        if (e)
                fail_msg("%s: %s: %s", member, e->name, e->message);
}

void assert_call(struct caller *caller, const char *path, const char *interface, const char *member,
                 const char *types, ...)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        va_list arguments;

        va_start(arguments, types);
        reply = call(caller, path, interface, member, types, arguments);
        va_end(arguments);
        check_success(reply, member);
}

void assert_error(sd_bus_message *reply, const char *name, const char *words)
{
        const sd_bus_error *e = sd_bus_message_get_error(reply);

        if (!e)
                fail_msg("no error, but %s was to come", name);
        assert_string_equal(e->name, name);
        if (!strstr(e->message, words))
                fail_msg("\"%s\" is not in \"%s\"", words, e->message);
        sd_bus_message_unref(reply);
}

static void print_value(sd_bus_message *m, FILE *out)
{
        const char *contents, *comma = "";
        union {
                uint8_t y;
                uint16_t q;
                uint32_t u;
                uint64_t t;
                int b;
                const char *s;
        } value;
        char type;

        assert_true(sd_bus_message_peek_type(m, &type, &contents) > 0);
        if (contents) {
                assert_true(sd_bus_message_enter_container(m, type, contents) > 0);
                fputs(type == 'a' ? "[" : type == 'r' ? "(" : "", out);
                while (!sd_bus_message_at_end(m, false)) {
                        fputs(comma, out);
                        print_value(m, out);
                        comma = type == 'e' ? "=" : ",";
                }
                fputs(type == 'a' ? "]" : type == 'r' ? ")" : "", out);
                sd_bus_message_exit_container(m);
                return;
        }

        assert_true(sd_bus_message_read_basic(m, type, &value) > 0);
        switch (type) {
        case 'y': fprintf(out, "%u", value.y); break;
        case 'q': fprintf(out, "%u", value.q); break;
        case 'u': fprintf(out, "%u", value.u); break;
        case 't': fprintf(out, "%llu", (unsigned long long)value.t); break;
        case 'b': fputs(value.b ? "yes" : "no", out); break;
        case 's':
        case 'o': fputs(value.s, out); break;
        default: fail_msg("a value of type %c", type);
        }
}

char *message_text(sd_bus_message *m)
{
        const char *blank = "";
        char *text;
        size_t size;
        FILE *out;

        out = open_memstream(&text, &size);
        assert_non_null(out);
        while (!sd_bus_message_at_end(m, true)) {
                fputs(blank, out);
                print_value(m, out);
                blank = " ";
        }
        fclose(out);
        return text;
}

char *caller_property(struct caller *caller, const char *path, const char *interface,
                      const char *property)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        reply = caller_call(caller, path, FREEDESKTOP "Properties", "Get", "ss", interface,
                            property);
        check_success(reply, property);
        return message_text(reply);
}

void assert_property(struct caller *caller, const char *path, const char *interface,
                     const char *property, const char *want)
{
        CLEANUP(freep) char *text = caller_property(caller, path, interface, property);

        assert_string_equal(text, want);
}

void assert_signals(struct caller *caller, const char *want)
{
        /* What is active runs before the next message; the answer comes behind the signals. */
        run_ready(caller->base);
        assert_call(caller, ROOT, FREEDESKTOP "Peer", "Ping", "");
        assert_string_equal(caller->signals, want);
        caller->signals[0] = 0;
}
