/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredird.conf, then usbredird.conf.d in the order of names: what is read later counts. They are
 * one thing: a mistake in any of them breaks all.
 */
#include <errno.h>
#include <string.h>

#include "daemon/config-private.h"

#define SESSIONS_DEFAULT 64

enum {
        DEFAULT_GUEST,
        MAX_SESSIONS,
        LOG_LEVEL,
        N_KEYS,
};

static int set_default_guest(const struct ini_key *key, void *target, const char *value,
                             struct ini_error *error)
{
        struct config *config = target;

        if (*value && !guest_name_is_valid(value))
                return -EINVAL;

        strcpy(config->default_guest, value);
        return 0;
}

static int set_log_level(const struct ini_key *key, void *target, const char *value,
                         struct ini_error *error)
{
        struct config *config = target;

        return log_level_from_string(value, &config->log_level);
}

static const struct ini_key rows[N_KEYS] = {
        [DEFAULT_GUEST] = { "Daemon", "DefaultGuest",
                            .takes = "the name of one guest ([A-Za-z0-9_.-], 64 at most), or "
                                     "nothing",
                            .set = set_default_guest },
        [MAX_SESSIONS] = { "Daemon", "MaxSessions", .set = ini_set_number,
                           .offset = offsetof(struct config, max_sessions), .lowest = 1,
                           .highest = CONFIG_SESSIONS_MAX },
        [LOG_LEVEL] = { "Daemon", "LogLevel", .takes = "error, warning, notice, info or debug",
                        .set = set_log_level },
};

const struct ini_table main_keys = { rows, N_KEYS };

/* Returns -EINVAL for a broken file, which has been told. */
static int load_file(struct config *config, struct conf_file *file, struct teller *teller,
                     struct main_places *places)
{
        struct ini_place at[N_KEYS] = {};
        CLEANUP(freep) char *text = NULL;
        size_t size;
        int r;

        teller->file = file->path;
        r = conf_file_read(file, &text, &size);
        if (r == -EINVAL)
                config_tell(teller, (struct ini_place){}, "%s", file->problem);
        if (r < 0)
                return r;

        r = ini_read(&main_keys, text, size, config, at, config_on_ini_error, teller);
        if (r < 0)
                return r;

        if (at[DEFAULT_GUEST].line != 0) {
                free(places->default_guest_file);
                places->default_guest_file = strdup(file->path);
                if (!places->default_guest_file)
                        return -ENOMEM;
                places->default_guest = at[DEFAULT_GUEST];
        }
        return 0;
}

static int load_files(struct config *config, struct conf_files *files, struct teller *teller,
                      struct main_places *places, bool *is_broken)
{
        for (size_t i = 0; i < files->n_files; i++) {
                int r = load_file(config, &files->files[i], teller, places);

                if (r == -EINVAL)
                        *is_broken = true;
                else if (r < 0)
                        return r;
        }

        return 0;
}

int main_config_load(struct config *config, const char *const *directories,
                     const struct config *previous, struct main_places *places)
{
        CLEANUP(conf_files_clear) struct conf_files main_file = {}, more = {};
        struct teller teller = {
                .config = config,
                .consequence =
                        previous ? "its settings stay as they were" : "the daemon does not start",
        };
        bool is_broken = false;
        int r;

        config->max_sessions = SESSIONS_DEFAULT;
        config->log_level = LOG_LEVEL_INFO;

        r = conf_files_find(&main_file, directories, "usbredird.conf");
        if (r < 0)
                return r;
        r = conf_files_list(&more, directories, "usbredird.conf.d", ".conf");
        if (r < 0)
                return r;

        r = load_files(config, &main_file, &teller, places, &is_broken);
        if (r < 0)
                return r;
        r = load_files(config, &more, &teller, places, &is_broken);
        if (r < 0)
                return r;

        if (teller.failure < 0)
                return teller.failure;
        if (is_broken && !previous)
                return -EINVAL;
        if (is_broken) {
                strcpy(config->default_guest, previous->default_guest);
                config->max_sessions = previous->max_sessions;
                config->log_level = previous->log_level;
                free(places->default_guest_file);
                places->default_guest_file = NULL;
        }

        return 0;
}
