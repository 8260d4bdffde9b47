#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the kernel's command line says.
 */
#include <stdbool.h>

/*
 * Is the word NAME there, or NAME=1, yes, true, on? The last one counts. False if the file, such as
 * /proc/cmdline, cannot be read.
 */
bool kernel_option_is_set(const char *file, const char *name);

/* Is "usbredird.disable" set in the file "cmdline" of proc, a directory such as "/proc"? */
bool kernel_option_disables(const char *proc);
