#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A usb-guest on one end of a socket pair, and the test as its host: a link on the other end reads
 * what the guest sends, and the test writes packets of its choice. Include after cmocka.h.
 */
#include "guest/guest.h"
#include "unit/link-bed.h"
#include "util/cleanup.h"

struct usbguest_bed {
        struct link_bed *host;
        struct usb_guest *guest;

        /* What came up. */
        int connects, disconnects, ends, stops;
        enum link_end end;
        size_t n_data;
        struct packet data;
        uint8_t bytes[256]; /* of its payload, the first */
        struct usb_guest_buffer *kept;
        bool keeps; /* owners of payloads */
        size_t n_answers;
        struct usb_guest_answer
                answer; /* the last; its pointers tell only whether they were NULL */
        uint8_t first_byte;
        void (*on_answer)(struct usbguest_bed *bed);
};

static inline void on_guest_connect(void *userdata)
{
        ((struct usbguest_bed *)userdata)->connects++;
}

static inline void on_guest_disconnect(void *userdata)
{
        ((struct usbguest_bed *)userdata)->disconnects++;
}

static inline void on_guest_data(void *userdata, struct parsed *parsed)
{
        struct usbguest_bed *bed = userdata;

        bed->n_data++;
        bed->data = *parsed->packet;
        if (parsed->payload)
                memcpy(bed->bytes, parsed->payload, MIN(sizeof(bed->bytes), parsed->payload_size));
        if (bed->keeps)
                bed->kept = TAKE(parsed->owner);
}

static inline void on_guest_stream(void *userdata, const struct packet *packet)
{
        ((struct usbguest_bed *)userdata)->stops++;
}

static inline void on_guest_end(void *userdata, enum link_end end, int detail)
{
        struct usbguest_bed *bed = userdata;

        bed->ends++;
        bed->end = end;
}

static inline void on_guest_answer(void *userdata, const struct usb_guest_answer *answer)
{
        struct usbguest_bed *bed = userdata;

        bed->n_answers++;
        bed->answer = *answer;
        if (answer->size > 0)
                bed->first_byte = answer->data[0];
        if (bed->on_answer)
                bed->on_answer(bed);
}

static inline struct usbguest_bed *usbguest_bed_new(const char *filter)
{
        static const struct usb_guest_events events = { .on_connect = on_guest_connect,
                                                        .on_disconnect = on_guest_disconnect,
                                                        .on_data = on_guest_data,
                                                        .on_stream = on_guest_stream,
                                                        .on_end = on_guest_end };
        struct usb_guest_config config = { .version = "unit", .caps = CAP_ALL, .filter = filter };
        struct usbguest_bed *bed = calloc(1, sizeof(*bed));

        assert_non_null(bed);
        bed->host = link_bed_new(AF_UNIX);
        assert_int_equal(usb_guest_new(&bed->guest, bed->host->base, bed->host->guest, &config,
                                       &events, bed),
                         0);
        bed->host->guest = -1; /* is the guest's now */
        return bed;
}

static inline void usbguest_bed_free(struct usbguest_bed *bed)
{
        usb_guest_buffer_unref(bed->kept);
        usb_guest_free(bed->guest);
        link_bed_free(bed->host);
        free(bed);
}

/* Writes bytes behind what the host's link has written. */
static inline void host_write(struct usbguest_bed *bed, const uint8_t *bytes, size_t size)
{
        while (size > 0) {
                ssize_t n = -1;

                RUN_UNTIL(bed->host->base,
                          (n = send(bed->host->own, bytes, size, MSG_NOSIGNAL)) > 0);
                bytes += n;
                size -= (size_t)n;
        }
        run_ready(bed->host->base);
}

/* Whatever packet, with a payload of that many bytes of that value. */
static inline void host_send(struct usbguest_bed *bed, const struct packet *packet, uint8_t value,
                             size_t size)
{
        uint8_t *bytes = malloc(PACKET_PREFIX_MAX + size);
        size_t prefix;

        assert_non_null(bytes);
        prefix = packet_put(bytes, packet, size, BED_CAPS);
        memset(bytes + prefix, value, size);
        host_write(bed, bytes, prefix + size);
        free(bytes);
}

static inline void host_send_bare(struct usbguest_bed *bed, enum packet_type type)
{
        struct packet packet = { .type = type };

        host_send(bed, &packet, 0, 0);
}

/* Hellos are through, and there is a device. */
static inline struct usbguest_bed *usbguest_bed_new_up(void)
{
        struct usbguest_bed *bed = usbguest_bed_new(NULL);

        RUN_UNTIL(bed->host->base, bed->host->n_packets == 1);
        host_send_bare(bed, PACKET_device_connect);
        RUN_UNTIL(bed->host->base, bed->connects == 1);
        return bed;
}

/* A bulk IN transfer of that length; its id. */
static inline uint64_t guest_asks(struct usbguest_bed *bed, uint32_t length)
{
        struct packet packet = bulk(0x81, 0, length);
        uint64_t id;

        assert_int_equal(usb_guest_request(bed->guest, &packet, NULL, on_guest_answer, bed, &id),
                         0);
        return id;
}

/* Its answer, with so many bytes. */
static inline void host_answers(struct usbguest_bed *bed, uint64_t id, uint8_t value, uint32_t size)
{
        struct packet packet = bulk(0x81, id, size);

        host_send(bed, &packet, value, size);
}
