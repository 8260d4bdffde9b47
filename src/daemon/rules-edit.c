/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Only the first directory is written to, it is the administrator's. A file of the package that is
 * wanted changed is never copied in silence: from then on the package could not change it.
 *
 * The new file is complete on the disk before it gets its name, and the name is on the disk before
 * anybody is told. What a crash leaves behind is a hidden file, which nothing reads, and the next
 * change overwrites. The disk is waited for, as it is when files are read: people change rules
 * seldom, and what sessions do does not pass through here.
 */
#include "daemon/rules-edit.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "filter/rule.h"
#include "util/conf-files.h"
#include "util/log.h"

#define SUBDIRECTORY    "filters.d"
#define SUFFIX          ".rules"
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

/* As much of a line or a name as an error quotes. */
#define QUOTED_MAX 120

static int out_of_memory(struct error *ret_error)
{
        return error_set(ret_error, ERROR_FAILED, "out of memory");
}

static bool is_name(const char *name)
{
        size_t length = strlen(name), end = strlen(SUFFIX);

        return length <= RULES_EDIT_NAME_MAX && length > strlen("NN-") + end &&
               isdigit((unsigned char)name[0]) && isdigit((unsigned char)name[1]) &&
               name[2] == '-' && strspn(name, NAME_CHARACTERS) == length &&
               !strcmp(name + length - end, SUFFIX);
}

/* Fills in the path of the file, which may be named with or without it. */
static int find_path(struct rules_edit *edit, const char *directory, const char *file,
                     struct error *ret_error)
{
        const char *name = *file ? file : RULES_EDIT_FILE;
        char prefix[PATH_MAX - RULES_EDIT_NAME_MAX];
        int n;

        n = snprintf(prefix, sizeof(prefix), "%s/" SUBDIRECTORY "/", directory);
        if (n < 0 || (size_t)n >= sizeof(prefix))
                return error_set(ret_error, ERROR_FAILED,
                                 "the path of " SUBDIRECTORY " is too long");
        if (!strncmp(name, prefix, (size_t)n))
                name += n;

        if (*name == '/')
                return error_set(ret_error, ERROR_INVALID_ARGS,
                                 "%.*s is not in %s, the only directory that is written to: copy "
                                 "the file there, where it counts instead, or have a link to "
                                 "/dev/null of its name there mask it",
                                 QUOTED_MAX, name, prefix);
        if (!is_name(name))
                return error_set(
                        ret_error, ERROR_INVALID_ARGS,
                        "\"%.*s\" is no name for a file of rules: it is two digits, \"-\", "
                        "letters, digits, \"_\", \".\" or \"-\", then " SUFFIX
                        ", at most %d bytes, such as " RULES_EDIT_FILE,
                        QUOTED_MAX, name, RULES_EDIT_NAME_MAX);

        snprintf(edit->path, sizeof(edit->path), "%s%s", prefix, name);
        return 0;
}

static struct conf_file *find_file(struct conf_files *files, const char *path)
{
        const char *name = strrchr(path, '/') + 1;

        for (size_t i = 0; i < files->n_files; i++)
                if (!strcmp(files->files[i].name, name))
                        return &files->files[i];
        return NULL;
}

/* Reads what the file holds; "" if there is none. */
static int read_file(struct rules_edit *edit, const char *const *directories,
                     struct error *ret_error)
{
        CLEANUP(conf_files_clear) struct conf_files files = {};
        struct conf_file *file;
        struct stat st;
        int r;

        if (lstat(edit->path, &st) == 0 && S_ISLNK(st.st_mode))
                return error_set(ret_error, ERROR_INVALID_ARGS,
                                 "%s is a link, which is not followed: replace it by a file, or "
                                 "name another one",
                                 edit->path);

        r = conf_files_list(&files, directories, SUBDIRECTORY, SUFFIX);
        if (r < 0)
                return out_of_memory(ret_error);
        file = find_file(&files, edit->path);
        if (!file) {
                edit->text = strdup("");
                return edit->text ? 0 : out_of_memory(ret_error);
        }
        if (strcmp(file->path, edit->path) != 0)
                return error_set(ret_error, ERROR_INVALID_ARGS,
                                 "%s would take the place of all of %s: copy that file there "
                                 "first, or name another one",
                                 edit->path, file->path);

        r = conf_file_read(file, &edit->text, &edit->size);
        if (r == -EINVAL)
                return error_set(ret_error, ERROR_INVALID_FILES, "%s: %s", file->path,
                                 file->problem);
        return r < 0 ? out_of_memory(ret_error) : 0;
}

static int begin(struct rules_edit *edit, const char *const *directories, const char *file,
                 struct error *ret_error)
{
        int r;

        r = find_path(edit, directories[0], file, ret_error);
        return r < 0 ? r : read_file(edit, directories, ret_error);
}

/* Where the line starts and how long it is, with its end; how many there are if it is not there. */
static bool find_line(const struct rules_edit *edit, uint32_t line, size_t *ret_at,
                      size_t *ret_length, uint32_t *ret_lines)
{
        size_t at = 0, length = 0;
        uint32_t n = 0;

        for (; at < edit->size; at += length) {
                const char *end = memchr(edit->text + at, '\n', edit->size - at);

                length = end ? (size_t)(end - edit->text) + 1 - at : edit->size - at;
                if (++n == line) {
                        *ret_at = at;
                        *ret_length = length;
                        return true;
                }
        }

        *ret_lines = n;
        return false;
}

/* Puts "more" in the place of the bytes there. */
static int replace(struct rules_edit *edit, size_t at, size_t length, const char *more,
                   struct error *ret_error)
{
        size_t size = edit->size - length + strlen(more);
        char *text;

        if (size > CONF_FILE_SIZE_MAX)
                return error_set(ret_error, ERROR_LIMIT_REACHED,
                                 "%s would be larger than 1 MiB: name another file", edit->path);
        text = malloc(size + 1);
        if (!text)
                return out_of_memory(ret_error);

        memcpy(text, edit->text, at);
        strcpy(text + at, more);
        memcpy(text + at + strlen(more), edit->text + at + length, edit->size - at - length);
        text[size] = '\0';
        free(edit->text);
        edit->text = text;
        edit->size = size;
        return 0;
}

/* Is that a line of a file that says something? */
static int check_rule(const char *text, struct error *ret_error)
{
        CLEANUP(rule_freep) struct rule *rule = NULL;
        struct rule_error error;
        int r;

        r = rule_parse(&rule, text, 1, &error);
        if (r == -EINVAL)
                return error_set(ret_error, ERROR_INVALID_RULE, "column %u: %s", error.column,
                                 error.text);
        if (r < 0)
                return out_of_memory(ret_error);
        if (!rule)
                return error_set(ret_error, ERROR_INVALID_RULE,
                                 "column 1: expected class,vendor,product,version,allow, found no "
                                 "rule");
        return 0;
}

static int add_line(struct rules_edit *edit, uint32_t before, const char *rule,
                    struct error *ret_error)
{
        CLEANUP(freep) char *more = NULL;
        size_t at = edit->size, length;
        bool is_open = at > 0 && edit->text[at - 1] != '\n';
        uint32_t lines;

        if (before > 0 && !find_line(edit, before, &at, &length, &lines))
                return error_set(ret_error, ERROR_INVALID_ARGS,
                                 "%s has %u lines, none with the number %u to put it before",
                                 edit->path, lines, before);
        if (asprintf(&more, "%s%s\n", before == 0 && is_open ? "\n" : "", rule) < 0) {
                more = NULL;
                return out_of_memory(ret_error);
        }

        return replace(edit, at, 0, more, ret_error);
}

int rules_edit_add(struct rules_edit *ret_edit, const char *const *directories, const char *file,
                   uint32_t before, const char *rule, struct error *ret_error)
{
        CLEANUP(rules_edit_clear) struct rules_edit edit = {};
        int r;

        r = check_rule(rule, ret_error);
        if (r == 0)
                r = begin(&edit, directories, file, ret_error);
        if (r == 0)
                r = add_line(&edit, before, rule, ret_error);
        if (r < 0)
                return r;

        *ret_edit = edit;
        edit = (struct rules_edit){};
        return 0;
}

/* The rule in its one spelling; NULL if it is none. Returns 0 or -ENOMEM. */
static int normalize(const char *text, char **ret_text)
{
        CLEANUP(rule_freep) struct rule *rule = NULL;
        struct rule_error error;

        *ret_text = NULL;
        if (rule_parse(&rule, text, 1, &error) == -ENOMEM)
                return -ENOMEM;
        return rule ? rule_to_string(rule, ret_text) : 0;
}

static int check_same(const struct rules_edit *edit, uint32_t line, const char *there,
                      const char *text, struct error *ret_error)
{
        CLEANUP(freep) char *found = NULL, *wanted = NULL;

        if (normalize(there, &found) < 0 || normalize(text, &wanted) < 0)
                return out_of_memory(ret_error);
        if (found && wanted && !strcmp(found, wanted))
                return 0;

        return error_set(ret_error, ERROR_NO_SUCH_RULE,
                         "%s:%u is not the rule \"%.*s\" but \"%.*s\": list the rules anew",
                         edit->path, line, QUOTED_MAX, text, QUOTED_MAX, there);
}

static int remove_line(struct rules_edit *edit, uint32_t line, const char *text,
                       struct error *ret_error)
{
        CLEANUP(freep) char *there = NULL;
        size_t at, length;
        uint32_t lines;
        int r;

        if (!find_line(edit, line, &at, &length, &lines))
                return error_set(ret_error, ERROR_NO_SUCH_RULE,
                                 "%s has %u lines, none with the number %u: list the rules anew",
                                 edit->path, lines, line);

        there = strndup(edit->text + at, strcspn(edit->text + at, "\n"));
        if (!there)
                return out_of_memory(ret_error);
        r = check_same(edit, line, there, text, ret_error);
        return r < 0 ? r : replace(edit, at, length, "", ret_error);
}

int rules_edit_remove(struct rules_edit *ret_edit, const char *const *directories, const char *file,
                      uint32_t line, const char *text, struct error *ret_error)
{
        CLEANUP(rules_edit_clear) struct rules_edit edit = {};
        int r;

        r = begin(&edit, directories, file, ret_error);
        if (r == 0)
                r = remove_line(&edit, line, text, ret_error);
        if (r < 0)
                return r;

        *ret_edit = edit;
        edit = (struct rules_edit){};
        return 0;
}

static int write_all(int fd, const char *text, size_t size)
{
        while (size > 0) {
                ssize_t n = write(fd, text, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                text += n;
                size -= (size_t)n;
        }

        return 0;
}

/* A file with that text, that is on the disk. */
static int write_file(int directory, const char *name, const char *text, size_t size)
{
        CLEANUP(close_fdp) int fd = -1;
        int r;

        fd = openat(directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
        if (fd < 0)
                return -errno;
        r = write_all(fd, text, size);
        if (r < 0)
                return r;
        /* Whatever the umask: what is in force is no secret. */
        if (fchmod(fd, 0644) < 0 || fsync(fd) < 0)
                return -errno;
        return 0;
}

static int open_directory(const char *path)
{
        int fd;

        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 || errno != ENOENT)
                return fd < 0 ? -errno : fd;

        if (mkdir(path, 0755) < 0)
                return -errno;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Returns 0, or a negative errno if nothing has changed. */
static int write_in(int directory, const char *name, const char *text, size_t size)
{
        char temporary[RULES_EDIT_NAME_MAX + sizeof(".new")];
        int r;

        snprintf(temporary, sizeof(temporary), ".%s.new", name);
        r = write_file(directory, temporary, text, size);
        if (r == 0 && renameat(directory, temporary, directory, name) < 0)
                r = -errno;
        if (r < 0) {
                unlinkat(directory, temporary, 0);
                return r;
        }

        /* It has its name: what is in force must follow, whatever the disk makes of that. */
        if (fsync(directory) < 0)
                log_warning("%s may be as it was before after a power failure: %s", name,
                            strerror(errno));
        return 0;
}

int rules_edit_write(const struct rules_edit *edit, struct error *ret_error)
{
        CLEANUP(close_fdp) int directory = -1;
        const char *name = strrchr(edit->path, '/') + 1;
        char path[PATH_MAX];
        int r;

        snprintf(path, sizeof(path), "%.*s", (int)(name - 1 - edit->path), edit->path);
        directory = open_directory(path);
        r = directory < 0 ? directory : write_in(directory, name, edit->text, edit->size);
        if (r < 0)
                return error_set(ret_error, ERROR_FAILED,
                                 "%s cannot be written, nothing has changed: %s", edit->path,
                                 strerror(-r));
        return 0;
}

void rules_edit_clear(struct rules_edit *edit)
{
        free(edit->text);
        *edit = (struct rules_edit){};
}
