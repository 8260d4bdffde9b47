/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-guests PATH: many guests on one event loop. Listens on a unix socket, greets whoever
 * connects, and loads all their devices at the same time, as the fake libusb has them. Commands, a
 * line each, from standard input; every command has one line of answer, "ok ..." or "error ...":
 *
 *   await COUNT                             until so many devices are there
 *   run KIND SIZE DEPTH COUNT MILLISECONDS  KIND: bulk-in, bulk-out. DEPTH requests of SIZE bytes
 * in flight at each of the first COUNT devices; answers how many nanoseconds were measured, and how
 * many requests of each device were answered meanwhile
 *
 * One command at a time. Whoever drives several of these starts one for each core.
 */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "guest/guest.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/macro.h"
#include "util/socket.h"

enum { BACKLOG = 512, LINE_SIZE = 256, DEPTH_LIMIT = 256, SIZE_LIMIT = 1 << 20 };
enum { BULK_IN = 0x81, BULK_OUT = 0x02 };

#define WARM_UP_MS 200
/* For connections, and for answers to what is in flight. */
#define DEADLINE_SEC 60

enum phase { RESTING, AWAITING, WARMING_UP, MEASURING, ENDING };

struct bench;

/* A connection. */
struct peer {
        struct bench *bench;
        struct usb_guest *guest;
        struct peer *prev, *next;
        bool is_loaded; /* in this run */
        unsigned in_flight;
        uint64_t answers;
};

struct bench {
        struct event_base *base;
        struct event *timer, *deadline;
        struct peer *peers;
        enum phase phase;
        unsigned wanted; /* devices */

        struct packet packet; /* of this run */
        uint32_t size;
        unsigned depth, milliseconds, in_flight;
        uint64_t start_ns, end_ns;
        const char *failure; /* NULL: none yet */
};

static uint64_t now_ns(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void set_timer(struct event *timer, unsigned milliseconds)
{
        struct timeval delay = { .tv_sec = (time_t)(milliseconds / 1000),
                                 .tv_usec = (suseconds_t)(milliseconds % 1000 * 1000) };

        event_add(timer, &delay);
}

static void rest(struct bench *b)
{
        b->phase = RESTING;
        event_del(b->timer);
        event_del(b->deadline);
}

static void answer_error(struct bench *b, const char *text)
{
        rest(b);
        printf("error %s\n", text);
}

static void answer_counts(struct bench *b)
{
        struct peer *p;

        rest(b);
        printf("ok %" PRIu64, b->end_ns - b->start_ns);
        DL_FOREACH (b->peers, p)
                if (p->is_loaded)
                        printf(" %" PRIu64, p->answers);
        putchar('\n');
}

/* Nothing is in flight any more. */
static void check_end(struct bench *b)
{
        if (b->phase != ENDING || b->in_flight > 0)
                return;
        if (b->failure)
                answer_error(b, b->failure);
        else
                answer_counts(b);
}

static void fail(struct bench *b, const char *why)
{
        if (!b->failure)
                b->failure = why;
        b->phase = ENDING;
}

static void send_one(struct peer *p);

static void on_answer(void *userdata, const struct usb_guest_answer *answer)
{
        struct peer *p = userdata;
        struct bench *b = p->bench;
        bool is_in = b->packet.bulk_packet.endpoint & 0x80;

        p->in_flight--;
        b->in_flight--;
        if (!answer->packet)
                fail(b, "a device went away");
        else if (answer->status != STATUS_success || (is_in && answer->size != b->size))
                fail(b, "a transfer failed");

        p->answers += b->phase == MEASURING;
        if (b->phase == WARMING_UP || b->phase == MEASURING)
                send_one(p);
        check_end(b);
}

static void send_one(struct peer *p)
{
        struct bench *b = p->bench;
        struct usb_guest_buffer *data = NULL;

        if (!(b->packet.bulk_packet.endpoint & 0x80)) {
                data = usb_guest_buffer(p->guest, b->size);
                if (!data) {
                        fail(b, "out of memory");
                        return;
                }
        }
        if (usb_guest_request(p->guest, &b->packet, data, on_answer, p, NULL) < 0) {
                fail(b, "a request cannot be sent");
                return;
        }
        p->in_flight++;
        b->in_flight++;
}

static unsigned count_devices(const struct bench *b)
{
        const struct peer *p;
        unsigned n = 0;

        DL_FOREACH (b->peers, p)
                n += usb_guest_device(p->guest)->is_connected;
        return n;
}

static void check_devices(struct bench *b)
{
        unsigned n = count_devices(b);

        if (b->phase != AWAITING || n < b->wanted)
                return;
        rest(b);
        printf("ok %u\n", n);
}

static void on_connect(void *userdata)
{
        check_devices(((struct peer *)userdata)->bench);
}

/* Not within its own callback. */
static void free_peer(evutil_socket_t fd, short what, void *userdata)
{
        struct peer *p = userdata;

        usb_guest_free(p->guest);
        free(p);
}

static void on_end(void *userdata, enum link_end end, int detail)
{
        static const struct timeval now = { 0 };
        struct peer *p = userdata;

        DL_DELETE(p->bench->peers, p);
        event_base_once(p->bench->base, -1, EV_TIMEOUT, free_peer, p, &now);
}

static void on_connection(evutil_socket_t fd, short what, void *userdata)
{
        static const struct usb_guest_config config = { .version = "bench-guests",
                                                        .caps = CAP_ALL };
        static const struct usb_guest_events events = { .on_connect = on_connect,
                                                        .on_end = on_end };
        struct bench *b = userdata;
        struct peer *p = calloc(1, sizeof(*p));
        int connection = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (!p || connection < 0 ||
            usb_guest_new(&p->guest, b->base, connection, &config, &events, p) < 0) {
                fputs("bench-guests: a connection is refused\n", stderr);
                close_fd(connection);
                free(p);
                return;
        }
        p->bench = b;
        DL_APPEND(b->peers, p);
}

static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
        struct bench *b = userdata;

        if (b->phase == WARMING_UP) {
                b->phase = MEASURING;
                b->start_ns = now_ns();
                set_timer(b->timer, b->milliseconds);
        } else if (b->phase == MEASURING) {
                b->phase = ENDING;
                b->end_ns = now_ns();
                check_end(b);
        }
}

static void on_deadline(evutil_socket_t fd, short what, void *userdata)
{
        answer_error(userdata, "not in time");
}

static void begin_run(struct bench *b)
{
        unsigned n = 0;
        struct peer *p;

        b->phase = WARMING_UP;
        b->failure = NULL;
        set_timer(b->timer, WARM_UP_MS);
        set_timer(b->deadline, b->milliseconds + DEADLINE_SEC * 1000);
        DL_FOREACH (b->peers, p) {
                p->answers = 0;
                p->is_loaded = n < b->wanted && usb_guest_device(p->guest)->is_connected;
                n += p->is_loaded;
                for (unsigned i = 0; p->is_loaded && i < b->depth; i++)
                        send_one(p);
        }
        if (n < b->wanted)
                fail(b, "there are not so many devices");
        check_end(b);
}

static void on_command(struct bench *b, const char *line)
{
        char kind[16];

        if (b->phase != RESTING) {
                puts("error one command at a time");
        } else if (sscanf(line, "await %u", &b->wanted) == 1) {
                b->phase = AWAITING;
                set_timer(b->deadline, DEADLINE_SEC * 1000);
                check_devices(b);
        } else if (sscanf(line, "run %15s %" SCNu32 " %u %u %u", kind, &b->size, &b->depth,
                          &b->wanted, &b->milliseconds) == 5 &&
                   (strcmp(kind, "bulk-in") == 0 || strcmp(kind, "bulk-out") == 0) &&
                   b->size <= SIZE_LIMIT && b->depth <= DEPTH_LIMIT) {
                b->packet = (struct packet){ .type = PACKET_bulk_packet };
                b->packet.bulk_packet.endpoint = strcmp(kind, "bulk-in") == 0 ? BULK_IN : BULK_OUT;
                packet_set_transfer_length(&b->packet, b->size);
                begin_run(b);
        } else {
                puts("error no such command");
        }
}

/* A line comes whole: it is short. */
static void on_input(evutil_socket_t fd, short what, void *userdata)
{
        struct bench *b = userdata;
        char line[LINE_SIZE];
        ssize_t n = read(fd, line, sizeof(line) - 1);

        if (n <= 0) {
                event_base_loopbreak(b->base);
                return;
        }
        line[n] = '\0';
        on_command(b, line);
}

static int listen_at(const char *path)
{
        struct address address = { .kind = ADDRESS_UNIX };
        struct sockaddr_un un;
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        snprintf(address.path, sizeof(address.path), "%s", path);
        un = socket_unix_address(&address);
        if (fd < 0 || bind(fd, (struct sockaddr *)&un, sizeof(un)) < 0 || listen(fd, BACKLOG) < 0)
                return -errno;
        return fd;
}

int main(int argc, char **argv)
{
        struct bench b = { .base = event_base_new() };
        struct event *events[2];
        int listener;

        if (argc != 2 || !b.base) {
                fputs("Usage: bench-guests PATH\n", stderr);
                return 2;
        }
        listener = listen_at(argv[1]);
        if (listener < 0) {
                fprintf(stderr, "bench-guests: cannot listen at %s: %s\n", argv[1],
                        strerror(-listener));
                return 1;
        }

        setvbuf(stdout, NULL, _IOLBF, 0);
        b.timer = event_new(b.base, -1, 0, on_timer, &b);
        b.deadline = event_new(b.base, -1, 0, on_deadline, &b);
        events[0] = event_new(b.base, listener, EV_READ | EV_PERSIST, on_connection, &b);
        events[1] = event_new(b.base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, &b);
        if (!b.timer || !b.deadline)
                return 1;
        for (size_t i = 0; i < ELEMENTS(events); i++)
                if (!events[i] || event_add(events[i], NULL) < 0)
                        return 1;
        puts("ok");
        event_base_dispatch(b.base);
        return 0;
}
