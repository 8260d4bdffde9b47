#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tree of configuration files and what is read of it, at start and again.
 */
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"
#include "unit/test.h"
#include "unit/tree.h"
#include "util/macro.h"

#define ALL "-1,-1,-1,-1,1\n"

struct config_bed {
        struct tree tree;
        struct config *config; /* in force */
};

static inline int config_bed_set_up(void **state)
{
        static struct config_bed bed;

        bed = (struct config_bed){};
        tree_make(&bed.tree);
        *state = &bed;
        return 0;
}

static inline int config_bed_tear_down(void **state)
{
        struct config_bed *bed = *state;

        config_free(bed->config);
        tree_remove(&bed->tree);
        return 0;
}

/* Reads all; what is read is in force. */
static inline void config_bed_load(struct config_bed *bed)
{
        struct config *config = NULL;

        assert_int_equal(config_load(&config, bed->tree.directories, bed->config), 0);
        config_free(bed->config);
        bed->config = config;
}

/* "NAME(CHANNEL CHANNEL)NAME(CHANNEL)" */
static inline void assert_guests(const struct config_bed *bed, const char *want)
{
        char text[1024] = "";

        for (size_t i = 0; i < bed->config->n_guests; i++) {
                const struct guest_config *guest = &bed->config->guests[i];

                snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s(", guest->name);
                for (size_t j = 0; j < guest->n_channels; j++)
                        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
                                 j ? " " : "", guest->channels[j].text);
                strncat(text, ")", sizeof(text) - strlen(text) - 1);
        }
        assert_string_equal(text, want);
}

/* "FILE:LINE " of each rule, "FILE:LINE! " of what stands for a broken file. */
static inline void assert_rules(const struct config_bed *bed, const char *want)
{
        const struct policy *policy = bed->config->policy;
        char text[1024] = "";

        for (size_t i = 0; i < policy_n_entries(policy); i++) {
                const struct policy_entry *entry = policy_get(policy, i);

                snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s:%u%s ",
                         entry->file + strlen(bed->tree.root) + 1, entry->line,
                         entry->problem ? "!" : "");
        }
        assert_string_equal(text, want);
}

/* "FILE:LINE:COLUMN: TEXT", a line each; the tree's path is left out wherever it stands. */
static inline void assert_errors(const struct config_bed *bed, const char *want)
{
        const char *root = bed->tree.root;
        char text[4096] = "", *at;

        for (size_t i = 0; i < bed->config->n_errors; i++) {
                const struct config_error *error = &bed->config->errors[i];

                snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s:%u:%u: %s\n",
                         error->file, error->line, error->column, error->text);
        }
        while ((at = strstr(text, root)))
                memmove(at, at + strlen(root) + 1, strlen(at + strlen(root) + 1) + 1);
        assert_string_equal(text, want);
}

#define CONFIG_TEST(name)                                                                          \
        cmocka_unit_test_setup_teardown(name, config_bed_set_up, config_bed_tear_down)
