/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of a turn of the loop, when all is written, at once; what is added there; and a link that
 * has nothing to write is left alone by the guest's reading.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/link-answers.h"

static size_t n_sendmsg, n_flushes;

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
        n_sendmsg++;
        return __real_sendmsg(fd, message, flags);
}

static void answer_600(struct link_bed *bed, struct parsed *parsed)
{
        answer(bed, parsed->packet->id, 600);
}

/* Ten requests come in one read; each answer has a payload by reference. */
static void the_answers_of_one_turn_go_out_in_one_write(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);

        bed->on_packet = answer_600;
        for (uint64_t id = 0; id < 10; id++)
                guest_request(bed, PACKET_get_configuration, id);
        n_sendmsg = 0;
        RUN_UNTIL(bed->base, bed->n_packets == 10);
        run_ready(bed->base);
        assert_int_equal(n_sendmsg, 1);
        for (uint64_t id = 0; id < 10; id++)
                assert_answer(bed, id, 600);
        assert_true(guest_is_quiet(bed));
        link_bed_free(bed);
}

static void send_two(evutil_socket_t fd, short what, void *userdata)
{
        answer(userdata, 1, 300);
        answer(userdata, 2, 300);
}

/* Also those of other events of the same turn: completions of the device. */
static void answers_of_several_events_go_out_in_one_write(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);
        struct event *events[3];

        for (size_t i = 0; i < ELEMENTS(events); i++) {
                events[i] = event_new(bed->base, -1, 0, send_two, bed);
                event_active(events[i], 0, 0);
        }
        n_sendmsg = 0;
        run_ready(bed->base);
        assert_int_equal(n_sendmsg, 1);
        for (size_t i = 0; i < ELEMENTS(events); i++) {
                assert_answer(bed, 1, 300);
                assert_answer(bed, 2, 300);
                event_free(events[i]);
        }
        link_bed_free(bed);
}

static void answer_both(struct link_bed *bed)
{
        n_flushes++;
        answer(bed, 1, 600);
        answer(bed, 2, 600);
}

/* A request without an answer brings about that turn's end; what is sent there does not do so
 * again. */
static void what_is_added_before_a_write_goes_with_it(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);
        uint8_t got[2 * (26 + 600)];

        run_ready(bed->base);
        n_sendmsg = n_flushes = 0;
        bed->on_flush = answer_both;
        guest_request(bed, PACKET_get_configuration, 7);
        RUN_UNTIL(bed->base, bed->n_packets == 1);
        run_ready(bed->base);
        assert_int_equal(n_flushes, 1);
        assert_int_equal(n_sendmsg, 1);
        guest_read(bed, got, sizeof(got));
        assert_true(guest_is_quiet(bed));
        link_bed_free(bed);
}

static void count_flush(struct link_bed *bed)
{
        n_flushes++;
}

static void guest_reads(struct link_bed *bed, uint32_t length)
{
        static uint8_t got[26 + sizeof(answer_data)];

        guest_read(bed, got, 26 + length);
}

/* Does the link learn that the guest has read an answer of so many bytes? */
static bool hears_of_reading(struct link_bed *bed, uint32_t length)
{
        answer(bed, 1, length);
        run_ready(bed->base);
        n_flushes = 0;
        guest_reads(bed, length);
        run_ready(bed->base);
        return n_flushes > 0;
}

/* A unix socket would tell each time. */
static void only_while_the_socket_was_full_is_it_watched_for_room(void **state)
{
        struct link_bed *bed = link_bed_new_up(AF_UNIX);
        unsigned writes = 0;

        bed->on_flush = count_flush;
        assert_false(hears_of_reading(bed, 1000));

        /* More than fits. */
        for (uint64_t id = 0; id < 8; id++)
                answer(bed, id, sizeof(answer_data));
        run_ready(bed->base);
        assert_true(link_queued(bed->link) > 0);
        for (uint64_t id = 0; id < 8; id++)
                guest_reads(bed, sizeof(answer_data));
        assert_int_equal(link_queued(bed->link), 0);

        /* A guest that was slow is likely to be so again, for a while. */
        assert_true(hears_of_reading(bed, 1000));
        while (hears_of_reading(bed, 1000))
                assert_true(++writes < 100);
        assert_false(hears_of_reading(bed, 1000));
        link_bed_free(bed);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_answers_of_one_turn_go_out_in_one_write),
                cmocka_unit_test(answers_of_several_events_go_out_in_one_write),
                cmocka_unit_test(what_is_added_before_a_write_goes_with_it),
                cmocka_unit_test(only_while_the_socket_was_full_is_it_watched_for_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
