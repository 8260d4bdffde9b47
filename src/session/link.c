/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What goes in and what comes out; the socket is link-io.c's. Packets are taken while the owner
 * does not hold them, a guest reads what is sent, and the turn of the loop is not over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#include "session/link-private.h"
#include "util/cleanup.h"
#include "util/log.h"
#include "util/macro.h"

/*
 * What is taken in one turn before other descriptors have theirs. A guest that sends thousands of
 * requests at once must not have them refused for want of transfers that are only waiting to
 * be completed.
 */
#define PACKETS_PER_TURN 256

DEFINE_CLEANUP(struct link, link_free)

static void release_payload(void *userdata, void *owner)
{
        struct link *l = userdata;

        l->events.payload_free(l->userdata, owner);
}

static void *new_payload(void *userdata, const struct packet *packet, size_t size,
                         uint8_t **ret_data)
{
        struct link *l = userdata;

        return l->events.payload_new(l->userdata, packet, size, ret_data);
}

static void send_hello(struct link *l, const char *version, uint32_t caps)
{
        struct packet hello = { .type = PACKET_hello };
        uint8_t word[CAPS_WORD];

        snprintf(hello.hello.version, sizeof(hello.hello.version), "%s", version);
        caps_put(word, caps_consistent(caps));
        link_send(l, &hello, word, sizeof(word), NULL);
}

int link_new(struct link **ret, struct event_base *base, int fd, enum role role,
             const char *version, uint32_t caps, size_t answers, const struct link_events *events,
             void *userdata)
{
        CLEANUP(link_freep) struct link *l = NULL;
        int r;

        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;

        *l = (struct link){
                .fd = -1, .probe_timer = -1, .role = role, .events = *events, .userdata = userdata
        };
        transport_make_plain(&l->plain, fd);
        l->transport = &l->plain;
        l->is_prepared = true;

        r = parser_new(&l->parser, role, caps, new_payload, release_payload, l);
        if (r < 0)
                return r;
        r = writer_new(&l->writer, role, caps, LINK_PACKETS + answers, release_payload, l);
        if (r < 0)
                return r;

        l->writable = true;
        l->io = event_new(base, fd, EV_READ | EV_CLOSED | EV_ET | EV_PERSIST, link_on_io, l);
        l->room = event_new(base, fd, EV_WRITE | EV_ET | EV_PERSIST, link_on_io, l);
        l->flush = event_new(base, -1, 0, link_on_flush, l);
        l->again = event_new(base, -1, 0, link_on_again, l);
        l->probe_timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        l->probe = event_new(base, l->probe_timer, EV_READ | EV_PERSIST, link_on_probe, l);
        if (!l->io || !l->room || !l->flush || !l->again || !l->probe)
                return -ENOMEM;
        if (l->probe_timer < 0 || event_add(l->probe, NULL) < 0 || event_add(l->io, NULL) < 0)
                return -EIO;

        l->fd = fd;
        send_hello(l, version, caps);
        *ret = TAKE(l);
        return 0;
}

struct link *link_free(struct link *l)
{
        if (!l)
                return NULL;

        if (!l->is_over)
                l->transport->type->finish(l->transport);
        l->transport->type->free(l->transport);
        if (l->io)
                event_free(l->io);
        if (l->room)
                event_free(l->room);
        if (l->flush)
                event_free(l->flush);
        if (l->again)
                event_free(l->again);
        if (l->probe)
                event_free(l->probe);
        peer_watch_free(l->watch);
        parser_free(l->parser);
        writer_free(l->writer);
        close_fd(l->probe_timer);
        close_fd(l->fd);
        free(l);
        return NULL;
}

void link_encrypt(struct link *l, struct transport *transport)
{
        l->transport = transport;
        l->is_prepared = false;
        /* It may want to write when it is asked to read. */
        link_watch_room(l);
}

static void on_peer_dead(void *userdata)
{
        link_end_with(userdata, LINK_END_ERROR, ETIMEDOUT);
}

int link_watch_peer(struct link *l, struct event_base *base, unsigned timeout_sec)
{
        return timeout_sec > 0
                       ? peer_watch_new(&l->watch, base, l->fd, timeout_sec, on_peer_dead, l)
                       : 0;
}

const char *link_text(const struct link *l)
{
        return l->transport->text;
}

void link_set_trace(struct link *l, bool trace)
{
        l->trace = trace;
}

void link_shut(struct link *l)
{
        if (l->is_over)
                return;

        l->is_over = true;
        event_del(l->io);
        event_del(l->room);
        event_del(l->flush);
        event_del(l->again);
        event_del(l->probe);
        peer_watch_stop(l->watch);
        l->transport->type->finish(l->transport);
        shutdown(l->fd, SHUT_RDWR);
}

void link_end_with(struct link *l, enum link_end why, int detail)
{
        if (l->is_over)
                return;

        link_shut(l);
        l->events.on_end(l->userdata, why, detail);
}

static void trace(const struct link *l, const char *direction, const struct packet *packet,
                  size_t payload_size)
{
        char text[768];

        packet_print(text, sizeof(text), packet, parser_both(l->parser));
        if (payload_size > 0)
                log_write(LOG_LEVEL_INFO, "%s %s + %zu bytes", direction, text, payload_size);
        else
                log_write(LOG_LEVEL_INFO, "%s %s", direction, text);
}

void link_send(struct link *l, const struct packet *packet, const uint8_t *payload, size_t size,
               void *owner)
{
        enum packet_fault fault = PACKET_FAULT_NONE;
        int r;

        if (l->is_over) {
                if (owner)
                        release_payload(l, owner);
                return;
        }

        if (l->trace)
                trace(l, ">", packet, size);

        r = writer_put(l->writer, packet, payload, size, owner, &fault);
        if (r < 0) {
                log_error("%s is not sent: %s", packet_type_string(packet->type),
                          r == -EPROTO ? packet_fault_string(fault) : strerror(-r));
                link_end_with(l, LINK_END_BUG, r == -EPROTO ? (int)fault : -r);
                return;
        }

        l->counters.packets_sent++;
        link_flush_later(l);
}

/* Behind all other events of this turn; not again while that runs. */
void link_flush_later(struct link *l)
{
        if (!l->is_flushing)
                event_active(l->flush, 0, 0);
}

/* Reads on in the next turn of the loop: an event that is activated runs in this one. */
void link_come_back(struct link *l)
{
        struct timeval now = { 0 };

        event_add(l->again, &now);
}

static bool is_full(const struct link *l, enum writer_kind kind)
{
        return writer_bytes_of(l->writer, kind) >= LINK_HIGH_BYTES ||
               writer_packets_of(l->writer, kind) >= LINK_HIGH_PACKETS;
}

static bool is_low(const struct link *l, enum writer_kind kind)
{
        return writer_bytes_of(l->writer, kind) <= LINK_LOW_BYTES &&
               writer_packets_of(l->writer, kind) <= LINK_LOW_PACKETS;
}

bool link_is_full(const struct link *l)
{
        return is_full(l, WRITER_ANSWER);
}

bool link_holds_streams(struct link *l)
{
        if (is_full(l, WRITER_STREAM))
                l->holds_streams = true;

        return l->holds_streams;
}

bool link_releases_streams(struct link *l)
{
        if (!l->holds_streams || !is_low(l, WRITER_STREAM))
                return false;

        l->holds_streams = false;
        return true;
}

bool link_takes_iso(const struct link *l, size_t packets)
{
        return writer_packets_of(l->writer, WRITER_ISO) + packets <= LINK_ISO_PACKETS;
}

size_t link_iso_bytes(const struct link *l, uint8_t endpoint)
{
        return writer_iso_bytes(l->writer, endpoint);
}

bool link_may_take(struct link *l)
{
        if (l->role == ROLE_GUEST)
                l->throttled = false;
        else if (l->throttled)
                l->throttled = !is_low(l, WRITER_ANSWER);
        else
                l->throttled = is_full(l, WRITER_ANSWER);

        return !l->is_over && !l->held && !l->throttled && l->taken < PACKETS_PER_TURN;
}

static void take_one(struct link *l, struct parsed *parsed)
{
        if (l->trace)
                trace(l, "<", parsed->packet, parsed->payload_size);
        if (parsed->packet->type == PACKET_hello) {
                const char *version = parsed->packet->hello.version;

                memcpy(l->peer_version, version, sizeof(l->peer_version) - 1);
                writer_set_peer_caps(l->writer, parser_peer_caps(l->parser));
                l->transport->type->on_hello(l->transport, l->peer_version);
        }
        l->counters.packets_received++;

        l->events.on_packet(l->userdata, parsed);

        if (parsed->owner)
                release_payload(l, parsed->owner);
        if (l->events.on_flush)
                link_flush_later(l);
        if (++l->taken == PACKETS_PER_TURN)
                link_come_back(l);
}

/* Hands packets up. Returns whether the parser wants more bytes, and the owner more packets. */
bool link_take(struct link *l)
{
        while (link_may_take(l)) {
                enum packet_fault fault;
                struct parsed parsed;

                switch (parser_next(l->parser, &parsed, &fault)) {
                case PARSER_MORE: return true;
                case PARSER_PACKET: take_one(l, &parsed); break;
                case PARSER_FAULT: link_end_with(l, LINK_END_FAULT, (int)fault); break;
                }
        }

        return false;
}

void link_hold(struct link *l, bool hold)
{
        if (l->held && !hold && !l->is_over)
                link_come_back(l);
        l->held = hold;
}

size_t link_queued(const struct link *l)
{
        return l->is_over || !l->is_prepared ? 0 : writer_bytes(l->writer);
}

const struct link_counters *link_counters(const struct link *l)
{
        return &l->counters;
}

const char *link_peer_version(const struct link *l)
{
        return l->peer_version;
}

uint32_t link_peer_caps(const struct link *l)
{
        return parser_peer_caps(l->parser);
}
