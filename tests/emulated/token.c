/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Three devices of the same two parts. What differs is in the table: descriptors and names.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "emulated/ccid.h"
#include "emulated/descriptor.h"
#include "emulated/token.h"
#include "util/macro.h"

enum { VENDOR = 0x1209, CCID_DESCRIPTOR_SIZE = 54, HID_DESCRIPTOR_SIZE = 9, REPORT_SIZE = 8 };
enum { HID_DT_HID = 0x21, HID_DT_REPORT = 0x22, CCID_DT = 0x21 };
enum { NOTIFY_SLOT_CHANGE = 0x50, SLOT_0_CHANGED_AND_PRESENT = 0x03 };

struct token {
        struct emulated_device *device;
        struct ccid ccid;
        bool has_notified; /* of the card */
};

/* A keyboard as in appendix B of the HID specification. */
static const uint8_t report_descriptor[] = {
        0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15,
        0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02, 0x95, 0x01, 0x75, 0x08,
        0x81, 0x01, 0x95, 0x05, 0x75, 0x01, 0x05, 0x08, 0x19, 0x01, 0x29, 0x05, 0x91,
        0x02, 0x95, 0x01, 0x75, 0x03, 0x91, 0x01, 0x95, 0x06, 0x75, 0x08, 0x15, 0x00,
        0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0xc0,
};

#define LE32(value) DESCRIPTOR_LE16((value)&0xffff), DESCRIPTOR_LE16((value) >> 16)

/* One slot, 5 V, T=0, 4 MHz, 10752 bit/s, everything automatic, exchanges of TPDUs. */
#define CCID_DESCRIPTOR                                                                            \
        CCID_DESCRIPTOR_SIZE, CCID_DT, DESCRIPTOR_LE16(0x0110), 0, 1, LE32(1), LE32(4000),         \
                LE32(4000), 0, LE32(10752), LE32(10752), 0, LE32(254), LE32(0), LE32(0),           \
                LE32(0x000100ba), LE32(CCID_MESSAGE_MAX), 0xff, 0xff, DESCRIPTOR_LE16(0), 0, 1

#define CCID_PART_SIZE (9 + CCID_DESCRIPTOR_SIZE + 3 * 7)
#define CCID_PART(number)                                                                          \
        DESCRIPTOR_INTERFACE(number, 0, 3, USB_CLASS_CSCID, 0, 0), CCID_DESCRIPTOR,                \
                DESCRIPTOR_ENDPOINT(TOKEN_CCID_OUT, USB_ENDPOINT_XFER_BULK, 64, 0),                \
                DESCRIPTOR_ENDPOINT(TOKEN_CCID_IN, USB_ENDPOINT_XFER_BULK, 64, 0),                 \
                DESCRIPTOR_ENDPOINT(TOKEN_CCID_INTERRUPT, USB_ENDPOINT_XFER_INT, 8, 16)

#define KEYBOARD_PART_SIZE (9 + HID_DESCRIPTOR_SIZE + 7)
#define KEYBOARD_PART(number)                                                                      \
        DESCRIPTOR_INTERFACE(number, 0, 1, USB_CLASS_HID, 1, 1), HID_DESCRIPTOR_SIZE, HID_DT_HID,  \
                DESCRIPTOR_LE16(0x0111), 0, 1, HID_DT_REPORT,                                      \
                DESCRIPTOR_LE16(sizeof(report_descriptor)),                                        \
                DESCRIPTOR_ENDPOINT(TOKEN_KEYBOARD_INTERRUPT, USB_ENDPOINT_XFER_INT, REPORT_SIZE,  \
                                    10)

static const uint8_t configuration_reader[] = {
        DESCRIPTOR_CONFIGURATION(9 + CCID_PART_SIZE, 1, 1),
        CCID_PART(0),
};
static const uint8_t configuration_keyboard[] = {
        DESCRIPTOR_CONFIGURATION(9 + KEYBOARD_PART_SIZE, 1, 1),
        KEYBOARD_PART(0),
};
static const uint8_t configuration_composite[] = {
        DESCRIPTOR_CONFIGURATION(9 + CCID_PART_SIZE + KEYBOARD_PART_SIZE, 2, 1),
        CCID_PART(0),
        KEYBOARD_PART(1),
};

static const struct {
        const uint8_t device[USB_DT_DEVICE_SIZE];
        const uint8_t *configuration;
        const char *name, *serial;
} kinds[] = {
        [TOKEN_READER] = { { DESCRIPTOR_DEVICE(0x0200, 0, 64, VENDOR, 0x0003, 0x0100, 1) },
                           configuration_reader,
                           "Emulated reader",
                           "EMULATED0003" },
        [TOKEN_KEYBOARD] = { { DESCRIPTOR_DEVICE(0x0200, 0, 64, VENDOR, 0x0004, 0x0100, 1) },
                             configuration_keyboard,
                             "Emulated keyboard",
                             "EMULATED0004" },
        [TOKEN_COMPOSITE] = { { DESCRIPTOR_DEVICE(0x0200, 0, 64, VENDOR, 0x0005, 0x0100, 1) },
                              configuration_composite,
                              "Emulated token",
                              "EMULATED0005" },
};

static struct token *token_of(struct emulated_device *device)
{
        return emulated_description(device)->owner;
}

static int on_bulk(struct emulated_device *device, uint8_t endpoint, uint8_t *data, size_t length)
{
        struct token *token = token_of(device);

        return endpoint & USB_DIR_IN ? ccid_in(&token->ccid, data, length)
                                     : ccid_out(&token->ccid, data, length);
}

static int on_interrupt(struct emulated_device *device, uint8_t endpoint, uint8_t *data,
                        size_t length)
{
        const uint8_t notice[] = { NOTIFY_SLOT_CHANGE, SLOT_0_CHANGED_AND_PRESENT };
        struct token *token = token_of(device);

        if (endpoint != TOKEN_CCID_INTERRUPT || token->has_notified)
                return EMULATED_NAK;
        if (length < sizeof(notice))
                return -EOVERFLOW;
        token->has_notified = true;
        memcpy(data, notice, sizeof(notice));
        return sizeof(notice);
}

/* Of the keyboard; the reader has no class request that it must know. */
static int on_control(struct emulated_device *device, const struct usb_ctrlrequest *setup,
                      uint8_t *data, size_t length)
{
        if ((setup->bRequestType & USB_RECIP_MASK) != USB_RECIP_INTERFACE)
                return EMULATED_STALL;
        if (setup->bRequest == USB_REQ_GET_DESCRIPTOR && le16toh(setup->wValue) == HID_DT_REPORT
                                                                                           << 8) {
                memcpy(data, report_descriptor, MIN(length, sizeof(report_descriptor)));
                return (int)MIN(length, sizeof(report_descriptor));
        }
        if ((setup->bRequestType & USB_TYPE_MASK) != USB_TYPE_CLASS)
                return EMULATED_STALL;
        if (!(setup->bRequestType & USB_DIR_IN))
                return (int)length; /* idle rate, protocol, lights: believed */
        memset(data, 0, MIN(length, (size_t)REPORT_SIZE));
        return (int)MIN(length, (size_t)REPORT_SIZE);
}

static void on_reset(struct emulated_device *device)
{
        ccid_restart(&token_of(device)->ccid);
        token_of(device)->has_notified = false;
}

static void on_set_configuration(struct emulated_device *device, int configuration)
{
        on_reset(device);
}

static const struct emulated_ops token_ops = {
        .control = on_control,
        .bulk = on_bulk,
        .interrupt = on_interrupt,
        .on_reset = on_reset,
        .on_set_configuration = on_set_configuration,
};

int token_new(struct token **ret, const struct token_options *options)
{
        struct emulated_description description = {
                .port = options->port ? options->port : "1-1",
                .busnum = options->busnum ? options->busnum : 1,
                .devnum = options->devnum ? options->devnum : 2,
                .speed = USB_SPEED_FULL,
                .device_descriptor = kinds[options->kind].device,
                .configurations = { kinds[options->kind].configuration },
                .strings = { NULL, "usbredir", kinds[options->kind].name,
                             options->serial ? options->serial : kinds[options->kind].serial },
                .ops = &token_ops,
        };
        struct token *token;
        int r;

        token = calloc(1, sizeof(*token));
        if (!token)
                return -ENOMEM;
        description.owner = token;
        r = emulated_device_new(&token->device, &description);
        if (r < 0) {
                free(token);
                return r;
        }
        *ret = token;
        return 0;
}

struct token *token_free(struct token *token)
{
        if (!token)
                return NULL;
        emulated_device_free(token->device);
        free(token);
        return NULL;
}

struct emulated_device *token_device(struct token *token)
{
        return token->device;
}
