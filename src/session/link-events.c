/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the link tells a session: from the handshake over the guest's hello to the end. A guest may
 * be paused and say hello in hours; TLS it must speak at once, for its QEMU does that by itself.
 */
#include <errno.h>
#include <string.h>

#include "session/session.h"
#include "session/streams.h"
#include "session/tls.h"
#include "util/log.h"

/* Of what the device has done by the time of a write. */
#define ROUNDS 16
#define ENOUGH (64u * 1024) /* bytes, for one write */
#define EAGER  16
#define SELDOM 64

static void begin_greeting(struct session *s, const char *why)
{
        session_set_link_state(s, LINK_GREETING, why);
        session_set_deadline(s, s->config.greeting_sec);
}

void session_begin_link(struct session *s, struct transport *tls)
{
        if (!tls) {
                begin_greeting(s, "connected");
                return;
        }

        link_encrypt(s->link, tls);
        session_set_link_state(s, LINK_TLS, "connected");
        session_set_deadline(s, TLS_HANDSHAKE_SEC);
}

void session_wait_for_hello(struct session *s)
{
        if (s->link_state == LINK_TLS)
                session_end(s, REASON_TLS_FAILED,
                            "no TLS handshake in %i s: is the guest busy with another connection, "
                            "or does it speak no TLS?",
                            TLS_HANDSHAKE_SEC);
        if (s->link_state != LINK_GREETING)
                return;

        log_notice("the guest has not said hello in %u s: paused, or busy with another connection? "
                   "Still waiting",
                   s->config.greeting_sec);
        s->is_silent = true;
        session_tell(s);
}

static void on_packet(void *userdata, struct parsed *parsed)
{
        struct session *s = userdata;

        s->is_reading_payload = false;
        session_on_packet(s, parsed);
        if (s->has_next)
                session_wake(s);
}

/* QEMU says only so that our certificate does not do, after a handshake that went well. */
static bool is_refused_by_tls(const struct session *s, enum link_end end)
{
        /* The link still has its transport. */
        return s->config.tls && s->config.tls->is_judged && s->link_state == LINK_GREETING &&
               (end == LINK_END_CLOSED || end == LINK_END_ERROR);
}

/* Also of keepalive, which speaks of a connection that is idle. */
static const char *text_of_error(int error)
{
        return error == ETIMEDOUT
                       ? "the guest's machine does not answer: is it, or the network, down?"
                       : strerror(error);
}

static void on_link_end(void *userdata, enum link_end end, int detail)
{
        struct session *s = userdata;
        bool is_refused = is_refused_by_tls(s, end);

        session_set_link_state(s, LINK_NONE, "ended");
        if (is_refused)
                session_end(s, REASON_TLS_FAILED,
                            "the guest closed the connection after the handshake, before its "
                            "hello: it refused our certificate, or wants one");

        switch (end) {
        case LINK_END_CLOSED: session_end(s, REASON_GUEST_LEFT, "end of file"); break;
        case LINK_END_CUT: session_end(s, REASON_LINK_LOST, "end of file inside a packet"); break;
        case LINK_END_ERROR: session_end(s, REASON_LINK_LOST, "%s", text_of_error(detail)); break;
        case LINK_END_FAULT:
                session_end(s, REASON_PROTOCOL, "%s",
                            packet_fault_string((enum packet_fault)detail));
                break;
        case LINK_END_BUG: session_end(s, REASON_FAILURE, "a packet of ours was not valid"); break;
        case LINK_END_TLS: session_end(s, REASON_TLS_FAILED, "%s", link_text(s->link)); break;
        }

        session_wake(s);
}

/*
 * The payload of an OUT transfer is read into the transfer that will carry it. Without a device it
 * is not read at all.
 */
static void *on_payload_new(void *userdata, const struct packet *packet, size_t size,
                            uint8_t **ret_data)
{
        struct session *s = userdata;
        struct usb_transfer *t;

        if (!session_is_offered(s))
                return NULL;

        t = usb_transfer_new(usb_device_transfers(s->device), size);
        if (t)
                *ret_data = t->data;

        s->is_reading_payload = t != NULL;
        return t;
}

static void on_payload_free(void *userdata, void *owner)
{
        usb_transfer_free(owner);
}

/*
 * A device may have done by now what it was asked for in this turn of the loop, or what its streams
 * ask for anew: then the answers go out in the same write. Where that is never so it costs a system
 * call, so after as many misses in a row as EAGER it is tried once in as many turns as SELDOM.
 */
static void on_flush(void *userdata)
{
        struct session *s = userdata;
        uint64_t begin = link_counters(s->link)->packets_sent, sent = begin;

        if (!session_is_offered(s) ||
            usb_transfers_in_flight(usb_device_transfers(s->device), USB_ENDPOINTS_ALL) == 0)
                return;
        if (s->misses >= EAGER && s->misses++ % SELDOM != 0)
                return;

        for (unsigned round = 0; round < ROUNDS && link_queued(s->link) < ENOUGH; round++) {
                usb_loop_run(s->loop);
                if (link_counters(s->link)->packets_sent == sent)
                        break;
                sent = link_counters(s->link)->packets_sent;
        }
        if (sent != begin)
                s->misses = 0;
        else if (s->misses < EAGER)
                s->misses++;
}

static void on_flushed(void *userdata)
{
        struct session *s = userdata;

        if (s->is_ending || s->has_next)
                session_wake(s);
        session_streams_release(s);
}

static void on_encrypted(void *userdata)
{
        struct session *s = userdata;

        log_info("encrypted by %s", link_text(s->link));
        if (!s->is_ending)
                begin_greeting(s, "encrypted");
}

const struct link_events session_link_events = {
        .on_packet = on_packet,
        .on_end = on_link_end,
        .payload_new = on_payload_new,
        .payload_free = on_payload_free,
        .on_flush = on_flush,
        .on_flushed = on_flushed,
        .on_encrypted = on_encrypted,
};
