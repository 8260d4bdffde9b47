/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The next device on the same connection. The one before leaves as it does at the end of a session
 * (leave.c), and is its host's again however long the guest is silent; what the guest asks
 * meanwhile is refused. Then the next one is opened, and offered once the guest has acknowledged
 * that the last one is gone: until then all that it sends is about that one.
 *
 * A guest that does not acknowledge is not waited for. What it sent before it read the disconnect
 * is then taken for the next device's, and nothing could tell: a filter_reject, too. That errs on
 * the safe side, for the device is not offered again; QEMU always acknowledges.
 */
#include <errno.h>
#include <string.h>

#include "session/session.h"
#include "util/log.h"

bool session_may_go_on(enum session_reason reason)
{
        return reason == REASON_GUEST_REJECTED || reason == REASON_DEVICE_LOST ||
               reason == REASON_RESET_LOST;
}

int session_next_device(struct session *s, const struct session_config *next)
{
        if (s->link_state == LINK_NONE)
                return -ENOTCONN;
        if (s->is_ending && !session_may_go_on(s->reason))
                return -ESHUTDOWN;
        if (s->has_next)
                return -EBUSY;

        s->is_ending = false;
        s->has_next = true;
        s->next = *next;
        s->next.trace = s->config.trace;
        s->next.greeting_sec = s->config.greeting_sec;
        s->next.tls = s->config.tls;
        s->next.on_changed = s->config.on_changed;
        s->next.userdata = s->config.userdata;
        session_wake(s);
        return 0;
}

/* Does nothing refer to a transfer of the last device any more: libusb, the writer, the parser? */
static bool is_let_go(struct session *s)
{
        if (usb_transfers_in_flight(usb_device_transfers(s->device), USB_ENDPOINTS_ALL) == 0)
                return link_queued(s->link) == 0 && !s->is_reading_payload;

        /* The kernel has ended them with the release. */
        if (s->is_overdue)
                session_end(s, REASON_FAILURE, "transfers of the last device do not come back");
        else if (!event_pending(s->timer, EV_TIMEOUT, NULL))
                session_set_deadline(s, SESSION_DRAIN_SEC);

        return false;
}

void session_take_next(struct session *s)
{
        enum session_reason reason;
        int r;

        /* What comes back, is written, or is whole calls again. */
        if (!is_let_go(s))
                return;

        if (s->device_state == DEVICE_RETURNED) {
                session_clear_deadline(s);
                session_set_device_state(s, DEVICE_NONE, "the next one's turn");
        }
        s->device = usb_device_free(s->device);
        s->config = s->next;
        s->has_next = false;
        s->is_intact = true;

        r = session_open_device(s, &reason);
        if (r < 0)
                session_end(s, reason, "the next device: %s", strerror(-r));
        session_wake(s);
}
