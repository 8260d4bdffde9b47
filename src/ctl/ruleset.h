#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules as any program writes them: a filter string, QEMU's form of it, libvirt's <redirfilter>,
 * USBGuard's rules.conf, a .rules file. All become rules of ours; what cannot be said as such is
 * told, and never opens what it denied: a denial that loses a condition denies more, an allowance
 * that loses one is marked as doubtful.
 */
#include <stdbool.h>

#include "filter/load.h"
#include "filter/policy.h"

/* As large as a file of the daemon's may be. */
#define RULESET_SIZE_MAX (1024 * 1024)

struct ruleset {
        struct policy *policy; /* its entries have the lines of the text, and no file */
        bool *is_doubtful;     /* by entry: it would allow more than what it was made of */
        size_t n_errors;

        load_on_error on_error; /* the text is no such rules */
        load_on_error on_loss;  /* what is there, but cannot be said */
        void *userdata;
};

/* Returns 0 or -ENOMEM. */
int ruleset_init(struct ruleset *set, load_on_error on_error, load_on_error on_loss,
                 void *userdata);
void ruleset_clear(struct ruleset *set);

/*
 * Reads a text of at most RULESET_SIZE_MAX, in whatever form. Returns 0; -EINVAL with mistakes
 * told; -ENOMEM.
 */
int ruleset_read(struct ruleset *set, const char *text, size_t size);

/* For those who read a form: a rule as a line of ours, made of what stands at a place there. */
int ruleset_add(struct ruleset *set, const char *rule, uint32_t line, size_t column,
                bool is_doubtful);

/* Tell a mistake, with -EINVAL to be passed on; or a loss. At a line and a column of the text. */
int ruleset_refuse(struct ruleset *set, uint32_t line, size_t column, const char *format, ...)
        PRINTF(4, 5);
void ruleset_lose(struct ruleset *set, uint32_t line, size_t column, const char *format, ...)
        PRINTF(4, 5);

/* The forms that are no lines of ours. As ruleset_read(). */
int libvirt_read(struct ruleset *set, const char *text, size_t size);
int usbguard_read(struct ruleset *set, const char *text, size_t size);
