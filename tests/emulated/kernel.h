#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What Linux's usbfs does with claims, kernel drivers, configurations and resets. All with the
 * device locked; results are those of the ioctl: 0 or more, or the negative errno.
 */
#include "emulated/internal.h"

/* The interfaces appear and get their drivers, one after the other. NULL: no configuration. */
void kernel_configure(struct emulated_device *device, const uint8_t *configuration);

/* In its first alt setting; NULL if the configuration in force has no such interface. */
const struct usb_interface_descriptor *kernel_interface(struct emulated_device *device,
                                                        unsigned interface);

/* The name GETDRIVER tells: "usbfs" where it is claimed, NULL where nothing is bound. */
const char *kernel_driver(struct emulated_device *device, unsigned interface);

int kernel_claim(struct emulated_client *client, unsigned interface);
int kernel_release(struct emulated_client *client, unsigned interface);
int kernel_disconnect(struct emulated_device *device, unsigned interface);
int kernel_connect(struct emulated_device *device, unsigned interface);
int kernel_disconnect_claim(struct emulated_client *client,
                            const struct usbdevfs_disconnect_claim *request);

/* The value -1 takes the configuration away. */
int kernel_set_configuration(struct emulated_device *device, int value);
int kernel_set_interface(struct emulated_client *client, unsigned interface, unsigned alt);
int kernel_reset(struct emulated_device *device);
int kernel_clear_halt(struct emulated_client *client, unsigned endpoint);

/* Whether the client may use the endpoint; claims its interface where nobody has it. */
int kernel_check_endpoint(struct emulated_client *client, uint8_t address,
                          const struct usb_endpoint_descriptor **ret_endpoint);
int kernel_check_control(struct emulated_client *client, const struct usb_ctrlrequest *setup);

struct emulated_client *kernel_open(struct emulated_device *device);
void kernel_close(struct emulated_client *client);
