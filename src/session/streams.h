#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Streams that the guest has started: interrupt receiving.
 */
#include <stdbool.h>
#include <stdint.h>

#include "session/session.h"

void request_start_interrupt(struct session *s, struct parsed *parsed);
void request_stop_interrupt(struct session *s, struct parsed *parsed);
void request_refuse_interrupt(struct session *s, struct parsed *parsed);

/* Stops the streams on these endpoints; tells the guest that it may start them again, or not. */
void session_streams_stop(struct session *s, uint32_t endpoints, bool tell);

/* Holds all streams, because the guest does not read; or lets them go on. */
void session_streams_hold(struct session *s, bool hold);

/* Starts streams again that have stopped by themselves, or tells the guest. For the work event. */
void session_streams_restart(struct session *s);
