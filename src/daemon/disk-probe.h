#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether disks are in use, as only the kernel knows: also by a mount in a namespace that we do not
 * see, by one that was taken out of all namespaces, by a program that has a disk for itself.
 */
#include <event2/event.h>

#include "daemon/guard.h"
#include "util/cleanup.h"

/* A disk that answers takes some milliseconds, one that is asleep may have to spin up. */
#define DISK_PROBE_SEC 5

/* That do not answer, at most; there is no way to end one. */
#define DISK_PROBES_MAX 16

struct disk_probe;

/*
 * The reason, as of guard_check(), or "" if none of the disks is in use. Called once, from the
 * event loop; the probe may be freed from here.
 */
typedef void (*disk_probe_done)(void *userdata, const char *reason);

/*
 * For a moment each disk is ours, and nobody else can mount it: to be asked about one that is to be
 * taken. The scope outlives the daemon. Returns 0 or a negative errno.
 */
int disk_probe_new(struct disk_probe **ret, struct event_base *base,
                   const struct guard_scope *scope, char names[][GUARD_NAME_SIZE], size_t n,
                   disk_probe_done done, void *userdata);

/* Before the call of done: it does not come. */
struct disk_probe *disk_probe_free(struct disk_probe *p);
DEFINE_CLEANUP(struct disk_probe, disk_probe_free)
