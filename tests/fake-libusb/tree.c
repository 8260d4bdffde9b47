/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors as libusb hands them to programs. A configuration's tree consists of exactly sized
 * allocations, so that a sanitizer sees a step past an array; they are remembered outside the
 * tree, because a hostile variant leaves pointers out of it. Nothing is cached: every call makes a
 * new tree, and the report counts those never given back.
 */
#include <stdlib.h>
#include <string.h>

#include "fake-libusb/fake.h"

/* config + interfaces + per interface its altsettings + per altsetting endpoints and extras */
#define OWNED_MAX                                                                                  \
        (1 + MODEL_INTERFACES_MAX * (1 + MODEL_ALTS_MAX) + MODEL_ALTS_MAX * MODEL_ENDPOINTS_MAX * 2)

struct tree {
        struct libusb_config_descriptor public;
        size_t n_owned;
        void *owned[OWNED_MAX];
};

static void *tree_alloc(struct tree *tree, size_t count, size_t size)
{
        void *memory = count ? calloc(count, size) : NULL;

        if (memory)
                tree->owned[tree->n_owned++] = memory;
        return memory;
}

/* The SuperSpeed companion's bytes, for the endpoint's "extra". */
static int tree_add_companion(struct tree *tree, struct libusb_endpoint_descriptor *endpoint)
{
        uint8_t *extra;

        if (!fake.device.model.companions)
                return 0;
        extra = tree_alloc(tree, LIBUSB_DT_SS_ENDPOINT_COMPANION_SIZE, 1);
        if (!extra)
                return LIBUSB_ERROR_NO_MEM;
        endpoint->extra = extra;
        endpoint->extra_length = (int)raw_companion(&fake.device.model, endpoint->bmAttributes,
                                                    extra, LIBUSB_DT_SS_ENDPOINT_COMPANION_SIZE);
        return 0;
}

static int tree_add_endpoints(struct tree *tree, struct libusb_interface_descriptor *public,
                              const struct model_alt *alt)
{
        uint64_t hostile = fake.options.hostile;
        size_t extra = hostile == HOSTILE_ZEROED_ENDPOINTS ? 3 : 0;
        struct libusb_endpoint_descriptor *endpoints;
        int r;

        public->bNumEndpoints = (uint8_t)(alt->n_endpoints + extra);
        if (!public->bNumEndpoints && hostile != HOSTILE_NULL_ENDPOINTS)
                return 0;
        if (hostile == HOSTILE_NULL_ENDPOINTS) {
                public->bNumEndpoints = 5;
                return 0;
        }
        endpoints = tree_alloc(tree, public->bNumEndpoints, sizeof(*endpoints));
        if (!endpoints)
                return LIBUSB_ERROR_NO_MEM;
        for (uint8_t i = 0; i < alt->n_endpoints; i++) {
                endpoints[i] = (struct libusb_endpoint_descriptor){
                        .bLength = LIBUSB_DT_ENDPOINT_SIZE,
                        .bDescriptorType = LIBUSB_DT_ENDPOINT,
                        .bEndpointAddress = alt->endpoints[i].address,
                        .bmAttributes = alt->endpoints[i].attributes,
                        .wMaxPacketSize = alt->endpoints[i].packet,
                        .bInterval = alt->endpoints[i].interval,
                };
                r = tree_add_companion(tree, &endpoints[i]);
                if (r < 0)
                        return r;
        }
        public->endpoint = endpoints;
        return 0;
}

static int tree_add_alts(struct tree *tree, struct libusb_interface *public,
                         const struct model_interface *interface)
{
        struct libusb_interface_descriptor *alts;
        int r;

        if (fake.options.hostile == HOSTILE_NO_ALTSETTINGS)
                return 0;
        public->num_altsetting = interface->n_alts;
        if (fake.options.hostile == HOSTILE_NULL_ALTSETTINGS)
                return 0;
        alts = tree_alloc(tree, interface->n_alts, sizeof(*alts));
        if (!alts)
                return LIBUSB_ERROR_NO_MEM;
        public->altsetting = alts;
        for (uint8_t i = 0; i < interface->n_alts; i++) {
                alts[i] = (struct libusb_interface_descriptor){
                        .bLength = LIBUSB_DT_INTERFACE_SIZE,
                        .bDescriptorType = LIBUSB_DT_INTERFACE,
                        .bInterfaceNumber = interface->alts[i].interface,
                        .bAlternateSetting = interface->alts[i].alt,
                        .bInterfaceClass = LIBUSB_CLASS_VENDOR_SPEC,
                };
                r = tree_add_endpoints(tree, &alts[i], &interface->alts[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int tree_fill(struct tree *tree, const struct model_configuration *configuration)
{
        struct libusb_interface *interfaces;
        int r;

        tree->public = (struct libusb_config_descriptor){
                .bLength = LIBUSB_DT_CONFIG_SIZE,
                .bDescriptorType = LIBUSB_DT_CONFIG,
                .wTotalLength = (uint16_t)raw_descriptor(
                        &fake.device.model,
                        (uint16_t)(LIBUSB_DT_CONFIG << 8 | (configuration->value - 1)), NULL, 0),
                .bNumInterfaces = configuration->n_interfaces,
                .bConfigurationValue = configuration->value,
                .bmAttributes = 0x80,
                .MaxPower = 50,
        };
        if (fake.options.hostile == HOSTILE_NULL_INTERFACES)
                return 0;
        interfaces = tree_alloc(tree, configuration->n_interfaces, sizeof(*interfaces));
        if (!interfaces)
                return LIBUSB_ERROR_NO_MEM;
        tree->public.interface = interfaces;
        for (uint8_t i = 0; i < configuration->n_interfaces; i++) {
                r = tree_add_alts(tree, &interfaces[i], &configuration->interfaces[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static struct tree *tree_free(struct tree *tree)
{
        if (!tree)
                return NULL;
        for (size_t i = 0; i < tree->n_owned; i++)
                free(tree->owned[i]);
        free(tree);
        return NULL;
}

static int tree_new(const struct model_configuration *configuration,
                    struct libusb_config_descriptor **ret_config)
{
        struct tree *tree;
        int r;

        tree = calloc(1, sizeof(*tree));
        if (!tree)
                return LIBUSB_ERROR_NO_MEM;
        r = tree_fill(tree, configuration);
        if (r < 0) {
                tree_free(tree);
                return r;
        }
        fake.counters.leaked_descriptors++;
        *ret_config = &tree->public;
        return 0;
}

int libusb_get_device_descriptor(libusb_device *device, struct libusb_device_descriptor *ret)
{
        int r;

        fake_lock();
        r = fault_check(FUNCTION_get_device_descriptor);
        if (!r)
                *ret = fake.device.model.device;
        fake_unlock();
        return r;
}

static int tree_get(enum function function, const struct model_configuration *configuration,
                    struct libusb_config_descriptor **ret_config)
{
        int r;

        fake_lock();
        r = fault_check(function);
        if (!r && fake.device.gone)
                r = LIBUSB_ERROR_NO_DEVICE;
        if (!r && !configuration)
                r = LIBUSB_ERROR_NOT_FOUND;
        if (!r)
                r = tree_new(configuration, ret_config);
        fake_unlock();
        return r;
}

int libusb_get_active_config_descriptor(libusb_device *device,
                                        struct libusb_config_descriptor **ret_config)
{
        return tree_get(FUNCTION_get_active_config_descriptor,
                        model_configuration(&fake.device.model, fake.device.configuration),
                        ret_config);
}

int libusb_get_config_descriptor(libusb_device *device, uint8_t index,
                                 struct libusb_config_descriptor **ret_config)
{
        return tree_get(FUNCTION_get_config_descriptor,
                        index < MODEL_CONFIGURATIONS ? &fake.device.model.configurations[index]
                                                     : NULL,
                        ret_config);
}

int libusb_get_config_descriptor_by_value(libusb_device *device, uint8_t value,
                                          struct libusb_config_descriptor **ret_config)
{
        return tree_get(FUNCTION_get_config_descriptor_by_value,
                        model_configuration(&fake.device.model, value), ret_config);
}

void libusb_free_config_descriptor(struct libusb_config_descriptor *config)
{
        if (!config)
                return;
        tree_free(CONTAINER_OF(config, struct tree, public));
        fake_lock();
        fake.counters.leaked_descriptors--;
        fake_unlock();
}

int libusb_get_ss_endpoint_companion_descriptor(
        libusb_context *context, const struct libusb_endpoint_descriptor *endpoint,
        struct libusb_ss_endpoint_companion_descriptor **ret)
{
        struct libusb_ss_endpoint_companion_descriptor *companion;
        int r;

        fake_lock();
        r = fault_check(FUNCTION_get_ss_endpoint_companion_descriptor);
        fake_unlock();
        if (r)
                return r;
        if (endpoint->extra_length < LIBUSB_DT_SS_ENDPOINT_COMPANION_SIZE)
                return LIBUSB_ERROR_NOT_FOUND;
        companion = calloc(1, sizeof(*companion));
        if (!companion)
                return LIBUSB_ERROR_NO_MEM;
        *companion = (struct libusb_ss_endpoint_companion_descriptor){
                .bLength = endpoint->extra[0],
                .bDescriptorType = endpoint->extra[1],
                .bMaxBurst = endpoint->extra[2],
                .bmAttributes = endpoint->extra[3],
                .wBytesPerInterval =
                        (uint16_t)(endpoint->extra[4] | (unsigned int)endpoint->extra[5] << 8),
        };
        fake_lock();
        fake.counters.leaked_descriptors++;
        fake_unlock();
        *ret = companion;
        return 0;
}

void libusb_free_ss_endpoint_companion_descriptor(
        struct libusb_ss_endpoint_companion_descriptor *companion)
{
        if (!companion)
                return;
        free(companion);
        fake_lock();
        fake.counters.leaked_descriptors--;
        fake_unlock();
}

static int packet_size(uint8_t address, bool iso)
{
        const struct endpoint *endpoint;
        int r = LIBUSB_ERROR_NOT_FOUND;

        fake_lock();
        endpoint = endpoint_find(address);
        if (endpoint && iso)
                r = (endpoint->packet & 0x7ff) * (1 + (endpoint->packet >> 11 & 3));
        else if (endpoint)
                r = endpoint->packet;
        fake_unlock();
        return r;
}

int libusb_get_max_packet_size(libusb_device *device, unsigned char address)
{
        return packet_size(address, false);
}

int libusb_get_max_iso_packet_size(libusb_device *device, unsigned char address)
{
        return packet_size(address, true);
}
