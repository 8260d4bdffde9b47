#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of the wire: every packet of usbredir 0.7, described once. Enums, structs, sizes, the
 * codec, verification, the trace printer and the tests are expansions of it; nothing else in the
 * project lists packets, but for what a session does on each.
 *
 * All integers are little-endian and packed. A packet is a header (packet.h), the fields listed
 * here in this order, and the payload.
 */

/* The most an array field holds: endpoints by index, and interfaces. */
#define USBREDIR_ENDPOINTS  32
#define USBREDIR_INTERFACES 32

/* Bytes of a hello's version text, terminator included. */
#define USBREDIR_VERSION_SIZE 64

/*
 * Who may send the packet when its endpoint is an IN or an OUT endpoint (a packet without an
 * endpoint has the same sender in both columns), the capability the receiver must have, and
 * what follows the fields: NONE, CAPS (words), STRING (with its terminator) or TRANSFER
 * (the data of a transfer, in one direction only).
 *
 *        name                       number  IN      OUT     needs                   payload
 */
/* clang-format off */
#define USBREDIR_PACKETS(P) \
        P(hello,                        0, EITHER, EITHER, ALWAYS,                CAPS) \
        P(device_connect,               1, HOST,   HOST,   ALWAYS,                NONE) \
        P(device_disconnect,            2, HOST,   HOST,   ALWAYS,                NONE) \
        P(reset,                        3, GUEST,  GUEST,  ALWAYS,                NONE) \
        P(interface_info,               4, HOST,   HOST,   ALWAYS,                NONE) \
        P(ep_info,                      5, HOST,   HOST,   ALWAYS,                NONE) \
        P(set_configuration,            6, GUEST,  GUEST,  ALWAYS,                NONE) \
        P(get_configuration,            7, GUEST,  GUEST,  ALWAYS,                NONE) \
        P(configuration_status,         8, HOST,   HOST,   ALWAYS,                NONE) \
        P(set_alt_setting,              9, GUEST,  GUEST,  ALWAYS,                NONE) \
        P(get_alt_setting,             10, GUEST,  GUEST,  ALWAYS,                NONE) \
        P(alt_setting_status,          11, HOST,   HOST,   ALWAYS,                NONE) \
        P(start_iso_stream,            12, GUEST,  GUEST,  ALWAYS,                NONE) \
        P(stop_iso_stream,             13, GUEST,  GUEST,  ALWAYS,                NONE) \
        P(iso_stream_status,           14, HOST,   HOST,   ALWAYS,                NONE) \
        P(start_interrupt_receiving,   15, GUEST,  NOBODY, ALWAYS,                NONE) \
        P(stop_interrupt_receiving,    16, GUEST,  NOBODY, ALWAYS,                NONE) \
        P(interrupt_receiving_status,  17, HOST,   NOBODY, ALWAYS,                NONE) \
        P(alloc_bulk_streams,          18, GUEST,  GUEST,  BULK_STREAMS,          NONE) \
        P(free_bulk_streams,           19, GUEST,  GUEST,  BULK_STREAMS,          NONE) \
        P(bulk_streams_status,         20, HOST,   HOST,   BULK_STREAMS,          NONE) \
        P(cancel_data_packet,          21, GUEST,  GUEST,  ALWAYS,                NONE) \
        P(filter_reject,               22, GUEST,  GUEST,  FILTER,                NONE) \
        P(filter_filter,               23, EITHER, EITHER, FILTER,                STRING) \
        P(device_disconnect_ack,       24, GUEST,  GUEST,  DEVICE_DISCONNECT_ACK, NONE) \
        P(start_bulk_receiving,        25, GUEST,  NOBODY, BULK_RECEIVING,        NONE) \
        P(stop_bulk_receiving,         26, GUEST,  NOBODY, BULK_RECEIVING,        NONE) \
        P(bulk_receiving_status,       27, HOST,   NOBODY, BULK_RECEIVING,        NONE) \
        P(control_packet,             100, EITHER, EITHER, ALWAYS,                TRANSFER) \
        P(bulk_packet,                101, EITHER, EITHER, ALWAYS,                TRANSFER) \
        P(iso_packet,                 102, HOST,   GUEST,  ALWAYS,                TRANSFER) \
        P(interrupt_packet,           103, HOST,   EITHER, ALWAYS,                TRANSFER) \
        P(buffered_bulk_packet,       104, HOST,   NOBODY, BULK_RECEIVING,        TRANSFER)

/*
 * F(packet, kind, field, on the wire if both sides have)
 * A(packet, kind, field, elements, on the wire if both sides have)
 */
#define FIELDS_hello(F, A, P) \
        A(P, text,          version, USBREDIR_VERSION_SIZE,         ALWAYS)
#define FIELDS_device_connect(F, A, P) \
        F(P, speed,         speed,                                  ALWAYS) \
        F(P, x8,            device_class,                           ALWAYS) \
        F(P, x8,            device_subclass,                        ALWAYS) \
        F(P, x8,            device_protocol,                        ALWAYS) \
        F(P, x16,           vendor_id,                              ALWAYS) \
        F(P, x16,           product_id,                             ALWAYS) \
        F(P, x16,           device_version_bcd,                     CONNECT_DEVICE_VERSION)
#define FIELDS_device_disconnect(F, A, P)
#define FIELDS_reset(F, A, P)
#define FIELDS_interface_info(F, A, P) \
        F(P, u32,           interface_count,                        ALWAYS) \
        A(P, u8,            interface,          USBREDIR_INTERFACES, ALWAYS) \
        A(P, x8,            interface_class,    USBREDIR_INTERFACES, ALWAYS) \
        A(P, x8,            interface_subclass, USBREDIR_INTERFACES, ALWAYS) \
        A(P, x8,            interface_protocol, USBREDIR_INTERFACES, ALWAYS)
#define FIELDS_ep_info(F, A, P) \
        A(P, endpoint_type, type,            USBREDIR_ENDPOINTS,    ALWAYS) \
        A(P, u8,            interval,        USBREDIR_ENDPOINTS,    ALWAYS) \
        A(P, u8,            interface,       USBREDIR_ENDPOINTS,    ALWAYS) \
        A(P, u16,           max_packet_size, USBREDIR_ENDPOINTS,    EP_INFO_MAX_PACKET_SIZE) \
        A(P, u32,           max_streams,     USBREDIR_ENDPOINTS,    BULK_STREAMS)
#define FIELDS_set_configuration(F, A, P) \
        F(P, u8,            configuration,                          ALWAYS)
#define FIELDS_get_configuration(F, A, P)
#define FIELDS_configuration_status(F, A, P) \
        F(P, status,        status,                                 ALWAYS) \
        F(P, u8,            configuration,                          ALWAYS)
#define FIELDS_set_alt_setting(F, A, P) \
        F(P, u8,            interface,                              ALWAYS) \
        F(P, u8,            alt,                                    ALWAYS)
#define FIELDS_get_alt_setting(F, A, P) \
        F(P, u8,            interface,                              ALWAYS)
#define FIELDS_alt_setting_status(F, A, P) \
        F(P, status,        status,                                 ALWAYS) \
        F(P, u8,            interface,                              ALWAYS) \
        F(P, u8,            alt,                                    ALWAYS)
#define FIELDS_start_iso_stream(F, A, P) \
        F(P, endpoint,      endpoint,                               ALWAYS) \
        F(P, u8,            pkts_per_urb,                           ALWAYS) \
        F(P, u8,            no_urbs,                                ALWAYS)
#define FIELDS_stop_iso_stream(F, A, P) \
        F(P, endpoint,      endpoint,                               ALWAYS)
#define FIELDS_iso_stream_status(F, A, P) \
        F(P, status,        status,                                 ALWAYS) \
        F(P, endpoint,      endpoint,                               ALWAYS)
#define FIELDS_start_interrupt_receiving(F, A, P) \
        F(P, endpoint,      endpoint,                               ALWAYS)
#define FIELDS_stop_interrupt_receiving(F, A, P) \
        F(P, endpoint,      endpoint,                               ALWAYS)
#define FIELDS_interrupt_receiving_status(F, A, P) \
        F(P, status,        status,                                 ALWAYS) \
        F(P, endpoint,      endpoint,                               ALWAYS)
#define FIELDS_alloc_bulk_streams(F, A, P) \
        F(P, x32,           endpoints,                              ALWAYS) \
        F(P, u32,           no_streams,                             ALWAYS)
#define FIELDS_free_bulk_streams(F, A, P) \
        F(P, x32,           endpoints,                              ALWAYS)
#define FIELDS_bulk_streams_status(F, A, P) \
        F(P, x32,           endpoints,                              ALWAYS) \
        F(P, u32,           no_streams,                             ALWAYS) \
        F(P, status,        status,                                 ALWAYS)
#define FIELDS_cancel_data_packet(F, A, P)
#define FIELDS_filter_reject(F, A, P)
#define FIELDS_filter_filter(F, A, P)
#define FIELDS_device_disconnect_ack(F, A, P)
#define FIELDS_start_bulk_receiving(F, A, P) \
        F(P, u32,           stream_id,                              ALWAYS) \
        F(P, u32,           bytes_per_transfer,                     ALWAYS) \
        F(P, endpoint,      endpoint,                               ALWAYS) \
        F(P, u8,            no_transfers,                           ALWAYS)
#define FIELDS_stop_bulk_receiving(F, A, P) \
        F(P, u32,           stream_id,                              ALWAYS) \
        F(P, endpoint,      endpoint,                               ALWAYS)
#define FIELDS_bulk_receiving_status(F, A, P) \
        F(P, u32,           stream_id,                              ALWAYS) \
        F(P, endpoint,      endpoint,                               ALWAYS) \
        F(P, status,        status,                                 ALWAYS)
#define FIELDS_control_packet(F, A, P) \
        F(P, endpoint,      endpoint,                               ALWAYS) \
        F(P, x8,            request,                                ALWAYS) \
        F(P, x8,            requesttype,                            ALWAYS) \
        F(P, status,        status,                                 ALWAYS) \
        F(P, x16,           value,                                  ALWAYS) \
        F(P, x16,           index,                                  ALWAYS) \
        F(P, u16,           length,                                 ALWAYS)
#define FIELDS_bulk_packet(F, A, P) \
        F(P, endpoint,      endpoint,                               ALWAYS) \
        F(P, status,        status,                                 ALWAYS) \
        F(P, u16,           length,                                 ALWAYS) \
        F(P, u32,           stream_id,                              ALWAYS) \
        F(P, u16,           length_high,                            BULK_LENGTH_32BIT)
#define FIELDS_iso_packet(F, A, P) \
        F(P, endpoint,      endpoint,                               ALWAYS) \
        F(P, status,        status,                                 ALWAYS) \
        F(P, u16,           length,                                 ALWAYS)
#define FIELDS_interrupt_packet(F, A, P) \
        F(P, endpoint,      endpoint,                               ALWAYS) \
        F(P, status,        status,                                 ALWAYS) \
        F(P, u16,           length,                                 ALWAYS)
#define FIELDS_buffered_bulk_packet(F, A, P) \
        F(P, u32,           stream_id,                              ALWAYS) \
        F(P, u32,           length,                                 ALWAYS) \
        F(P, endpoint,      endpoint,                               ALWAYS) \
        F(P, status,        status,                                 ALWAYS)

/* The kinds of fields:  name, C type, bytes on the wire. */
#define USBREDIR_KINDS(K) \
        K(u8,            uint8_t,  1) \
        K(u16,           uint16_t, 2) \
        K(u32,           uint32_t, 4) \
        K(x8,            uint8_t,  1) /* x: read by people in hexadecimal */ \
        K(x16,           uint16_t, 2) \
        K(x32,           uint32_t, 4) \
        K(endpoint,      uint8_t,  1) /* address, bit 7 set for IN */ \
        K(status,        uint8_t,  1) /* USBREDIR_STATUSES; others are errors */ \
        K(speed,         uint8_t,  1) /* USBREDIR_SPEEDS */ \
        K(endpoint_type, uint8_t,  1) /* USBREDIR_ENDPOINT_TYPES */ \
        K(text,          char,     1)

/*        name       value */
#define USBREDIR_STATUSES(S) \
        S(success,   0) \
        S(cancelled, 1) \
        S(inval,     2) \
        S(ioerror,   3) \
        S(stall,     4) \
        S(timeout,   5) \
        S(babble,    6)

#define USBREDIR_SPEEDS(S) \
        S(low,       0) \
        S(full,      1) \
        S(high,      2) \
        S(super,     3) \
        S(unknown,   255)

#define USBREDIR_ENDPOINT_TYPES(S) \
        S(control,   0) \
        S(iso,       1) \
        S(bulk,      2) \
        S(interrupt, 3) \
        S(invalid,   255)
/* clang-format on */
