/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The device as the host tells it, and as its own descriptors do. What the device does not have is
 * left out; what is no answer at all ends the command.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/caps.h"
#include "testguest/commands.h"
#include "testguest/descriptors.h"
#include "testguest/names.h"
#include "testguest/print.h"
#include "util/bytes.h"
#include "util/cleanup.h"

#define GET_DESCRIPTOR    6
#define CONFIGURATION_MIN 9  /* of a configuration descriptor, as of a BOS: up to wTotalLength */
#define DEVICE_SIZE       18 /* of a device descriptor */
#define STRING_SIZE       255
#define BCD_WITH_BOS      0x0201 /* USB versions from here on have a BOS */

struct strings {
        struct tool *tool;
        uint16_t language;
        enum tool_exit result; /* of asking; after the first failure nothing is asked any more */
        char *texts[256];      /* NULL: not asked for yet */
};

/* A descriptor's bytes, to be freed. Where the device has none they are NULL and 0. */
static enum tool_exit get(struct tool *t, uint8_t type, uint8_t index, uint16_t language,
                          uint16_t length, uint8_t **ret_bytes, size_t *ret_size)
{
        struct batch b = {
                .packet = { .type = PACKET_control_packet,
                            .control_packet = { .endpoint = 0x80,
                                                .request = GET_DESCRIPTOR,
                                                .requesttype = 0x80,
                                                .value = (uint16_t)(type << 8 | index),
                                                .index = language,
                                                .length = length } },
                .count = 1,
        };
        enum tool_exit result = batch_run(t, &b);

        if (result == TOOL_DONE) {
                *ret_size = b.received ? b.bytes : 0;
                *ret_bytes = TAKE(b.received);
        }

        /* That there is none is no failure of the command. */
        t->status = STATUS_success;
        batch_clear(&b);
        return result;
}

/* One that tells its whole length behind the type; all of it. */
static enum tool_exit get_whole(struct tool *t, uint8_t type, uint8_t index, uint8_t **ret_bytes,
                                size_t *ret_size)
{
        CLEANUP(freep) uint8_t *head = NULL;
        enum tool_exit result;
        size_t size = 0;

        *ret_bytes = NULL;
        *ret_size = 0;
        result = get(t, type, index, 0, CONFIGURATION_MIN, &head, &size);
        if (result != TOOL_DONE || size < 4)
                return result;

        return get(t, type, index, 0, get_le16(head + 2), ret_bytes, ret_size);
}

static const char *get_string(void *userdata, uint8_t index)
{
        struct strings *s = userdata;
        CLEANUP(freep) uint8_t *bytes = NULL;
        size_t size = 0;

        if (s->texts[index] || s->result != TOOL_DONE || !s->language)
                return s->texts[index];

        s->result = get(s->tool, DESCRIPTOR_STRING, index, s->language, STRING_SIZE, &bytes, &size);
        s->texts[index] = descriptors_text(bytes, size);
        return s->texts[index];
}

/* What a device has: calls for each, with its name, and bytes that are valid during the call. */
static enum tool_exit for_each(struct tool *t,
                               void (*each)(void *userdata, const char *name, const uint8_t *bytes,
                                            size_t size),
                               void *userdata)
{
        CLEANUP(freep) uint8_t *device = NULL;
        enum tool_exit result;
        size_t size = 0;

        result = get(t, DESCRIPTOR_DEVICE, 0, 0, DEVICE_SIZE, &device, &size);
        if (result != TOOL_DONE)
                return result;
        each(userdata, "device", device, size);

        for (unsigned i = 0; size >= DEVICE_SIZE && i < device[17]; i++) {
                CLEANUP(freep) uint8_t *bytes = NULL;
                size_t length = 0;

                result = get_whole(t, DESCRIPTOR_CONFIGURATION, (uint8_t)i, &bytes, &length);
                if (result != TOOL_DONE)
                        return result;
                each(userdata, "configuration", bytes, length);
        }

        if (size >= DEVICE_SIZE && get_le16(device + 2) >= BCD_WITH_BOS) {
                CLEANUP(freep) uint8_t *bytes = NULL;
                size_t length = 0;

                result = get_whole(t, DESCRIPTOR_BOS, 0, &bytes, &length);
                if (result == TOOL_DONE && length > 0)
                        each(userdata, "bos", bytes, length);
        }

        return result;
}

/* The first language the device has strings in; 0 without strings. */
static enum tool_exit get_language(struct tool *t, uint16_t *ret)
{
        CLEANUP(freep) uint8_t *bytes = NULL;
        enum tool_exit result;
        size_t size = 0;

        result = get(t, DESCRIPTOR_STRING, 0, 0, STRING_SIZE, &bytes, &size);
        *ret = size >= 4 ? get_le16(bytes + 2) : 0;
        return result;
}

static void set_host(json_t *info, const struct link *link)
{
        json_t *host = json_object(), *names = json_array();
        uint32_t caps = link_peer_caps(link);

        print_set(info, "host", host);
        print_set_text(host, "version", link_peer_version(link));
        print_set(host, "capabilities", names);
        for (uint32_t bit = 1; bit <= CAP_ALL; bit <<= 1)
                if (caps & bit)
                        json_array_append_new(names, json_string(caps_name(bit)));
}

static void set_name(json_t *object, const char *key, const char *name)
{
        if (name)
                print_set_text(object, key, name);
}

static void set_device(json_t *info, const struct packet_device_connect *c, uint32_t both)
{
        json_t *device = json_object();

        print_set(info, "device", device);
        print_set_text(device, "speed", packet_speed_string(c->speed) ?: "unknown");
        print_set_hex(device, "vendor", c->vendor_id, 4);
        set_name(device, "vendor-name", names_vendor(c->vendor_id));
        print_set_hex(device, "product", c->product_id, 4);
        set_name(device, "product-name", names_product(c->vendor_id, c->product_id));
        if (both & CAP_CONNECT_DEVICE_VERSION)
                print_set(device, "version",
                          json_sprintf("%x.%02x", c->device_version_bcd >> 8,
                                       c->device_version_bcd & 0xff));
        print_set_hex(device, "class", c->device_class, 2);
        print_set_hex(device, "subclass", c->device_subclass, 2);
        print_set_hex(device, "protocol", c->device_protocol, 2);
}

static void set_interfaces(json_t *info, const struct packet_interface_info *i)
{
        json_t *interfaces = json_array();

        print_set(info, "interfaces", interfaces);
        for (size_t at = 0; at < i->interface_count; at++) {
                json_t *one = json_object();

                json_array_append_new(interfaces, one);
                print_set_number(one, "interface", i->interface[at]);
                print_set_hex(one, "class", i->interface_class[at], 2);
                print_set_hex(one, "subclass", i->interface_subclass[at], 2);
                print_set_hex(one, "protocol", i->interface_protocol[at], 2);
        }
}

static void set_endpoints(json_t *info, const struct packet_ep_info *e, uint32_t both)
{
        json_t *endpoints = json_array();

        print_set(info, "endpoints", endpoints);
        for (unsigned i = 0; i < USBREDIR_ENDPOINTS; i++) {
                json_t *one;

                if (e->type[i] == ENDPOINT_invalid)
                        continue;

                one = json_object();
                json_array_append_new(endpoints, one);
                print_set_hex(one, "endpoint", endpoint_address(i), 2);
                print_set_text(one, "type", packet_endpoint_type_string(e->type[i]) ?: "unknown");
                print_set_number(one, "interface", e->interface[i]);
                print_set_number(one, "interval", e->interval[i]);
                if (both & CAP_EP_INFO_MAX_PACKET_SIZE)
                        print_set_number(one, "max-packet-size", e->max_packet_size[i]);
                if (both & CAP_BULK_STREAMS)
                        print_set_number(one, "max-streams", e->max_streams[i]);
        }
}

struct tree {
        json_t *array;
        struct strings strings;
};

static void decode(void *userdata, const char *name, const uint8_t *bytes, size_t size)
{
        struct tree *tree = userdata;

        descriptors_decode(tree->array, bytes, size, get_string, &tree->strings);
}

enum tool_exit command_info(struct tool *t, char **arguments)
{
        const struct usb_guest_device *device = usb_guest_device(t->guest);
        const struct link *link = usb_guest_link(t->guest);
        uint32_t both = t->options->caps & link_peer_caps(link);
        struct tree tree = { .strings.tool = t };
        json_t *info = print_new("info");
        enum tool_exit result;

        set_host(info, link);
        set_device(info, &device->connect, both);
        set_interfaces(info, &device->interfaces);
        set_endpoints(info, &device->endpoints, both);

        tree.array = json_array();
        print_set(info, "descriptors", tree.array);
        result = get_language(t, &tree.strings.language);
        if (result == TOOL_DONE)
                result = for_each(t, decode, &tree);
        if (result == TOOL_DONE)
                result = tree.strings.result;

        for (size_t i = 0; i < ELEMENTS(tree.strings.texts); i++)
                free(tree.strings.texts[i]);
        print_tree(t, info);
        return result;
}

static void print_bytes(void *userdata, const char *name, const uint8_t *bytes, size_t size)
{
        json_t *result = print_new("descriptors");

        print_set_text(result, "descriptor", name);
        print_set_number(result, "length", size);
        print_set_bytes(result, "data", bytes, size);
        print_result(userdata, result);
}

enum tool_exit command_descriptors(struct tool *t, char **arguments)
{
        return for_each(t, print_bytes, t);
}
