#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets and their bytes, both written by hand from the protocol's description: every type, and
 * each form of those whose fields depend on capabilities. No two bytes of an integer are the same,
 * so a wrong byte order cannot hide.
 */
#include "unit/helpers.h"

#define IDS64    CAP_64BIT_IDS
#define EP_SIZES CAP_EP_INFO_MAX_PACKET_SIZE

struct wire_example {
        enum role sender;
        uint32_t both;
        struct packet packet;
        const char *payload;
        const char *wire;
};

/* clang-format off */
static const struct wire_example wire_examples[] = {
        { ROLE_GUEST, 0,
          { PACKET_hello, 0, .hello = { "guest 1" } }, "ff 00 00 00",
          "00*4 44 00 00 00 00*4 67 75 65 73 74 20 31 00*57 ff 00 00 00" },
        { ROLE_HOST, CAP_ALL,
          { PACKET_hello, 0, .hello = { "host" } }, "38 00 00 00 44 33 22 11",
          "00*4 48 00 00 00 00*4 68 6f 73 74 00*60 38 00 00 00 44 33 22 11" },
        { ROLE_HOST, 0,
          { PACKET_device_connect, 0,
            .device_connect = { SPEED_high, 0xef, 0x02, 0x01, 0x1234, 0xabcd } }, "",
          "01 00 00 00 08 00 00 00 00 00 00 00 02 ef 02 01 34 12 cd ab" },
        { ROLE_HOST, CAP_CONNECT_DEVICE_VERSION,
          { PACKET_device_connect, 0,
            .device_connect = { SPEED_unknown, 8, 6, 0x50, 0x1234, 0xabcd, 0x0210 } }, "",
          "01 00 00 00 0a 00 00 00 00 00 00 00 ff 08 06 50 34 12 cd ab 10 02" },
        { ROLE_HOST, IDS64,
          { PACKET_device_disconnect, 0 }, "",
          "02 00 00 00 00 00 00 00 00*8" },
        { ROLE_GUEST, 0,
          { PACKET_reset, 0 }, "",
          "03 00 00 00 00 00 00 00 00*4" },
        { ROLE_HOST, 0,
          { PACKET_interface_info, 0,
            .interface_info = { 2, { 0, 1 }, { 3, 1 }, { 1, 2 }, { 2, 0 } } }, "",
          "04 00 00 00 84 00 00 00 00*4 02 00 00 00 00 01 00*30 03 01 00*30 01 02 00*30 02 00*31" },
        { ROLE_HOST, 0,
          { PACKET_ep_info, 0,
            .ep_info = { { 0, [17] = 2 }, { [17] = 9 }, { [17] = 1, [31] = 7 } } }, "",
          "05 00 00 00 60 00 00 00 00*4 00*17 02 00*14 00*17 09 00*14 00*17 01 00*13 07" },
        { ROLE_HOST, EP_SIZES,
          { PACKET_ep_info, 0,
            .ep_info = { { 255, 255 }, { 4 }, { 5 }, { 0x0240, [31] = 0x1388 } } }, "",
          "05 00 00 00 a0 00 00 00 00*4 ff ff 00*30 04 00*31 05 00*31 40 02 00*60 88 13" },
        { ROLE_HOST, EP_SIZES | CAP_BULK_STREAMS,
          { PACKET_ep_info, 0,
            .ep_info = { { 3 }, { 4 }, { 5 }, { 0x0240 }, { 0x00010203, [31] = 0x04050607 } } }, "",
          "05 00 00 00 20 01 00 00 00*4 03 00*31 04 00*31 05 00*31 40 02 00*62 "
          "03 02 01 00 00*120 07 06 05 04" },
        { ROLE_GUEST, 0,
          { PACKET_set_configuration, 0x01020304, .set_configuration = { 2 } }, "",
          "06 00 00 00 01 00 00 00 04 03 02 01 02" },
        { ROLE_GUEST, IDS64,
          { PACKET_get_configuration, 0x0102030405060708 }, "",
          "07 00 00 00 00 00 00 00 08 07 06 05 04 03 02 01" },
        { ROLE_HOST, 0,
          { PACKET_configuration_status, 7, .configuration_status = { STATUS_ioerror, 1 } }, "",
          "08 00 00 00 02 00 00 00 07 00 00 00 03 01" },
        { ROLE_GUEST, 0,
          { PACKET_set_alt_setting, 8, .set_alt_setting = { 3, 1 } }, "",
          "09 00 00 00 02 00 00 00 08 00 00 00 03 01" },
        { ROLE_GUEST, 0,
          { PACKET_get_alt_setting, 9, .get_alt_setting = { 3 } }, "",
          "0a 00 00 00 01 00 00 00 09 00 00 00 03" },
        { ROLE_HOST, 0,
          { PACKET_alt_setting_status, 10, .alt_setting_status = { STATUS_inval, 3, 5 } }, "",
          "0b 00 00 00 03 00 00 00 0a 00 00 00 02 03 05" },
        { ROLE_GUEST, 0,
          { PACKET_start_iso_stream, 11, .start_iso_stream = { 0x83, 32, 16 } }, "",
          "0c 00 00 00 03 00 00 00 0b 00 00 00 83 20 10" },
        { ROLE_GUEST, 0,
          { PACKET_stop_iso_stream, 12, .stop_iso_stream = { 0x03 } }, "",
          "0d 00 00 00 01 00 00 00 0c 00 00 00 03" },
        { ROLE_HOST, 0,
          { PACKET_iso_stream_status, 13, .iso_stream_status = { STATUS_stall, 0x83 } }, "",
          "0e 00 00 00 02 00 00 00 0d 00 00 00 04 83" },
        { ROLE_GUEST, 0,
          { PACKET_start_interrupt_receiving, 14, .start_interrupt_receiving = { 0x81 } }, "",
          "0f 00 00 00 01 00 00 00 0e 00 00 00 81" },
        { ROLE_GUEST, 0,
          { PACKET_stop_interrupt_receiving, 15, .stop_interrupt_receiving = { 0x82 } }, "",
          "10 00 00 00 01 00 00 00 0f 00 00 00 82" },
        { ROLE_HOST, 0,
          { PACKET_interrupt_receiving_status, 16,
            .interrupt_receiving_status = { STATUS_stall, 0x81 } }, "",
          "11 00 00 00 02 00 00 00 10 00 00 00 04 81" },
        { ROLE_GUEST, CAP_ALL,
          { PACKET_alloc_bulk_streams, 17, .alloc_bulk_streams = { 0x00020004, 0x0001fffe } }, "",
          "12 00 00 00 08 00 00 00 11 00*7 04 00 02 00 fe ff 01 00" },
        { ROLE_GUEST, CAP_ALL,
          { PACKET_free_bulk_streams, 18, .free_bulk_streams = { 0x80400201 } }, "",
          "13 00 00 00 04 00 00 00 12 00*7 01 02 40 80" },
        { ROLE_HOST, CAP_ALL,
          { PACKET_bulk_streams_status, 19,
            .bulk_streams_status = { 0x80400201, 0x00000110, STATUS_inval } }, "",
          "14 00 00 00 09 00 00 00 13 00*7 01 02 40 80 10 01 00 00 02" },
        { ROLE_GUEST, IDS64,
          { PACKET_cancel_data_packet, 0xfedcba9876543210 }, "",
          "15 00 00 00 00 00 00 00 10 32 54 76 98 ba dc fe" },
        { ROLE_GUEST, CAP_FILTER,
          { PACKET_filter_reject, 0 }, "",
          "16 00 00 00 00 00 00 00 00*4" },
        { ROLE_GUEST, CAP_FILTER,
          { PACKET_filter_filter, 0 }, "2d 31 2c 2d 31 2c 2d 31 2c 2d 31 2c 31 00",
          "17 00 00 00 0e 00 00 00 00*4 2d 31 2c 2d 31 2c 2d 31 2c 2d 31 2c 31 00" },
        { ROLE_GUEST, CAP_DEVICE_DISCONNECT_ACK,
          { PACKET_device_disconnect_ack, 0 }, "",
          "18 00 00 00 00 00 00 00 00*4" },
        { ROLE_GUEST, CAP_BULK_RECEIVING,
          { PACKET_start_bulk_receiving, 20,
            .start_bulk_receiving = { 0x01020304, 0x00010200, 0x81, 5 } }, "",
          "19 00 00 00 0a 00 00 00 14 00 00 00 04 03 02 01 00 02 01 00 81 05" },
        { ROLE_GUEST, CAP_BULK_RECEIVING,
          { PACKET_stop_bulk_receiving, 21, .stop_bulk_receiving = { 0x01020304, 0x81 } }, "",
          "1a 00 00 00 05 00 00 00 15 00 00 00 04 03 02 01 81" },
        { ROLE_HOST, CAP_BULK_RECEIVING,
          { PACKET_bulk_receiving_status, 22,
            .bulk_receiving_status = { 0x01020304, 0x81, STATUS_stall } }, "",
          "1b 00 00 00 06 00 00 00 16 00 00 00 04 03 02 01 81 04" },
        { ROLE_GUEST, 0,
          { PACKET_control_packet, 23,
            .control_packet = { 0x80, 0x06, 0x80, STATUS_success, 0x0302, 0x0409, 0x00ff } }, "",
          "64 00 00 00 0a 00 00 00 17 00 00 00 80 06 80 00 02 03 09 04 ff 00" },
        { ROLE_HOST, IDS64,
          { PACKET_control_packet, 0x1122334455667788,
            .control_packet = { 0x80, 0x06, 0x80, STATUS_success, 0x0302, 0x0409, 4 } },
          "04 03 41 00",
          "64 00 00 00 0e 00 00 00 88 77 66 55 44 33 22 11 "
          "80 06 80 00 02 03 09 04 04 00 04 03 41 00" },
        { ROLE_GUEST, 0,
          { PACKET_bulk_packet, 24, .bulk_packet = { 0x02, STATUS_success, 3, 0x01020304 } },
          "55 53 42",
          "65 00 00 00 0b 00 00 00 18 00 00 00 02 00 03 00 04 03 02 01 55 53 42" },
        { ROLE_GUEST, CAP_BULK_LENGTH_32BIT,
          { PACKET_bulk_packet, 25,
            .bulk_packet = { 0x81, STATUS_success, 0x0302, 0x01020304, 0x0504 } }, "",
          "65 00 00 00 0a 00 00 00 19 00 00 00 81 00 02 03 04 03 02 01 04 05" },
        { ROLE_HOST, 0,
          { PACKET_iso_packet, 0x0a0b0c0d, .iso_packet = { 0x83, STATUS_success, 2 } }, "c0 ff",
          "66 00 00 00 06 00 00 00 0d 0c 0b 0a 83 00 02 00 c0 ff" },
        { ROLE_HOST, 0,
          { PACKET_interrupt_packet, 26, .interrupt_packet = { 0x81, STATUS_babble, 4 } },
          "01 02 03 04",
          "67 00 00 00 08 00 00 00 1a 00 00 00 81 06 04 00 01 02 03 04" },
        { ROLE_HOST, 0,
          { PACKET_interrupt_packet, 27, .interrupt_packet = { 0x01, STATUS_cancelled, 0x0110 } }, "",
          "67 00 00 00 04 00 00 00 1b 00 00 00 01 01 10 01" },
        { ROLE_HOST, CAP_BULK_RECEIVING,
          { PACKET_buffered_bulk_packet, 28,
            .buffered_bulk_packet = { 0x01020304, 5, 0x81, STATUS_timeout } }, "31 60 00 0d 0a",
          "68 00 00 00 0f 00 00 00 1c 00 00 00 04 03 02 01 05 00 00 00 81 05 31 60 00 0d 0a" },
};
/* clang-format on */

#undef IDS64
#undef EP_SIZES

/* Puts and gets the example. Returns NULL or what went wrong. */
static inline const char *wire_example_codec(const struct wire_example *e)
{
        uint8_t wire[512], payload[512], bytes[PACKET_PREFIX_MAX];
        size_t wire_size = hex(wire, sizeof(wire), e->wire);
        size_t payload_size = hex(payload, sizeof(payload), e->payload);
        size_t prefix = wire_size - payload_size;
        struct packet_header header;
        struct packet packet;

        if (packet_put(bytes, &e->packet, payload_size, e->both) != prefix)
                return "put another size";
        if (memcmp(bytes, wire, prefix) != 0)
                return "put other bytes";

        packet_get_header(wire, e->both, &header);
        if (header.length != wire_size - packet_header_size(header.type, e->both))
                return "got another length";
        if (packet_verify_header(&header, e->sender, e->both) != PACKET_FAULT_NONE)
                return "refused the header";

        memset(&packet, 0xaa, sizeof(packet));
        packet_get_fields(wire + packet_header_size(header.type, e->both), &header, e->both,
                          &packet);
        if (packet_difference(&packet, &e->packet))
                return packet_difference(&packet, &e->packet);
        if (packet_verify(&packet, payload_size, e->sender, e->both) != PACKET_FAULT_NONE)
                return "refused the packet";

        return NULL;
}
