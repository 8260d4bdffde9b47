/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configuration comes into force: at start, in a reload, and by a rule that is added or removed.
 *
 * Only what has changed is touched. A guest whose file is the same goes on as it is (see
 * guest_set_config()); a session ends only if a rule denies its device now. A reload is also the
 * moment at which all that was given up is tried again; a rule that is added is that only for the
 * devices of which the rules now say something else.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "daemon/hold.h"
#include "daemon/manager-private.h"
#include "daemon/rules-edit.h"
#include "util/cleanup.h"
#include "util/log.h"

/* A path that can be opened, and two numbers. */
#define PLACE_SIZE (PATH_MAX + 32)

/* "FILE:LINE:COLUMN", or "FILE" if all of it is meant. */
static const char *format_place(const struct config_error *error, char *place, size_t size)
{
        if (error->line > 0)
                snprintf(place, size, "%s:%u:%u", error->file, error->line, error->column);
        else
                snprintf(place, size, "%s", error->file);
        return place;
}

static void log_errors(const struct config *config)
{
        char place[PLACE_SIZE];

        for (size_t i = 0; i < config->n_errors; i++)
                log_error("%s: %s", format_place(&config->errors[i], place, sizeof(place)),
                          config->errors[i].text);
}

static int first_error(const struct config *config, const char *more, struct error *ret_error)
{
        const struct config_error *error = &config->errors[0];
        char place[PLACE_SIZE];

        return error_set(ret_error, ERROR_INVALID_FILES, "%s: %s%s",
                         format_place(error, place, sizeof(place)), error->text,
                         config->n_errors > 1 ? more : "");
}

static bool texts_are_equal(const char *a, const char *b)
{
        return a == b || (a && b && !strcmp(a, b));
}

/* Do both have the same consequences? By which rule does not matter. */
static bool verdicts_are_equal(const struct verdict *a, const struct verdict *b)
{
        return a->kind == b->kind && texts_are_equal(a->guest, b->guest) &&
               a->automatic == b->automatic && a->on == b->on && a->reset == b->reset &&
               a->hold == b->hold && a->force == b->force;
}

/* The policy has changed; what the verdicts point to is still there. */
static void update_verdicts(struct manager *m)
{
        struct device *d;

        DL_FOREACH (m->devices, d) {
                struct verdict before = d->verdict;

                manager_update_verdict(m, d);
                entry_of(d)->has_new_verdict = !verdicts_are_equal(&before, &d->verdict);
        }
}

/* Makes the configuration the one in force. */
static int take_config(struct manager *m, struct config *config)
{
        struct config *old = m->config;
        int r;

        m->config = config;
        log_set_level(config->log_level);
        r = manager_update_guests(m);
        update_verdicts(m);
        config_free(old);
        return r;
}

int manager_load(struct manager *m, struct error *ret_error)
{
        CLEANUP(config_freep) struct config *config = NULL;
        int r;

        r = config_load(&config, m->settings.directories, NULL);
        if (r == -EINVAL) {
                log_errors(config);
                return first_error(config, "", ret_error);
        }
        if (r >= 0)
                r = take_config(m, TAKE(config));
        if (r < 0)
                return error_set(ret_error, ERROR_FAILED, "cannot load the configuration: %s",
                                 strerror(-r));

        log_errors(m->config);
        return 0;
}

/* All devices, or those of which the rules say something new, are as if nothing had been tried. */
static void begin_again(struct manager *m, bool all)
{
        struct device *d;

        DL_FOREACH (m->devices, d) {
                struct entry *e = entry_of(d);

                e->has_new_verdict |= all;
                if (!e->has_new_verdict)
                        continue;
                d->is_rejected = false;
                if (d->phase == DEVICE_IS_FAILED)
                        d->phase = DEVICE_IS_IDLE;
        }
        if (m->observer.configuration_changed)
                m->observer.configuration_changed(m->userdata);

        hold_reloaded(m);
        DL_FOREACH (m->devices, d) {
                struct entry *e = entry_of(d);

                if (e->has_new_verdict)
                        manager_judge(m, e, OCCASION_START);
                else
                        manager_changed(m, e);
                e->has_new_verdict = false;
        }
}

static int reload(struct manager *m, struct error *ret_error)
{
        struct config *config = NULL;
        int r;

        r = config_load(&config, m->settings.directories, m->config);
        if (r >= 0)
                r = take_config(m, config);
        if (r < 0)
                return error_set(ret_error, ERROR_FAILED, "cannot reload: %s", strerror(-r));

        log_errors(m->config);
        log_info("configuration reloaded: %zu guests, %zu errors", m->config->n_guests,
                 m->config->n_errors);
        begin_again(m, true);
        manager_prepare(m);

        return m->config->n_errors > 0
                       ? first_error(m->config, " (and more: see ConfigurationErrors)", ret_error)
                       : 0;
}

int manager_reload(struct manager *m, struct error *ret_error)
{
        int r;

        if (m->settings.on_reload)
                m->settings.on_reload(m->settings.userdata, false);
        r = reload(m, ret_error);
        if (m->settings.on_reload)
                m->settings.on_reload(m->settings.userdata, true);
        return r;
}

/* The policy that the edit leads to is made first: what cannot be in force is not written. */
static int edit_rules(struct manager *m, const struct rules_edit *edit, struct error *ret_error)
{
        CLEANUP(config_freep) struct config *rules = NULL;
        int r;

        if (config_load_rules(&rules, m->settings.directories, edit) < 0)
                return error_set(ret_error, ERROR_FAILED, "out of memory");
        if (rules->n_errors > 0)
                return first_error(rules, " (and more)", ret_error);

        r = rules_edit_write(edit, ret_error);
        if (r < 0)
                return r;

        config_swap_rules(m->config, rules);
        update_verdicts(m);
        begin_again(m, false);
        return 0;
}

int manager_add_rule(struct manager *m, const char *file, uint32_t before, const char *rule,
                     struct error *ret_error)
{
        CLEANUP(rules_edit_clear) struct rules_edit edit = {};
        int r;

        r = rules_edit_add(&edit, m->settings.directories, file, before, rule, ret_error);
        if (r == 0)
                r = edit_rules(m, &edit, ret_error);
        if (r == 0)
                log_notice("%s: rule added: %s", edit.path, rule);
        return r;
}

int manager_remove_rule(struct manager *m, const char *file, uint32_t line, const char *text,
                        struct error *ret_error)
{
        CLEANUP(rules_edit_clear) struct rules_edit edit = {};
        int r;

        r = rules_edit_remove(&edit, m->settings.directories, file, line, text, ret_error);
        if (r == 0)
                r = edit_rules(m, &edit, ret_error);
        if (r == 0)
                log_notice("%s: rule of line %u removed: %s", edit.path, line, text);
        return r;
}
