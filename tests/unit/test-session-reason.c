/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The exit codes that scripts and units rely on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/reason.h"
#include "util/macro.h"

static void exit_codes_stay_as_they_are(void **state)
{
        static const struct {
                enum session_reason in;
                int want;
        } cases[] = {
                { REASON_ASKED, 0 },          { REASON_GUEST_LEFT, 1 },
                { REASON_FAILURE, 1 },        { REASON_LINK_LOST, 1 },
                { REASON_PROTOCOL, 1 },       { REASON_USAGE, 2 },
                { REASON_NOT_FOUND, 3 },      { REASON_BUSY, 4 },
                { REASON_ACCESS_DENIED, 5 },  { REASON_CONNECT_FAILED, 6 },
                { REASON_GUEST_REJECTED, 7 }, { REASON_DEVICE_LOST, 8 },
                { REASON_RESET_LOST, 8 },     { REASON_TLS_FAILED, 9 },
        };

#define COUNT(reason, exit, name, sentence) +1
        assert_int_equal(ELEMENTS(cases), SESSION_REASONS(COUNT));
#undef COUNT
        for (size_t i = 0; i < ELEMENTS(cases); i++)
                assert_int_equal(session_reason_exit_code(cases[i].in), cases[i].want);
}

static void a_session_that_has_said_nothing_was_asked_to_end(void **state)
{
        assert_int_equal(REASON_ASKED, 0);
}

static void each_reason_has_a_sentence_of_its_own(void **state)
{
        for (enum session_reason i = 0; i <= REASON_TLS_FAILED; i++) {
                assert_true(strlen(session_reason_string(i)) > 8);
                for (enum session_reason j = 0; j < i; j++)
                        assert_string_not_equal(session_reason_string(i), session_reason_string(j));
        }
        assert_string_equal(session_reason_string(REASON_GUEST_LEFT),
                            "the guest closed the connection");
        assert_string_equal(session_reason_string(REASON_DEVICE_LOST), "the device is gone");
}

static void names_on_the_bus_stay_as_they_are(void **state)
{
        static const char *const names[] = {
                "asked",          "guest-left",  "failure",    "link-lost",     "protocol",
                "usage",          "not-found",   "busy",       "access-denied", "connect-failed",
                "guest-rejected", "device-lost", "reset-lost", "tls-failed",
        };

        for (enum session_reason i = 0; i <= REASON_TLS_FAILED; i++)
                assert_string_equal(session_reason_name(i), names[i]);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(exit_codes_stay_as_they_are),
                cmocka_unit_test(a_session_that_has_said_nothing_was_asked_to_end),
                cmocka_unit_test(names_on_the_bus_stay_as_they_are),
                cmocka_unit_test(each_reason_has_a_sentence_of_its_own),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
