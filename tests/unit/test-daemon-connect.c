/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One attempt to connect: to whom, how long, and what people are told when it fails.
 */
#include "unit/test.h"

#include <netinet/tcp.h>

#include "daemon/connect.h"
#include "unit/loop-bed.h"
#include "util/cleanup.h"

/* Long enough to be answered on the loopback, short enough to be waited for. */
#define SHORT_MS 50

struct attempt {
        struct connect *connect;
        unsigned calls;
        int result;
        struct error error;
};

/* Frees the attempt, as is allowed. */
static void on_done(void *userdata, int result, const struct error *error)
{
        struct attempt *a = userdata;

        a->calls++;
        a->result = result;
        if (result < 0)
                a->error = *error;
        else
                assert_null(error);
        a->connect = connect_free(a->connect);
}

static void start(struct attempt *a, struct event_base *base, const char *text, unsigned timeout_ms)
{
        struct channel_config channel = channel_at(text);
        const struct connect_target target = { .channel = &channel,
                                               .file = "/etc/usbredir/guests.d/vm1.conf",
                                               .keepalive_sec = 7,
                                               .timeout_ms = timeout_ms };

        *a = (struct attempt){ .result = INT_MIN };
        assert_int_equal(connect_new(&a->connect, base, &target, on_done, a), 0);
        assert_int_equal(a->calls, 0);
}

static void run(struct attempt *a, struct event_base *base, const char *text)
{
        start(a, base, text, CONNECT_TIMEOUT_MS);
        RUN_UNTIL(base, a->calls == 1);
}

static int option(int fd, int level, int name)
{
        socklen_t size = sizeof(int);
        int value = -1;

        assert_int_equal(getsockopt(fd, level, name, &value, &size), 0);
        return value;
}

static void connects_by_number_by_name_and_by_path(void **state)
{
        struct peer peers[] = { bind_tcp(), bind_tcp(), bind_unix("a") };
        struct attempt a;
        char text[64];

        snprintf(text, sizeof(text), "tcp:1-to-1:%u", peer_port(&peers[1]));
        memcpy(peers[1].text, text, sizeof(text));

        for (size_t i = 0; i < ELEMENTS(peers); i++) {
                listen_peer(&peers[i], 1);
                run(&a, *state, peers[i].text);
                if (a.result < 0)
                        fail_msg("%s", a.error.text);
                assert_true(fcntl(a.result, F_GETFL) & O_NONBLOCK);
                assert_true(fcntl(a.result, F_GETFD) & FD_CLOEXEC);
                if (!peers[i].path[0]) {
                        assert_int_equal(option(a.result, IPPROTO_TCP, TCP_NODELAY), 1);
                        assert_int_equal(option(a.result, SOL_SOCKET, SO_KEEPALIVE), 1);
                        assert_int_equal(option(a.result, IPPROTO_TCP, TCP_KEEPIDLE), 7);
                        assert_int_equal(option(a.result, IPPROTO_TCP, TCP_KEEPINTVL), 7);
                        assert_int_equal(option(a.result, IPPROTO_TCP, TCP_KEEPCNT), 3);
                }
                close(a.result);
                assert_int_equal(accept_all(&peers[i]), 1);
                close_peer(&peers[i]);
        }
}

static void connects_by_ipv6(void **state)
{
        struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
        int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t size = sizeof(in6);
        struct attempt a;
        char text[64];

        if (fd < 0 || bind(fd, (struct sockaddr *)&in6, size) < 0) {
                close_fd(fd);
                skip();
        }
        assert_int_equal(listen(fd, 1), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&in6, &size), 0);
        snprintf(text, sizeof(text), "tcp:[::1]:%u", ntohs(in6.sin6_port));
        run(&a, *state, text);
        assert_true(a.result >= 0);
        close(a.result);
        close(fd);
}

static void says_what_to_look_at(void **state)
{
        struct peer refuses = bind_tcp(), refuses_unix = bind_unix("a"), missing = { 0 };
        const struct {
                const char *name, *text;
                int want;
                const char *what; /* the sentence; %s is the text */
        } cases[] = {
                { "nobody listens", refuses.text, -ECONNREFUSED,
                  "connection refused at %s: is the virtual machine running, with that chardev?" },
                { "nobody listens at the path", refuses_unix.text, -ECONNREFUSED,
                  "connection refused at %s: is the virtual machine running, with that chardev?" },
                { "no such path", missing.text, -ENOENT,
                  "there is no socket at %s: is the virtual machine running, with that chardev?" },
                { "no such host", "tcp:vm1.invalid:4000", -ENXIO,
                  "cannot find the host 'vm1.invalid': Name or service not known; check Channel= "
                  "in /etc/usbredir/guests.d/vm1.conf" },
                { "no address of a host", "tcp:224.0.0.1:4000", -ENETUNREACH,
                  "no route to %s: is this machine's network up?" },
                { "a descriptor", "fd:7", -EOPNOTSUPP,
                  "cannot connect to %s: Operation not supported; check Channel= in "
                  "/etc/usbredir/guests.d/vm1.conf" },
        };
        struct attempt a;
        char want[512];

        snprintf(missing.text, sizeof(missing.text), "unix:%s/none", directory);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const char *hole = strstr(cases[i].what, "%s");
                int before = (int)(hole ? hole - cases[i].what : (int)strlen(cases[i].what));

                snprintf(want, sizeof(want), "%.*s%s%s", before, cases[i].what,
                         hole ? cases[i].text : "", hole ? hole + 2 : "");
                run(&a, *state, cases[i].text);
                if (a.result != cases[i].want || a.error.kind != ERROR_CONNECT_FAILED ||
                    strcmp(a.error.text, want) != 0)
                        fail_msg("%s: %i %s", cases[i].name, a.result, a.error.text);
        }
        close_peer(&refuses);
        close_peer(&refuses_unix);
}

/* Root may everything: it is nobody meanwhile. */
static void says_that_it_may_not(void **state)
{
        struct peer peer = bind_unix("a");
        struct attempt a;
        bool is_root = geteuid() == 0;

        listen_peer(&peer, 1);
        assert_int_equal(chmod(peer.path, 0), 0);
        if (is_root)
                assert_int_equal(seteuid(65534), 0);
        run(&a, *state, peer.text);
        if (is_root)
                assert_int_equal(seteuid(0), 0);
        assert_int_equal(a.result, -EACCES);
        assert_ptr_equal(strstr(a.error.text, "permission denied at unix:"), a.error.text);
        close_peer(&peer);
}

static void gives_up_when_nobody_answers(void **state)
{
        struct peer peers[] = { bind_tcp(), bind_unix("a") };
        static const char *const wants[] = { "no answer from tcp:", "nobody accepts connections" };
        struct attempt a;

        for (size_t i = 0; i < ELEMENTS(peers); i++) {
                struct crowd crowd;

                listen_peer(&peers[i], 0);
                fill_peer(&peers[i], &crowd);
                start(&a, *state, peers[i].text, SHORT_MS);
                RUN_UNTIL(*state, a.calls == 1);
                assert_int_equal(a.result, -ETIMEDOUT);
                assert_ptr_equal(strstr(a.error.text, wants[i]), a.error.text);
                leave_peer(&crowd);
                close_peer(&peers[i]);
        }
}

static void gives_up_when_name_servers_do_not_answer(void **state)
{
        struct attempt a;

        start(&a, *state, "tcp:hang:4000", SHORT_MS);
        RUN_UNTIL(*state, a.calls == 1);
        assert_int_equal(a.result, -ENXIO);
        assert_string_equal(a.error.text,
                            "cannot find the host 'hang': the name servers do not answer; check "
                            "Channel= in /etc/usbredir/guests.d/vm1.conf");
}

/* The kernel says that it is full; then there is room. */
static void waits_for_room_at_a_path(void **state)
{
        struct peer peer = bind_unix("a");
        struct crowd crowd;
        struct attempt a;

        listen_peer(&peer, 0);
        fill_peer(&peer, &crowd);
        start(&a, *state, peer.text, CONNECT_TIMEOUT_MS);
        run_ready(*state);
        assert_int_equal(a.calls, 0);
        accept_all(&peer);
        RUN_UNTIL(*state, a.calls == 1);
        assert_true(a.result >= 0);
        close(a.result);
        leave_peer(&crowd);
        close_peer(&peer);
}

/* Of a name with many addresses, the one that listens is found; but not the seventeenth. */
static void tries_each_address_in_turn(void **state)
{
        static const struct {
                unsigned last;
                bool want;
        } cases[] = { { 1, true }, { 2, true }, { 16, true }, { 17, false } };
        struct attempt a;
        char text[64];

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct peer peer = bind_tcp_at(cases[i].last, 0);

                listen_peer(&peer, 1);
                snprintf(text, sizeof(text), "tcp:1-to-20:%u", peer_port(&peer));
                run(&a, *state, text);
                assert_int_equal(a.result >= 0, cases[i].want);
                close_fd(a.result);
                close_peer(&peer);
        }
}

static void goes_on_to_the_next_address_without_an_answer(void **state)
{
        struct peer full = bind_tcp_at(1, 0), peer = bind_tcp_at(2, (uint16_t)peer_port(&full));
        struct crowd crowd;
        struct attempt a;
        char text[64];

        listen_peer(&full, 0);
        listen_peer(&peer, 1);
        fill_peer(&full, &crowd);
        snprintf(text, sizeof(text), "tcp:1-to-2:%u", peer_port(&full));
        start(&a, *state, text, SHORT_MS);
        RUN_UNTIL(*state, a.calls == 1);
        assert_true(a.result >= 0);
        assert_int_equal(accept_all(&peer), 1);
        close(a.result);
        leave_peer(&crowd);
        close_peer(&full);
        close_peer(&peer);
}

static void says_nothing_once_freed(void **state)
{
        struct peer full = bind_tcp(), at_path = bind_unix("a");
        struct crowd crowd, crowd_at_path;
        const char *const texts[] = { "tcp:hang:4000", "tcp:vm1.invalid:1", full.text,
                                      at_path.text };
        struct attempt a;

        listen_peer(&full, 0);
        listen_peer(&at_path, 0);
        fill_peer(&full, &crowd);
        fill_peer(&at_path, &crowd_at_path);
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                start(&a, *state, texts[i], CONNECT_TIMEOUT_MS);
                connect_free(a.connect);
                start(&a, *state, texts[i], CONNECT_TIMEOUT_MS);
                event_base_loop(*state, EVLOOP_NONBLOCK);
                if (a.calls == 0)
                        connect_free(a.connect);
                a.calls = 0;
                run_ready(*state);
                assert_int_equal(a.calls, 0);
        }
        leave_peer(&crowd);
        leave_peer(&crowd_at_path);
        close_peer(&full);
        close_peer(&at_path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(connects_by_number_by_name_and_by_path),
                TEST(connects_by_ipv6),
                TEST(says_what_to_look_at),
                TEST(says_that_it_may_not),
                TEST(gives_up_when_nobody_answers),
                TEST(gives_up_when_name_servers_do_not_answer),
                TEST(waits_for_room_at_a_path),
                TEST(tries_each_address_in_turn),
                TEST(goes_on_to_the_next_address_without_an_answer),
                TEST(says_nothing_once_freed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
