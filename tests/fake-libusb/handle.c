/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices and handles: finding the one device, opening it, giving it back; the memory and the
 * streams that belong to a handle. The context's descriptor for completions is made with the
 * context, because a session opens its handle inside its sandbox; the program is told of it as if
 * it came and went with the handle.
 */
#include <poll.h>
#include <stdlib.h>

#include "fake-libusb/fake.h"

ssize_t libusb_get_device_list(libusb_context *context, libusb_device ***ret_list)
{
        libusb_device **list;
        ssize_t n = 0;
        int r;

        context = context_get(context);
        fake_lock();
        r = fault_check(FUNCTION_get_device_list);
        fake_unlock();
        if (r)
                return r;
        list = calloc(2, sizeof(*list));
        if (!list)
                return LIBUSB_ERROR_NO_MEM;
        if (context->discovery && !fake.device.gone)
                list[n++] = libusb_ref_device(&context->device);
        *ret_list = list;
        return n;
}

void libusb_free_device_list(libusb_device **list, int unref_devices)
{
        for (size_t i = 0; list && unref_devices && list[i]; i++)
                libusb_unref_device(list[i]);
        free(list);
}

libusb_device *libusb_ref_device(libusb_device *device)
{
        fake_lock();
        device->references++;
        fake_unlock();
        return device;
}

void libusb_unref_device(libusb_device *device)
{
        if (!device)
                return;
        fake_lock();
        if (--device->references < 0)
                misuse(device->context, "a device is unreferenced too often");
        fake_unlock();
}

/* Called and left with the lock held; the program hears of the descriptor without it. */
static int handle_new(struct libusb_device *device, struct libusb_device_handle **ret_handle)
{
        struct libusb_context *context = device->context;
        struct libusb_device_handle *handle;

        if (fake.device.gone)
                return LIBUSB_ERROR_NO_DEVICE;
        handle = calloc(1, sizeof(*handle));
        if (!handle)
                return LIBUSB_ERROR_NO_MEM;
        handle->device = device;
        device->references++;
        fake.counters.open_handles++;
        *ret_handle = handle;
        if (context->handles++ == 0 && context->fd_added) {
                fake_unlock();
                context->fd_added(context->device_fd, POLLIN, context->fd_user_data);
                fake_lock();
        }
        return 0;
}

int libusb_open(libusb_device *device, libusb_device_handle **ret_handle)
{
        int r;

        fake_lock();
        r = fault_check(FUNCTION_open);
        if (!r)
                r = handle_new(device, ret_handle);
        fake_unlock();
        return r;
}

int libusb_wrap_sys_device(libusb_context *context, intptr_t fd, libusb_device_handle **ret_handle)
{
        int r;

        context = context_get(context);
        fake_lock();
        r = fault_check(FUNCTION_wrap_sys_device);
        if (!r)
                r = handle_new(&context->wrapped, ret_handle);
        fake_unlock();
        return r;
}

libusb_device_handle *libusb_open_device_with_vid_pid(libusb_context *context, uint16_t vendor,
                                                      uint16_t product)
{
        libusb_device_handle *handle;

        context = context_get(context);
        if (!context->discovery || fake.options.id != ((uint64_t)vendor << 16 | product))
                return NULL;
        return libusb_open(&context->device, &handle) ? NULL : handle;
}

/* What is still submitted with the handle will never be called back. */
static void drop_transfers(struct transfers *list, const struct libusb_device_handle *handle)
{
        struct transfer *transfer, *next;

        for (transfer = TAILQ_FIRST(&list->head); transfer; transfer = next) {
                next = TAILQ_NEXT(transfer, link);
                if (transfer->public.dev_handle != handle)
                        continue;
                misuse(handle->device->context, "closed with a submitted transfer");
                fake.bytes_in_flight -= (uint64_t)transfer->public.length;
                transfer_move(transfer, NULL);
        }
}

static void tell_closed(struct libusb_context *context)
{
        if (!context->fd_removed || context->disconnect_told)
                return;
        fake_unlock();
        context->fd_removed(context->device_fd, context->fd_user_data);
        fake_lock();
}

void libusb_close(libusb_device_handle *handle)
{
        struct libusb_context *context;

        if (!handle)
                return;
        context = handle->device->context;
        fake_lock();
        drop_transfers(&context->ready, handle);
        drop_transfers(&context->waiting, handle);
        drop_transfers(&context->naked, handle);
        /* The kernel releases the claims and binds no driver. */
        for (uint8_t i = 0; i < INTERFACES_MAX; i++) {
                if (fake.device.claimed[i] != handle)
                        continue;
                fake.device.claimed[i] = NULL;
                device_set_alt(&fake.device, i, 0);
        }
        handle->device->references--;
        fake.counters.open_handles--;
        events_quiet(context);
        if (--context->handles == 0)
                tell_closed(context);
        fake_unlock();
        free(handle);
}

libusb_device *libusb_get_device(libusb_device_handle *handle)
{
        return handle->device;
}

libusb_device *libusb_get_parent(libusb_device *device)
{
        return NULL;
}

uint8_t libusb_get_bus_number(libusb_device *device)
{
        return device->wrapped ? 0 : (uint8_t)fake.options.bus;
}

uint8_t libusb_get_device_address(libusb_device *device)
{
        return (uint8_t)fake.options.address;
}

uint8_t libusb_get_port_number(libusb_device *device)
{
        return device->wrapped ? 0 : 1;
}

int libusb_get_port_numbers(libusb_device *device, uint8_t *ports, int size)
{
        if (size <= 0)
                return LIBUSB_ERROR_INVALID_PARAM;
        if (device->wrapped)
                return 0;
        ports[0] = 1;
        return 1;
}

int libusb_get_device_speed(libusb_device *device)
{
        return (int)fake.options.speed;
}

/*
 * As many streams as there are, if the bus has them, and all endpoints are bulk ones of one
 * interface that have none yet; or that have some, to be freed.
 */
static int streams_set(enum function function, uint32_t streams, const unsigned char *addresses,
                       int n_addresses)
{
        struct endpoint *endpoint;
        int r;

        r = fault_check(function);
        if (r)
                return r;
        if (fake.device.gone)
                return LIBUSB_ERROR_NO_DEVICE;
        if (fake.options.speed < LIBUSB_SPEED_SUPER || n_addresses <= 0)
                return LIBUSB_ERROR_INVALID_PARAM;
        streams = (uint32_t)MIN((uint64_t)streams, fake.options.streams);
        for (int i = 0; i < n_addresses; i++) {
                endpoint = endpoint_find(addresses[i]);
                if (!endpoint || endpoint->type != LIBUSB_ENDPOINT_TRANSFER_TYPE_BULK ||
                    endpoint->interface != endpoint_find(addresses[0])->interface ||
                    !endpoint->streams == !streams)
                        return LIBUSB_ERROR_INVALID_PARAM;
        }
        for (int i = 0; i < n_addresses; i++)
                endpoint_find(addresses[i])->streams = streams;
        return (int)streams;
}

int libusb_alloc_streams(libusb_device_handle *handle, uint32_t streams, unsigned char *addresses,
                         int n_addresses)
{
        int r;

        if (streams < 2 || !addresses)
                return LIBUSB_ERROR_INVALID_PARAM;
        fake_lock();
        r = streams_set(FUNCTION_alloc_streams, streams, addresses, n_addresses);
        fake_unlock();
        return r;
}

int libusb_free_streams(libusb_device_handle *handle, unsigned char *addresses, int n_addresses)
{
        int r;

        if (!addresses)
                return LIBUSB_ERROR_INVALID_PARAM;
        fake_lock();
        r = streams_set(FUNCTION_free_streams, 0, addresses, n_addresses);
        fake_unlock();
        return r;
}

unsigned char *libusb_dev_mem_alloc(libusb_device_handle *handle, size_t length)
{
        unsigned char *memory = NULL;

        fake_lock();
        if (!fault_check(FUNCTION_dev_mem_alloc) && !fake.device.gone)
                memory = calloc(1, length);
        fake.counters.leaked_memory += !!memory;
        fake_unlock();
        return memory;
}

int libusb_dev_mem_free(libusb_device_handle *handle, unsigned char *memory, size_t length)
{
        if (!memory)
                return LIBUSB_ERROR_OTHER;
        fake_lock();
        fake.counters.leaked_memory--;
        fake_unlock();
        free(memory);
        return 0;
}
