/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * umockdev resolves a pointer inside the client's memory into a local copy and writes back what
 * differs when the ioctl is completed. The view of a submitted usbdevfs_urb is kept until the URB
 * is reaped: it knows the URB's address, and writes status and length there.
 */
#include <endian.h>
#include <string.h>

#include "emulated/descriptor.h"
#include "emulated/urb.h"
#include "emulated/usbfs-ioctl.h"

static void data_unrefp(UMockdevIoctlData **data)
{
        g_clear_object(data);
}

/* What the argument points to, as the type it has. */
#define AS(type, resolved) ((type *)(void *)((resolved)->data))

static int run_GET_CAPABILITIES(struct emulated_client *client, UMockdevIoctlData *data)
{
        *AS(uint32_t, data) = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
                              USBDEVFS_CAP_BULK_SCATTER_GATHER | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
        return 0;
}

static int run_GET_SPEED(struct emulated_client *client, UMockdevIoctlData *data)
{
        return (int)client->device->description.speed;
}

static int run_CONNECTINFO(struct emulated_client *client, UMockdevIoctlData *data)
{
        *AS(struct usbdevfs_connectinfo, data) = (struct usbdevfs_connectinfo){
                .devnum = client->device->description.devnum,
                .slow = client->device->description.speed == USB_SPEED_LOW,
        };
        return 0;
}

static int run_CLAIMINTERFACE(struct emulated_client *client, UMockdevIoctlData *data)
{
        return kernel_claim(client, *AS(unsigned, data));
}

static int run_RELEASEINTERFACE(struct emulated_client *client, UMockdevIoctlData *data)
{
        return kernel_release(client, *AS(unsigned, data));
}

static int run_GETDRIVER(struct emulated_client *client, UMockdevIoctlData *data)
{
        struct usbdevfs_getdriver *request = AS(struct usbdevfs_getdriver, data);
        const char *driver = kernel_driver(client->device, request->interface);

        if (!driver)
                return -ENODATA;
        snprintf(request->driver, sizeof(request->driver), "%s", driver);
        return 0;
}

static int run_IOCTL(struct emulated_client *client, UMockdevIoctlData *data)
{
        const struct usbdevfs_ioctl *request = AS(struct usbdevfs_ioctl, data);
        struct emulated_device *device = client->device;
        int r;

        if (!device->configuration)
                return -EHOSTUNREACH;
        switch ((unsigned)request->ioctl_code) {
        case USBDEVFS_DISCONNECT:
                r = fault_count(device, CALL_DISCONNECT, 0);
                return r < 0 ? r : kernel_disconnect(device, (unsigned)request->ifno);
        case USBDEVFS_CONNECT:
                r = fault_count(device, CALL_CONNECT, 0);
                return r < 0 ? r : kernel_connect(device, (unsigned)request->ifno);
        default: return -ENOTTY;
        }
}

static int run_DISCONNECT_CLAIM(struct emulated_client *client, UMockdevIoctlData *data)
{
        return kernel_disconnect_claim(client, AS(struct usbdevfs_disconnect_claim, data));
}

static int run_SETCONFIGURATION(struct emulated_client *client, UMockdevIoctlData *data)
{
        return kernel_set_configuration(client->device, *AS(int, data));
}

static int run_SETINTERFACE(struct emulated_client *client, UMockdevIoctlData *data)
{
        const struct usbdevfs_setinterface *request = AS(struct usbdevfs_setinterface, data);

        return kernel_set_interface(client, request->interface, request->altsetting);
}

static int run_RESET(struct emulated_client *client, UMockdevIoctlData *data)
{
        return kernel_reset(client->device);
}

static int run_CLEAR_HALT(struct emulated_client *client, UMockdevIoctlData *data)
{
        return kernel_clear_halt(client, *AS(unsigned, data));
}

/* Synchronous. A request that the device would keep waiting times out at once. */
static int run_CONTROL(struct emulated_client *client, UMockdevIoctlData *data)
{
        const struct usbdevfs_ctrltransfer *request = AS(struct usbdevfs_ctrltransfer, data);
        struct usb_ctrlrequest setup = {
                .bRequestType = request->bRequestType,
                .bRequest = request->bRequest,
                .wValue = htole16(request->wValue),
                .wIndex = htole16(request->wIndex),
                .wLength = htole16(request->wLength),
        };
        CLEANUP(data_unrefp) UMockdevIoctlData *buffer = NULL;
        int r;

        r = kernel_check_control(client, &setup);
        if (r < 0)
                return r;
        if (request->wLength > 0) {
                buffer = umockdev_ioctl_data_resolve(
                        data, offsetof(struct usbdevfs_ctrltransfer, data), request->wLength, NULL);
                if (!buffer)
                        return -EFAULT;
        }
        r = urb_control(client->device, &setup, buffer ? buffer->data : NULL, request->wLength);
        return r == EMULATED_NAK ? -ETIMEDOUT : r;
}

/* Copies what the client sends. Of an IN transfer nothing is read before it is reaped. */
static int load_urb(struct emulated_urb *urb, UMockdevIoctlData *data)
{
        const size_t setup_size = sizeof(urb->setup);
        CLEANUP(data_unrefp) UMockdevIoctlData *buffer = NULL;
        bool control = urb->type == USBDEVFS_URB_TYPE_CONTROL;
        size_t size = urb->length + (control ? setup_size : 0);

        if (!control && (size == 0 || urb->endpoint & USB_DIR_IN))
                return 0;
        buffer = umockdev_ioctl_data_resolve(data, offsetof(struct usbdevfs_urb, buffer), size,
                                             NULL);
        if (!buffer)
                return -EFAULT;
        if (!control) {
                memcpy(urb->data, buffer->data, size);
                return 0;
        }
        memcpy(&urb->setup, buffer->data, setup_size);
        if (le16toh(urb->setup.wLength) > urb->length)
                return -EINVAL;
        urb->length = le16toh(urb->setup.wLength);
        memcpy(urb->data, buffer->data + setup_size, urb->length);
        return 0;
}

static int run_SUBMITURB(struct emulated_client *client, UMockdevIoctlData *data)
{
        const struct usbdevfs_urb *request = AS(struct usbdevfs_urb, data);
        CLEANUP(urb_freep) struct emulated_urb *urb = NULL;
        size_t size = (size_t)request->buffer_length;
        int r;

        if (request->type == USBDEVFS_URB_TYPE_ISO || request->buffer_length < 0 ||
            (request->buffer_length > 0 && !request->buffer))
                return -EINVAL;
        if (request->type == USBDEVFS_URB_TYPE_CONTROL) {
                if (size < sizeof(struct usb_ctrlrequest))
                        return -EINVAL;
                size -= sizeof(struct usb_ctrlrequest);
        }
        urb = urb_new(client, size);
        if (!urb)
                return -ENOMEM;
        urb->address = data->client_addr;
        urb->type = request->type;
        urb->endpoint = request->endpoint;
        r = load_urb(urb, data);
        if (r == 0)
                r = urb_submit(urb);
        if (r < 0)
                return r;
        urb->memory = g_object_ref(data);
        urb = NULL; /* in flight now */
        return 0;
}

static int run_DISCARDURB(struct emulated_client *client, UMockdevIoctlData *data)
{
        return urb_discard(client, *AS(unsigned long, data));
}

/* Writes what was received. */
static int store_data(struct emulated_urb *urb)
{
        CLEANUP(data_unrefp) UMockdevIoctlData *buffer = NULL;
        bool control = urb->type == USBDEVFS_URB_TYPE_CONTROL;
        bool in = ((control ? urb->setup.bRequestType : urb->endpoint) & USB_DIR_IN) != 0;
        size_t offset = control ? sizeof(urb->setup) : 0;

        if (!in || urb->actual == 0)
                return 0;
        buffer = umockdev_ioctl_data_resolve(urb->memory, offsetof(struct usbdevfs_urb, buffer),
                                             offset + urb->actual, NULL);
        if (!buffer)
                return -EFAULT;
        memcpy(buffer->data + offset, urb->data, urb->actual);
        return 0;
}

int usbfs_reap(struct emulated_client *client, UMockdevIoctlData *argument, int if_none)
{
        CLEANUP(urb_freep) struct emulated_urb *urb = urb_reap(client);
        CLEANUP(data_unrefp) UMockdevIoctlData *pointer = NULL;
        CLEANUP(data_unrefp) UMockdevIoctlData *memory = NULL;
        struct usbdevfs_urb *request;
        int r;

        if (!urb)
                return client->device->plugged ? if_none : -ENODEV;
        memory = urb->memory;
        r = store_data(urb);
        if (r < 0)
                return r;
        request = AS(struct usbdevfs_urb, memory);
        request->status = urb->status;
        request->actual_length = (int)urb->actual;
        pointer = umockdev_ioctl_data_resolve(argument, 0, sizeof(void *), NULL);
        if (!pointer || !umockdev_ioctl_data_set_ptr(pointer, 0, memory))
                return -EFAULT;
        return 0;
}

/* The argument is the pointer's address; usbfs_reap() resolves it itself. */
static int run_REAPURB(struct emulated_client *client, UMockdevIoctlData *argument)
{
        return usbfs_reap(client, argument, USBFS_WAIT);
}

static int run_REAPURBNDELAY(struct emulated_client *client, UMockdevIoctlData *argument)
{
        return usbfs_reap(client, argument, -EAGAIN);
}

static int run_ALLOC_STREAMS(struct emulated_client *client, UMockdevIoctlData *data)
{
        return -ENOTTY;
}

static int run_FREE_STREAMS(struct emulated_client *client, UMockdevIoctlData *data)
{
        return -ENOTTY;
}

void usbfs_drop_memory(struct emulated_client *client)
{
        struct emulated_urb *urb;

        TAILQ_FOREACH(urb, &client->completed, link)
        g_clear_object(&urb->memory);
        TAILQ_FOREACH(urb, &client->device->in_flight, link)
        if (urb->client == client)
                g_clear_object(&urb->memory);
}

int usbfs_read(struct emulated_client *client, uint8_t *buffer, size_t size)
{
        const struct emulated_description *description = &client->device->description;
        size_t start = 0, done = 0;

        for (size_t i = 0; i <= EMULATED_CONFIGURATIONS_MAX && done < size; i++) {
                const uint8_t *part = i == 0 ? description->device_descriptor
                                             : description->configurations[i - 1];
                size_t length, from;

                if (!part)
                        continue;
                length = i == 0 ? USB_DT_DEVICE_SIZE : descriptor_total_length(part);
                from = client->read_offset + done;
                if (from < start + length) {
                        size_t n = MIN(start + length - from, size - done);

                        memcpy(buffer + done, part + (from - start), n);
                        done += n;
                }
                start += length;
        }
        client->read_offset += done;
        return (int)done;
}

#define IOCTL(name, bytes)                                                                         \
        {                                                                                          \
                USBDEVFS_##name, CALL_##name, bytes, false, run_##name                             \
        }

static const struct usbfs_ioctl ioctls[] = {
        IOCTL(GET_CAPABILITIES, sizeof(uint32_t)),
        IOCTL(GET_SPEED, 0),
        IOCTL(CONNECTINFO, sizeof(struct usbdevfs_connectinfo)),
        IOCTL(CLAIMINTERFACE, sizeof(unsigned)),
        IOCTL(RELEASEINTERFACE, sizeof(unsigned)),
        IOCTL(GETDRIVER, sizeof(struct usbdevfs_getdriver)),
        IOCTL(IOCTL, sizeof(struct usbdevfs_ioctl)),
        IOCTL(DISCONNECT_CLAIM, sizeof(struct usbdevfs_disconnect_claim)),
        IOCTL(SETCONFIGURATION, sizeof(unsigned)),
        IOCTL(SETINTERFACE, sizeof(struct usbdevfs_setinterface)),
        IOCTL(RESET, 0),
        IOCTL(CLEAR_HALT, sizeof(unsigned)),
        IOCTL(CONTROL, sizeof(struct usbdevfs_ctrltransfer)),
        IOCTL(SUBMITURB, sizeof(struct usbdevfs_urb)),
        IOCTL(DISCARDURB, 0),
        IOCTL(ALLOC_STREAMS, sizeof(struct usbdevfs_streams)),
        IOCTL(FREE_STREAMS, sizeof(struct usbdevfs_streams)),
        { USBDEVFS_REAPURB, CALL_REAPURB, 0, true, run_REAPURB },
        { USBDEVFS_REAPURBNDELAY, CALL_REAPURBNDELAY, 0, true, run_REAPURBNDELAY },
};

const struct usbfs_ioctl *usbfs_find_ioctl(unsigned long request)
{
        for (size_t i = 0; i < ELEMENTS(ioctls); i++)
                if ((unsigned)ioctls[i].request == (unsigned)request)
                        return &ioctls[i];
        return NULL;
}
