/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What each endpoint does. Two moments: endpoint_plan() when a transfer is submitted says when it
 * will be done, endpoint_complete() at that moment says how. Data is produced and compared only
 * at completion, so a cancelled transfer leaves no hole in the running pattern nor in the numbers.
 */
#include <string.h>

#include "fake-libusb/fake.h"

static const struct {
        uint8_t address;
        enum behaviour behaviour;
        bool halted; /* at the start, and after a reset */
} behaviours[] = {
        { 0x81, BEHAVIOUR_SOURCE }, { 0x02, BEHAVIOUR_SINK },
        { 0x83, BEHAVIOUR_NAK },    { 0x84, BEHAVIOUR_SEQUENCE },
        { 0x05, BEHAVIOUR_COUNT },  { 0x86, BEHAVIOUR_SEQUENCE },
        { 0x07, BEHAVIOUR_COUNT },  { 0x88, BEHAVIOUR_SOURCE, .halted = true },
        { 0x89, BEHAVIOUR_BABBLE }, { 0x8a, BEHAVIOUR_SHORT },
};

size_t endpoint_index(uint8_t address)
{
        return (size_t)((address & 0x80) >> 3 | (address & 0x0f));
}

/* The endpoint of that exact address in the active alternate settings, or NULL. */
struct endpoint *endpoint_find(uint8_t address)
{
        struct endpoint *endpoint = &fake.device.endpoints[endpoint_index(address)];

        if (endpoint_index(address) % 16 == 0)
                return &fake.device.endpoints[0];
        return endpoint->behaviour && endpoint->address == address ? endpoint : NULL;
}

/* As after SET_INTERFACE: not halted, its data from the start. Faults are counted on. */
void endpoint_start(struct endpoint *endpoint, const struct model_endpoint *row, uint8_t interface)
{
        fake.counters.streams_lost += endpoint->streams > 0 && !fake.device.gone;
        *endpoint = (struct endpoint){
                .address = row->address,
                .type = row->attributes & LIBUSB_TRANSFER_TYPE_MASK,
                .interface = interface,
                .packet = row->packet,
                .completions = endpoint->completions,
        };
        for (size_t i = 0; i < ELEMENTS(behaviours); i++) {
                if (behaviours[i].address != (row->address & 0x8f))
                        continue;
                endpoint->behaviour = behaviours[i].behaviour;
                endpoint->halted = behaviours[i].halted;
        }
}

static bool endpoint_is_paced(const struct endpoint *endpoint)
{
        return fake.options.rate && (endpoint->behaviour == BEHAVIOUR_SEQUENCE ||
                                     endpoint->behaviour == BEHAVIOUR_COUNT);
}

/* How long the endpoint needs for the transfer: one interrupt packet, or all its iso packets. */
uint64_t endpoint_period(const struct endpoint *endpoint, const struct transfer *transfer)
{
        uint64_t packets = 1;

        if (!endpoint_is_paced(endpoint))
                return 0;
        if (transfer->public.type == LIBUSB_TRANSFER_TYPE_ISOCHRONOUS)
                packets = (uint64_t)transfer->public.num_iso_packets;
        return packets * NSEC_PER_SEC / fake.options.rate;
}

static uint64_t endpoint_pace(struct endpoint *endpoint, const struct transfer *transfer,
                              uint64_t now)
{
        uint64_t due = endpoint->next;

        if (due < now) {
                fake.counters.underruns += due != 0;
                due = now;
        }
        if (transfer->public.type == LIBUSB_TRANSFER_TYPE_ISOCHRONOUS) {
                due += endpoint_period(endpoint, transfer);
                endpoint->next = due;
        } else {
                endpoint->next = due + endpoint_period(endpoint, transfer);
        }
        return due;
}

/* Sets transfer->due, and forced if it will time out. False: it never completes by itself. */
bool endpoint_plan(struct endpoint *endpoint, struct transfer *transfer)
{
        const struct libusb_transfer *public = &transfer->public;
        uint64_t now = 0, deadline = UINT64_MAX;
        bool naked;

        naked = endpoint->behaviour == BEHAVIOUR_NAK ||
                (endpoint->behaviour == BEHAVIOUR_CONTROL && control_never_answers(public));
        transfer->due = 0;
        if (naked || fake.options.latency_us || endpoint_is_paced(endpoint))
                now = now_ns();
        if (endpoint_is_paced(endpoint) && !endpoint->halted)
                transfer->due = endpoint_pace(endpoint, transfer, now);
        if (fake.options.latency_us)
                transfer->due = MAX(transfer->due, now) + fake.options.latency_us * NSEC_PER_USEC;
        if (public->timeout)
                deadline = now + public->timeout * NSEC_PER_MSEC;
        if (deadline < UINT64_MAX && (naked || transfer->due > deadline)) {
                transfer->due = deadline;
                transfer->forced = LIBUSB_TRANSFER_TIMED_OUT;
                naked = false;
        }
        return !naked;
}

static void fill_pattern(struct endpoint *endpoint, uint8_t *buffer, size_t length)
{
        size_t at, n;

        for (size_t done = 0; done < length; done += n) {
                at = (endpoint->offset + done) % PATTERN_SIZE;
                n = MIN(length - done, (size_t)PATTERN_SIZE);
                if (fake.options.payload == PAYLOAD_PATTERN)
                        memcpy(buffer + done, fake.pattern + at, n);
        }
        endpoint->offset += length;
}

static void compare_pattern(struct endpoint *endpoint, const uint8_t *buffer, size_t length)
{
        bool same = true;
        size_t at, n;

        for (size_t done = 0; done < length; done += n) {
                at = (endpoint->offset + done) % PATTERN_SIZE;
                n = MIN(length - done, (size_t)PATTERN_SIZE);
                if (fake.options.payload == PAYLOAD_PATTERN)
                        same = same && !memcmp(buffer + done, fake.pattern + at, n);
        }
        endpoint->offset += length;
        fake.counters.mismatches += !same;
}

static void put_little_endian(uint8_t *bytes, uint64_t number, size_t n_bytes)
{
        for (size_t i = 0; i < n_bytes; i++)
                bytes[i] = (uint8_t)(number >> (8 * i));
}

/* The packet's number in 4 bytes, 4 zeros, and when it was due (CLOCK_MONOTONIC, ns) in 8. */
static void fill_number(struct endpoint *endpoint, uint8_t *packet, size_t length, uint64_t due)
{
        uint8_t header[16] = { 0 };

        put_little_endian(header, endpoint->sequence++, 4);
        if (!length)
                return;
        put_little_endian(header + 8, due, 8);
        memcpy(packet, header, MIN(length, sizeof(header)));
        if (fake.options.payload == PAYLOAD_PATTERN && length > sizeof(header))
                memcpy(packet + sizeof(header), fake.pattern,
                       MIN(length - sizeof(header), sizeof(fake.pattern)));
}

static void check_number(struct endpoint *endpoint, const uint8_t *packet, size_t length)
{
        uint32_t number;

        if (length < 4 || fake.options.payload == PAYLOAD_NONE)
                return;
        number = (uint32_t)packet[0] | (uint32_t)packet[1] << 8 | (uint32_t)packet[2] << 16 |
                 (uint32_t)packet[3] << 24;
        if (endpoint->numbered && number != endpoint->sequence)
                fake.counters.gaps++;
        endpoint->numbered = true;
        endpoint->sequence = number + 1;
}

/* So many bytes move now. */
static void move_data(struct endpoint *endpoint, struct transfer *transfer, size_t length)
{
        uint8_t *buffer = transfer->public.buffer;

        transfer->public.actual_length = (int)length;
        if (transfer->public.endpoint & LIBUSB_ENDPOINT_IN)
                fake.counters.bytes_in += length;
        else
                fake.counters.bytes_out += length;
        switch (endpoint->behaviour) {
        case BEHAVIOUR_SOURCE:
        case BEHAVIOUR_BABBLE:
        case BEHAVIOUR_SHORT: fill_pattern(endpoint, buffer, length); break;
        case BEHAVIOUR_SINK: compare_pattern(endpoint, buffer, length); break;
        case BEHAVIOUR_SEQUENCE: fill_number(endpoint, buffer, length, transfer->due); break;
        case BEHAVIOUR_COUNT: check_number(endpoint, buffer, length); break;
        case BEHAVIOUR_NONE:
        case BEHAVIOUR_CONTROL:
        case BEHAVIOUR_NAK: break;
        }
}

static size_t usual_length(const struct endpoint *endpoint, const struct transfer *transfer)
{
        size_t length = (size_t)transfer->public.length;

        if (endpoint->behaviour == BEHAVIOUR_SHORT)
                return length / 2;
        if (endpoint->behaviour == BEHAVIOUR_SEQUENCE)
                return MIN(length, (size_t)endpoint->packet);
        return length;
}

static void complete_iso(struct endpoint *endpoint, struct transfer *transfer)
{
        struct libusb_transfer *public = &transfer->public;
        struct libusb_iso_packet_descriptor *packet;
        uint8_t *buffer = public->buffer;
        size_t most = (endpoint->packet & 0x7ffu) * (1u + (endpoint->packet >> 11 & 3u));

        for (int i = 0; i < public->num_iso_packets; i++) {
                packet = &public->iso_packet_desc[i];
                packet->status = LIBUSB_TRANSFER_COMPLETED;
                packet->actual_length = (unsigned int)MIN((size_t)packet->length, most);
                if (fake.random && !random_below(16)) {
                        packet->status = random_below(LIBUSB_TRANSFER_OVERFLOW + 1);
                        packet->actual_length = random_below(packet->actual_length + 1);
                }
                if (public->endpoint & LIBUSB_ENDPOINT_IN) {
                        fill_number(endpoint, buffer, packet->actual_length, transfer->due);
                        fake.counters.bytes_in += packet->actual_length;
                } else {
                        check_number(endpoint, buffer, packet->actual_length);
                        fake.counters.bytes_out += packet->actual_length;
                }
                buffer += packet->length;
        }
}

/* One in 16 goes wrong; the device goes away once in some thousands. */
static enum libusb_transfer_status random_status(void)
{
        static const enum libusb_transfer_status wrong[] = {
                LIBUSB_TRANSFER_ERROR,     LIBUSB_TRANSFER_STALL,     LIBUSB_TRANSFER_OVERFLOW,
                LIBUSB_TRANSFER_TIMED_OUT, LIBUSB_TRANSFER_CANCELLED,
        };

        if (!random_below(4096))
                return LIBUSB_TRANSFER_NO_DEVICE;
        return random_below(16) ? LIBUSB_TRANSFER_COMPLETED : wrong[random_below(ELEMENTS(wrong))];
}

static enum libusb_transfer_status status_now(struct endpoint *endpoint)
{
        int status;

        endpoint->completions++;
        status = fault_status(endpoint);
        if (status >= 0)
                return (enum libusb_transfer_status)status;
        if (endpoint->halted)
                return LIBUSB_TRANSFER_STALL;
        if (fake.random)
                return random_status();
        return endpoint->behaviour == BEHAVIOUR_BABBLE ? LIBUSB_TRANSFER_OVERFLOW
                                                       : LIBUSB_TRANSFER_COMPLETED;
}

/* Moves the data and returns the status. */
enum libusb_transfer_status endpoint_complete(struct endpoint *endpoint, struct transfer *transfer)
{
        struct libusb_transfer *public = &transfer->public;
        enum libusb_transfer_status status;
        size_t length;

        status = status_now(endpoint);
        if (endpoint->behaviour == BEHAVIOUR_CONTROL)
                return status ? status : control_complete(public);
        if (status == LIBUSB_TRANSFER_STALL && endpoint->type != LIBUSB_TRANSFER_TYPE_ISOCHRONOUS)
                endpoint->halted = true;
        if (status && status != LIBUSB_TRANSFER_OVERFLOW)
                return status;
        if (public->type == LIBUSB_TRANSFER_TYPE_ISOCHRONOUS) {
                complete_iso(endpoint, transfer);
                return status;
        }
        length = usual_length(endpoint, transfer);
        if (fake.random && (public->endpoint & LIBUSB_ENDPOINT_IN) && !random_below(4))
                length = random_below((uint32_t)length + 1);
        move_data(endpoint, transfer, length);
        if (!status && (public->flags & LIBUSB_TRANSFER_SHORT_NOT_OK) &&
            public->actual_length < public->length)
                return LIBUSB_TRANSFER_ERROR;
        return status;
}
