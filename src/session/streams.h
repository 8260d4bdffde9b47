#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guest has started on endpoints: isochronous streams of either direction, interrupt
 * receiving, bulk receiving.
 */
#include <stdbool.h>
#include <stdint.h>

#include "session/session.h"

/* The three kinds' start and stop packets; the refusal of both, without a device. */
void request_start_stream(struct session *s, struct parsed *parsed);
void request_stop_stream(struct session *s, struct parsed *parsed);
void request_refuse_stream(struct session *s, struct parsed *parsed);

/* A packet for an isochronous OUT stream. */
void request_iso(struct session *s, struct parsed *parsed);

/* Stops the streams on these endpoints; tells the guest that it may start them again, or not. */
void session_streams_stop(struct session *s, uint32_t endpoints, bool tell);

/* The guest reads again: streams that were held go on. */
void session_streams_release(struct session *s);

/* Starts streams again that have stopped by themselves, or tells the guest. For the work event. */
void session_streams_restart(struct session *s);
