#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One open USB device, taken from the host's drivers and given back to them. Its blocking calls
 * (claim, configuration, alt setting, reset, clear halt, release) take up to seconds.
 */
#include <stdbool.h>
#include <stdint.h>

#include "usb/layout.h"
#include "usb/loop.h"
#include "usb/transfer.h"

struct usb_device;

/* What the device descriptor says, and the speed of the bus. */
struct usb_device_facts {
        enum libusb_speed speed; /* SUPER_PLUS and above are told as they are */
        uint8_t class_code, subclass, protocol;
        uint16_t vendor, product, version_bcd;
};

/*
 * Opens the device behind a descriptor of its node (open for reading and writing, kept by the
 * caller until the device is closed), or, if the loop discovers devices, by its place on the bus.
 * Memory is the share of usbfs memory for its transfers, in bytes. Errors: -ENODEV, -EACCES,
 * -ENOMEM, -EIO.
 */
int usb_device_open_fd(struct usb_device **ret, struct usb_loop *loop, struct event_base *base,
                       int fd, size_t memory, const struct usb_transfer_events *events,
                       void *userdata);
int usb_device_open_address(struct usb_device **ret, struct usb_loop *loop, struct event_base *base,
                            uint8_t bus, uint8_t address, size_t memory,
                            const struct usb_transfer_events *events, void *userdata);

/* Closes it as it is; usb_device_release() gives it back first. Nothing may be in flight. */
struct usb_device *usb_device_free(struct usb_device *d);

const struct usb_device_facts *usb_device_facts(const struct usb_device *d);
const struct usb_layout *usb_device_layout(const struct usb_device *d);
struct usb_transfers *usb_device_transfers(struct usb_device *d);

/* This one does not survive a reset, or must not get one: from now on there is none. */
void usb_device_never_reset(struct usb_device *d);

/* A claim gives it this configuration if it has none: the host's kernel has left it so. 0: it
 * stays. */
void usb_device_use_configuration(struct usb_device *d, uint8_t configuration);

/* Was a call or a transfer told that there is no such device any more? */
bool usb_device_is_gone(const struct usb_device *d);

/*
 * Detaches the kernel drivers, claims all interfaces, and resets the device. On error the drivers
 * are attached again. -EBUSY: another program uses it; -EACCES; -ENODEV; -ESTALE: the reset made it
 * another device, or it is gone since; -E2BIG: more
 * interfaces than usbredir can express; -EIO.
 */
int usb_device_claim(struct usb_device *d);

/*
 * Releases the interfaces, resets the device so that drivers meet it clean, restores the
 * configuration it had, and has the kernel drivers attached. A device that is gone is no error.
 * Returns 0, or the first error; it goes on after one.
 */
int usb_device_release(struct usb_device *d);

/*
 * The same for a device that a dead process had, with the configuration to be in force (0: the one
 * that is). It is not claimed, and where the host's drivers have an interface it is not reset.
 * -EBUSY: another program uses it; nothing was done.
 */
int usb_device_recover(struct usb_device *d, uint8_t configuration);

/*
 * Detaches the kernel drivers and claims nothing: for a device whose port is claimed, so that no
 * driver comes back. What has no driver, or is in use by another program, is left as it is. 0, or
 * the first error; it goes on after one.
 */
int usb_device_detach(struct usb_device *d);

/*
 * The five below change the device under its transfers: nothing may be in flight on the endpoints
 * concerned. -ENODEV means that the device is lost, also by a claim that failed afterwards.
 */

/* Chooses a configuration, 0 for none. On other errors the old one is in force again. */
int usb_device_set_configuration(struct usb_device *d, uint8_t configuration);

/* -ENOENT if there is no such interface or alt setting; -EIO and others from the device. */
int usb_device_set_alt(struct usb_device *d, uint8_t interface, uint8_t alt);

/*
 * Does nothing if nothing was done since the last reset, or if the device must never be reset.
 * Otherwise every interface is then in its first alt setting, also after an error.
 */
int usb_device_reset(struct usb_device *d);

/*
 * Bulk streams for all endpoints of the mask (by index), count each; what they had is freed, also
 * on error. -EINVAL for endpoints that cannot have so many, none, or none of them; -ENODEV; -EIO
 * if the controller cannot, or has fewer. Reset, and what changes an interface, frees its streams.
 */
int usb_device_alloc_streams(struct usb_device *d, uint32_t endpoints, uint32_t count);

/* Frees those of the endpoints that have some. -EINVAL for endpoints that can have none. */
int usb_device_free_streams(struct usb_device *d, uint32_t endpoints);

/* How many bulk streams the endpoint of that address has now. */
uint32_t usb_device_streams(const struct usb_device *d, uint8_t address);

/* CLEAR_FEATURE(ENDPOINT_HALT), such that the host's data toggle is right too. */
int usb_device_clear_halt(struct usb_device *d, uint8_t endpoint);

/* A request is about to go to the device: the next reset is a real one. */
void usb_device_touch(struct usb_device *d);
