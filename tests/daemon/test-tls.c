/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests with [TLS]: what their sessions are told and given, and what becomes of those that fail.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/bed.h"
#include "daemon/guest.h"
#include "util/macro.h"

#define RULE "-1,-1,-1,-1,1 guest=vm1\n"

/* A guest with one channel and a pre-shared key, in a file that is not there yet. */
static void start(struct bed *bed, const char *rule)
{
        char text[512];

        bed_write(bed, "filters.d/10-all.rules", rule);
        bed_add_guest(bed, "vm1", 1);
        bed_open_guest(bed, "vm1");
        snprintf(text, sizeof(text),
                 "[Guest]\nChannel=unix:%s/vm1-0\n[TLS]\nPSKFile=%s/etc/keys.psk\nPSKIdentity=me\n"
                 "[Reconnect]\nInitialDelaySec=1\nMaxDelaySec=1\n",
                 bed->directory, bed->directory);
        bed_write(bed, "guests.d/vm1.conf", text);
        bed_start(bed);
        bed_plug(bed, "1-1", "08");
}

static void write_keys(struct bed *bed, mode_t mode)
{
        char path[128];

        bed_write(bed, "keys.psk", "me:00\n");
        snprintf(path, sizeof(path), "%s/etc/keys.psk", bed->directory);
        assert_int_equal(chmod(path, mode), 0);
}

static struct guest *guest_of(struct bed *bed)
{
        struct error error;
        struct guest *g;

        assert_int_equal(manager_find_guest(bed->m, "vm1", &g, &error), 0);
        return g;
}

static void its_session_is_told_how_to_talk(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        write_keys(bed, 0600);
        start(bed, RULE);
        s = bed_session_of(bed, "1-1");
        assert_int_equal(s->order.tls, CONTROL_PSK);
        assert_string_equal(s->order.psk_identity, "me");
        assert_string_equal(s->order.peer_name, "");
}

static void without_its_files_a_guest_is_tried_again(void **state)
{
        static const struct {
                mode_t mode; /* 0: no file */
                const char *want;
        } cases[] = {
                { 0, "/etc/keys.psk: No such file or directory" },
                { 0644, "/etc/keys.psk has a secret that others than its owner can read" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed *bed;

                if (i > 0) {
                        bed_close(*state);
                        bed_open(*state);
                }
                bed = *state;
                if (cases[i].mode)
                        write_keys(bed, cases[i].mode);
                start(bed, RULE);
                bed_until(bed, bed_device(bed, "1-1")->last_error[0]);
                assert_non_null(strstr(bed_device(bed, "1-1")->last_error, cases[i].want));
                assert_non_null(strstr(guest_last_error(guest_of(bed)), cases[i].want));
                assert_int_equal(bed->n_sessions, 0);

                write_keys(bed, 0600);
                bed_redirect(bed, "1-1");
        }
}

static void attach_says_that_it_is_tls(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        start(bed, "-1,-1,-1,-1,1 auto=no\n");
        assert_int_equal(bed_attach(bed, "1-1", "vm1", true, &answer), 0);
        bed_until(bed, answer.has_come);
        assert_true(answer.is_error);
        assert_int_equal(answer.error.kind, ERROR_TLS_FAILED);
        assert_non_null(strstr(answer.error.text, "keys.psk"));

        bed_until(bed, guest_state(guest_of(bed)) != GUEST_CONNECTED);
        write_keys(bed, 0600);
        assert_int_equal(bed_attach(bed, "1-1", "vm1", true, &answer), 0);
        bed_say_ended(bed, bed_session_of(bed, "1-1"), REASON_TLS_FAILED, true);
        bed_until(bed, answer.has_come);
        assert_true(answer.is_error);
        assert_int_equal(answer.error.kind, ERROR_TLS_FAILED);
        assert_non_null(strstr(answer.error.text, "no encrypted connection to the guest"));
}

static void a_guest_without_tls_is_tried_again(void **state)
{
        struct bed *bed = *state;

        write_keys(bed, 0600);
        start(bed, RULE);
        bed_say_ended(bed, bed_session_of(bed, "1-1"), REASON_TLS_FAILED, true);
        assert_non_null(strstr(guest_last_error(guest_of(bed)), "no encrypted connection"));
        assert_non_null(strstr(bed_device(bed, "1-1")->last_error, "no encrypted connection"));
        bed_until(bed, bed->n_sessions == 2);
        bed_redirect(bed, "1-1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(its_session_is_told_how_to_talk),
                TEST(without_its_files_a_guest_is_tried_again),
                TEST(attach_says_that_it_is_tls),
                TEST(a_guest_without_tls_is_tried_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
