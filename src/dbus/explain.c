/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sentences are for people; who needs a program to decide reads the other keys. All passes are
 * told, also those after one that was denied: who mends a rule wants to know what comes next.
 */
#include "dbus/explain.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "dbus/property.h"
#include "filter/key.h"
#include "util/macro.h"

/* "interface 255 (ff/ff/ff)" */
#define PASS_SIZE 32

/* "FILE:LINE" */
#define PLACE_SIZE (PATH_MAX + 16)

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

/* "device", "interface 0 (03/01/01)" */
static void format_pass(const struct device *d, struct pass pass, char ret[PASS_SIZE])
{
        const struct facts_interface *f;
        int i = pass.interface;

        if (i < 0 || (uint32_t)i >= d->info.facts.n_interfaces) {
                snprintf(ret, PASS_SIZE, "device");
                return;
        }

        f = &d->info.facts.interfaces[i];
        snprintf(ret, PASS_SIZE, "interface %u (%02x/%02x/%02x)", d->info.interface_numbers[i],
                 f->class, f->subclass, f->protocol);
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
        else if (manager_is_disabled(manager))
                snprintf(ret, size,
                         "It may be attached by hand; usbredird.disable is on the kernel's "
                         "command line: no rule acts.");
        else if (d->guard[0])
                snprintf(ret, size,
                         "This machine needs it: %s. It goes to %s when that is over, or by force.",
                         d->guard, guest);
        else if (manager_is_paused(manager))
                snprintf(ret, size, "It is redirected to %s once the daemon is resumed.", guest);
        else
                snprintf(ret, size, "It is redirected to %s by itself.", guest);
}

static void explain_verdict(const struct manager *manager, const struct device *d,
                            const char *guest, const char *pass, char *ret, size_t size)
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

/* "FILE:LINE", or "" for no rule. */
static void format_place(const struct policy_entry *entry, char ret[PLACE_SIZE])
{
        ret[0] = '\0';
        if (entry)
                snprintf(ret, PLACE_SIZE, "%s:%u", entry->file, entry->line);
}

/* The rule, in its one spelling; "" for none. To be freed; NULL without memory. */
static char *text_of(const struct policy_entry *entry)
{
        char *text = NULL;

        if (!entry)
                return strdup("");
        return rule_to_string(entry->rule, &text) < 0 ? NULL : text;
}

static int put_decision(sd_bus_message *m, const struct device *d, const struct decision *decision)
{
        CLEANUP(freep) char *text = text_of(decision->entry);
        char pass[PASS_SIZE], place[PLACE_SIZE];
        int r;

        if (!text)
                return -ENOMEM;
        format_pass(d, decision->pass, pass);
        format_place(decision->entry, place);

        r = sd_bus_message_open_container(m, 'r', "sssb");
        if (r >= 0)
                r = put_text(m, pass);
        if (r >= 0)
                r = put_text(m, place);
        if (r >= 0)
                r = put_text(m, text);
        if (r >= 0)
                r = sd_bus_message_append(m, "b", (int)decision->allow);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* What a key comes to, for an allowed device. */
static const char *value_of(const struct verdict *v, enum key_id key)
{
        switch (key) {
        case KEY_AUTO: return v->automatic ? "yes" : "no";
        case KEY_ON:
                return v->on == RULE_ON_PLUG ? "plug" : v->on == RULE_ON_START ? "start" : "both";
        case KEY_HOLD: return v->hold ? "yes" : "no";
        case KEY_RESET: return v->reset ? "yes" : "no";
        case KEY_FORCE: return v->force ? "yes" : "no";
        default: return "";
        }
}

/*
 * The rule whose word it is: the lead, but for keys that need all rules that decided the first one
 * that speaks against it.
 */
static const struct policy_entry *speaker_of(const struct verdict *v, enum key_id key,
                                             const struct decision *decisions, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                const struct policy_entry *entry = decisions[i].entry;

                if ((key == KEY_AUTO && !v->automatic && !rule_is_automatic(entry->rule)) ||
                    (key == KEY_FORCE && !v->force && !rule_forces(entry->rule)) ||
                    (key == KEY_GUEST && v->guest && entry->rule->values[KEY_GUEST] == v->guest))
                        return entry;
        }

        return v->lead;
}

static int put_key(sd_bus_message *m, enum key_id key, const char *value, const char *source)
{
        int r;

        r = sd_bus_message_open_container(m, 'r', "sss");
        if (r >= 0)
                r = sd_bus_message_append_basic(m, 's', keys[key].name);
        if (r >= 0)
                r = put_text(m, value);
        if (r >= 0)
                r = put_text(m, source);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Each key that acts, what it comes to, and where that is from: a rule, or what stands in for it.
 */
static int put_keys(sd_bus_message *m, const struct manager *manager, const struct device *d,
                    const struct decision *decisions, size_t n)
{
        static const enum key_id acting[] = { KEY_AUTO, KEY_ON, KEY_HOLD, KEY_RESET, KEY_FORCE };
        const struct verdict *v = &d->verdict;
        const char *guests, *source = NULL;
        char place[PLACE_SIZE];
        int r;

        r = begin_array_entry(m, "keys", "(sss)");
        if (r < 0)
                return r;
        if (v->kind != VERDICT_ALLOWED && v->kind != VERDICT_CONFLICT)
                return end_array_entry(m);

        guests = manager_guests_named(manager, d, &source);
        if (guests) {
                format_place(speaker_of(v, KEY_GUEST, decisions, n), place);
                r = put_key(m, KEY_GUEST, guests, source ? source : place);
        }
        for (size_t i = 0; i < ELEMENTS(acting) && r >= 0; i++) {
                const struct policy_entry *entry = speaker_of(v, acting[i], decisions, n);
                bool is_said = entry->rule->values[acting[i]];

                format_place(entry, place);
                if (acting[i] == KEY_AUTO && v->kind == VERDICT_CONFLICT)
                        r = put_key(m, KEY_AUTO, "no", "conflict");
                else
                        r = put_key(m, acting[i], value_of(v, acting[i]),
                                    is_said ? place : "default");
        }

        return r < 0 ? r : end_array_entry(m);
}

static int put_passes(sd_bus_message *m, const struct device *d, const struct decision *decisions,
                      size_t n)
{
        int r;

        r = begin_array_entry(m, "passes", "(sssb)");
        for (size_t i = 0; i < n && r >= 0; i++)
                r = put_decision(m, d, &decisions[i]);
        return r < 0 ? r : end_array_entry(m);
}

static int put_texts(sd_bus_message *m, const struct manager *manager, const struct device *d)
{
        const struct policy_entry *entry = entry_of(d);
        const char *guest = manager_guest_for(manager, d);
        CLEANUP(freep) char *text = text_of(entry);
        char pass[PASS_SIZE] = "", reason[1024], rule[PLACE_SIZE], lead[PLACE_SIZE];
        int r;

        if (!text)
                return -ENOMEM;
        if (d->verdict.kind == VERDICT_DENIED || d->verdict.kind == VERDICT_CONFLICT)
                format_pass(d, d->verdict.pass, pass);
        format_place(entry, rule);
        format_place(d->verdict.lead, lead);
        explain_verdict(manager, d, guest, pass, reason, sizeof(reason));

        r = put_text_entry(m, "verdict", verdict_kind_name(d->verdict.kind));
        if (r >= 0)
                r = put_text_entry(m, "reason", reason);
        if (r >= 0)
                r = put_text_entry(m, "rule", rule);
        if (r >= 0)
                r = put_text_entry(m, "text", text);
        if (r >= 0)
                r = put_text_entry(m, "pass", pass);
        if (r >= 0)
                r = put_text_entry(m, "lead", lead);
        if (r >= 0)
                r = put_text_entry(m, "guest", guest ? guest : "");
        if (r >= 0)
                r = put_text_entry(m, "guard", d->guard);
        if (r >= 0)
                r = put_text_entry(m, "refusal", d->info.refusal);
        return r;
}

static int put_switches(sd_bus_message *m, const struct manager *manager, const struct device *d)
{
        const struct {
                const char *name;
                bool value;
        } rows[] = {
                { "automatic", d->verdict.automatic },
                { "inhibited", d->is_inhibited },
                { "rejected", d->is_rejected },
                { "paused", manager_is_paused(manager) },
                { "held", d->is_held },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTS(rows) && r >= 0; i++)
                r = put_entry(m, rows[i].name, "b", (int)rows[i].value);
        return r;
}

int explain_put(sd_bus_message *m, const struct manager *manager, const struct policy *policy,
                const struct device *d)
{
        struct decision decisions[PASSES_MAX];
        size_t n = 0;
        int r;

        if (d->verdict.kind != VERDICT_HUB)
                n = policy_decisions(policy, &d->info.facts, decisions);

        r = put_texts(m, manager, d);
        if (r >= 0)
                r = put_switches(m, manager, d);
        if (r >= 0)
                r = put_passes(m, d, decisions, n);
        if (r >= 0)
                r = put_keys(m, manager, d, decisions, n);
        return r;
}
