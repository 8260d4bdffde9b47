/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every pair of endpoints is a queue of packets: a transfer to OUT is a packet, a transfer from IN
 * gets one. A packet larger than the room of the IN transfer is fetched in pieces from a loopback,
 * and babbles on the interrupt endpoint, as with real devices. A loopback takes no more than its
 * limit: then OUT NAKs.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "emulated/descriptor.h"
#include "emulated/gadget.h"
#include "util/macro.h"

enum { QUEUE_LIMIT = 4 << 20 };

struct packet {
        STAILQ_ENTRY(packet) link;
        size_t size;
        size_t taken;
        uint8_t data[];
};

struct queue {
        STAILQ_HEAD(, packet) packets;
        size_t bytes;
};

/* Loopbacks, by the number of their endpoints, and the two directions of interrupts. */
enum queue_name {
        QUEUE_BULK,
        QUEUE_ALT_BULK,
        QUEUE_INTERRUPT_OUT,
        QUEUE_INTERRUPT_IN,
        QUEUES,
};

struct gadget {
        struct emulated_device *device;
        struct queue queues[QUEUES];
        uint32_t to_stall; /* 1 << number for OUT, 1 << (16 + number) for IN */
        uint8_t echo[GADGET_ECHO_MAX];
        size_t echo_size;
};

static const uint8_t device_descriptor[] = { DESCRIPTOR_DEVICE(
        0x0200, USB_CLASS_VENDOR_SPEC, 64, GADGET_VENDOR, GADGET_PRODUCT, 0x1234, 2) };

#define INTERFACE(number, alt) DESCRIPTOR_INTERFACE(number, alt, 2, USB_CLASS_VENDOR_SPEC, 0, 0)
#define BULK(address)          DESCRIPTOR_ENDPOINT(address, USB_ENDPOINT_XFER_BULK, 512, 0)
#define INTERRUPT(address)                                                                         \
        DESCRIPTOR_ENDPOINT(address, USB_ENDPOINT_XFER_INT, GADGET_INTERRUPT_PACKET, 4)

static const uint8_t configuration_1[] = {
        DESCRIPTOR_CONFIGURATION(9 + 3 * (9 + 2 * 7), 2, 1),
        INTERFACE(0, 0),
        BULK(GADGET_BULK_OUT),
        BULK(GADGET_BULK_IN),
        INTERFACE(0, 1),
        BULK(GADGET_ALT_BULK_OUT),
        BULK(GADGET_ALT_BULK_IN),
        INTERFACE(1, 0),
        INTERRUPT(GADGET_INTERRUPT_OUT),
        INTERRUPT(GADGET_INTERRUPT_IN),
};

static const uint8_t configuration_2[] = {
        DESCRIPTOR_CONFIGURATION(9 + 9 + 2 * 7, 1, 2),
        INTERFACE(0, 0),
        BULK(GADGET_BULK_OUT),
        BULK(GADGET_BULK_IN),
};

static struct gadget *gadget_of(struct emulated_device *device)
{
        return emulated_description(device)->owner;
}

static uint32_t endpoint_mask(uint8_t endpoint)
{
        return 1U << ((endpoint & USB_DIR_IN ? 16 : 0) + (endpoint & USB_ENDPOINT_NUMBER_MASK));
}

static int queue_put(struct queue *queue, const void *data, size_t size)
{
        struct packet *packet;

        if (queue->bytes > 0 && size > QUEUE_LIMIT - MIN(queue->bytes, (size_t)QUEUE_LIMIT))
                return EMULATED_NAK;
        packet = malloc(sizeof(*packet) + size);
        if (!packet)
                return -ENOMEM;
        packet->size = size;
        packet->taken = 0;
        if (size > 0)
                memcpy(packet->data, data, size);
        STAILQ_INSERT_TAIL(&queue->packets, packet, link);
        queue->bytes += size;
        return (int)size;
}

static void queue_drop(struct queue *queue)
{
        struct packet *packet = STAILQ_FIRST(&queue->packets);

        queue->bytes -= packet->size - packet->taken;
        STAILQ_REMOVE_HEAD(&queue->packets, link);
        free(packet);
}

static int queue_take(struct queue *queue, uint8_t *data, size_t size, bool in_pieces)
{
        struct packet *packet = STAILQ_FIRST(&queue->packets);
        size_t n;

        if (!packet)
                return EMULATED_NAK;
        if (!in_pieces && packet->size > size) {
                queue_drop(queue);
                return -EOVERFLOW;
        }
        n = MIN(packet->size - packet->taken, size);
        memcpy(data, packet->data + packet->taken, n);
        packet->taken += n;
        queue->bytes -= n;
        if (packet->taken == packet->size)
                queue_drop(queue);
        return (int)n;
}

static void clear_queues(struct gadget *gadget)
{
        for (size_t i = 0; i < QUEUES; i++)
                while (!STAILQ_EMPTY(&gadget->queues[i].packets))
                        queue_drop(&gadget->queues[i]);
}

static bool is_to_stall(struct gadget *gadget, uint8_t endpoint)
{
        bool stalls = (gadget->to_stall & endpoint_mask(endpoint)) != 0;

        gadget->to_stall &= ~endpoint_mask(endpoint);
        return stalls;
}

static int on_bulk(struct emulated_device *device, uint8_t endpoint, uint8_t *data, size_t length)
{
        struct gadget *gadget = gadget_of(device);
        bool alt = (endpoint & USB_ENDPOINT_NUMBER_MASK) == GADGET_ALT_BULK_OUT;
        struct queue *queue = &gadget->queues[alt ? QUEUE_ALT_BULK : QUEUE_BULK];

        if (is_to_stall(gadget, endpoint))
                return EMULATED_STALL;
        return endpoint & USB_DIR_IN ? queue_take(queue, data, length, true)
                                     : queue_put(queue, data, length);
}

static int on_interrupt(struct emulated_device *device, uint8_t endpoint, uint8_t *data,
                        size_t length)
{
        struct gadget *gadget = gadget_of(device);

        if (is_to_stall(gadget, endpoint))
                return EMULATED_STALL;
        return endpoint & USB_DIR_IN
                       ? queue_take(&gadget->queues[QUEUE_INTERRUPT_IN], data, length, false)
                       : queue_put(&gadget->queues[QUEUE_INTERRUPT_OUT], data, length);
}

static int echo(struct gadget *gadget, bool in, uint8_t *data, size_t length)
{
        if (in) {
                size_t n = MIN(length, gadget->echo_size);

                memcpy(data, gadget->echo, n);
                return (int)n;
        }
        if (length > sizeof(gadget->echo))
                return EMULATED_STALL;
        memcpy(gadget->echo, data, length);
        gadget->echo_size = length;
        return (int)length;
}

static int on_control(struct emulated_device *device, const struct usb_ctrlrequest *setup,
                      uint8_t *data, size_t length)
{
        struct gadget *gadget = gadget_of(device);
        bool in = (setup->bRequestType & USB_DIR_IN) != 0;

        if ((setup->bRequestType & USB_TYPE_MASK) != USB_TYPE_VENDOR)
                return EMULATED_STALL;
        switch (setup->bRequest) {
        case GADGET_ECHO: return echo(gadget, in, data, length);
        case GADGET_HANG: return EMULATED_NAK;
        case GADGET_STALL:
                gadget->to_stall |= endpoint_mask((uint8_t)le16toh(setup->wIndex));
                return 0;
        case GADGET_INTERRUPT:
                if (in || length > GADGET_INTERRUPT_PACKET)
                        return EMULATED_STALL;
                return queue_put(&gadget->queues[QUEUE_INTERRUPT_IN], data, length);
        default: /* GADGET_REFUSE too */ return EMULATED_STALL;
        }
}

static void on_reset(struct emulated_device *device)
{
        struct gadget *gadget = gadget_of(device);

        clear_queues(gadget);
        gadget->to_stall = 0;
}

static void on_set_configuration(struct emulated_device *device, int configuration)
{
        on_reset(device);
}

static const char *driver(struct emulated_device *device,
                          const struct usb_interface_descriptor *interface)
{
        return "usbtest";
}

static const struct emulated_ops gadget_ops = {
        .control = on_control,
        .bulk = on_bulk,
        .interrupt = on_interrupt,
        .on_reset = on_reset,
        .on_set_configuration = on_set_configuration,
        .driver = driver,
};

int gadget_new(struct gadget **ret, const struct gadget_options *options)
{
        CLEANUP(gadget_freep) struct gadget *gadget = NULL;
        struct emulated_description description = {
                .port = options->port ? options->port : "1-1",
                .busnum = options->busnum ? options->busnum : 1,
                .devnum = options->devnum ? options->devnum : 2,
                .speed = USB_SPEED_HIGH,
                .device_descriptor = device_descriptor,
                .configurations = { configuration_1, configuration_2 },
                .strings = { NULL, "usbredir", "Emulated gadget",
                             options->serial ? options->serial : "EMULATED0002" },
                .ops = &gadget_ops,
        };
        int r;

        gadget = calloc(1, sizeof(*gadget));
        if (!gadget)
                return -ENOMEM;
        for (size_t i = 0; i < QUEUES; i++)
                STAILQ_INIT(&gadget->queues[i].packets);
        description.owner = gadget;
        r = emulated_device_new(&gadget->device, &description);
        if (r < 0)
                return r;
        *ret = TAKE(gadget);
        return 0;
}

struct gadget *gadget_free(struct gadget *gadget)
{
        if (!gadget)
                return NULL;
        clear_queues(gadget);
        emulated_device_free(gadget->device);
        free(gadget);
        return NULL;
}

struct emulated_device *gadget_device(struct gadget *gadget)
{
        return gadget->device;
}

int gadget_push_interrupt(struct gadget *gadget, const void *data, size_t size)
{
        int r;

        if (size > GADGET_INTERRUPT_PACKET)
                return -EMSGSIZE;
        emulated_lock(gadget->device);
        r = queue_put(&gadget->queues[QUEUE_INTERRUPT_IN], data, size);
        emulated_unlock(gadget->device);
        return r;
}

int gadget_take_interrupt(struct gadget *gadget, void *data, size_t size)
{
        int r;

        emulated_lock(gadget->device);
        r = queue_take(&gadget->queues[QUEUE_INTERRUPT_OUT], data, size, false);
        emulated_unlock(gadget->device);
        return r;
}

void gadget_stall(struct gadget *gadget, uint8_t endpoint)
{
        emulated_lock(gadget->device);
        gadget->to_stall |= endpoint_mask(endpoint);
        emulated_unlock(gadget->device);
}

size_t gadget_buffered(struct gadget *gadget, uint8_t out_endpoint)
{
        bool alt = out_endpoint == GADGET_ALT_BULK_OUT;
        size_t bytes;

        emulated_lock(gadget->device);
        bytes = gadget->queues[alt ? QUEUE_ALT_BULK : QUEUE_BULK].bytes;
        emulated_unlock(gadget->device);
        return bytes;
}
