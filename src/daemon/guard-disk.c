/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk or a partition is in use if it is mounted, swap, or has holders: devices that the kernel
 * has made of it (LVM, encryption, RAID). A mount is known by the device's number; file systems of
 * several disks have a number of their own, and are known by the name they were mounted by.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/guard-private.h"
#include "util/cleanup.h"

/* A disk or partition of the device. */
struct disk {
        char name[GUARD_NAME_SIZE];
        char number[16]; /* "8:17" */
        bool is_partition;
};

static void PRINTF(3, 4) say(char *ret_reason, const struct disk *disk, const char *format, ...)
{
        char use[GUARD_REASON_SIZE];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(use, sizeof(use), format, arguments);
        va_end(arguments);
        snprintf(ret_reason, GUARD_REASON_SIZE, "its %s %.*s %.*s",
                 disk->is_partition ? "partition" : "disk", 32, disk->name, 190, use);
}

/* "\040" and its like, in place. */
static void unescape(char *text)
{
        char *to = text;
        unsigned byte;

        for (const char *from = text; *from; to++)
                if (sscanf(from, "\\%3o", &byte) == 1 && strspn(from + 1, "01234567") >= 3) {
                        *to = (char)byte;
                        from += 4;
                } else {
                        *to = *from++;
                }
        *to = '\0';
}

static bool is_node_of(const char *path, const struct disk *disk)
{
        return !strncmp(path, "/dev/", 5) && !strcmp(path + 5, disk->name);
}

static bool is_mounted(const struct guard_scope *scope, const struct disk *disk, char *ret_reason)
{
        CLEANUP(freep) char *line = NULL;
        char path[PATH_MAX];
        bool found = false;
        size_t size = 0;
        FILE *file;

        snprintf(path, sizeof(path), "%s/self/mountinfo", scope->proc);
        file = fopen(path, "re");
        while (file && !found && getline(&line, &size, file) > 0) {
                CLEANUP(freep) char *number = NULL, *point = NULL, *source = NULL;
                const char *rest = strstr(line, " - ");

                if (!rest || sscanf(line, "%*s %*s %ms %*s %ms", &number, &point) != 2 ||
                    sscanf(rest, " - %*s %ms", &source) != 1)
                        continue;
                found = !strcmp(number, disk->number) || is_node_of(source, disk);
                if (!found)
                        continue;
                unescape(point);
                say(ret_reason, disk, "is mounted on %.96s: umount it", point);
        }
        if (file)
                fclose(file);

        return found;
}

static bool is_swap(const struct guard_scope *scope, const struct disk *disk, char *ret_reason)
{
        char path[PATH_MAX], line[PATH_MAX];
        bool found = false;
        FILE *file;

        snprintf(path, sizeof(path), "%s/swaps", scope->proc);
        file = fopen(path, "re");
        while (file && !found && fgets(line, sizeof(line), file)) {
                line[strcspn(line, " \t\n")] = '\0';
                found = is_node_of(line, disk);
        }
        if (file)
                fclose(file);

        if (found)
                say(ret_reason, disk, "is swap: swapoff /dev/%s", disk->name);
        return found;
}

static const struct {
        const char *uuid, *kind, *remedy;
} mappings[] = {
        { "LVM-", "LVM", "deactivate its volume group (vgchange -an)" },
        { "CRYPT-", "encryption", "close it (cryptsetup close)" },
        { "", "device mapper", "remove it (dmsetup remove)" },
};

static bool is_held(const struct guard_scope *scope, const struct disk *disk, char *ret_reason)
{
        char path[PATH_MAX], holder[GUARD_NAME_SIZE], name[128], uuid[160];
        size_t i = 0;

        snprintf(path, sizeof(path), "%s/class/block/%s/holders", scope->sys, disk->name);
        if (!guard_find_entry(holder, path, ""))
                return false;

        if (!guard_read_line(name, sizeof(name), "%s/class/block/%s/dm/name", scope->sys, holder)) {
                bool is_raid = !strncmp(holder, "md", 2);

                say(ret_reason, disk, "belongs to %s%s: stop it%s", holder,
                    is_raid ? " (RAID)" : "", is_raid ? " (mdadm --stop)" : "");
                return true;
        }

        guard_read_line(uuid, sizeof(uuid), "%s/class/block/%s/dm/uuid", scope->sys, holder);
        while (strncmp(uuid, mappings[i].uuid, strlen(mappings[i].uuid)) != 0)
                i++;
        say(ret_reason, disk, "belongs to %s (%s): %s", name, mappings[i].kind, mappings[i].remedy);
        return true;
}

static void read_disk(const struct guard_scope *scope, const char *name, struct disk *ret)
{
        char line[16];

        strcpy(ret->name, name);
        guard_read_line(ret->number, sizeof(ret->number), "%s/class/block/%s/dev", scope->sys,
                        name);
        ret->is_partition = guard_read_line(line, sizeof(line), "%s/class/block/%s/partition",
                                            scope->sys, name);
}

bool guard_check_disks(const struct guard_scope *scope, const char *syspath,
                       const struct guard_question *question, char *ret_reason)
{
        struct class_walk walk;

        for (class_begin(&walk, scope, "block", syspath); class_next(&walk);) {
                struct disk disk;

                if (!walk.is_own)
                        continue;
                read_disk(scope, walk.name, &disk);
                if (is_mounted(scope, &disk, ret_reason) || is_swap(scope, &disk, ret_reason) ||
                    is_held(scope, &disk, ret_reason)) {
                        class_end(&walk);
                        return true;
                }
        }

        return false;
}

size_t guard_list_disks(const struct guard_scope *scope, const char *syspath,
                        char ret_names[GUARD_DISKS_MAX][GUARD_NAME_SIZE])
{
        struct class_walk walk;
        size_t n = 0;

        for (class_begin(&walk, scope, "block", syspath); class_next(&walk);) {
                struct disk disk;

                if (!walk.is_own || n == GUARD_DISKS_MAX)
                        continue;
                read_disk(scope, walk.name, &disk);
                if (!disk.is_partition)
                        strcpy(ret_names[n++], disk.name);
        }

        return n;
}
