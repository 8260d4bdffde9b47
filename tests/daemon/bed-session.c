/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * launcher.h in place of the daemon's own: a session is the other end of a socket pair, and says
 * what the test says.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/bed-private.h"
#include "util/cleanup.h"

bool launcher_passes_node(const struct launcher *l)
{
        return false;
}

int launcher_launch(struct launcher *l, struct launched *ret)
{
        struct bed *bed = the_bed;
        int fds[2];

        if (bed->launch_error < 0)
                return bed->launch_error;
        assert_true(bed->n_sessions < BED_SESSIONS_MAX);
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
                         0);
        bed->sessions[bed->n_sessions++] = (struct bed_session){ .fd = fds[1] };
        *ret = (struct launched){ .fd = fds[0], .pid_fd = -1 };
        return 0;
}

void launcher_prepare(struct launcher *l)
{
}

void launcher_forget(struct launcher *l, pid_t pid)
{
}

static void send_message(struct bed_session *s, struct control_message *message)
{
        assert_int_equal(control_send(s->fd, message, NULL, 0), 0);
}

static void on_message(struct bed *bed, struct bed_session *s, struct control_message *message,
                       struct control_fds *fds)
{
        struct control_message answer = { 0 };

        switch (message->type) {
        case CONTROL_START:
                assert_false(s->has_order);
                s->has_order = true;
                s->order = message->order;
                break;
        case CONTROL_END: s->is_asked_to_end = true; break;
        case CONTROL_MEMORY:
                s->memory = message->memory.usbfs_memory;
                s->n_memory++;
                break;
        case CONTROL_DESCRIBE:
                answer.type = CONTROL_STATUS;
                answer.status = s->status;
                send_message(s, &answer);
                answer.type = CONTROL_DESCRIPTION;
                answer.order = s->order;
                send_message(s, &answer);
                break;
        default: fail_msg("a session got message %i", (int)message->type);
        }
        control_fds_close(fds);
}

bool bed_serve_sessions(struct bed *bed)
{
        bool any = false;

        for (size_t i = 0; i < bed->n_sessions; i++) {
                struct bed_session *s = &bed->sessions[i];
                struct control_message message;
                struct control_fds fds = CONTROL_NO_FDS;

                if (s->fd < 0 || s->is_orphan ||
                    control_receive(s->fd, CONTROL_DAEMON, &message, &fds) < 0)
                        continue;
                on_message(bed, s, &message, &fds);
                any = true;
        }

        return any;
}

static struct bed_session *find_session(struct bed *bed, const char *port)
{
        for (size_t i = bed->n_sessions; i > 0; i--) {
                struct bed_session *s = &bed->sessions[i - 1];

                if (s->fd >= 0 && s->has_order && !strcmp(s->order.port, port))
                        return s;
        }
        return NULL;
}

struct bed_session *bed_session_of(struct bed *bed, const char *port)
{
        bed_until(bed, find_session(bed, port));
        return find_session(bed, port);
}

void bed_say_status(struct bed *bed, struct bed_session *s, enum link_state link,
                    enum device_state device)
{
        struct control_message message = { .type = CONTROL_STATUS };

        s->status.link_state = link;
        s->status.device_state = device;
        s->status.usbfs_memory = s->n_memory > 0 ? s->memory : s->order.usbfs_memory;
        message.status = s->status;
        send_message(s, &message);
        bed_settle(bed);
}

void bed_say_ended(struct bed *bed, struct bed_session *s, enum session_reason reason,
                   bool returned)
{
        struct control_message message = { .type = CONTROL_ENDED };

        message.ended = (struct control_ended){ .reason = reason,
                                                .returned = returned,
                                                .message = "as the test says" };
        send_message(s, &message);
        bed_die(bed, s);
}

void bed_die(struct bed *bed, struct bed_session *s)
{
        s->fd = close_fd(s->fd);
        bed_settle(bed);
}

struct bed_session *bed_redirect(struct bed *bed, const char *port)
{
        struct bed_session *s = bed_session_of(bed, port);

        bed_say_status(bed, s, LINK_GREETING, DEVICE_NONE);
        bed_say_status(bed, s, LINK_UP, DEVICE_NONE);
        bed_say_status(bed, s, LINK_UP, DEVICE_CLAIMED);
        bed_say_status(bed, s, LINK_UP, DEVICE_OFFERED);
        bed_say_status(bed, s, LINK_UP, DEVICE_FORWARDING);
        bed_until(bed, bed_device(bed, port)->phase == DEVICE_IS_REDIRECTED);
        return s;
}
