/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guests that dial in: who is held, who is served, who is refused, and what a reload leaves alone.
 */
#include "unit/test.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "unit/guest-bed.h"
#include "util/socket.h"

/* As the guest's hello: nobody here reads it. */
static const char hello[] = "hello";

static const char *here(void)
{
        static char text[CHANNEL_TEXT_SIZE];

        snprintf(text, sizeof(text), "listen:unix:%s/s", directory);
        return text;
}

static size_t count_state(const struct bed *b, enum channel_state state)
{
        size_t n = 0;

        for (const struct channel *c = guest_channels(b->g); c; c = channel_next(c))
                n += channel_state(c) == state;
        return n;
}

static void listen_here(struct bed *b, struct event_base *base, unsigned max_devices)
{
        make_guest(b, base, TEXTS(here()));
        b->config.max_devices = max_devices;
        assert_int_equal(guest_set_config(b->g, &b->config), 0);
        RUN_UNTIL(base, count_state(b, CHANNEL_LISTENING) == 1);
}

static int try_dial(const char *text)
{
        const struct channel_config at = channel_at(text);
        const struct sockaddr_un un = socket_unix_address(&at.address);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

        if (connect(fd, (const struct sockaddr *)&un, sizeof(un)) < 0) {
                close(fd);
                return -1;
        }
        return fd;
}

static int dial(void)
{
        int fd = try_dial(here());

        assert_true(fd >= 0);
        assert_int_equal(send(fd, hello, sizeof(hello), MSG_NOSIGNAL), sizeof(hello));
        return fd;
}

static bool is_closed(int fd)
{
        struct pollfd state = { .fd = fd, .events = POLLRDHUP };

        return poll(&state, 1, 0) == 1;
}

static void holds_a_guest_until_a_device_waits(void **state)
{
        struct bed b;
        int fd, unread = 0;

        listen_here(&b, *state, 0);
        assert_int_equal(guest_state(b.g), GUEST_LISTENING);
        assert_false(guest_has_free_channel(b.g));
        fd = dial();
        RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) == 1);
        run_ready(b.base);
        assert_int_equal(guest_state(b.g), GUEST_CONNECTED);
        assert_true(guest_has_free_channel(b.g));
        assert_int_equal(b.n_served, 0);
        assert_int_equal(ioctl(fd, SIOCOUTQ, &unread), 0);
        assert_true(unread >= (int)sizeof(hello));

        enqueue(&b, 1);
        RUN_UNTIL(b.base, b.n_served == 1);
        assert_ptr_equal(b.served[0], &b.waiters[0]);
        assert_string_equal(channel_text(b.channel[0]), here());
        assert_true(channel_config(b.channel[0])->listens);

        /* The connection goes with its device; the guest may dial in again. */
        channel_release(b.channel[0], CHANNEL_FREE, NULL);
        assert_null(channel_next(guest_channels(b.g)));
        assert_int_equal(guest_state(b.g), GUEST_LISTENING);
        close(fd);
        free_guest(&b);
        assert_int_equal(try_dial(here()), -1);
}

static void serves_devices_that_wait_in_their_order(void **state)
{
        struct bed b;
        int fds[3];

        listen_here(&b, *state, 0);
        enqueue(&b, 3);
        run_ready(b.base);
        for (size_t i = 0; i < ELEMENTS(fds); i++) {
                fds[i] = dial();
                RUN_UNTIL(b.base, b.n_served == i + 1);
                assert_ptr_equal(b.served[i], &b.waiters[i]);
        }
        for (size_t i = 0; i < ELEMENTS(fds); i++) {
                channel_release(b.channel[i], CHANNEL_FREE, NULL);
                close(fds[i]);
        }
        free_guest(&b);
}

static void forgets_a_guest_that_leaves_while_it_is_held(void **state)
{
        struct bed b;
        int fd;

        listen_here(&b, *state, 0);
        for (unsigned i = 0; i < 3; i++) {
                fd = dial();
                RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) == 1);
                close(fd);
                RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) == 0);
        }
        enqueue(&b, 1);
        run_ready(b.base);
        assert_int_equal(b.n_served, 0);
        assert_int_equal(guest_state(b.g), GUEST_LISTENING);
        free_guest(&b);
}

static void accepts_no_more_than_the_guest_may_have_devices(void **state)
{
        static const struct {
                unsigned max_devices;
                size_t want;
        } cases[] = { { 2, 2 }, { 0, GUEST_ACCEPTED_MAX } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                int fds[GUEST_ACCEPTED_MAX + 1];
                size_t want = cases[i].want;
                struct bed b;

                listen_here(&b, *state, cases[i].max_devices);
                for (size_t n = 0; n <= want; n++)
                        fds[n] = dial();
                RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) == want);
                run_ready(b.base);
                assert_int_equal(count_state(&b, CHANNEL_CONNECTED), want);

                /* The one that waits has its turn when another goes. */
                close(fds[0]);
                RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) == want - 1);
                RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) == want);
                for (size_t n = 1; n <= want; n++)
                        close(fds[n]);
                free_guest(&b);
        }
}

static void makes_a_guest_wait_that_was_lost(void **state)
{
        static const bool greets[] = { false, true };

        for (size_t i = 0; i < ELEMENTS(greets); i++) {
                struct bed b;
                int fds[2];

                listen_here(&b, *state, 0);
                enqueue(&b, 2);
                fds[0] = dial();
                RUN_UNTIL(b.base, b.n_served == 1);
                if (greets[i])
                        channel_set_greeted(b.channel[0]);
                channel_release(b.channel[0], CHANNEL_LOST, "it is gone");
                assert_string_equal(guest_last_error(b.g), "it is gone");
                fds[1] = dial();
                RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) == 1);
                run_ready(b.base);
                assert_int_equal(b.n_served, 1);
                assert_true(guest_retry_at_usec(b.g) > 0);
                assert_int_equal(nth_channel(&b, 0)->failures, !greets[i]);

                guest_connect(b.g);
                RUN_UNTIL(b.base, b.n_served == 2);
                channel_release(b.channel[1], CHANNEL_FREE, NULL);
                close(fds[0]);
                close(fds[1]);
                free_guest(&b);
        }
}

static void keeps_what_a_reload_leaves_alone(void **state)
{
        struct stat before, after;
        struct bed b;
        int fd;

        listen_here(&b, *state, 0);
        fd = dial();
        RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) == 1);
        assert_int_equal(stat(here() + strlen("listen:unix:"), &before), 0);
        configure(&b, TEXTS("unix:/another", here()));
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        run_ready(b.base);
        assert_int_equal(stat(here() + strlen("listen:unix:"), &after), 0);
        assert_int_equal(before.st_ino, after.st_ino);
        assert_int_equal(count_state(&b, CHANNEL_LISTENING), 1);
        assert_int_equal(count_state(&b, CHANNEL_CONNECTED), 1);
        assert_false(is_closed(fd));

        configure(&b, TEXTS("unix:/another"));
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        run_ready(b.base);
        assert_true(is_closed(fd));
        assert_int_equal(try_dial(here()), -1);
        assert_null(channel_next(guest_channels(b.g)));
        close(fd);
        free_guest(&b);
}

static void keeps_a_session_whose_listener_is_gone(void **state)
{
        struct bed b;
        int fd;

        listen_here(&b, *state, 0);
        enqueue(&b, 1);
        fd = dial();
        RUN_UNTIL(b.base, b.n_served == 1);
        configure(&b, TEXTS("unix:/another"));
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        run_ready(b.base);
        assert_true(channel_is_occupied(b.channel[0]));
        channel_release(b.channel[0], CHANNEL_LOST, "it is gone");
        assert_null(channel_next(guest_channels(b.g)));
        close(fd);
        free_guest(&b);
}

/* A daemon's next one counts them, and never takes their channel for the one that listens. */
static void adopts_sessions_of_guests_that_had_dialled_in(void **state)
{
        struct channel *adopted;
        struct bed b;
        int fd;

        make_guest(&b, *state, TEXTS(here()));
        b.config.max_devices = 1;
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        adopted = guest_occupy(b.g, here());
        RUN_UNTIL(b.base, count_state(&b, CHANNEL_LISTENING) == 1);
        assert_int_equal(count_state(&b, CHANNEL_OCCUPIED), 1);
        fd = dial();
        run_ready(b.base);
        assert_int_equal(count_state(&b, CHANNEL_CONNECTED), 0);
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        run_ready(b.base);
        channel_release(adopted, CHANNEL_FREE, NULL);
        RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) == 1);
        close(fd);
        free_guest(&b);
}

static void says_why_it_cannot_listen_and_tries_again(void **state)
{
        struct peer peer = bind_unix("s");
        char want[512];
        struct bed b;

        listen_peer(&peer, 1);
        make_guest(&b, *state, TEXTS(here()));
        RUN_UNTIL(b.base, *guest_last_error(b.g));
        snprintf(want, sizeof(want),
                 "cannot listen at %s: Address already in use: another program listens there, or "
                 "it is no socket",
                 peer.text);
        assert_string_equal(guest_last_error(b.g), want);
        assert_int_equal(guest_state(b.g), GUEST_UNREACHABLE);
        assert_int_equal(count_state(&b, CHANNEL_UNBOUND), 1);
        assert_false(guest_has_free_channel(b.g));

        /* Its file stays, as after a crash. */
        close(peer.fd);
        guest_connect(b.g);
        RUN_UNTIL(b.base, count_state(&b, CHANNEL_LISTENING) == 1);
        free_guest(&b);

        /* Retried by itself, too. */
        peer = bind_unix("s");
        listen_peer(&peer, 1);
        make_guest(&b, *state, TEXTS(here()));
        RUN_UNTIL(b.base, *guest_last_error(b.g));
        b.g->second_ms = 10;
        guest_connect(b.g);
        run_ready(b.base);
        close_peer(&peer);
        RUN_UNTIL(b.base, count_state(&b, CHANNEL_LISTENING) == 1);
        free_guest(&b);
}

static void says_where_it_may_listen(void **state)
{
        static const struct {
                const char *at, *want;
        } cases[] = {
                { "listen:unix:/nowhere/at/all",
                  "cannot listen at unix:/nowhere/at/all: No such file or directory: its directory "
                  "does not exist; /run/usbredird does" },
                { "listen:tcp:203.0.113.1:4000",
                  "cannot listen at tcp:203.0.113.1:4000: Cannot assign requested address: this "
                  "machine does not have that address, or not yet" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct bed b;

                make_guest(&b, *state, TEXTS(cases[i].at));
                RUN_UNTIL(b.base, *guest_last_error(b.g));
                assert_string_equal(guest_last_error(b.g), cases[i].want);
                free_guest(&b);
        }
}

/* Somebody else connects, in a process of its own. */
static void dial_as(uid_t uid)
{
        if (fork() == 0) {
                char c;
                int fd;

                if (setuid(uid) < 0)
                        _exit(1);
                fd = try_dial(here());
                if (fd < 0)
                        _exit(2);
                fcntl(fd, F_SETFL, 0);
                _exit(read(fd, &c, 1) == 0 ? 0 : 3);
        }
}

static void refuses_other_users(void **state)
{
        enum { STRANGER = 65533 };
        char want[512];
        struct bed b;
        int status;

        if (geteuid() != 0)
                skip();

        assert_int_equal(chmod(directory, 0755), 0);
        listen_here(&b, *state, 0);
        dial_as(STRANGER);
        RUN_UNTIL(b.base, *guest_last_error(b.g));
        snprintf(want, sizeof(want),
                 "user 65533 may not connect to %s: if that is the virtual machine, write "
                 "AllowUser=65533 in /etc/usbredir/guests.d/vm1.conf",
                 here());
        assert_string_equal(guest_last_error(b.g), want);
        assert_int_equal(count_state(&b, CHANNEL_CONNECTED), 0);
        wait(&status);
        assert_int_equal(status, 0);

        /* From the next one on. */
        b.config.allow_uid = STRANGER;
        assert_int_equal(guest_set_config(b.g, &b.config), 0);
        dial_as(STRANGER);
        RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) == 1);
        free_guest(&b);
        wait(&status);
        assert_int_equal(status, 0);
}

/* All of this machine's, and no other's; whoever dials in has his packets sent at once. */
static void listens_at_addresses_of_ip(void **state)
{
        static const struct {
                const char *at;
                bool v4, v6;
        } cases[] = { { "127.0.0.1", true, false },
                      { "[::1]", false, true },
                      { "[::]", true, true },
                      { "0.0.0.0", true, false } };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct peer port = bind_tcp();
                struct sockaddr_in v4 = { .sin_family = AF_INET,
                                          .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                          .sin_port = htons((uint16_t)peer_port(&port)) };
                struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                                           .sin6_addr = in6addr_loopback,
                                           .sin6_port = v4.sin_port };
                int fd4 = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                int fd6 = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
                char text[CHANNEL_TEXT_SIZE];
                struct bed b;

                snprintf(text, sizeof(text), "listen:tcp:%s:%u", cases[i].at, peer_port(&port));
                close_peer(&port);
                make_guest(&b, *state, TEXTS(text));
                RUN_UNTIL(b.base, count_state(&b, CHANNEL_LISTENING) == 1);
                assert_int_equal(connect(fd4, (struct sockaddr *)&v4, sizeof(v4)) == 0,
                                 cases[i].v4);
                assert_int_equal(connect(fd6, (struct sockaddr *)&v6, sizeof(v6)) == 0,
                                 cases[i].v6);
                RUN_UNTIL(b.base, count_state(&b, CHANNEL_CONNECTED) ==
                                          (size_t)(cases[i].v4 + cases[i].v6));
                free_guest(&b);
                close(fd4);
                close(fd6);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(holds_a_guest_until_a_device_waits),
                TEST(serves_devices_that_wait_in_their_order),
                TEST(forgets_a_guest_that_leaves_while_it_is_held),
                TEST(accepts_no_more_than_the_guest_may_have_devices),
                TEST(makes_a_guest_wait_that_was_lost),
                TEST(keeps_what_a_reload_leaves_alone),
                TEST(keeps_a_session_whose_listener_is_gone),
                TEST(adopts_sessions_of_guests_that_had_dialled_in),
                TEST(says_why_it_cannot_listen_and_tries_again),
                TEST(says_where_it_may_listen),
                TEST(refuses_other_users),
                TEST(listens_at_addresses_of_ip),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
