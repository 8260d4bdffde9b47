/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All of guests.d. A guest whose file is broken is the one that was in force, or none.
 *
 * No two guests share a channel. Which of two is right cannot be known, so both files are broken,
 * and what then comes back into force may collide with a third: checked again until nothing new
 * collides. Those that are kept never do: they were in force together.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/config-private.h"

struct candidate {
        struct guest_config guest;
        bool is_kept;   /* from what was in force */
        bool is_broken; /* collides: to be kept or dropped */
};

struct guest_files {
        struct config *config;
        const struct config *previous;
        struct candidate *candidates;
        size_t n;
};

struct claim {
        struct candidate *candidate;
        const struct channel_config *channel;
};

static void guest_files_clear(struct guest_files *files)
{
        for (size_t i = 0; i < files->n; i++)
                guest_config_clear(&files->candidates[i].guest);
        free(files->candidates);
}

static const struct guest_config *in_force(const struct guest_files *files, const char *name)
{
        return files->previous ? config_find_guest(files->previous, name) : NULL;
}

static const char *consequence(const struct guest_files *files, const char *name)
{
        return in_force(files, name) ? "this guest stays as it was" : "this guest does not exist";
}

/* Adds what was in force of that name, if anything was. */
static int keep(struct guest_files *files, const char *name)
{
        const struct guest_config *guest = in_force(files, name);
        struct candidate *candidate = &files->candidates[files->n];
        int r;

        if (!guest)
                return 0;

        r = guest_config_copy(&candidate->guest, guest);
        if (r < 0)
                return r;
        candidate->is_kept = true;
        files->n++;
        return 0;
}

static int load_file(struct guest_files *files, struct conf_file *file)
{
        char name[GUEST_NAME_MAX + 1 + sizeof(".conf")];
        size_t length = strlen(file->name) - strlen(".conf");
        struct teller teller = {
                .config = files->config,
                .file = file->path,
                .consequence = "this guest does not exist",
        };
        int r;

        snprintf(name, sizeof(name), "%.*s", (int)MIN(length, sizeof(name) - 1), file->name);
        if (!guest_name_is_valid(name)) {
                config_tell(&teller, (struct ini_place){},
                            "the file's name is the guest's: 1 to 64 of [A-Za-z0-9_.-], then "
                            ".conf: rename it");
                return teller.failure;
        }
        teller.consequence = consequence(files, name);

        r = guest_config_load(&files->candidates[files->n].guest, name, file, &teller);
        if (r == -EINVAL)
                r = keep(files, name);
        else if (r == 0)
                files->n++;

        return r < 0 ? r : teller.failure;
}

static bool has(const struct guest_files *files, const char *name)
{
        for (size_t i = 0; i < files->n; i++)
                if (!strcmp(files->candidates[i].guest.name, name))
                        return true;

        return false;
}

/* What may be in a directory that cannot be trusted or read: all that was in force stays. */
static int keep_all(struct guest_files *files)
{
        const struct config *previous = files->previous;

        for (size_t i = 0; previous && i < previous->n_guests; i++) {
                int r = 0;

                if (!has(files, previous->guests[i].name))
                        r = keep(files, previous->guests[i].name);
                if (r < 0)
                        return r;
        }

        return 0;
}

static int compare_claims(const void *a, const void *b)
{
        const struct claim *x = a, *y = b;
        int order = channel_compare(x->channel, y->channel);

        return order ? order : strcmp(x->candidate->guest.name, y->candidate->guest.name);
}

static void tell_collision(struct guest_files *files, const struct claim *claim,
                           const struct claim *other, int *failure)
{
        struct teller teller = {
                .config = files->config,
                .file = claim->candidate->guest.file,
                .consequence = consequence(files, claim->candidate->guest.name),
        };

        config_tell(&teller, (struct ini_place){ claim->channel->line, claim->channel->column },
                    "%s is a channel of guest \"%s\" too (%s:%u): remove one", claim->channel->text,
                    other->candidate->guest.name, other->candidate->guest.file,
                    other->channel->line);
        if (teller.failure < 0)
                *failure = teller.failure;
}

/* Marks those that share a channel, and tells one of each. Returns how many, or -ENOMEM. */
static int mark_collisions(struct guest_files *files)
{
        CLEANUP(freep) struct claim *claims = NULL;
        size_t n = 0, room = 1;
        int marked = 0, failure = 0;

        for (size_t i = 0; i < files->n; i++)
                room += files->candidates[i].guest.n_channels;
        claims = calloc(room, sizeof(*claims));
        if (!claims)
                return -ENOMEM;
        for (size_t i = 0; i < files->n; i++)
                for (size_t j = 0; j < files->candidates[i].guest.n_channels; j++)
                        claims[n++] = (struct claim){
                                .candidate = &files->candidates[i],
                                .channel = &files->candidates[i].guest.channels[j],
                        };
        qsort(claims, n, sizeof(*claims), compare_claims);

        for (size_t i = 0; i < n; i++) {
                const struct claim *other = NULL;

                if (i > 0 && channel_compare(claims[i - 1].channel, claims[i].channel) == 0)
                        other = &claims[i - 1];
                else if (i + 1 < n &&
                         channel_compare(claims[i + 1].channel, claims[i].channel) == 0)
                        other = &claims[i + 1];
                if (!other || claims[i].candidate->is_kept || claims[i].candidate->is_broken)
                        continue;

                tell_collision(files, &claims[i], other, &failure);
                claims[i].candidate->is_broken = true;
                marked++;
        }

        return failure < 0 ? failure : marked;
}

/* Puts what was in force, or nothing, in the place of those that are marked. */
static int replace_marked(struct guest_files *files)
{
        size_t n = 0;

        for (size_t i = 0; i < files->n; i++) {
                struct candidate *c = &files->candidates[i];
                const struct guest_config *previous = in_force(files, c->guest.name);

                if (c->is_broken) {
                        guest_config_clear(&c->guest);
                        c->is_broken = false;
                        c->is_kept = true;
                        if (!previous)
                                continue;
                        if (guest_config_copy(&c->guest, previous) < 0)
                                return -ENOMEM;
                }
                if (n != i) {
                        files->candidates[n] = *c;
                        *c = (struct candidate){};
                }
                n++;
        }

        files->n = n;
        return 0;
}

static int compare_guests(const void *a, const void *b)
{
        const struct guest_config *x = a, *y = b;

        return strcmp(x->name, y->name);
}

/* Moves the guests into the configuration. */
static int finish(struct guest_files *files)
{
        struct config *config = files->config;

        config->guests = calloc(files->n + 1, sizeof(*config->guests));
        if (!config->guests)
                return -ENOMEM;

        for (size_t i = 0; i < files->n; i++) {
                config->guests[config->n_guests++] = files->candidates[i].guest;
                files->candidates[i].guest = (struct guest_config){};
        }
        qsort(config->guests, config->n_guests, sizeof(*config->guests), compare_guests);
        return 0;
}

static int load_all(struct guest_files *files, struct conf_files *list)
{
        bool has_broken_directory = false;

        for (size_t i = 0; i < list->n_files; i++) {
                struct conf_file *file = &list->files[i];
                struct teller teller = {
                        .config = files->config,
                        .file = file->path,
                        .consequence = files->previous ? "guests stay as they were"
                                                       : "its guests do not exist",
                };
                int r = 0;

                if (!*file->name) {
                        has_broken_directory = true;
                        config_tell(&teller, (struct ini_place){}, "%s", file->problem);
                } else if (files->n >= CONFIG_GUESTS_MAX) {
                        teller.consequence = "this guest does not exist";
                        config_tell(&teller, (struct ini_place){},
                                    "there are more than %d guests: remove some",
                                    CONFIG_GUESTS_MAX);
                } else {
                        r = load_file(files, file);
                }
                if (r < 0 || teller.failure < 0)
                        return r < 0 ? r : teller.failure;
        }

        return has_broken_directory ? keep_all(files) : 0;
}

int guest_files_load(struct config *config, const char *const *directories,
                     const struct config *previous)
{
        CLEANUP(guest_files_clear)
        struct guest_files files = {
                .config = config,
                .previous = previous,
        };
        CLEANUP(conf_files_clear) struct conf_files list = {};
        int r;

        r = conf_files_list(&list, directories, "guests.d", ".conf");
        if (r < 0)
                return r;

        /* Each file and each guest in force at most once. */
        files.candidates = calloc(list.n_files + (previous ? previous->n_guests : 0) + 1,
                                  sizeof(*files.candidates));
        if (!files.candidates)
                return -ENOMEM;
        r = load_all(&files, &list);
        if (r < 0)
                return r;

        while ((r = mark_collisions(&files)) > 0) {
                r = replace_marked(&files);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        return finish(&files);
}
