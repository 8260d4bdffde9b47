#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl status DEVICE: all that is known of one device, and of its session.
 */
#include "ctl/ctl.h"

enum ctl_exit details_run(struct ctl *ctl, const char *device);
