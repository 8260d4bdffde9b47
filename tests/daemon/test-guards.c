/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What this machine needs stays with it, until it does not need it any more: by rule, by hand, and
 * with the word "force".
 */
#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "daemon/manager-private.h"
#include "daemon/outcome-bed.h"
#include "unit/guard-tree.h"

#define STICK   "08 syspath=" GUARD_DEVICE
#define MOUNTED "its partition sdb1 is mounted on /media/My Stick: umount it"
#define BUSY    "its disk sdb is in use, by a mount in another namespace or a program that has it"

/* What the kernel says of the disk; a probe waits for the semaphore first if it is to hang. */
static _Atomic bool is_busy, hangs;
static _Atomic unsigned n_probes;
static sem_t answer_now;

static int is_busy_now(const char *path)
{
        assert_non_null(strstr(path, "/dev/sdb"));
        n_probes++;
        if (hangs)
                sem_wait(&answer_now);
        return is_busy ? -EBUSY : 0;
}

static struct tree tree_of(const struct bed *bed)
{
        struct tree t;

        snprintf(t.root, sizeof(t.root), "%s", bed->directory);
        return t;
}

static void mount_it(struct bed *bed, bool is_mounted)
{
        struct tree t = tree_of(bed);

        tree_write(&t, "proc/self/mountinfo", is_mounted ? GUARD_MOUNT : "");
}

static int setup(void **state)
{
        struct bed *bed;
        struct tree t;

        bed_setup(state);
        bed = *state;
        t = tree_of(bed);
        guard_tree_add_disk(&t);
        is_busy = hangs = false;
        n_probes = 0;
        sem_init(&answer_now, 0, 0);
        bed->scope.try_disk = is_busy_now;
        return 0;
}

/* A change has been seen; the next look comes soon, not in seconds. */
static void look(struct bed *bed)
{
        manager_look_soon(bed->m);
        bed_until(bed, !bed->m->guards.is_soon);
}

static void is_guarded(struct bed *bed, const char *reason)
{
        struct device *d = bed_device(bed, "1-1");

        if (strncmp(d->guard, reason, strlen(reason)) != 0 || (!*reason && d->guard[0]))
                fail_msg("its guard is \"%s\"", d->guard);
}

static void begin_guarded(struct bed *bed, const char *rule)
{
        mount_it(bed, true);
        start_with_guest(bed, rule);
        bed_plug(bed, "1-1", STICK);
        bed_settle(bed);
        is_guarded(bed, MOUNTED);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_IDLE);
        assert_int_equal(bed->n_sessions, 0);
}

static void goes_when_it_is_not_needed_any_more(void **state)
{
        struct bed *bed = *state;

        begin_guarded(bed, "-1,-1,-1,-1,1 guest=vm1 on=plug\n");
        look(bed);
        assert_int_equal(bed->n_sessions, 0);
        mount_it(bed, false);
        look(bed);
        bed_redirect(bed, "1-1");
        is_guarded(bed, "");
}

static void stays_if_the_rules_have_changed_meanwhile(void **state)
{
        struct bed *bed = *state;

        begin_guarded(bed, RULE);
        bed_write(bed, "filters.d/10-all.rules", "-1,-1,-1,-1,1 auto=no\n");
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        mount_it(bed, false);
        look(bed);
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
        is_guarded(bed, "");
}

static void is_redirected_by_a_rule_with_force(void **state)
{
        struct bed *bed = *state;

        mount_it(bed, true);
        start_with_guest(bed, "-1,-1,-1,-1,1 guest=vm1 force=yes\n");
        bed_plug(bed, "1-1", STICK);
        bed_redirect(bed, "1-1");
        assert_int_equal(n_probes, 0);
}

static void attach(struct bed *bed)
{
        struct bed_answer answer;

        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), 0);
        bed_until(bed, answer.has_come);
        assert_false(answer.is_error);
}

static void is_refused_by_hand_without_force(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        begin_guarded(bed, RULE);
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), -EINVAL);
        assert_int_equal(answer.error.kind, ERROR_IN_USE);
        assert_string_equal(answer.error.text, "1-1 is needed by this machine: " MOUNTED
                                               ", or attach it with the option 'force'");
        bed->forces = true;
        attach(bed);
        bed_redirect(bed, "1-1");
}

/* What was forced stays so when the guest comes back, and when the daemon does. */
static void force_outlives_guest_and_daemon(void **state)
{
        struct bed *bed = *state;

        begin_guarded(bed, RULE);
        bed->forces = true;
        attach(bed);
        bed_say_ended(bed, bed_redirect(bed, "1-1"), REASON_GUEST_LEFT, true);
        bed_redirect(bed, "1-1");
        bed_kill_daemon(bed);
        bed_start(bed);
        bed_say_ended(bed, bed_session_of(bed, "1-1"), REASON_GUEST_LEFT, true);
        bed_until(bed, bed->n_sessions == 3);
        bed_redirect(bed, "1-1");
}

/* It came to be mounted while it waited for its guest. */
static void is_looked_at_again_before_its_session(void **state)
{
        struct bed *bed = *state;

        bed_write(bed, "filters.d/10-all.rules", RULE);
        bed_add_guest(bed, "vm1", 1);
        bed_start(bed);
        bed_plug(bed, "1-1", STICK);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_WAITING);
        mount_it(bed, true);
        bed_open_guest(bed, "vm1");
        bed_until(bed, bed_device(bed, "1-1")->phase == DEVICE_IS_IDLE);
        is_guarded(bed, MOUNTED);
        mount_it(bed, false);
        look(bed);
        bed_redirect(bed, "1-1");
}

static void ends_a_session_whose_guest_is_not_there_yet(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start_with_guest(bed, RULE);
        bed_plug(bed, "1-1", STICK);
        s = bed_session_of(bed, "1-1");
        bed_say_status(bed, s, LINK_GREETING, DEVICE_NONE);
        mount_it(bed, true);
        look(bed);
        bed_until(bed, s->is_asked_to_end);
        bed_say_ended(bed, s, REASON_ASKED, true);
        bed_until(bed, bed_device(bed, "1-1")->phase == DEVICE_IS_IDLE);
        is_guarded(bed, MOUNTED);
        mount_it(bed, false);
        look(bed);
        comes_again(bed);
}

static void leaves_a_session_whose_guest_has_it(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s;

        start_with_guest(bed, RULE);
        bed_plug(bed, "1-1", STICK);
        s = bed_redirect(bed, "1-1");
        mount_it(bed, true);
        look(bed);
        bed_settle(bed);
        assert_false(s->is_asked_to_end);
        is_guarded(bed, "");
}

static void is_probed_before_its_session(void **state)
{
        struct bed *bed = *state;

        is_busy = true;
        start_with_guest(bed, RULE);
        bed_plug(bed, "1-1", STICK);
        bed_until(bed, n_probes > 0 && bed_device(bed, "1-1")->phase == DEVICE_IS_IDLE);
        is_guarded(bed, BUSY);
        look(bed);
        bed_until(bed, n_probes > 1 && !entry_of(bed_device(bed, "1-1"))->guarding.probe);
        is_guarded(bed, BUSY);
        assert_int_equal(bed->n_sessions, 0);

        is_busy = false;
        look(bed);
        bed_redirect(bed, "1-1");
        is_guarded(bed, "");
}

static void refuses_by_hand_what_the_probe_finds(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;

        is_busy = true;
        start_with_guest(bed, "-1,-1,-1,-1,1 auto=no\n");
        bed_plug(bed, "1-1", STICK);
        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), 0);
        bed_until(bed, answer.has_come);
        assert_true(answer.is_error);
        assert_int_equal(answer.error.kind, ERROR_IN_USE);
        assert_int_equal(bed->n_sessions, 0);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_IDLE);
        assert_non_null(strstr(bed_device(bed, "1-1")->last_error, BUSY));
}

/* Whatever ends the wait for the disk gives the channel back. */
static void is_given_up_while_it_is_probed(void **state)
{
        struct bed *bed = *state;
        struct bed_answer answer;
        struct device *d;

        hangs = true;
        start_with_guest(bed, RULE);
        bed_plug(bed, "1-1", STICK);
        bed_until(bed, n_probes == 1);
        d = bed_device(bed, "1-1");
        assert_int_equal(d->phase, DEVICE_IS_WAITING);
        assert_int_equal(bed_detach(bed, "1-1", &answer), 0);
        bed_until(bed, answer.has_come);
        assert_int_equal(d->phase, DEVICE_IS_IDLE);

        assert_int_equal(bed_attach(bed, "1-1", "vm1", false, &answer), 0);
        bed_until(bed, n_probes == 2);
        bed_unplug(bed, "1-1");
        bed_settle(bed);
        for (struct channel *c = guest_channels(manager_guest_by_name(bed->m, "vm1")); c;
             c = channel_next(c))
                assert_int_equal(channel_state(c), CHANNEL_IDLE);

        hangs = false;
        sem_post(&answer_now);
        sem_post(&answer_now);
        bed_plug(bed, "1-1", STICK);
        bed_redirect(bed, "1-1");
}

static void a_disk_that_does_not_answer_is_in_use(void **state)
{
        struct bed *bed = *state;

        hangs = true;
        start_with_guest(bed, RULE);
        bed_plug(bed, "1-1", STICK);
        bed_until(bed, bed_device(bed, "1-1")->guard[0]);
        is_guarded(bed, "its disk sdb does not answer: unplug it");
        hangs = false;
        for (unsigned i = 0; i < n_probes; i++)
                sem_post(&answer_now);
}

static void guest_leaves_while_it_is_probed(void **state)
{
        struct bed *bed = *state;

        hangs = true;
        start_with_guest(bed, RULE);
        bed_plug(bed, "1-1", STICK);
        bed_until(bed, n_probes == 1);
        manager_disconnect_guest(bed->m, manager_guest_by_name(bed->m, "vm1"));
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_WAITING);
        assert_int_equal(
                manager_connect_guest(bed->m, manager_guest_by_name(bed->m, "vm1"), &bed->error),
                0);
        bed_until(bed, n_probes == 2);
        bed_write(bed, "guests.d/vm1.conf", NULL);
        assert_int_equal(manager_reload(bed->m, &bed->error), 0);
        bed_until(bed, manager_n_guests(bed->m) == 0);
        assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_IDLE);
        hangs = false;
        sem_post(&answer_now);
        sem_post(&answer_now);
}

/* One of two keyboards goes; the other is the last then, also before the first is taken. */
static void of_two_keyboards_one_stays(void **state)
{
        struct bed *bed = *state;
        struct tree t = tree_of(bed);

        for (int i = 1; i <= 2; i++) {
                char name[16], device[64];

                snprintf(name, sizeof(name), "input%i", i);
                snprintf(device, sizeof(device), "/sys/devices/pci0/usb2/2-%i", i);
                guard_tree_add(&t, "input", name, device);
                guard_tree_write(&t, "input", name, "capabilities/key", "fffffffffffffffe\n");
        }
        start_with_guest(bed, RULE);
        bed_plug(bed, "2-1", "03/01/01 syspath=/sys/devices/pci0/usb2/2-1");
        bed_plug(bed, "2-2", "03/01/01 syspath=/sys/devices/pci0/usb2/2-2");
        bed_session_of(bed, "2-1");
        bed_until(bed, bed_device(bed, "2-2")->guard[0]);
        bed_until(bed, bed_device(bed, "2-2")->phase == DEVICE_IS_IDLE);
        assert_non_null(strstr(bed_device(bed, "2-2")->guard, "last keyboard"));
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 1);
}

static void disabled_by_the_kernels_command_line(void **state)
{
        struct bed *bed = *state;
        struct tree t = tree_of(bed);

        tree_write(&t, "proc/cmdline", "ro quiet usbredird.disable\n");
        start_with_guest(bed, RULE);
        bed_plug(bed, "1-1", "08");
        bed_settle(bed);
        assert_int_equal(bed->n_sessions, 0);
        assert_true(manager_is_disabled(bed->m));
        assert_true(manager_is_paused(bed->m));
        assert_int_equal(manager_set_paused(bed->m, true, &bed->error), 0);
        assert_int_equal(manager_set_paused(bed->m, false, &bed->error), -EINVAL);
        assert_int_equal(bed->error.kind, ERROR_PAUSED);
        attach(bed);
        bed_redirect(bed, "1-1");

        bed_kill_daemon(bed);
        tree_write(&t, "proc/cmdline", "ro quiet\n");
        bed_start(bed);
        assert_false(manager_is_paused(bed->m));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(goes_when_it_is_not_needed_any_more),
                TEST(stays_if_the_rules_have_changed_meanwhile),
                TEST(is_redirected_by_a_rule_with_force),
                TEST(is_refused_by_hand_without_force),
                TEST(force_outlives_guest_and_daemon),
                TEST(is_looked_at_again_before_its_session),
                TEST(ends_a_session_whose_guest_is_not_there_yet),
                TEST(leaves_a_session_whose_guest_has_it),
                TEST(is_probed_before_its_session),
                TEST(refuses_by_hand_what_the_probe_finds),
                TEST(is_given_up_while_it_is_probed),
                TEST(a_disk_that_does_not_answer_is_in_use),
                TEST(guest_leaves_while_it_is_probed),
                TEST(of_two_keyboards_one_stays),
                TEST(disabled_by_the_kernels_command_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
