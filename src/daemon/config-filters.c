/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All of filters.d into one policy. At start a broken file denies every device at its place; in a
 * reload the policy in force goes on as a whole, since rules of a file count before those of the
 * next.
 */
#include <errno.h>
#include <string.h>

#include "daemon/config-private.h"
#include "daemon/rules-edit.h"
#include "filter/load.h"
#include "filter/text.h"

static bool is_edited(const struct conf_file *file, const struct rules_edit *edit)
{
        return edit && !strcmp(file->path, edit->path);
}

/* What is read, or, of a file that is edited, what is to be written. */
static int read_file(struct conf_file *file, const struct rules_edit *edit, char **ret_text,
                     size_t *ret_size)
{
        char *copy;

        if (!is_edited(file, edit))
                return conf_file_read(file, ret_text, ret_size);

        copy = malloc(edit->size + 1);
        if (!copy)
                return -ENOMEM;
        *ret_text = memcpy(copy, edit->text, edit->size + 1);
        *ret_size = edit->size;
        return 0;
}

/* Returns -EINVAL for a broken file, which has been told. */
static int load_file(struct config *config, struct conf_file *file, const struct rules_edit *edit,
                     struct teller *teller)
{
        CLEANUP(freep) char *text = NULL, *name = NULL;
        size_t size;
        int r;

        /* Its name will be shown, whatever its bytes. */
        name = strdup(file->path);
        if (!name)
                return -ENOMEM;
        text_clean(name);

        r = read_file(file, edit, &text, &size);
        if (r == 0)
                return load_rules(config->policy, name, text, size, config_on_rule_error, teller);
        if (r != -EINVAL)
                return r;

        config_tell(teller, (struct ini_place){}, "%s", file->problem);
        r = policy_add_broken(config->policy, name, 0, file->problem);
        return r < 0 ? r : -EINVAL;
}

/* The file that is edited is in the list, also when it is new. */
static int add_edited(struct conf_files *files, const struct rules_edit *edit)
{
        CLEANUP(freep) char *directory = NULL;
        const char *name = strrchr(edit->path, '/') + 1;

        for (size_t i = 0; i < files->n_files; i++)
                if (is_edited(&files->files[i], edit))
                        return 0;

        directory = strndup(edit->path, (size_t)(name - 1 - edit->path));
        return directory ? conf_files_add(files, directory, name) : -ENOMEM;
}

static const char *consequence(const struct conf_file *file, const struct config *previous,
                               const struct rules_edit *edit)
{
        if (edit)
                return "until it is mended, no rule is added or removed";
        if (previous)
                return "all rules stay as they were";
        return *file->name ? "this file denies every device" : "every device is denied";
}

int filter_files_load(struct config *config, const char *const *directories,
                      const struct config *previous, const struct rules_edit *edit)
{
        CLEANUP(conf_files_clear) struct conf_files files = {};
        bool is_broken = false;
        int r;

        r = policy_new(&config->policy);
        if (r < 0)
                return r;
        r = conf_files_list(&files, directories, "filters.d", ".rules");
        if (r == 0 && edit)
                r = add_edited(&files, edit);
        if (r < 0)
                return r;

        for (size_t i = 0; i < files.n_files; i++) {
                struct teller teller = {
                        .config = config,
                        .file = files.files[i].path,
                        .consequence = consequence(&files.files[i], previous, edit),
                        .is_of_rules = true,
                };

                r = load_file(config, &files.files[i], edit, &teller);
                if (r == -EINVAL)
                        is_broken = true;
                else if (r < 0)
                        return r;
                if (teller.failure < 0)
                        return teller.failure;
        }

        if (is_broken && previous) {
                policy_free(config->policy);
                config->policy = policy_ref(previous->policy);
        }
        return 0;
}
