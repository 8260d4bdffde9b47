/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfers. A submitted one is on exactly one of its context's lists: ready (completes in the
 * next round), waiting (completes when due), naked (completes when cancelled). Completion, cancel,
 * unplug are moves between them; only the round of events.c calls the program back. Nothing is
 * allocated per submission.
 */
#include <stdlib.h>

#include "fake-libusb/fake.h"

struct transfer *transfer_of(struct libusb_transfer *public)
{
        return CONTAINER_OF(public, struct transfer, public);
}

static struct libusb_context *context_of(const struct transfer *transfer)
{
        return transfer->public.dev_handle->device->context;
}

void transfers_init(struct transfers *list)
{
        TAILQ_INIT(&list->head);
        list->count = 0;
}

/* To the end of the list, or off all lists (NULL). */
void transfer_move(struct transfer *transfer, struct transfers *list)
{
        if (transfer->list) {
                TAILQ_REMOVE(&transfer->list->head, transfer, link);
                transfer->list->count--;
        }
        transfer->list = list;
        if (list) {
                TAILQ_INSERT_TAIL(&list->head, transfer, link);
                list->count++;
        }
}

/* Into the waiting list by its time; nearly always at the end. */
static void transfer_wait(struct transfer *transfer, struct transfers *waiting)
{
        struct transfer *before;

        TAILQ_FOREACH_REVERSE(before, &waiting->head, transfer_list, link)
        {
                if (before->due <= transfer->due)
                        break;
        }
        if (before)
                TAILQ_INSERT_AFTER(&waiting->head, before, transfer, link);
        else
                TAILQ_INSERT_HEAD(&waiting->head, transfer, link);
        transfer->list = waiting;
        waiting->count++;
}

static void transfer_force(struct transfer *transfer, int status)
{
        transfer->forced = status;
        transfer->due = 0;
        transfer_move(transfer, &context_of(transfer)->ready);
}

/* As the kernel does, beginning with what was submitted last. */
static void list_force(struct transfers *list, int status, transfer_match match, const void *what)
{
        struct transfer *transfer, *next;

        for (transfer = TAILQ_LAST(&list->head, transfer_list); transfer; transfer = next) {
                next = TAILQ_PREV(transfer, transfer_list, link);
                if (!match || match(transfer, what))
                        transfer_force(transfer, status);
        }
}

/* All submitted transfers, or those that match, complete with this status. */
void transfers_force(struct libusb_context *context, int status, transfer_match match,
                     const void *what)
{
        struct transfer *transfer;

        TAILQ_FOREACH(transfer, &context->ready.head, link)
        {
                if (!match || match(transfer, what))
                        transfer->forced = status;
        }
        list_force(&context->waiting, status, match, what);
        list_force(&context->naked, status, match, what);
        events_signal(context);
}

struct libusb_transfer *libusb_alloc_transfer(int iso_packets)
{
        struct transfer *transfer = NULL;

        if (iso_packets < 0)
                return NULL;
        fake_lock();
        if (++fake.allocations != fake.options.fail_alloc)
                transfer = calloc(1, sizeof(*transfer) +
                                             (size_t)iso_packets *
                                                     sizeof(struct libusb_iso_packet_descriptor));
        if (transfer) {
                transfer->packets_max = iso_packets;
                transfer->generation = fake.generation;
                fake.counters.leaked_transfers++;
        }
        fake_unlock();
        return transfer ? &transfer->public : NULL;
}

void libusb_free_transfer(struct libusb_transfer *public)
{
        struct transfer *transfer;

        if (!public)
                return;
        transfer = transfer_of(public);
        fake_lock();
        if (transfer->list) {
                misuse(context_of(transfer), "a submitted transfer is freed");
                fake.bytes_in_flight -= (uint64_t) public->length;
                fake.counters.in_flight--;
                transfer_move(transfer, NULL);
        }
        if (transfer->generation == fake.generation)
                fake.counters.leaked_transfers--;
        fake_unlock();
        if (public->flags & LIBUSB_TRANSFER_FREE_BUFFER)
                free(public->buffer);
        free(transfer);
}

void libusb_transfer_set_stream_id(struct libusb_transfer *public, uint32_t stream_id)
{
        transfer_of(public)->stream_id = stream_id;
}

uint32_t libusb_transfer_get_stream_id(struct libusb_transfer *public)
{
        return transfer_of(public)->stream_id;
}

static int check_control(const struct libusb_transfer *public)
{
        unsigned int length;

        if (public->length < (int)LIBUSB_CONTROL_SETUP_SIZE || !public->buffer)
                return LIBUSB_ERROR_IO;
        if ((size_t) public->length - LIBUSB_CONTROL_SETUP_SIZE > CONTROL_DATA_MAX)
                return LIBUSB_ERROR_INVALID_PARAM;
        length = public->buffer[6] | (unsigned int)public->buffer[7] << 8;
        return length > (size_t) public->length - LIBUSB_CONTROL_SETUP_SIZE ? LIBUSB_ERROR_IO : 0;
}

static int check_iso(const struct transfer *transfer)
{
        const struct libusb_transfer *public = &transfer->public;
        uint64_t total = 0;

        if (!public->buffer || public->num_iso_packets <= 0 ||
            public->num_iso_packets > transfer->packets_max)
                return LIBUSB_ERROR_INVALID_PARAM;
        for (int i = 0; i < public->num_iso_packets; i++)
                total += public->iso_packet_desc[i].length;
        return total > (uint64_t) public->length ? LIBUSB_ERROR_INVALID_PARAM : 0;
}

/* The kernel takes a bulk URB for an interrupt endpoint, and nothing else of the wrong type. */
static int check_type(const struct transfer *transfer, const struct endpoint *endpoint)
{
        const struct libusb_transfer *public = &transfer->public;

        switch (public->type) {
        case LIBUSB_TRANSFER_TYPE_CONTROL:
                if (endpoint->behaviour != BEHAVIOUR_CONTROL)
                        return LIBUSB_ERROR_IO;
                return check_control(public);
        case LIBUSB_TRANSFER_TYPE_ISOCHRONOUS:
                if (endpoint->type != LIBUSB_TRANSFER_TYPE_ISOCHRONOUS)
                        return LIBUSB_ERROR_INVALID_PARAM;
                return check_iso(transfer);
        case LIBUSB_TRANSFER_TYPE_BULK:
                if (endpoint->type == LIBUSB_TRANSFER_TYPE_INTERRUPT)
                        return 0;
                break;
        case LIBUSB_TRANSFER_TYPE_INTERRUPT: break;
        case LIBUSB_TRANSFER_TYPE_BULK_STREAM:
                if (!transfer->stream_id || transfer->stream_id > endpoint->streams)
                        return LIBUSB_ERROR_IO;
                return endpoint->type == LIBUSB_TRANSFER_TYPE_BULK ? 0 : LIBUSB_ERROR_IO;
        default: return LIBUSB_ERROR_INVALID_PARAM;
        }
        return endpoint->type == public->type && endpoint->behaviour != BEHAVIOUR_CONTROL
                       ? 0
                       : LIBUSB_ERROR_IO;
}

static int check_submit(const struct transfer *transfer, const struct endpoint *endpoint)
{
        const struct libusb_transfer *public = &transfer->public;
        int r;

        if (!endpoint)
                return LIBUSB_ERROR_IO;
        if (public->length < 0 || (public->length && !public->buffer))
                return LIBUSB_ERROR_INVALID_PARAM;
        r = check_type(transfer, endpoint);
        if (r < 0)
                return r;
        if (endpoint->behaviour != BEHAVIOUR_CONTROL &&
            (endpoint->interface >= INTERFACES_MAX ||
             fake.device.claimed[endpoint->interface] != public->dev_handle)) {
                misuse(context_of(transfer), "transfer to endpoint 0x%02x: not claimed",
                       public->endpoint);
                return LIBUSB_ERROR_IO;
        }
        if (fake.options.memory &&
            fake.bytes_in_flight + (uint64_t) public->length > fake.options.memory)
                return LIBUSB_ERROR_NO_MEM;
        return 0;
}

static int transfer_submit(struct transfer *transfer)
{
        struct libusb_transfer *public = &transfer->public;
        struct libusb_context *context;
        struct endpoint *endpoint;
        int r;

        r = fault_check(FUNCTION_submit_transfer);
        if (r)
                return r;
        if (transfer->list)
                return LIBUSB_ERROR_BUSY;
        if (!public->dev_handle)
                return LIBUSB_ERROR_INVALID_PARAM;
        context = context_of(transfer);
        if (!fake.device.gone && fake.counters.submitted >= fake.options.unplug_after)
                device_unplug(context);
        if (fake.device.gone)
                return LIBUSB_ERROR_NO_DEVICE;
        endpoint = endpoint_find(public->endpoint);
        r = check_submit(transfer, endpoint);
        if (r < 0)
                return r;

        transfer->forced = -1;
        transfer->cancelled = false;
        public->actual_length = 0;
        fake.counters.submitted++;
        fake.counters.in_flight++;
        fake.bytes_in_flight += (uint64_t) public->length;
        if (!endpoint_plan(endpoint, transfer)) {
                transfer_move(transfer, &context->naked);
        } else if (transfer->due) {
                transfer_wait(transfer, &context->waiting);
                events_arm(context);
        } else {
                transfer_move(transfer, &context->ready);
                events_signal(context);
        }
        return 0;
}

int libusb_submit_transfer(struct libusb_transfer *public)
{
        int r;

        fake_lock();
        r = transfer_submit(transfer_of(public));
        fake_unlock();
        return r;
}

static int transfer_cancel(struct transfer *transfer)
{
        int r;

        r = fault_check(FUNCTION_cancel_transfer);
        if (r)
                return r;
        if (!transfer->list || transfer->cancelled)
                return LIBUSB_ERROR_NOT_FOUND;
        if (fake.device.gone)
                return LIBUSB_ERROR_NO_DEVICE;
        transfer->cancelled = true;
        if (fake.options.cancel == CANCEL_LATE && transfer->list != &context_of(transfer)->naked)
                return LIBUSB_ERROR_NOT_FOUND;
        if (fake.options.cancel == CANCEL_LOST) {
                transfer_move(transfer, &context_of(transfer)->naked);
                events_quiet(context_of(transfer));
                return 0;
        }
        transfer_force(transfer, LIBUSB_TRANSFER_CANCELLED);
        events_signal(context_of(transfer));
        return 0;
}

int libusb_cancel_transfer(struct libusb_transfer *public)
{
        int r;

        fake_lock();
        r = transfer_cancel(transfer_of(public));
        fake_unlock();
        return r;
}

static void count_completion(const struct libusb_transfer *public)
{
        struct counters *counters = &fake.counters;

        counters->in_flight--;
        if (public->status == LIBUSB_TRANSFER_COMPLETED)
                counters->completed++;
        else if (public->status == LIBUSB_TRANSFER_CANCELLED)
                counters->cancelled++;
        else
                counters->failed++;
        if ((public->flags & LIBUSB_TRANSFER_ADD_ZERO_PACKET) &&
            !(public->endpoint & LIBUSB_ENDPOINT_IN) &&
            public->type != LIBUSB_TRANSFER_TYPE_ISOCHRONOUS)
                counters->zero_packets++;
}

/* Completes it. Called and left with the lock held; the callback runs without it. */
void transfer_finish(struct transfer *transfer)
{
        struct libusb_transfer *public = &transfer->public;
        struct libusb_context *context = context_of(transfer);
        struct endpoint *endpoint = endpoint_find(public->endpoint);
        bool free_it = public->flags & LIBUSB_TRANSFER_FREE_TRANSFER;

        transfer_move(transfer, NULL);
        if (transfer->forced >= 0)
        public->status = (enum libusb_transfer_status)transfer->forced;
        else if (endpoint) public->status = endpoint_complete(endpoint, transfer);
        else public->status = LIBUSB_TRANSFER_ERROR;
        fake.bytes_in_flight -= (uint64_t) public->length;
        count_completion(public);
        if (public->status == LIBUSB_TRANSFER_NO_DEVICE && !fake.device.gone)
                device_unplug(context);
        fake_unlock();
        if (public->callback)
        public->callback(public);
        if (free_it)
                libusb_free_transfer(public);
        fake_lock();
}
