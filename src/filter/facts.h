#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the policy may know of a device: plain data, copied from sysfs and udev. Start from
 * (struct facts){}: an empty string is a fact the device does not have.
 */
#include <stdint.h>

/* A device has at most 32 interfaces in the protocol's interface_info. */
#define FACTS_INTERFACES_MAX 32
/* A string descriptor has at most 126 UTF-16 units, each at most 3 bytes of UTF-8. */
#define FACTS_SERIAL_MAX 378
/* udev knows some 25 properties of a USB device, 1 KiB in all. */
#define FACTS_PROPERTIES_SIZE 8192
/* Three digits of bus, a port of three digits at each of at most 7 tiers, and what joins them. */
#define FACTS_PORT_MAX 31
/* udev makes ID_PATH from the names of the parents: some tens of bytes, on odd platforms more. */
#define FACTS_PATH_MAX 255

struct facts_interface {
        uint8_t class, subclass, protocol;
};

struct facts {
        uint16_t vendor, product, version_bcd;
        uint8_t class, subclass, protocol;

        struct facts_interface interfaces[FACTS_INTERFACES_MAX];
        uint32_t n_interfaces;

        char serial[FACTS_SERIAL_MAX + 1];
        char vendor_name[FACTS_SERIAL_MAX + 1]; /* the device's own strings */
        char product_name[FACTS_SERIAL_MAX + 1];
        char port[FACTS_PORT_MAX + 1]; /* "1-1.4" */
        char path[FACTS_PATH_MAX + 1]; /* udev's ID_PATH */
        /* The socket's by its USB 2 port, if the device is at its other one and that has another.
         */
        char socket_path[FACTS_PATH_MAX + 1];

        /* udev's properties: "NAME=value", each with its 0, one after another. */
        char properties[FACTS_PROPERTIES_SIZE];
        uint32_t properties_size;
};

/*
 * Returns 0, or -E2BIG beyond the limit. A device with more interfaces than can be known must not
 * be redirected: no rule could judge those beyond.
 */
int facts_add_interface(struct facts *facts, uint8_t class, uint8_t subclass, uint8_t protocol);

/*
 * These copy the text. Bytes that are not UTF-8, and control characters, become '?': the device
 * chooses its serial, and a rule that denies "BAD*" must not be evaded by a stray byte at the end.
 * Return 0, or -ENAMETOOLONG beyond the limit (no kernel reports such a string), with facts
 * unchanged.
 */
int facts_set_serial(struct facts *facts, const char *serial);
int facts_set_vendor_name(struct facts *facts, const char *name);
int facts_set_product_name(struct facts *facts, const char *name);
int facts_set_port(struct facts *facts, const char *port);
int facts_set_path(struct facts *facts, const char *path);
int facts_set_socket_path(struct facts *facts, const char *path);

/* What path= had best be: it is the same for a device of USB 2 and of USB 3. */
const char *facts_best_path(const struct facts *facts);

/* Adds a property of udev, cleaned as text is. Returns 0, or -E2BIG beyond the limit. */
int facts_add_property(struct facts *facts, const char *name, const char *value);

/* The value of a property, or NULL. */
const char *facts_property(const struct facts *facts, const char *name);
