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

#include "session/session.h"
#include "util/cleanup.h"
#include "util/log.h"

struct request {
        void (*handle)(struct session *s, struct parsed *parsed);
        void (*refuse)(struct session *s, struct parsed *parsed);
};

static const struct request requests[PACKET_TYPES];

static uint8_t wire_status(enum usb_status status)
{
        static const uint8_t statuses[] = {
                [USB_STATUS_SUCCESS] = STATUS_success, [USB_STATUS_CANCELLED] = STATUS_cancelled,
                [USB_STATUS_INVALID] = STATUS_inval,   [USB_STATUS_FAILED] = STATUS_ioerror,
                [USB_STATUS_STALL] = STATUS_stall,     [USB_STATUS_TIMEOUT] = STATUS_timeout,
                [USB_STATUS_BABBLE] = STATUS_babble,
        };

        return statuses[status];
}

/* An error of a call on the device; the loss of the device ends the session. */
static uint8_t call_status(struct session *s, int error)
{
        if (error == -ENODEV)
                session_end(s, REASON_DEVICE_LOST, "it did not come back");

        return wire_status(usb_status_from_errno(error));
}

void session_send_infos(struct session *s)
{
        const struct usb_layout *layout = usb_device_layout(s->device);
        struct packet interfaces = { .type = PACKET_interface_info };
        struct packet endpoints = { .type = PACKET_ep_info };

        interfaces.interface_info.interface_count = layout->interface_count;
        for (size_t i = 0; i < layout->interface_count; i++) {
                const struct usb_interface *interface = &layout->interfaces[i];

                interfaces.interface_info.interface[i] = interface->number;
                interfaces.interface_info.interface_class[i] = interface->class_code;
                interfaces.interface_info.interface_subclass[i] = interface->subclass;
                interfaces.interface_info.interface_protocol[i] = interface->protocol;
        }

        for (size_t i = 0; i < USBREDIR_ENDPOINTS; i++) {
                const struct usb_endpoint *endpoint = &layout->endpoints[i];

                endpoints.ep_info.type[i] = (uint8_t)endpoint->type;
                endpoints.ep_info.interval[i] = endpoint->interval;
                endpoints.ep_info.interface[i] = endpoint->interface;
                endpoints.ep_info.max_packet_size[i] = endpoint->max_packet_size;
                endpoints.ep_info.max_streams[i] = endpoint->max_streams;
        }

        session_send(s, &interfaces);
        session_send(s, &endpoints);
}

/* Infos after a change, before the status that tells of it. */
static void send_infos_if_changed(struct session *s, const struct usb_layout *before)
{
        if (memcmp(before, usb_device_layout(s->device), sizeof(*before)) != 0)
                session_send_infos(s);
}

/* A data packet goes back as it came, without data, with a status. */
static void refuse_data(struct session *s, const struct packet *packet, uint8_t status)
{
        struct packet answer = *packet;

        packet_set_transfer_length(&answer, 0);
        switch ((unsigned)packet->type) {
        case PACKET_control_packet: answer.control_packet.status = status; break;
        case PACKET_bulk_packet: answer.bulk_packet.status = status; break;
        case PACKET_interrupt_packet: answer.interrupt_packet.status = status; break;
        }

        session_send(s, &answer);
}

/* The answer that a transfer's request is owed. */
static void answer_transfer(struct session *s, struct usb_transfer *t, uint8_t status,
                            uint32_t actual, void *owner)
{
        const struct libusb_control_setup *setup = usb_transfer_setup(t);
        struct packet answer = { .id = t->id };
        bool has_data = t->endpoint & 0x80 && actual > 0;

        switch (t->type) {
        case USB_ENDPOINT_CONTROL:
                answer.type = PACKET_control_packet;
                answer.control_packet = (struct packet_control_packet){
                        .endpoint = t->endpoint,
                        .request = setup->bRequest,
                        .requesttype = setup->bmRequestType,
                        .status = status,
                        .value = libusb_le16_to_cpu(setup->wValue),
                        .index = libusb_le16_to_cpu(setup->wIndex),
                };
                break;
        case USB_ENDPOINT_BULK:
                answer.type = PACKET_bulk_packet;
                answer.bulk_packet = (struct packet_bulk_packet){ .endpoint = t->endpoint,
                                                                  .status = status,
                                                                  .stream_id = t->stream_id };
                break;
        case USB_ENDPOINT_INTERRUPT:
                answer.type = PACKET_interrupt_packet;
                answer.interrupt_packet = (struct packet_interrupt_packet){ .endpoint = t->endpoint,
                                                                            .status = status };
                break;
        case USB_ENDPOINT_ISO:
        case USB_ENDPOINT_NONE: return; /* never a transfer of a request */
        }

        packet_set_transfer_length(&answer, actual);
        link_send(s->link, &answer, has_data ? t->data : NULL, has_data ? actual : 0, owner);
}

void session_answer(struct session *s, struct usb_transfer *t)
{
        /* The transfer goes along: its data is written from where it is. */
        answer_transfer(s, t, wire_status(t->status), t->actual, t);
}

void session_cancel(struct session *s, uint32_t endpoints)
{
        struct usb_transfer *t;

        while ((t = usb_transfers_any(usb_device_transfers(s->device), endpoints))) {
                answer_transfer(s, t, STATUS_cancelled, 0, NULL);
                usb_transfer_abandon(t);
        }
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
                session_end(s, REASON_DEVICE_LOST, "it came back from a reset as another one");
        else if (r < 0)
                log_warning("reset: %s", strerror(-r));
}

static void on_reset(struct session *s, struct parsed *parsed)
{
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
        send_configuration(s, packet->id, call_status(s, r));
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
        send_alt_setting(s, packet->id, call_status(s, r), interface);
}

static void on_set_alt_setting(struct session *s, struct parsed *parsed)
{
        uint8_t interface = parsed->packet->set_alt_setting.interface;

        defer(s, parsed->packet, usb_device_endpoints_of(s->device, interface),
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

/* What a guest can cause again and again is logged the first time. */
static void say_once(bool *has_said, const char *text)
{
        if (!*has_said)
                log_warning("%s", text);
        *has_said = true;
}

/* The rest of a data request, once its handler has found the endpoint right. */
static void start_transfer(struct session *s, struct parsed *parsed,
                           const struct usb_endpoint *endpoint, uint8_t address)
{
        struct usb_transfers *transfers = usb_device_transfers(s->device);
        const struct packet *packet = parsed->packet;
        uint32_t length = packet_transfer_length(packet);
        struct usb_transfer *t;
        int r;

        /* Two requests of one id could not be told apart afterwards. */
        if (usb_transfers_find(transfers, packet->id)) {
                refuse_data(s, packet, STATUS_inval);
                return;
        }

        t = TAKE(parsed->owner);
        if (!t && !parsed->lost)
                t = usb_transfer_new(transfers, length);
        if (!t) {
                say_once(&s->has_said_no_memory,
                         "no memory for a transfer: more is in flight than a guest may have, or "
                         "the machine's is short");
                refuse_data(s, packet, STATUS_ioerror);
                return;
        }

        if (!(address & 0x80) && parsed->payload != t->data && length > 0)
                memcpy(t->data, parsed->payload, length);
        t->id = packet->id;
        t->type = endpoint->type;
        t->endpoint = address;
        t->packet_size = endpoint->max_packet_size;
        t->length = length;
        t->stream_id = packet->type == PACKET_bulk_packet ? packet->bulk_packet.stream_id : 0;
        if (packet->type == PACKET_control_packet)
                *usb_transfer_setup(t) = (struct libusb_control_setup){
                        .bmRequestType = packet->control_packet.requesttype,
                        .bRequest = packet->control_packet.request,
                        .wValue = libusb_cpu_to_le16(packet->control_packet.value),
                        .wIndex = libusb_cpu_to_le16(packet->control_packet.index),
                        .wLength = libusb_cpu_to_le16(packet->control_packet.length),
                };

        usb_device_touch(s->device);
        r = usb_transfer_submit(t);
        if (r == 0)
                return;

        if (r == -EMSGSIZE)
                say_once(&s->has_said_too_long,
                         "a transfer is longer than this session's share of usbfs memory: raise "
                         "usbcore.usbfs_memory_mb");
        usb_transfer_free(t);
        refuse_data(s, packet, r == -EMSGSIZE ? STATUS_inval : call_status(s, r));
}

/* CLEAR_FEATURE(ENDPOINT_HALT): through libusb, so that the host forgets the halt too. */
static bool is_clear_halt(const struct packet_control_packet *control)
{
        return control->requesttype == (LIBUSB_REQUEST_TYPE_STANDARD | LIBUSB_RECIPIENT_ENDPOINT) &&
               control->request == LIBUSB_REQUEST_CLEAR_FEATURE && control->value == 0 &&
               control->length == 0 && (control->index & 0x0f) != 0;
}

static void on_control_packet(struct session *s, struct parsed *parsed)
{
        const struct packet_control_packet *control = &parsed->packet->control_packet;
        const struct usb_endpoint *endpoint;

        if (is_clear_halt(control)) {
                int r = usb_device_clear_halt(s->device, (uint8_t)control->index);

                refuse_data(s, parsed->packet, call_status(s, r));
                return;
        }

        /* A direction that differs from the setup's would send bytes nobody has filled. */
        endpoint = usb_layout_endpoint(usb_device_layout(s->device), control->endpoint);
        if (control->endpoint & 0x7f ||
            (control->length > 0 && (control->endpoint ^ control->requesttype) & 0x80)) {
                refuse_data(s, parsed->packet, STATUS_inval);
                return;
        }

        start_transfer(s, parsed, endpoint, control->endpoint);
}

static void on_bulk_packet(struct session *s, struct parsed *parsed)
{
        const struct packet_bulk_packet *bulk = &parsed->packet->bulk_packet;
        const struct usb_endpoint *endpoint;

        endpoint = usb_layout_endpoint(usb_device_layout(s->device), bulk->endpoint);
        if (endpoint->type != USB_ENDPOINT_BULK || bulk->stream_id != 0) {
                refuse_data(s, parsed->packet, STATUS_inval);
                return;
        }

        start_transfer(s, parsed, endpoint, bulk->endpoint);
}

/* Only OUT: what an interrupt endpoint sends is received as a stream. */
static void on_interrupt_packet(struct session *s, struct parsed *parsed)
{
        uint8_t address = parsed->packet->interrupt_packet.endpoint;
        const struct usb_endpoint *endpoint;

        endpoint = usb_layout_endpoint(usb_device_layout(s->device), address);
        if (endpoint->type != USB_ENDPOINT_INTERRUPT) {
                refuse_data(s, parsed->packet, STATUS_inval);
                return;
        }

        start_transfer(s, parsed, endpoint, address);
}

static void refuse_data_packet(struct session *s, struct parsed *parsed)
{
        refuse_data(s, parsed->packet, STATUS_ioerror);
}

static void on_cancel_data_packet(struct session *s, struct parsed *parsed)
{
        struct usb_transfer *t;

        /* Not found: it has been answered, and the guest will see that answer. */
        t = usb_transfers_find(usb_device_transfers(s->device), parsed->packet->id);
        if (!t)
                return;

        answer_transfer(s, t, STATUS_cancelled, 0, NULL);
        usb_transfer_abandon(t);
}

/*
 * Streams are not carried yet. "stall" would have the guest start again at once; "inval" is told to
 * its driver, which ends the matter.
 */
static void on_start_iso_stream(struct session *s, struct parsed *parsed)
{
        struct packet answer = { .type = PACKET_iso_stream_status, .id = parsed->packet->id };

        answer.iso_stream_status.status = STATUS_inval;
        answer.iso_stream_status.endpoint = parsed->packet->start_iso_stream.endpoint;
        session_send(s, &answer);
}

static void on_stop_iso_stream(struct session *s, struct parsed *parsed)
{
        struct packet answer = { .type = PACKET_iso_stream_status, .id = parsed->packet->id };

        answer.iso_stream_status.endpoint = parsed->packet->stop_iso_stream.endpoint;
        session_send(s, &answer);
}

static void on_start_interrupt_receiving(struct session *s, struct parsed *parsed)
{
        struct packet answer = { .type = PACKET_interrupt_receiving_status,
                                 .id = parsed->packet->id };

        answer.interrupt_receiving_status.status = STATUS_inval;
        answer.interrupt_receiving_status.endpoint =
                parsed->packet->start_interrupt_receiving.endpoint;
        session_send(s, &answer);
}

static void on_stop_interrupt_receiving(struct session *s, struct parsed *parsed)
{
        struct packet answer = { .type = PACKET_interrupt_receiving_status,
                                 .id = parsed->packet->id };

        answer.interrupt_receiving_status.endpoint =
                parsed->packet->stop_interrupt_receiving.endpoint;
        session_send(s, &answer);
}

static void on_filter_reject(struct session *s, struct parsed *parsed)
{
        session_end(s, REASON_GUEST_REJECTED, "by its filter, or as unfit for its port");
}

static void on_filter_filter(struct session *s, struct parsed *parsed)
{
        if (!parsed->lost && !s->has_said_filter)
                log_info("the guest's filter: %s", (const char *)parsed->payload);
        s->has_said_filter = true;
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
        [PACKET_start_iso_stream] = { on_start_iso_stream, on_start_iso_stream },
        [PACKET_stop_iso_stream] = { on_stop_iso_stream, on_stop_iso_stream },
        [PACKET_start_interrupt_receiving] = { on_start_interrupt_receiving,
                                               on_start_interrupt_receiving },
        [PACKET_stop_interrupt_receiving] = { on_stop_interrupt_receiving,
                                              on_stop_interrupt_receiving },
        [PACKET_cancel_data_packet] = { on_cancel_data_packet, ignore },
        [PACKET_filter_reject] = { on_filter_reject, ignore },
        [PACKET_filter_filter] = { on_filter_filter, on_filter_filter },
        [PACKET_device_disconnect_ack] = { on_device_disconnect_ack, on_device_disconnect_ack },
        [PACKET_control_packet] = { on_control_packet, refuse_data_packet },
        [PACKET_bulk_packet] = { on_bulk_packet, refuse_data_packet },
        [PACKET_iso_packet] = { ignore, ignore }, /* no stream is open: nothing is owed */
        [PACKET_interrupt_packet] = { on_interrupt_packet, refuse_data_packet },
};

void session_on_packet(struct session *s, struct parsed *parsed)
{
        const struct request *request = &requests[parsed->packet->type];
        bool is_offered;

        is_offered = s->device_state == DEVICE_OFFERED || s->device_state == DEVICE_FORWARDING;
        if (s->device_state == DEVICE_OFFERED)
                session_set_device_state(s, DEVICE_FORWARDING,
                                         packet_type_string(parsed->packet->type));

        (is_offered && !s->is_ending ? request->handle : request->refuse)(s, parsed);
}
