/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All of filters.d into one policy. At start a broken file denies every device at its place; in a
 * reload the policy in force goes on as a whole, since rules of a file count before those of the
 * next.
 */
#include <errno.h>
#include <string.h>

#include "daemon/config-private.h"
#include "filter/load.h"
#include "filter/text.h"

/* Returns -EINVAL for a broken file, which has been told. */
static int load_file(struct config *config, struct conf_file *file, struct teller *teller)
{
        CLEANUP(freep) char *text = NULL, *name = NULL;
        size_t size;
        int r;

        /* Its name will be shown, whatever its bytes. */
        name = strdup(file->path);
        if (!name)
                return -ENOMEM;
        text_clean(name);

        r = conf_file_read(file, &text, &size);
        if (r == 0)
                return load_rules(config->policy, name, text, size, config_on_rule_error, teller);
        if (r != -EINVAL)
                return r;

        config_tell(teller, (struct ini_place){}, "%s", file->problem);
        r = policy_add_broken(config->policy, name, 0, file->problem);
        return r < 0 ? r : -EINVAL;
}

int filter_files_load(struct config *config, const char *const *directories,
                      const struct config *previous)
{
        CLEANUP(conf_files_clear) struct conf_files files = {};
        bool is_broken = false;
        int r;

        r = policy_new(&config->policy);
        if (r < 0)
                return r;
        r = conf_files_list(&files, directories, "filters.d", ".rules");
        if (r < 0)
                return r;

        for (size_t i = 0; i < files.n_files; i++) {
                struct teller teller = {
                        .config = config,
                        .file = files.files[i].path,
                        .consequence = previous ? "all rules stay as they were"
                                                : "this file denies every device",
                };

                if (!previous && !*files.files[i].name)
                        teller.consequence = "every device is denied";
                r = load_file(config, &files.files[i], &teller);
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
