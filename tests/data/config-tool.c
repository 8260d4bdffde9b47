/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For test-man-keys.sh. Without arguments: every key that a file may have, as the manual pages have
 * them: "PAGE SECTION KEY=". With a directory: loads it, tells its mistakes, and how much there is.
 */
#include <stdio.h>

#include "daemon/config-private.h"
#include "filter/key.h"
#include "util/macro.h"

static void print_table(const char *page, const struct ini_table *table)
{
        for (size_t i = 0; i < table->n_keys; i++)
                if (table->keys[i].name && !table->keys[i].refusal)
                        printf("%s [%s] %s=\n", page, table->keys[i].section, table->keys[i].name);
}

static int check(const char *directory)
{
        const char *const directories[] = { directory, NULL };
        CLEANUP(config_freep) struct config *config = NULL;
        int r;

        r = config_load(&config, directories, NULL);
        for (size_t i = 0; config && i < config->n_errors; i++)
                fprintf(stderr, "%s:%u:%u: %s\n", config->errors[i].file, config->errors[i].line,
                        config->errors[i].column, config->errors[i].text);
        if (r < 0 || config->n_errors > 0)
                return 1;

        printf("default=%s guests=%zu rules=%zu\n", config->default_guest, config->n_guests,
               policy_n_entries(config->policy));
        return 0;
}

int main(int argc, char **argv)
{
        if (argc > 1)
                return check(argv[1]);

        print_table("usbredird.conf.5", &main_keys);
        print_table("usbredir-guests.5", &guest_keys);
        for (size_t i = 0; i < KEYS; i++)
                printf("usbredir-filters.5 - %s=\n", keys[i].name);
        return 0;
}
