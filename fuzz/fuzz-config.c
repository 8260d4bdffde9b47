/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All configuration files, at start and in a reload: they are read, or what is wrong is told, and
 * what is in force afterwards is complete and consistent.
 *
 * Input: files, in memory (conf_files_*() are wrapped). A line "=guests.d/a.conf" begins one,
 * "=!guests.d/a.conf" one that cannot be trusted, "=guests.d/" a directory that cannot; "=reload"
 * ends the first configuration.
 */
#include <errno.h>

#include "daemon/config-private.h"
#include "fuzz/facts.h"

#define FILES_MAX 64

static struct file {
        char *name; /* below the directory */
        bool is_broken;
        const char *text;
        size_t size;
} files[FILES_MAX];
static size_t n_files;

int __wrap_conf_files_list(struct conf_files *ret_files, const char *const *directories,
                           const char *subdirectory, const char *suffix);
int __wrap_conf_files_find(struct conf_files *ret_files, const char *const *directories,
                           const char *name);
int __wrap_conf_file_read(struct conf_file *file, char **ret_text, size_t *ret_size);

static void add(struct conf_files *list, const char *name, const char *problem)
{
        struct conf_file *file;

        list->files = reallocarray(list->files, list->n_files + 1, sizeof(*list->files));
        CHECKED(list->files);
        file = &list->files[list->n_files++];
        CHECKED(asprintf(&file->path, "/etc/usbredir/%s", name) >= 0);
        file->name = strrchr(file->path, '/') + 1;
        file->problem = problem ? strdup(problem) : NULL;
}

static bool is_listed(const struct conf_files *list, const char *name)
{
        for (size_t i = 0; i < list->n_files; i++)
                if (!strcmp(list->files[i].path + strlen("/etc/usbredir/"), name))
                        return true;

        return false;
}

static int by_name(const void *a, const void *b)
{
        return strcmp(((const struct conf_file *)a)->name, ((const struct conf_file *)b)->name);
}

int __wrap_conf_files_list(struct conf_files *ret_files, const char *const *directories,
                           const char *subdirectory, const char *suffix)
{
        size_t length = strlen(subdirectory);
        struct conf_files list = {};

        for (size_t i = 0; i < n_files; i++) {
                const char *name = files[i].name + length + 1, *end;

                if (strncmp(files[i].name, subdirectory, length) || files[i].name[length] != '/' ||
                    is_listed(&list, files[i].name))
                        continue;

                end = name + strlen(name) - MIN(strlen(name), strlen(suffix));
                if (!*name)
                        add(&list, files[i].name, "others may write here");
                else if (name[0] != '.' && !strchr(name, '/') && end > name && !strcmp(end, suffix))
                        add(&list, files[i].name,
                            files[i].is_broken ? "others may write it" : NULL);
        }
        if (list.n_files > 0)
                qsort(list.files, list.n_files, sizeof(*list.files), by_name);
        *ret_files = list;
        return 0;
}

int __wrap_conf_files_find(struct conf_files *ret_files, const char *const *directories,
                           const char *name)
{
        struct conf_files list = {};

        for (size_t i = 0; i < n_files && list.n_files == 0; i++)
                if (!strcmp(files[i].name, name))
                        add(&list, name, files[i].is_broken ? "others may write it" : NULL);
        *ret_files = list;
        return 0;
}

int __wrap_conf_file_read(struct conf_file *file, char **ret_text, size_t *ret_size)
{
        if (file->problem)
                return -EINVAL;

        for (size_t i = 0; i < n_files; i++)
                if (!strcmp(files[i].name, file->path + strlen("/etc/usbredir/"))) {
                        *ret_size = files[i].size;
                        *ret_text = text_of(
                                (struct input){ (const uint8_t *)files[i].text, files[i].size });
                        return 0;
                }

        abort();
}

/* Takes the files up to "=reload" or the end. */
static void take_files(struct input *in)
{
        const char *at = (const char *)in->at, *end = at + in->left;

        n_files = 0;
        while (at < end) {
                const char *stop = memchr(at, '\n', (size_t)(end - at));
                const char *next = stop ? stop + 1 : end;
                size_t length = (size_t)((stop ?: end) - at);

                if (at[0] == '=') {
                        bool is_broken = length > 1 && at[1] == '!';
                        size_t skip = is_broken ? 2 : 1;

                        if (length == 7 && !memcmp(at, "=reload", 7)) {
                                at = next;
                                break;
                        }
                        if (n_files == FILES_MAX)
                                break;
                        files[n_files++] = (struct file){ .name = strndup(at + skip, length - skip),
                                                          .is_broken = is_broken,
                                                          .text = next };
                } else if (n_files > 0) {
                        files[n_files - 1].size = (size_t)(next - files[n_files - 1].text);
                }
                at = next;
        }

        in->left = (size_t)(end - at);
        in->at = (const uint8_t *)at;
}

static void free_files(void)
{
        while (n_files > 0)
                free(files[--n_files].name);
}

static void must_be_guest(const struct guest_config *g)
{
        CHECKED(guest_name_is_valid(g->name) && g->description && g->file);
        must_be_text(g->description);
        CHECKED(g->n_channels >= 1 && g->n_channels <= CONFIG_CHANNELS_MAX);
        CHECKED(g->max_devices <= CONFIG_CHANNELS_MAX && g->initial_delay_sec <= g->max_delay_sec);
        CHECKED(!g->tls.ca_file || !g->tls.psk_file);
        CHECKED(!g->tls.certificate_file == !g->tls.key_file);
        for (size_t i = 0; i < g->n_channels; i++) {
                must_be_text(g->channels[i].text);
                CHECKED(g->channels[i].address.kind != ADDRESS_FD ||
                        (g->channels[i].listens && g->channels[i].address.fd < 0));
        }
}

/* No two channels are the same, of one guest or of two. */
static void must_be_disjoint(const struct config *config)
{
        for (size_t i = 0; i < config->n_guests; i++)
                for (size_t j = i; j < config->n_guests; j++)
                        for (size_t k = 0; k < config->guests[i].n_channels; k++)
                                for (size_t l = i == j ? k + 1 : 0;
                                     l < config->guests[j].n_channels; l++)
                                        CHECKED(channel_compare(&config->guests[i].channels[k],
                                                                &config->guests[j].channels[l]) !=
                                                0);
}

static void must_be_complete(const struct config *config)
{
        struct guest_config copy;
        struct facts facts = { .vendor = 0x1209 };
        struct verdict verdict;

        CHECKED(config->policy);
        policy_verdict(config->policy, &facts, &verdict);
        CHECKED(config->max_sessions >= 1 && config->max_sessions <= CONFIG_SESSIONS_MAX);
        CHECKED(config->log_level <= LOG_LEVEL_DEBUG);
        CHECKED(!config->default_guest[0] || guest_name_is_valid(config->default_guest));
        for (size_t i = 0; i < config->n_guests; i++) {
                const struct guest_config *guest = &config->guests[i];

                must_be_guest(guest);
                CHECKED(config_find_guest(config, guest->name) == guest);
                CHECKED(guest_config_copy(&copy, guest) == 0);
                must_be_guest(&copy);
                guest_config_clear(&copy);
        }
        must_be_disjoint(config);
}

static struct config *load(struct input *in, const struct config *previous)
{
        static const char *const none[] = { NULL };
        struct config *config = NULL;
        int r;

        take_files(in);
        r = config_load(&config, none, previous);
        free_files();
        CHECKED(config && (r == 0 || (r == -EINVAL && !previous && config->n_errors > 0)));
        CHECKED(config->n_errors <= CONFIG_ERRORS_MAX);
        for (size_t i = 0; i < config->n_errors; i++) {
                must_be_text(config->errors[i].file);
                must_be_text(config->errors[i].text);
        }
        if (r == 0)
                must_be_complete(config);
        else
                config = config_free(config);
        return config;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input in = { data, size };
        struct config *config = load(&in, NULL), *next;

        if (config) {
                next = load(&in, config);
                config_free(config);
                config_free(next);
        }
        return 0;
}
