/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guest asks, and what it gets. The table at the end has a row for every packet a guest
 * may send: the handler while there is a device, and the refusal while there is none. A request is
 * answered exactly once: by its handler, by its refusal, or, once a transfer carries it, by
 * session_answer() or session_cancel(), whichever comes first.
 *
 * A request that changes the device under its transfers first cancels those, and runs when the
 * last of them has come back; until then the link takes no packets.
 */
#include <errno.h>
#include <string.h>

#include "session/requests.h"
#include "session/session.h"
#include "session/streams.h"
#include "util/cleanup.h"
#include "util/log.h"

static const struct request requests[PACKET_TYPES];

/* Infos after a change, before the status that tells of it. The guest's filter looks again. */
static void send_infos_if_changed(struct session *s, const struct usb_layout *before)
{
        if (memcmp(before, usb_device_layout(s->device), sizeof(*before)) == 0)
                return;

        session_send_infos(s);
        session_judge(s);
}

/* Runs a request when no transfer is left on these endpoints. */
static void defer(struct session *s, const struct packet *packet, uint32_t endpoints,
                  void (*run)(struct session *s, const struct packet *packet))
{
        session_cancel(s, endpoints);

        s->deferred = (struct deferred){ true, *packet, endpoints, run };
        link_hold(s->link, true);
        session_wait(s);
}

void session_refuse_deferred(struct session *s)
{
        struct parsed parsed = { .packet = &s->deferred.packet };

        if (!s->deferred.is_set)
                return;

        s->deferred.is_set = false;
        requests[parsed.packet->type].refuse(s, &parsed);
        link_hold(s->link, false);
}

static void on_hello(struct session *s, struct parsed *parsed)
{
        const struct packet_hello *hello = &parsed->packet->hello;

        log_info("the guest is \"%.*s\"", (int)strnlen(hello->version, sizeof(hello->version)),
                 hello->version);
        session_greeted(s);
}

static void run_reset(struct session *s, const struct packet *packet)
{
        struct usb_layout before = *usb_device_layout(s->device);
        int r = usb_device_reset(s->device);

        if (r != -ENODEV)
                send_infos_if_changed(s, &before);

        /* Nobody waits for an answer. */
        if (r == -ENODEV)
                session_end(s, REASON_RESET_LOST, "gone, or back as another one");
        else if (r < 0)
                log_warning("reset: %s", strerror(-r));
}

static void on_reset(struct session *s, struct parsed *parsed)
{
        session_streams_stop(s, USB_ENDPOINTS_ALL, true);
        defer(s, parsed->packet, USB_ENDPOINTS_ALL, run_reset);
}

static void answer_configuration(struct session *s, uint64_t id, uint8_t status, uint8_t value)
{
        struct packet answer = {
                .type = PACKET_configuration_status,
                .id = id,
                .configuration_status = { status, value },
        };

        session_send(s, &answer);
}

static void send_configuration(struct session *s, uint64_t id, uint8_t status)
{
        answer_configuration(s, id, status, usb_device_layout(s->device)->configuration);
}

static void run_set_configuration(struct session *s, const struct packet *packet)
{
        struct usb_layout before = *usb_device_layout(s->device);
        int r = usb_device_set_configuration(s->device, packet->set_configuration.configuration);

        if (r != -ENODEV)
                send_infos_if_changed(s, &before);
        send_configuration(s, packet->id, request_call_status(s, r));
}

static void on_set_configuration(struct session *s, struct parsed *parsed)
{
        defer(s, parsed->packet, USB_ENDPOINTS_ALL, run_set_configuration);
}

static void on_get_configuration(struct session *s, struct parsed *parsed)
{
        send_configuration(s, parsed->packet->id, STATUS_success);
}

static void refuse_configuration(struct session *s, struct parsed *parsed)
{
        answer_configuration(s, parsed->packet->id, STATUS_ioerror, 0);
}

static void answer_alt_setting(struct session *s, uint64_t id, uint8_t status, uint8_t interface,
                               uint8_t alt)
{
        struct packet answer = {
                .type = PACKET_alt_setting_status,
                .id = id,
                .alt_setting_status = { status, interface, alt },
        };

        session_send(s, &answer);
}

static void send_alt_setting(struct session *s, uint64_t id, uint8_t status, uint8_t interface)
{
        const struct usb_interface *i;

        i = usb_layout_interface(usb_device_layout(s->device), interface);
        answer_alt_setting(s, id, status, interface, i ? i->alt : 0xff);
}

static void run_set_alt_setting(struct session *s, const struct packet *packet)
{
        struct usb_layout before = *usb_device_layout(s->device);
        uint8_t interface = packet->set_alt_setting.interface;
        int r = usb_device_set_alt(s->device, interface, packet->set_alt_setting.alt);

        if (r != -ENODEV)
                send_infos_if_changed(s, &before);
        send_alt_setting(s, packet->id, request_call_status(s, r), interface);
}

static void on_set_alt_setting(struct session *s, struct parsed *parsed)
{
        uint8_t interface = parsed->packet->set_alt_setting.interface;

        defer(s, parsed->packet, usb_layout_endpoints_of(usb_device_layout(s->device), interface),
              run_set_alt_setting);
}

static void on_get_alt_setting(struct session *s, struct parsed *parsed)
{
        uint8_t interface = parsed->packet->get_alt_setting.interface;
        bool exists = usb_layout_interface(usb_device_layout(s->device), interface);

        send_alt_setting(s, parsed->packet->id, exists ? STATUS_success : STATUS_inval, interface);
}

static void refuse_set_alt_setting(struct session *s, struct parsed *parsed)
{
        answer_alt_setting(s, parsed->packet->id, STATUS_ioerror,
                           parsed->packet->set_alt_setting.interface, 0xff);
}

static void refuse_get_alt_setting(struct session *s, struct parsed *parsed)
{
        answer_alt_setting(s, parsed->packet->id, STATUS_ioerror,
                           parsed->packet->get_alt_setting.interface, 0xff);
}

static void send_bulk_streams(struct session *s, uint64_t id, uint8_t status, uint32_t endpoints,
                              uint32_t count)
{
        struct packet answer = {
                .type = PACKET_bulk_streams_status,
                .id = id,
                .bulk_streams_status = { endpoints, count, status },
        };

        session_send(s, &answer);
}

static void run_alloc_bulk_streams(struct session *s, const struct packet *packet)
{
        const struct packet_alloc_bulk_streams *alloc = &packet->alloc_bulk_streams;
        int r = usb_device_alloc_streams(s->device, alloc->endpoints, alloc->no_streams);

        send_bulk_streams(s, packet->id, request_call_status(s, r), alloc->endpoints,
                          alloc->no_streams);
}

static void run_free_bulk_streams(struct session *s, const struct packet *packet)
{
        uint32_t endpoints = packet->free_bulk_streams.endpoints;
        int r = usb_device_free_streams(s->device, endpoints);

        send_bulk_streams(s, packet->id, request_call_status(s, r), endpoints, 0);
}

/* What moves on other endpoints is none of this request's business, whatever the mask says. */
static void on_alloc_bulk_streams(struct session *s, struct parsed *parsed)
{
        uint32_t endpoints = parsed->packet->alloc_bulk_streams.endpoints;

        defer(s, parsed->packet,
              endpoints & usb_layout_endpoints_with_streams(usb_device_layout(s->device)),
              run_alloc_bulk_streams);
}

static void on_free_bulk_streams(struct session *s, struct parsed *parsed)
{
        uint32_t endpoints = parsed->packet->free_bulk_streams.endpoints;

        defer(s, parsed->packet,
              endpoints & usb_layout_endpoints_with_streams(usb_device_layout(s->device)),
              run_free_bulk_streams);
}

static void refuse_alloc_bulk_streams(struct session *s, struct parsed *parsed)
{
        const struct packet_alloc_bulk_streams *alloc = &parsed->packet->alloc_bulk_streams;

        send_bulk_streams(s, parsed->packet->id, STATUS_ioerror, alloc->endpoints,
                          alloc->no_streams);
}

static void refuse_free_bulk_streams(struct session *s, struct parsed *parsed)
{
        send_bulk_streams(s, parsed->packet->id, STATUS_ioerror,
                          parsed->packet->free_bulk_streams.endpoints, 0);
}

/*
 * QEMU may say so twice of one device: of its endpoints, then of the device. The second time it is
 * on its way out, and without a device there is nothing to reject. Nor does it hit the next device
 * on the connection: see next.c.
 */
static void on_filter_reject(struct session *s, struct parsed *parsed)
{
        session_end(s, REASON_GUEST_REJECTED, "by its filter, or as unfit for its port");
}

static void note_filter(struct session *s, struct parsed *parsed)
{
        if (!parsed->lost)
                session_set_filter(s, (const char *)parsed->payload);
}

static void on_filter_filter(struct session *s, struct parsed *parsed)
{
        note_filter(s, parsed);
        session_judge(s);
}

static void on_device_disconnect_ack(struct session *s, struct parsed *parsed)
{
        if (s->ack_is_due)
                session_acknowledged(s);
}

static void ignore(struct session *s, struct parsed *parsed)
{
}

/* A row for every packet that a guest may send: with a device, and without. */
static const struct request requests[PACKET_TYPES] = {
        [PACKET_hello] = { on_hello, on_hello },
        [PACKET_reset] = { on_reset, ignore },
        [PACKET_set_configuration] = { on_set_configuration, refuse_configuration },
        [PACKET_get_configuration] = { on_get_configuration, refuse_configuration },
        [PACKET_set_alt_setting] = { on_set_alt_setting, refuse_set_alt_setting },
        [PACKET_get_alt_setting] = { on_get_alt_setting, refuse_get_alt_setting },
        [PACKET_start_iso_stream] = { request_start_stream, request_refuse_stream },
        [PACKET_stop_iso_stream] = { request_stop_stream, request_refuse_stream },
        [PACKET_start_interrupt_receiving] = { request_start_stream, request_refuse_stream },
        [PACKET_stop_interrupt_receiving] = { request_stop_stream, request_refuse_stream },
        [PACKET_alloc_bulk_streams] = { on_alloc_bulk_streams, refuse_alloc_bulk_streams },
        [PACKET_free_bulk_streams] = { on_free_bulk_streams, refuse_free_bulk_streams },
        [PACKET_cancel_data_packet] = { request_cancel, ignore },
        [PACKET_filter_reject] = { on_filter_reject, ignore },
        [PACKET_filter_filter] = { on_filter_filter, note_filter },
        [PACKET_device_disconnect_ack] = { on_device_disconnect_ack, on_device_disconnect_ack },
        [PACKET_start_bulk_receiving] = { request_start_stream, request_refuse_stream },
        [PACKET_stop_bulk_receiving] = { request_stop_stream, request_refuse_stream },
        [PACKET_control_packet] = { request_control, request_refuse_data },
        [PACKET_bulk_packet] = { request_bulk, request_refuse_data },
        [PACKET_iso_packet] = { request_iso, ignore }, /* nothing is owed */
        [PACKET_interrupt_packet] = { request_interrupt, request_refuse_data },
};

/* Requests that need these could not be answered to a guest without them. */
#define ANSWERED_CAPS (CAP_BULK_STREAMS | CAP_BULK_RECEIVING)

void session_on_packet(struct session *s, struct parsed *parsed)
{
        const struct request *request = &requests[parsed->packet->type];
        bool is_offered;

        if (packet_needs(parsed->packet->type) & ANSWERED_CAPS & ~link_peer_caps(s->link)) {
                session_end(s, REASON_PROTOCOL, "%s from a guest that has not announced it",
                            packet_type_string(parsed->packet->type));
                return;
        }

        is_offered = session_is_offered(s);
        if (s->device_state == DEVICE_OFFERED)
                session_set_device_state(s, DEVICE_FORWARDING,
                                         packet_type_string(parsed->packet->type));

        /* No answer comes before one of an older request. */
        if (is_offered && s->is_ending)
                session_cancel(s, USB_ENDPOINTS_ALL);
        (is_offered && !s->is_ending ? request->handle : request->refuse)(s, parsed);
}
