/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Edge-triggered events watch the socket. What an edge said is kept in two flags, readable and
 * writable, until the transport says that only the next edge brings more; after the edge of the
 * peer's close only the end of file counts. Nothing is read or written before the transport is
 * prepared.
 *
 * Room to write is watched from when the socket was full to when it has not been for a while: a
 * unix socket has an edge for all that its peer reads, and each of them would wake us. While a peer
 * is slow it stays watched, for adding and removing an event for each write costs more.
 *
 * Writing happens in the flush event. link_send() activates it, so it runs behind all other events
 * that are ready in this turn of the loop, and their answers go out in one system call. Reading
 * never happens there: it brings answers, which would activate the event again in the same turn,
 * and no other descriptor would have its own.
 */
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "session/link-private.h"

/* In one turn, before other descriptors have theirs. */
#define READS_PER_TURN 4
#define IOVECS         512

/*
 * A peer that goes without having read everything makes an edge of which libevent does not tell
 * that it is the last one: its bytes are read, and its end behind them is not. So there is one more
 * look when nothing has come for a while. The kernel's timer, not the loop's: that one is set and
 * taken back each time the loop waits.
 */
#define PROBE_MS 200

/* Writes in a row that found room, after which a socket is not watched for it any more. */
#define WRITES_UNWATCHED 64

static void probe_later(struct link *l)
{
        const struct itimerspec delay = { .it_value.tv_nsec = PROBE_MS * 1000000 };

        if (l->is_probing)
                return;

        l->is_probing = true;
        timerfd_settime(l->probe_timer, 0, &delay, NULL);
}

void link_watch_room(struct link *l)
{
        l->writes = 0;
        if (l->is_room_watched)
                return;

        l->is_room_watched = true;
        event_add(l->room, NULL);
}

/* A write has found room. */
static void unwatch_room(struct link *l)
{
        if (!l->is_room_watched || ++l->writes < WRITES_UNWATCHED ||
            l->transport->type->mixes_directions)
                return;

        l->is_room_watched = false;
        event_del(l->room);
}

/* What a transport's result of 0 or less means for reading or writing. */
static void fail(struct link *l, ssize_t result, bool *flag)
{
        if (result == -EAGAIN)
                *flag = false;
        else if (result == -EPROTO)
                link_end_with(l, LINK_END_TLS, 0);
        else if (result != -EINTR)
                link_end_with(l, LINK_END_ERROR, (int)-result);
}

static void read_some(struct link *l)
{
        l->taken = 0;
        for (unsigned i = 0; link_take(l) && l->readable; i++) {
                struct iovec iov[PARSER_TARGETS];
                bool is_drained = true;
                unsigned n;
                ssize_t size;

                if (i == READS_PER_TURN) {
                        link_come_back(l);
                        break;
                }

                n = parser_targets(l->parser, iov);
                size = l->transport->type->read(l->transport, iov, n, &is_drained);
                if (size == 0) {
                        link_end_with(l,
                                      parser_is_between_packets(l->parser) ? LINK_END_CLOSED
                                                                           : LINK_END_CUT,
                                      0);
                } else if (size < 0) {
                        fail(l, size, &l->readable);
                } else {
                        parser_filled(l->parser, (size_t)size);
                        l->counters.bytes_received += (size_t)size;
                        l->readable = l->closing || !is_drained;
                        probe_later(l);
                }
        }
        if (l->is_broken)
                link_end_with(l, LINK_END_ERROR, EPIPE);
}

/* The peer has closed: what it sent before, and its end, tell more than our error. */
static void hear_last_words(struct link *l)
{
        l->is_broken = true;
        l->writable = false;
        l->readable = true;
        link_come_back(l);
}

static void write_some(struct link *l)
{
        while (l->writable && !l->is_over) {
                struct iovec iov[IOVECS];
                bool is_full = true;
                unsigned n;
                ssize_t size;

                n = writer_iovecs(l->writer, iov, IOVECS);
                if (n == 0)
                        return;

                size = l->transport->type->write(l->transport, iov, n, &is_full);
                if (size == -EPIPE) {
                        hear_last_words(l);
                } else if (size < 0) {
                        fail(l, size, &l->writable);
                } else {
                        l->writable = !is_full;
                        l->counters.bytes_sent += (size_t)size;
                        writer_wrote(l->writer, (size_t)size);
                        peer_watch_sent(l->watch);
                }
                if (l->writable)
                        unwatch_room(l);
                else
                        link_watch_room(l);
        }
}

static void prepare(struct link *l)
{
        int r = l->transport->type->prepare(l->transport);

        if (r == -EAGAIN)
                return;
        if (r < 0) {
                link_end_with(l, LINK_END_TLS, 0);
                return;
        }

        l->is_prepared = true;
        if (l->events.on_encrypted)
                l->events.on_encrypted(l->userdata);
}

void link_on_io(evutil_socket_t fd, short what, void *userdata)
{
        struct link *l = userdata;
        bool is_any = l->transport->type->mixes_directions;

        if (what & (EV_READ | EV_CLOSED) || is_any)
                l->readable = true;
        if (what & EV_CLOSED)
                l->closing = true;
        if (!l->is_prepared)
                prepare(l);
        if (!l->is_prepared)
                return;
        if (what & EV_WRITE || is_any) {
                l->writable = true;
                link_flush_later(l);
        }

        read_some(l);
}

void link_on_flush(evutil_socket_t fd, short what, void *userdata)
{
        struct link *l = userdata;

        if (!l->is_prepared)
                return;
        if (l->events.on_flush) {
                l->is_flushing = true;
                l->events.on_flush(l->userdata);
                l->is_flushing = false;
        }
        write_some(l);
        if (l->throttled && link_may_take(l))
                link_come_back(l);
        if (l->events.on_flushed && !l->is_over &&
            (link_releases_streams(l) || writer_bytes(l->writer) == 0))
                l->events.on_flushed(l->userdata);
}

void link_on_again(evutil_socket_t fd, short what, void *userdata)
{
        struct link *l = userdata;

        if (l->is_prepared)
                read_some(l);
}

void link_on_probe(evutil_socket_t fd, short what, void *userdata)
{
        struct link *l = userdata;
        uint64_t times;

        if (read(fd, &times, sizeof(times)) < 0)
                return;

        l->is_probing = false;
        if (l->counters.bytes_received != l->probed) {
                l->probed = l->counters.bytes_received;
                probe_later(l);
                return;
        }

        l->readable = true;
        if (l->is_prepared)
                read_some(l);
}
