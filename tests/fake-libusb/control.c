/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Endpoint 0: the standard requests a guest's operating system makes, and five vendor requests
 * (README.md). SET_ADDRESS, SET_CONFIGURATION and SET_INTERFACE are the host's business, not a
 * program's: they stall. Whatever is not known stalls, once, as on a real device.
 */
#include <endian.h>
#include <string.h>

#include "fake-libusb/fake.h"

#define STALL (-1)

enum vendor_request {
        VENDOR_PATTERN = 1, /* IN: wLength bytes of the pattern, from its start */
        VENDOR_WRITE,       /* OUT: kept for VENDOR_ECHO */
        VENDOR_ECHO,        /* IN: what VENDOR_WRITE wrote last */
        VENDOR_STALL,       /* both: stalls */
        VENDOR_NAK,         /* both: never completes */
};

struct request {
        uint8_t type;
        uint8_t request;
        uint16_t value;
        uint16_t index;
        uint16_t length;
        uint8_t *data;
};

static struct request request_of(const struct libusb_transfer *transfer)
{
        const uint8_t *setup = transfer->buffer;

        return (struct request){
                .type = setup[0],
                .request = setup[1],
                .value = (uint16_t)(setup[2] | (unsigned int)setup[3] << 8),
                .index = (uint16_t)(setup[4] | (unsigned int)setup[5] << 8),
                .length = (uint16_t)(setup[6] | (unsigned int)setup[7] << 8),
                .data = transfer->buffer + LIBUSB_CONTROL_SETUP_SIZE,
        };
}

bool control_never_answers(const struct libusb_transfer *transfer)
{
        struct request r = request_of(transfer);

        return (r.type & 0x60) == LIBUSB_REQUEST_TYPE_VENDOR && r.request == VENDOR_NAK;
}

static int answer(const struct request *r, const void *bytes, size_t length)
{
        length = MIN(length, (size_t)r->length);
        memcpy(r->data, bytes, length);
        return (int)length;
}

static int vendor_in(const struct request *r)
{
        switch (r->request) {
        case VENDOR_PATTERN: return answer(r, fake.pattern, r->length);
        case VENDOR_ECHO: return answer(r, fake.device.written, fake.device.n_written);
        default: return STALL;
        }
}

static int vendor_out(const struct request *r)
{
        if (r->request != VENDOR_WRITE)
                return STALL;
        memcpy(fake.device.written, r->data, r->length);
        fake.device.n_written = r->length;
        return r->length;
}

static int get_status(const struct request *r)
{
        const struct endpoint *endpoint;
        uint8_t status[2] = { 0 };

        if ((r->type & 0x1f) == LIBUSB_RECIPIENT_ENDPOINT) {
                endpoint = endpoint_find((uint8_t)r->index);
                if (!endpoint)
                        return STALL;
                status[0] = endpoint->halted;
        }
        return answer(r, status, sizeof(status));
}

static int get_descriptor(const struct request *r)
{
        size_t length;

        length = raw_descriptor(&fake.device.model, r->value, r->data, r->length);
        return length ? (int)MIN(length, (size_t)r->length) : STALL;
}

static int get_interface(const struct request *r)
{
        if (r->index >= INTERFACES_MAX || !device_has_interface(&fake.device, r->index))
                return STALL;
        return answer(r, &fake.device.alt[r->index], 1);
}

static int standard_in(const struct request *r)
{
        switch (r->request) {
        case LIBUSB_REQUEST_GET_STATUS: return get_status(r);
        case LIBUSB_REQUEST_GET_DESCRIPTOR: return get_descriptor(r);
        case LIBUSB_REQUEST_GET_CONFIGURATION: return answer(r, &fake.device.configuration, 1);
        case LIBUSB_REQUEST_GET_INTERFACE: return get_interface(r);
        default: return STALL;
        }
}

/* SET_FEATURE and CLEAR_FEATURE: halting an endpoint; other features are accepted in silence. */
static int standard_out(const struct request *r)
{
        struct endpoint *endpoint;

        if (r->request != LIBUSB_REQUEST_SET_FEATURE && r->request != LIBUSB_REQUEST_CLEAR_FEATURE)
                return STALL;
        if ((r->type & 0x1f) != LIBUSB_RECIPIENT_ENDPOINT || r->value)
                return 0;
        endpoint = endpoint_find((uint8_t)r->index);
        if (!endpoint)
                return STALL;
        if (endpoint->behaviour != BEHAVIOUR_CONTROL)
                endpoint->halted = r->request == LIBUSB_REQUEST_SET_FEATURE;
        return 0;
}

enum libusb_transfer_status control_complete(struct libusb_transfer *transfer)
{
        struct request r = request_of(transfer);
        bool in = r.type & LIBUSB_ENDPOINT_IN;
        int n = STALL;

        switch (r.type & 0x60) {
        case LIBUSB_REQUEST_TYPE_STANDARD: n = in ? standard_in(&r) : standard_out(&r); break;
        case LIBUSB_REQUEST_TYPE_VENDOR: n = in ? vendor_in(&r) : vendor_out(&r); break;
        default: break;
        }
        if (n < 0)
                return LIBUSB_TRANSFER_STALL;
        transfer->actual_length = n;
        if (in)
                fake.counters.bytes_in += (uint64_t)n;
        else
                fake.counters.bytes_out += (uint64_t)n;
        if (in && (transfer->flags & LIBUSB_TRANSFER_SHORT_NOT_OK) && n < r.length)
                return LIBUSB_TRANSFER_ERROR;
        return LIBUSB_TRANSFER_COMPLETED;
}
