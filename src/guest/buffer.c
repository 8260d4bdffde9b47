/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Free lists, last in first out, one for each power of two.
 */
#include "guest/buffer.h"

#include <stdlib.h>

#define CLASS_SIZE(class) ((size_t)1024 << (class))

struct usb_guest_buffer *usb_guest_buffer_new(struct usb_guest_buffers *home, size_t size)
{
        struct usb_guest_buffer *b;
        unsigned class = 0;

        while (class < USB_GUEST_BUFFER_CLASSES && CLASS_SIZE(class) < size)
                class ++;
        if (class == USB_GUEST_BUFFER_CLASSES)
                return NULL;

        b = home->idle[class];
        if (b) {
                home->idle[class] = b->next;
                home->idle_bytes -= CLASS_SIZE(class);
        } else {
                b = malloc(sizeof(*b) + CLASS_SIZE(class));
                if (!b)
                        return NULL;
        }

        b->home = home;
        b->next = NULL;
        b->references = 1;
        b->class = class;
        return b;
}

struct usb_guest_buffer *usb_guest_buffer_ref(struct usb_guest_buffer *b)
{
        b->references++;
        return b;
}

struct usb_guest_buffer *usb_guest_buffer_unref(struct usb_guest_buffer *b)
{
        struct usb_guest_buffers *home;

        if (!b || --b->references > 0)
                return NULL;

        home = b->home;
        if (home->idle_bytes + CLASS_SIZE(b->class) > USB_GUEST_IDLE_MAX) {
                free(b);
                return NULL;
        }

        b->next = home->idle[b->class];
        home->idle[b->class] = b;
        home->idle_bytes += CLASS_SIZE(b->class);
        return NULL;
}

void usb_guest_buffers_clear(struct usb_guest_buffers *home)
{
        for (unsigned class = 0; class < USB_GUEST_BUFFER_CLASSES; class ++) {
                while (home->idle[class]) {
                        struct usb_guest_buffer *b = home->idle[class];

                        home->idle[class] = b->next;
                        free(b);
                }
        }
        home->idle_bytes = 0;
}
