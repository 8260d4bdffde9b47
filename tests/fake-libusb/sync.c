/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers that wait, made of those that do not. They run event rounds meanwhile, so they are
 * BUSY inside a callback, as libusb's.
 */
#include <stdlib.h>
#include <string.h>

#include "fake-libusb/fake.h"

static void on_sync_done(struct libusb_transfer *transfer)
{
        *(int *)transfer->user_data = 1;
}

static int error_of(enum libusb_transfer_status status)
{
        switch (status) {
        case LIBUSB_TRANSFER_COMPLETED: return 0;
        case LIBUSB_TRANSFER_TIMED_OUT: return LIBUSB_ERROR_TIMEOUT;
        case LIBUSB_TRANSFER_STALL: return LIBUSB_ERROR_PIPE;
        case LIBUSB_TRANSFER_NO_DEVICE: return LIBUSB_ERROR_NO_DEVICE;
        case LIBUSB_TRANSFER_OVERFLOW: return LIBUSB_ERROR_OVERFLOW;
        case LIBUSB_TRANSFER_ERROR:
        case LIBUSB_TRANSFER_CANCELLED: return LIBUSB_ERROR_IO;
        }
        return LIBUSB_ERROR_OTHER;
}

/* Frees the transfer (not its buffer). */
static int run(struct libusb_transfer *transfer, int *done, int *ret_actual_length)
{
        struct libusb_context *context = transfer->dev_handle->device->context;
        int r;

        r = libusb_submit_transfer(transfer);
        while (!r && !*done) {
                r = libusb_handle_events_completed(context, done);
                if (r == LIBUSB_ERROR_INTERRUPTED)
                        r = 0;
        }
        if (!r) {
                *ret_actual_length = transfer->actual_length;
                r = error_of(transfer->status);
        }
        libusb_free_transfer(transfer);
        return r;
}

int libusb_control_transfer(libusb_device_handle *handle, uint8_t request_type, uint8_t request,
                            uint16_t value, uint16_t index, unsigned char *data, uint16_t length,
                            unsigned int timeout)
{
        struct libusb_transfer *transfer;
        unsigned char *buffer;
        int done = 0, actual = 0, r;

        if (events_here(handle->device->context))
                return LIBUSB_ERROR_BUSY;
        transfer = libusb_alloc_transfer(0);
        buffer = calloc(1, LIBUSB_CONTROL_SETUP_SIZE + length);
        if (!transfer || !buffer) {
                libusb_free_transfer(transfer);
                free(buffer);
                return LIBUSB_ERROR_NO_MEM;
        }
        libusb_fill_control_setup(buffer, request_type, request, value, index, length);
        if (length && !(request_type & LIBUSB_ENDPOINT_IN))
                memcpy(buffer + LIBUSB_CONTROL_SETUP_SIZE, data, length);
        libusb_fill_control_transfer(transfer, handle, buffer, on_sync_done, &done, timeout);
        r = run(transfer, &done, &actual);
        if (!r && actual && (request_type & LIBUSB_ENDPOINT_IN))
                memcpy(data, buffer + LIBUSB_CONTROL_SETUP_SIZE, (size_t)actual);
        free(buffer);
        return r ? r : actual;
}

static int data_transfer(libusb_device_handle *handle, uint8_t type, unsigned char endpoint,
                         unsigned char *data, int length, int *ret_actual_length,
                         unsigned int timeout)
{
        struct libusb_transfer *transfer;
        int done = 0, actual = 0, r;

        if (events_here(handle->device->context))
                return LIBUSB_ERROR_BUSY;
        transfer = libusb_alloc_transfer(0);
        if (!transfer)
                return LIBUSB_ERROR_NO_MEM;
        libusb_fill_bulk_transfer(transfer, handle, endpoint, data, length, on_sync_done, &done,
                                  timeout);
        transfer->type = type;
        r = run(transfer, &done, &actual);
        if (ret_actual_length)
                *ret_actual_length = actual;
        return r;
}

int libusb_bulk_transfer(libusb_device_handle *handle, unsigned char endpoint, unsigned char *data,
                         int length, int *ret_actual_length, unsigned int timeout)
{
        return data_transfer(handle, LIBUSB_TRANSFER_TYPE_BULK, endpoint, data, length,
                             ret_actual_length, timeout);
}

int libusb_interrupt_transfer(libusb_device_handle *handle, unsigned char endpoint,
                              unsigned char *data, int length, int *ret_actual_length,
                              unsigned int timeout)
{
        return data_transfer(handle, LIBUSB_TRANSFER_TYPE_INTERRUPT, endpoint, data, length,
                             ret_actual_length, timeout);
}

int libusb_get_string_descriptor_ascii(libusb_device_handle *handle, uint8_t index,
                                       unsigned char *data, int size)
{
        unsigned char raw[255];
        int n, length = 0;

        if (!index || size <= 0)
                return LIBUSB_ERROR_INVALID_PARAM;
        n = libusb_get_string_descriptor(handle, index, 0x0409, raw, sizeof(raw));
        if (n < 0)
                return n;
        for (int at = 2; at + 1 < n && length < size - 1; at += 2)
                data[length++] = raw[at + 1] || raw[at] > 0x7f ? '?' : raw[at];
        data[length] = '\0';
        return length;
}
