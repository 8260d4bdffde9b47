/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What rules do by themselves: on which occasion, to which guest, within which limits.
 */
#include <string.h>

#include "daemon/bed.h"
#include "util/macro.h"

#define MEMORY_MB (1u << 20)

static void add_guests(struct bed *bed)
{
        bed_add_guest(bed, "vm1", 4);
        bed_open_guest(bed, "vm1");
        bed_add_guest(bed, "vm2", 4);
        bed_open_guest(bed, "vm2");
}

static void rules_act_on_their_occasion(void **state)
{
        static const struct {
                const char *keys;
                bool plug, start;
        } cases[] = {
                { "", true, true },           { " on=both", true, true },
                { " on=plug", true, false },  { " on=start", false, true },
                { " auto=no", false, false },
        };
        char rule[128];

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed *bed = *state;

                if (i > 0) {
                        bed_close(bed);
                        bed_open(bed);
                }
                snprintf(rule, sizeof(rule), "-1,-1,-1,-1,1 guest=vm1%s\n", cases[i].keys);
                bed_write(bed, "filters.d/10-all.rules", rule);
                add_guests(bed);
                bed_plug(bed, "1-1", "08");
                bed_start(bed);
                bed_settle(bed);
                if (bed->n_sessions != cases[i].start)
                        fail_msg("cold start,%s", cases[i].keys);

                /* An event that changes nothing is no occasion. */
                bed_plug(bed, "1-1", "08 NEW=property");
                bed_settle(bed);
                if (bed->n_sessions != cases[i].start)
                        fail_msg("an event after the start,%s", cases[i].keys);

                bed_plug(bed, "1-2", "08");
                bed_settle(bed);
                if (bed->n_sessions != (size_t)cases[i].start + cases[i].plug +
                                               /* the first of its guest is a start */
                                               0)
                        fail_msg("plug,%s", cases[i].keys);
        }
}

static void a_guest_that_comes_up_is_a_start(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        bed_write(bed, "filters.d/10-all.rules",
                  "-1,-1,-1,-1,1 guest=vm1 on=start serial=A\n-1,-1,-1,-1,1 auto=no\n");
        add_guests(bed);
        bed_start(bed);
        bed_plug(bed, "1-1", "08 serial=A");
        bed_plug(bed, "1-2", "08");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
        assert_int_equal(bed_attach(bed, "1-2", "vm1", false, &answer), 0);
        bed_redirect(bed, "1-2");
        bed_redirect(bed, "1-1");
}

static void a_device_is_judged_when_it_is_settled(void **state)
{
        struct bed *bed = *state;

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1 on=plug\n");
        add_guests(bed);
        bed_start(bed);
        bed_plug(bed, "1-1", "settled=0");
        bed_plug(bed, "1-1", "08 settled=0");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
}

static void a_device_that_is_authorized_later_is_judged_then(void **state)
{
        struct bed *bed = *state;

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1 on=plug\n");
        add_guests(bed);
        bed_start(bed);
        bed_plug(bed, "1-1", "");
        bed_settle(bed);
        assert_int_equal(bed_device(bed, "1-1")->verdict.kind, VERDICT_NO_MATCH);
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
}

static void the_guest_is_the_rules_then_udevs_then_the_default(void **state)
{
        static const struct {
                const char *rule, *main_file, *device, *guest;
        } cases[] = {
                { "guest=vm1", "DefaultGuest=vm2", "08 USBREDIR_GUEST=vm2", "vm1" },
                { "", "DefaultGuest=vm1", "08 USBREDIR_GUEST=vm2", "vm2" },
                { "", "DefaultGuest=vm2", "08", "vm2" },
                { "guest=*", "DefaultGuest=vm2", "08", "vm2" },
                { "guest=*", "DefaultGuest=vm2", "08 USBREDIR_GUEST=vm1", "vm1" },
                { "guest=*", "", "08", "vm1" },
                { "guest=vm9,vm2", "", "08", "vm2" },
                { "", "", "08", NULL },
                { "guest=vm9", "DefaultGuest=vm1", "08", NULL },
                { "", "DefaultGuest=vm1", "08 USBREDIR_GUEST=vm9", NULL },
        };
        char text[128];

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed *bed = *state;

                if (i > 0) {
                        bed_close(bed);
                        bed_open(bed);
                }
                snprintf(text, sizeof(text), "-1,-1,-1,-1,1 %s\n", cases[i].rule);
                bed_write(bed, "filters.d/10-all.rules", text);
                snprintf(text, sizeof(text), "[Daemon]\n%s\n", cases[i].main_file);
                bed_write(bed, "usbredird.conf", text);
                add_guests(bed);
                bed_start(bed);
                bed_plug(bed, "1-1", cases[i].device);
                if (cases[i].guest) {
                        assert_string_equal(bed_session_of(bed, "1-1")->order.guest,
                                            cases[i].guest);
                } else {
                        bed_settle(bed);
                        assert_int_equal(bed->n_sessions, 0);
                        assert_non_null(strstr(bed_device(bed, "1-1")->last_error, "guest"));
                }
        }
}

static void a_rule_that_names_a_guest_beside_one_that_does_not_binds(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        bed_write(bed, "filters.d/10-all.rules", "0x0b,-1,-1,-1,1\n0xff,-1,-1,-1,1 guest=vm1\n");
        bed_write(bed, "usbredird.conf", "[Daemon]\nDefaultGuest=vm2\n");
        add_guests(bed);
        bed_start(bed);
        bed_plug(bed, "1-1", "0b ff");
        assert_string_equal(bed_session_of(bed, "1-1")->order.guest, "vm1");
        bed_plug(bed, "1-2", "0b ff");
        assert_true(bed_attach(bed, "1-2", "vm2", false, &answer) < 0);
}

static void max_sessions_is_a_limit(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;
        struct bed_session *s;

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1\n");
        bed_write(bed, "usbredird.conf", "[Daemon]\nMaxSessions=2\n");
        add_guests(bed);
        bed_start(bed);
        bed_plug(bed, "1-1", "08");
        bed_plug(bed, "1-2", "08");
        bed_plug(bed, "1-3", "08");
        s = bed_redirect(bed, "1-1");
        bed_redirect(bed, "1-2");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 2);
        assert_non_null(strstr(bed_device(bed, "1-3")->last_error, "MaxSessions=2"));
        assert_true(bed_attach(bed, "1-3", "vm1", false, &answer) < 0);
        assert_int_equal(answer.error.kind, ERROR_LIMIT_REACHED);

        bed_unplug(bed, "1-1");
        bed_say_ended(bed, s, REASON_DEVICE_LOST, true);
        bed_redirect(bed, "1-3");
}

static void sessions_share_usbfs_memory(void **state)
{
        struct bed *bed = *state;
        struct bed_session *first, *second, *third;

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1\n");
        add_guests(bed);
        bed_start(bed);
        bed_plug(bed, "1-1", "08");
        first = bed_redirect(bed, "1-1");
        assert_in_range(first->order.usbfs_memory, 14 * MEMORY_MB, 1024 * MEMORY_MB);
        bed_plug(bed, "1-2", "08");
        second = bed_redirect(bed, "1-2");
        bed_until(bed, first->memory > 0);
        assert_int_equal(first->memory, first->order.usbfs_memory / 2);
        assert_int_equal(second->order.usbfs_memory, first->memory);
        bed_unplug(bed, "1-1");
        bed_say_ended(bed, first, REASON_DEVICE_LOST, true);
        bed_until(bed, second->memory == first->order.usbfs_memory);

        /* One that has not told its state since then is told as well. */
        bed_plug(bed, "1-3", "08");
        third = bed_redirect(bed, "1-3");
        bed_until(bed, second->memory == third->order.usbfs_memory);
        bed_unplug(bed, "1-3");
        bed_say_ended(bed, third, REASON_DEVICE_LOST, true);
        bed_until(bed, second->memory == first->order.usbfs_memory);
        bed_plug(bed, "1-3", "08");
        bed_until(bed, second->memory < first->order.usbfs_memory);
}

static unsigned count_memory_messages(const struct bed *bed)
{
        unsigned n = 0;

        for (size_t i = 0; i < bed->n_sessions; i++)
                n += bed->sessions[i].n_memory;
        return n;
}

static void many_sessions_are_not_told_of_each_other(void **state)
{
        enum { FEW = 32, MANY = 40, STEPS = 4 };
        struct bed *bed = *state;
        unsigned before = 0;
        char port[8];

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1\n");
        bed_add_guest(bed, "vm1", MANY);
        bed_open_guest(bed, "vm1");
        bed_start(bed);
        for (unsigned i = 1; i <= MANY; i++) {
                snprintf(port, sizeof(port), "1-%u", i);
                bed_plug(bed, port, "08");
                bed_redirect(bed, port);
                bed_settle(bed);
                if (i == FEW)
                        before = count_memory_messages(bed);
        }
        assert_in_range(count_memory_messages(bed) - before, 0, STEPS * MANY);
}

static void a_pause_stops_rules_only(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;
        struct bed_session *s;

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1\n");
        add_guests(bed);
        bed_start(bed);
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        assert_int_equal(manager_set_paused(bed->m, true, &bed->error), 0);
        bed_plug(bed, "1-2", "08");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 1);
        assert_false(s->is_asked_to_end);
        assert_int_equal(bed_attach(bed, "1-2", "vm1", false, &answer), 0);
        bed_redirect(bed, "1-2");

        /* Nor is anything connected again for a rule. */
        bed_say_ended(bed, s, REASON_GUEST_LEFT, true);
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 2);
        assert_int_equal(manager_set_paused(bed->m, false, &bed->error), 0);
        bed_redirect(bed, "1-1");
}

static void a_guest_that_is_configured_later_gets_its_devices(void **state)
{
        struct bed *bed = *state;

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1\n");
        bed_start(bed);
        bed_plug(bed, "1-1", "08");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
        add_guests(bed);
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        bed_redirect(bed, "1-1");
}

static void a_guest_that_is_no_longer_configured_loses_its_devices(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1\n");
        add_guests(bed);
        bed_start(bed);
        bed_plug(bed, "1-1", "08");
        s = bed_redirect(bed, "1-1");
        assert_int_equal(manager_n_guests(bed->m), 2);
        bed_write(bed, "guests.d/vm1.conf", NULL);
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        bed_until(bed, s->is_asked_to_end);
        assert_int_equal(manager_n_guests(bed->m), 2); /* until its session is over */
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_settle(bed);
        assert_int_equal(manager_n_guests(bed->m), 1);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_IDLE);
}

static void broken_files_at_a_reload_change_nothing_but_are_told(void **state)
{
        struct bed *bed = *state;

        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 guest=vm1\n");
        add_guests(bed);
        bed_start(bed);
        bed_write(bed, "filters.d/10-all.rules", "nonsense\n");
        assert_true(manager_reload(bed->m, &bed->error) < 0);
        assert_int_equal(bed->error.kind, ERROR_INVALID_FILES);
        assert_non_null(strstr(bed->error.text, "filters.d/10-all.rules:1:1"));
        bed_plug(bed, "1-1", "08");
        bed_redirect(bed, "1-1");
        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,0\n");
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        bed_until(bed, bed_session_of(bed, "1-1")->is_asked_to_end);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(rules_act_on_their_occasion),
                TEST(a_guest_that_comes_up_is_a_start),
                TEST(a_device_is_judged_when_it_is_settled),
                TEST(a_device_that_is_authorized_later_is_judged_then),
                TEST(the_guest_is_the_rules_then_udevs_then_the_default),
                TEST(a_rule_that_names_a_guest_beside_one_that_does_not_binds),
                TEST(max_sessions_is_a_limit),
                TEST(sessions_share_usbfs_memory),
                TEST(many_sessions_are_not_told_of_each_other),
                TEST(a_pause_stops_rules_only),
                TEST(a_guest_that_is_configured_later_gets_its_devices),
                TEST(a_guest_that_is_no_longer_configured_loses_its_devices),
                TEST(broken_files_at_a_reload_change_nothing_but_are_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
