/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest on the protocol floor. All that arrives goes through an inbox before it is parsed, so
 * that a guest which sends much can read meanwhile, and neither side waits for the other for ever.
 * Nothing here knows what a session should do: that is the tests' business.
 */
#include "integration/guest.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/parser.h"
#include "protocol/writer.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define READ_SIZE      (256u * 1024)
#define WRITER_PACKETS 16

/* One wait; the deadline is looked at in between. */
#define WAIT_MS 100

static void *new_payload(void *userdata, const struct packet *packet, size_t size,
                         uint8_t **ret_data)
{
        return *ret_data = malloc(size);
}

static void free_payload(void *userdata, void *owner)
{
        free(owner);
}

void guest_open(struct guest *g, int fd, uint32_t caps)
{
        *g = (struct guest){ .fd = fd, .caps = caps, .last_id = 1000 };
        assert_int_equal(parser_new(&g->parser, ROLE_GUEST, caps, new_payload, free_payload, NULL),
                         0);
        assert_int_equal(
                writer_new(&g->writer, ROLE_GUEST, caps, WRITER_PACKETS, free_payload, NULL), 0);
}

void guest_set_turn(struct guest *g, guest_turn turn, void *userdata)
{
        g->turn = turn;
        g->userdata = userdata;
}

void guest_hang_up(struct guest *g)
{
        g->fd = close_fd(g->fd);
}

void guest_close(struct guest *g)
{
        guest_hang_up(g);
        parser_free(g->parser);
        writer_free(g->writer);
        free(g->owner);
        free(g->inbox.bytes);
        *g = (struct guest){ .fd = -1 };
}

static void wait_for(struct guest *g, short events)
{
        struct pollfd fd = { .fd = g->fd, .events = events };

        if (g->turn) {
                g->turn(g->userdata);
                return;
        }

        assert_true(poll(&fd, 1, WAIT_MS) >= 0);
}

/* Reads what is there. Returns whether there was something. */
static bool fill_inbox(struct guest *g)
{
        ssize_t n;

        if (g->inbox.begin == g->inbox.end)
                g->inbox.begin = g->inbox.end = 0;
        if (g->inbox.capacity - g->inbox.end < READ_SIZE) {
                g->inbox.capacity = g->inbox.capacity * 2 + READ_SIZE;
                g->inbox.bytes = realloc(g->inbox.bytes, g->inbox.capacity);
                assert_non_null(g->inbox.bytes);
        }

        n = recv(g->fd, g->inbox.bytes + g->inbox.end, READ_SIZE, MSG_DONTWAIT);
        if (n > 0) {
                g->inbox.end += (size_t)n;
                return true;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR))
                g->is_over = true;

        return false;
}

static void feed_parser(struct guest *g)
{
        struct iovec iov[PARSER_TARGETS];
        unsigned n = parser_targets(g->parser, iov);
        size_t fed = 0;

        for (unsigned i = 0; i < n; i++) {
                size_t size = MIN(iov[i].iov_len, g->inbox.end - g->inbox.begin);

                memcpy(iov[i].iov_base, g->inbox.bytes + g->inbox.begin, size);
                g->inbox.begin += size;
                fed += size;
        }

        parser_filled(g->parser, fed);
}

/* A packet out of what has been read. A host that sends an invalid one fails the test. */
static bool take_packet(struct guest *g)
{
        enum packet_fault fault = PACKET_FAULT_NONE;
        struct parsed parsed;

        for (;;) {
                switch (parser_next(g->parser, &parsed, &fault)) {
                case PARSER_MORE:
                        if (g->inbox.begin == g->inbox.end)
                                return false;
                        feed_parser(g);
                        break;
                case PARSER_FAULT: fail_msg("the host sent: %s", packet_fault_string(fault)); break;
                case PARSER_PACKET:
                        assert_false(parsed.lost);
                        free(g->owner);
                        g->owner = parsed.owner;
                        g->packet = parsed.packet;
                        g->payload = parsed.payload;
                        g->payload_size = parsed.payload_size;
                        if (parsed.packet->type == PACKET_hello)
                                writer_set_peer_caps(g->writer, parser_peer_caps(g->parser));
                        return true;
                }
        }
}

bool guest_poll(struct guest *g)
{
        if (take_packet(g))
                return true;
        if (g->fd >= 0 && !g->is_over)
                fill_inbox(g);

        return take_packet(g);
}

bool guest_receive(struct guest *g)
{
        time_t end = time(NULL) + GUEST_DEADLINE_SEC;

        while (!guest_poll(g)) {
                if (g->is_over && g->inbox.begin == g->inbox.end)
                        return false;
                if (time(NULL) > end)
                        fail_msg("nothing came within %i s", GUEST_DEADLINE_SEC);
                wait_for(g, POLLIN);
        }

        return true;
}

size_t guest_send_some(struct guest *g, const void *bytes, size_t size)
{
        ssize_t n = send(g->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno != EAGAIN && errno != EINTR)
                g->is_unheard = true;

        return n < 0 ? 0 : (size_t)n;
}

bool guest_send_bytes(struct guest *g, const void *bytes, size_t size)
{
        time_t end = time(NULL) + GUEST_DEADLINE_SEC;
        const uint8_t *p = bytes;

        while (size > 0 && !g->is_unheard) {
                size_t n = guest_send_some(g, p, size);

                p += n;
                size -= n;
                if (n > 0 || g->is_unheard)
                        continue;
                if (time(NULL) > end)
                        fail_msg("the host took nothing for %i s", GUEST_DEADLINE_SEC);
                if (!g->is_deaf && !g->is_over)
                        fill_inbox(g);
                wait_for(g, g->is_deaf ? POLLOUT : POLLIN | POLLOUT);
        }

        return size == 0;
}

void guest_say_hello(struct guest *g)
{
        struct packet hello = { .type = PACKET_hello, .hello.version = "test guest" };
        uint8_t word[CAPS_WORD];

        caps_put(word, g->caps);
        guest_send(g, &hello, word, sizeof(word));
}

void guest_greet(struct guest *g)
{
        guest_say_hello(g);
        guest_expect(g, PACKET_hello);
        guest_expect(g, PACKET_interface_info);
        guest_expect(g, PACKET_ep_info);
        guest_expect(g, PACKET_device_connect);
}

void guest_send(struct guest *g, const struct packet *packet, const uint8_t *payload, size_t size)
{
        enum packet_fault fault = PACKET_FAULT_NONE;
        struct iovec iov[2];
        unsigned n;

        if (writer_put(g->writer, packet, payload, size, NULL, &fault) < 0)
                fail_msg("the test sends: %s", packet_fault_string(fault));

        while ((n = writer_iovecs(g->writer, iov, ELEMENTS(iov))) > 0) {
                for (unsigned i = 0; i < n; i++) {
                        guest_send_bytes(g, iov[i].iov_base, iov[i].iov_len);
                        writer_wrote(g->writer, iov[i].iov_len);
                }
        }
}

size_t guest_encode(const struct guest *g, const struct packet *packet, const uint8_t *payload,
                    size_t size, uint8_t *ret_bytes)
{
        size_t prefix = packet_put(ret_bytes, packet, size, parser_both(g->parser));

        if (size > 0)
                memcpy(ret_bytes + prefix, payload, size);

        return prefix + size;
}

void guest_send_any(struct guest *g, const struct packet *packet, const uint8_t *payload,
                    size_t size)
{
        uint8_t prefix[PACKET_PREFIX_MAX];
        size_t n = packet_put(prefix, packet, size, parser_both(g->parser));

        if (guest_send_bytes(g, prefix, n))
                guest_send_bytes(g, payload, size);
}

const struct packet *guest_expect(struct guest *g, enum packet_type type)
{
        if (!guest_receive(g))
                fail_msg("wanted %s, and the host has closed", packet_type_string(type));
        if (g->packet->type != type) {
                char text[512];

                packet_print(text, sizeof(text), g->packet, parser_both(g->parser));
                fail_msg("wanted %s, got %s", packet_type_string(type), text);
        }

        return g->packet;
}

const struct packet *guest_expect_id(struct guest *g, enum packet_type type, uint64_t id)
{
        assert_int_equal(guest_expect(g, type)->id, id);
        return g->packet;
}

const struct packet *guest_expect_later(struct guest *g, enum packet_type type)
{
        do {
                if (!guest_receive(g))
                        fail_msg("no %s, and the host has closed", packet_type_string(type));
        } while (g->packet->type != type);

        return g->packet;
}

void guest_expect_over(struct guest *g)
{
        while (guest_receive(g)) {
        }
}

void guest_expect_quiet(struct guest *g)
{
        uint64_t id = guest_new_id(g);

        guest_send_bare(g, PACKET_get_configuration, id);
        guest_expect_id(g, PACKET_configuration_status, id);
}

uint64_t guest_new_id(struct guest *g)
{
        return ++g->last_id;
}

uint64_t guest_control(struct guest *g, uint8_t requesttype, uint8_t request, uint16_t value,
                       uint16_t index, uint16_t length, const uint8_t *data)
{
        struct packet packet = {
                .type = PACKET_control_packet,
                .id = guest_new_id(g),
                .control_packet = { .endpoint = requesttype & 0x80,
                                    .request = request,
                                    .requesttype = requesttype,
                                    .value = value,
                                    .index = index,
                                    .length = length },
        };

        guest_send(g, &packet, data, requesttype & 0x80 ? 0 : length);
        return packet.id;
}

uint64_t guest_bulk(struct guest *g, uint8_t endpoint, uint32_t length, const uint8_t *data)
{
        struct packet packet = { .type = PACKET_bulk_packet, .id = guest_new_id(g) };

        packet.bulk_packet.endpoint = endpoint;
        packet_set_transfer_length(&packet, length);
        guest_send(g, &packet, data, endpoint & 0x80 ? 0 : length);
        return packet.id;
}

uint64_t guest_interrupt_out(struct guest *g, uint8_t endpoint, uint16_t length,
                             const uint8_t *data)
{
        struct packet packet = { .type = PACKET_interrupt_packet, .id = guest_new_id(g) };

        packet.interrupt_packet.endpoint = endpoint;
        packet.interrupt_packet.length = length;
        guest_send(g, &packet, data, length);
        return packet.id;
}

uint64_t guest_set_configuration(struct guest *g, uint8_t configuration)
{
        struct packet packet = { .type = PACKET_set_configuration,
                                 .id = guest_new_id(g),
                                 .set_configuration.configuration = configuration };

        guest_send(g, &packet, NULL, 0);
        return packet.id;
}

uint64_t guest_set_alt(struct guest *g, uint8_t interface, uint8_t alt)
{
        struct packet packet = { .type = PACKET_set_alt_setting,
                                 .id = guest_new_id(g),
                                 .set_alt_setting = { interface, alt } };

        guest_send(g, &packet, NULL, 0);
        return packet.id;
}

void guest_cancel(struct guest *g, uint64_t id)
{
        guest_send_bare(g, PACKET_cancel_data_packet, id);
}

void guest_send_bare(struct guest *g, enum packet_type type, uint64_t id)
{
        struct packet packet = { .type = type, .id = id };

        guest_send(g, &packet, NULL, 0);
}

uint8_t guest_status(const struct packet *packet)
{
        switch ((unsigned)packet->type) {
        case PACKET_control_packet: return packet->control_packet.status;
        case PACKET_bulk_packet: return packet->bulk_packet.status;
        case PACKET_interrupt_packet: return packet->interrupt_packet.status;
        default: return 255;
        }
}
