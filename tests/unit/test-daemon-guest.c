/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is served, when, and by which channel, as long as the guest is there.
 */
#include "unit/test.h"

#include "unit/guest-bed.h"

static void connects_for_nobody_when_nobody_waits(void **state)
{
        struct peer peer = bind_unix("a");
        struct bed b;

        listen_peer(&peer, 4);
        make_guest(&b, *state, TEXTS(peer.text));
        guest_connect(b.g);
        run_ready(b.base);
        assert_int_equal(accept_all(&peer), 0);
        assert_int_equal(guest_state(b.g), GUEST_IDLE);
        assert_true(guest_has_free_channel(b.g));
        free_guest(&b);
        close_peer(&peer);
}

static void serves_in_order_of_arrival(void **state)
{
        struct peer peers[] = { bind_tcp(), bind_unix("a") };
        struct bed b;

        for (size_t i = 0; i < ELEMENTS(peers); i++) {
                listen_peer(&peers[i], 16);
                make_guest(&b, *state, TEXTS(peers[i].text));
                enqueue(&b, 5);
                for (size_t n = 1; n <= 5; n++) {
                        RUN_UNTIL(b.base, b.n_served == n);
                        assert_ptr_equal(b.served[n - 1], &b.waiters[n - 1]);
                        run_ready(b.base);
                        assert_int_equal(b.n_served, n);
                        assert_int_equal(guest_state(b.g), GUEST_CONNECTED);
                        channel_release(b.channel[n - 1], CHANNEL_FREE, NULL);
                }
                assert_null(guest_queue(b.g));
                assert_int_equal(guest_state(b.g), GUEST_IDLE);
                free_guest(&b);
                close_peer(&peers[i]);
        }
}

static void serves_many_by_many(void **state)
{
        struct peer peers[CONFIG_CHANNELS_MAX];
        const char *texts[CONFIG_CHANNELS_MAX + 1] = { NULL };
        struct bed b;
        char name[16];

        for (size_t i = 0; i < ELEMENTS(peers); i++) {
                snprintf(name, sizeof(name), "%zu", i);
                peers[i] = i % 2 ? bind_tcp() : bind_unix(name);
                listen_peer(&peers[i], 16);
                texts[i] = peers[i].text;
        }
        make_guest(&b, *state, texts);
        enqueue(&b, WAITERS);
        RUN_UNTIL(b.base, b.n_served == CONFIG_CHANNELS_MAX);
        run_ready(b.base);
        assert_int_equal(b.n_served, CONFIG_CHANNELS_MAX);
        for (size_t i = 0; i < CONFIG_CHANNELS_MAX; i++)
                channel_release(b.channel[i], CHANNEL_FREE, NULL);
        RUN_UNTIL(b.base, b.n_served == WAITERS);

        /* The first in the queue had whatever came first. */
        for (size_t i = 0; i < WAITERS; i++)
                assert_ptr_equal(b.served[i], &b.waiters[i]);
        free_guest(&b);
        for (size_t i = 0; i < ELEMENTS(peers); i++)
                close_peer(&peers[i]);
}

static void gives_the_first_what_is_connected_first(void **state)
{
        struct peer full = bind_tcp(), peer = bind_tcp();
        struct crowd crowd;
        struct bed b;

        listen_peer(&full, 0);
        listen_peer(&peer, 4);
        fill_peer(&full, &crowd);
        make_guest(&b, *state, TEXTS(full.text, peer.text));
        enqueue(&b, 2);
        RUN_UNTIL(b.base, b.n_served == 1);
        assert_ptr_equal(b.served[0], &b.waiters[0]);
        assert_ptr_equal(b.channel[0], nth_channel(&b, 1));
        assert_ptr_equal(b.waiters[1].channel, nth_channel(&b, 0));
        assert_ptr_equal(guest_queue(b.g), &b.waiters[1]);

        /* The attempt is the second one's now, and ends with it. */
        guest_dequeue(&b.waiters[1]);
        assert_int_equal(channel_state(nth_channel(&b, 0)), CHANNEL_IDLE);
        free_guest(&b);
        leave_peer(&crowd);
        close_peer(&full);
        close_peer(&peer);
}

static void uses_no_more_channels_than_it_may_have_devices(void **state)
{
        struct peer peers[] = { bind_unix("a"), bind_unix("b"), bind_unix("c") };
        struct bed b;

        for (size_t i = 0; i < ELEMENTS(peers); i++)
                listen_peer(&peers[i], 4);
        make_guest(&b, *state, TEXTS(peers[0].text, peers[1].text, peers[2].text));
        b.config.max_devices = 2;
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        enqueue(&b, 3);
        RUN_UNTIL(b.base, b.n_served == 2);
        run_ready(b.base);
        assert_int_equal(b.n_served, 2);
        assert_false(guest_has_free_channel(b.g));
        assert_int_equal(guest_retry_at_usec(b.g), 0);

        channel_release(b.channel[1], CHANNEL_FREE, NULL);
        RUN_UNTIL(b.base, b.n_served == 3);
        free_guest(&b);
        for (size_t i = 0; i < ELEMENTS(peers); i++)
                close_peer(&peers[i]);
}

/* A unix socket is connected at once: if anything were told from within, it would be then. */
static void tells_nothing_from_within(void **state)
{
        struct peer peer = bind_unix("a");
        struct bed b;

        listen_peer(&peer, 4);
        make_guest(&b, *state, TEXTS(peer.text, "unix:/nowhere/at/all"));
        enqueue(&b, 2);
        guest_connect(b.g);
        guest_disconnect(b.g);
        guest_connect(b.g);
        guest_dequeue(&b.waiters[1]);
        guest_enqueue(b.g, &b.waiters[1], true);
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        assert_non_null(guest_occupy(b.g, "unix:/nowhere/at/all"));
        channel_release(nth_channel(&b, 1), CHANNEL_LOST, "lost");
        assert_int_equal(b.n_served + b.n_failed + b.n_changed, 0);
        RUN_UNTIL(b.base, b.n_served == 1);
        free_guest(&b);
        close_peer(&peer);
}

static void tells_of_changes_once_a_turn(void **state)
{
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/nowhere/at/all", "unix:/not/here/either"));
        for (size_t turn = 1; turn <= 8; turn++) {
                enqueue(&b, WAITERS);
                for (size_t i = 0; i < WAITERS; i++)
                        guest_dequeue(&b.waiters[i]);
                event_base_loop(b.base, EVLOOP_NONBLOCK);
                assert_true(b.n_changed <= turn);
        }
        run_ready(b.base);
        assert_true(b.n_changed > 0);
        b.n_changed = 0;
        run_ready(b.base);
        assert_int_equal(b.n_changed, 0);
        free_guest(&b);
}

static void leaves_nothing_of_an_attempt_nobody_wants(void **state)
{
        struct peer full = bind_tcp();
        const char *const texts[] = { full.text, "tcp:hang:4000", "unix:/nowhere/at/all" };
        struct crowd crowd;
        struct bed b;

        listen_peer(&full, 0);
        fill_peer(&full, &crowd);
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                size_t fds;

                make_guest(&b, *state, TEXTS(texts[i]));
                fds = count_fds();
                for (unsigned turns = 0; turns < 4; turns++) {
                        enqueue(&b, 1);
                        for (unsigned n = 0; n < turns; n++)
                                event_base_loop(b.base, EVLOOP_NONBLOCK);
                        guest_dequeue(&b.waiters[0]);
                        guest_dequeue(&b.waiters[0]);
                        assert_null(b.waiters[0].guest);
                        assert_null(b.waiters[0].channel);
                        assert_int_not_equal(channel_state(nth_channel(&b, 0)), CHANNEL_CONNECTING);
                }
                assert_true(count_fds() <= fds + (i == 1));
                assert_int_equal(guest_state(b.g), GUEST_IDLE);
                free_guest(&b);
        }
        leave_peer(&crowd);
        close_peer(&full);
}

static void can_be_freed_with_everything_under_way(void **state)
{
        struct peer full = bind_tcp();
        struct crowd crowd;
        struct bed b;

        listen_peer(&full, 0);
        fill_peer(&full, &crowd);
        make_guest(&b, *state, TEXTS(full.text, "tcp:hang1:1", "tcp:hang1:2", "tcp:hang2:1"));
        enqueue(&b, 6);
        POLL_UNTIL(b.base, lookups.n_lookups == 2);
        assert_int_equal(guest_state(b.g), GUEST_CONNECTING);
        free_guest(&b);
        for (size_t i = 0; i < 6; i++)
                assert_null(b.waiters[i].guest);
        let_lookups_go(UINT_MAX);
        run_ready(b.base);
        assert_int_equal(b.n_served + b.n_failed, 0);
        leave_peer(&crowd);
        close_peer(&full);
}

static void connects_no_more_until_it_may(void **state)
{
        struct peer peer = bind_unix("a");
        struct bed b;

        listen_peer(&peer, 4);
        make_guest(&b, *state, TEXTS(peer.text, "tcp:hang:1"));
        enqueue(&b, 2);
        RUN_UNTIL(b.base, b.n_served == 1);
        assert_int_equal(channel_state(nth_channel(&b, 1)), CHANNEL_CONNECTING);

        guest_disconnect(b.g);
        assert_int_equal(guest_state(b.g), GUEST_DISCONNECTED);
        assert_int_equal(channel_state(nth_channel(&b, 0)), CHANNEL_OCCUPIED);
        assert_int_equal(channel_state(nth_channel(&b, 1)), CHANNEL_IDLE);
        assert_ptr_equal(guest_queue(b.g), &b.waiters[1]);
        channel_release(b.channel[0], CHANNEL_FREE, NULL);
        guest_enqueue(b.g, &b.waiters[2], true);
        run_ready(b.base);
        assert_int_equal(b.n_served, 1);
        assert_false(guest_has_free_channel(b.g));
        assert_int_equal(guest_state(b.g), GUEST_DISCONNECTED);

        guest_connect(b.g);
        assert_int_equal(guest_state(b.g), GUEST_CONNECTING);
        RUN_UNTIL(b.base, b.n_served == 2);
        assert_ptr_equal(b.served[1], &b.waiters[1]);
        free_guest(&b);
        close_peer(&peer);
}

static void knows_whether_one_more_would_be_served(void **state)
{
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/nowhere/1", "unix:/nowhere/2"));
        assert_true(guest_has_free_channel(b.g));
        enqueue(&b, 1);
        assert_true(guest_has_free_channel(b.g));
        guest_enqueue(b.g, &b.waiters[1], false);
        assert_false(guest_has_free_channel(b.g));
        /* Both have failed, and would be tried for one who comes at once; but two wait before. */
        RUN_UNTIL(b.base, b.n_failed == 2);
        assert_false(guest_has_free_channel(b.g));
        guest_dequeue(&b.waiters[0]);
        assert_true(guest_has_free_channel(b.g));
        assert_non_null(guest_occupy(b.g, "unix:/nowhere/2"));
        assert_false(guest_has_free_channel(b.g));
        free_guest(&b);
}

static void names_every_state(void **state)
{
        static const char *const guests[] = { "idle",   "connecting", "listening",   "unreachable",
                                              "failed", "connected",  "disconnected" };
        static const char *const channels[] = { "idle",      "connecting", "backoff",
                                                "failed",    "listening",  "unbound",
                                                "connected", "occupied",   "silent" };

        for (size_t i = 0; i < ELEMENTS(guests); i++)
                assert_string_equal(guest_state_string((enum guest_state)i), guests[i]);
        for (size_t i = 0; i < ELEMENTS(channels); i++)
                assert_string_equal(channel_state_string((enum channel_state)i), channels[i]);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(connects_for_nobody_when_nobody_waits),
                TEST(serves_in_order_of_arrival),
                TEST(serves_many_by_many),
                TEST(gives_the_first_what_is_connected_first),
                TEST(uses_no_more_channels_than_it_may_have_devices),
                TEST(tells_nothing_from_within),
                TEST(tells_of_changes_once_a_turn),
                TEST(leaves_nothing_of_an_attempt_nobody_wants),
                TEST(can_be_freed_with_everything_under_way),
                TEST(connects_no_more_until_it_may),
                TEST(knows_whether_one_more_would_be_served),
                TEST(names_every_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
