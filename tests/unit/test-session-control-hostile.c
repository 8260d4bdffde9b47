/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A peer that sends what is no message, or descriptors that nobody wants: what is taken is sane,
 * and nothing is left behind.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "unit/test.h"

#include "unit/control-bed.h"
#include "util/macro.h"

static void texts_are_terminated(void **state)
{
        uint8_t body[sizeof(struct control_order)];
        struct control_message out;

        memset(body, 'x', sizeof(body));
        memcpy(body, &order, offsetof(struct control_order, port));
        memset(body + offsetof(struct control_order, tls), 0, sizeof(uint32_t));
        send_raw(pair[1], CONTROL_DESCRIPTION, body, sizeof(body), 0);
        assert_int_equal(daemon_receive(&out), 0);
        assert_int_equal(strlen(out.order.port), CONTROL_PORT_SIZE - 1);
        assert_int_equal(strlen(out.order.guest), CONTROL_GUEST_SIZE - 1);
        assert_int_equal(strlen(out.order.channel), CONTROL_CHANNEL_SIZE - 1);
        send_raw(pair[0], CONTROL_START, body, sizeof(body), 2);
        assert_int_equal(session_receive(&out, NULL, NULL), 0);
        assert_int_equal(strlen(out.order.channel), CONTROL_CHANNEL_SIZE - 1);
        assert_int_equal(strlen(out.order.peer_name), CONTROL_NAME_SIZE - 1);
        assert_int_equal(strlen(out.order.psk_identity), CONTROL_KEY_SIZE - 1);

        memset(body, 'x', sizeof(body));
        memset(body, 0, 8);
        send_raw(pair[1], CONTROL_STATUS, body, sizeof(struct control_status), 0);
        assert_int_equal(daemon_receive(&out), 0);
        assert_int_equal(strlen(out.status.peer_version), CONTROL_VERSION_SIZE - 1);
        send_raw(pair[1], CONTROL_ENDED, body, sizeof(struct control_ended), 0);
        assert_int_equal(daemon_receive(&out), 0);
        assert_int_equal(strlen(out.ended.message), CONTROL_MESSAGE_SIZE - 1);
}

static void numbers_beyond_their_table_are_refused(void **state)
{
        static const struct {
                const char *name;
                struct control_message in;
                int want;
        } cases[] = {
                { "last states",
                  { .type = CONTROL_STATUS, .status = { LINK_UP, DEVICE_RETURNED } },
                  0 },
                { "link state",
                  { .type = CONTROL_STATUS, .status = { LINK_STATES, 0 } },
                  -EBADMSG },
                { "device state",
                  { .type = CONTROL_STATUS, .status = { 0, DEVICE_STATES } },
                  -EBADMSG },
                { "negative", { .type = CONTROL_STATUS, .status = { UINT32_MAX, 0 } }, -EBADMSG },
                { "last reason", { .type = CONTROL_ENDED, .ended = { REASON_RESET_LOST } }, 0 },
                { "reason",
                  { .type = CONTROL_ENDED, .ended = { REASON_TLS_FAILED + 1 } },
                  -EBADMSG },
                { "return", { .type = CONTROL_DESCRIPTION, .order.purpose = CONTROL_RETURN }, 0 },
                { "no purpose", { .type = CONTROL_DESCRIPTION }, -EBADMSG },
                { "purpose",
                  { .type = CONTROL_DESCRIPTION, .order.purpose = CONTROL_HOLD + 1 },
                  -EBADMSG },
                { "tls",
                  { .type = CONTROL_DESCRIPTION, .order = { .purpose = 1, .tls = 4 } },
                  -EBADMSG },
                { "log level",
                  { .type = CONTROL_DESCRIPTION, .order = { .purpose = 1, .log_level = 5 } },
                  -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_message out = { 0 };

                assert_int_equal(control_send(pair[1], &cases[i].in, NULL, 0), 0);
                if (daemon_receive(&out) != cases[i].want)
                        fail_msg("%s", cases[i].name);
                assert_int_equal(out.type, cases[i].want == 0 ? cases[i].in.type : 0);
        }
}

static void neither_side_says_what_is_the_others(void **state)
{
        static const enum control_type daemons[] = { CONTROL_START, CONTROL_END, CONTROL_DESCRIBE,
                                                     CONTROL_MEMORY };
        static const enum control_type sessions[] = { CONTROL_STATUS, CONTROL_DESCRIPTION,
                                                      CONTROL_ENDED };
        struct control_message out;

        for (size_t i = 0; i < ELEMENTS(daemons); i++) {
                send_raw(pair[1], daemons[i], &order, sizeof(order), 0);
                assert_int_equal(daemon_receive(&out), -EBADMSG);
        }
        for (size_t i = 0; i < ELEMENTS(sessions); i++) {
                send_raw(pair[0], sessions[i], &order, sizeof(order), 0);
                assert_int_equal(session_receive(&out, NULL, NULL), -EBADMSG);
        }
}

static void an_order_without_its_descriptors_is_refused(void **state)
{
        struct control_order encrypted = order;
        struct control_message out;

        encrypted.tls = CONTROL_X509_CERTIFIED;
        for (size_t n = 0; n < 2; n++) {
                send_raw(pair[0], CONTROL_START, &order, sizeof(order), n);
                assert_int_equal(session_receive(&out, NULL, NULL), -EBADMSG);
        }
        for (size_t n = 0; n < 5; n++) {
                send_raw(pair[0], CONTROL_START, &encrypted, sizeof(encrypted), n);
                assert_int_equal(session_receive(&out, NULL, NULL), -EBADMSG);
        }
}

static void surplus_descriptors_are_closed(void **state)
{
        struct control_message out;
        bool has_node, has_guest;

        send_raw(pair[0], CONTROL_START, &order, sizeof(order), CONTROL_FDS_MAX);
        assert_int_equal(session_receive(&out, &has_node, &has_guest), 0);
        assert_true(has_node && has_guest);
        send_raw(pair[0], CONTROL_END, NULL, 0, CONTROL_FDS_MAX);
        assert_int_equal(session_receive(&out, NULL, NULL), 0);

        /* More than there is room for: what else was lost is not known. */
        send_raw(pair[0], CONTROL_START, &order, sizeof(order), CONTROL_FDS_MAX + 2);
        assert_int_equal(session_receive(&out, NULL, NULL), -EBADMSG);
}

static void descriptors_of_a_session_are_refused(void **state)
{
        struct control_status status = { LINK_UP };
        struct control_message out;

        send_raw(pair[1], CONTROL_STATUS, &status, sizeof(status), 1);
        assert_int_equal(daemon_receive(&out), -EBADMSG);
        send_raw(pair[1], CONTROL_STATUS, &status, sizeof(status), 16);
        assert_int_equal(daemon_receive(&out), -EBADMSG);
}

/* The same numbers in each run. */
static uint32_t next_random(uint64_t *state)
{
        *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        return (uint32_t)(*state >> 33);
}

static void assert_sane(const struct control_message *m)
{
        switch (m->type) {
        case CONTROL_STATUS:
                assert_true(m->status.link_state < LINK_STATES);
                assert_true(m->status.device_state < DEVICE_STATES);
                assert_non_null(memchr(m->status.peer_version, 0, sizeof(m->status.peer_version)));
                break;
        case CONTROL_ENDED:
                assert_true(session_reason_is_known(m->ended.reason));
                assert_non_null(memchr(m->ended.message, 0, sizeof(m->ended.message)));
                break;
        case CONTROL_DESCRIPTION:
                assert_non_null(memchr(m->order.channel, 0, sizeof(m->order.channel)));
                break;
        default: fail_msg("type %i", (int)m->type);
        }
}

static void random_bytes_of_a_session_are_refused_or_sane(void **state)
{
        static const uint32_t types[] = { CONTROL_STATUS, CONTROL_DESCRIPTION, CONTROL_ENDED };
        size_t taken = 0, refused = 0;
        uint64_t seed = 1;

        for (size_t i = 0; i < 20000; i++) {
                uint8_t body[600];
                size_t size = next_random(&seed) % sizeof(body);
                struct control_message out;
                int r;

                for (size_t j = 0; j < size; j++)
                        body[j] = next_random(&seed) % 2 ? 0 : (uint8_t)next_random(&seed);
                /* Small numbers, so that some are in range. */
                for (size_t j = 1; j < 8 && j < size; j++)
                        body[j] = 0;
                if (size > 4)
                        body[0] &= 7, body[4] &= 15;

                send_raw(pair[1], next_random(&seed) % 8 ? types[i % 3] : next_random(&seed), body,
                         size, next_random(&seed) % 64 == 0);
                r = daemon_receive(&out);
                if (r == 0) {
                        assert_sane(&out);
                        taken++;
                } else {
                        assert_true(r == -EBADMSG || r == -ENOMSG);
                        refused++;
                }
        }
        assert_true(taken > 1000 && refused > 1000);
}

static void packets_too_short_for_a_type_are_refused(void **state)
{
        struct control_message out;

        for (size_t size = 1; size < sizeof(uint32_t); size++) {
                assert_int_equal(send(pair[1], "\0\0\0", size, 0), size);
                assert_int_equal(daemon_receive(&out), -EBADMSG);
        }
        /* The socket's way to say that it is over. */
        assert_int_equal(send(pair[1], "", 0, 0), 0);
        assert_int_equal(daemon_receive(&out), -EPIPE);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                CONTROL_TEST(texts_are_terminated),
                CONTROL_TEST(numbers_beyond_their_table_are_refused),
                CONTROL_TEST(neither_side_says_what_is_the_others),
                CONTROL_TEST(an_order_without_its_descriptors_is_refused),
                CONTROL_TEST(surplus_descriptors_are_closed),
                CONTROL_TEST(descriptors_of_a_session_are_refused),
                CONTROL_TEST(random_bytes_of_a_session_are_refused_or_sane),
                CONTROL_TEST(packets_too_short_for_a_type_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
