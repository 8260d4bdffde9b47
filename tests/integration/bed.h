#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session and its guest in this process, on the fake libusb: thousands a second, under every
 * sanitizer. The guest's waiting runs the session's event loop.
 *
 *      bed_open(&b, "device=every", CAP_ALL);
 *      guest_greet(&b.guest);
 *      ...
 *      assert_int_equal(bed_close(&b), REASON_GUEST_LEFT);
 */
#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "integration/guest.h"
#include "integration/report.h"
#include "session/reason.h"
#include "session/session.h"

struct bed {
        struct guest guest;
        struct report report;
        struct event_base *base;
        struct event *tick;
        struct usb_loop *loop;
        struct session *session;
        bool is_over;               /* the event loop was left */
        enum session_reason reason; /* then, or of session_new() */
        size_t descriptors;         /* before */
};

/*
 * Starts a session on a fake with these options ("" for the usual ones) and a guest of these
 * capabilities. A session that did not start has is_over set.
 */
void bed_open(struct bed *b, const char *options, uint32_t caps);

/* The same with a share of usbfs memory, in bytes. */
void bed_open_memory(struct bed *b, const char *options, uint32_t caps, size_t usbfs_memory);

/* The same with all capabilities, and bytes that go through that transport on the session's side.
 */
void bed_open_encrypted(struct bed *b, const char *options, struct transport *tls);

/* bed_open() and guest_greet(), with all capabilities. */
void bed_open_greeted(struct bed *b, const char *options);

/* Runs the loop until something has happened, at most a moment. */
void bed_turn(struct bed *b);

/* Handles what is ready, and what that makes ready, without waiting. */
void bed_poll(struct bed *b);

/* Only what is ready now: a device that always is does not end bed_poll(). */
void bed_step(struct bed *b);

/* Runs the loop until the session is over. */
void bed_wait(struct bed *b);

/* Takes the device away, now. */
void bed_unplug(struct bed *b);

/* Transfers of the session that libusb has. */
size_t bed_in_flight(const struct bed *b);

/* Asks the session to end, as a signal would. */
void bed_end(struct bed *b);

/*
 * Hangs up, waits for the end, frees everything, reads the report. Fails the test if descriptors
 * were left. Returns why the session ended.
 */
enum session_reason bed_close(struct bed *b);

/* bed_close() for a guest that must not be heard any more, but stays connected. */
enum session_reason bed_close_connected(struct bed *b);

/* Checks the end all in one: the reason, and the device given back in configuration 1. */
void bed_close_returned(struct bed *b, enum session_reason reason);

/* So many descriptors this process has open. */
size_t count_descriptors(const char *directory);
