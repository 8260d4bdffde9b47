/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All directories are listed first, then sorted by name and precedence, so that of each name the
 * first one counts. Nothing is skipped in silence: what cannot be trusted or read stays in the list
 * and hides what lies below it, for the file that it should have been might have denied something.
 */
#include "util/conf-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/macro.h"

static int set_problem(char **problem, const char *format, ...) PRINTF(2, 3);

/* Keeps the first problem. */
static int set_problem(char **problem, const char *format, ...)
{
        va_list arguments;
        int r;

        if (*problem)
                return 0;

        va_start(arguments, format);
        r = vasprintf(problem, format, arguments);
        va_end(arguments);
        if (r < 0) {
                *problem = NULL;
                return -ENOMEM;
        }

        return 0;
}

/* Sets a problem if others than root and we may have written it. */
static int check_owner(const struct stat *st, const char *what, char **problem)
{
        if (st->st_uid != 0 && st->st_uid != geteuid())
                return set_problem(problem,
                                   "%s belongs to user %lu, who could change it: give it to root",
                                   what, (unsigned long)st->st_uid);
        if (st->st_mode & (S_IWGRP | S_IWOTH))
                return set_problem(problem, "%s is writable by others than its owner: chmod go-w",
                                   what);

        return 0;
}

static int add(struct conf_files *files, const char *directory, const char *name,
               const char *problem)
{
        CLEANUP(freep) char *path = NULL, *copy = NULL;
        struct conf_file *longer;

        if (asprintf(&path, "%s%s%s", directory, *name ? "/" : "", name) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        copy = problem ? strdup(problem) : NULL;
        if (problem && !copy)
                return -ENOMEM;

        longer = reallocarray(files->files, files->n_files + 1, sizeof(*longer));
        if (!longer)
                return -ENOMEM;

        files->files = longer;
        longer += files->n_files++;
        longer->name = path + strlen(path) - strlen(name);
        longer->path = TAKE(path);
        longer->problem = TAKE(copy);
        return 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
        size_t length = strlen(name), end = strlen(suffix);

        return name[0] != '.' && length > end && !strcmp(name + length - end, suffix);
}

/* Adds what is in the directory; stops one past the limit. */
static int add_entries(struct conf_files *files, DIR *directory, const char *path,
                       const char *suffix, char **problem)
{
        const struct dirent *entry;
        int r;

        while ((errno = 0, entry = readdir(directory))) {
                if (!has_suffix(entry->d_name, suffix))
                        continue;
                if (files->n_files >= CONF_FILES_MAX)
                        return set_problem(problem, "there are more than %d files of this kind",
                                           CONF_FILES_MAX);

                r = add(files, path, entry->d_name, *problem);
                if (r < 0)
                        return r;
        }
        if (errno != 0)
                return set_problem(problem, "the directory cannot be read: %s", strerror(errno));

        return 0;
}

/* Sets a problem if the base is there and not to be trusted. */
static int check_base(const char *base, char **problem)
{
        struct stat st;

        if (stat(base, &st) < 0)
                return 0;
        return check_owner(&st, "the directory", problem);
}

static int add_directory(struct conf_files *files, const char *base, const char *subdirectory,
                         const char *suffix)
{
        CLEANUP(freep) char *path = NULL, *problem = NULL;
        CLEANUP(closedirp) DIR *directory = NULL;
        struct stat st;
        int r;

        if (asprintf(&path, "%s/%s", base, subdirectory) < 0) {
                path = NULL;
                return -ENOMEM;
        }

        directory = opendir(path);
        if (!directory && errno == ENOENT)
                return 0;
        if (!directory) {
                r = set_problem(&problem, "the directory cannot be opened: %s", strerror(errno));
        } else {
                r = check_base(base, &problem);
                if (r == 0 && fstat(dirfd(directory), &st) == 0)
                        r = check_owner(&st, "the directory", &problem);
                if (r == 0)
                        r = add_entries(files, directory, path, suffix, &problem);
        }
        if (r < 0)
                return r;

        return problem ? add(files, path, "", problem) : 0;
}

/* By name; of the same name, the one that was added first. */
static int compare(const void *a, const void *b)
{
        const struct conf_file *const *x = a, *const *y = b;
        int order = strcmp((*x)->name, (*y)->name);

        return order ? order : (*x > *y) - (*x < *y);
}

static bool is_masked(const struct conf_file *file)
{
        char target[sizeof("/dev/null")];
        ssize_t length = readlink(file->path, target, sizeof(target));

        return !file->problem && length == (ssize_t)strlen("/dev/null") &&
               !memcmp(target, "/dev/null", (size_t)length);
}

static void clear_file(struct conf_file *file)
{
        free(file->path);
        free(file->problem);
}

/* Sorts, and keeps the first of each name, unless that is a mask. */
static int sort(struct conf_files *files)
{
        CLEANUP(freep) const struct conf_file **order = NULL;
        CLEANUP(freep) struct conf_file *sorted = NULL;
        const char *last = "";
        size_t n = 0;

        if (files->n_files == 0)
                return 0;
        order = calloc(files->n_files, sizeof(*order));
        sorted = calloc(files->n_files, sizeof(*sorted));
        if (!order || !sorted)
                return -ENOMEM;

        for (size_t i = 0; i < files->n_files; i++)
                order[i] = &files->files[i];
        qsort(order, files->n_files, sizeof(*order), compare);

        for (size_t i = 0; i < files->n_files; i++) {
                bool is_first = !*order[i]->name || strcmp(order[i]->name, last) != 0;

                last = order[i]->name;
                if (is_first && !is_masked(order[i]))
                        sorted[n++] = *order[i];
                else
                        files->files[order[i] - files->files].name = NULL;
        }

        /* "last" may point into what goes now. */
        for (size_t i = 0; i < files->n_files; i++)
                if (!files->files[i].name)
                        clear_file(&files->files[i]);
        free(files->files);
        files->files = TAKE(sorted);
        files->n_files = n;
        return 0;
}

int conf_files_list(struct conf_files *ret_files, const char *const *directories,
                    const char *subdirectory, const char *suffix)
{
        CLEANUP(conf_files_clear) struct conf_files files = {};
        int r;

        for (; *directories; directories++) {
                r = add_directory(&files, *directories, subdirectory, suffix);
                if (r < 0)
                        return r;
        }
        r = sort(&files);
        if (r < 0)
                return r;

        *ret_files = files;
        files = (struct conf_files){};
        return 0;
}

int conf_files_add(struct conf_files *files, const char *directory, const char *name)
{
        int r;

        r = add(files, directory, name, NULL);
        return r < 0 ? r : sort(files);
}

int conf_files_find(struct conf_files *ret_files, const char *const *directories, const char *name)
{
        CLEANUP(conf_files_clear) struct conf_files files = {};
        bool is_found = false;
        int r = 0;

        for (; r == 0 && !is_found && *directories; directories++) {
                CLEANUP(freep) char *problem = NULL;
                struct stat st;

                r = check_base(*directories, &problem);
                if (r == 0 && problem)
                        r = add(&files, *directories, "", problem);
                if (r == 0)
                        r = add(&files, *directories, name, NULL);
                if (r < 0)
                        return r;

                is_found = lstat(files.files[files.n_files - 1].path, &st) == 0 || errno != ENOENT;
                if (!is_found)
                        clear_file(&files.files[--files.n_files]);
        }
        if (r == 0)
                r = sort(&files);
        if (r < 0)
                return r;

        *ret_files = files;
        files = (struct conf_files){};
        return 0;
}

void conf_files_clear(struct conf_files *files)
{
        for (size_t i = 0; i < files->n_files; i++)
                clear_file(&files->files[i]);
        free(files->files);
        *files = (struct conf_files){};
}

/* Returns how many bytes, at most size, or a negative errno. */
static ssize_t read_all(int fd, char *text, size_t size)
{
        size_t done = 0;

        while (done < size) {
                ssize_t n = read(fd, text + done, size - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                done += (size_t)n;
        }

        return (ssize_t)done;
}

static int refuse(struct conf_file *file, const char *why)
{
        int r = set_problem(&file->problem, "%s", why);

        return r < 0 ? r : -EINVAL;
}

int conf_file_read(struct conf_file *file, char **ret_text, size_t *ret_size)
{
        CLEANUP(close_fdp) int fd = -1;
        CLEANUP(freep) char *text = NULL;
        struct stat st;
        ssize_t n;
        int r;

        if (file->problem)
                return -EINVAL;

        /* Not blocking: it might be a FIFO. */
        fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || fstat(fd, &st) < 0)
                return refuse(file, strerror(errno));
        if (!S_ISREG(st.st_mode))
                return refuse(file, "this is no regular file: remove it");
        r = check_owner(&st, "the file", &file->problem);
        if (r < 0)
                return r;
        if (file->problem)
                return -EINVAL;

        text = malloc(CONF_FILE_SIZE_MAX + 2);
        if (!text)
                return -ENOMEM;
        n = read_all(fd, text, CONF_FILE_SIZE_MAX + 1);
        if (n < 0)
                return refuse(file, strerror((int)-n));
        if (n > CONF_FILE_SIZE_MAX)
                return refuse(file, "the file is larger than 1 MiB: make it several files");

        text[n] = '\0';
        *ret_text = TAKE(text);
        *ret_size = (size_t)n;
        return 0;
}
