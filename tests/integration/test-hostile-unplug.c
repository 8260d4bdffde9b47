/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device that goes away in every state of a session in which anything can happen. Pairs of states
 * that stand only within one call have their reason instead of a way to get there. However far the
 * session had come: it ends, whoever was told of the device is told that it is gone, each request
 * is answered once, and nothing is left.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "integration/bed.h"
#include "session/state.h"
#include "session/transport.h"
#include "util/macro.h"

enum { BULK_IN = 0x81, NAK_IN = 0x83, INTERRUPT_IN = 0x84 };

/* Cancelled transfers come back so much later. */
#define LATE "cancel=late,latency-us=200000"

/* A handshake that does not come to its end. */
static int never_prepared(struct transport *t)
{
        return -EAGAIN;
}

static void nothing(struct transport *t)
{
}

static struct transport *not_freed(struct transport *t)
{
        return NULL;
}

static const struct transport_type handshake_type = { .prepare = never_prepared,
                                                      .finish = nothing,
                                                      .free = not_freed };
static struct transport handshake = { .type = &handshake_type };

static size_t asked;

static void say_nothing(struct bed *b)
{
        bed_poll(b);
}

static void greet(struct bed *b)
{
        guest_greet(&b->guest);
}

static void ask(struct bed *b)
{
        guest_greet(&b->guest);
        guest_bulk(&b->guest, NAK_IN, 512, NULL);
        guest_bulk(&b->guest, BULK_IN, 512, NULL);
        asked = 2;
        bed_step(b);
}

/* A request that waits for its turn; the one before does not come back. */
static void defer(struct bed *b)
{
        guest_greet(&b->guest);
        guest_bulk(&b->guest, BULK_IN, 512, NULL);
        guest_set_configuration(&b->guest, 2);
        asked = 2;
        bed_poll(b);
        assert_true(b->session->deferred.is_set);
}

static void stream(struct bed *b)
{
        struct packet start = { .type = PACKET_start_interrupt_receiving,
                                .id = 1,
                                .start_interrupt_receiving.endpoint = INTERRUPT_IN };

        guest_greet(&b->guest);
        guest_send(&b->guest, &start, NULL, 0);
        asked = 1;
        bed_step(b);
}

static void say_goodbye(struct bed *b)
{
        ask(b);
        bed_end(b);
        bed_poll(b);
}

static void drain(struct bed *b)
{
        say_goodbye(b);
        guest_send_bare(&b->guest, PACKET_device_disconnect_ack, 0);
        bed_poll(b);
}

static void hang_up(struct bed *b)
{
        ask(b);
        guest_hang_up(&b->guest);
        bed_poll(b);
}

/* The next device is open, and the guest has not acknowledged that the last one is gone. */
static void wait_for_ack(struct bed *b)
{
        struct session_config next;

        guest_greet(&b->guest);
        next = b->session->config;
        assert_int_equal(session_next_device(b->session, &next), 0);
        guest_expect(&b->guest, PACKET_device_disconnect);
        assert_true(event_pending(b->session->timer, EV_TIMEOUT, NULL));
        event_active(b->session->timer, EV_TIMEOUT, 0);
        bed_poll(b);
}

/* More than the socket takes is to be read before the session ends. */
static void leave_unread(struct bed *b)
{
        guest_greet(&b->guest);
        guest_bulk(&b->guest, BULK_IN, 2 * 1024 * 1024, NULL);
        asked = 1;
        bed_poll(b);
        bed_end(b);
        guest_send_bare(&b->guest, PACKET_device_disconnect_ack, 0);
        bed_poll(b);
}

static const struct {
        const char *name;
        enum link_state link;
        enum device_state device;
        void (*reach)(struct bed *b); /* NULL: nothing happens in between, because: */
        const char *options;          /* of the fake, or the reason */
        enum session_reason want;
} states[] = {
        { "handshake", LINK_TLS, DEVICE_NONE, say_nothing, "", REASON_DEVICE_LOST },
        { "no hello", LINK_GREETING, DEVICE_NONE, say_nothing, "", REASON_DEVICE_LOST },
        { "no ack of the last", LINK_UP, DEVICE_NONE, wait_for_ack, "", REASON_DEVICE_LOST },
        { "offered", LINK_UP, DEVICE_OFFERED, greet, "", REASON_DEVICE_LOST },
        { "requests", LINK_UP, DEVICE_FORWARDING, ask, LATE, REASON_DEVICE_LOST },
        { "a request waits", LINK_UP, DEVICE_FORWARDING, defer, LATE, REASON_DEVICE_LOST },
        { "a stream", LINK_UP, DEVICE_FORWARDING, stream, "", REASON_DEVICE_LOST },
        { "no ack yet", LINK_UP, DEVICE_DISCONNECTING, say_goodbye, LATE, REASON_ASKED },
        { "transfers to come", LINK_UP, DEVICE_DRAINING, drain, LATE, REASON_ASKED },
        { "guest gone", LINK_NONE, DEVICE_DRAINING, hang_up, LATE, REASON_GUEST_LEFT },
        { "bytes to be read", LINK_UP, DEVICE_RETURNED, leave_unread, "", REASON_ASKED },

        { NULL, LINK_NONE, DEVICE_NONE, NULL, "without a link and a device the loop is left" },
        { NULL, LINK_UP, DEVICE_CLAIMED, NULL, "it is offered by the same call" },
        { NULL, LINK_NONE, DEVICE_CLAIMED, NULL, "it is offered by the same call" },
        { NULL, LINK_GREETING, DEVICE_CLAIMED, NULL, "it is claimed after the hello" },
        { NULL, LINK_NONE, DEVICE_RETURNED, NULL, "the loop is left by the same call" },
        { NULL, LINK_GREETING, DEVICE_RETURNED, NULL, "it is claimed after the hello" },
};

static void has_a_row_for_each_pair_of_states(void **state)
{
        for (enum link_state link = 0; link < LINK_STATES; link++)
                for (enum device_state device = 0; device < DEVICE_STATES; device++) {
                        bool has_row = false;

                        for (size_t i = 0; i < ELEMENTS(states); i++)
                                has_row |= states[i].link == link && states[i].device == device;
                        if (has_row != states_may_pair(link, device))
                                fail_msg("%s, %s", link_state_string(link),
                                         device_state_string(device));
                }
}

/* Reads to the end, acknowledges; returns how many answers came, and whether it was told. */
static size_t read_to_the_end(struct bed *b, bool *ret_told)
{
        size_t answers = 0;

        while (b->guest.fd >= 0 && guest_receive(&b->guest))
                switch ((unsigned)b->guest.packet->type) {
                case PACKET_device_disconnect:
                        *ret_told = true;
                        guest_send_bare(&b->guest, PACKET_device_disconnect_ack, 0);
                        break;
                case PACKET_bulk_packet:
                case PACKET_configuration_status: answers++; break;
                case PACKET_interrupt_receiving_status: answers += b->guest.packet->id != 0; break;
                default: break;
                }

        return answers;
}

static void ends_in_every_state(void **state)
{
        size_t count = 0;

        for (size_t i = 0; i < ELEMENTS(states) && states[i].reach; i++) {
                bool is_offered = states[i].device != DEVICE_NONE, is_told = false;
                enum session_reason reason;
                struct bed b;
                size_t answers;

                asked = 0;
                bed_open_encrypted(&b, states[i].options,
                                   states[i].link == LINK_TLS ? &handshake : NULL);
                states[i].reach(&b);
                if (b.is_over || b.session->link_state != states[i].link ||
                    b.session->device_state != states[i].device)
                        fail_msg("%s: it is not in that state", states[i].name);

                bed_unplug(&b);
                answers = read_to_the_end(&b, &is_told);
                reason = bed_close(&b);
                if (reason != states[i].want ||
                    (states[i].link == LINK_UP && (answers != asked || is_told != is_offered)))
                        fail_msg("%s: \"%s\", %zu of %zu answers, told: %i; log:\n%s",
                                 states[i].name, session_reason_string(reason), answers, asked,
                                 is_told, b.report.log);
                report_assert_unplugged(&b.report);
                count++;
        }
        print_message("  %zu states, %zu more that nothing can happen in\n", count,
                      ELEMENTS(states) - count);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(has_a_row_for_each_pair_of_states),
                cmocka_unit_test(ends_in_every_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
