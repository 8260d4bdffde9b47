/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Bulk-Only Transport: a command block in, data one way or the other, a status out. The phase
 * says which transfer is due; a transfer on the other endpoint is NAKed until it is its turn. When
 * host and device disagree on the data, the endpoint stalls as the specification's thirteen cases
 * want it; after an invalid command block both endpoints stall, through clear halt, until the
 * Reset Recovery (the class request, then both halts cleared).
 */
#include <endian.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "emulated/boot-sector.h"
#include "emulated/scsi.h"
#include "emulated/stick.h"
#include "util/macro.h"

enum { CBW_SIZE = 31, CSW_SIZE = 13 };
enum { CBW_SIGNATURE = 0x43425355, CSW_SIGNATURE = 0x53425355 };
enum { REQUEST_BOT_RESET = 0xff, REQUEST_GET_MAX_LUN = 0xfe };
enum { STATUS_PASSED, STATUS_FAILED, STATUS_PHASE_ERROR };
enum { MEMORY_IMAGE_SIZE = 1 << 20 };

enum phase {
        PHASE_COMMAND,   /* a command block is awaited */
        PHASE_DATA_OUT,  /* the host sends what the command wanted */
        PHASE_DATA_IN,   /* the host fetches what there is */
        PHASE_STALL_OUT, /* the next OUT transfer stalls, then comes the status */
        PHASE_STALL_IN,  /* the next IN transfer stalls, then comes the status */
        PHASE_STATUS,    /* the host fetches the status */
        PHASE_BROKEN,    /* everything stalls until a Bulk-Only reset */
};

struct stick {
        struct emulated_device *device;
        struct scsi_disk disk;
        enum phase phase;
        uint32_t tag;
        size_t host_length; /* of data, as the command block says */
        size_t moved;
        uint8_t status;
        struct scsi_transfer transfer;
        uint8_t *out; /* collects transfer.out_size bytes */
        uint8_t configuration[9 + 9 + 2 * (7 + 6)];
};

static const uint8_t device_descriptor_high[USB_DT_DEVICE_SIZE] = {
        USB_DT_DEVICE_SIZE,
        USB_DT_DEVICE,
        0x00,
        0x02,
        0,
        0,
        0,
        64, /* USB 2.0 */
        0x09,
        0x12,
        0x01,
        0x00,
        0x00,
        0x01,
        1,
        2,
        3,
        1,
};

static const uint8_t device_descriptor_super[USB_DT_DEVICE_SIZE] = {
        USB_DT_DEVICE_SIZE,
        USB_DT_DEVICE,
        0x00,
        0x03,
        0,
        0,
        0,
        9, /* USB 3.0, 2^9 bytes */
        0x09,
        0x12,
        0x01,
        0x00,
        0x00,
        0x01,
        1,
        2,
        3,
        1,
};

static const uint8_t bos_super[] = {
        5,
        USB_DT_BOS,
        22,
        0,
        2,
        7,
        USB_DT_DEVICE_CAPABILITY,
        USB_CAP_TYPE_EXT,
        2,
        0,
        0,
        0,
        10,
        USB_DT_DEVICE_CAPABILITY,
        USB_SS_CAP_TYPE,
        0,
        0x0e,
        0,
        1,
        10,
        0xff,
        0x07,
};

static struct stick *stick_of(struct emulated_device *device)
{
        return emulated_description(device)->owner;
}

static void end_command(struct stick *stick)
{
        free(stick->transfer.in);
        stick->transfer = (struct scsi_transfer){ 0 };
        free(stick->out);
        stick->out = NULL;
}

static void restart(struct stick *stick)
{
        end_command(stick);
        stick->phase = PHASE_COMMAND;
}

/* The command is decided; what phase comes first, by the cases of the specification. */
static enum phase first_phase(struct stick *stick, bool host_reads)
{
        struct scsi_transfer *transfer = &stick->transfer;

        if (stick->host_length == 0) {
                if (transfer->in_size > 0 || transfer->out_size > 0)
                        stick->status = STATUS_PHASE_ERROR;
                return PHASE_STATUS;
        }
        if (host_reads) {
                if (transfer->out_size > 0 || transfer->in_size > stick->host_length)
                        stick->status = STATUS_PHASE_ERROR;
                return transfer->in_size > 0 && stick->status != STATUS_PHASE_ERROR
                               ? PHASE_DATA_IN
                               : PHASE_STALL_IN;
        }
        if (transfer->in_size > 0 || transfer->out_size > stick->host_length)
                stick->status = STATUS_PHASE_ERROR;
        return transfer->out_size > 0 && stick->status != STATUS_PHASE_ERROR ? PHASE_DATA_OUT
                                                                             : PHASE_STALL_OUT;
}

static int take_command(struct stick *stick, const uint8_t *block, size_t length)
{
        uint32_t signature = 0, tag, host_length;
        bool passed;

        memcpy(&signature, block, MIN(length, sizeof(signature)));
        if (length != CBW_SIZE || le32toh(signature) != CBW_SIGNATURE || block[13] != 0 ||
            block[14] == 0 || block[14] > 16) {
                stick->phase = PHASE_BROKEN;
                return EMULATED_STALL;
        }
        memcpy(&tag, block + 4, sizeof(tag));
        memcpy(&host_length, block + 8, sizeof(host_length));
        end_command(stick);
        stick->tag = tag;
        stick->host_length = le32toh(host_length);
        stick->moved = 0;
        passed = scsi_execute(&stick->disk, block + 15, block[14], &stick->transfer);
        stick->status = passed ? STATUS_PASSED : STATUS_FAILED;
        stick->phase = first_phase(stick, (block[12] & USB_DIR_IN) != 0);
        if (stick->phase == PHASE_DATA_OUT) {
                stick->out = malloc(stick->transfer.out_size);
                if (!stick->out) {
                        stick->status = STATUS_FAILED;
                        stick->phase = PHASE_STALL_OUT;
                }
        }
        return CBW_SIZE;
}

static int take_data(struct stick *stick, const uint8_t *data, size_t length)
{
        size_t n = MIN(length, stick->transfer.out_size - stick->moved);

        memcpy(stick->out + stick->moved, data, n);
        stick->moved += n;
        if (stick->moved < stick->transfer.out_size)
                return (int)length;
        if (!scsi_write(&stick->disk, &stick->transfer, stick->out, stick->moved))
                stick->status = STATUS_FAILED;
        stick->phase =
                stick->moved < stick->host_length && n == length ? PHASE_STALL_OUT : PHASE_STATUS;
        return (int)length;
}

static int give_data(struct stick *stick, uint8_t *data, size_t length)
{
        size_t n = MIN(length, stick->transfer.in_size - stick->moved);

        memcpy(data, stick->transfer.in + stick->moved, n);
        stick->moved += n;
        if (stick->moved == stick->transfer.in_size)
                stick->phase = stick->moved < stick->host_length ? PHASE_STALL_IN : PHASE_STATUS;
        return (int)n;
}

static int give_status(struct stick *stick, uint8_t *data, size_t length)
{
        uint32_t words[3] = {
                htole32(CSW_SIGNATURE),
                stick->tag,
                htole32((uint32_t)(stick->host_length - MIN(stick->moved, stick->host_length))),
        };

        if (length < CSW_SIZE)
                return -EOVERFLOW;
        memcpy(data, words, sizeof(words));
        data[sizeof(words)] = stick->status;
        restart(stick);
        return CSW_SIZE;
}

static int stall(struct stick *stick)
{
        stick->phase = PHASE_STATUS;
        return EMULATED_STALL;
}

static int on_out(struct stick *stick, const uint8_t *data, size_t length)
{
        switch (stick->phase) {
        case PHASE_COMMAND: return take_command(stick, data, length);
        case PHASE_DATA_OUT: return take_data(stick, data, length);
        case PHASE_STALL_OUT: return stall(stick);
        case PHASE_BROKEN: return EMULATED_STALL;
        case PHASE_DATA_IN:
        case PHASE_STALL_IN:
        case PHASE_STATUS: return EMULATED_NAK;
        }
        return EMULATED_STALL;
}

static int on_in(struct stick *stick, uint8_t *data, size_t length)
{
        switch (stick->phase) {
        case PHASE_DATA_IN: return give_data(stick, data, length);
        case PHASE_STATUS: return give_status(stick, data, length);
        case PHASE_STALL_IN: return stall(stick);
        case PHASE_BROKEN: return EMULATED_STALL;
        case PHASE_COMMAND:
        case PHASE_DATA_OUT:
        case PHASE_STALL_OUT: return EMULATED_NAK;
        }
        return EMULATED_STALL;
}

static int on_bulk(struct emulated_device *device, uint8_t endpoint, uint8_t *data, size_t length)
{
        struct stick *stick = stick_of(device);

        return endpoint & USB_DIR_IN ? on_in(stick, data, length) : on_out(stick, data, length);
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
                restart(stick_of(device));
                return 0;
        }
        return EMULATED_STALL;
}

static void on_reset(struct emulated_device *device)
{
        restart(stick_of(device));
}

static void on_set_configuration(struct emulated_device *device, int configuration)
{
        restart(stick_of(device));
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

static void write_configuration(struct stick *stick, bool super)
{
        const uint16_t packet = super ? 1024 : 512;
        const uint8_t endpoints[] = { STICK_IN, STICK_OUT };
        uint8_t *at = stick->configuration;

        memcpy(at, (uint8_t[]){ 9, USB_DT_CONFIG, 0, 0, 1, 1, 0, 0x80, super ? 14 : 50 }, 9);
        at += 9;
        memcpy(at, (uint8_t[]){ 9, USB_DT_INTERFACE, 0, 0, 2, USB_CLASS_MASS_STORAGE, 6, 0x50, 0 },
               9);
        at += 9;
        for (size_t i = 0; i < ELEMENTS(endpoints); i++) {
                memcpy(at,
                       (uint8_t[]){ 7, USB_DT_ENDPOINT, endpoints[i], USB_ENDPOINT_XFER_BULK,
                                    (uint8_t)packet, (uint8_t)(packet >> 8), 0 },
                       7);
                at += 7;
                if (super) {
                        memcpy(at, (uint8_t[]){ 6, USB_DT_SS_ENDPOINT_COMP, 0, 0, 0, 0 }, 6);
                        at += 6;
                }
        }
        stick->configuration[2] = (uint8_t)(at - stick->configuration);
}

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
                .device_descriptor = super ? device_descriptor_super : device_descriptor_high,
                .bos = super ? bos_super : NULL,
                .strings = { NULL, "usbredir", "Emulated stick",
                             options->serial ? options->serial : "EMULATED0001" },
                .ops = &stick_ops,
        };
        int fd, r;

        stick = calloc(1, sizeof(*stick));
        if (!stick)
                return -ENOMEM;
        stick->disk.image = -1;
        fd = open_image(options->image);
        if (fd < 0)
                return fd;
        r = scsi_init(&stick->disk, fd, description.strings[3]);
        if (r < 0) {
                close(fd);
                return r;
        }
        write_configuration(stick, super);
        description.configurations[0] = stick->configuration;
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
        end_command(stick);
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
