#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guest asks: the table's row, and the handlers of requests that move data (data.c).
 */
#include <stdint.h>

#include "session/session.h"

struct request {
        void (*handle)(struct session *s, struct parsed *parsed); /* there is a device */
        void (*refuse)(struct session *s, struct parsed *parsed); /* there is none */
};

void request_control(struct session *s, struct parsed *parsed);
void request_bulk(struct session *s, struct parsed *parsed);
void request_interrupt(struct session *s, struct parsed *parsed);
void request_cancel(struct session *s, struct parsed *parsed);

/* Sends a data packet back with an error. */
void request_refuse_data(struct session *s, struct parsed *parsed);

/* Is that one of the bulk streams that the endpoint has, or 0 and it has none? */
bool request_may_use_stream(const struct session *s, uint8_t endpoint, uint32_t stream_id);

/* Logs once that memory was missing: -EMSGSIZE for usbfs memory, else -ENOMEM. */
void request_lacks_memory(struct session *s, int error);

/* The wire's status. */
uint8_t request_status(enum usb_status status);

/* The wire's status for an errno of a call on the device; its loss ends the session. */
uint8_t request_call_status(struct session *s, int error);
