#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One line of a .rules file: the tuples that other programs know as a filter string, then keys
 * that apply to each of them.
 *
 *      0x08,0x0781,0x5581,-1,1  guest=build serial=4C5310*    # a comment
 */
#include <stdbool.h>
#include <stdint.h>

#include "filter/facts.h"
#include "filter/key.h"
#include "filter/plain.h"
#include "filter/rule-error.h"
#include "util/cleanup.h"

/* Longer lines are no longer read by people; a generated list can be several lines. */
#define RULE_LINE_MAX 4096

/* When an automatic rule acts. */
enum {
        RULE_ON_PLUG = 1 << 0,  /* the device is plugged in */
        RULE_ON_START = 1 << 1, /* it was there before: daemon, guest, reload or resume is new */
};

struct rule {
        struct plain plain;
        char *values[KEYS]; /* NULL for a key that is not there */
};

/*
 * Reads a line that has no line end. Returns 0, with NULL for a line that is blank or a comment;
 * -EINVAL with the error, at that line number; -ENOMEM.
 */
int rule_parse(struct rule **ret_rule, const char *line, uint32_t number,
               struct rule_error *ret_error);

/* Where in a valid line a key stands: its column, or 0 if it does not. */
uint32_t rule_key_column(const char *line, enum key_id id);

struct rule *rule_free(struct rule *rule);
DEFINE_CLEANUP(struct rule, rule_free);

/* The line in canonical form, without comment. Returns 0 with a string to free(), or -ENOMEM. */
int rule_to_string(const struct rule *rule, char **ret_text);

/* Whether all its keys hold for the device; the tuples are not looked at. */
bool rule_takes_part(const struct rule *rule, const struct facts *facts);

/* Whether an allowed device is redirected by itself. */
bool rule_is_automatic(const struct rule *rule);

/* RULE_ON_PLUG, RULE_ON_START or both. */
unsigned rule_occasions(const struct rule *rule);

/* Whether its device may be reset. */
bool rule_may_reset(const struct rule *rule);

/* Whether its device is kept from the host's drivers while its guest is away. */
bool rule_holds(const struct rule *rule);

/* Whether guards do not count. */
bool rule_forces(const struct rule *rule);
