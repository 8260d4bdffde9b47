/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's end of a session that a former daemon left and that is hostile: what the manager
 * learns of it is text, an order comes before all else, the end comes once and last, and nothing
 * keeps the daemon from getting there.
 *
 * Input: steps of a byte each; that of a message is followed by it.
 */
#include <errno.h>

#include "daemon/worker-private.h"
#include "fuzz/control.h"
#include "fuzz/facts.h"
#include "util/log.h"

enum { STEP_MESSAGE, STEP_DESCRIBE, STEP_MEMORY, STEP_END, STEP_TIMER, STEP_HANG_UP, STEPS };

static struct worker *worker;
static unsigned described, ended, statuses;

static void on_status(void *userdata)
{
        CHECKED(described && !ended);
        must_be_text(worker_status(worker)->peer_version);
        must_be_text(worker_unit(worker));
        CHECKED(worker_pid(worker) >= 0);
        statuses++;
}

static void on_described(void *userdata)
{
        const struct control_order *order = worker_order(worker);

        CHECKED(!described++ && !statuses && !ended);
        must_be_text(order->port);
        must_be_text(order->guest);
        must_be_text(order->channel);
        must_be_text(order->peer_name);
        must_be_text(order->psk_identity);
}

static void on_end(void *userdata, enum session_reason reason, const char *message, bool returned)
{
        CHECKED(!ended++);
        CHECKED(session_reason_is_known(reason));
        must_be_text(message);
        if (userdata)
                worker = worker_free(worker);
}

static void on_stuck(void *userdata)
{
        CHECKED(!ended);
}

static const struct worker_events events = { on_status, on_described, on_end, on_stuck };

/* The daemon reads what has come. */
static void turn(struct event_base *base, int fd)
{
        char bytes[CONTROL_BODY_MAX];

        event_base_loop(base, EVLOOP_NONBLOCK);
        while (fd >= 0 && recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0) {
        }
}

static void step(struct input *in, struct event_base *base, int *fd)
{
        switch (take_u8(in) % STEPS) {
        case STEP_MESSAGE:
                if (*fd >= 0)
                        send_hostile(in, *fd);
                break;
        case STEP_DESCRIBE: worker_describe(worker); break;
        case STEP_MEMORY: worker_set_memory(worker, take_u32(in)); break;
        case STEP_END: worker_end(worker); break;
        case STEP_TIMER:
                if (event_pending(worker->timer, EV_TIMEOUT, NULL))
                        event_active(worker->timer, EV_TIMEOUT, 0);
                break;
        case STEP_HANG_UP:
                if (*fd >= 0)
                        close(*fd);
                *fd = -1;
                break;
        }
        turn(base, *fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct event_base *base;
        struct input in = { data, size };
        int pair[2], before = next_fd();
        bool frees_at_end = take_u8(&in) & 1;

        if (!base) {
                unsetenv("NOTIFY_SOCKET");
                log_set_level(LOG_LEVEL_ERROR);
                base = event_base_new();
                before = next_fd();
        }

        open_pair(pair);
        described = ended = statuses = 0;
        CHECKED(worker_adopt(&worker, base, pair[1], &events, frees_at_end ? base : NULL) == 0);
        while (in.left > 0 && !ended)
                step(&in, base, &pair[0]);

        close_fd(pair[0]);
        turn(base, -1);
        CHECKED(ended == 1);
        worker = worker_free(worker);
        CHECKED(next_fd() == before);
        return 0;
}
