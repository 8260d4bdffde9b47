#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A directory of configuration files for one test, below TMPDIR; "etc" stands above "lib". Names
 * are relative to it. A mistake in a test's own data aborts.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TREE_CHECK(condition)                                                                      \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        perror(#condition);                                                        \
                        abort();                                                                   \
                }                                                                                  \
        } while (0)

struct tree {
        char root[128], etc[160], lib[160];
        const char *directories[3];
};

static inline void tree_path(const struct tree *t, const char *name, char ret_path[512])
{
        snprintf(ret_path, 512, "%s/%s", t->root, name);
}

static inline void tree_make(struct tree *t)
{
        const char *below = getenv("TMPDIR");

        snprintf(t->root, sizeof(t->root), "%s/usbredir-test-XXXXXX", below ? below : "/tmp");
        TREE_CHECK(mkdtemp(t->root));
        snprintf(t->etc, sizeof(t->etc), "%s/etc", t->root);
        snprintf(t->lib, sizeof(t->lib), "%s/lib", t->root);
        t->directories[0] = t->etc;
        t->directories[1] = t->lib;
        t->directories[2] = NULL;
        umask(022);
}

static inline int tree_remove_one(const char *path, const struct stat *st, int type,
                                  struct FTW *ftw)
{
        return remove(path);
}

static inline void tree_remove(struct tree *t)
{
        TREE_CHECK(nftw(t->root, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static inline void tree_make_parents(const char *path)
{
        char parent[512];

        for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
                mkdir(parent, 0755);
        }
}

/* Writes a file, and the directories it is in. */
static inline void tree_write_bytes(const struct tree *t, const char *name, const char *text,
                                    size_t size)
{
        char path[512];
        FILE *file;

        tree_path(t, name, path);
        tree_make_parents(path);
        file = fopen(path, "w");
        TREE_CHECK(file);
        TREE_CHECK(fwrite(text, 1, size, file) == size);
        TREE_CHECK(fclose(file) == 0);
}

static inline void tree_write(const struct tree *t, const char *name, const char *text)
{
        tree_write_bytes(t, name, text, strlen(text));
}

static inline void tree_link(const struct tree *t, const char *name, const char *target)
{
        char path[512];

        tree_path(t, name, path);
        tree_make_parents(path);
        TREE_CHECK(symlink(target, path) == 0);
}

static inline void tree_delete(const struct tree *t, const char *name)
{
        char path[512];

        tree_path(t, name, path);
        TREE_CHECK(remove(path) == 0);
}

static inline void tree_chmod(const struct tree *t, const char *name, mode_t mode)
{
        char path[512];

        tree_path(t, name, path);
        TREE_CHECK(chmod(path, mode) == 0);
}
