/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One list holds the URBs of all endpoints in the order in which they were submitted. urb_run()
 * offers them to the device's callbacks, of each endpoint only the oldest, until a round moves
 * nothing. A NAK is thus no state of its own: the URB stays and is offered again when anything
 * changed.
 */
#include <stdlib.h>

#include "emulated/descriptor.h"
#include "emulated/kernel.h"
#include "emulated/standard.h"
#include "emulated/urb.h"

/* The kernel's usbfs_memory_mb: 16 MiB for all URBs. */
enum { URB_MEMORY_MAX = 16 << 20 };

struct emulated_urb *urb_new(struct emulated_client *client, size_t length)
{
        CLEANUP(freep) uint8_t *data = NULL;
        struct emulated_urb *urb;

        data = calloc(1, MAX(length, 1U));
        if (!data)
                return NULL;
        urb = calloc(1, sizeof(*urb));
        if (!urb)
                return NULL;
        urb->client = client;
        urb->length = length;
        urb->data = TAKE(data);
        return urb;
}

struct emulated_urb *urb_free(struct emulated_urb *urb)
{
        if (urb) {
                free(urb->data);
                free(urb);
        }
        return NULL;
}

const struct usb_endpoint_descriptor *urb_find_endpoint(struct emulated_device *device,
                                                        uint8_t address, uint8_t *ret_interface)
{
        if (!device->configuration)
                return NULL;
        for (uint8_t i = 0; i < EMULATED_INTERFACES_MAX; i++) {
                const struct usb_endpoint_descriptor *endpoint = descriptor_find_endpoint(
                        device->configuration, i, device->interfaces[i].alt, address);

                if (endpoint) {
                        *ret_interface = i;
                        return endpoint;
                }
        }
        return NULL;
}

uint32_t urb_interface_endpoints(struct emulated_device *device, uint8_t interface)
{
        uint32_t bits = 0;

        for (unsigned address = 1; address < 0x90; address++) {
                uint8_t owner;

                if ((address & ~(unsigned)(USB_DIR_IN | USB_ENDPOINT_NUMBER_MASK)) == 0 &&
                    urb_find_endpoint(device, (uint8_t)address, &owner) && owner == interface)
                        bits |= endpoint_bit((uint8_t)address);
        }
        return bits;
}

static int check_type(const struct emulated_urb *urb,
                      const struct usb_endpoint_descriptor *endpoint)
{
        switch (urb->type) {
        case USBDEVFS_URB_TYPE_BULK:
                return usb_endpoint_xfer_bulk(endpoint) || usb_endpoint_xfer_int(endpoint)
                               ? 0
                               : -EINVAL;
        case USBDEVFS_URB_TYPE_INTERRUPT: return usb_endpoint_xfer_int(endpoint) ? 0 : -EINVAL;
        default: return -EINVAL;
        }
}

int urb_submit(struct emulated_urb *urb)
{
        struct emulated_device *device = urb->client->device;
        const struct usb_endpoint_descriptor *endpoint = NULL;
        int r;

        if (urb->type == USBDEVFS_URB_TYPE_CONTROL) {
                if ((urb->endpoint & ~USB_DIR_IN) != 0)
                        return -EINVAL;
                urb->endpoint = 0;
                r = kernel_check_control(urb->client, &urb->setup);
        } else {
                r = kernel_check_endpoint(urb->client, urb->endpoint, &endpoint);
                if (r == 0)
                        r = check_type(urb, endpoint);
        }
        if (r < 0)
                return r;
        if (urb->length > URB_MEMORY_MAX - device->memory)
                return -ENOMEM;

        device->memory += urb->length;
        urb->fault = fault_count(device, CALL_URB, urb->endpoint);
        TAILQ_INSERT_TAIL(&device->in_flight, urb, link);
        return 0;
}

static void complete(struct emulated_urb *urb, int status)
{
        struct emulated_device *device = urb->client->device;

        urb->status = status;
        TAILQ_REMOVE(&device->in_flight, urb, link);
        TAILQ_INSERT_TAIL(&urb->client->completed, urb, link);
}

int urb_control(struct emulated_device *device, const struct usb_ctrlrequest *setup, uint8_t *data,
                size_t length)
{
        const struct emulated_ops *ops = device->description.ops;
        int r = standard_request(device, setup, data, length);

        if (r != STANDARD_UNKNOWN)
                return r;
        return ops->control ? ops->control(device, setup, data, length) : EMULATED_STALL;
}

static int offer(struct emulated_urb *urb)
{
        struct emulated_device *device = urb->client->device;
        const struct emulated_ops *ops = device->description.ops;
        const struct usb_endpoint_descriptor *endpoint;
        uint8_t interface;

        if (urb->type == USBDEVFS_URB_TYPE_CONTROL)
                return urb_control(device, &urb->setup, urb->data, urb->length);
        if (device->halted & endpoint_bit(urb->endpoint))
                return EMULATED_STALL;
        endpoint = urb_find_endpoint(device, urb->endpoint, &interface);
        if (!endpoint)
                return -ENOENT;
        if (usb_endpoint_xfer_int(endpoint))
                return ops->interrupt
                               ? ops->interrupt(device, urb->endpoint, urb->data, urb->length)
                               : EMULATED_STALL;
        return ops->bulk ? ops->bulk(device, urb->endpoint, urb->data, urb->length)
                         : EMULATED_STALL;
}

/* False if the device did not want it yet. */
static bool run_urb(struct emulated_urb *urb)
{
        struct emulated_device *device = urb->client->device;
        int r;

        r = urb->fault < 0 ? urb->fault : offer(urb);
        if (r == EMULATED_NAK)
                return false;
        if (r > 0)
                urb->actual = MIN((size_t)r, urb->length);
        if (r == EMULATED_STALL && urb->type != USBDEVFS_URB_TYPE_CONTROL) {
                if (!(device->halted & endpoint_bit(urb->endpoint)))
                        device_event(device, "endpoint %02x stalled", urb->endpoint);
                device->halted |= endpoint_bit(urb->endpoint);
        }
        complete(urb, MIN(r, 0));
        return true;
}

void urb_run(struct emulated_device *device)
{
        bool moved;

        do {
                struct emulated_urb *urb, *next;
                uint32_t blocked = 0;

                moved = false;
                for (urb = TAILQ_FIRST(&device->in_flight); urb; urb = next) {
                        next = TAILQ_NEXT(urb, link);
                        if (blocked & endpoint_bit(urb->endpoint))
                                continue;
                        if (run_urb(urb))
                                moved = true;
                        else
                                blocked |= endpoint_bit(urb->endpoint);
                }
        } while (moved);
}

int urb_discard(struct emulated_client *client, unsigned long address)
{
        struct emulated_urb *urb;

        TAILQ_FOREACH(urb, &client->device->in_flight, link)
        {
                if (urb->client == client && urb->address == address) {
                        complete(urb, -ENOENT);
                        return 0;
                }
        }
        return -EINVAL;
}

struct emulated_urb *urb_reap(struct emulated_client *client)
{
        struct emulated_urb *urb = TAILQ_FIRST(&client->completed);

        if (urb) {
                TAILQ_REMOVE(&client->completed, urb, link);
                client->device->memory -= urb->length;
        }
        return urb;
}

static void kill_endpoints(struct emulated_device *device, uint32_t endpoints, int status)
{
        struct emulated_urb *urb, *next;

        for (urb = TAILQ_FIRST(&device->in_flight); urb; urb = next) {
                next = TAILQ_NEXT(urb, link);
                if (endpoints & endpoint_bit(urb->endpoint))
                        complete(urb, status);
        }
}

void urb_kill_interface(struct emulated_device *device, uint8_t interface, int status)
{
        kill_endpoints(device, urb_interface_endpoints(device, interface), status);
}

void urb_kill_all(struct emulated_device *device, int status)
{
        kill_endpoints(device, UINT32_MAX, status);
}

void urb_abandon(struct emulated_client *client)
{
        struct emulated_device *device = client->device;
        struct emulated_urb *urb, *next;

        for (urb = TAILQ_FIRST(&device->in_flight); urb; urb = next) {
                next = TAILQ_NEXT(urb, link);
                if (urb->client != client)
                        continue;
                device->abandoned++;
                complete(urb, -ENOENT);
        }
        while ((urb = urb_reap(client)))
                urb_free(urb);
}
