#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * May this caller do that? Root and the daemon's own user may; others if polkit says so.
 */
struct call;

/* Ends in call_authorized() or call_refuse(), or, if the caller vanishes, call_free(). */
void auth_start(struct call *call);
