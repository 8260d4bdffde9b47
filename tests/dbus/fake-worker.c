/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dbus/fake-worker.h"

#include <stdio.h>
#include <stdlib.h>

struct worker {
        struct control_order order;
        struct control_status status;
};

struct worker *fake_worker_new(void)
{
        struct worker *w = calloc(1, sizeof(*w));

        if (w)
                snprintf(w->status.peer_version, sizeof(w->status.peer_version), "qemu 7.2");
        return w;
}

void fake_worker_free(struct worker *w)
{
        free(w);
}

struct control_status *fake_worker_status(struct worker *w)
{
        return &w->status;
}

struct control_order *fake_worker_order(struct worker *w)
{
        return &w->order;
}

const struct control_order *worker_order(const struct worker *w)
{
        return &w->order;
}

const struct control_status *worker_status(const struct worker *w)
{
        return &w->status;
}

pid_t worker_pid(const struct worker *w)
{
        return 4321;
}

const char *worker_unit(const struct worker *w)
{
        return "usbredir-session@1.service";
}

const char *control_capability(uint32_t bit)
{
        switch (bit) {
        case 1 << 0: return "bulk_streams";
        case 1 << 1: return "connect_device_version";
        default: return NULL;
        }
}
