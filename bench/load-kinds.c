/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kinds of load: a row of the table for each. Data comes in the order of the device's, so an
 * endpoint's offset, or number, tells what the next must be; what may not be lost must be that.
 */
#include <stdio.h>
#include <string.h>

#include "bench/load-private.h"
#include "util/bytes.h"

/* The vendor request that brings the pattern, from its start. */
#define VENDOR_PATTERN 1

static void fill_control_in(const struct load *l, struct packet *packet)
{
        packet->type = PACKET_control_packet;
        packet->control_packet = (struct packet_control_packet){
                .endpoint = 0x80,
                .request = VENDOR_PATTERN,
                .requesttype = 0xc0,
                .length = (uint16_t)l->config->size,
        };
}

static void fill_bulk(const struct load *l, struct packet *packet)
{
        packet->type = PACKET_bulk_packet;
        packet->bulk_packet.endpoint = l->config->kind->endpoint;
        packet_set_transfer_length(packet, l->config->size);
}

static void check_control(struct load *l, const struct packet *packet, const uint8_t *data,
                          size_t size)
{
        if (size != l->config->size || !pattern_is_at(data, size, 0, l->config->verify))
                load_fail(l, "wrong bytes in answer %llu: %zu of %u, or not the pattern",
                          (unsigned long long)l->result->messages_in_life, size, l->config->size);
}

static void check_bulk_in(struct load *l, const struct packet *packet, const uint8_t *data,
                          size_t size)
{
        if (size != l->config->size || !pattern_is_at(data, size, l->offset, l->config->verify))
                load_fail(l, "wrong bytes at offset %llu: %zu of %u, or not the pattern",
                          (unsigned long long)l->offset, size, l->config->size);
        l->offset += size;
}

static void check_bulk_out(struct load *l, const struct packet *packet, const uint8_t *data,
                           size_t size)
{
        if (packet_transfer_length(packet) != l->config->size)
                load_fail(l, "%u bytes of %u were taken", packet_transfer_length(packet),
                          l->config->size);
}

static void fill_interrupt(const struct load *l, struct packet *packet)
{
        packet->type = PACKET_start_interrupt_receiving;
        packet->start_interrupt_receiving.endpoint = INTERRUPT_IN;
}

static void fill_interrupt_stop(const struct load *l, struct packet *packet)
{
        packet->type = PACKET_stop_interrupt_receiving;
        packet->stop_interrupt_receiving.endpoint = INTERRUPT_IN;
}

static void fill_receiving(const struct load *l, struct packet *packet)
{
        packet->type = PACKET_start_bulk_receiving;
        packet->start_bulk_receiving = (struct packet_start_bulk_receiving){
                .bytes_per_transfer = l->config->size,
                .endpoint = BULK_IN,
                .no_transfers = (uint8_t)l->config->depth,
        };
}

static void fill_receiving_stop(const struct load *l, struct packet *packet)
{
        packet->type = PACKET_stop_bulk_receiving;
        packet->stop_bulk_receiving.endpoint = BULK_IN;
}

static void fill_iso(const struct load *l, struct packet *packet)
{
        packet->type = PACKET_start_iso_stream;
        packet->start_iso_stream =
                (struct packet_start_iso_stream){ ISO_IN, (uint8_t)l->config->size,
                                                  (uint8_t)l->config->depth };
}

static void fill_iso_stop(const struct load *l, struct packet *packet)
{
        packet->type = PACKET_stop_iso_stream;
        packet->stop_iso_stream.endpoint = ISO_IN;
}

/* Packets are numbered from 0; urb: how many of them come and go together. */
static void follow(struct load *l, uint64_t number, uint32_t urb)
{
        if (l->is_numbered && number < l->number) {
                load_fail(l, "packet %llu came after packet %llu", (unsigned long long)number,
                          (unsigned long long)l->number - 1);
                return;
        }
        if (l->is_numbered && number > l->number) {
                if (l->phase == MEASURING)
                        l->result->lost += number - l->number;
                if (number % urb || l->number % urb)
                        l->result->has_lost_parts = true;
        }
        l->is_numbered = true;
        l->number = number + 1;
}

/* The device numbers its packets and tells when it had them. */
static void check_numbered(struct load *l, const struct packet *packet, const uint8_t *data,
                           size_t size)
{
        bool is_iso = packet->type == PACKET_iso_packet;

        if (size < 16 || usb_guest_status(packet) != STATUS_success) {
                load_fail(l, "a packet of %zu bytes, status %u", size, usb_guest_status(packet));
                return;
        }
        if (!pattern_is_at(data + 16, size - 16, 0, l->config->verify))
                load_fail(l, "wrong bytes in packet %u", get_le32(data));
        l->due_ns = get_le64(data + 8);
        follow(l, get_le32(data), is_iso ? l->config->size : 1);
}

static void check_receiving(struct load *l, const struct packet *packet, const uint8_t *data,
                            size_t size)
{
        l->due_ns = 0;
        if (size != l->config->size ||
            !pattern_is_at(data, size, packet->id * l->config->size, l->config->verify))
                load_fail(l, "wrong bytes in packet %llu: %zu of %u, or not the pattern",
                          (unsigned long long)packet->id, size, l->config->size);
        follow(l, packet->id, 1);
}

static const struct load_kind kinds[] = {
        { "control-in", 0x80, false, fill_control_in, NULL, check_control },
        { "bulk-in", BULK_IN, false, fill_bulk, NULL, check_bulk_in },
        { "bulk-out", BULK_OUT, false, fill_bulk, NULL, check_bulk_out },
        { "interrupt-in", INTERRUPT_IN, true, fill_interrupt, fill_interrupt_stop, check_numbered },
        { "bulk-receiving", BULK_IN, true, fill_receiving, fill_receiving_stop, check_receiving },
        { "iso-in", ISO_IN, true, fill_iso, fill_iso_stop, check_numbered },
        { "idle" },
};

const struct load_kind *load_kind_find(const char *name)
{
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (!strcmp(kinds[i].name, name))
                        return &kinds[i];

        return NULL;
}

const char *load_kind_names(void)
{
        static char names[256];

        names[0] = '\0';
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
                         i > 0 ? ", " : "", kinds[i].name);

        return names;
}
