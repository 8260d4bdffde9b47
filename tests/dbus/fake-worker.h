#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A session process that is none: what of daemon/worker.h is read.
 */
#include "daemon/worker.h"

struct worker *fake_worker_new(void);
void fake_worker_free(struct worker *w);
struct control_order *fake_worker_order(struct worker *w);
struct control_status *fake_worker_status(struct worker *w);
