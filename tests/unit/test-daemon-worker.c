/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A worker from its order to its end, with a session that does as it should. The others are in
 * test-daemon-worker-hostile.c.
 */
#include "config.h"

#include "unit/test.h"

#include "unit/worker-bed.h"
#include "util/macro.h"

static void no_copy_of_the_node_or_of_the_guests_socket_stays(void **state)
{
        struct worker_bed *b = *state;
        struct control_message message;
        struct control_fds fds = CONTROL_NO_FDS, copies = CONTROL_NO_FDS;
        int node[2], guest[2];
        char byte;

        assert_int_equal(pipe2(node, O_CLOEXEC), 0);
        assert_int_equal(pipe2(guest, O_CLOEXEC), 0);
        close(node_fd);
        node_fd = node[1];
        fds.guest = guest[1];
        assert_int_equal(worker_start(&b->worker, b->base, b->launcher, &bed_order, &fds,
                                      &bed_events, b, &b->error),
                         0);
        assert_string_equal(node_path, "/dev/bus/usb/001/002");
        bed_accept(b);
        assert_int_equal(control_receive(b->peer, CONTROL_DAEMON, &message, &copies), 0);
        assert_int_equal(message.type, CONTROL_START);
        assert_memory_equal(&message.order, &bed_order, sizeof(bed_order));

        /* End of file: the session's was the last one. */
        control_fds_close(&copies);
        assert_int_equal(read(node[0], &byte, 1), 0);
        assert_int_equal(read(guest[0], &byte, 1), 0);
        close(node[0]);
        close(guest[0]);
}

static void nothing_stays_of_what_could_not_be_started(void **state)
{
        static const struct {
                const char *name;
                int node_errno;
                const char *path; /* of the launcher's socket, below the bed's directory */
                int want;
                enum error_kind kind;
                const char *text;
        } cases[] = {
                { "gone", ENOENT, NULL, -ENOENT, ERROR_DEVICE_LOST,
                  "cannot open /dev/bus/usb/001/002: No such file or directory" },
                { "unplugged", ENODEV, NULL, -ENODEV, ERROR_DEVICE_LOST,
                  "cannot open /dev/bus/usb/001/002: No such device" },
                { "not ours", EACCES, NULL, -EACCES, ERROR_DENIED,
                  "cannot open /dev/bus/usb/001/002: Permission denied" },
                { "not permitted", EPERM, NULL, -EACCES, ERROR_DENIED,
                  "cannot open /dev/bus/usb/001/002: Operation not permitted" },
                { "no socket", 0, "nobody", -ENOENT, ERROR_FAILED,
                  "cannot start a session process: No such file or directory" },
        };
        struct worker_bed *b = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_fds fds = CONTROL_NO_FDS;
                struct launcher *l = NULL;
                int guest[2], r;
                char path[64], byte;

                node_errno = cases[i].node_errno;
                assert_int_equal(pipe2(guest, O_CLOEXEC), 0);
                snprintf(path, sizeof(path), "%s/%s", b->directory, cases[i].path ?: "session");
                assert_int_equal(launcher_new_socket(&l, path), 0);
                fds.guest = guest[1];
                r = worker_start(&b->worker, b->base, l, &bed_order, &fds, &bed_events, b,
                                 &b->error);
                if (r != cases[i].want || b->error.kind != cases[i].kind ||
                    strcmp(b->error.text, cases[i].text) != 0)
                        fail_msg("%s: %i, %s", cases[i].name, r, b->error.text);
                assert_int_equal(read(guest[0], &byte, 1), 0);
                assert_null(b->worker);
                close(guest[0]);
                launcher_free(l);
        }
}

static void a_full_backlog_is_told_and_not_waited_for(void **state)
{
        struct worker_bed *b = *state;
        struct control_fds fds = CONTROL_NO_FDS;
        struct launched all[16];
        size_t n = 0;
        int r;

        while (n < ELEMENTS(all) && launcher_launch(b->launcher, &all[n]) == 0)
                n++;
        assert_true(n > 0 && n < ELEMENTS(all));
        fds.guest = dup(b->listener);
        r = worker_start(&b->worker, b->base, b->launcher, &bed_order, &fds, &bed_events, b,
                         &b->error);
        assert_int_equal(r, -EAGAIN);
        assert_int_equal(b->error.kind, ERROR_LIMIT_REACHED);
        while (n > 0)
                close_fd(all[--n].fd);
}

static void tells_what_the_session_tells(void **state)
{
        struct control_message m = { .type = CONTROL_STATUS,
                                     .status = { LINK_UP, DEVICE_FORWARDING, 1, 0xff, 4711, 5, 6, 7,
                                                 8, 9, "QEMU\n\xff", "usbredir-session@7\n" } };
        struct worker_bed *b = *state;

        bed_start(b);
        assert_memory_equal(worker_order(b->worker), &bed_order, sizeof(bed_order));
        assert_int_equal(worker_pid(b->worker), 0);
        assert_string_equal(worker_unit(b->worker), "");
        bed_say(b, &m);
        RUN_UNTIL(b->base, b->statuses == 1);
        assert_int_equal(worker_pid(b->worker), 4711);
        assert_string_equal(worker_unit(b->worker), "usbredir-session@7?");
        assert_string_equal(worker_status(b->worker)->peer_version, "QEMU??");
        assert_memory_equal(worker_status(b->worker), &m.status,
                            offsetof(struct control_status, peer_version));
        assert_int_equal(b->descriptions, 0);
}

static void asks_and_tells_the_share_of_memory(void **state)
{
        struct worker_bed *b = *state;
        struct control_message m;

        bed_start(b);
        worker_describe(b->worker);
        bed_receive(b, CONTROL_DESCRIBE, &m);
        worker_set_memory(b->worker, 12345);
        bed_receive(b, CONTROL_MEMORY, &m);
        assert_int_equal(m.memory.usbfs_memory, 12345);
        assert_int_equal(worker_order(b->worker)->usbfs_memory, 12345);
}

static void is_over_when_its_process_is_not_when_it_says_so(void **state)
{
        struct worker_bed *b = *state;
        struct control_message m;

        bed_start(b);
        b->frees_at_end = true;
        worker_end(b->worker);
        worker_end(b->worker);
        bed_receive(b, CONTROL_END, &m);
        assert_int_equal(control_receive(b->peer, CONTROL_DAEMON, &m, NULL), -EAGAIN);
        bed_say_status(b, LINK_NONE, DEVICE_RETURNED);
        bed_say_ended(b, REASON_GUEST_LEFT, true, "it left\t");
        RUN_UNTIL(b->base, b->statuses == 1);
        run_ready(b->base);
        assert_int_equal(b->ends, 0);
        bed_hang_up(b);
        RUN_UNTIL(b->base, b->ends > 0);
        assert_ended(b, REASON_GUEST_LEFT, "it left?", true);
}

static void says_of_a_session_that_died_whether_it_can_have_had_the_device(void **state)
{
        static const struct {
                const char *name;
                enum control_purpose purpose;
                bool speaks;
                enum link_state link;
                enum device_state device;
                bool want;
        } cases[] = {
                { "silently", CONTROL_REDIRECT, false, 0, 0, true },
                { "greeting", CONTROL_REDIRECT, true, LINK_GREETING, DEVICE_NONE, true },
                /* It claims next, and can have begun to. */
                { "up", CONTROL_REDIRECT, true, LINK_UP, DEVICE_NONE, false },
                { "forwarding", CONTROL_REDIRECT, true, LINK_UP, DEVICE_FORWARDING, false },
                { "draining", CONTROL_REDIRECT, true, LINK_NONE, DEVICE_DRAINING, false },
                { "returning", CONTROL_RETURN, false, 0, 0, false },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_order order = bed_order;
                struct worker_bed *b;

                if (i > 0) {
                        bed_teardown(state);
                        bed_setup(state);
                }
                b = *state;
                order.purpose = cases[i].purpose;
                bed_start_order(b, &order);
                if (cases[i].speaks)
                        bed_say_status(b, cases[i].link, cases[i].device);
                bed_hang_up(b);
                RUN_UNTIL(b->base, b->ends > 0);
                if (b->is_returned != cases[i].want)
                        fail_msg("%s", cases[i].name);
                assert_ended(b, REASON_FAILURE, "the session process died", cases[i].want);
        }
}

static void an_adopted_one_is_described_before_all_else(void **state)
{
        struct control_message m = { .type = CONTROL_DESCRIPTION, .order = bed_order };
        struct worker_bed *b = *state;

        bed_adopt(b);
        bed_say_status(b, LINK_UP, DEVICE_OFFERED);
        run_ready(b->base);
        assert_int_equal(b->statuses, 0);
        strcpy(m.order.guest, "vm\n1");
        bed_say(b, &m);
        RUN_UNTIL(b->base, b->descriptions == 1);
        assert_string_equal(worker_order(b->worker)->guest, "vm?1");
        assert_int_equal(worker_order(b->worker)->number, 7);
        assert_int_equal(worker_status(b->worker)->device_state, DEVICE_OFFERED);
        assert_false(event_pending(b->worker->timer, EV_TIMEOUT, NULL));

        bed_say_status(b, LINK_UP, DEVICE_FORWARDING);
        RUN_UNTIL(b->base, b->statuses == 1);
        /* A second description changes nothing. */
        m.order.number = 8;
        bed_say(b, &m);
        run_ready(b->base);
        assert_int_equal(worker_order(b->worker)->number, 7);
        assert_int_equal(b->descriptions, 1);
        bed_hang_up(b);
        RUN_UNTIL(b->base, b->ends > 0);
        assert_ended(b, REASON_FAILURE, "the session process died", false);
}

static void an_adopted_one_may_have_ended_meanwhile(void **state)
{
        struct worker_bed *b = *state;

        bed_adopt(b);
        bed_say_ended(b, REASON_DEVICE_LOST, true, "unplugged");
        bed_hang_up(b);
        RUN_UNTIL(b->base, b->ends > 0);
        assert_ended(b, REASON_DEVICE_LOST, "unplugged", true);
        assert_int_equal(b->descriptions, 0);
}

static void what_is_no_control_socket_is_not_adopted(void **state)
{
        struct worker_bed *b = *state;
        int pipes[2], fds[2];
        char byte;

        assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
        assert_int_equal(worker_adopt(&b->worker, b->base, pipes[1], &bed_events, b), -ENOTSOCK);
        assert_int_equal(read(pipes[0], &byte, 1), 0);
        close(pipes[0]);

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        assert_int_equal(worker_adopt(&b->worker, b->base, fds[1], &bed_events, b), -ENOTSOCK);
        assert_int_equal(read(fds[0], &byte, 1), 0);
        close(fds[0]);
}

/* The fd store has a copy of the socket: closing ours is not enough. */
static void one_that_is_forgotten_sees_the_end_of_file(void **state)
{
        struct worker_bed *b = *state;
        int copy;

        bed_start(b);
        copy = dup(b->worker->fd);
        b->worker = worker_free(b->worker);
        assert_true(bed_is_closed(b));
        assert_int_equal(b->ends, 0);
        close(copy);
}

static void one_that_is_left_goes_on(void **state)
{
        struct worker_bed *b = *state;
        int copy;

        bed_start(b);
        copy = dup(b->worker->fd);
        worker_leave(b->worker);
        b->worker = worker_free(b->worker);
        assert_false(bed_is_closed(b));
        close(copy);
        assert_true(bed_is_closed(b));
}

/* A datagram of the worker's to the service manager; returns the descriptor that came with it. */
static int expect_notification(struct worker_bed *b, const char *text)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        char bytes[128] = "";
        struct iovec iov = { bytes, sizeof(bytes) - 1 };
        struct msghdr header = { .msg_iov = &iov,
                                 .msg_iovlen = 1,
                                 .msg_control = &control,
                                 .msg_controllen = sizeof(control) };
        int fd = -1;

        assert_true(recvmsg(b->notify, &header, MSG_CMSG_CLOEXEC) > 0);
        assert_string_equal(bytes, text);
        if (header.msg_controllen > 0 && control.header.cmsg_type == SCM_RIGHTS)
                memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
        return fd;
}

static void the_fd_store_has_it_as_long_as_it_is_wanted(void **state)
{
        static const char store[] = "FDSTORE=1\nFDNAME=session-7";
        static const char not_any_more[] = "FDSTOREREMOVE=1\nFDNAME=session-7";
        struct worker_bed *b = *state;
        char path[64], byte;
        int fd;

        snprintf(path, sizeof(path), "%s/notify", b->directory);
        setenv("NOTIFY_SOCKET", path, 1);
        bed_start(b);
        fd = expect_notification(b, store);
        assert_true(fd >= 0);
        worker_leave(b->worker);
        b->worker = worker_free(b->worker);
        assert_int_equal(recv(b->notify, &byte, 1, 0), -1);

        /* The next daemon has it from there. */
        assert_int_equal(worker_adopt(&b->worker, b->base, fd, &bed_events, b), 0);
        bed_say(b, &(struct control_message){ .type = CONTROL_DESCRIPTION, .order = bed_order });
        RUN_UNTIL(b->base, b->descriptions == 1);
        assert_int_equal(recv(b->notify, &byte, 1, 0), -1);
        bed_hang_up(b);
        RUN_UNTIL(b->base, b->ends > 0);
        assert_int_equal(expect_notification(b, not_any_more), -1);
        unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                WORKER_TEST(no_copy_of_the_node_or_of_the_guests_socket_stays),
                WORKER_TEST(nothing_stays_of_what_could_not_be_started),
                WORKER_TEST(a_full_backlog_is_told_and_not_waited_for),
                WORKER_TEST(tells_what_the_session_tells),
                WORKER_TEST(asks_and_tells_the_share_of_memory),
                WORKER_TEST(is_over_when_its_process_is_not_when_it_says_so),
                WORKER_TEST(says_of_a_session_that_died_whether_it_can_have_had_the_device),
                WORKER_TEST(an_adopted_one_is_described_before_all_else),
                WORKER_TEST(an_adopted_one_may_have_ended_meanwhile),
                WORKER_TEST(what_is_no_control_socket_is_not_adopted),
                WORKER_TEST(one_that_is_forgotten_sees_the_end_of_file),
                WORKER_TEST(one_that_is_left_goes_on),
                WORKER_TEST(the_fd_store_has_it_as_long_as_it_is_wanted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
