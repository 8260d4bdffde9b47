/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of the kernel and of udev, which may be missing.
 */
#include "ctl/host.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/macro.h"

#define USBFS_MEMORY_FILE "/sys/module/usbcore/parameters/usbfs_memory_mb"
#define COMMAND_LINE_FILE "/proc/cmdline"

/* In falling precedence. */
static const char *const udev_directories[] = {
        "/etc/udev/rules.d",     "/run/udev/rules.d", "/usr/local/lib/udev/rules.d",
        "/usr/lib/udev/rules.d", "/lib/udev/rules.d",
};

static FILE *open_file(const char *root, const char *path)
{
        char name[PATH_MAX];

        snprintf(name, sizeof(name), "%s%s", root ? root : "", path);
        return fopen(name, "re");
}

int host_usbfs_memory(const char *root, unsigned *ret_mb)
{
        FILE *file = open_file(root, USBFS_MEMORY_FILE);
        unsigned mb;
        int n;

        if (!file)
                return -errno;
        n = fscanf(file, "%u", &mb);
        fclose(file);
        if (n != 1)
                return -EINVAL;

        *ret_mb = mb;
        return 0;
}

bool host_has_boot_word(const char *root, const char *word)
{
        FILE *file = open_file(root, COMMAND_LINE_FILE);
        char line[4096], *rest = line;
        bool found = false;

        if (!file)
                return false;
        if (!fgets(line, sizeof(line), file))
                line[0] = '\0';
        fclose(file);

        for (char *w = strtok_r(line, " \t\n", &rest); w && !found;
             w = strtok_r(NULL, " \t\n", &rest))
                found = !strcmp(w, word);
        return found;
}

bool host_has_udev_rules(const char *root, const char *name)
{
        char path[PATH_MAX];
        struct stat st;

        for (size_t i = 0; i < ELEMENTS(udev_directories); i++) {
                snprintf(path, sizeof(path), "%s%s/%s", root ? root : "", udev_directories[i],
                         name);
                if (stat(path, &st) == 0)
                        return S_ISREG(st.st_mode) && st.st_size > 0;
        }

        return false;
}
