/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices that are lost in resets again and again are given up: whoever tells of it first, and
 * never for what another one did at that place.
 */
#include <string.h>

#include "daemon/manager-private.h"
#include "daemon/outcome-bed.h"
#include "daemon/outcome.h"

enum order {
        ENDED_REMOVED_ADDED,
        REMOVED_ENDED_ADDED,
        REMOVED_ADDED_ENDED,
        ORDERS,
};

static void lose_in_reset(struct bed *bed, struct bed_session *s, const char *back,
                          enum order order)
{
        if (order == ENDED_REMOVED_ADDED)
                bed_say_ended(bed, s, REASON_RESET_LOST, true);
        bed_unplug(bed, "1-1");
        if (order == REMOVED_ENDED_ADDED)
                bed_say_ended(bed, s, REASON_RESET_LOST, true);
        bed_plug(bed, "1-1", back);
        if (order == REMOVED_ADDED_ENDED)
                bed_say_ended(bed, s, REASON_RESET_LOST, true);
        bed_settle(bed);
}

static void lost_too_often_is_given_up(void **state)
{
        struct bed *bed = *state;

        for (unsigned i = 0; i < 2 * ORDERS; i++) {
                bool by_hand = i & 1;
                enum order order = i / 2;
                struct bed_session *s;

                if (i > 0) {
                        bed_close(bed);
                        bed_open(bed);
                }
                s = redirect(bed, by_hand);
                for (unsigned n = 1; n < OUTCOME_LOSSES; n++) {
                        lose_in_reset(bed, s, "08", order);
                        s = bed_redirect(bed, "1-1");
                }
                /* By a rule it would have its next session before the last one tells of its loss.
                 */
                lose_in_reset(bed, s, "08", by_hand ? order : REMOVED_ENDED_ADDED);
                assert_int_equal(bed_device(bed, "1-1")->phase, DEVICE_IS_FAILED);
                assert_non_null(strstr(bed_device(bed, "1-1")->last_error, "each reset"));
        }
}

static void plugged_in_again_is_counted_no_further(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, false);

        for (unsigned i = 0; i < 2 * OUTCOME_LOSSES; i++) {
                if (i & 1) {
                        bed_unplug(bed, "1-1");
                        bed_say_ended(bed, s, REASON_DEVICE_LOST, true);
                        bed_plug(bed, "1-1", "08");
                } else {
                        lose_in_reset(bed, s, "08", REMOVED_ENDED_ADDED);
                }
                s = bed_redirect(bed, "1-1");
        }
}

/* It was lost, and somebody has plugged it in again an hour later. */
static void long_after_a_loss_it_is_simply_plugged_in(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, false);

        for (unsigned i = 0; i < 2 * OUTCOME_LOSSES; i++) {
                bed_unplug(bed, "1-1");
                bed_say_ended(bed, s, REASON_RESET_LOST, true);
                for (size_t n = 0; n < MEMORY_MAX; n++)
                        if (bed->m->memories.places[n].lost_until_usec > 0)
                                bed->m->memories.places[n].lost_until_usec = 1;
                bed_plug(bed, "1-1", "08");
                s = bed_redirect(bed, "1-1");
        }
}

static void changes_are_no_losses(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, false);

        for (unsigned i = 0; i < 2 * OUTCOME_LOSSES; i++) {
                lose_in_reset(bed, s, i & 1 ? "08" : "08 product=0002", REMOVED_ENDED_ADDED);
                s = bed_redirect(bed, "1-1");
        }
        lose_in_reset(bed, s, "08", REMOVED_ENDED_ADDED);
        bed_redirect(bed, "1-1");
}

/* It is plugged in as fast, and waits for a guest by its own rule when the other's session ends. */
static void another_one_at_its_place_is_not_given_up(void **state)
{
        struct bed *bed = *state;
        struct bed_session *s = redirect(bed, false);

        for (unsigned n = 1; n < OUTCOME_LOSSES; n++) {
                lose_in_reset(bed, s, "08", REMOVED_ENDED_ADDED);
                s = bed_redirect(bed, "1-1");
        }
        bed_plug(bed, "1-2", "08"); /* the other channel is its */
        bed_redirect(bed, "1-2");
        lose_in_reset(bed, s, "08 serial=OTHER", REMOVED_ADDED_ENDED);
        bed_redirect(bed, "1-1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(lost_too_often_is_given_up),
                TEST(plugged_in_again_is_counted_no_further),
                TEST(long_after_a_loss_it_is_simply_plugged_in),
                TEST(changes_are_no_losses),
                TEST(another_one_at_its_place_is_not_given_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
