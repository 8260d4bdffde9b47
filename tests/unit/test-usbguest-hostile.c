/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A usb-guest with a host that does not behave: nothing is called twice, nothing is kept that was
 * not asked for, and every request has its one end.
 */
#include "config.h"

#include "unit/test.h"
#include "unit/usbguest-bed.h"

static bool is_alive(struct usbguest_bed *bed)
{
        size_t n = bed->n_answers;

        host_answers(bed, guest_asks(bed, 8), 'x', 8);
        return bed->n_answers == n + 1 && bed->answer.size == 8 && bed->ends == 0;
}

static void packets_at_the_wrong_time_are_ignored(void **state)
{
        static const enum packet_type types[] = {
                PACKET_device_connect,
                PACKET_configuration_status,
                PACKET_alt_setting_status,
                PACKET_iso_stream_status,
                PACKET_interrupt_receiving_status,
                PACKET_bulk_streams_status,
                PACKET_bulk_receiving_status,
                PACKET_control_packet,
                PACKET_bulk_packet,
                PACKET_interrupt_packet,
        };
        struct usbguest_bed *bed = usbguest_bed_new_up();

        for (size_t i = 0; i < ELEMENTS(types); i++) {
                struct packet packet = { .type = types[i], .id = UINT64_MAX - i };

                if (types[i] == PACKET_interrupt_receiving_status)
                        packet.interrupt_receiving_status.endpoint = 0x84;
                if (types[i] == PACKET_bulk_receiving_status)
                        packet.bulk_receiving_status.endpoint = 0x81;
                host_send(bed, &packet, 0, 0);
                assert_int_equal(bed->n_answers, i);
                assert_true(is_alive(bed));
        }
        assert_int_equal(bed->connects, 1);
        assert_int_equal(bed->stops, 3);
        usbguest_bed_free(bed);
}

static void a_device_that_goes_twice_is_told_once(void **state)
{
        struct usbguest_bed *bed = usbguest_bed_new_up();

        host_send_bare(bed, PACKET_device_disconnect);
        host_send_bare(bed, PACKET_device_disconnect);
        assert_int_equal(bed->disconnects, 1);
        host_send_bare(bed, PACKET_device_connect);
        assert_true(is_alive(bed));
        usbguest_bed_free(bed);
}

static void an_answer_of_another_kind_is_none(void **state)
{
        struct usbguest_bed *bed = usbguest_bed_new_up();
        uint64_t id = guest_asks(bed, 8);
        struct packet type = { .type = PACKET_control_packet,
                               .id = id,
                               .control_packet = { 0x80, .length = 8 } };
        struct packet endpoint = bulk(0x83, id, 8);

        host_send(bed, &type, 0, 8);
        host_send(bed, &endpoint, 0, 8);
        assert_int_equal(bed->n_answers, 0);
        assert_int_equal(usb_guest_strays(bed->guest), 2);
        host_answers(bed, id, 'x', 8);
        assert_int_equal(bed->n_answers, 1);
        usbguest_bed_free(bed);
}

static void more_than_was_asked_for_is_not_kept(void **state)
{
        static const uint32_t sizes[] = { 9, 200, 100000, 8u * 1024 * 1024 };
        struct usbguest_bed *bed = usbguest_bed_new_up();

        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                host_answers(bed, guest_asks(bed, 8), 'x', sizes[i]);
                RUN_UNTIL(bed->host->base, bed->n_answers == 2 * i + 1);
                assert_int_equal(bed->answer.status, STATUS_babble);
                assert_int_equal(bed->answer.size, 0);
                assert_null(bed->answer.data);
                assert_null(bed->answer.buffer);
                assert_true(is_alive(bed));
        }
        usbguest_bed_free(bed);
}

static void data_without_a_device_neither_comes_nor_goes(void **state)
{
        struct packet packet = { .type = PACKET_iso_packet, .iso_packet = { 0x86, .length = 4 } };
        struct packet out = { .type = PACKET_iso_packet, .iso_packet = { 7, .length = 4 } };
        struct usbguest_bed *bed = usbguest_bed_new_up();

        host_send_bare(bed, PACKET_device_disconnect);
        host_send(bed, &packet, 0, 4);
        assert_int_equal(bed->n_data, 0);
        assert_int_equal(usb_guest_send(bed->guest, &out, usb_guest_buffer(bed->guest, 4), 4),
                         -ENODEV);
        usbguest_bed_free(bed);
}

static void ask_again(struct usbguest_bed *bed)
{
        struct packet packet = bulk(0x81, 0, 8);

        assert_true(usb_guest_request(bed->guest, &packet, NULL, on_guest_answer, bed, NULL) < 0);
}

/* Bytes that end the connection while two requests are in flight. */
static void each_request_has_its_end_however_the_link_ends(void **state)
{
        static const struct {
                const char *name;
                uint8_t bytes[20];
                size_t size;
                enum link_end want;
        } cases[] = {
                { "closed", { 0 }, 0, LINK_END_CLOSED },
                { "cut in a header", { 1 }, 3, LINK_END_CUT },
                { "a packet of a guest's", { PACKET_reset }, 16, LINK_END_FAULT },
                { "no packet", { 77 }, 16, LINK_END_FAULT },
                { "a second hello", { 0, 0, 0, 0, 68 }, 20, LINK_END_FAULT },
                { "without its fields", { PACKET_ep_info, 0, 0, 0, 3 }, 19, LINK_END_FAULT },
                { "too long", { PACKET_bulk_packet, 0, 0, 0, 0, 0, 0, 0x80 }, 16, LINK_END_FAULT },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct usbguest_bed *bed = usbguest_bed_new_up();

                bed->on_answer = ask_again;
                guest_asks(bed, 8);
                guest_asks(bed, 8);
                run_ready(bed->host->base);
                host_write(bed, cases[i].bytes, cases[i].size);
                shutdown(bed->host->own, SHUT_WR);
                RUN_UNTIL(bed->host->base, bed->ends == 1);
                run_ready(bed->host->base);
                if (bed->end != cases[i].want || bed->n_answers != 2 || bed->ends != 1)
                        fail_msg("%s: %i, %zu answers", cases[i].name, bed->end, bed->n_answers);
                assert_null(bed->answer.packet);
                assert_false(usb_guest_device(bed->guest)->is_connected);
                usbguest_bed_free(bed);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(packets_at_the_wrong_time_are_ignored),
                cmocka_unit_test(a_device_that_goes_twice_is_told_once),
                cmocka_unit_test(an_answer_of_another_kind_is_none),
                cmocka_unit_test(more_than_was_asked_for_is_not_kept),
                cmocka_unit_test(data_without_a_device_neither_comes_nor_goes),
                cmocka_unit_test(each_request_has_its_end_however_the_link_ends),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
