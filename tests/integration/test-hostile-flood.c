/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest that asks much and reads nothing, or announces much and sends nothing: the session's
 * memory stays bounded, it goes on where it stopped when the guest reads again, and it can be
 * ended at any time.
 */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "integration/process.h"
#include "protocol/parser.h"
#include "util/macro.h"

enum { BULK_IN = 0x81, BULK_OUT = 0x02, NAK_IN = 0x83, INTERRUPT_IN = 0x84, ISO_IN = 0x86 };

#define MIB (1024u * 1024)

#define REQUESTS 100000

/* One answer for each id in [first, first + count). */
struct tally {
        uint64_t first;
        size_t count, answered, refused;
        uint8_t *seen;
};

static void tally_open(struct tally *t, uint64_t first, size_t count)
{
        *t = (struct tally){ .first = first, .count = count, .seen = calloc(count, 1) };
        assert_non_null(t->seen);
}

static void tally_receive_all(struct tally *t, struct guest *g)
{
        while (t->answered < t->count) {
                uint8_t status;

                assert_true(guest_receive(g));
                assert_in_range(g->packet->id, t->first, t->first + t->count - 1);
                assert_int_equal(t->seen[g->packet->id - t->first]++, 0);
                t->answered++;
                status = guest_status(g->packet);
                t->refused += status != STATUS_success && status != 255;
        }
        free(t->seen);
        guest_expect_quiet(g);
}

/* The bytes of so many requests with ids from first on: bulk, control and configuration. */
static uint8_t *make_requests(const struct guest *g, uint64_t first, size_t count, uint32_t length,
                              size_t *ret_size)
{
        uint8_t *bytes = malloc(count * 64);
        size_t size = 0;

        assert_non_null(bytes);
        for (size_t i = 0; i < count; i++) {
                struct packet packet = { .id = first + i };

                switch (i % 3) {
                case 0:
                        packet.type = PACKET_bulk_packet;
                        packet.bulk_packet.endpoint = BULK_IN;
                        packet_set_transfer_length(&packet, length);
                        break;
                case 1:
                        packet.type = PACKET_control_packet;
                        packet.control_packet = (struct packet_control_packet){
                                .endpoint = 0x80,
                                .request = 6,
                                .requesttype = 0x80,
                                .value = 0x0100,
                                .length = 18,
                        };
                        break;
                default: packet.type = PACKET_get_configuration; break;
                }
                size += guest_encode(g, &packet, NULL, 0, bytes + size);
        }

        *ret_size = size;
        return bytes;
}

/* Sends until the process sleeps with our bytes before it: it has stopped reading. */
static size_t send_until_it_stops(struct process *p, const uint8_t *bytes, size_t size)
{
        size_t sent = 0;

        while (sent < size) {
                size_t n = guest_send_some(&p->guest, bytes + sent, size - sent);

                sent += n;
                assert_false(p->guest.is_unheard);
                if (n == 0 && process_is_asleep(p)) {
                        n = guest_send_some(&p->guest, bytes + sent, size - sent);
                        if (n == 0)
                                break;
                        sent += n;
                }
        }

        return sent;
}

static void bounds_its_memory_while_the_guest_does_not_read(void **state)
{
        size_t size, sent, before, stopped, after;
        struct process p;
        struct tally t;
        uint8_t *bytes;

        process_start(&p, "", NULL, CAP_ALL);
        guest_greet(&p.guest);
        bytes = make_requests(&p.guest, 5000, REQUESTS, 512, &size);
        before = process_memory(&p, "VmHWM");

        p.guest.is_deaf = true;
        sent = send_until_it_stops(&p, bytes, size);
        stopped = process_memory(&p, "VmHWM");
        assert_true(sent < size / 2);
        assert_in_range(stopped - before, 0, 8 * 1024 + PROCESS_MEMORY_SLACK);

        p.guest.is_deaf = false;
        assert_true(guest_send_bytes(&p.guest, bytes + sent, size - sent));
        tally_open(&t, 5000, REQUESTS);
        tally_receive_all(&t, &p.guest);
        after = process_memory(&p, "VmHWM");
        assert_in_range(after - before, 0, 8 * 1024 + PROCESS_MEMORY_SLACK);
        assert_int_equal(t.refused, 0);
        print_message("  %zu of %u requests were taken unread, %zu refused; VmHWM %zu KiB before, "
                      "%zu stopped, %zu after\n",
                      sent / (size / REQUESTS), REQUESTS, t.refused, before, stopped, after);
        free(bytes);

        guest_hang_up(&p.guest);
        assert_int_equal(process_end(&p), 1);
        report_assert_returned(&p.report, 1);
}

static void stops_reading_at_its_marks_and_goes_on(void **state)
{
        static const uint32_t lengths[] = { 1, 200, 512, 4096, 65536, MIB };

        for (size_t i = 0; i < ELEMENTS(lengths); i++) {
                size_t count = lengths[i] > 65536 ? 400 : 60000, size, sent = 0, idle = 0;
                struct tally t;
                struct bed b;
                uint8_t *bytes;

                bed_open_greeted(&b, "");
                bytes = make_requests(&b.guest, 5000, count, lengths[i], &size);
                while (sent < size && idle < 3) {
                        size_t n = guest_send_some(&b.guest, bytes + sent, size - sent);

                        sent += n;
                        idle = n ? 0 : idle + 1;
                        bed_poll(&b);
                        /* One answer above the mark, and those that were in flight. */
                        assert_in_range(link_queued(b.session->link), 0,
                                        LINK_HIGH_BYTES + 2 * MIB + USB_POOL_BYTES_MAX);
                }
                if (count > 1000)
                        assert_true(sent < size);
                assert_true(link_queued(b.session->link) > 0);

                assert_true(guest_send_bytes(&b.guest, bytes + sent, size - sent));
                tally_open(&t, 5000, count);
                tally_receive_all(&t, &b.guest);
                print_message("  %u bytes: stopped at %zu of %zu KiB of requests, %zu refused\n",
                              lengths[i], sent / 1024, size / 1024, t.refused);
                free(bytes);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static void start_streams(struct guest *g)
{
        const struct packet starts[] = {
                { .type = PACKET_start_interrupt_receiving,
                  .start_interrupt_receiving.endpoint = INTERRUPT_IN },
                { .type = PACKET_start_iso_stream, .start_iso_stream = { ISO_IN, 8, 16 } },
                { .type = PACKET_start_bulk_receiving,
                  .start_bulk_receiving = { 0, 65536, BULK_IN, 16 } },
        };

        guest_set_alt(g, 1, 1);
        guest_expect_later(g, PACKET_alt_setting_status);
        for (size_t i = 0; i < ELEMENTS(starts); i++) {
                struct packet packet = starts[i];

                packet.id = guest_new_id(g);
                guest_send(g, &packet, NULL, 0);
        }
}

/* The device has something to send whenever it is asked. */
static void bounds_its_memory_while_streams_run_unread(void **state)
{
        const struct process own = { .pid = getpid() };
        size_t most = 0, before, after;
        struct bed b;

        bed_open_greeted(&b, "");
        start_streams(&b.guest);
        before = process_memory(&own, "VmHWM");
        for (unsigned i = 0; i < REQUESTS; i++) {
                bed_step(&b);
                most = MAX(most, link_queued(b.session->link));
        }
        after = process_memory(&own, "VmHWM");
        /* The mark, what was in flight then, and what isochronous data may have beside it. */
        assert_in_range(most, 1, 2 * LINK_HIGH_BYTES);
        assert_in_range(after - before, 0, 3 * LINK_HIGH_BYTES / 1024 + PROCESS_MEMORY_SLACK);
        assert_true(b.session->packets_dropped > REQUESTS);
        print_message("  %u turns: %zu KiB queued at most, %llu isochronous packets dropped; VmHWM "
                      "%zu KiB before, %zu after\n",
                      REQUESTS, most / 1024, (unsigned long long)b.session->packets_dropped, before,
                      after);

        guest_send_bare(&b.guest, PACKET_get_configuration, 1);
        guest_expect_later(&b.guest, PACKET_configuration_status);
        bed_close_returned(&b, REASON_GUEST_LEFT);
}

static void holds_no_memory_for_data_that_is_only_announced(void **state)
{
        struct packet packet = { .type = PACKET_bulk_packet, .id = 1 };
        uint8_t bytes[PACKET_PREFIX_MAX];
        struct process p;
        size_t before, n;

        process_start(&p, "", NULL, CAP_ALL);
        guest_greet(&p.guest);
        before = process_memory(&p, "VmHWM");
        packet.bulk_packet.endpoint = BULK_OUT;
        packet_set_transfer_length(&packet, 64 * MIB);
        n = packet_put(bytes, &packet, 64 * MIB, parser_both(p.guest.parser));
        guest_send_bytes(&p.guest, bytes, n);
        guest_send_bytes(&p.guest, bytes, sizeof(bytes));
        process_signal(&p, SIGTERM);
        guest_expect(&p.guest, PACKET_device_disconnect);
        assert_in_range(process_memory(&p, "VmHWM") - before, 0, PROCESS_MEMORY_SLACK);
        assert_int_equal(process_end(&p), 0);
        report_assert_returned(&p.report, 1);
}

static void skips_data_beyond_its_limit_and_goes_on(void **state)
{
        static uint8_t payload[TRANSFER_SIZE_MAX];
        struct process p;
        size_t before;
        uint64_t id;

        process_start(&p, "", NULL, CAP_ALL);
        guest_greet(&p.guest);
        before = process_memory(&p, "VmHWM");
        id = guest_bulk(&p.guest, BULK_OUT, sizeof(payload), payload);
        guest_expect_id(&p.guest, PACKET_bulk_packet, id);
        assert_int_equal(guest_status(p.guest.packet), STATUS_ioerror);
        guest_expect_quiet(&p.guest);
        assert_in_range(process_memory(&p, "VmHWM") - before, 0, PROCESS_MEMORY_SLACK);

        guest_hang_up(&p.guest);
        assert_int_equal(process_end(&p), 1);
        report_assert_returned(&p.report, 1);
        assert_int_equal(report_value(&p.report, "bytes-out"), 0);
}

/* The answers have the order of the requests, also where one of them is refused: QEMU aborts else.
 */
static void answers_more_ids_than_it_holds_transfers(void **state)
{
        static const uint64_t steps[] = { 1, 256, 65536, UINT64_C(1) << 32, UINT64_C(1) << 56 };
        const size_t count = 3000;

        for (size_t i = 0; i < ELEMENTS(steps); i++) {
                size_t refused = 0, cancelled = 0;
                struct bed b;

                bed_open_greeted(&b, "");
                for (size_t n = 0; n < count; n++) {
                        b.guest.last_id = n % 200 * steps[i] + n / 200 * 200;
                        guest_bulk(&b.guest, NAK_IN, 64, NULL);
                }
                for (size_t n = 0; n < count; n++) {
                        b.guest.last_id = n % 200 * steps[i] + n / 200 * 200;
                        guest_cancel(&b.guest, b.guest.last_id + 1);
                }
                for (size_t n = 0; n < count; n++) {
                        guest_expect_id(&b.guest, PACKET_bulk_packet,
                                        n % 200 * steps[i] + n / 200 * 200 + 1);
                        if (guest_status(b.guest.packet) == STATUS_cancelled)
                                cancelled++;
                        else
                                refused++;
                }
                guest_expect_quiet(&b.guest);
                assert_int_equal(refused + cancelled, count);
                assert_true(refused > 0 && cancelled >= USB_POOL_TRANSFERS_MAX);
                bed_close_returned(&b, REASON_GUEST_LEFT);
        }
}

static size_t count_lines(const char *log, const char *text)
{
        size_t n = 0;

        for (const char *p = strstr(log, text); p; p = strstr(p + 1, text))
                n++;

        return n;
}

static void logs_once_what_a_guest_may_repeat(void **state)
{
        static const uint8_t filter[] = "-1,-1,-1,-1,1";
        struct bed b;

        bed_open_greeted(&b, "");
        for (size_t n = 0; n < USB_POOL_TRANSFERS_MAX + 100; n++)
                guest_bulk(&b.guest, NAK_IN, 64, NULL);
        for (uint64_t id = 1; id <= b.guest.last_id; id++)
                guest_cancel(&b.guest, id);
        for (size_t n = 0; n < 100; n++)
                guest_send(&b.guest, &(struct packet){ .type = PACKET_filter_filter }, filter,
                           sizeof(filter));
        for (size_t n = 0; n < USB_POOL_TRANSFERS_MAX + 100; n++)
                guest_expect(&b.guest, PACKET_bulk_packet);
        guest_expect_quiet(&b.guest);
        bed_close_returned(&b, REASON_GUEST_LEFT);
        assert_int_equal(count_lines(b.report.log, "no memory for a transfer"), 1);
        assert_int_equal(count_lines(b.report.log, "the guest's filter"), 1);
}

static void ends_as_asked_though_the_guest_does_not_read(void **state)
{
        struct process p;
        uint8_t *bytes;
        size_t size;

        process_start(&p, "", NULL, CAP_ALL);
        guest_greet(&p.guest);
        bytes = make_requests(&p.guest, 5000, 20000, 60000, &size);
        send_until_it_stops(&p, bytes, size);
        free(bytes);
        process_signal(&p, SIGTERM);
        assert_int_equal(process_end(&p), 0);
        report_assert_returned(&p.report, 1);
}

static void ends_when_a_guest_leaves_that_did_not_read(void **state)
{
        struct process p;
        uint8_t *bytes;
        size_t size;

        process_start(&p, "", NULL, CAP_ALL);
        guest_greet(&p.guest);
        bytes = make_requests(&p.guest, 5000, 20000, 60000, &size);
        send_until_it_stops(&p, bytes, size);
        free(bytes);
        guest_hang_up(&p.guest);
        assert_int_equal(process_end(&p), 1);
        report_assert_returned(&p.report, 1);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                /* The first one: it looks at the peak of this process. */
                cmocka_unit_test(bounds_its_memory_while_streams_run_unread),
                cmocka_unit_test(bounds_its_memory_while_the_guest_does_not_read),
                cmocka_unit_test(stops_reading_at_its_marks_and_goes_on),
                cmocka_unit_test(holds_no_memory_for_data_that_is_only_announced),
                cmocka_unit_test(skips_data_beyond_its_limit_and_goes_on),
                cmocka_unit_test(answers_more_ids_than_it_holds_transfers),
                cmocka_unit_test(logs_once_what_a_guest_may_repeat),
                cmocka_unit_test(ends_as_asked_though_the_guest_does_not_read),
                cmocka_unit_test(ends_when_a_guest_leaves_that_did_not_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
