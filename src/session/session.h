#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One device, redirected to one guest: from the connected socket and the openable device to both
 * being given back. session.c moves the two machines of state.h; requests.c answers the guest.
 *
 * Progress that may block, or that frees things, is made in one place, the work event, never
 * inside a callback of the link or of libusb.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "filter/plain.h"
#include "session/link.h"
#include "session/reason.h"
#include "session/state.h"
#include "usb/device.h"
#include "usb/iso-out.h"
#include "usb/stream.h"
#include "util/macro.h"

/* What we announce: all there is. */
#define SESSION_CAPS CAP_ALL

struct session;

/* Endpoints by index: each may be streamed. */
#define SESSION_STREAMS USB_ENDPOINTS_MAX

/* A guest that has not said hello by then is told of, once. It may be paused for hours. */
#define SESSION_GREETING_SEC 10

/* How long cancelled transfers may take to come back. */
#define SESSION_DRAIN_SEC 5

struct session_config {
        int device_fd;        /* an open device node; -1: open by bus and address */
        uint8_t bus, address; /* for a loop that discovers devices */
        size_t usbfs_memory;  /* share of usbfs memory, in bytes */
        bool trace;           /* log every packet */

        bool is_never_reset;       /* the device */
        uint8_t configuration;     /* for a device that has none; 0: it stays so */
        uint16_t vendor, product;  /* which it must have; both 0: any */
        unsigned greeting_sec;     /* without a hello for so long: silent; 0: the usual time */
        unsigned user_timeout_sec; /* the peer owes TCP an answer for so long: gone; 0: never */
        struct transport *tls;     /* the session's, also on error; NULL: clear text */

        /* A state, or whether the guest is silent, has changed; NULL if nobody wants to know. */
        void (*on_changed)(void *userdata);
        void *userdata;
};

/* A guest's request that must wait until no transfer is in flight on some endpoints. */
struct deferred {
        bool is_set;
        struct packet packet;
        uint32_t endpoints; /* mask by index */
        void (*run)(struct session *s, const struct packet *packet);
};

/* What the guest has started on an endpoint (streams.c). */
struct session_stream {
        struct session *session;
        enum usb_endpoint_type type;     /* which kind of stream: ISO, INTERRUPT or BULK */
        struct usb_stream_config config; /* as asked for */
        struct usb_stream *in;           /* started is one of these */
        struct usb_iso_out *out;

        size_t bytes; /* isochronous: what the guest has in flight at most, as packets */
        bool is_dropping;
        uint64_t dropped; /* packets */

        bool is_over; /* stopped by itself */
        bool has_failed;
};

struct session {
        struct event_base *base;
        struct usb_loop *loop;
        struct usb_device *device;
        struct link *link;

        enum link_state link_state;
        enum device_state device_state;
        struct deferred deferred;

        struct session_stream streams[SESSION_STREAMS];
        bool is_holding;          /* those that can be held */
        uint64_t packets_dropped; /* isochronous ones, that a slow guest did not take */

        bool has_next; /* device: the one in use has to leave for it */
        struct session_config next;
        bool ack_is_due;         /* of a device_disconnect; nothing is offered before it */
        bool is_reading_payload; /* into a transfer of the device */
        unsigned misses;         /* of looks at what the device may have done already */

        struct plain filter; /* the guest's, if it has sent one */
        bool has_filter;

        struct event *work;  /* runs when something has changed */
        struct event *timer; /* the deadline of what we wait for */

        bool is_ending;
        bool is_overdue; /* the timer has run out */
        bool is_silent;  /* no hello within greeting_sec */
        bool is_intact;  /* the device was never taken, or has been given back whole */
        /* What a guest may bring about without end is logged once. */
        struct {
                bool no_memory, too_long, filter, bad_filter;
        } has_said;
        enum session_reason reason;
        char end_text[256]; /* what happened */
        struct session_config config;
};

/*
 * Opens the device; the socket, connected and non-blocking, is the session's also on error. The
 * loop is the caller's. On error *ret_reason says why: NOT_FOUND, ACCESS_DENIED, BUSY or FAILURE.
 */
int session_new(struct session **ret, const struct session_config *config, struct event_base *base,
                struct usb_loop *loop, int socket_fd, enum session_reason *ret_reason);
struct session *session_free(struct session *s);

/*
 * Ends it: the guest is told, the device returned, and the event loop left once that is done.
 * The first reason counts. The text says what happened, for the log.
 */
void session_end(struct session *s, enum session_reason reason, const char *format, ...)
        PRINTF(3, 4);

/*
 * Offers another device on the same connection, in place of the one in use, or after one that the
 * guest has rejected or that is gone, as long as the session is not over. Of the config only what
 * concerns the device counts. How it goes is told by the states; what goes wrong with it ends the
 * session. -ENOTCONN without a connection; -ESHUTDOWN if the session ends for another reason;
 * -EBUSY while one is waiting already.
 */
int session_next_device(struct session *s, const struct session_config *next);

/* Is only the device's part over with that reason, and the connection as good as before? */
bool session_may_go_on(enum session_reason reason);

/* Opens it once the last device has been returned (next.c). */
void session_take_next(struct session *s);

/* Opens the device of the config; on error *ret_reason is as of session_new(). */
int session_open_device(struct session *s, enum session_reason *ret_reason);

/* What the link tells; its beginning, encrypted or not; its deadlines (link-events.c). */
extern const struct link_events session_link_events;
void session_begin_link(struct session *s, struct transport *tls);
void session_wait_for_hello(struct session *s);

/* Tells whoever waits for that of a change. */
void session_tell(struct session *s);

/* May the guest use the device? */
static inline bool session_is_offered(const struct session *s)
{
        return s->device_state == DEVICE_OFFERED || s->device_state == DEVICE_FORWARDING;
}

/* A packet of the guest (requests.c). */
void session_on_packet(struct session *s, struct parsed *parsed);

/* A transfer has completed: the guest gets its answer (data.c). */
void session_answer(struct session *s, struct usb_transfer *t);

/* Answers all that is in flight on these endpoints as cancelled (data.c). */
void session_cancel(struct session *s, uint32_t endpoints);

/* Refuses a request that waits for its endpoints to be quiet, if one does (requests.c). */
void session_refuse_deferred(struct session *s);

/* Notes the guest's filter; ends the session if it denies the device (guest-filter.c). */
void session_set_filter(struct session *s, const char *text);
void session_judge(struct session *s);

/* Tells the guest the interfaces and endpoints in force, and of the device (describe.c). */
void session_send_infos(struct session *s);
void session_send_connect(struct session *s);

/* The next step of a device on its way out; whatever it waits for calls again (leave.c). */
void session_leave(struct session *s);

/* Has is_overdue set after so many seconds, and the work event run. One at a time. */
void session_set_deadline(struct session *s, time_t seconds);
void session_clear_deadline(struct session *s);

/* Sends a packet without payload. */
void session_send(struct session *s, const struct packet *packet);

/* The steps of the two machines. */
void session_set_link_state(struct session *s, enum link_state state, const char *why);
void session_set_device_state(struct session *s, enum device_state state, const char *why);

/* Has the work event run. */
void session_wake(struct session *s);

/* Waits for cancelled transfers, but not for ever. */
void session_wait(struct session *s);

/* The guest has said hello; it has acknowledged the disconnect. */
void session_greeted(struct session *s);
void session_acknowledged(struct session *s);
