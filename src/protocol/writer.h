#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets become bytes, gathered: encoded packets and small payloads stand in one buffer, large
 * payloads stay where they are and go out by reference. No I/O: the caller takes iovecs, writes
 * them, says how many bytes went.
 *
 * The writer's room is fixed when it is made; it allocates nothing afterwards.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "protocol/packet.h"

struct writer;

/* Payloads up to this size are copied: cheaper than an iovec. */
#define WRITER_COPY_MAX 512u

/* Gives a payload's owner back: its bytes have been written, copied, or will never be. */
typedef void (*writer_release)(void *userdata, void *owner);

/*
 * A writer for the role that we have, who announced caps, with room for so many packets that are
 * not written yet. Returns 0 or -ENOMEM.
 */
int writer_new(struct writer **ret, enum role role, uint32_t caps, size_t packets,
               writer_release release, void *userdata);
struct writer *writer_free(struct writer *w);

/* The peer's hello was read: its capabilities rule what may be sent, and how. */
void writer_set_peer_caps(struct writer *w, uint32_t peer_caps);

/*
 * Queues a packet with its payload. A payload over WRITER_COPY_MAX bytes must stay where it is
 * until its owner, if it has one, goes back through release. The owner is the writer's from here
 * on, also on error. The first packet must be hello, and only hello goes before the peer's
 * capabilities are known. Returns 0; -EPROTO and *ret_fault if the packet may not be sent
 * so; -ENOTCONN before the peer's hello; -ENOBUFS when there is no room.
 */
int writer_put(struct writer *w, const struct packet *packet, const uint8_t *payload, size_t size,
               void *owner, enum packet_fault *ret_fault);

/* What comes next, in up to max iovecs. Returns their number; 0 when all is written. */
unsigned writer_iovecs(const struct writer *w, struct iovec *iov, unsigned max);

/* So many bytes were written. */
void writer_wrote(struct writer *w, size_t size);

/* What is queued and not written. */
size_t writer_bytes(const struct writer *w);
size_t writer_packets(const struct writer *w);

/*
 * Three kinds of packets that are bounded by different means: answers, and all else that follows
 * from what the peer does, by not reading from it; data that flows by itself, by holding its
 * source; and isochronous data, which may be dropped instead of being put.
 */
enum writer_kind { WRITER_ANSWER, WRITER_STREAM, WRITER_ISO, WRITER_KINDS };

/* What is queued of a kind. */
size_t writer_bytes_of(const struct writer *w, enum writer_kind kind);
size_t writer_packets_of(const struct writer *w, enum writer_kind kind);

/* Of the isochronous packets, those of one endpoint. */
size_t writer_iso_bytes(const struct writer *w, uint8_t endpoint);

/* How many packets there is room for. */
size_t writer_room(const struct writer *w);
