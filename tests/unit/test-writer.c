/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets to bytes: owners, gathering, room (what may be put is in test-writer-rules.c). Every
 * allocation of the writer is counted, and can be made to fail.
 */
#include "unit/test.h"

#include <errno.h>

#include "protocol/writer.h"
#include "unit/helpers.h"

#define SEED 0x77726974

/* The linker sends the writer's allocations through these. */
static unsigned allocations, fail_at;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
        return ++allocations == fail_at ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
        return ++allocations == fail_at ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
        return ++allocations == fail_at ? NULL : __real_realloc(p, size);
}

/* A payload with an owner: counts how often it came back, and is spoilt when it does. */
struct owned {
        unsigned released;
        size_t size;
        uint8_t data[3000];
};

static void release(void *userdata, void *owner)
{
        struct owned *o = owner;

        assert_ptr_equal(userdata, &allocations);
        o->released++;
        memset(o->data, 0xdd, sizeof(o->data));
}

static struct writer *writer_for(enum role role, uint32_t caps, size_t packets)
{
        struct writer *w;

        assert_int_equal(writer_new(&w, role, caps, packets, release, &allocations), 0);
        return w;
}

/* A host's writer that may send anything. */
static struct writer *greeted(size_t packets)
{
        struct writer *w = writer_for(ROLE_HOST, CAP_ALL, packets);

        greet(w, CAP_ALL);
        return w;
}

/* Puts an answer of a bulk IN endpoint with that many bytes of o; the same for the stream. */
static int put_bulk(struct writer *w, uint64_t id, struct owned *o, size_t size, struct stream *s)
{
        struct packet bulk = { PACKET_bulk_packet, id, .bulk_packet = { .endpoint = 0x81 } };
        enum packet_fault fault;

        packet_set_transfer_length(&bulk, (uint32_t)size);
        if (s)
                stream_append_packet(s, &bulk, o ? o->data : NULL, size, CAP_ALL);
        return writer_put(w, &bulk, o ? o->data : NULL, size, o, &fault);
}

static void assert_written(const struct stream *got, const struct stream *want)
{
        assert_int_equal(got->size, want->size);
        assert_memory_equal(got->data, want->data, want->size);
}

static void owners_come_back_once_on_every_way(void **state)
{
        struct owned o[5] = { 0 };
        struct writer *w = greeted(3);
        struct stream s = { 0 };

        /* Copied: at once, even when there is nothing to copy. */
        assert_int_equal(put_bulk(w, 0, &o[0], WRITER_COPY_MAX, NULL), 0);
        assert_int_equal(o[0].released, 1);
        assert_int_equal(put_bulk(w, 1, &o[1], 0, NULL), 0);
        assert_int_equal(o[1].released, 1);

        /* By reference: with the last byte of it, no earlier. */
        assert_int_equal(put_bulk(w, 2, &o[2], WRITER_COPY_MAX + 1, NULL), 0);
        assert_int_equal(put_bulk(w, 3, &o[3], 1000, NULL), -ENOBUFS);
        assert_int_equal(o[3].released, 1);
        drain(w, writer_bytes(w) - 1, &s);
        assert_int_equal(o[2].released, 0);
        assert_int_equal(drain(w, 1, &s), 1);
        assert_int_equal(o[2].released, 1);
        assert_int_equal(writer_bytes(w), 0);

        /* Never written: with the writer. */
        assert_int_equal(put_bulk(w, 4, &o[4], 1000, NULL), 0);
        drain(w, 500, &s);
        assert_int_equal(o[4].released, 0);
        assert_null(writer_free(w));
        for (size_t i = 0; i < ELEMENTS(o); i++)
                assert_int_equal(o[i].released, 1);
        assert_null(writer_free(NULL));
        stream_clear(&s);
}

static void payloads_without_owner_are_nobodys(void **state)
{
        struct writer *w = greeted(1);
        struct packet bulk = { PACKET_bulk_packet, 0, .bulk_packet = { 0x81, 0, 1000 } };
        static const uint8_t payload[1000];
        struct stream s = { 0 };
        enum packet_fault fault;

        assert_int_equal(writer_put(w, &bulk, payload, 1000, NULL, &fault), 0);
        assert_int_equal(drain(w, SIZE_MAX, &s), 26 + 1000);
        assert_int_equal(writer_put(w, &bulk, payload, 1000, NULL, &fault), 0);
        writer_free(w);
        stream_clear(&s);
}

static void small_packets_share_an_iovec_and_large_payloads_go_by_reference(void **state)
{
        struct owned o[4] = { 0 };
        struct writer *w = greeted(10);
        struct stream want = { 0 }, got = { 0 };
        struct iovec iov[8];
        uint64_t seed = SEED;

        for (size_t i = 0; i < ELEMENTS(o); i++)
                random_bytes(&seed, o[i].data, sizeof(o[i].data));

        assert_int_equal(writer_iovecs(w, iov, ELEMENTS(iov)), 0);
        put_bulk(w, 1, NULL, 0, &want);
        put_bulk(w, 2, &o[0], WRITER_COPY_MAX, &want);
        put_bulk(w, 3, &o[1], WRITER_COPY_MAX + 1, &want);
        put_bulk(w, 4, &o[2], 3000, &want);
        put_bulk(w, 5, NULL, 0, &want);
        put_bulk(w, 6, &o[3], 1, &want);

        assert_int_equal(writer_iovecs(w, iov, ELEMENTS(iov)), 5);
        assert_int_equal(iov[0].iov_len, 26 + 26 + WRITER_COPY_MAX + 26);
        assert_ptr_equal(iov[1].iov_base, o[1].data);
        assert_int_equal(iov[1].iov_len, WRITER_COPY_MAX + 1);
        assert_int_equal(iov[2].iov_len, 26);
        assert_ptr_equal(iov[3].iov_base, o[2].data);
        assert_int_equal(iov[3].iov_len, 3000);
        assert_int_equal(iov[4].iov_len, 26 + 26 + 1);
        assert_int_equal(writer_bytes(w), want.size);
        assert_int_equal(writer_packets(w), 6);

        /* Fewer iovecs are the first of these. */
        for (unsigned max = 0; max < 5; max++) {
                struct iovec few[5] = { 0 };

                assert_int_equal(writer_iovecs(w, few, max), max);
                assert_memory_equal(few, iov, max * sizeof(few[0]));
                assert_null(few[max].iov_base);
        }

        drain(w, SIZE_MAX, &got);
        assert_written(&got, &want);
        writer_free(w);
        stream_clear(&want);
        stream_clear(&got);
}

static void a_copied_payload_may_change_at_once(void **state)
{
        static const struct {
                const char *name;
                struct packet in;
                uint8_t size;
        } cases[] = {
                { "bulk", { PACKET_bulk_packet, 0, .bulk_packet = { 0x81, 0, 252 } }, 252 },
                { "filter", { PACKET_filter_filter }, 252 },
                { "hello", { PACKET_hello }, 252 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                bool hello = cases[i].in.type == PACKET_hello;
                struct writer *w = hello ? writer_for(ROLE_HOST, CAP_ALL, 1) : greeted(1);
                struct stream want = { 0 }, got = { 0 };
                enum packet_fault fault;
                uint8_t payload[256] = { 1, 2, 3 };

                stream_append_packet(&want, &cases[i].in, payload, cases[i].size,
                                     hello ? 0 : CAP_ALL);
                assert_int_equal(writer_put(w, &cases[i].in, payload, cases[i].size, NULL, &fault),
                                 0);
                memset(payload, 0xdd, sizeof(payload));
                drain(w, SIZE_MAX, &got);
                if (got.size != want.size || memcmp(got.data, want.data, want.size) != 0)
                        fail_msg("%s", cases[i].name);
                writer_free(w);
                stream_clear(&want);
                stream_clear(&got);
        }
}

static void partial_writes_at_any_byte_make_the_same_stream(void **state)
{
        static const size_t sizes[] = { 0, 300, 5, 256, 257, 0, 400 };
        size_t total = 26 * ELEMENTS(sizes) + 300 + 5 + 256 + 257 + 400;

        for (size_t cut = 0; cut <= total; cut++) {
                struct owned o[ELEMENTS(sizes)] = { 0 };
                struct writer *w = greeted(ELEMENTS(sizes));
                struct stream want = { 0 }, got = { 0 };
                uint64_t seed = SEED;

                for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                        random_bytes(&seed, o[i].data, sizes[i]);
                        assert_int_equal(put_bulk(w, i, &o[i], sizes[i], &want), 0);
                }
                assert_int_equal(want.size, total);

                assert_int_equal(drain(w, cut, &got), cut);
                assert_int_equal(writer_bytes(w), total - cut);
                assert_int_equal(drain(w, SIZE_MAX, &got), total - cut);
                assert_written(&got, &want);
                assert_int_equal(writer_bytes(w), 0);
                assert_int_equal(writer_packets(w), 0);
                for (size_t i = 0; i < ELEMENTS(sizes); i++)
                        assert_int_equal(o[i].released, 1);
                writer_free(w);
                stream_clear(&want);
                stream_clear(&got);
        }
}

static void there_is_room_for_exactly_so_many_packets(void **state)
{
        static const size_t capacities[] = { 1, 2, 7 };
        struct packet info = { PACKET_ep_info };
        enum packet_fault fault;

        for (size_t i = 0; i < ELEMENTS(capacities); i++) {
                struct writer *w = greeted(capacities[i]);
                struct stream s = { 0 };

                for (size_t n = capacities[i]; n > 0; n--) {
                        assert_int_equal(writer_room(w), n);
                        assert_int_equal(writer_put(w, &info, NULL, 0, NULL, &fault), 0);
                }
                assert_int_equal(writer_room(w), 0);
                assert_int_equal(writer_packets(w), capacities[i]);
                assert_int_equal(writer_put(w, &info, NULL, 0, NULL, &fault), -ENOBUFS);
                assert_int_equal(drain(w, SIZE_MAX, &s), capacities[i] * (16 + 288));
                assert_int_equal(writer_room(w), capacities[i]);
                writer_free(w);
                stream_clear(&s);
        }
}

static void each_written_packet_makes_room(void **state)
{
        struct packet gone = { PACKET_device_disconnect };
        struct writer *w = greeted(4);
        struct stream s = { 0 };
        enum packet_fault fault;

        for (size_t n = 0; n < 4; n++)
                assert_int_equal(writer_put(w, &gone, NULL, 0, NULL, &fault), 0);
        drain(w, 15, &s);
        assert_int_equal(writer_room(w), 0);
        drain(w, 1, &s);
        assert_int_equal(writer_room(w), 1);
        drain(w, 2 * 16, &s);
        assert_int_equal(writer_room(w), 3);

        /* A writer that is never empty is not full for that. */
        for (size_t round = 0; round < 1000; round++) {
                assert_int_equal(writer_put(w, &gone, NULL, 0, NULL, &fault), 0);
                assert_int_equal(drain(w, 16, &s), 16);
                assert_int_equal(writer_packets(w), 1);
        }
        writer_free(w);
        stream_clear(&s);
}

static void long_random_rounds_equal_a_plain_concatenation(void **state)
{
        static struct owned o[9];
        struct writer *w = greeted(ELEMENTS(o) - 1);
        struct stream want = { 0 }, got = { 0 };
        uint64_t seed = SEED;
        size_t put = 0, full = 0;

        for (unsigned round = 0; round < 20000; round++) {
                if (random_u32(&seed) % 2) {
                        unsigned slot = put % ELEMENTS(o);
                        size_t size = random_u32(&seed) % (random_u32(&seed) % 4 ? 600 : 3000);
                        bool room = writer_room(w) > 0;

                        if (!room) {
                                struct owned refused = { 0 };

                                assert_int_equal(put_bulk(w, 0, &refused, size, NULL), -ENOBUFS);
                                assert_int_equal(refused.released, 1);
                                full++;
                                continue;
                        }
                        assert_int_equal(o[slot].released, put < ELEMENTS(o) ? 0 : 1);
                        o[slot].released = 0;
                        random_bytes(&seed, o[slot].data, size);
                        assert_int_equal(put_bulk(w, put, &o[slot], size, &want), 0);
                        put++;
                } else {
                        drain(w, random_u32(&seed) % 1500, &got);
                }
                assert_int_equal(writer_bytes(w), want.size - got.size);
        }
        drain(w, SIZE_MAX, &got);
        assert_written(&got, &want);
        for (size_t i = 0; i < ELEMENTS(o); i++)
                assert_int_equal(o[i].released, 1);
        assert_true(put > 5000 && full > 100);
        writer_free(w);
        stream_clear(&want);
        stream_clear(&got);
}

static void nothing_is_allocated_after_writer_new(void **state)
{
        struct writer *w = greeted(4);
        static struct owned o;
        struct iovec iov[8];
        unsigned before = allocations;

        for (unsigned round = 0; round < 100; round++) {
                while (put_bulk(w, 1, &o, round * 10, NULL) == 0)
                        ;
                while (writer_iovecs(w, iov, 1) > 0)
                        writer_wrote(w, MIN(iov[0].iov_len, (size_t)100));
        }
        assert_true(o.released >= 400);
        assert_int_equal(allocations, before);
        writer_free(w);
}

static void a_failed_allocation_is_an_error_and_leaks_nothing(void **state)
{
        struct writer *w = NULL;
        unsigned needed;

        allocations = 0;
        writer_free(writer_for(ROLE_HOST, CAP_ALL, 4));
        needed = allocations;
        assert_true(needed > 0);

        for (unsigned i = 1; i <= needed; i++) {
                allocations = 0;
                fail_at = i;
                assert_int_equal(writer_new(&w, ROLE_HOST, CAP_ALL, 4, release, &allocations),
                                 -ENOMEM);
                assert_null(w);
        }
        fail_at = 0;
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(owners_come_back_once_on_every_way),
                cmocka_unit_test(payloads_without_owner_are_nobodys),
                cmocka_unit_test(small_packets_share_an_iovec_and_large_payloads_go_by_reference),
                cmocka_unit_test(a_copied_payload_may_change_at_once),
                cmocka_unit_test(partial_writes_at_any_byte_make_the_same_stream),
                cmocka_unit_test(there_is_room_for_exactly_so_many_packets),
                cmocka_unit_test(each_written_packet_makes_room),
                cmocka_unit_test(long_random_rounds_equal_a_plain_concatenation),
                cmocka_unit_test(nothing_is_allocated_after_writer_new),
                cmocka_unit_test(a_failed_allocation_is_an_error_and_leaks_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
