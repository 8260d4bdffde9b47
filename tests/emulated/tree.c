/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * umockdev could make the tree too. It is written here because umockdev sends an event for each
 * device it makes, in its own way (uevent.c says why not), and because a device must be plugged in
 * within a few milliseconds. All paths are absolute: those that begin with the root are left alone
 * by umockdev, which otherwise stands between this process and its files.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "emulated/tree.h"
#include "util/cleanup.h"

static int format_path(char path[PATH_MAX], const char *root, const char *directory,
                       const char *name)
{
        int n = snprintf(path, PATH_MAX, "%s%s%s%s", root, directory, name ? "/" : "",
                         name ? name : "");

        return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int tree_make_directory(const char *root, const char *directory)
{
        char path[PATH_MAX];
        char *slash;
        int r;

        r = format_path(path, root, directory, NULL);
        if (r < 0)
                return r;
        slash = path + strlen(root);
        while ((slash = strchr(slash + 1, '/'))) {
                *slash = 0;
                if (mkdir(path, 0755) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

int tree_write(const char *root, const char *directory, const char *name, const void *data,
               size_t size)
{
        char path[PATH_MAX], temporary[PATH_MAX];
        CLEANUP(close_fdp) int fd = -1;
        int r;

        r = format_path(path, root, directory, name);
        if (r == 0)
                r = format_path(temporary, root, directory, ".new");
        if (r < 0)
                return r;
        fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0 && errno == ENOENT) {
                r = tree_make_directory(root, directory);
                if (r < 0)
                        return r;
                fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        }
        if (fd < 0)
                return -errno;
        if (write(fd, data, size) != (ssize_t)size)
                return -EIO;
        return rename(temporary, path) < 0 ? -errno : 0;
}

int tree_print(const char *root, const char *directory, const char *name, const char *format, ...)
{
        char text[1024];
        va_list args;
        int n;

        va_start(args, format);
        n = vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (n < 0 || (size_t)n >= sizeof(text))
                return -EMSGSIZE;
        return tree_write(root, directory, name, text, (size_t)n);
}

int tree_link(const char *root, const char *directory, const char *name, const char *target)
{
        char path[PATH_MAX];
        int r;

        r = tree_make_directory(root, directory);
        if (r == 0)
                r = format_path(path, root, directory, name);
        if (r < 0)
                return r;
        return symlink(target, path) < 0 && errno != EEXIST ? -errno : 0;
}

int tree_unlink(const char *root, const char *directory, const char *name)
{
        char path[PATH_MAX];
        int r;

        r = format_path(path, root, directory, name);
        if (r < 0)
                return r;
        return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

static int remove_path(const char *path)
{
        struct dirent *entry;
        DIR *directory;

        directory = opendir(path);
        if (!directory)
                return -errno;
        while ((entry = readdir(directory))) {
                char child[PATH_MAX];

                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                    format_path(child, path, "/", entry->d_name) < 0)
                        continue;
                if (entry->d_type == DT_DIR)
                        remove_path(child);
                else
                        unlink(child);
        }
        closedir(directory);
        return rmdir(path) < 0 ? -errno : 0;
}

int tree_remove(const char *root, const char *directory)
{
        char path[PATH_MAX];
        int r;

        r = format_path(path, root, directory, NULL);
        return r < 0 ? r : remove_path(path);
}
