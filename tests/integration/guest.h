#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A usb-guest for tests, on one end of a connected stream socket: it says hello with the
 * capabilities of its choice, sends packets that are right (guest_send), packets of any content
 * (guest_send_any) or any bytes at all, and receives packets, each within a deadline.
 *
 * The other end may be another process, or run in this one: then the guest calls a function
 * (guest_set_turn) instead of sleeping. What goes wrong fails the running test, except where a
 * function says how it tells.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/packet.h"

/* How long anything may take that is not meant to wait. */
#define GUEST_DEADLINE_SEC 60

/* Makes the other side work until it has, or for a moment. */
typedef void (*guest_turn)(void *userdata);

struct guest {
        int fd; /* -1: closed */
        uint32_t caps;
        uint64_t last_id;
        bool is_over;    /* the other side has closed: nothing more comes */
        bool is_unheard; /* nor goes */
        bool is_deaf;    /* does not read while it sends */

        /* The packet that came last. */
        const struct packet *packet;
        const uint8_t *payload;
        size_t payload_size;

        struct parser *parser;
        struct writer *writer;
        void *owner; /* of a large payload */
        struct {
                uint8_t *bytes;
                size_t begin, end, capacity;
        } inbox; /* read, and not parsed yet */
        guest_turn turn;
        void *userdata;
};

/* A guest on that socket, which becomes its own. Nothing is sent yet. */
void guest_open(struct guest *g, int fd, uint32_t caps);
void guest_set_turn(struct guest *g, guest_turn turn, void *userdata);

/* Closes the socket, if it is open, and frees everything. */
void guest_close(struct guest *g);

/* Closes the socket now: nothing more comes or goes. */
void guest_hang_up(struct guest *g);

void guest_say_hello(struct guest *g);

/* Says hello and receives up to device_connect. */
void guest_greet(struct guest *g);

/* Sends a packet that a guest may send; verified on the way. */
void guest_send(struct guest *g, const struct packet *packet, const uint8_t *payload, size_t size);

/* Sends a packet of any type and content, unverified. */
void guest_send_any(struct guest *g, const struct packet *packet, const uint8_t *payload,
                    size_t size);

/*
 * Sends bytes. Reads meanwhile what comes, unless the guest is deaf. Returns whether all went; it
 * stops early when the other side has closed.
 */
bool guest_send_bytes(struct guest *g, const void *bytes, size_t size);

/* Sends what the socket takes now. Returns how much that was. */
size_t guest_send_some(struct guest *g, const void *bytes, size_t size);

/* The bytes of a packet as this guest would send it now. Returns their number. */
size_t guest_encode(const struct guest *g, const struct packet *packet, const uint8_t *payload,
                    size_t size, uint8_t *ret_bytes);

/* Receives the next packet into g->packet; false if the other side has closed instead. */
bool guest_receive(struct guest *g);

/* A packet if one is here already. */
bool guest_poll(struct guest *g);

/* Receives a packet, which must be of that type; then also of that id. */
const struct packet *guest_expect(struct guest *g, enum packet_type type);
const struct packet *guest_expect_id(struct guest *g, enum packet_type type, uint64_t id);

/* Receives until that type comes. */
const struct packet *guest_expect_later(struct guest *g, enum packet_type type);

/* Receives until the other side has closed. */
void guest_expect_over(struct guest *g);

/* Asks for something answered at once, and receives that answer: nothing else was owed. */
void guest_expect_quiet(struct guest *g);

/* A id that was not in use yet. */
uint64_t guest_new_id(struct guest *g);

/* Requests; each returns its id. Data is for OUT, NULL otherwise. */
uint64_t guest_control(struct guest *g, uint8_t requesttype, uint8_t request, uint16_t value,
                       uint16_t index, uint16_t length, const uint8_t *data);
uint64_t guest_bulk(struct guest *g, uint8_t endpoint, uint32_t length, const uint8_t *data);
uint64_t guest_interrupt_out(struct guest *g, uint8_t endpoint, uint16_t length,
                             const uint8_t *data);
uint64_t guest_set_configuration(struct guest *g, uint8_t configuration);
uint64_t guest_set_alt(struct guest *g, uint8_t interface, uint8_t alt);
void guest_cancel(struct guest *g, uint64_t id);

/* A packet without fields: reset, get_configuration, filter_reject, device_disconnect_ack. */
void guest_send_bare(struct guest *g, enum packet_type type, uint64_t id);

/* The status of an answer to a data request; 255 for other packets. */
uint8_t guest_status(const struct packet *packet);
