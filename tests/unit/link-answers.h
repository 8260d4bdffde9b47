#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers with data, which a link sends and its guest reads. Include after cmocka.h.
 */
#include "unit/link-bed.h"

static uint8_t answer_data[1024 * 1024];

/* A bulk IN of so many bytes, which stay where they are. */
static inline void answer(struct link_bed *bed, uint64_t id, uint32_t length)
{
        struct packet packet = bulk(0x81, id, length);

        link_send(bed->link, &packet, answer_data, length, NULL);
}

static inline void assert_answer(struct link_bed *bed, uint64_t id, uint32_t length)
{
        uint8_t want[PACKET_PREFIX_MAX], got[PACKET_PREFIX_MAX];
        struct packet packet = bulk(0x81, id, length);
        static uint8_t payload[sizeof(answer_data)];
        size_t n = packet_put(want, &packet, length, BED_CAPS);

        guest_read(bed, got, n);
        assert_memory_equal(got, want, n);
        guest_read(bed, payload, length);
        assert_memory_equal(payload, answer_data, length);
}
