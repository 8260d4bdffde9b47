#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configuration files of one kind over several directories, which stand in falling precedence: a
 * file replaces those of the same name in lower directories, a link to /dev/null hides them.
 *
 * A directory or file that others than root or our own user could have written is not trusted: it
 * is listed with a problem, and what to do about it is the caller's to say.
 */
#include <stddef.h>

#include "util/cleanup.h"

/* As many rules as a policy may have, each of 64 bytes; nobody writes so much by hand. */
#define CONF_FILE_SIZE_MAX (1024 * 1024)
/* In one kind's directories together. */
#define CONF_FILES_MAX 1024

struct conf_file {
        char *path;
        const char *name; /* the path's last part; "" where the path is a directory, broken whole */
        char *problem;    /* NULL, or why it must not be used, and what to do */
};

struct conf_files {
        struct conf_file *files; /* in the order of their names, broken directories first */
        size_t n_files;
};

/*
 * Lists the files of that suffix (".conf") in DIRECTORY/subdirectory. Directories end with NULL;
 * those that are missing are no problem. Hidden files are none. Returns 0 or -ENOMEM; the caller
 * gives the result to conf_files_clear().
 */
int conf_files_list(struct conf_files *ret_files, const char *const *directories,
                    const char *subdirectory, const char *suffix);

/* Adds a file to the list that may not be there yet. Returns 0 or -ENOMEM. */
int conf_files_add(struct conf_files *files, const char *directory, const char *name);

/* Lists the one file of that name: in the highest directory that has it. */
int conf_files_find(struct conf_files *ret_files, const char *const *directories, const char *name);

void conf_files_clear(struct conf_files *files);

/*
 * Reads all of it. Returns 0, with a text to free() that has a 0 after its end; -EINVAL when the
 * file has a problem, or has one now; -ENOMEM.
 */
int conf_file_read(struct conf_file *file, char **ret_text, size_t *ret_size);
