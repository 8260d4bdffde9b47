#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What link.c, which has the packets, and link-io.c, which has the socket, share.
 */
#include "session/link.h"
#include "session/peer-watch.h"
#include "session/transport.h"

struct link {
        int fd, probe_timer;
        enum role role;
        struct event *io, *room, *flush, *again, *probe;
        struct parser *parser;
        struct writer *writer;
        struct link_events events;
        void *userdata;
        struct transport *transport, plain;
        struct peer_watch *watch;

        char peer_version[sizeof(((struct packet_hello *)0)->version) + 1];
        struct link_counters counters;
        unsigned taken;   /* packets, in this turn */
        bool is_prepared; /* the transport */
        bool readable, writable, closing;
        bool is_room_watched;
        unsigned writes; /* since the socket was full */
        bool is_flushing;
        bool is_broken; /* the peer takes no more */
        bool is_probing;
        uint64_t probed; /* bytes received by the last probe */
        bool held;       /* by the owner */
        bool throttled;  /* too much is queued */
        bool holds_streams;
        bool is_over;
        bool trace;
};

/* What happens to the socket; what is queued; and more reading, in the next turn of the loop. */
void link_on_io(evutil_socket_t fd, short what, void *userdata);
void link_on_flush(evutil_socket_t fd, short what, void *userdata);
void link_on_again(evutil_socket_t fd, short what, void *userdata);
void link_on_probe(evutil_socket_t fd, short what, void *userdata);

/* Tells when a full socket has room again. */
void link_watch_room(struct link *l);

/* Writes what is queued, behind all other events of this turn of the loop. */
void link_flush_later(struct link *l);

/* Reads on in the next turn of the loop: an event that is activated runs in this one. */
void link_come_back(struct link *l);

/* Hands packets up. Returns whether the parser wants more bytes, and the owner more packets. */
bool link_take(struct link *l);

/* May streams go on that were held? Tells so once. */
bool link_releases_streams(struct link *l);

/* Does the owner want more packets, and may there be more answers? */
bool link_may_take(struct link *l);

/* Ends the link and tells the owner, once. */
void link_end_with(struct link *l, enum link_end why, int detail);
