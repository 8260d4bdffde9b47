/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Free lists, last in first out, one for each size class, isochronous transfers apart; the class of
 * a buffer is told by its capacity. A buffer has headroom for the eight bytes of a control
 * transfer's setup, so that the data of every transfer stands at the same place, aligned for
 * anything. One that is mapped has none, and is of a class beyond the longest control transfer.
 */
#include "usb/pool.h"

#include <stdlib.h>
#include <utlist.h>

#include "usb/transfer.h"
#include "util/macro.h"

#define HEADROOM 64 /* LIBUSB_CONTROL_SETUP_SIZE, up to a cache line */

static const size_t class_sizes[USB_POOL_CLASSES] = {
        512, 4096, 16384, 65536, 262144, 1048576,
};

/*
 * From here on what is not copied is worth more than what a mapping costs. Only where devices share
 * the processors' caches: elsewhere the memory may be mapped without them, and be slow to read.
 */
#if defined(__x86_64__)
#define MAPPED_MIN 262144
#else
#define MAPPED_MIN SIZE_MAX
#endif

static size_t class_of(size_t size)
{
        size_t class = 0;

        while (class < USB_POOL_CLASSES && class_sizes[class] < size)
                class ++;

        return class;
}

static void transfer_destroy(struct usb_pool *pool, struct usb_transfer *t)
{
        libusb_free_transfer(t->libusb);
        if (t->is_mapped) {
                libusb_dev_mem_free(pool->handle, t->data, t->capacity);
                pool->mapped -= t->capacity;
        } else if (t->data) {
                free(t->data - HEADROOM);
        }
        free(t);
}

/* What cannot be mapped comes from the heap. */
static void buffer_create(struct usb_pool *pool, struct usb_transfer *t)
{
        uint8_t *memory;

        if (pool->handle && class_of(t->capacity) < USB_POOL_CLASSES && t->capacity >= MAPPED_MIN &&
            pool->mapped + t->capacity <= pool->mapped_max) {
                t->data = libusb_dev_mem_alloc(pool->handle, t->capacity);
                if (t->data) {
                        t->is_mapped = true;
                        pool->mapped += t->capacity;
                        return;
                }
        }

        memory = malloc(HEADROOM + t->capacity);
        t->data = memory ? memory + HEADROOM : NULL;
}

static struct usb_transfer *transfer_create(struct usb_pool *pool, size_t capacity, bool is_iso)
{
        struct usb_transfer *t;

        t = calloc(1, sizeof(*t));
        if (!t)
                return NULL;

        t->capacity = capacity;
        t->is_iso = is_iso;
        buffer_create(pool, t);
        t->libusb = libusb_alloc_transfer(is_iso ? USB_POOL_PACKETS : 0);
        if (!t->data || !t->libusb) {
                transfer_destroy(pool, t);
                return NULL;
        }

        return t;
}

struct usb_transfer *usb_pool_get(struct usb_pool *pool, size_t size, bool is_iso)
{
        size_t class = class_of(size);
        size_t capacity = class < USB_POOL_CLASSES ? class_sizes[class] : size;
        struct usb_transfer *t;

        if (pool->transfers >= USB_POOL_TRANSFERS_MAX || capacity > USB_POOL_BYTES_MAX ||
            pool->bytes > USB_POOL_BYTES_MAX - capacity)
                return NULL;

        t = class < USB_POOL_CLASSES ? pool->idle[is_iso][class] : NULL;
        if (t) {
                LL_DELETE(pool->idle[is_iso][class], t);
                pool->idle_bytes -= capacity;
        } else {
                t = transfer_create(pool, capacity, is_iso);
                if (!t)
                        return NULL;
        }

        pool->transfers++;
        pool->bytes += capacity;
        return t;
}

void usb_pool_put(struct usb_pool *pool, struct usb_transfer *transfer)
{
        size_t class = class_of(transfer->capacity);

        pool->transfers--;
        pool->bytes -= transfer->capacity;

        if (class == USB_POOL_CLASSES ||
            pool->idle_bytes + transfer->capacity > USB_POOL_IDLE_MAX) {
                transfer_destroy(pool, transfer);
                return;
        }

        LL_PREPEND(pool->idle[transfer->is_iso][class], transfer);
        pool->idle_bytes += transfer->capacity;
}

static void destroy_idle(struct usb_pool *pool, bool only_mapped)
{
        for (size_t i = 0; i < 2 * USB_POOL_CLASSES; i++) {
                struct usb_transfer **head = &pool->idle[i % 2][i / 2], *t, *next;

                LL_FOREACH_SAFE (*head, t, next) {
                        if (only_mapped && !t->is_mapped)
                                continue;
                        LL_DELETE(*head, t);
                        pool->idle_bytes -= t->capacity;
                        transfer_destroy(pool, t);
                }
        }
}

bool usb_pool_unmap_idle(struct usb_pool *pool)
{
        size_t before = pool->mapped;

        destroy_idle(pool, true);
        return pool->mapped < before;
}

void usb_pool_clear(struct usb_pool *pool)
{
        destroy_idle(pool, false);
        *pool = (struct usb_pool){ 0 };
}
