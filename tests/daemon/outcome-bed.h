#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device that a guest has, and what becomes of it when that ends.
 */
#include <string.h>

#include "daemon/bed.h"

#define RULE "-1,-1,-1,-1,1 guest=vm1\n"

static inline void start_with_guest(struct bed *bed, const char *rule)
{
        bed_write(bed, "filters.d/10-all.rules", rule);
        bed_add_guest(bed, "vm1", 2);
        bed_open_guest(bed, "vm1");
        bed_start(bed);
}

/* A device that vm1 has: by the rule, or attached. */
static inline struct bed_session *redirect(struct bed *bed, bool by_hand)
{
        struct bed_answer answer;

        start_with_guest(bed, by_hand ? "-1,-1,-1,-1,1 auto=no\n" : RULE);
        bed_plug(bed, "1-1", "08");
        if (by_hand) {
                if (bed_attach(bed, "1-1", "vm1", false, &answer) < 0)
                        fail_msg("%s", answer.error.text);
                bed_until(bed, answer.has_come);
                assert_false(answer.is_error);
        }
        return bed_redirect(bed, "1-1");
}

static inline size_t launched_again(struct bed *bed)
{
        return bed->n_sessions - 1;
}

/* The device is in the guest's hands again, through another session. */
static inline void comes_again(struct bed *bed)
{
        bed_until(bed, bed->n_sessions == 2);
        bed_redirect(bed, "1-1");
}

/* It is the host's, and nothing more happens. */
static inline void stays_home(struct bed *bed, const char *error)
{
        struct device *d = bed_device(bed, "1-1");

        bed_until(bed, !d->redirection);
        bed_settle(bed);
        assert_int_equal(launched_again(bed), 0);
        assert_int_equal(d->phase, DEVICE_IS_IDLE);
        assert_int_equal(d->intent, INTENT_NONE);
        if (!strstr(d->last_error, error))
                fail_msg("the error is \"%s\"", d->last_error);
}
