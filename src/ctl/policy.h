#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's rules.
 */
#include "ctl/ctl.h"

/* Has one more, where --file and --before say. */
enum ctl_exit policy_add_rule(struct ctl *ctl, const char *rule);
