#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors of a device, from bytes that are never trusted: what a length field says counts as
 * far as bytes are there.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Of the types that are asked for. */
enum {
        DESCRIPTOR_DEVICE = 1,
        DESCRIPTOR_CONFIGURATION = 2,
        DESCRIPTOR_STRING = 3,
        DESCRIPTOR_BOS = 15,
};

/* The text of a string descriptor by its index, UTF-8, valid until the next call; or NULL. */
typedef const char *(*descriptors_string)(void *userdata, uint8_t index);

/*
 * Appends what stands in the bytes to an array: {"descriptor": its kind, a key for each field,
 * "extra": bytes behind the fields, "truncated": true if there are fewer than it says,
 * "descriptors": those that belong to it}.
 */
void descriptors_decode(json_t *array, const uint8_t *bytes, size_t size, descriptors_string string,
                        void *userdata);

/* The text of a string descriptor, to be freed; "" for what is none. NULL without memory. */
char *descriptors_text(const uint8_t *bytes, size_t size);
