/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The messages between daemon and session: what goes in comes out, also between versions. What is
 * refused is in test-session-control-hostile.c.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>

#include "unit/test.h"

#include "protocol/caps.h"
#include "unit/control-bed.h"
#include "util/log.h"
#include "util/macro.h"

static void an_order_arrives_with_its_descriptors(void **state)
{
        static const struct {
                const char *name;
                uint32_t purpose, flags, tls;
                bool has_node, has_guest;
                size_t files;
        } cases[] = {
                { "redirect", CONTROL_REDIRECT, 0, CONTROL_CLEAR, true, true, 0 },
                { "by path", CONTROL_REDIRECT, CONTROL_NODE_BY_PATH, CONTROL_CLEAR, false, true,
                  0 },
                { "x509", CONTROL_REDIRECT, 0, CONTROL_X509, true, true, 1 },
                { "certified", CONTROL_REDIRECT, 0, CONTROL_X509_CERTIFIED, true, true, 3 },
                { "psk", CONTROL_REDIRECT, CONTROL_NODE_BY_PATH, CONTROL_PSK, false, true, 1 },
                { "return", CONTROL_RETURN, 0, CONTROL_PSK, true, false, 0 },
                { "return by path", CONTROL_RETURN, CONTROL_NODE_BY_PATH, 0, false, false, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_message in = { .type = CONTROL_START, .order = order }, out;
                struct control_fds fds = { open_null(),
                                           open_null(),
                                           { open_null(), open_null(), open_null() } };
                size_t files = 0;

                in.order.purpose = cases[i].purpose;
                in.order.flags = cases[i].flags;
                in.order.tls = cases[i].tls;
                assert_int_equal(control_send_order(pair[0], &in.order, &fds), 0);
                control_fds_close(&fds);
                assert_int_equal(control_receive(pair[1], CONTROL_DAEMON, &out, &fds), 0);
                for (size_t j = 0; j < CONTROL_FILES_MAX; j++)
                        files += fds.files[j] >= 0;
                if ((fds.node >= 0) != cases[i].has_node ||
                    (fds.guest >= 0) != cases[i].has_guest || files != cases[i].files)
                        fail_msg("%s", cases[i].name);
                control_fds_close(&fds);
                assert_int_equal(out.type, CONTROL_START);
                assert_memory_equal(&out.order, &in.order, sizeof(in.order));
        }
}

/* The node is the first; the guest's socket the last, so that no session takes it unawares. */
static void descriptors_keep_their_order_and_close_on_exec(void **state)
{
        struct control_message m = { .type = CONTROL_START, .order = order };
        struct control_fds fds = CONTROL_NO_FDS;
        int sent[5];

        m.order.tls = CONTROL_X509_CERTIFIED;
        for (size_t i = 0; i < ELEMENTS(sent); i++) {
                sent[i] = memfd_create("", 0);
                assert_int_equal(write(sent[i], &(char){ (char)('0' + i) }, 1), 1);
        }
        assert_int_equal(control_send(pair[0], &m, sent, ELEMENTS(sent)), 0);
        assert_int_equal(control_receive(pair[1], CONTROL_DAEMON, &m, &fds), 0);

        for (size_t i = 0; i < ELEMENTS(sent); i++) {
                const int got[] = { fds.node, fds.files[0], fds.files[1], fds.files[2], fds.guest };
                char byte;

                assert_int_equal(pread(got[i], &byte, 1, 0), 1);
                assert_int_equal(byte, '0' + i);
                assert_int_equal(fcntl(got[i], F_GETFD), FD_CLOEXEC);
                close(sent[i]);
        }
        control_fds_close(&fds);
}

static void each_message_comes_out_as_it_went_in(void **state)
{
        static const struct control_message from_daemon[] = {
                { .type = CONTROL_END },
                { .type = CONTROL_DESCRIBE },
                { .type = CONTROL_MEMORY, .memory = { UINT32_MAX } },
        };
        const struct control_message from_session[] = {
                { .type = CONTROL_STATUS,
                  .status = { LINK_UP, DEVICE_FORWARDING, 1, 0xff, 4711, 1 << 20, UINT64_MAX, 2, 3,
                              4, "test guest", "test unit" } },
                { .type = CONTROL_DESCRIPTION, .order = order },
                { .type = CONTROL_ENDED, .ended = { REASON_DEVICE_LOST, 1, "unplugged" } },
        };
        static const size_t sizes[] = { sizeof(struct control_status), sizeof(struct control_order),
                                        sizeof(struct control_ended) };
        struct control_message out;

        for (size_t i = 0; i < ELEMENTS(from_daemon); i++) {
                assert_int_equal(control_send(pair[0], &from_daemon[i], NULL, 0), 0);
                assert_int_equal(session_receive(&out, NULL, NULL), 0);
                assert_int_equal(out.type, from_daemon[i].type);
                assert_int_equal(out.memory.usbfs_memory, from_daemon[i].memory.usbfs_memory);
        }
        for (size_t i = 0; i < ELEMENTS(from_session); i++) {
                assert_int_equal(control_send(pair[1], &from_session[i], NULL, 0), 0);
                assert_int_equal(daemon_receive(&out), 0);
                assert_int_equal(out.type, from_session[i].type);
                assert_memory_equal(&out.order, &from_session[i].order, sizes[i]);
        }
}

/* An older one knew fewer fields. */
static void what_a_shorter_body_lacks_is_zero(void **state)
{
        struct control_status status;
        struct control_message out;

        memset(&status, 0x55, sizeof(status));
        status.link_state = LINK_GREETING;
        status.device_state = DEVICE_NONE;
        for (size_t size = 0; size <= sizeof(status); size++) {
                uint8_t want[sizeof(status)] = { 0 };

                if (size > 0 && size < 2 * sizeof(uint32_t))
                        continue; /* half a number is another one */
                memcpy(want, &status, size);
                want[offsetof(struct control_status, unit) - 1] = 0; /* each text ends */
                want[offsetof(struct control_status, packets_dropped) - 1] = 0;
                send_raw(pair[1], CONTROL_STATUS, &status, size, 0);
                assert_int_equal(daemon_receive(&out), 0);
                assert_memory_equal(&out.status, want, sizeof(want));
        }
}

/* A newer one knows more. */
static void what_a_longer_body_has_more_is_ignored(void **state)
{
        static uint8_t body[CONTROL_BODY_MAX + 1];
        struct control_ended ended = { REASON_BUSY, 1, "in use" };
        struct control_message out;

        memset(body, 0xff, sizeof(body));
        memcpy(body, &ended, sizeof(ended));
        send_raw(pair[1], CONTROL_ENDED, body, CONTROL_BODY_MAX, 0);
        assert_int_equal(daemon_receive(&out), 0);
        assert_memory_equal(&out.ended, &ended, sizeof(ended));

        send_raw(pair[1], CONTROL_ENDED, body, CONTROL_BODY_MAX + 1, 0);
        assert_int_equal(daemon_receive(&out), -EBADMSG);
}

static void types_that_are_not_known_are_to_be_ignored(void **state)
{
        struct control_message out;

        send_raw(pair[1], 68, "abc", 3, 0);
        assert_int_equal(daemon_receive(&out), -ENOMSG);
        send_raw(pair[0], 5, NULL, 0, 3);
        assert_int_equal(session_receive(&out, NULL, NULL), -ENOMSG);
}

static void tells_that_nothing_is_there_or_comes_any_more(void **state)
{
        struct control_message m = { .type = CONTROL_END };

        assert_int_equal(daemon_receive(&m), -EAGAIN);
        assert_int_equal(session_receive(&m, NULL, NULL), -EAGAIN);

        /* What was sent before the end still arrives. */
        m.type = CONTROL_ENDED;
        assert_int_equal(control_send(pair[1], &m, NULL, 0), 0);
        pair[1] = close_fd(pair[1]);
        assert_int_equal(daemon_receive(&m), 0);
        assert_int_equal(daemon_receive(&m), -EPIPE);
        m.type = CONTROL_END;
        assert_int_equal(control_send(pair[0], &m, NULL, 0), -EPIPE);
}

static void never_waits_for_a_peer_that_does_not_read(void **state)
{
        struct control_message m = { .type = CONTROL_STATUS };
        int r = 0;

        for (size_t i = 0; i < 1 << 20 && r == 0; i++)
                r = control_send(pair[1], &m, NULL, 0);
        assert_int_equal(r, -EAGAIN);
}

static void refuses_to_send_more_descriptors_than_are_received(void **state)
{
        static const int fds[CONTROL_FDS_MAX + 1];
        struct control_message m = { .type = CONTROL_START, .order = order };

        assert_int_equal(control_send(pair[0], &m, fds, CONTROL_FDS_MAX + 1), -EINVAL);
}

/* Daemon and session may be of different versions: what is not here may be added, not changed. */
static void numbers_that_travel_stay_as_they_are(void **state)
{
        static const struct {
                unsigned in, want;
        } cases[] = {
                { CONTROL_START, 1 },
                { CONTROL_END, 2 },
                { CONTROL_DESCRIBE, 3 },
                { CONTROL_MEMORY, 4 },
                { CONTROL_STATUS, 65 },
                { CONTROL_DESCRIPTION, 66 },
                { CONTROL_ENDED, 67 },
                { CONTROL_REDIRECT, 1 },
                { CONTROL_RETURN, 2 },
                { CONTROL_NO_RESET, 1 },
                { CONTROL_BY_HAND, 2 },
                { CONTROL_NODE_BY_PATH, 4 },
                { REASON_ASKED, 0 },
                { REASON_GUEST_LEFT, 1 },
                { REASON_FAILURE, 2 },
                { REASON_LINK_LOST, 3 },
                { REASON_PROTOCOL, 4 },
                { REASON_USAGE, 5 },
                { REASON_NOT_FOUND, 6 },
                { REASON_BUSY, 7 },
                { REASON_ACCESS_DENIED, 8 },
                { REASON_CONNECT_FAILED, 9 },
                { REASON_GUEST_REJECTED, 10 },
                { REASON_DEVICE_LOST, 11 },
                { REASON_RESET_LOST, 12 },
                { REASON_TLS_FAILED, 13 },
                { CONTROL_CLEAR, 0 },
                { CONTROL_X509, 1 },
                { CONTROL_X509_CERTIFIED, 2 },
                { CONTROL_PSK, 3 },
                { LINK_NONE, 0 },
                { LINK_GREETING, 1 },
                { LINK_UP, 2 },
                { LINK_TLS, 3 },
                { DEVICE_NONE, 0 },
                { DEVICE_CLAIMED, 1 },
                { DEVICE_OFFERED, 2 },
                { DEVICE_FORWARDING, 3 },
                { DEVICE_DISCONNECTING, 4 },
                { DEVICE_DRAINING, 5 },
                { DEVICE_RETURNED, 6 },
                { LOG_LEVEL_ERROR, 0 },
                { LOG_LEVEL_DEBUG, 4 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                if (cases[i].in != cases[i].want)
                        fail_msg("number %u of the table", (unsigned)i);

        assert_int_equal(offsetof(struct control_order, port), 40);
        assert_int_equal(offsetof(struct control_order, tls), 432);
        assert_int_equal(sizeof(struct control_order), 824);
        assert_int_equal(offsetof(struct control_status, peer_version), 56);
        assert_int_equal(offsetof(struct control_status, unit), 128);
        assert_int_equal(sizeof(struct control_status), 200);
        assert_int_equal(sizeof(struct control_ended), 264);
}

/* Those of the protocol's table, as they are written on D-Bus. */
static void each_capability_has_a_name(void **state)
{
        static const struct {
                uint32_t in;
                const char *want;
        } cases[] = {
                { CAP_BULK_STREAMS, "bulk_streams" },
                { CAP_CONNECT_DEVICE_VERSION, "connect_device_version" },
                { CAP_FILTER, "filter" },
                { CAP_DEVICE_DISCONNECT_ACK, "device_disconnect_ack" },
                { CAP_EP_INFO_MAX_PACKET_SIZE, "ep_info_max_packet_size" },
                { CAP_64BIT_IDS, "64bits_ids" },
                { CAP_BULK_LENGTH_32BIT, "32bits_bulk_length" },
                { CAP_BULK_RECEIVING, "bulk_receiving" },
        };

#define COUNT(name, bit) +1
        assert_int_equal(ELEMENTS(cases), USBREDIR_CAPABILITIES(COUNT));
#undef COUNT
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_string_equal(control_capability(cases[i].in), cases[i].want);
        assert_null(control_capability(0));
        assert_null(control_capability(3));
        assert_null(control_capability(1u << 8));
        assert_null(control_capability(1u << 31));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                CONTROL_TEST(an_order_arrives_with_its_descriptors),
                CONTROL_TEST(descriptors_keep_their_order_and_close_on_exec),
                CONTROL_TEST(each_message_comes_out_as_it_went_in),
                CONTROL_TEST(what_a_shorter_body_lacks_is_zero),
                CONTROL_TEST(what_a_longer_body_has_more_is_ignored),
                CONTROL_TEST(types_that_are_not_known_are_to_be_ignored),
                CONTROL_TEST(tells_that_nothing_is_there_or_comes_any_more),
                CONTROL_TEST(never_waits_for_a_peer_that_does_not_read),
                CONTROL_TEST(refuses_to_send_more_descriptors_than_are_received),
                CONTROL_TEST(numbers_that_travel_stay_as_they_are),
                CONTROL_TEST(each_capability_has_a_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
