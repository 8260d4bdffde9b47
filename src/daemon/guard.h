#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What keeps a device from every guest, whatever the rules say: this machine needs it. A disk that
 * is mounted, swap or part of a volume; the network interface behind which the guest is; the last
 * keyboard. Only the word "force" overrides them, see guards.c.
 *
 * All of it is text of sysfs and /proc, and the kernel's routes: no device is touched, nothing
 * waits for one. A disk that is mounted only in a mount namespace that we do not see takes a
 * question to the kernel that may wait: disk-probe.h.
 */
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sentence: what of the device is used for what, and what to do about it. */
#define GUARD_REASON_SIZE 256

/* Card readers have one for each slot. */
#define GUARD_DISKS_MAX 16

/* A name of sysfs, which the kernel bounds so; a node's path is that behind /dev/. */
#define GUARD_NAME_SIZE 64

/* Of one guest: its channels', and the one it was last connected at. */
#define GUARD_PEERS_MAX 64

/* Where to look; tests have trees made by hand. */
struct guard_scope {
        const char *sys, *proc, *dev;
        /* The index of the interface by which that peer is reached; negative if it is not. */
        int (*route_of)(const struct sockaddr_storage *peer);
        /* -EBUSY if anybody has the disk at that path for himself. In a thread, as it may wait. */
        int (*try_disk)(const char *path);
};

extern const struct guard_scope guard_here; /* this machine */

/* What the guards have to know beside the device. */
struct guard_question {
        /* Where the guest is, as far as that is known. */
        struct sockaddr_storage addresses[GUARD_PEERS_MAX];
        size_t n;

        /* Is what has that sysfs path given away, or about to be? NULL: nothing is. */
        bool (*is_given)(const void *userdata, const char *path);
        const void *userdata;
};

/* Does the path, of sysfs or relative, lead to below that device's? */
bool guard_is_below(const char *path, const char *syspath);

/* A numeric address is added; names, and more than there is room for, are not. */
void guard_add_host(struct guard_question *question, const char *host);

/* That of a connected socket, if it has one. */
void guard_add_peer(struct guard_question *question, int fd);

/*
 * Does this machine need the device with that sysfs path? Fills in the reason, of the first guard
 * that says so; else it is "".
 */
bool guard_check(const struct guard_scope *scope, const char *syspath,
                 const struct guard_question *question, char ret_reason[GUARD_REASON_SIZE]);

/* The names ("sdb") of the device's disks, without their partitions. Returns how many. */
size_t guard_list_disks(const struct guard_scope *scope, const char *syspath,
                        char ret_names[GUARD_DISKS_MAX][GUARD_NAME_SIZE]);
