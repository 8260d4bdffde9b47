#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bytes of a peer, in pieces of any size, become packets. No I/O: the caller asks where the next
 * bytes belong, puts them there, says how many, and takes packets until there are no more:
 *
 *      n = parser_targets(p, iov);
 *      size = readv(fd, iov, n);
 *      parser_filled(p, size);
 *      while ((r = parser_next(p, &parsed)) == PARSER_PACKET)
 *              ...
 *
 * Small payloads are handed out in place. A payload of PARSER_DIRECT_MIN bytes or more that is not
 * whole yet is read straight into memory of the caller's (parser_payload_new).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "protocol/packet.h"

struct parser;

/* Payloads from this size on are read into the caller's memory; smaller ones are copied cheaper. */
#define PARSER_DIRECT_MIN (32u * 1024)

/* The buffer: one read of many small packets. At least PARSER_DIRECT_MIN + PACKET_PREFIX_MAX. */
#define PARSER_BUFFER_SIZE (128u * 1024)

/* The most iovecs that parser_targets() fills. */
#define PARSER_TARGETS 2

enum parser_result {
        PARSER_MORE,   /* feed more bytes */
        PARSER_PACKET, /* *ret is a verified packet */
        PARSER_FAULT,  /* *ret_fault says what is wrong; the packet will be skipped */
};

/*
 * Memory for the payload of a packet whose header and fields have been verified. Returns an
 * owner of the caller's choosing and sets *ret_data to room for size bytes; or returns NULL: then
 * the payload is skipped and the packet comes with parsed.lost set.
 */
typedef void *(*parser_payload_new)(void *userdata, const struct packet *packet, size_t size,
                                    uint8_t **ret_data);

/* Takes the owner back when its payload will never be whole, or proved to be bad. */
typedef void (*parser_payload_free)(void *userdata, void *owner);

struct parsed {
        const struct packet *packet; /* valid until the next call */
        const uint8_t *payload;      /* valid until the next call, or the owner's; NULL if lost */
        size_t payload_size;         /* as on the wire; of a hello, the word we know */
        void *owner;                 /* now the caller's; NULL for a payload in place */
        bool lost;                   /* there was no memory for the payload */
};

/*
 * A parser for the role that we have, who announced caps. Without payload_new every payload is
 * lost that does not fit the buffer. Returns 0 or -ENOMEM.
 */
int parser_new(struct parser **ret, enum role role, uint32_t caps, parser_payload_new payload_new,
               parser_payload_free payload_free, void *userdata);
struct parser *parser_free(struct parser *p);

/*
 * Where the next bytes belong, in order. Returns the number of iovecs; 0 means that packets must
 * be taken first. Pointers of the last parsed packet are invalid afterwards.
 */
unsigned parser_targets(struct parser *p, struct iovec iov[static PARSER_TARGETS]);

/* So many bytes were put there. */
void parser_filled(struct parser *p, size_t size);

/* The next packet. After PARSER_FAULT the caller may go on with the packet behind the bad one. */
enum parser_result parser_next(struct parser *p, struct parsed *ret, enum packet_fault *ret_fault);

/* Has the peer's hello been seen? Its capabilities, as announced but consistent; 0 before. */
bool parser_has_peer(const struct parser *p);
uint32_t parser_peer_caps(const struct parser *p);

/* What both sides have: 0 until the peer's hello. */
uint32_t parser_both(const struct parser *p);

/* Is there no half packet? Then an end of file here cuts nothing off. */
bool parser_is_between_packets(const struct parser *p);
