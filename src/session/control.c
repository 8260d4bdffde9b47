/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message is one packet of the socket: a number of 32 bits, its type, and the body as it is in
 * memory, for both ends are on one machine. What is in a body beside plain numbers, that is texts
 * and numbers of tables, stands in the table of checks; a message that has passed them can be used
 * without looking twice.
 *
 * Neither end trusts the other to be sane. The daemon has to: sessions are the unprivileged side.
 */
#include "session/control.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "util/cleanup.h"
#include "util/log.h"
#include "util/macro.h"

/* Padding at the end would be sent as it happens to be, and be a later version's field. */
#define ENDS_WITH(body, field)                                                                     \
        (offsetof(struct body, field) + sizeof(((struct body *)0)->field) == sizeof(struct body))
_Static_assert(ENDS_WITH(control_order, psk_identity), "padding");
_Static_assert(ENDS_WITH(control_status, packets_dropped), "padding");
_Static_assert(ENDS_WITH(control_ended, message), "padding");
#undef ENDS_WITH

static const struct {
        enum control_type type;
        enum control_side sender;
        size_t size; /* of the body, in this version */
} messages[] = {
#define MESSAGE_ROW(name, number, sender, body)                                                    \
        { CONTROL_##name, CONTROL_##sender, sizeof(struct control_##body) },
        CONTROL_MESSAGES(MESSAGE_ROW)
#undef MESSAGE_ROW
};

/* Where bodies have texts. */
#define TEXT(body, field)                                                                          \
        {                                                                                          \
                offsetof(struct control_message, body.field),                                      \
                        sizeof(((struct control_message *)0)->body.field)                          \
        }
#define ORDER_TEXTS                                                                                \
        TEXT(order, port), TEXT(order, guest), TEXT(order, channel), TEXT(order, peer_name),       \
                TEXT(order, psk_identity)
static const struct {
        enum control_type type;
        struct {
                size_t offset, size;
        } texts[5];
} texts[] = {
        { CONTROL_START, { ORDER_TEXTS } },
        { CONTROL_DESCRIPTION, { ORDER_TEXTS } },
        { CONTROL_STATUS, { TEXT(status, peer_version), TEXT(status, unit) } },
        { CONTROL_ENDED, { TEXT(ended, message) } },
};
#undef ORDER_TEXTS
#undef TEXT

/* By bit, as upstream's protocol text has them. */
static const char *const capabilities[] = {
        "bulk_streams",          "connect_device_version",  "filter",
        "device_disconnect_ack", "ep_info_max_packet_size", "64bits_ids",
        "32bits_bulk_length",    "bulk_receiving",
};

const char *control_capability(uint32_t bit)
{
        for (size_t i = 0; i < ELEMENTS(capabilities); i++)
                if (bit == UINT32_C(1) << i)
                        return capabilities[i];

        return NULL;
}

bool control_order_has_node(const struct control_order *order)
{
        return !(order->flags & CONTROL_NODE_BY_PATH);
}

bool control_order_has_guest(const struct control_order *order)
{
        return order->purpose == CONTROL_REDIRECT;
}

size_t control_order_files(const struct control_order *order)
{
        if (!control_order_has_guest(order))
                return 0;

        switch ((enum control_tls)order->tls) {
        case CONTROL_CLEAR: return 0;
        case CONTROL_X509:
        case CONTROL_PSK: return 1;
        case CONTROL_X509_CERTIFIED: return 3;
        }

        return 0;
}

void control_fds_close(struct control_fds *fds)
{
        close_fd(fds->node);
        close_fd(fds->guest);
        for (size_t i = 0; i < CONTROL_FILES_MAX; i++)
                close_fd(fds->files[i]);
        *fds = (struct control_fds)CONTROL_NO_FDS;
}

bool control_is_socket(int fd)
{
        int type = 0, domain = 0;
        socklen_t size = sizeof(int);

        return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET &&
               getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

static size_t body_size(enum control_type type)
{
        for (size_t i = 0; i < ELEMENTS(messages); i++)
                if (messages[i].type == type)
                        return messages[i].size;

        return 0;
}

int control_send(int fd, const struct control_message *message, const int *fds, size_t n_fds)
{
        uint32_t type = message->type;
        struct iovec iov[] = {
                { .iov_base = &type, .iov_len = sizeof(type) },
                { .iov_base = (void *)&message->order, .iov_len = body_size(message->type) },
        };
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int) * CONTROL_FDS_MAX)];
        } control = { 0 };
        struct msghdr header = { .msg_iov = iov, .msg_iovlen = ELEMENTS(iov) };

        if (n_fds > CONTROL_FDS_MAX)
                return -EINVAL;
        if (n_fds > 0) {
                control.header.cmsg_level = SOL_SOCKET;
                control.header.cmsg_type = SCM_RIGHTS;
                control.header.cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
                memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n_fds);
                header.msg_control = &control;
                header.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
        }

        if (sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                return errno == ECONNRESET ? -EPIPE : -errno;

        return 0;
}

int control_send_order(int fd, const struct control_order *order, const struct control_fds *fds)
{
        const struct control_message message = { .type = CONTROL_START, .order = *order };
        int sent[CONTROL_FILES_MAX + 2];
        size_t n = 0;

        if (control_order_has_node(order))
                sent[n++] = fds->node;
        for (size_t i = 0; i < control_order_files(order); i++)
                sent[n++] = fds->files[i];
        if (control_order_has_guest(order))
                sent[n++] = fds->guest;

        return control_send(fd, &message, sent, n);
}

/* Descriptors that came; those left at the end of a scope are closed. */
struct received {
        size_t n;
        int fds[CONTROL_FDS_MAX];
};

static void close_received(struct received *r)
{
        for (size_t i = 0; i < r->n; i++)
                close_fd(r->fds[i]);
}

static void take_fds(struct msghdr *header, struct received *ret)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
                size_t size = c->cmsg_len - CMSG_LEN(0);

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                /* One such header only, which had room for so many. */
                ret->n = MIN(size / sizeof(int), (size_t)CONTROL_FDS_MAX);
                memcpy(ret->fds, CMSG_DATA(c), ret->n * sizeof(int));
                return;
        }
}

/* Are all numbers of tables known ones? */
static bool is_in_range(const struct control_message *m)
{
        switch (m->type) {
        case CONTROL_START:
        case CONTROL_DESCRIPTION:
                return m->order.purpose >= CONTROL_REDIRECT && m->order.purpose <= CONTROL_HOLD &&
                       m->order.log_level <= LOG_LEVEL_DEBUG && m->order.tls <= CONTROL_PSK;
        case CONTROL_STATUS:
                return m->status.link_state < LINK_STATES && m->status.device_state < DEVICE_STATES;
        case CONTROL_ENDED: return session_reason_is_known(m->ended.reason);
        case CONTROL_END:
        case CONTROL_DESCRIBE:
        case CONTROL_MEMORY: return true;
        }

        return false;
}

static void terminate_texts(struct control_message *m)
{
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                if (texts[i].type != m->type)
                        continue;
                for (size_t j = 0; j < ELEMENTS(texts[i].texts) && texts[i].texts[j].size > 0; j++)
                        ((char *)m)[texts[i].texts[j].offset + texts[i].texts[j].size - 1] = '\0';
        }
}

/* What came, as a message of this version. */
static int decode(const uint8_t *bytes, size_t size, enum control_side sender,
                  struct control_message *ret)
{
        uint32_t type;

        if (size < sizeof(type))
                return -EBADMSG;
        memcpy(&type, bytes, sizeof(type));
        size -= sizeof(type);

        for (size_t i = 0; i < ELEMENTS(messages); i++) {
                struct control_message m = { 0 };

                if (messages[i].type != type)
                        continue;
                if (messages[i].sender != sender)
                        return -EBADMSG;

                m.type = messages[i].type;
                memcpy(&m.order, bytes + sizeof(type), MIN(size, messages[i].size));
                terminate_texts(&m);
                if (!is_in_range(&m))
                        return -EBADMSG;
                *ret = m;
                return 0;
        }

        return -ENOMSG;
}

/* Hands over those that come with a START, in their order. */
static int give_fds(const struct control_message *m, struct received *received,
                    struct control_fds *ret_fds)
{
        size_t node = control_order_has_node(&m->order), guest = control_order_has_guest(&m->order);
        size_t files = control_order_files(&m->order);
        struct control_fds fds = CONTROL_NO_FDS;

        if (received->n < node + files + guest || !ret_fds)
                return -EBADMSG;

        if (node)
                fds.node = TAKE_FD(received->fds[0]);
        for (size_t i = 0; i < files; i++)
                fds.files[i] = TAKE_FD(received->fds[node + i]);
        if (guest)
                fds.guest = TAKE_FD(received->fds[node + files]);
        *ret_fds = fds;
        return 0;
}

int control_receive(int fd, enum control_side sender, struct control_message *ret,
                    struct control_fds *ret_fds)
{
        uint8_t bytes[sizeof(uint32_t) + CONTROL_BODY_MAX];
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int) * CONTROL_FDS_MAX)];
        } control;
        struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };
        struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1 };
        CLEANUP(close_received) struct received received = { 0 };
        struct control_message m;
        ssize_t size;
        int r;

        /* What a session passes, the kernel drops. */
        if (sender == CONTROL_DAEMON) {
                header.msg_control = &control;
                header.msg_controllen = sizeof(control);
        }

        /* A peer that closes with a message of ours unread is told of first: its last words follow.
         */
        do
                size = recvmsg(fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        while (size < 0 && (errno == EINTR || errno == ECONNRESET));
        if (size < 0)
                return -errno;

        take_fds(&header, &received);
        if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
                return -EBADMSG;
        if (size == 0)
                return -EPIPE;

        r = decode(bytes, (size_t)size, sender, &m);
        if (r == 0 && m.type == CONTROL_START)
                r = give_fds(&m, &received, ret_fds);
        if (r == 0)
                *ret = m;

        return r;
}
