/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes a disk behind the Bulk-Only Transport a USB device: descriptors, the two class
 * requests, and the image. An image in memory is a file without a name, so that there is one way
 * to read and write.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "emulated/boot-sector.h"
#include "emulated/bot.h"
#include "emulated/descriptor.h"
#include "emulated/stick.h"

enum { REQUEST_BOT_RESET = 0xff, REQUEST_GET_MAX_LUN = 0xfe };
enum { MEMORY_IMAGE_SIZE = 1 << 20 };

struct stick {
        struct emulated_device *device;
        struct scsi_disk disk;
        struct bot bot;
};

static const uint8_t device_high[] = { DESCRIPTOR_DEVICE(0x0200, 0, 64, STICK_VENDOR, STICK_PRODUCT,
                                                         0x0100, 1) };
static const uint8_t device_super[] = { DESCRIPTOR_DEVICE(0x0300, 0, 9, STICK_VENDOR, STICK_PRODUCT,
                                                          0x0100, 1) };

#define INTERFACE               DESCRIPTOR_INTERFACE(0, 0, 2, USB_CLASS_MASS_STORAGE, 6, 0x50)
#define BULK(address, max_size) DESCRIPTOR_ENDPOINT(address, USB_ENDPOINT_XFER_BULK, max_size, 0)

static const uint8_t configuration_high[] = {
        DESCRIPTOR_CONFIGURATION(9 + 9 + 2 * 7, 1, 1),
        INTERFACE,
        BULK(STICK_IN, 512),
        BULK(STICK_OUT, 512),
};

static const uint8_t configuration_super[] = {
        DESCRIPTOR_CONFIGURATION(9 + 9 + 2 * (7 + 6), 1, 1),
        INTERFACE,
        BULK(STICK_IN, 1024),
        DESCRIPTOR_COMPANION,
        BULK(STICK_OUT, 1024),
        DESCRIPTOR_COMPANION,
};

/* USB 2.0 extension without LPM; high and super speed, all there at high speed. */
static const uint8_t bos_super[] = {
        USB_DT_BOS_SIZE,
        USB_DT_BOS,
        DESCRIPTOR_LE16(5 + 7 + 10),
        2,
        USB_DT_USB_EXT_CAP_SIZE,
        USB_DT_DEVICE_CAPABILITY,
        USB_CAP_TYPE_EXT,
        DESCRIPTOR_LE16(2),
        DESCRIPTOR_LE16(0),
        USB_DT_USB_SS_CAP_SIZE,
        USB_DT_DEVICE_CAPABILITY,
        USB_SS_CAP_TYPE,
        0,
        DESCRIPTOR_LE16(0x000e),
        2,
        10,
        DESCRIPTOR_LE16(0x07ff),
};

static struct stick *stick_of(struct emulated_device *device)
{
        return emulated_description(device)->owner;
}

static int on_bulk(struct emulated_device *device, uint8_t endpoint, uint8_t *data, size_t length)
{
        struct stick *stick = stick_of(device);

        return endpoint & USB_DIR_IN ? bot_in(&stick->bot, data, length)
                                     : bot_out(&stick->bot, data, length);
}

static int on_control(struct emulated_device *device, const struct usb_ctrlrequest *setup,
                      uint8_t *data, size_t length)
{
        if ((setup->bRequestType & USB_TYPE_MASK) != USB_TYPE_CLASS)
                return EMULATED_STALL;
        if (setup->bRequest == REQUEST_GET_MAX_LUN && length >= 1) {
                data[0] = 0;
                return 1;
        }
        if (setup->bRequest == REQUEST_BOT_RESET) {
                bot_restart(&stick_of(device)->bot);
                return 0;
        }
        return EMULATED_STALL;
}

static void on_reset(struct emulated_device *device)
{
        bot_restart(&stick_of(device)->bot);
}

static void on_set_configuration(struct emulated_device *device, int configuration)
{
        bot_restart(&stick_of(device)->bot);
}

static void report(struct emulated_device *device, FILE *file)
{
        const struct stick *stick = stick_of(device);

        fprintf(file, "stick.sectors_read=%llu\n", (unsigned long long)stick->disk.blocks_read);
        fprintf(file, "stick.sectors_written=%llu\n",
                (unsigned long long)stick->disk.blocks_written);
}

static const struct emulated_ops stick_ops = {
        .control = on_control,
        .bulk = on_bulk,
        .on_reset = on_reset,
        .on_set_configuration = on_set_configuration,
        .report = report,
};

static int open_image(const char *path)
{
        uint8_t sector[BOOT_SECTOR_SIZE];
        CLEANUP(close_fdp) int fd = -1;

        fd = path ? open(path, O_RDWR | O_CLOEXEC) : memfd_create("stick", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (path)
                return TAKE_FD(fd);
        boot_sector_write(sector, STICK_BOOT_LINE);
        if (ftruncate(fd, MEMORY_IMAGE_SIZE) < 0 ||
            pwrite(fd, sector, sizeof(sector), 0) != (ssize_t)sizeof(sector))
                return -errno;
        return TAKE_FD(fd);
}

int stick_new(struct stick **ret, const struct stick_options *options)
{
        bool super = options->speed == USB_SPEED_SUPER;
        CLEANUP(stick_freep) struct stick *stick = NULL;
        struct emulated_description description = {
                .port = options->port ? options->port : "1-1",
                .busnum = options->busnum ? options->busnum : 1,
                .devnum = options->devnum ? options->devnum : 2,
                .speed = super ? USB_SPEED_SUPER : USB_SPEED_HIGH,
                .device_descriptor = super ? device_super : device_high,
                .bos = super ? bos_super : NULL,
                .configurations = { super ? configuration_super : configuration_high },
                .strings = { NULL, "usbredir", "Emulated stick",
                             options->serial ? options->serial : "EMULATED0001" },
                .ops = &stick_ops,
        };
        int fd, r;

        stick = calloc(1, sizeof(*stick));
        if (!stick)
                return -ENOMEM;
        stick->disk.image = -1;
        stick->bot.disk = &stick->disk;
        fd = open_image(options->image);
        if (fd < 0)
                return fd;
        r = scsi_init(&stick->disk, fd, description.strings[3]);
        if (r < 0) {
                close(fd);
                return r;
        }
        description.owner = stick;
        r = emulated_device_new(&stick->device, &description);
        if (r < 0)
                return r;
        *ret = TAKE(stick);
        return 0;
}

struct stick *stick_free(struct stick *stick)
{
        if (!stick)
                return NULL;
        bot_restart(&stick->bot);
        emulated_device_free(stick->device);
        close_fd(stick->disk.image);
        free(stick);
        return NULL;
}

struct emulated_device *stick_device(struct stick *stick)
{
        return stick->device;
}

static uint64_t read_counter(struct stick *stick, const uint64_t *counter)
{
        uint64_t value;

        emulated_lock(stick->device);
        value = *counter;
        emulated_unlock(stick->device);
        return value;
}

uint64_t stick_blocks_read(struct stick *stick)
{
        return read_counter(stick, &stick->disk.blocks_read);
}

uint64_t stick_blocks_written(struct stick *stick)
{
        return read_counter(stick, &stick->disk.blocks_written);
}
