/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A usb-guest with a host that behaves: what it keeps, sends, matches and hands up.
 */
#include "config.h"

#include "unit/test.h"
#include "unit/usbguest-bed.h"

static size_t n_allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
        n_allocations++;
        return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
        n_allocations++;
        return __real_calloc(count, size);
}

static void keeps_what_the_host_tells(void **state)
{
        struct packet interfaces = { .type = PACKET_interface_info,
                                     .interface_info = { 1, .interface_class[0] = 8 } };
        struct packet endpoints = { .type = PACKET_ep_info };
        struct packet connect = { .type = PACKET_device_connect,
                                  .device_connect.vendor_id = 0x1209 };
        struct usbguest_bed *bed = usbguest_bed_new(NULL);
        const struct usb_guest_device *device = usb_guest_device(bed->guest);

        endpoints.ep_info.max_packet_size[17] = 512;
        RUN_UNTIL(bed->host->base, bed->host->n_packets == 1);
        host_send(bed, &interfaces, 0, 0);
        host_send(bed, &endpoints, 0, 0);
        assert_false(device->is_connected);
        host_send(bed, &connect, 0, 0);
        RUN_UNTIL(bed->host->base, bed->connects == 1);
        assert_true(device->is_connected);
        assert_int_equal(device->connect.vendor_id, 0x1209);
        assert_int_equal(device->interfaces.interface_class[0], 8);
        assert_int_equal(device->endpoints.max_packet_size[17], 512);

        host_send_bare(bed, PACKET_device_disconnect);
        RUN_UNTIL(bed->host->base, bed->disconnects == 1);
        assert_false(device->is_connected);
        assert_int_equal(device->connect.vendor_id, 0);
        usbguest_bed_free(bed);
}

static void sends_nothing_without_a_device(void **state)
{
        struct packet packet = bulk(0x81, 0, 8);
        struct usbguest_bed *bed = usbguest_bed_new(NULL);

        assert_int_equal(usb_guest_request(bed->guest, &packet, NULL, on_guest_answer, bed, NULL),
                         -ENOTCONN);
        RUN_UNTIL(bed->host->base, bed->host->n_packets == 1);
        run_ready(bed->host->base);
        assert_int_equal(usb_guest_request(bed->guest, &packet, NULL, on_guest_answer, bed, NULL),
                         -ENODEV);
        assert_int_equal(usb_guest_in_flight(bed->guest), 0);
        usbguest_bed_free(bed);
}

static void sends_only_what_a_guest_may_send_so(void **state)
{
        struct packet in = { .type = PACKET_interrupt_packet,
                             .interrupt_packet = { 0x84, .length = 8 } };
        struct packet out = bulk(2, 0, 8), status = { .type = PACKET_configuration_status };
        struct usbguest_bed *bed = usbguest_bed_new_up();

        assert_int_equal(usb_guest_request(bed->guest, &in, NULL, on_guest_answer, bed, NULL),
                         -EINVAL);
        assert_int_equal(usb_guest_request(bed->guest, &out, NULL, on_guest_answer, bed, NULL),
                         -EINVAL);
        assert_int_equal(usb_guest_request(bed->guest, &status, NULL, on_guest_answer, bed, NULL),
                         -EINVAL);
        assert_int_equal(usb_guest_send(bed->guest, &status, NULL, 0), -EINVAL);
        assert_int_equal(usb_guest_send(bed->guest, &in, NULL, 0), -EINVAL);
        assert_int_equal(bed->ends, 0);
        usbguest_bed_free(bed);
}

static void asks_a_host_only_for_what_it_has_announced(void **state)
{
        struct packet start = { .type = PACKET_start_bulk_receiving,
                                .start_bulk_receiving = { 0, 512, 0x81, 1 } };
        struct packet big = bulk(0x81, 0, 65536);
        struct usb_guest_config config = { .version = "unit", .caps = CAP_ALL };
        struct usb_guest_events events = { .on_end = on_guest_end };
        static const uint8_t hello[HELLO_SIZE] = { [4] = 68 };
        struct packet connect = { .type = PACKET_device_connect };
        struct event_base *base = event_base_new();
        uint8_t bytes[PACKET_PREFIX_MAX];
        struct usbguest_bed bed = { 0 };
        struct usb_guest *g;
        int fds[2];

        make_pair(AF_UNIX, fds);
        assert_int_equal(usb_guest_new(&g, base, fds[0], &config, &events, &bed), 0);
        assert_int_equal(send(fds[1], hello, sizeof(hello), 0), sizeof(hello));
        assert_true(send(fds[1], bytes, packet_put(bytes, &connect, 0, 0), 0) > 0);
        RUN_UNTIL(base, usb_guest_device(g)->is_connected);
        assert_int_equal(usb_guest_request(g, &start, NULL, on_guest_answer, &bed, NULL),
                         -EOPNOTSUPP);
        assert_int_equal(usb_guest_request(g, &big, NULL, on_guest_answer, &bed, NULL), -EMSGSIZE);
        usb_guest_free(g);
        close(fds[1]);
        event_base_free(base);
}

static void an_answer_reaches_its_request_once(void **state)
{
        struct usbguest_bed *bed = usbguest_bed_new_up();
        uint64_t first = guest_asks(bed, 8), second = guest_asks(bed, 16);

        assert_int_not_equal(first, second);
        host_answers(bed, second, 'b', 16);
        RUN_UNTIL(bed->host->base, bed->n_answers == 1);
        assert_int_equal(bed->answer.id, second);
        assert_int_equal(bed->answer.status, STATUS_success);
        assert_int_equal(bed->answer.size, 16);
        assert_int_equal(bed->first_byte, 'b');

        host_answers(bed, second, 'b', 16);
        assert_int_equal(usb_guest_strays(bed->guest), 1);
        host_answers(bed, first, 'a', 8);
        assert_int_equal(bed->n_answers, 2);
        assert_int_equal(bed->answer.id, first);

        /* The place is used again, under another id. */
        assert_int_not_equal(guest_asks(bed, 8), first);
        host_answers(bed, first, 'a', 8);
        assert_int_equal(bed->n_answers, 2);
        assert_int_equal(usb_guest_strays(bed->guest), 2);
        usbguest_bed_free(bed);
}

static void no_more_requests_are_in_flight_than_fit(void **state)
{
        struct usbguest_bed *bed = usbguest_bed_new_up();
        struct packet packet = bulk(0x81, 0, 8);
        uint64_t id = 0;

        while (usb_guest_in_flight(bed->guest) < USB_GUEST_REQUESTS_MAX) {
                id = guest_asks(bed, 8);
                if (usb_guest_in_flight(bed->guest) % 256 == 0)
                        run_ready(bed->host->base);
        }
        RUN_UNTIL(bed->host->base, bed->host->n_packets == 1 + USB_GUEST_REQUESTS_MAX);
        assert_int_equal(usb_guest_request(bed->guest, &packet, NULL, on_guest_answer, bed, NULL),
                         -EAGAIN);
        host_answers(bed, id, 0, 8);
        RUN_UNTIL(bed->host->base, bed->n_answers == 1);
        guest_asks(bed, 8);
        usbguest_bed_free(bed);
}

static void the_end_of_the_device_answers_its_requests_and_is_acknowledged(void **state)
{
        struct usbguest_bed *bed = usbguest_bed_new_up();
        uint64_t id = guest_asks(bed, 8);

        run_ready(bed->host->base);
        host_send_bare(bed, PACKET_device_disconnect);
        RUN_UNTIL(bed->host->base, bed->host->last.type == PACKET_device_disconnect_ack);
        assert_int_equal(bed->n_answers, 1);
        assert_int_equal(bed->answer.id, id);
        assert_null(bed->answer.packet);
        assert_int_equal(bed->answer.status, STATUS_ioerror);

        host_answers(bed, id, 0, 8);
        assert_int_equal(bed->n_answers, 1);
        host_send_bare(bed, PACKET_device_connect);
        RUN_UNTIL(bed->host->base, bed->connects == 2);
        usbguest_bed_free(bed);
}

static void streams_go_up_and_large_payloads_by_reference(void **state)
{
        struct packet interrupt = { .type = PACKET_interrupt_packet,
                                    .id = 7,
                                    .interrupt_packet = { 0x84, .length = 5 } };
        struct packet big = { .type = PACKET_buffered_bulk_packet,
                              .buffered_bulk_packet = { .endpoint = 0x81, .length = 300000 } };
        struct usbguest_bed *bed = usbguest_bed_new_up();

        bed->keeps = true;
        host_send(bed, &interrupt, 'i', 5);
        RUN_UNTIL(bed->host->base, bed->n_data == 1);
        assert_int_equal(bed->data.id, 7);
        assert_int_equal(bed->bytes[4], 'i');
        assert_null(bed->kept);

        host_send(bed, &big, 'b', 300000);
        RUN_UNTIL(bed->host->base, bed->n_data == 2);
        assert_non_null(bed->kept);
        run_ready(bed->host->base);
        assert_int_equal(bed->kept->bytes[299999], 'b');
        usbguest_bed_free(bed);
}

static void a_stream_that_the_host_stops_is_told(void **state)
{
        struct packet start = { .type = PACKET_start_interrupt_receiving,
                                .start_interrupt_receiving.endpoint = 0x84 };
        struct packet status = { .type = PACKET_interrupt_receiving_status,
                                 .interrupt_receiving_status = { STATUS_success, 0x84 } };
        struct usbguest_bed *bed = usbguest_bed_new_up();

        assert_int_equal(
                usb_guest_request(bed->guest, &start, NULL, on_guest_answer, bed, &status.id), 0);
        host_send(bed, &status, 0, 0);
        RUN_UNTIL(bed->host->base, bed->n_answers == 1);
        assert_int_equal(bed->stops, 0);
        status.id = 0;
        status.interrupt_receiving_status.status = STATUS_stall;
        host_send(bed, &status, 0, 0);
        RUN_UNTIL(bed->host->base, bed->stops == 1);
        assert_int_equal(bed->n_answers, 1);
        usbguest_bed_free(bed);
}

static void sends_its_filter_behind_the_hello(void **state)
{
        struct usbguest_bed *bed = usbguest_bed_new("-1,-1,-1,-1,1");

        RUN_UNTIL(bed->host->base, bed->host->n_packets == 2);
        assert_int_equal(bed->host->last.type, PACKET_filter_filter);
        assert_string_equal((char *)bed->host->last_payload, "-1,-1,-1,-1,1");
        usbguest_bed_free(bed);
}

static void data_out_is_sent_by_reference_until_it_is_written(void **state)
{
        struct usbguest_bed *bed = usbguest_bed_new_up();
        struct usb_guest_buffer *data = usb_guest_buffer(bed->guest, 30000);
        struct packet out = bulk(2, 0, 30000);

        memset(data->bytes, 'o', 30000);
        for (int i = 0; i < 2; i++)
                assert_int_equal(usb_guest_request(bed->guest, &out, usb_guest_buffer_ref(data),
                                                   on_guest_answer, bed, NULL),
                                 0);
        assert_int_equal(data->references, 3);
        RUN_UNTIL(bed->host->base, bed->host->n_packets == 3);
        assert_int_equal(bed->host->last_payload_size, 30000);
        assert_int_equal(bed->host->last_payload[29999], 'o');
        run_ready(bed->host->base);
        assert_int_equal(data->references, 1);
        usb_guest_buffer_unref(data);
        usbguest_bed_free(bed);
}

/* Both sides of a connection that wait for the other to read would wait for ever. */
static void reads_also_while_the_host_does_not(void **state)
{
        struct packet interrupt = { .type = PACKET_interrupt_packet,
                                    .interrupt_packet = { 0x84, .length = 5 } };
        struct usbguest_bed *bed = usbguest_bed_new_up();
        struct usb_guest_buffer *data = usb_guest_buffer(bed->guest, 1024 * 1024);
        struct packet out = bulk(2, 0, 1024 * 1024);
        int r;

        memset(data->bytes, 0, 1024 * 1024);
        link_hold(bed->host->link, true);
        do {
                r = usb_guest_request(bed->guest, &out, usb_guest_buffer_ref(data), on_guest_answer,
                                      bed, NULL);
                run_ready(bed->host->base);
        } while (r == 0);
        assert_int_equal(r, -EAGAIN);

        host_send(bed, &interrupt, 'i', 5);
        RUN_UNTIL(bed->host->base, bed->n_data == 1);

        /* An acknowledgement that finds no room waits for it. */
        host_send_bare(bed, PACKET_device_disconnect);
        RUN_UNTIL(bed->host->base, bed->disconnects == 1);
        usb_guest_buffer_unref(data);
        usbguest_bed_free(bed);
}

static void allocates_nothing_once_it_is_warm(void **state)
{
        struct usbguest_bed *bed = usbguest_bed_new_up();
        uint8_t *bytes = malloc(PACKET_PREFIX_MAX + 300000);
        size_t before = 0, after = 0;

        for (int i = 0; i < 20; i++) {
                struct packet packet = bulk(0x81, guest_asks(bed, 300000), 300000);
                size_t prefix = packet_put(bytes, &packet, 300000, BED_CAPS);

                memset(bytes + prefix, i, 300000);
                host_write(bed, bytes, prefix + 300000);
                assert_int_equal(bed->n_answers, i + 1);
                assert_non_null(bed->answer.buffer);
                assert_int_equal(bed->first_byte, i);
                after = n_allocations;
                if (i == 4)
                        before = n_allocations;
        }

        assert_int_equal(after, before);
        free(bytes);
        usbguest_bed_free(bed);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(keeps_what_the_host_tells),
                cmocka_unit_test(sends_nothing_without_a_device),
                cmocka_unit_test(sends_only_what_a_guest_may_send_so),
                cmocka_unit_test(asks_a_host_only_for_what_it_has_announced),
                cmocka_unit_test(an_answer_reaches_its_request_once),
                cmocka_unit_test(no_more_requests_are_in_flight_than_fit),
                cmocka_unit_test(the_end_of_the_device_answers_its_requests_and_is_acknowledged),
                cmocka_unit_test(streams_go_up_and_large_payloads_by_reference),
                cmocka_unit_test(a_stream_that_the_host_stops_is_told),
                cmocka_unit_test(sends_its_filter_behind_the_hello),
                cmocka_unit_test(data_out_is_sent_by_reference_until_it_is_written),
                cmocka_unit_test(reads_also_while_the_host_does_not),
                cmocka_unit_test(allocates_nothing_once_it_is_warm),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
