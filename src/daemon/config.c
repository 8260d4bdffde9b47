/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three kinds of files, each with its own way to fail safe; they are read one after another, and
 * what is in force is never changed: a new struct is made, which takes over what is kept.
 */
#include "daemon/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config-private.h"
#include "filter/text.h"

const char *const config_directories[] = {
        SYSCONFDIR "/usbredir",
        "/run/usbredir",
        "/usr/local/lib/usbredir",
        PREFIX "/lib/usbredir",
        NULL,
};

static int add_error(const struct teller *teller, struct ini_place at, char *text)
{
        CLEANUP(freep) char *copy = strdup(teller->file);
        struct config *config = teller->config;
        struct config_error *errors;

        if (!copy)
                return -ENOMEM;
        errors = reallocarray(config->errors, config->n_errors + 1, sizeof(*errors));
        if (!errors)
                return -ENOMEM;

        config->errors = errors;
        text_clean(copy);
        text_clean(text);
        errors[config->n_errors++] = (struct config_error){
                .file = TAKE(copy),
                .line = at.line,
                .column = at.column,
                .text = text,
                .is_of_rules = teller->is_of_rules,
        };
        return 0;
}

void config_tell(struct teller *teller, struct ini_place at, const char *format, ...)
{
        CLEANUP(freep) char *text = NULL, *whole = NULL;
        va_list arguments;
        int r;

        if (teller->config->n_errors >= CONFIG_ERRORS_MAX)
                return;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0)
                text = NULL;
        else if (asprintf(&whole, "%s (%s)", text, teller->consequence) < 0)
                whole = NULL;

        if (!whole || add_error(teller, at, whole) < 0)
                teller->failure = -ENOMEM;
        else
                TAKE(whole);
}

void config_on_ini_error(void *userdata, const struct ini_error *error)
{
        config_tell(userdata, error->at, "%s", error->text);
}

void config_on_rule_error(void *userdata, const struct rule_error *error)
{
        config_tell(userdata, (struct ini_place){ error->line, error->column }, "%s", error->text);
}

static int check_default_guest(struct config *config, const struct main_places *places)
{
        struct teller teller = {
                .config = config,
                .file = places->default_guest_file,
                .consequence = "rules without guest= redirect nothing by themselves",
        };

        if (!config->default_guest[0] || !places->default_guest_file ||
            config_find_guest(config, config->default_guest))
                return 0;

        config_tell(&teller, places->default_guest,
                    "there is no guest \"%s\": write guests.d/%s.conf, or name another",
                    config->default_guest, config->default_guest);
        return teller.failure;
}

static void main_places_clear(struct main_places *places)
{
        free(places->default_guest_file);
}

int config_load(struct config **ret_config, const char *const *directories,
                const struct config *previous)
{
        CLEANUP(main_places_clear) struct main_places places = {};
        CLEANUP(config_freep) struct config *config = NULL;
        int r;

        config = calloc(1, sizeof(*config));
        if (!config)
                return -ENOMEM;

        r = main_config_load(config, directories, previous, &places);
        if (r == -EINVAL)
                *ret_config = TAKE(config);
        if (r < 0)
                return r;

        r = guest_files_load(config, directories, previous);
        if (r < 0)
                return r;
        r = filter_files_load(config, directories, previous, NULL);
        if (r < 0)
                return r;
        r = check_default_guest(config, &places);
        if (r < 0)
                return r;

        *ret_config = TAKE(config);
        return 0;
}

int config_load_rules(struct config **ret_config, const char *const *directories,
                      const struct rules_edit *edit)
{
        CLEANUP(config_freep) struct config *config = NULL;
        int r;

        config = calloc(1, sizeof(*config));
        if (!config)
                return -ENOMEM;
        r = filter_files_load(config, directories, NULL, edit);
        if (r < 0)
                return r;

        *ret_config = TAKE(config);
        return 0;
}

static void config_error_clear(struct config_error *error)
{
        free(error->file);
        free(error->text);
}

void config_swap_rules(struct config *config, struct config *rules)
{
        struct policy *policy = config->policy;
        size_t n = 0;

        config->policy = rules->policy;
        rules->policy = policy;

        for (size_t i = 0; i < config->n_errors; i++) {
                if (config->errors[i].is_of_rules)
                        config_error_clear(&config->errors[i]);
                else
                        config->errors[n++] = config->errors[i];
        }
        config->n_errors = n;
}

struct config *config_free(struct config *config)
{
        if (!config)
                return NULL;

        for (size_t i = 0; i < config->n_guests; i++)
                guest_config_clear(&config->guests[i]);
        free(config->guests);
        policy_free(config->policy);
        for (size_t i = 0; i < config->n_errors; i++)
                config_error_clear(&config->errors[i]);
        free(config->errors);
        free(config);

        return NULL;
}

static int compare_name(const void *name, const void *guest)
{
        return strcmp(name, ((const struct guest_config *)guest)->name);
}

const struct guest_config *config_find_guest(const struct config *config, const char *name)
{
        if (config->n_guests == 0)
                return NULL;

        return bsearch(name, config->guests, config->n_guests, sizeof(*config->guests),
                       compare_name);
}
