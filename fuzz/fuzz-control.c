/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages between daemon and session, to either side: what is taken is of the other side's, with
 * texts that end and numbers in their ranges, and arrives as it is when it is sent on; no
 * descriptor is left behind.
 *
 * Input: who sends, messages.
 */
#include <errno.h>

#include "fuzz/control.h"
#include "util/log.h"

#define MUST_END(text) CHECKED(memchr(text, 0, sizeof(text)))

static void must_be_message(const struct control_message *m, enum control_side sender)
{
        bool is_daemon = sender == CONTROL_DAEMON;

        switch (m->type) {
        case CONTROL_START:
        case CONTROL_DESCRIPTION:
                CHECKED(is_daemon == (m->type == CONTROL_START));
                CHECKED(m->order.log_level <= LOG_LEVEL_DEBUG && m->order.tls <= CONTROL_PSK);
                MUST_END(m->order.port);
                MUST_END(m->order.guest);
                MUST_END(m->order.channel);
                MUST_END(m->order.peer_name);
                MUST_END(m->order.psk_identity);
                return;
        case CONTROL_STATUS:
                CHECKED(!is_daemon);
                CHECKED(link_state_string((enum link_state)m->status.link_state) &&
                        device_state_string((enum device_state)m->status.device_state));
                MUST_END(m->status.peer_version);
                MUST_END(m->status.unit);
                return;
        case CONTROL_ENDED:
                CHECKED(!is_daemon && session_reason_is_known(m->ended.reason));
                MUST_END(m->ended.message);
                return;
        case CONTROL_END:
        case CONTROL_DESCRIBE:
        case CONTROL_MEMORY: CHECKED(is_daemon); return;
        }

        abort();
}

static size_t count_fds(const struct control_fds *fds)
{
        size_t n = (fds->node >= 0) + (fds->guest >= 0);

        for (size_t i = 0; i < CONTROL_FILES_MAX; i++)
                n += fds->files[i] >= 0;
        return n;
}

/* What came is sent on, in a socket of its own. */
static void pass_on(const struct control_message *m, const struct control_fds *fds,
                    enum control_side sender)
{
        struct control_fds fds_again = CONTROL_NO_FDS;
        struct control_message again;
        int pair[2];

        open_pair(pair);
        if (m->type == CONTROL_START)
                CHECKED(control_send_order(pair[0], &m->order, fds) == 0);
        else
                CHECKED(control_send(pair[0], m, NULL, 0) == 0);
        CHECKED(control_receive(pair[1], sender, &again, &fds_again) == 0);
        CHECKED(!memcmp(m, &again, sizeof(again)));
        CHECKED(count_fds(fds) == count_fds(&fds_again));
        control_fds_close(&fds_again);
        close(pair[0]);
        close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input in = { data, size };
        enum control_side sender = take_u8(&in) & 1 ? CONTROL_SESSION : CONTROL_DAEMON;
        int pair[2], before;

        open_pair(pair);
        while (in.left > 0) {
                struct control_fds fds = CONTROL_NO_FDS;
                struct control_message m;
                int r;

                CHECKED(send_hostile(&in, pair[0]));
                before = next_fd();
                r = control_receive(pair[1], sender, &m, &fds);
                CHECKED(r == 0 || r == -ENOMSG || r == -EBADMSG);
                CHECKED(count_fds(&fds) == 0 || (r == 0 && m.type == CONTROL_START));
                if (r == 0) {
                        must_be_message(&m, sender);
                        pass_on(&m, &fds, sender);
                }
                control_fds_close(&fds);
                CHECKED(next_fd() == before);
        }

        close(pair[0]);
        close(pair[1]);
        return 0;
}
