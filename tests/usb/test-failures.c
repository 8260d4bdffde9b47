/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every verb with every ioctl that it uses failing once, with each errno: a row of the table that
 * nobody needs, and an ioctl without a row, are failures too. Which ioctls those are is not
 * written down but counted.
 */
#include <errno.h>
#include <string.h>

#include "emulated/ioctls.h"
#include "usb/failures.h"
#include "util/macro.h"

static const struct {
        const char *name;
        int error;
} errors[] = {
#define E(name) { #name, name },
        FAILURE_ERRORS(E)
#undef E
};

/* All that may fail; an opening cannot. */
static const char *const calls[] = {
#define I(name) #name,
        USBFS_IOCTLS(I) "DISCONNECT",
        "CONNECT",
        "URB",
#undef I
};

static unsigned cases;

static bool matches(const struct bed *bed, enum left left)
{
        const struct bed_state is = bed_state(bed), want = left_states[left];

        return is.claimed == want.claimed && is.bound == want.bound &&
               is.configuration == want.configuration && is.alt == want.alt;
}

/* How often the event loop reaps before it finds nothing is not ours to say. */
static unsigned distinct(const char *call, unsigned count)
{
        return strncmp(call, "REAP", 4) == 0 ? MIN(count, 1u) : count;
}

static bool has_row(enum verb verb, const char *call, unsigned nth)
{
        for (size_t i = 0; i < failure_count; i++)
                if (failures[i].verb == verb && strcmp(failures[i].ioctl, call) == 0 &&
                    failures[i].nth == nth)
                        return true;

        return false;
}

static size_t rows_of(enum verb verb)
{
        size_t rows = 0;

        for (size_t i = 0; i < failure_count; i++)
                rows += failures[i].verb == verb;

        return rows;
}

static void finish(struct bed *bed, enum verb verb)
{
        if (bed->usb && verb != RELEASE && verb != RESTORE)
                assert_int_equal(usb_device_release(bed->usb), 0);
        bed_close(bed);
}

static void every_ioctl_of_the_verb_has_its_row(void **state)
{
        enum verb verb = *(enum verb *)*state;
        struct bed *bed = verb_prepare(verb);
        unsigned counts[ELEMENTS(calls)];
        size_t used = 0;

        for (size_t i = 0; i < ELEMENTS(calls); i++)
                counts[i] = emulated_count(bed->device, calls[i]);
        assert_int_equal(verb_run(verb, bed), 0);
        assert_true(matches(bed, verb_leaves[verb]));
        for (size_t i = 0; i < ELEMENTS(calls); i++) {
                counts[i] = emulated_count(bed->device, calls[i]) - counts[i];
                for (unsigned nth = 0; nth < distinct(calls[i], counts[i]); nth++, used++)
                        if (!has_row(verb, calls[i], nth))
                                fail_msg("%s uses %s (%u)", verb_name(verb), calls[i], nth);
        }
        assert_int_equal(rows_of(verb), used);
        finish(bed, verb);
        assert_true(matches(bed, ATTACHED));
        bed_free(bed);
}

static void check(const struct failure *f, struct bed *bed, size_t column)
{
        unsigned before = emulated_count(bed->device, f->ioctl);
        enum left left = f->left;
        bool gone = errors[column].error == ENODEV;
        int r;

        if (gone && f->left_gone != SAME)
                left = f->left_gone;

        assert_int_equal(emulated_fail(bed->device, f->ioctl, errors[column].error, f->nth, 1), 0);
        r = verb_run(f->verb, bed);
        assert_true(emulated_count(bed->device, f->ioctl) > before + f->nth);
        assert_int_equal(r, f->want[column]);
        assert_true(matches(bed, left));
        if (!gone)
                assert_false(usb_device_is_gone(bed->usb));
        else if (r == -ENODEV)
                assert_true(usb_device_is_gone(bed->usb));

        finish(bed, f->verb);
        assert_true(matches(bed, f->end == SAME ? ATTACHED : f->end));
}

static void every_failure_of_the_verb_has_its_end(void **state)
{
        enum verb verb = *(enum verb *)*state;

        for (size_t i = 0; i < failure_count; i++)
                for (size_t column = 0; column < ELEMENTS(errors); column++) {
                        struct bed *bed;

                        if (failures[i].verb != verb)
                                continue;
                        print_message("%s: %s (%u) gives %s\n", verb_name(verb), failures[i].ioctl,
                                      failures[i].nth, errors[column].name);
                        bed = verb_prepare(verb);
                        check(&failures[i], bed, column);
                        bed_free(bed);
                        cases++;
                }
}

int main(void)
{
        static struct CMUnitTest tests[2 * VERB_COUNT];
        static char names[2 * VERB_COUNT][80];
        static enum verb verbs[VERB_COUNT];
        int failed;

        for (size_t i = 0; i < VERB_COUNT; i++) {
                verbs[i] = (enum verb)i;
                snprintf(names[2 * i], sizeof(names[0]), "every_ioctl_of_%s_has_its_row",
                         verb_name(verbs[i]));
                snprintf(names[2 * i + 1], sizeof(names[0]), "every_failure_of_%s_has_its_end",
                         verb_name(verbs[i]));
                tests[2 * i] =
                        (struct CMUnitTest){ .name = names[2 * i],
                                             .test_func = every_ioctl_of_the_verb_has_its_row,
                                             .initial_state = &verbs[i] };
                tests[2 * i + 1] =
                        (struct CMUnitTest){ .name = names[2 * i + 1],
                                             .test_func = every_failure_of_the_verb_has_its_end,
                                             .initial_state = &verbs[i] };
        }

        failed = cmocka_run_group_tests(tests, NULL, NULL);
        print_message("%u cases of a verb, an ioctl and an errno\n", cases);
        return failed;
}
