/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a writer takes, and when: hello first, then the peer's, then whatever the rules allow.
 */
#include "unit/test.h"

#include <errno.h>
#include <sys/mman.h>

#include "protocol/writer.h"
#include "unit/helpers.h"

/* The owner of a payload counts how often it came back. */
static void release(void *userdata, void *owner)
{
        ++*(unsigned *)owner;
}

static struct writer *writer_for(enum role role, uint32_t caps, size_t packets)
{
        struct writer *w;

        assert_int_equal(writer_new(&w, role, caps, packets, release, NULL), 0);
        return w;
}

static void hello_is_first_and_alone_until_the_peer_is_known(void **state)
{
        struct packet hello = { PACKET_hello, 0, .hello = { "peer" } };
        struct packet gone = { PACKET_device_disconnect };
        struct writer *w = writer_for(ROLE_HOST, CAP_ALL, 4);
        uint8_t words[CAPS_WORD], want[HELLO_SIZE];
        unsigned released = 0;
        struct stream s = { 0 };
        enum packet_fault fault = PACKET_FAULT_NONE;

        assert_int_equal(writer_put(w, &gone, NULL, 0, &released, &fault), -EPROTO);
        assert_int_equal(fault, PACKET_FAULT_NOT_HELLO);
        caps_put(words, CAP_ALL);
        assert_int_equal(writer_put(w, &hello, words, sizeof(words), NULL, &fault), 0);
        assert_int_equal(writer_put(w, &gone, NULL, 0, &released, &fault), -ENOTCONN);
        assert_int_equal(writer_put(w, &hello, words, sizeof(words), &released, &fault), -EPROTO);
        assert_int_equal(fault, PACKET_FAULT_SECOND_HELLO);
        assert_int_equal(released, 3);

        assert_int_equal(writer_bytes(w), HELLO_SIZE);
        assert_int_equal(drain(w, SIZE_MAX, &s), hello_bytes(want, CAP_ALL));
        assert_memory_equal(s.data, want, HELLO_SIZE);
        assert_int_equal(writer_put(w, &gone, NULL, 0, NULL, &fault), -ENOTCONN);
        writer_set_peer_caps(w, CAP_ALL);
        assert_int_equal(writer_put(w, &gone, NULL, 0, NULL, &fault), 0);
        assert_int_equal(writer_bytes(w), 16);
        assert_int_equal(writer_put(w, &hello, words, sizeof(words), NULL, &fault), -EPROTO);
        assert_int_equal(fault, PACKET_FAULT_SECOND_HELLO);
        writer_free(w);
        stream_clear(&s);
}

/* Half of the first packet is written, then all. */
static void counts_what_is_queued_by_kind(void **state)
{
        static const uint8_t data[1000];
        static const struct {
                struct packet packet;
                size_t size, header;
                enum writer_kind want;
        } cases[] = {
                { { PACKET_iso_packet, .iso_packet = { 0x86, 0, 1000 } }, 1000, 20, WRITER_ISO },
                { { PACKET_iso_packet, .iso_packet = { 0x81, 0, 8 } }, 8, 20, WRITER_ISO },
                { { PACKET_interrupt_packet, .interrupt_packet = { 0x84, 0, 64 } },
                  64,
                  20,
                  WRITER_STREAM },
                { { PACKET_interrupt_packet, .interrupt_packet = { 0x05, 0, 64 } },
                  0,
                  20,
                  WRITER_ANSWER },
                { { PACKET_buffered_bulk_packet,
                    .buffered_bulk_packet = { .length = 512, .endpoint = 0x81 } },
                  512,
                  26,
                  WRITER_STREAM },
                { { PACKET_device_disconnect }, 0, 16, WRITER_ANSWER },
        };
        struct writer *w = writer_for(ROLE_HOST, CAP_ALL, ELEMENTS(cases));
        struct packet hello = { PACKET_hello, 0, .hello = { "host" } };
        size_t bytes[WRITER_KINDS] = { 0 }, packets[WRITER_KINDS] = { 0 };
        enum packet_fault fault;
        uint8_t words[CAPS_WORD];

        caps_put(words, CAP_ALL);
        assert_int_equal(writer_put(w, &hello, words, sizeof(words), NULL, &fault), 0);
        writer_wrote(w, writer_bytes(w));
        writer_set_peer_caps(w, CAP_ALL);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                assert_int_equal(writer_put(w, &cases[i].packet, data, cases[i].size, NULL, &fault),
                                 0);
                bytes[cases[i].want] += cases[i].header + cases[i].size;
                packets[cases[i].want]++;
        }
        writer_wrote(w, 500);
        bytes[WRITER_ISO] -= 500;
        for (enum writer_kind kind = 0; kind < WRITER_KINDS; kind++) {
                assert_int_equal(writer_bytes_of(w, kind), bytes[kind]);
                assert_int_equal(writer_packets_of(w, kind), packets[kind]);
        }
        assert_int_equal(writer_iso_bytes(w, 0x86), 520);
        assert_int_equal(writer_iso_bytes(w, 0x81), 28);

        writer_wrote(w, writer_bytes(w));
        for (enum writer_kind kind = 0; kind < WRITER_KINDS; kind++)
                assert_int_equal(writer_bytes_of(w, kind) + writer_packets_of(w, kind), 0);
        assert_int_equal(writer_iso_bytes(w, 0x86) + writer_iso_bytes(w, 0x81), 0);
        writer_free(w);
}

static void hello_has_its_form_even_if_the_peers_came_first(void **state)
{
        struct packet hello = { PACKET_hello, 0, .hello = { "peer" } };
        struct writer *w = writer_for(ROLE_HOST, CAP_ALL, 1);
        uint8_t words[CAPS_WORD], want[HELLO_SIZE];
        struct stream s = { 0 };
        enum packet_fault fault;

        writer_set_peer_caps(w, CAP_ALL);
        caps_put(words, CAP_ALL);
        assert_int_equal(writer_put(w, &hello, words, sizeof(words), NULL, &fault), 0);
        assert_int_equal(drain(w, SIZE_MAX, &s), hello_bytes(want, CAP_ALL));
        assert_memory_equal(s.data, want, HELLO_SIZE);
        writer_free(w);
        stream_clear(&s);
}

static void fields_follow_what_both_have(void **state)
{
        struct packet connect = { PACKET_device_connect, 0, .device_connect = { 0 } };
        static const struct {
                uint32_t ours, theirs;
                size_t want;
        } cases[] = {
                { 0xff, 0xff, 26 }, { 0xff, 0xdf, 22 }, { 0xff, 0x00, 20 }, { 0x02, 0xff, 22 },
                { 0x20, 0x22, 24 }, { 0xff, 0x02, 22 }, { 0x00, 0x00, 20 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct writer *w = writer_for(ROLE_HOST, cases[i].ours, 1);
                enum packet_fault fault;

                greet(w, cases[i].theirs);
                assert_int_equal(writer_put(w, &connect, NULL, 0, NULL, &fault), 0);
                assert_int_equal(writer_bytes(w), cases[i].want);
                writer_free(w);
        }
}

static void every_rule_holds_for_sending(void **state)
{
        /* clang-format off */
        static const struct {
                enum packet_fault want;
                enum role role;
                uint32_t theirs;
                size_t size;
                struct packet in;
        } cases[] = {
                { PACKET_FAULT_UNKNOWN_TYPE, ROLE_HOST, 0xff, 0, { (enum packet_type)28 } },
                { PACKET_FAULT_UNKNOWN_TYPE, ROLE_HOST, 0xff, 0, { (enum packet_type)105 } },
                { PACKET_FAULT_SENDER, ROLE_HOST, 0xff, 0, { PACKET_reset } },
                { PACKET_FAULT_SENDER, ROLE_GUEST, 0xff, 0, { PACKET_device_connect } },
                { PACKET_FAULT_SENDER, ROLE_GUEST, 0xff, 0,
                  { PACKET_buffered_bulk_packet, 0, .buffered_bulk_packet = { .endpoint = 0x81 } } },
                { PACKET_FAULT_NO_PAYLOAD, ROLE_GUEST, 0xff, 1, { PACKET_reset } },
                { PACKET_FAULT_NOT_CAPABLE, ROLE_GUEST, 0xfb, 0, { PACKET_filter_reject } },
                { PACKET_FAULT_NOT_CAPABLE, ROLE_HOST, 0xfb, 1, { PACKET_filter_filter } },
                { PACKET_FAULT_NOT_CAPABLE, ROLE_GUEST, 0xf7, 0, { PACKET_device_disconnect_ack } },
                { PACKET_FAULT_NOT_CAPABLE, ROLE_GUEST, 0xfe, 0, { PACKET_alloc_bulk_streams } },
                { PACKET_FAULT_NOT_CAPABLE, ROLE_GUEST, 0xef, 0, { PACKET_alloc_bulk_streams } },
                { PACKET_FAULT_NOT_CAPABLE, ROLE_HOST, 0x7f, 0,
                  { PACKET_bulk_receiving_status, 0, .bulk_receiving_status = { 0, 0x81, 0 } } },
                { PACKET_FAULT_DIRECTION, ROLE_HOST, 0xff, 0,
                  { PACKET_iso_packet, 0, .iso_packet = { 0x01, 0, 0 } } },
                { PACKET_FAULT_DIRECTION, ROLE_GUEST, 0xff, 0,
                  { PACKET_iso_packet, 0, .iso_packet = { 0x81, 0, 0 } } },
                { PACKET_FAULT_DIRECTION, ROLE_GUEST, 0xff, 0,
                  { PACKET_interrupt_packet, 0, .interrupt_packet = { 0x81, 0, 0 } } },
                { PACKET_FAULT_DIRECTION, ROLE_GUEST, 0xff, 0,
                  { PACKET_stop_interrupt_receiving, 0, .stop_interrupt_receiving = { 0x01 } } },
                { PACKET_FAULT_INTERFACES, ROLE_HOST, 0xff, 0,
                  { PACKET_interface_info, 0, .interface_info = { 33 } } },
                { PACKET_FAULT_LENGTH, ROLE_HOST, 0xff, 3,
                  { PACKET_bulk_packet, 0, .bulk_packet = { 0x81, 0, 4 } } },
                { PACKET_FAULT_LENGTH, ROLE_GUEST, 0xff, 4,
                  { PACKET_bulk_packet, 0, .bulk_packet = { 0x81, 0, 4 } } },
                { PACKET_FAULT_LENGTH, ROLE_HOST, 0xbf, 0x10004,
                  { PACKET_bulk_packet, 0, .bulk_packet = { 0x81, 0, 4, 0, 1 } } },
                { PACKET_FAULT_LENGTH, ROLE_GUEST, 0xbf, 0,
                  { PACKET_bulk_packet, 0, .bulk_packet = { 0x81, 0, 4, 0, 1 } } },
                { PACKET_FAULT_TRANSFER_LIMIT, ROLE_GUEST, 0xff, 0,
                  { PACKET_bulk_packet, 0, .bulk_packet = { 0x81, 0, 1, 0, 0x0800 } } },
                { PACKET_FAULT_TRANSFER_LIMIT, ROLE_GUEST, 0xff, 0,
                  { PACKET_start_bulk_receiving, 0,
                    .start_bulk_receiving = { 0, TRANSFER_SIZE_MAX + 1, 0x81, 1 } } },
                { PACKET_FAULT_TRANSFER_LIMIT, ROLE_HOST, 0xff, TRANSFER_SIZE_MAX + 1,
                  { PACKET_buffered_bulk_packet, 0,
                    .buffered_bulk_packet = { 0, TRANSFER_SIZE_MAX + 1, 0x81, 0 } } },
                { PACKET_FAULT_NO_TERMINATOR, ROLE_HOST, 0xff, 0, { PACKET_filter_filter } },
                { PACKET_FAULT_NO_TERMINATOR, ROLE_HOST, 0xff, 5, { PACKET_filter_filter } },
                { PACKET_FAULT_TOO_LONG, ROLE_HOST, 0xff, PACKET_LENGTH_MAX + 1,
                  { PACKET_filter_filter } },
                { PACKET_FAULT_TOO_LONG, ROLE_HOST, 0xff, (size_t)UINT32_MAX + 2,
                  { PACKET_filter_filter } },
        };
        /* clang-format on */

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct writer *w = writer_for(cases[i].role, CAP_ALL, 2);
                enum packet_fault fault = PACKET_FAULT_NONE;
                unsigned released = 0;
                uint8_t *payload = MAP_FAILED;
                int r;

                /* Pages nobody reads are never there. */
                if (cases[i].size > 0) {
                        payload = mmap(NULL, cases[i].size, PROT_READ | PROT_WRITE,
                                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
                        assert_ptr_not_equal(payload, MAP_FAILED);
                        if (cases[i].want == PACKET_FAULT_NO_TERMINATOR)
                                memset(payload, 'A', cases[i].size);
                }

                greet(w, cases[i].theirs);
                r = writer_put(w, &cases[i].in, payload, cases[i].size, &released, &fault);
                if (r != -EPROTO || fault != cases[i].want)
                        fail_msg("row %zu: %d, %s", i, r, packet_fault_string(fault));
                assert_int_equal(released, 1);
                assert_int_equal(writer_bytes(w), 0);
                assert_int_equal(writer_packets(w), 0);
                writer_free(w);
                assert_int_equal(released, 1);
                if (cases[i].size > 0)
                        munmap(payload, cases[i].size);
        }
}

static void hello_needs_whole_words(void **state)
{
        struct writer *w = writer_for(ROLE_GUEST, CAP_ALL, 1);
        struct packet hello = { PACKET_hello };
        enum packet_fault fault = PACKET_FAULT_NONE;

        assert_int_equal(writer_put(w, &hello, (const uint8_t *)"ab", 2, NULL, &fault), -EPROTO);
        assert_int_equal(fault, PACKET_FAULT_CAPS);
        assert_int_equal(writer_put(w, &hello, NULL, 0, NULL, &fault), 0);
        writer_free(w);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(hello_is_first_and_alone_until_the_peer_is_known),
                cmocka_unit_test(counts_what_is_queued_by_kind),
                cmocka_unit_test(hello_has_its_form_even_if_the_peers_came_first),
                cmocka_unit_test(fields_follow_what_both_have),
                cmocka_unit_test(every_rule_holds_for_sending),
                cmocka_unit_test(hello_needs_whole_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
