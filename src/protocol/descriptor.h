#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of packets.h as data, for the interpreters of this folder only.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/packet.h"

enum field_kind {
#define KIND_VALUE(name, type, size) KIND_##name,
        USBREDIR_KINDS(KIND_VALUE)
#undef KIND_VALUE
};

struct field {
        const char *name; /* NULL ends the list */
        uint16_t offset;  /* in struct packet */
        uint16_t count;   /* elements; 0 for a field that is no array */
        enum field_kind kind;
        uint32_t needs;
};

struct descriptor {
        const char *name; /* NULL: no such packet */
        const struct field *fields;
        uint32_t needs;
        enum role senders[2]; /* by endpoint direction: OUT, IN */
        enum packet_payload payload;
};

/* By packet type; types between the known ones have no name. */
extern const struct descriptor descriptors[PACKET_TYPES];

/* The value of a field, or of one element of an array. */
uint32_t field_load(const struct field *field, const struct packet *packet, size_t element);

/* Is the field on the wire, given what both sides have? */
static inline bool field_is_present(const struct field *field, uint32_t both)
{
        return (field->needs & both) == field->needs;
}
