/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The line of a packet in a trace: its text, and that no peer and no size can break it.
 */
#include "unit/test.h"

#include "protocol/packet.h"
#include "unit/helpers.h"

/* clang-format off */
static const struct {
        uint32_t both;
        struct packet in;
        const char *want;
} lines[] = {
        { 0, { PACKET_reset }, "reset id=0" },
        { 0, { PACKET_cancel_data_packet, UINT64_MAX },
          "cancel_data_packet id=18446744073709551615" },
        { CAP_CONNECT_DEVICE_VERSION,
          { PACKET_device_connect, 0,
            .device_connect = { SPEED_high, 0xef, 2, 1, 0x1d6b, 0x0002, 0x0510 } },
          "device_connect id=0 speed=high device_class=0xef device_subclass=0x02 "
          "device_protocol=0x01 vendor_id=0x1d6b product_id=0x0002 device_version_bcd=0x0510" },
        { 0,
          { PACKET_device_connect, 0, .device_connect = { 77, .device_version_bcd = 9 } },
          "device_connect id=0 speed=77 device_class=0x00 device_subclass=0x00 "
          "device_protocol=0x00 vendor_id=0x0000 product_id=0x0000" },
        { CAP_ALL,
          { PACKET_bulk_packet, 7, .bulk_packet = { 0x81, STATUS_stall, 13, 5, 1 } },
          "bulk_packet id=7 endpoint=0x81 status=stall length=13 stream_id=5 length_high=1" },
        { 0,
          { PACKET_bulk_packet, 7, .bulk_packet = { 0x02, 200, 13, 5, 1 } },
          "bulk_packet id=7 endpoint=0x02 status=200 length=13 stream_id=5" },
        { 0,
          { PACKET_control_packet, 1, .control_packet = { 0x80, 6, 0x80, 0, 0x0300, 0x409, 255 } },
          "control_packet id=1 endpoint=0x80 request=0x06 requesttype=0x80 status=success "
          "value=0x0300 index=0x0409 length=255" },
        { CAP_ALL,
          { PACKET_alloc_bulk_streams, 2, .alloc_bulk_streams = { 0x00020004, 16 } },
          "alloc_bulk_streams id=2 endpoints=0x00020004 no_streams=16" },
        { 0,
          { PACKET_interface_info, 0,
            .interface_info = { 2, { 0, 1 }, { 3, 8 }, { 1, 6 }, { 2, 0x50 } } },
          "interface_info id=0 interface_count=2 interface=[0 1 0*30] "
          "interface_class=[0x03 0x08 0x00*30] interface_subclass=[0x01 0x06 0x00*30] "
          "interface_protocol=[0x02 0x50 0x00*30]" },
        { CAP_EP_INFO_MAX_PACKET_SIZE,
          { PACKET_ep_info, 0,
            .ep_info = { { 0, [1 ... 30] = 255, [31] = 9 }, { 0 }, { 0 }, { 64, [31] = 512 } } },
          "ep_info id=0 type=[control invalid*30 9] interval=[0*32] interface=[0*32] "
          "max_packet_size=[64 0*30 512]" },
        { 0, { PACKET_hello, 0, .hello = { "qemu usb-redir guest 7.2" } },
          "hello id=0 version=\"qemu usb-redir guest 7.2\"" },
        { 0, { PACKET_hello }, "hello id=0 version=\"\"" },
        { 0, { PACKET_hello, 0, .hello = { "a\nb\"c\\d\x7f\xff%s\t\0hidden" } },
          "hello id=0 version=\"a\\x0ab\\x22c\\x5cd\\x7f\\xff%s\\x09\"" },
};
/* clang-format on */

static void lines_are_exact(void **state)
{
        char text[1024];

        for (size_t i = 0; i < ELEMENTS(lines); i++) {
                packet_print(text, sizeof(text), &lines[i].in, lines[i].both);
                assert_string_equal(text, lines[i].want);
        }
}

static void lines_are_cut_at_any_size_and_terminated(void **state)
{
        for (size_t i = 0; i < ELEMENTS(lines); i++) {
                size_t length = strlen(lines[i].want);

                for (size_t size = 0; size <= length + 2; size++) {
                        char text[1024];
                        size_t kept = MIN(size ? size - 1 : 0, length);

                        memset(text, '#', sizeof(text));
                        packet_print(text, size, &lines[i].in, lines[i].both);
                        assert_memory_equal(text, lines[i].want, kept);
                        if (size > 0)
                                assert_int_equal(text[kept], '\0');
                        assert_int_equal(text[size], '#');
                }
        }
}

static void a_version_without_terminator_ends_with_its_field(void **state)
{
        struct packet hello = { PACKET_hello };
        char text[512], want[512] = "hello id=0 version=\"";

        memset(hello.hello.version, 'v', sizeof(hello.hello.version));
        memset(want + strlen(want), 'v', 64);
        strcat(want, "\"");
        packet_print(text, sizeof(text), &hello, 0);
        assert_string_equal(text, want);
}

static void any_bytes_make_printable_lines(void **state)
{
        static const uint32_t sets[] = { 0, CAP_ALL };
        uint64_t seed = 0x7072696e;

        for (unsigned round = 0; round < 200; round++)
                for (unsigned type = 0; type < PACKET_TYPES; type = next_packet(type)) {
                        struct packet packet;
                        char text[4096];

                        random_fields(&seed, type, &packet);
                        packet_print(text, sizeof(text), &packet, sets[round % 2]);
                        assert_int_equal(strncmp(text, packet_type_string(type),
                                                 strlen(packet_type_string(type))),
                                         0);
                        for (const char *c = text; *c; c++)
                                assert_in_range((unsigned char)*c, 0x20, 0x7e);
                        assert_true(strlen(text) < sizeof(text) - 1);
                }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_are_exact),
                cmocka_unit_test(lines_are_cut_at_any_size_and_terminated),
                cmocka_unit_test(a_version_without_terminator_ends_with_its_field),
                cmocka_unit_test(any_bytes_make_printable_lines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
