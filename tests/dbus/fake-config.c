/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake manager's rules, and mistakes in files that are not there.
 */
#include <stdlib.h>
#include <string.h>

#include "dbus/fake-manager.h"
#include "dbus/fake-private.h"

void fake_clear_config(struct manager *m)
{
        struct config *config = &m->config;

        for (size_t i = 0; i < config->n_errors; i++) {
                free(config->errors[i].file);
                free(config->errors[i].text);
        }
        free(config->errors);
        policy_free(config->policy);
        *config = (struct config){ 0 };
}

void fake_set_rules(struct manager *m, const char *rules)
{
        struct policy *policy;
        uint32_t number = 0;

        NEED(policy_new(&policy) == 0);
        while (*rules) {
                CLEANUP(freep) char *line = strndup(rules, strcspn(rules, "\n"));
                CLEANUP(rule_freep) struct rule *rule = NULL;
                bool broken = *line == '!';
                struct rule_error error;

                number++;
                NEED(rule_parse(&rule, broken ? "-1,-1,-1,-1,0" : line, number, &error) == 0);
                NEED(policy_add(policy, rule, "/etc/usbredir/filters.d/50-test.rules", number) ==
                     0);
                TAKE(rule);
                if (broken)
                        ((struct policy_entry *)policy_get(policy, number - 1))->problem =
                                strdup(line + 1);
                rules += strlen(line);
                rules += *rules == '\n';
        }

        policy_free(m->config.policy);
        m->config.policy = policy;
        for (struct device *d = m->devices; d; d = d->next)
                policy_verdict(policy, &d->info.facts, &d->verdict);
        TELL(m, configuration_changed);
}

void fake_add_config_error(struct manager *m, const char *file, uint32_t line, uint32_t column,
                           const char *text)
{
        struct config *config = &m->config;

        config->errors =
                reallocarray(config->errors, config->n_errors + 1, sizeof(config->errors[0]));
        NEED(config->errors);
        config->errors[config->n_errors++] = (struct config_error){
                .file = strdup(file),
                .line = line,
                .column = column,
                .text = strdup(text),
        };
        TELL(m, configuration_changed);
}
