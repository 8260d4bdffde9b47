/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the policy says: Explain of one device, ListRules of all. The sentences are for people; who
 * needs a program to decide reads the other keys.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "dbus/call.h"
#include "dbus/property.h"
#include "filter/key.h"
#include "util/macro.h"

/* The rule that decided; of a conflict the first one. */
static const struct policy_entry *entry_of(const struct device *d)
{
        switch (d->verdict.kind) {
        case VERDICT_DENIED: return d->verdict.against;
        case VERDICT_ALLOWED:
        case VERDICT_CONFLICT: return d->verdict.lead;
        case VERDICT_NO_MATCH:
        case VERDICT_HUB: break;
        }

        return NULL;
}

/* "device", "interface 0 (03/01/01)", or "" where no pass decided. */
static void format_pass(const struct device *d, char *ret, size_t size)
{
        int i = d->verdict.pass.interface;
        const struct facts_interface *f;

        ret[0] = 0;
        if (d->verdict.kind != VERDICT_DENIED && d->verdict.kind != VERDICT_CONFLICT)
                return;
        if (i < 0 || (uint32_t)i >= d->info.facts.n_interfaces) {
                snprintf(ret, size, "device");
                return;
        }

        f = &d->info.facts.interfaces[i];
        snprintf(ret, size, "interface %u (%02x/%02x/%02x)", d->info.interface_numbers[i], f->class,
                 f->subclass, f->protocol);
}

static void explain_denial(const struct device *d, const char *pass, char *ret, size_t size)
{
        const struct policy_entry *against = d->verdict.against;

        if (!against)
                snprintf(ret, size, "No rule allows it: none matches its %s.", pass);
        else if (against->problem)
                snprintf(ret, size, "%s is broken and denies everything until it is mended: %s",
                         against->file, against->problem);
        else
                snprintf(ret, size, "A rule denies its %s.", pass);
}

static void explain_permission(const struct manager *manager, const struct device *d,
                               const char *guest, char *ret, size_t size)
{
        if (d->is_inhibited)
                snprintf(ret, size,
                         "It was taken back by hand: no rule acts until it is plugged "
                         "in again or attached.");
        else if (d->is_rejected)
                snprintf(ret, size,
                         "Its guest has rejected it: no rule acts until it is plugged "
                         "in again, the rules are reloaded or the guest is connected.");
        else if (!d->verdict.automatic)
                snprintf(ret, size, "It may be attached by hand; a rule has auto=no.");
        else if (!guest)
                snprintf(ret, size,
                         "It may be attached by hand; neither a rule nor DefaultGuest= "
                         "names the one guest that is to have it.");
        else if (manager_is_paused(manager))
                snprintf(ret, size, "It is redirected to %s once the daemon is resumed.", guest);
        else
                snprintf(ret, size, "It is redirected to %s by itself.", guest);
}

static void explain(const struct manager *manager, const struct device *d, const char *guest,
                    const char *pass, char *ret, size_t size)
{
        if (d->info.refusal[0]) {
                snprintf(ret, size, "It cannot be judged: %s", d->info.refusal);
                return;
        }
        if (!d->info.is_settled) {
                snprintf(ret, size, "Its drivers are not bound yet; it is judged when they are.");
                return;
        }

        switch (d->verdict.kind) {
        case VERDICT_HUB: snprintf(ret, size, "Hubs are never redirected."); break;
        case VERDICT_NO_MATCH:
                snprintf(ret, size, "It shows no class that a rule could judge.");
                break;
        case VERDICT_CONFLICT:
                snprintf(ret, size, "Rules name different guests, also %s:%u: attach it by hand.",
                         d->verdict.against->file, d->verdict.against->line);
                break;
        case VERDICT_DENIED: explain_denial(d, pass, ret, size); break;
        case VERDICT_ALLOWED: explain_permission(manager, d, guest, ret, size); break;
        }
}

int method_explain(struct call *call, const struct request *request, struct error *ret_error)
{
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        CLEANUP(freep) char *text = NULL;
        const struct manager *manager = call->bus->manager;
        const struct device *d = request->device;
        const struct policy_entry *entry = entry_of(d);
        const char *guest = manager_guest_for(manager, d);
        char pass[64], reason[1024], rule[PATH_MAX + 16] = "";
        int r;

        if (entry) {
                snprintf(rule, sizeof(rule), "%s:%u", entry->file, entry->line);
                r = rule_to_string(entry->rule, &text);
                if (r < 0)
                        return r;
        }
        format_pass(d, pass, sizeof(pass));
        explain(manager, d, guest, pass, reason, sizeof(reason));

        r = sd_bus_message_new_method_return(call->message, &m);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = put_text_entry(m, "verdict", verdict_kind_name(d->verdict.kind));
        if (r >= 0)
                r = put_entry(m, "automatic", "b", (int)d->verdict.automatic);
        if (r >= 0)
                r = put_text_entry(m, "rule", rule);
        if (r >= 0)
                r = put_text_entry(m, "text", text ? text : "");
        if (r >= 0)
                r = put_text_entry(m, "pass", pass);
        if (r >= 0)
                r = put_text_entry(m, "guest", guest ? guest : "");
        if (r >= 0)
                r = put_text_entry(m, "reason", reason);
        if (r >= 0)
                r = put_text_entry(m, "refusal", d->info.refusal);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : call_send(call, m);
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
