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

/* Infos after a change, before the status that tells of it. */
static void send_infos_if_changed(struct session *s, const struct usb_layout *before)
{
        if (memcmp(before, usb_device_layout(s->device), sizeof(*before)) != 0)
                session_send_infos(s);
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

static void send_configuration(struct session *s, uint64_t id, uint8_t status)
{
        struct packet answer = {
                .type = PACKET_configuration_status,
                .id = id,
                .configuration_status = { status, usb_device_layout(s->device)->configuration },
        };

        session_send(s, &answer);
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
        send_configuration(s, parsed->packet->id, STATUS_ioerror);
}

static void send_alt_setting(struct session *s, uint64_t id, uint8_t status, uint8_t interface)
{
        const struct usb_interface *i;
        struct packet answer = { .type = PACKET_alt_setting_status, .id = id };

        i = usb_layout_interface(usb_device_layout(s->device), interface);
        answer.alt_setting_status =
                (struct packet_alt_setting_status){ status, interface, i ? i->alt : 0xff };
        session_send(s, &answer);
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
        send_alt_setting(s, parsed->packet->id, STATUS_ioerror,
                         parsed->packet->set_alt_setting.interface);
}

static void refuse_get_alt_setting(struct session *s, struct parsed *parsed)
{
        send_alt_setting(s, parsed->packet->id, STATUS_ioerror,
                         parsed->packet->get_alt_setting.interface);
}

static void on_filter_reject(struct session *s, struct parsed *parsed)
{
        session_end(s, REASON_GUEST_REJECTED, "by its filter, or as unfit for its port");
}

static void on_filter_filter(struct session *s, struct parsed *parsed)
{
        if (!parsed->lost && !s->has_said.filter)
                log_info("the guest's filter: %s", (const char *)parsed->payload);
        s->has_said.filter = true;
}

static void on_device_disconnect_ack(struct session *s, struct parsed *parsed)
{
        if (s->device_state == DEVICE_DISCONNECTING)
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
        [PACKET_cancel_data_packet] = { request_cancel, ignore },
        [PACKET_filter_reject] = { on_filter_reject, ignore },
        [PACKET_filter_filter] = { on_filter_filter, on_filter_filter },
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

        is_offered = s->device_state == DEVICE_OFFERED || s->device_state == DEVICE_FORWARDING;
        if (s->device_state == DEVICE_OFFERED)
                session_set_device_state(s, DEVICE_FORWARDING,
                                         packet_type_string(parsed->packet->type));

        (is_offered && !s->is_ending ? request->handle : request->refuse)(s, parsed);
}
