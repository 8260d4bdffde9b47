/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl learn: whatever the daemon tells of, its objects are looked at anew, until there is a
 * device that was not there at the start, that is no hub, and whose facts are complete.
 *
 * The rule names the device as closely as it can be: by its serial, or, as it has none, by the
 * socket that it is in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/bus.h"
#include "ctl/commands.h"
#include "ctl/listing.h"
#include "ctl/objects.h"
#include "ctl/policy.h"
#include "ctl/value.h"
#include "filter/rule.h"
#include "util/cleanup.h"

#define DEVICE_CLASS_HUB 9

/* A serial of 378 bytes, each with a backslash; the rest of a longer one is not compared. */
#define PATTERN_SIZE 760

struct learner {
        struct ctl *ctl;
        json_t *known; /* the objects at the start */
        bool has_news;
};

/*
 * The fact as a pattern that matches nothing else: characters that stand for more than themselves
 * lose that. No rule can have a quote in a word: there any character will do.
 */
static void make_pattern(const char *fact, char ret[PATTERN_SIZE])
{
        size_t n = 0;

        for (; *fact && n + 2 < PATTERN_SIZE; fact++) {
                if (strchr("*?[\\", *fact))
                        ret[n++] = '\\';
                ret[n++] = *fact == '"' ? '?' : *fact;
        }
        ret[n] = '\0';
}

/* The rule as it may be written; NULL without memory. */
static char *write_rule(const json_t *device, const char *guest)
{
        const char *serial = value_string(device, "Serial"), *path = value_string(device, "Path");
        const char *key = *serial ? "serial" : "path";
        char pattern[PATTERN_SIZE], *text, *quoted = NULL;
        int n = 0;

        make_pattern(*serial ? serial : path, pattern);
        if (*pattern)
                n = asprintf(&quoted, " %s=\"%s\"", key, pattern);
        if (n >= 0)
                n = asprintf(&text, "-1,0x%04llx,0x%04llx,-1,1%s%s%s",
                             (long long)json_integer_value(json_object_get(device, "VendorId")),
                             (long long)json_integer_value(json_object_get(device, "ProductId")),
                             guest ? " guest=" : "", guest ? guest : "", quoted ? quoted : "");
        free(quoted);
        return n < 0 ? NULL : text;
}

/* The rule, in its one spelling, to be freed. Returns 0, -EINVAL or -ENOMEM. */
static int make_rule(const json_t *device, const char *guest, char **ret_text)
{
        CLEANUP(rule_freep) struct rule *rule = NULL;
        CLEANUP(freep) char *text = write_rule(device, guest);
        struct rule_error error;
        int r;

        if (!text)
                return -ENOMEM;
        r = rule_parse(&rule, text, 1, &error);
        if (r == -EINVAL) {
                fputs("usbredirctl: ", stderr);
                text_print(stderr, error.text);
                fputc('\n', stderr);
        }
        return r < 0 ? r : rule_to_string(rule, ret_text);
}

/* The same port and address: then it has not been plugged in since. */
static bool is_known(json_t *known, const struct object *o)
{
        static const char *const facts[] = { "Bus", "Address" };
        struct object former;

        if (!objects_find(known, OBJECT_DEVICE, o->path, &former))
                return false;

        for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
                if (!json_equal(json_object_get(former.properties, facts[i]),
                                json_object_get(o->properties, facts[i])))
                        return false;
        return true;
}

static bool is_wanted(const struct object *o)
{
        return json_is_true(json_object_get(o->properties, "Settled")) &&
               json_integer_value(json_object_get(o->properties, "Class")) != DEVICE_CLASS_HUB &&
               strcmp(value_string(o->properties, "Verdict"), "hub") != 0;
}

/* Sets the device that was plugged in, or NULL while there is none. */
static enum ctl_exit look(struct learner *l, json_t **ret_device)
{
        CLEANUP(json_decrefp) json_t *all = NULL;
        CLEANUP(freep) struct object *objects = NULL;
        enum ctl_exit result;
        size_t n;

        *ret_device = NULL;
        l->has_news = false;
        result = objects_get(l->ctl, &all);
        if (result != CTL_DONE)
                return result;
        if (objects_list(all, OBJECT_DEVICE, &objects, &n) < 0)
                return out_of_memory();

        for (size_t i = 0; i < n; i++)
                if (!is_known(l->known, &objects[i]) && is_wanted(&objects[i])) {
                        *ret_device = json_incref(objects[i].properties);
                        break;
                }
        return CTL_DONE;
}

static int on_news(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        struct learner *l = userdata;

        l->has_news = true;
        return 0;
}

static enum ctl_exit wait_for_device(struct learner *l, json_t **ret_device)
{
        enum ctl_exit result = CTL_DONE;
        int r = 0;

        while (r >= 0 && result == CTL_DONE && !*ret_device) {
                r = sd_bus_process(l->ctl->bus, NULL);
                if (r == 0 && l->has_news)
                        result = look(l, ret_device);
                else if (r == 0)
                        r = sd_bus_wait(l->ctl->bus, UINT64_MAX);
        }

        return r < 0 ? bus_error(NULL, r) : result;
}

static enum ctl_exit tell(struct ctl *ctl, const json_t *device, const char *rule)
{
        CLEANUP(json_decrefp) json_t *told = NULL;

        if (ctl->json) {
                told = json_pack("{s:s, s:s, s:b}", "device", value_string(device, "Id"), "text",
                                 rule, "added", ctl->add);
                return told ? print_json(told, JSON_INDENT(2)) : out_of_memory();
        }

        if (!*value_string(device, "Serial"))
                fputs("It has no serial: this is for its kind of device in that socket.\n", stderr);
        text_print(stdout, rule);
        putchar('\n');
        return CTL_DONE;
}

/* Says so if another rule is asked before the one that was added. */
static enum ctl_exit tell_who_decides(struct ctl *ctl, const json_t *device, const char *rule)
{
        CLEANUP(json_decrefp) json_t *answer = NULL;
        enum ctl_exit result;

        result = bus_read(ctl, &answer, "a{sv}", USBREDIR_PATH, MANAGER_INTERFACE, "Explain", "s",
                          value_string(device, "Id"));
        if (result != CTL_DONE || !strcmp(value_string(answer, "text"), rule))
                return result;

        fflush(stdout); /* behind the rule */
        fputs("Another rule decides before it, ", stderr);
        text_print(stderr, value_string(answer, "rule"));
        fputs(": usbredirctl rules add has --file and --before.\n", stderr);
        return CTL_DONE;
}

static enum ctl_exit run(struct learner *l)
{
        CLEANUP(json_decrefp) json_t *device = NULL;
        CLEANUP(freep) char *rule = NULL;
        enum ctl_exit result;
        int r;

        /* First the signals, then what is there: so nothing comes between. */
        r = sd_bus_add_match(l->ctl->bus, NULL, BUS_SIGNALS_MATCH, on_news, l);
        if (r >= 0)
                r = sd_bus_add_match(l->ctl->bus, NULL, BUS_OWNER_MATCH, on_news, l);
        if (r < 0)
                return bus_error(NULL, r);
        result = objects_get(l->ctl, &l->known);
        if (result != CTL_DONE)
                return result;

        fputs("Plug in the device.\n", stderr);
        result = wait_for_device(l, &device);
        if (result != CTL_DONE)
                return result;

        r = make_rule(device, l->ctl->guest, &rule);
        if (r < 0)
                return r == -EINVAL ? CTL_USAGE : out_of_memory();
        if (l->ctl->add)
                result = policy_add_rule(l->ctl, rule);
        if (result == CTL_DONE)
                result = tell(l->ctl, device, rule);
        if (result == CTL_DONE && l->ctl->add)
                result = tell_who_decides(l->ctl, device, rule);
        return result;
}

enum ctl_exit command_learn(struct ctl *ctl, char **arguments)
{
        struct learner l = { .ctl = ctl };
        enum ctl_exit result;

        result = run(&l);
        json_decref(l.known);
        return result;
}
