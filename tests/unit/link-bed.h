#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A link, and the test as its guest at the other end of a socket pair. Include after cmocka.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session/link.h"
#include "unit/run-until.h"
#include "util/macro.h"

/* Both sides announce this. */
#define BED_CAPS CAP_ALL

/* Packets that may be due beside those of the marks. */
#define BED_ANSWERS 16

#define HELLO_SIZE 80

/* What a payload was read into, or is sent from. */
struct owner {
        int given, taken_back;
        uint8_t data[128 * 1024];
};

struct link_bed {
        struct event_base *base;
        struct link *link;
        int guest; /* -1: closed */
        int own;   /* the link's */

        /* What came up. */
        size_t n_packets;
        struct packet last;
        size_t last_payload_size;
        uint8_t last_payload[128 * 1024];
        bool last_lost;
        void *last_owner;
        int ends, flushes, encryptions;
        enum link_end end;
        int detail;

        /* What is done about it, besides. */
        void (*on_packet)(struct link_bed *bed, struct parsed *parsed);
        void (*on_flush)(struct link_bed *bed);
        bool no_memory;
        struct owner owner; /* the one there is memory for */
};

static inline void on_bed_packet(void *userdata, struct parsed *parsed)
{
        struct link_bed *bed = userdata;

        assert_int_equal(bed->ends, 0);
        bed->n_packets++;
        bed->last = *parsed->packet;
        bed->last_payload_size = parsed->payload_size;
        bed->last_lost = parsed->lost;
        bed->last_owner = parsed->owner;
        assert_true(parsed->payload_size <= sizeof(bed->last_payload));
        if (parsed->payload && parsed->payload_size > 0)
                memcpy(bed->last_payload, parsed->payload, parsed->payload_size);
        if (bed->on_packet)
                bed->on_packet(bed, parsed);
}

static inline void on_bed_end(void *userdata, enum link_end end, int detail)
{
        struct link_bed *bed = userdata;

        bed->ends++;
        bed->end = end;
        bed->detail = detail;
}

static inline void on_bed_flush(void *userdata)
{
        struct link_bed *bed = userdata;

        if (bed->on_flush)
                bed->on_flush(bed);
}

static inline void on_bed_flushed(void *userdata)
{
        ((struct link_bed *)userdata)->flushes++;
}

static inline void on_bed_encrypted(void *userdata)
{
        ((struct link_bed *)userdata)->encryptions++;
}

static inline void *on_bed_payload_new(void *userdata, const struct packet *packet, size_t size,
                                       uint8_t **ret_data)
{
        struct link_bed *bed = userdata;

        if (bed->no_memory)
                return NULL;

        assert_true(size <= sizeof(bed->owner.data));
        bed->owner.given++;
        *ret_data = bed->owner.data;
        return &bed->owner;
}

static inline void on_bed_payload_free(void *userdata, void *owner)
{
        ((struct owner *)owner)->taken_back++;
}

static inline void make_pair(int type, int fds[2])
{
        struct sockaddr_in at = { .sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof(at);
        int listener;

        if (type == AF_UNIX) {
                assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        } else {
                listener = socket(AF_INET, SOCK_STREAM, 0);
                assert_int_equal(bind(listener, (struct sockaddr *)&at, size), 0);
                assert_int_equal(listen(listener, 1), 0);
                assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
                fds[1] = socket(AF_INET, SOCK_STREAM, 0);
                assert_int_equal(connect(fds[1], (struct sockaddr *)&at, size), 0);
                fds[0] = accept(listener, NULL, NULL);
                close(listener);
        }
        for (int i = 0; i < 2; i++)
                assert_int_equal(fcntl(fds[i], F_SETFL, O_NONBLOCK), 0);
}

static inline struct link_bed *link_bed_new(int type)
{
        static const struct link_events events = {
                .on_packet = on_bed_packet,
                .on_end = on_bed_end,
                .payload_new = on_bed_payload_new,
                .payload_free = on_bed_payload_free,
                .on_flush = on_bed_flush,
                .on_flushed = on_bed_flushed,
                .on_encrypted = on_bed_encrypted,
        };
        struct link_bed *bed = calloc(1, sizeof(*bed));
        int fds[2];

        assert_non_null(bed);
        bed->base = event_base_new();
        make_pair(type, fds);
        bed->guest = fds[1];
        bed->own = fds[0];
        assert_int_equal(link_new(&bed->link, bed->base, fds[0], ROLE_HOST, "unit", BED_CAPS,
                                  BED_ANSWERS, &events, bed),
                         0);
        return bed;
}

static inline void guest_close(struct link_bed *bed)
{
        close(bed->guest);
        bed->guest = -1;
}

static inline void link_bed_free(struct link_bed *bed)
{
        link_free(bed->link);
        if (bed->guest >= 0)
                guest_close(bed);
        event_base_free(bed->base);
        free(bed);
}

/* All bytes, while the link reads. */
static inline void guest_write(struct link_bed *bed, const void *bytes, size_t size)
{
        const uint8_t *from = bytes;

        while (size > 0) {
                ssize_t n = -1;

                RUN_UNTIL(bed->base, (n = send(bed->guest, from, size, MSG_NOSIGNAL)) > 0);
                from += n;
                size -= (size_t)n;
        }
}

/* Bytes of a packet with its payload; their number. */
static inline size_t encode(uint8_t *bytes, const struct packet *packet, const void *payload,
                            size_t size)
{
        size_t n = packet_put(bytes, packet, size, BED_CAPS);

        if (size > 0)
                memcpy(bytes + n, payload, size);
        return n + size;
}

static inline void guest_send(struct link_bed *bed, const struct packet *packet,
                              const void *payload, size_t size)
{
        uint8_t *bytes = malloc(PACKET_PREFIX_MAX + size);

        assert_non_null(bytes);
        guest_write(bed, bytes, encode(bytes, packet, payload, size));
        free(bytes);
}

static inline struct packet request(enum packet_type type, uint64_t id)
{
        return (struct packet){ .type = type, .id = id };
}

static inline void guest_request(struct link_bed *bed, enum packet_type type, uint64_t id)
{
        struct packet packet = request(type, id);

        guest_send(bed, &packet, NULL, 0);
}

static inline struct packet bulk(uint8_t endpoint, uint64_t id, uint32_t length)
{
        struct packet packet = { .type = PACKET_bulk_packet,
                                 .id = id,
                                 .bulk_packet.endpoint = endpoint };

        packet_set_transfer_length(&packet, length);
        return packet;
}

static inline void guest_hello(struct link_bed *bed)
{
        static const uint8_t hello[HELLO_SIZE] = { 0, 0, 0, 0, 68, 0,   0,
                                                   0, 0, 0, 0, 0,  'g', [76] = BED_CAPS };

        guest_write(bed, hello, sizeof(hello));
}

/* Reads exactly so many bytes of the link's, or fails the test. */
static inline void guest_read(struct link_bed *bed, void *ret, size_t size)
{
        size_t got = 0;

        while (got < size) {
                ssize_t n = recv(bed->guest, (uint8_t *)ret + got, size - got, 0);

                if (n > 0)
                        got += (size_t)n;
                else
                        RUN_UNTIL(bed->base,
                                  recv(bed->guest, (uint8_t *)ret + got, 1, MSG_PEEK) > 0);
        }
}

/* Is there nothing to read? */
static inline bool guest_is_quiet(struct link_bed *bed)
{
        uint8_t byte;

        run_ready(bed->base);
        return recv(bed->guest, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

/* Both hellos are through. */
static inline struct link_bed *link_bed_new_up(int type)
{
        struct link_bed *bed = link_bed_new(type);
        uint8_t hello[HELLO_SIZE];

        guest_hello(bed);
        guest_read(bed, hello, sizeof(hello));
        RUN_UNTIL(bed->base, bed->n_packets == 1);
        bed->n_packets = 0;
        return bed;
}
