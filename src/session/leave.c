/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way out of a device, and of the session with it unless another one follows: what is in flight
 * is cancelled and answered, the guest is told and may acknowledge, the device goes back when its
 * transfers have come back, the guest reads the last bytes. Each wait has a deadline; none keeps
 * the device from being returned.
 */
#include <string.h>

#include "session/session.h"
#include "util/log.h"

/* How long a guest may take to acknowledge a disconnect, and to read the last bytes. */
#define GOODBYE_SEC 1

static const char *why(const struct session *s)
{
        return s->is_ending ? session_reason_string(s->reason) : "for the next one";
}

/* What has to wait is called again by what it waits for, or when it is overdue. */
static void wait_at_most(struct session *s, time_t seconds)
{
        if (!event_pending(s->timer, EV_TIMEOUT, NULL))
                session_set_deadline(s, seconds);
}

static void say_goodbye(struct session *s)
{
        struct packet disconnect = { .type = PACKET_device_disconnect };

        session_clear_deadline(s);
        session_refuse_deferred(s);
        session_cancel(s, USB_ENDPOINTS_ALL);

        if (s->link_state != LINK_UP) {
                session_set_device_state(s, DEVICE_DRAINING, "nobody to tell");
                return;
        }

        session_send(s, &disconnect);
        session_set_device_state(s, DEVICE_DISCONNECTING, why(s));
        s->ack_is_due = link_peer_caps(s->link) & CAP_DEVICE_DISCONNECT_ACK;
        if (!s->ack_is_due)
                session_set_device_state(s, DEVICE_DRAINING, "the guest acknowledges nothing");
}

/* Gives the device back when nothing is in flight, or the wait was long. Returns whether it has. */
static bool drain(struct session *s)
{
        size_t in_flight;
        int r;

        in_flight = usb_transfers_in_flight(usb_device_transfers(s->device), USB_ENDPOINTS_ALL);
        if (in_flight > 0 && !s->is_overdue) {
                wait_at_most(s, SESSION_DRAIN_SEC);
                return false;
        }
        session_clear_deadline(s);

        /* Releasing an interface makes the kernel end what is in flight on it. */
        if (in_flight > 0)
                log_error("%zu cancelled transfers have not come back in %i s: returning the "
                          "device under them",
                          in_flight, SESSION_DRAIN_SEC);

        r = usb_device_release(s->device);
        if (r < 0)
                log_error("returning the device was not complete: %s", strerror(-r));
        s->is_intact = r == 0;
        session_set_device_state(s, DEVICE_RETURNED, r < 0 ? "with errors" : "given back");
        return true;
}

/* The next step out. What has to wait is called again by whatever it waits for. */
void session_leave(struct session *s)
{
        switch (s->device_state) {
        case DEVICE_OFFERED:
        case DEVICE_FORWARDING:
                say_goodbye(s);
                session_wake(s);
                return;
        case DEVICE_DISCONNECTING:
                if (s->link_state == LINK_UP && !s->is_overdue) {
                        wait_at_most(s, GOODBYE_SEC); /* session_acknowledged() goes on */
                        return;
                }
                session_clear_deadline(s);
                session_set_device_state(s, DEVICE_DRAINING,
                                         s->link_state == LINK_UP ? "no ack in time" : "link over");
                break;
        case DEVICE_CLAIMED: session_set_device_state(s, DEVICE_DRAINING, why(s)); break;
        case DEVICE_NONE:
        case DEVICE_DRAINING:
        case DEVICE_RETURNED:
        case DEVICE_STATES: break;
        }

        if (s->device_state == DEVICE_DRAINING && !drain(s))
                return;

        if (!s->is_ending) {
                session_take_next(s);
                return;
        }

        if (link_queued(s->link) > 0 && !s->is_overdue) {
                wait_at_most(s, GOODBYE_SEC);
                return;
        }

        event_base_loopbreak(s->base);
}
