/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Phases follow one another: the device comes, it is set up, the load warms up, it is measured,
 * what is in flight comes back. Time is looked at with each message, so nothing else wakes this
 * process.
 */
#include "bench/load-private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "util/cleanup.h"

/* Beyond the time that was asked for. */
#define PATIENCE_SEC 30

static uint64_t clock_ns(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void load_fail(struct load *l, const char *format, ...)
{
        va_list arguments;

        if (!l->has_failed) {
                fputs("bench-guest: ", stderr);
                va_start(arguments, format);
                vfprintf(stderr, format, arguments);
                va_end(arguments);
                fputc('\n', stderr);
        }
        l->has_failed = true;
        l->phase = DONE;
        event_base_loopbreak(l->base);
}

/* Of all processors, in ticks of 10 ms. */
static uint64_t all_cpu_ns(void)
{
        unsigned long long n[8] = { 0 };
        FILE *in = fopen("/proc/stat", "re");

        if (!in)
                return 0;
        if (fscanf(in, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", n, n + 1, n + 2, n + 3, n + 4,
                   n + 5, n + 6, n + 7) != 8)
                n[0] = 0;
        fclose(in);
        /* Without idle and iowait; with what the hypervisor took. */
        return (n[0] + n[1] + n[2] + n[5] + n[6] + n[7]) * 10000000;
}

static void measure(struct load *l, uint64_t now)
{
        l->phase = MEASURING;
        l->all_cpu_ns = all_cpu_ns();
        if (server_usage(l->server, &l->usage) < 0)
                load_fail(l, "the server has ended");
        l->guest_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        l->began_ns = clock_ns(CLOCK_MONOTONIC);
        l->end_at_ns =
                l->config->count ? UINT64_MAX : l->began_ns + (uint64_t)(l->config->seconds * 1e9);
}

static void stop(struct load *l);

static void measured(struct load *l, uint64_t now)
{
        struct load_result *r = l->result;
        struct server_usage usage;

        l->phase = ENDING;
        r->guest_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - l->guest_cpu_ns;
        if (server_usage(l->server, &usage) < 0)
                load_fail(l, "the server has ended");
        r->all_cpu_ns = all_cpu_ns() - l->all_cpu_ns;
        r->seconds = (double)(now - l->began_ns) / 1e9;
        r->server_cpu_ns = usage.cpu_ns - l->usage.cpu_ns;
        r->server_waits = usage.waits - l->usage.waits;
        r->pss_kib = server_pss(l->server);
        stop(l);
}

/* A message has come that was sent, or due, at that time (0: not known). */
static void count(struct load *l, size_t bytes, uint64_t since)
{
        struct load_result *r = l->result;
        uint64_t now = clock_ns(CLOCK_MONOTONIC);

        r->messages_in_life++;
        if (l->phase == WARMING_UP && now >= l->measure_at_ns) {
                measure(l, now);
        } else if (l->phase == MEASURING) {
                r->messages++;
                r->bytes += bytes;
                if (since)
                        histogram_add(&r->latency, now > since ? now - since : 0);
                if (now >= l->end_at_ns || r->messages == l->config->count)
                        measured(l, now);
        }
}

static void done(struct load *l)
{
        l->phase = DONE;
        event_base_loopbreak(l->base);
}

/* ---- requests ---- */

/* The next payload: those of one load repeat. */
static struct usb_guest_buffer *next_out(struct load *l)
{
        size_t i = l->offset / l->config->size % ELEMENTS(l->out);

        if (l->config->size >= PATTERN_SIZE)
                i = 0;
        else
                i %= PATTERN_SIZE / l->config->size;
        if (!l->out[i]) {
                l->out[i] = usb_guest_buffer(l->guest, l->config->size);
                if (l->out[i])
                        pattern_fill(l->out[i]->bytes, l->config->size, l->offset);
        }

        return l->out[i] ? usb_guest_buffer_ref(l->out[i]) : NULL;
}

static void refill(struct load *l);

static void on_answer(void *userdata, const struct usb_guest_answer *answer)
{
        struct slot *slot = userdata;
        struct load *l = slot->load;

        if (!answer->packet || answer->status != STATUS_success) {
                load_fail(l, "a request was answered with status %u", answer->status);
                return;
        }

        l->config->kind->check(l, answer->packet, answer->data, answer->size);
        l->idle[l->idle_count++] = slot;
        count(l, l->config->size, slot->sent_ns);
        if (l->phase == WARMING_UP || l->phase == MEASURING)
                refill(l);
        else if (l->phase == ENDING && l->idle_count == l->config->depth)
                done(l);
}

/* As many requests as are wanted, or as the guest takes before some of them are written. */
static void refill(struct load *l)
{
        struct packet packet = { 0 };
        bool is_out = l->config->kind->endpoint == BULK_OUT;

        l->config->kind->fill(l, &packet);
        while (l->idle_count > 0) {
                struct slot *slot = l->idle[l->idle_count - 1];
                struct usb_guest_buffer *data = is_out ? next_out(l) : NULL;
                int r;

                slot->sent_ns = clock_ns(CLOCK_MONOTONIC);
                r = usb_guest_request(l->guest, &packet, data, on_answer, slot, NULL);
                if (r == -EAGAIN)
                        return;
                if (r < 0) {
                        load_fail(l, "cannot send a request: %s", strerror(-r));
                        return;
                }

                l->idle_count--;
                if (is_out)
                        l->offset += l->config->size;
        }
}

/* ---- streams ---- */

static void on_data(void *userdata, struct parsed *parsed)
{
        struct load *l = userdata;

        if (l->phase == ENDING || l->phase == DONE)
                return;

        l->config->kind->check(l, parsed->packet, parsed->payload, parsed->payload_size);
        count(l, parsed->payload_size, l->due_ns);
}

static void on_stream(void *userdata, const struct packet *packet)
{
        load_fail(userdata, "the server has stopped the stream");
}

static void on_stopped(void *userdata, const struct usb_guest_answer *answer)
{
        done(userdata);
}

static void stop(struct load *l)
{
        struct packet packet = { 0 };

        if (!l->config->kind->is_receiving)
                return;

        l->config->kind->fill_stop(l, &packet);
        if (usb_guest_request(l->guest, &packet, NULL, on_stopped, l, NULL) < 0)
                load_fail(l, "cannot stop the stream");
}

/* ---- the way there ---- */

static void set_timer(struct load *l, double seconds)
{
        struct timeval delay = { .tv_sec = (time_t)seconds,
                                 .tv_usec =
                                         (suseconds_t)((seconds - (double)(time_t)seconds) * 1e6) };

        event_add(l->timer, &delay);
}

/* Idleness is measured from timer to timer, all else ends by itself. */
static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
        struct load *l = userdata;
        uint64_t now = clock_ns(CLOCK_MONOTONIC);

        if (l->config->kind->fill || l->phase == CONNECTING) {
                load_fail(l, "nothing came to an end in time");
        } else if (l->phase == WARMING_UP) {
                measure(l, now);
                set_timer(l, l->config->seconds);
        } else {
                measured(l, now);
                done(l);
        }
}

static void begin(struct load *l)
{
        l->phase = WARMING_UP;
        l->measure_at_ns = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(l->config->warm_up * 1e9);
        if (!l->config->kind->fill)
                set_timer(l, l->config->warm_up);
        else if (!l->config->kind->is_receiving)
                refill(l);
}

static void on_started(void *userdata, const struct usb_guest_answer *answer)
{
        if (!answer->packet || answer->status != STATUS_success)
                load_fail(userdata, "the stream does not start: status %u", answer->status);
        else
                begin(userdata);
}

static void start_stream(struct load *l)
{
        struct packet packet = { 0 };

        l->config->kind->fill(l, &packet);
        if (usb_guest_request(l->guest, &packet, NULL, on_started, l, NULL) < 0)
                load_fail(l, "cannot start the stream");
}

static void on_alt_setting(void *userdata, const struct usb_guest_answer *answer)
{
        if (!answer->packet || answer->status != STATUS_success)
                load_fail(userdata, "the alternate setting is not to be had: status %u",
                          answer->status);
        else
                start_stream(userdata);
}

static void on_connect(void *userdata)
{
        struct load *l = userdata;
        struct packet packet = { .type = PACKET_set_alt_setting,
                                 .set_alt_setting = { .interface = 1, .alt = 1 } };

        if (l->config->kind->endpoint == ISO_IN) {
                if (usb_guest_request(l->guest, &packet, NULL, on_alt_setting, l, NULL) < 0)
                        load_fail(l, "cannot set the alternate setting");
        } else if (l->config->kind->is_receiving) {
                start_stream(l);
        } else {
                begin(l);
        }
}

static void on_disconnect(void *userdata)
{
        load_fail(userdata, "the server took the device away");
}

static void on_end(void *userdata, enum link_end end, int detail)
{
        struct load *l = userdata;

        if (end == LINK_END_TLS)
                load_fail(l, "no encrypted connection: %s", link_text(usb_guest_link(l->guest)));
        else
                load_fail(l, "the server ended the connection (end %i, %i)", (int)end, detail);
}

static int run(struct load *l)
{
        static const struct usb_guest_config guest_config = { .version = "bench-guest",
                                                              .caps = CAP_ALL };
        static const struct usb_guest_events events = { .on_connect = on_connect,
                                                        .on_disconnect = on_disconnect,
                                                        .on_data = on_data,
                                                        .on_stream = on_stream,
                                                        .on_end = on_end };

        l->base = event_base_new();
        l->timer = l->base ? event_new(l->base, -1, 0, on_timer, l) : NULL;
        if (!l->timer ||
            usb_guest_new(&l->guest, l->base, l->server->socket, &guest_config, &events, l) < 0) {
                fprintf(stderr, "bench-guest: cannot make the guest\n");
                return -1;
        }
        l->server->socket = -1;
        if (l->server->tls)
                usb_guest_encrypt(l->guest, l->server->tls);

        set_timer(l, l->config->warm_up + l->config->seconds + PATIENCE_SEC);
        event_base_dispatch(l->base);
        return l->has_failed ? -1 : 0;
}

/* Payloads to be sent are made once, so they must repeat. */
static bool is_possible(const struct load_config *config)
{
        return config->size > 0 &&
               (config->kind->endpoint != BULK_OUT || config->size % PATTERN_SIZE == 0 ||
                (config->size >= 64 && PATTERN_SIZE % config->size == 0));
}

int load_run(struct load_result *ret, const struct load_config *config, struct server *server)
{
        struct load l = { .config = config, .result = ret, .server = server };
        int r;

        if (config->depth < 1 || config->depth > DEPTH_MAX || !is_possible(config)) {
                fprintf(stderr,
                        "bench-guest: expected a depth from 1 to %u, and for bulk-out a size that "
                        "64 KiB is a multiple of, or that is a multiple of 64 KiB\n",
                        DEPTH_MAX);
                return -1;
        }

        pattern_init();
        for (uint32_t i = 0; i < config->depth; i++) {
                l.slots[i].load = &l;
                l.idle[l.idle_count++] = &l.slots[i];
        }

        r = run(&l);
        for (size_t i = 0; i < ELEMENTS(l.out); i++)
                usb_guest_buffer_unref(l.out[i]);
        l.guest = usb_guest_free(l.guest);
        if (l.timer)
                event_free(l.timer);
        if (l.base)
                event_base_free(l.base);
        return r;
}
