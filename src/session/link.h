#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to the other side: a connected stream socket, the parser and the writer on it.
 * Reads into the parser's targets, hands packets up, gathers what is sent into one write per turn
 * of the event loop. A host's stops reading while the guest does not read; a guest's never does, or
 * each could wait for the other.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/parser.h"
#include "protocol/writer.h"

struct link;
struct transport;

/* Why a link is over; the detail is an errno, a packet_fault, or 0. */
enum link_end {
        LINK_END_CLOSED, /* end of file between two packets */
        LINK_END_CUT,    /* end of file inside a packet */
        LINK_END_ERROR,  /* errno of the socket */
        LINK_END_FAULT,  /* packet_fault: the guest broke the protocol */
        LINK_END_BUG,    /* packet_fault or errno: we were about to send what may not be sent */
        LINK_END_TLS,    /* no encryption, or not any more: link_text() says why */
};

struct link_events {
        /* A packet. Who wants its payload's owner takes it and leaves NULL; else it is released. */
        void (*on_packet)(void *userdata, struct parsed *parsed);
        /* Nothing comes or goes any more. Called once; the link may be freed later, not here. */
        void (*on_end)(void *userdata, enum link_end end, int detail);
        /* Memory for large payloads, see parser.h, and its way back. */
        parser_payload_new payload_new;
        void (*payload_free)(void *userdata, void *owner);
        /*
         * What is queued will be written now, behind the packets and all else of this turn of the
         * loop: a last chance to add to it. NULL as below.
         */
        void (*on_flush)(void *userdata);
        /* All that was queued is the kernel's, or streams may go on. NULL if nobody waits. */
        void (*on_flushed)(void *userdata);
        /* Of an encrypted link: link_text() says how, and our hello goes. NULL as above. */
        void (*on_encrypted)(void *userdata);
};

/*
 * Reading stops when so much is queued for a guest that does not read, and goes on at the lower
 * marks. 4 MiB are four answers of QEMU's largest size; the small ones are bounded such that as
 * many transfers again can be in flight. Data of streams has the same marks, but counts apart: a
 * device that floods must not keep the guest's requests from being read.
 */
#define LINK_HIGH_BYTES   (4u * 1024 * 1024)
#define LINK_LOW_BYTES    (1u * 1024 * 1024)
#define LINK_HIGH_PACKETS 512u
#define LINK_LOW_PACKETS  128u

/* Isochronous packets have their own: a quarter of a second of high-speed microframes. */
#define LINK_ISO_PACKETS 2048u

/* What may be queued by these, beside the answers that are due whatever the marks say. */
#define LINK_PACKETS (2 * LINK_HIGH_PACKETS + LINK_ISO_PACKETS)

/*
 * A link of that role on a connected, non-blocking socket, which is the link's from here on;
 * sends hello with that version and those capabilities. Answers is the number of packets that may
 * become due whatever the marks say. Returns 0, -ENOMEM or -EIO; on error the socket is the
 * caller's.
 */
int link_new(struct link **ret, struct event_base *base, int fd, enum role role,
             const char *version, uint32_t caps, size_t answers, const struct link_events *events,
             void *userdata);
struct link *link_free(struct link *l);

/*
 * Right after link_new(): all bytes go through that transport, which was made for the link's
 * socket, once it is prepared. It is the link's from here on.
 */
void link_encrypt(struct link *l, struct transport *transport);

/*
 * Right after link_new(): ends the link with ETIMEDOUT when the other end owes an answer of TCP's
 * for so long. 0: never. Returns 0 or -ENOMEM.
 */
int link_watch_peer(struct link *l, struct event_base *base, unsigned timeout_sec);

/* How the link is encrypted, or why it has ended with LINK_END_TLS. */
const char *link_text(const struct link *l);

/* Logs every packet in both directions. */
void link_set_trace(struct link *l, bool trace);

/* Queues a packet; the owner is the link's from here on. Errors end the link. */
void link_send(struct link *l, const struct packet *packet, const uint8_t *payload, size_t size,
               void *owner);

/* Takes no packets while held. Letting go makes the event loop take those that came. */
void link_hold(struct link *l, bool hold);

/* Ends it without a word: on_end is not called. What is queued is lost. */
void link_shut(struct link *l);

/* Of a guest: is so much queued that the host does not read? Then requests should wait. */
bool link_is_full(const struct link *l);

/* Is so much data of streams queued that there should be no more, until on_flushed? */
bool link_holds_streams(struct link *l);

/* May so many more isochronous packets be sent? And which of their bytes are queued, by endpoint.
 */
bool link_takes_iso(const struct link *l, size_t packets);
size_t link_iso_bytes(const struct link *l, uint8_t endpoint);

/* Bytes queued and not taken by the kernel; 0 where they cannot go: before encryption, once over.
 */
size_t link_queued(const struct link *l);

/* What has come and gone since the beginning; packets are counted when they are handed over. */
struct link_counters {
        uint64_t bytes_received, bytes_sent, packets_received, packets_sent;
};

const struct link_counters *link_counters(const struct link *l);

/* Capabilities of the other side; 0 before its hello. */
uint32_t link_peer_caps(const struct link *l);

/* What its hello says it is, terminated; "" before. */
const char *link_peer_version(const struct link *l);
