/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What usbfs costs with buffers that are mapped from the kernel, and with those that it copies:
 *
 *      speed-memory NODE malloc|mapped BYTES SECONDS
 *
 * Reads from a disk's Bulk-Only Transport, the same BYTES again and again, or from a device that
 * has data without end, like Gadget Zero. Prints how many reads there were, in how many seconds,
 * and how many seconds of processor time they took.
 */
#include <endian.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <libusb.h>

enum { TIMEOUT_MS = 10000, COMMAND_SIZE = 31, STATUS_SIZE = 13, SECTOR = 512 };

struct device {
        libusb_device_handle *handle;
        uint8_t in, out;
        int is_disk;
        uint8_t *buffer;
        int size;
};

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double processor_time(void)
{
        struct rusage u;

        getrusage(RUSAGE_SELF, &u);
        return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int move(struct device *d, uint8_t endpoint, void *data, int length)
{
        int moved, r;

        r = libusb_bulk_transfer(d->handle, endpoint, data, length, &moved, TIMEOUT_MS);
        return r == 0 && moved == length ? 0 : -1;
}

/* A READ(10) from the first sector on. */
static int command(struct device *d)
{
        uint32_t length = htole32((uint32_t)d->size);
        uint8_t c[COMMAND_SIZE] = { 'U', 'S', 'B', 'C', [12] = 0x80, [14] = 10, [15] = 0x28 };

        memcpy(c + 8, &length, sizeof(length));
        c[22] = (uint8_t)(d->size / SECTOR >> 8);
        c[23] = (uint8_t)(d->size / SECTOR);
        return move(d, d->out, c, COMMAND_SIZE);
}

static int read_once(struct device *d)
{
        uint8_t status[STATUS_SIZE];

        if (!d->is_disk)
                return move(d, d->in, d->buffer, d->size);

        return command(d) < 0 || move(d, d->in, d->buffer, d->size) < 0 ||
                               move(d, d->in, status, STATUS_SIZE) < 0 || status[12] != 0
                       ? -1
                       : 0;
}

static int find_endpoints(struct device *d)
{
        struct libusb_config_descriptor *config;
        const struct libusb_interface_descriptor *interface;

        if (libusb_get_active_config_descriptor(libusb_get_device(d->handle), &config) < 0)
                return -1;

        interface = &config->interface[0].altsetting[0];
        d->is_disk = interface->bInterfaceClass == LIBUSB_CLASS_MASS_STORAGE;
        for (int i = 0; i < interface->bNumEndpoints; i++) {
                uint8_t address = interface->endpoint[i].bEndpointAddress;

                *(address & LIBUSB_ENDPOINT_IN ? &d->in : &d->out) = address;
        }
        libusb_free_config_descriptor(config);
        return d->in && d->out ? 0 : -1;
}

static int device_open(struct device *d, const char *node)
{
        int fd = open(node, O_RDWR | O_CLOEXEC);

        libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
        if (fd < 0 || libusb_init(NULL) < 0 || libusb_wrap_sys_device(NULL, fd, &d->handle) < 0)
                return -1;

        libusb_set_auto_detach_kernel_driver(d->handle, 1);
        return libusb_claim_interface(d->handle, 0) < 0 ? -1 : find_endpoints(d);
}

int main(int argc, char **argv)
{
        struct device d = { 0 };
        double begin, end, processor;
        unsigned long reads = 0;

        if (argc != 5 || device_open(&d, argv[1]) < 0)
                return 2;

        d.size = atoi(argv[3]);
        d.buffer = strcmp(argv[2], "mapped") == 0 ? libusb_dev_mem_alloc(d.handle, (size_t)d.size)
                                                  : malloc((size_t)d.size);
        if (!d.buffer) {
                puts("no such memory");
                return 1;
        }

        begin = now();
        processor = processor_time();
        do {
                if (read_once(&d) < 0) {
                        puts("a read failed");
                        return 1;
                }
                reads++;
                end = now();
        } while (end < begin + strtod(argv[4], NULL));

        printf("%lu %.6f %.6f\n", reads, end - begin, processor_time() - processor);
        libusb_release_interface(d.handle, 0);
        return 0;
}
