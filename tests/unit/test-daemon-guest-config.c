/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A guest whose configuration changes, and sessions that were there before it. calloc() fails on
 * demand.
 */
#include "unit/test.h"

#include "unit/capture.h"
#include "unit/guest-bed.h"

static int calls_left = -1; /* of calloc(): -1: any number */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
        if (calls_left == 0)
                return NULL;
        if (calls_left > 0)
                calls_left--;
        return __real_calloc(count, size);
}

/* Their texts, each followed by a blank. */
static const char *channel_texts(struct bed *b)
{
        static char text[1024];
        size_t n = 0;

        text[0] = '\0';
        for (struct channel *c = guest_channels(b->g); c; c = channel_next(c))
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s ", channel_text(c));
        return text;
}

static void has_a_copy_of_its_configuration(void **state)
{
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/a", "unix:/b"));
        b.channels[0] = channel_at("unix:/c");
        assert_string_equal(guest_name(b.g), "vm1");
        assert_string_equal(guest_config(b.g)->description, "a guest");
        assert_int_equal(guest_config(b.g)->n_channels, 2);
        assert_string_equal(guest_config(b.g)->channels[0].text, "unix:/a");
        assert_string_equal(channel_texts(&b), "unix:/a unix:/b ");
        assert_ptr_equal(channel_guest(nth_channel(&b, 1)), b.g);
        assert_string_equal(guest_last_error(b.g), "");
        free_guest(&b);
}

static void keeps_channels_that_are_still_there(void **state)
{
        struct channel *a, *used;
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/a", "unix:/b", "unix:/used"));
        a = nth_channel(&b, 0);
        used = guest_occupy(b.g, "unix:/used");
        channel_set_greeted(used);

        configure(&b, TEXTS("unix:/used", "unix:/new", "unix:/a"));
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        assert_string_equal(channel_texts(&b), "unix:/used unix:/new unix:/a ");
        assert_ptr_equal(nth_channel(&b, 0), used);
        assert_int_equal(channel_state(used), CHANNEL_OCCUPIED);
        assert_true(used->is_greeted);
        assert_ptr_equal(nth_channel(&b, 2), a);
        channel_release(used, CHANNEL_FREE, NULL);
        assert_string_equal(channel_texts(&b), "unix:/used unix:/new unix:/a ");
        free_guest(&b);
}

static void lets_an_occupied_channel_go_when_it_is_released(void **state)
{
        static const enum channel_outcome outcomes[] = { CHANNEL_FREE, CHANNEL_LOST };
        struct channel *used;
        struct bed b;

        for (size_t i = 0; i < ELEMENTS(outcomes); i++) {
                make_guest(&b, *state, TEXTS("unix:/used", "unix:/a"));
                used = guest_occupy(b.g, "unix:/used");
                configure(&b, TEXTS("unix:/b"));
                assert_int_equal(guest_set_config(b.g, &b.config), 0);
                assert_string_equal(channel_texts(&b), "unix:/b unix:/used ");
                assert_int_equal(guest_state(b.g), GUEST_CONNECTED);

                channel_release(used, outcomes[i], NULL);
                assert_string_equal(channel_texts(&b), "unix:/b ");
                run_ready(b.base);
                assert_true(b.n_changed > 0);
                assert_int_equal(guest_state(b.g), GUEST_IDLE);
                free_guest(&b);
        }
}

static void keeps_a_channel_that_comes_back_before_it_is_gone(void **state)
{
        struct channel *used;
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/used"));
        used = guest_occupy(b.g, "unix:/used");
        configure(&b, TEXTS("unix:/b"));
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        configure(&b, TEXTS("unix:/used"));
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        channel_release(used, CHANNEL_FREE, NULL);
        assert_string_equal(channel_texts(&b), "unix:/used ");
        free_guest(&b);
}

static void ends_attempts_on_channels_that_are_gone(void **state)
{
        struct peer peer = bind_unix("a");
        struct bed b;

        listen_peer(&peer, 4);
        make_guest(&b, *state, TEXTS("tcp:hang:1", "tcp:hang:2"));
        enqueue(&b, 2);
        run_ready(b.base);
        assert_ptr_equal(b.waiters[1].channel, nth_channel(&b, 1));
        configure(&b, TEXTS("tcp:hang:2", peer.text));
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        assert_null(b.waiters[0].channel);
        assert_ptr_equal(b.waiters[1].channel, nth_channel(&b, 0));
        RUN_UNTIL(b.base, b.n_served == 1);
        assert_ptr_equal(b.served[0], &b.waiters[0]);
        free_guest(&b);
        close_peer(&peer);
}

static void tries_what_failed_again_after_a_change(void **state)
{
        struct peer peer = bind_unix("a");
        struct bed b;

        make_guest(&b, *state, TEXTS(peer.text));
        enqueue(&b, 1);
        RUN_UNTIL(b.base, b.n_failed == 1);
        listen_peer(&peer, 4);
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        RUN_UNTIL(b.base, b.n_served == 1);
        free_guest(&b);
        close_peer(&peer);
}

static void has_a_channel_twice_if_told_so(void **state)
{
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/a", "unix:/a"));
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        assert_string_equal(channel_texts(&b), "unix:/a unix:/a ");
        assert_ptr_not_equal(guest_occupy(b.g, "unix:/a"), guest_occupy(b.g, "unix:/a"));
        assert_string_equal(channel_texts(&b), "unix:/a unix:/a ");
        free_guest(&b);
}

static void changes_nothing_without_memory(void **state)
{
        struct guest *none = NULL;
        struct bed b;
        int r, n = 0;

        make_guest(&b, *state, TEXTS("unix:/a", "unix:/b"));
        configure(&b, TEXTS("unix:/c", "unix:/d"));
        b.config.max_devices = 7;
        do {
                calls_left = n++;
                r = guest_set_config(b.g, &b.config);
                calls_left = -1;
                assert_string_equal(channel_texts(&b),
                                    r < 0 ? "unix:/a unix:/b " : "unix:/c unix:/d ");
                assert_int_equal(guest_config(b.g)->max_devices, r < 0 ? 0 : 7);
        } while (r < 0);
        assert_true(n > 3);

        calls_left = 0;
        assert_int_equal(guest_new(&none, b.base, &b.config, &bed_events, &b), -ENOMEM);
        assert_null(guest_occupy(b.g, "unix:/e"));
        calls_left = -1;
        free_guest(&b);
}

/* An attempt that cannot even begin is one that failed. */
static void waits_when_there_is_no_memory_to_connect(void **state)
{
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/a", "unix:/b"));
        enqueue(&b, 1);
        calls_left = 0;
        run_ready(b.base);
        calls_left = -1;
        assert_int_equal(b.n_failed, 2);
        assert_string_equal(b.error.text, "cannot connect to unix:/b: Cannot allocate memory");
        assert_int_equal(guest_state(b.g), GUEST_UNREACHABLE);
        free_guest(&b);
}

static void takes_over_sessions_that_are_there(void **state)
{
        struct channel *a, *other;
        struct bed b;

        make_guest(&b, *state, TEXTS("unix:/a", "tcp:hang:1"));
        a = guest_occupy(b.g, "unix:/a");
        assert_ptr_equal(a, nth_channel(&b, 0));
        assert_int_equal(channel_state(a), CHANNEL_OCCUPIED);

        /* One that is being connected for somebody, who waits on. */
        enqueue(&b, 1);
        run_ready(b.base);
        assert_int_equal(channel_state(nth_channel(&b, 1)), CHANNEL_CONNECTING);
        assert_ptr_equal(guest_occupy(b.g, "tcp:hang:1"), nth_channel(&b, 1));
        assert_null(b.waiters[0].channel);
        assert_ptr_equal(guest_queue(b.g), &b.waiters[0]);

        /* One that is configured no more. */
        other = guest_occupy(b.g, "unix:/gone");
        assert_string_equal(channel_text(other), "unix:/gone");
        assert_string_equal(channel_texts(&b), "unix:/a tcp:hang:1 unix:/gone ");
        channel_release(other, CHANNEL_FREE, "");
        assert_string_equal(channel_texts(&b), "unix:/a tcp:hang:1 ");
        run_ready(b.base);
        assert_int_equal(b.n_served, 0);
        free_guest(&b);
}

static unsigned count(const char *text, const char *word)
{
        unsigned n = 0;

        while ((text = strstr(text, word))) {
                text += strlen(word);
                n++;
        }
        return n;
}

static void clear_text_through_a_network_is_told_once(void **state)
{
        struct capture capture;
        struct bed b;

        capture_begin(&capture, STDERR_FILENO);
        make_guest(&b, *state, TEXTS("unix:/a", "tcp:127.0.0.1:1"));
        assert_string_equal(capture_end(&capture), "");

        capture_begin(&capture, STDERR_FILENO);
        configure(&b, TEXTS("tcp:vm:1"));
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        configure(&b, TEXTS("tcp:vm:1", "tcp:vm:2"));
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        assert_int_equal(count(capture_end(&capture), "can be read and changed there"), 1);

        capture_begin(&capture, STDERR_FILENO);
        b.config.tls.psk_file = (char *)"/psk";
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        assert_string_equal(capture_end(&capture), "");

        capture_begin(&capture, STDERR_FILENO);
        b.config.tls.psk_file = NULL;
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        assert_int_equal(count(capture_end(&capture), "can be read and changed there"), 1);
        free_guest(&b);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(has_a_copy_of_its_configuration),
                TEST(keeps_channels_that_are_still_there),
                TEST(lets_an_occupied_channel_go_when_it_is_released),
                TEST(keeps_a_channel_that_comes_back_before_it_is_gone),
                TEST(ends_attempts_on_channels_that_are_gone),
                TEST(tries_what_failed_again_after_a_change),
                TEST(has_a_channel_twice_if_told_so),
                TEST(changes_nothing_without_memory),
                TEST(clear_text_through_a_network_is_told_once),
                TEST(waits_when_there_is_no_memory_to_connect),
                TEST(takes_over_sessions_that_are_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
