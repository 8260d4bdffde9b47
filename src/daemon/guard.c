/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guards, one after the other, and how they find what belongs to a device: an entry of
 * /sys/class is a link to below the device's own directory, however many layers (SCSI hosts, MMC
 * slots, HID) are between.
 */
#include "daemon/guard.h"

#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/guard-private.h"
#include "util/cleanup.h"

const struct guard_scope guard_here = {
        .sys = "/sys",
        .proc = "/proc",
        .dev = "/dev",
        .route_of = guard_route_of,
        .try_disk = disk_probe_try,
};

static bool (*const guards[])(const struct guard_scope *, const char *,
                              const struct guard_question *, char *) = {
        guard_check_disks,
        guard_check_network,
        guard_check_keyboard,
};

bool guard_check(const struct guard_scope *scope, const char *syspath,
                 const struct guard_question *question, char ret_reason[GUARD_REASON_SIZE])
{
        ret_reason[0] = '\0';
        for (size_t i = 0; i < ELEMENTS(guards); i++)
                if (guards[i](scope, syspath, question, ret_reason))
                        return true;
        return false;
}

void guard_add_host(struct guard_question *question, const char *host)
{
        struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
        struct addrinfo *list;

        if (!*host || question->n == GUARD_PEERS_MAX || getaddrinfo(host, NULL, &hints, &list) != 0)
                return;

        memcpy(&question->addresses[question->n++], list->ai_addr, list->ai_addrlen);
        freeaddrinfo(list);
}

void guard_add_peer(struct guard_question *question, int fd)
{
        struct sockaddr_storage *address = &question->addresses[question->n];
        socklen_t size = sizeof(*address);

        if (question->n < GUARD_PEERS_MAX &&
            getpeername(fd, (struct sockaddr *)address, &size) == 0 &&
            (address->ss_family == AF_INET || address->ss_family == AF_INET6))
                question->n++;
}

void class_begin(struct class_walk *walk, const struct guard_scope *scope, const char *class,
                 const char *syspath)
{
        char path[PATH_MAX];

        *walk = (struct class_walk){ .syspath = syspath };
        snprintf(path, sizeof(path), "%s/class/%s", scope->sys, class);
        walk->directory = opendir(path);
}

void class_end(struct class_walk *walk)
{
        if (walk->directory)
                closedir(walk->directory);
        walk->directory = NULL;
}

bool guard_is_below(const char *path, const char *syspath)
{
        const char *device = strstr(syspath, "/devices/"), *part = strstr(path, "/devices/");
        size_t length = device ? strlen(device) : 0;

        return part && length > 0 && !strncmp(part, device, length) && part[length] == '/';
}

bool class_next(struct class_walk *walk)
{
        struct dirent *entry;

        while (walk->directory && (entry = readdir(walk->directory))) {
                ssize_t length = readlinkat(dirfd(walk->directory), entry->d_name, walk->target,
                                            sizeof(walk->target) - 1);

                if (length < 0 || strlen(entry->d_name) >= sizeof(walk->name))
                        continue;
                strcpy(walk->name, entry->d_name);
                walk->target[length] = '\0';
                walk->is_own = guard_is_below(walk->target, walk->syspath);
                return true;
        }

        class_end(walk);
        return false;
}

bool guard_read_line(char *ret, size_t size, const char *format, ...)
{
        char path[PATH_MAX];
        va_list arguments;
        FILE *file;
        bool ok;

        ret[0] = '\0';
        va_start(arguments, format);
        vsnprintf(path, sizeof(path), format, arguments);
        va_end(arguments);
        file = fopen(path, "re");
        if (!file)
                return false;
        ok = fgets(ret, (int)size, file) != NULL;
        fclose(file);
        ret[strcspn(ret, "\n")] = '\0';
        return ok;
}

bool guard_find_entry(char ret_name[GUARD_NAME_SIZE], const char *directory, const char *prefix)
{
        CLEANUP(closedirp) DIR *handle = opendir(directory);
        struct dirent *entry;

        while (handle && (entry = readdir(handle)))
                if (entry->d_name[0] != '.' && !strncmp(entry->d_name, prefix, strlen(prefix)) &&
                    strlen(entry->d_name) < GUARD_NAME_SIZE) {
                        strcpy(ret_name, entry->d_name);
                        return true;
                }
        return false;
}
