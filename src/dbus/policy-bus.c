/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The rules, as methods of the manager: what they say, what others would say, and how they are
 * changed.
 */
#include <errno.h>
#include <string.h>

#include "dbus/call.h"
#include "dbus/explain.h"
#include "dbus/property.h"
#include "filter/key.h"
#include "filter/load.h"
#include "util/macro.h"

/* What stands for the file where there is none. */
#define TESTED_FILE "rules"

/* Starts the answer, an a{sv}. */
static int answer_new(struct call *call, sd_bus_message **ret)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_return(call->message, &m);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                *ret = TAKE(m);
        return r;
}

static int answer_send(struct call *call, sd_bus_message *m)
{
        int r;

        r = sd_bus_message_close_container(m);
        return r < 0 ? r : call_send(call, m);
}

int method_explain(struct call *call, const struct request *request, struct error *ret_error)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const struct manager *manager = call->bus->manager;
        int r;

        r = answer_new(call, &m);
        if (r >= 0)
                r = explain_put(m, manager, manager_config(manager)->policy, request->device);
        return r < 0 ? r : answer_send(call, m);
}

struct mistakes {
        struct rule_error errors[LOAD_ERRORS_MAX];
        size_t n;
};

static void on_mistake(void *userdata, const struct rule_error *error)
{
        struct mistakes *mistakes = userdata;

        if (mistakes->n < LOAD_ERRORS_MAX)
                mistakes->errors[mistakes->n++] = *error;
}

/* The text is clean, see filter/rule-error.h. */
static int put_mistakes(sd_bus_message *m, const struct mistakes *mistakes)
{
        int r;

        r = begin_array_entry(m, "errors", "(uus)");
        for (size_t i = 0; i < mistakes->n && r >= 0; i++) {
                const struct rule_error *error = &mistakes->errors[i];

                r = sd_bus_message_append(m, "(uus)", error->line, error->column, error->text);
        }
        return r < 0 ? r : end_array_entry(m);
}

/* As Explain, were these all the rules; or where they are broken. */
int method_test_rules(struct call *call, const struct request *request, struct error *ret_error)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(policy_freep) struct policy *policy = NULL;
        struct device d = *request->device;
        struct mistakes mistakes = { 0 };
        int r;

        r = policy_new(&policy);
        if (r >= 0)
                r = load_rules(policy, TESTED_FILE, request->rules, strlen(request->rules),
                               on_mistake, &mistakes);
        if (r < 0 && r != -EINVAL)
                return r;

        r = answer_new(call, &m);
        if (r >= 0)
                r = put_mistakes(m, &mistakes);
        if (r >= 0 && mistakes.n == 0) {
                policy_verdict(policy, &d.info.facts, &d.verdict);
                r = explain_put(m, call->bus->manager, policy, &d);
        }
        return r < 0 ? r : answer_send(call, m);
}

int method_add_rule(struct call *call, const struct request *request, struct error *ret_error)
{
        int r;

        r = manager_add_rule(call->bus->manager, request->place.file, request->place.line,
                             request->rules, ret_error);
        return r < 0 ? r : call_reply(call, "");
}

int method_remove_rule(struct call *call, const struct request *request, struct error *ret_error)
{
        int r;

        r = manager_remove_rule(call->bus->manager, request->place.file, request->place.line,
                                request->rules, ret_error);
        return r < 0 ? r : call_reply(call, "");
}

static const char *action_of(const struct policy_entry *entry)
{
        const struct plain *plain = &entry->rule->plain;
        size_t n_allow = 0;

        if (entry->problem)
                return "broken";

        for (size_t i = 0; i < plain->n_tuples; i++)
                n_allow += plain->tuples[i].allow;
        if (n_allow == 0)
                return "deny";
        return n_allow == plain->n_tuples ? "allow" : "mixed";
}

static int put_rule(sd_bus_message *m, const struct policy_entry *entry)
{
        CLEANUP(freep) char *text = NULL;
        int r;

        r = rule_to_string(entry->rule, &text);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "sussa{sv}");
        if (r >= 0)
                r = put_text(m, entry->file);
        if (r >= 0)
                r = sd_bus_message_append(m, "u", entry->line);
        if (r >= 0)
                r = put_text(m, text);
        if (r >= 0)
                r = sd_bus_message_append(m, "s", action_of(entry));
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (enum key_id key = 0; key < KEYS && r >= 0; key++)
                if (entry->rule->values[key])
                        r = put_text_entry(m, keys[key].name, entry->rule->values[key]);
        if (r >= 0 && entry->problem)
                r = put_text_entry(m, "problem", entry->problem);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int method_list_rules(struct call *call, const struct request *request, struct error *ret_error)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const struct policy *policy = manager_config(call->bus->manager)->policy;
        int r;

        r = sd_bus_message_new_method_return(call->message, &m);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sussa{sv})");
        for (size_t i = 0; i < policy_n_entries(policy) && r >= 0; i++)
                r = put_rule(m, policy_get(policy, i));
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : call_send(call, m);
}
