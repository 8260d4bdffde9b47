/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The end of a turn of the loop, when all is written: what is added there; and a link that has
 * nothing to write is left alone by the guest's reading.
 */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/link-bed.h"

static size_t n_sendmsg, n_flushes;

ssize_t __real_sendmsg(int fd, const struct msghdr *message, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags);

ssize_t __wrap_sendmsg(int fd, const struct msghdr *message, int flags)
{
        n_sendmsg++;
        return __real_sendmsg(fd, message, flags);
}

static uint8_t answer_data[256 * 1024];

static void answer(struct link_bed *bed, uint64_t id, uint32_t length)
{
        struct packet packet = bulk(0x81, id, length);

        link_send(bed->link, &packet, answer_data, length, NULL);
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
                cmocka_unit_test(what_is_added_before_a_write_goes_with_it),
                cmocka_unit_test(only_while_the_socket_was_full_is_it_watched_for_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
