/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ends of a session, as the process that it is: the exit code for each reason, what the guest
 * is told, and that the device is its host's again.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "integration/process.h"
#include "util/macro.h"

enum { BULK_IN = 0x81, NAK_IN = 0x83 };

/* Like process_start(), and the greeting. */
static void start_greeted(struct process *p, const char *options, uint32_t caps)
{
        process_start(p, options, NULL, caps);
        guest_greet(&p->guest);
}

static void end(struct process *p, enum session_reason reason)
{
        int code = process_end(p);

        if (code != session_reason_exit_code(reason) ||
            !report_logged(&p->report, session_reason_string(reason)))
                fail_msg("exit code %i; log:\n%s", code, p->report.log);
}

static void end_returned(struct process *p, enum session_reason reason)
{
        end(p, reason);
        report_assert_returned(&p->report, 1);
}

/* What a guest sees of each end that is not its own: pending requests, then the disconnect. */
static void expect_goodbye(struct process *p, size_t pending, uint8_t status)
{
        for (size_t i = 0; i < pending; i++) {
                guest_expect(&p->guest, PACKET_bulk_packet);
                assert_int_equal(guest_status(p->guest.packet), status);
        }
        guest_expect(&p->guest, PACKET_device_disconnect);
}

static void ends_as_asked_by_each_signal(void **state)
{
        static const int signals[] = { SIGTERM, SIGINT, SIGHUP };

        for (size_t i = 0; i < ELEMENTS(signals); i++) {
                struct process p;

                start_greeted(&p, "", CAP_ALL);
                for (size_t n = 0; n < 5; n++)
                        guest_bulk(&p.guest, NAK_IN, 512, NULL);
                guest_expect_quiet(&p.guest);
                process_signal(&p, signals[i]);
                expect_goodbye(&p, 5, STATUS_cancelled);
                guest_send_bare(&p.guest, PACKET_device_disconnect_ack, 0);
                assert_false(guest_receive(&p.guest));
                end_returned(&p, REASON_ASKED);
        }
}

static void ends_as_asked_before_the_guest_speaks(void **state)
{
        struct process p;

        process_start(&p, "", NULL, CAP_ALL);
        guest_expect(&p.guest, PACKET_hello);
        process_signal(&p, SIGTERM);
        end_returned(&p, REASON_ASKED);
        assert_int_equal(report_value(&p.report, "resets"), 0);
}

static void ends_as_asked_without_an_acknowledgement(void **state)
{
        static const uint32_t sets[] = { CAP_ALL, CAP_ALL & ~CAP_DEVICE_DISCONNECT_ACK };

        /* One that could acknowledge and does not is waited for, but not long. */
        for (size_t i = 0; i < ELEMENTS(sets); i++) {
                struct process p;

                start_greeted(&p, "", sets[i]);
                process_signal(&p, SIGTERM);
                expect_goodbye(&p, 0, 0);
                assert_false(guest_receive(&p.guest));
                end_returned(&p, REASON_ASKED);
        }
}

static void refuses_requests_while_it_waits_for_the_acknowledgement(void **state)
{
        struct process p;
        uint64_t id;

        start_greeted(&p, "", CAP_ALL);
        process_signal(&p, SIGTERM);
        expect_goodbye(&p, 0, 0);

        guest_send_bare(&p.guest, PACKET_reset, 0);
        guest_send_bare(&p.guest, PACKET_filter_reject, 0);
        guest_cancel(&p.guest, 1);
        id = guest_bulk(&p.guest, BULK_IN, 512, NULL);
        guest_expect_id(&p.guest, PACKET_bulk_packet, id);
        assert_int_equal(guest_status(p.guest.packet), STATUS_ioerror);
        id = guest_control(&p.guest, 0x80, 6, 0x0100, 0, 18, NULL);
        guest_expect_id(&p.guest, PACKET_control_packet, id);
        assert_int_equal(guest_status(p.guest.packet), STATUS_ioerror);
        id = guest_set_configuration(&p.guest, 2);
        guest_expect_id(&p.guest, PACKET_configuration_status, id);
        assert_int_equal(p.guest.packet->configuration_status.status, STATUS_ioerror);
        id = guest_set_alt(&p.guest, 1, 1);
        guest_expect_id(&p.guest, PACKET_alt_setting_status, id);
        assert_int_equal(p.guest.packet->alt_setting_status.status, STATUS_ioerror);
        guest_send_bare(&p.guest, PACKET_device_disconnect_ack, 0);
        assert_false(guest_receive(&p.guest));
        end_returned(&p, REASON_ASKED);
        assert_int_equal(report_value(&p.report, "submitted"), 0);
}

static void ends_when_the_guest_breaks_the_protocol_while_it_says_goodbye(void **state)
{
        static const uint8_t garbage[64] = { 0xff, 0xff };
        struct process p;

        start_greeted(&p, "", CAP_ALL);
        process_signal(&p, SIGTERM);
        expect_goodbye(&p, 0, 0);
        guest_send_bytes(&p.guest, garbage, sizeof(garbage));
        end_returned(&p, REASON_ASKED);
}

static void restores_the_configuration(void **state)
{
        static const struct {
                const char *options;
                uint8_t original, chosen;
        } cases[] = {
                { "", 1, 2 },
                { "", 1, 0 },
                { "configuration=2", 2, 1 },
                { "configuration=0", 0, 1 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct process p;

                start_greeted(&p, cases[i].options, CAP_ALL);
                guest_set_configuration(&p.guest, cases[i].chosen);
                guest_expect_later(&p.guest, PACKET_configuration_status);
                assert_int_equal(p.guest.packet->configuration_status.configuration,
                                 cases[i].chosen);
                process_signal(&p, SIGTERM);
                expect_goodbye(&p, 0, 0);
                guest_send_bare(&p.guest, PACKET_device_disconnect_ack, 0);
                end(&p, REASON_ASKED);
                report_assert_returned(&p.report, cases[i].original);
        }
}

static void ends_with_the_reason_the_device_gives(void **state)
{
        static const struct {
                const char *name, *options;
                enum session_reason want;
                bool is_returned;
        } cases[] = {
                { "used", "fail=claim_interface:BUSY@1", REASON_BUSY, true },
                { "used in part", "fail=claim_interface:BUSY@2", REASON_BUSY, true },
                { "denied", "fail=claim_interface:ACCESS@1", REASON_ACCESS_DENIED, true },
                { "gone", "fail=claim_interface:NO_DEVICE", REASON_DEVICE_LOST, false },
                { "gone by its reset", "fail=reset_device:NOT_FOUND", REASON_DEVICE_LOST, false },
                { "not readable", "fail=get_active_config_descriptor:IO", REASON_FAILURE, true },
                { "too many interfaces", "hostile-descriptors=many-interfaces", REASON_FAILURE,
                  false },
                { "not openable", "fail=wrap_sys_device:IO", REASON_FAILURE, true },
                { "not there", "fail=wrap_sys_device:NO_DEVICE", REASON_NOT_FOUND, true },
                { "not allowed", "fail=wrap_sys_device:ACCESS", REASON_ACCESS_DENIED, true },
                { "a hub", "class=9", REASON_USAGE, true },
                { "without descriptor", "fail=get_device_descriptor:IO", REASON_FAILURE, true },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct process p;
                int code;

                process_start(&p, cases[i].options, NULL, CAP_ALL);
                guest_say_hello(&p.guest);
                while (guest_receive(&p.guest))
                        assert_int_equal(p.guest.packet->type, PACKET_hello);
                code = process_end(&p);
                if (code != session_reason_exit_code(cases[i].want))
                        fail_msg("%s: exit code %i; log:\n%s", cases[i].name, code, p.report.log);
                if (cases[i].is_returned)
                        report_assert_returned(&p.report, 1);
                else
                        report_assert_unplugged(&p.report);
        }
}

static void ends_when_the_device_is_unplugged(void **state)
{
        static const char *const options[] = {
                "unplug-after=0",
                "unplug-after=1",
                "unplug-after=5",
                "complete=0x81:NO_DEVICE",
                "complete=0x81:NO_DEVICE@3",
        };

        for (size_t i = 0; i < ELEMENTS(options); i++) {
                uint64_t last[2] = { 0 };
                size_t answers = 0;
                struct process p;

                start_greeted(&p, options[i], CAP_ALL);
                p.guest.last_id = 253; /* in no table of the session is order that of these ids */
                for (size_t n = 0; n < 4; n++)
                        guest_bulk(&p.guest, NAK_IN, 512, NULL);
                for (size_t n = 0; n < 6; n++)
                        guest_bulk(&p.guest, BULK_IN, 512, NULL);
                while (guest_receive(&p.guest) &&
                       p.guest.packet->type != PACKET_device_disconnect) {
                        uint64_t *before;

                        assert_int_equal(p.guest.packet->type, PACKET_bulk_packet);
                        answers++;

                        /* QEMU aborts on answers of an endpoint in another order. */
                        before = &last[p.guest.packet->bulk_packet.endpoint == NAK_IN];
                        assert_true(p.guest.packet->id > *before);
                        *before = p.guest.packet->id;
                }
                assert_int_equal(p.guest.packet->type, PACKET_device_disconnect);
                guest_send_bare(&p.guest, PACKET_device_disconnect_ack, 0);
                while (guest_receive(&p.guest))
                        answers++;
                assert_int_equal(answers, 10);
                end(&p, REASON_DEVICE_LOST);
                report_assert_unplugged(&p.report);
        }
}

static void returns_the_device_under_transfers_that_never_come_back(void **state)
{
        struct process p;
        uint64_t id;

        /* Releasing the interface makes the kernel end them. */
        start_greeted(&p, "cancel=lost", CAP_ALL);
        id = guest_bulk(&p.guest, NAK_IN, 512, NULL);
        guest_cancel(&p.guest, id);
        guest_expect_id(&p.guest, PACKET_bulk_packet, id);
        guest_expect_quiet(&p.guest);
        guest_hang_up(&p.guest);
        end(&p, REASON_GUEST_LEFT);
        assert_true(report_logged(&p.report, "returning the device under them"));
        assert_int_equal(report_value(&p.report, "claimed-interfaces"), 0);
}

static void ends_when_the_guest_rejects_the_device(void **state)
{
        struct process p;

        for (unsigned times = 1; times <= 2; times++) {
                start_greeted(&p, "", CAP_ALL);
                for (unsigned i = 0; i < times; i++)
                        guest_send_bare(&p.guest, PACKET_filter_reject, 0);
                expect_goodbye(&p, 0, 0);
                guest_send_bare(&p.guest, PACKET_device_disconnect_ack, 0);
                end_returned(&p, REASON_GUEST_REJECTED);
        }
}

static void ends_when_the_guest_breaks_the_protocol(void **state)
{
        static const uint8_t garbage[64] = { 0xff, 0xff };
        struct process p;

        start_greeted(&p, "", CAP_ALL);
        guest_send_bytes(&p.guest, garbage, sizeof(garbage));
        while (guest_receive(&p.guest)) {
        }
        end_returned(&p, REASON_PROTOCOL);
}

static void keeps_its_descriptors_and_memory(void **state)
{
        size_t before, after, memory = 0;
        struct process p;

        start_greeted(&p, "", CAP_ALL);
        guest_expect_quiet(&p.guest);
        before = process_descriptors(&p);
        for (size_t i = 0; i < 500; i++) {
                uint64_t id;

                if (i == 100)
                        memory = process_memory(&p, "VmRSS");
                id = guest_bulk(&p.guest, BULK_IN, 70000, NULL);
                guest_expect_id(&p.guest, PACKET_bulk_packet, id);
                guest_set_alt(&p.guest, 1, i % 3);
                guest_expect_later(&p.guest, PACKET_alt_setting_status);
                guest_set_configuration(&p.guest, i % 2 ? 1 : 2);
                guest_expect_later(&p.guest, PACKET_configuration_status);
        }
        after = process_descriptors(&p);
        assert_int_equal(after, before);
        assert_in_range(process_memory(&p, "VmRSS"), 0, memory + PROCESS_MEMORY_SLACK);
        guest_hang_up(&p.guest);
        end_returned(&p, REASON_GUEST_LEFT);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(ends_as_asked_by_each_signal),
                cmocka_unit_test(ends_as_asked_before_the_guest_speaks),
                cmocka_unit_test(ends_as_asked_without_an_acknowledgement),
                cmocka_unit_test(refuses_requests_while_it_waits_for_the_acknowledgement),
                cmocka_unit_test(ends_when_the_guest_breaks_the_protocol_while_it_says_goodbye),
                cmocka_unit_test(restores_the_configuration),
                cmocka_unit_test(ends_with_the_reason_the_device_gives),
                cmocka_unit_test(ends_when_the_device_is_unplugged),
                cmocka_unit_test(returns_the_device_under_transfers_that_never_come_back),
                cmocka_unit_test(ends_when_the_guest_rejects_the_device),
                cmocka_unit_test(ends_when_the_guest_breaks_the_protocol),
                cmocka_unit_test(keeps_its_descriptors_and_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
