/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One pass over /sys/bus/usb/devices. Entries of devices are named by their port path; those with
 * a colon are interfaces, those without a hyphen root hubs.
 */
#include "usb/find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define DEVICES     "/sys/bus/usb/devices"
#define HEXADECIMAL "0123456789abcdefABCDEF"

/* A number in an attribute of a device, as text in the given base; -ENODEV if it is not there. */
static int read_number(int dir_fd, const char *device, const char *attribute, int base,
                       unsigned long max, unsigned long *ret)
{
        CLEANUP(close_fdp) int fd = -1;
        char path[USB_PORT_MAX + 32], text[16];
        unsigned long value;
        char *end;
        ssize_t n;

        snprintf(path, sizeof(path), "%s/%s", device, attribute);
        fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -ENODEV;
        n = read(fd, text, sizeof(text) - 1);
        if (n <= 0)
                return -ENODEV;

        text[n] = '\0';
        value = strtoul(text, &end, base);
        if (end == text || value > max)
                return -ENODEV;

        *ret = value;
        return 0;
}

static int read_place(int dir_fd, const char *name, struct usb_place *ret)
{
        unsigned long bus, address, vendor, product;
        int r;

        if (!strchr(name, '-') || strchr(name, ':') || strlen(name) >= USB_PORT_MAX)
                return -ENODEV;

        r = read_number(dir_fd, name, "busnum", 10, UINT8_MAX, &bus);
        r = r < 0 ? r : read_number(dir_fd, name, "devnum", 10, UINT8_MAX, &address);
        r = r < 0 ? r : read_number(dir_fd, name, "idVendor", 16, UINT16_MAX, &vendor);
        r = r < 0 ? r : read_number(dir_fd, name, "idProduct", 16, UINT16_MAX, &product);
        if (r < 0)
                return r;

        *ret = (struct usb_place){ .bus = (uint8_t)bus,
                                   .address = (uint8_t)address,
                                   .vendor = (uint16_t)vendor,
                                   .product = (uint16_t)product };
        memcpy(ret->port, name, strlen(name) + 1);
        return 0;
}

/* What was typed, and which of the three forms it has. */
struct pattern {
        enum { BY_PORT, BY_ID, BY_ADDRESS } form;
        const char *port;
        unsigned first, second;
};

static int parse(const char *text, struct pattern *ret)
{
        const char *second = text + strspn(text, HEXADECIMAL);
        int end = 0;

        *ret = (struct pattern){ .port = text };

        /* sscanf() takes blanks, signs and "0x" for part of a number; we do not. */
        if (second == text || !*second || strspn(second + 1, HEXADECIMAL) == 0 ||
            strpbrk(text, "xX"))
                return -EINVAL;

        if (sscanf(text, "%4x:%4x%n", &ret->first, &ret->second, &end) == 2 && !text[end] &&
            end == 9)
                ret->form = BY_ID;
        else if (sscanf(text, "%3u/%3u%n", &ret->first, &ret->second, &end) == 2 && !text[end])
                ret->form = BY_ADDRESS;
        else if (sscanf(text, "%3u-%3u%n", &ret->first, &ret->second, &end) == 2 &&
                 strspn(text + end, "0123456789.") == strlen(text + end))
                ret->form = BY_PORT;
        else
                return -EINVAL;

        return 0;
}

static bool matches(const struct pattern *pattern, const struct usb_place *place)
{
        switch (pattern->form) {
        case BY_PORT: return !strcmp(pattern->port, place->port);
        case BY_ID: return pattern->first == place->vendor && pattern->second == place->product;
        case BY_ADDRESS: return pattern->first == place->bus && pattern->second == place->address;
        }

        return false;
}

int usb_find(const char *text, struct usb_place *ret, char *message, size_t size)
{
        CLEANUP(closedirp) DIR *dir = NULL;
        char candidates[256] = "";
        struct usb_place first = { 0 };
        struct pattern pattern;
        struct dirent *entry;
        size_t length = 0, found = 0;

        if (parse(text, &pattern) < 0) {
                snprintf(message, size,
                         "'%s' names no device: give its port (1-1.4), VVVV:PPPP or BBB/DDD", text);
                return -EINVAL;
        }

        dir = opendir(DEVICES);
        while (dir && (entry = readdir(dir))) {
                struct usb_place place;

                if (read_place(dirfd(dir), entry->d_name, &place) < 0 || !matches(&pattern, &place))
                        continue;

                if (length < sizeof(candidates))
                        length += (size_t)snprintf(candidates + length, sizeof(candidates) - length,
                                                   "%s%s", found ? ", " : "", place.port);
                if (found++ == 0)
                        first = place;
        }

        if (found == 0) {
                snprintf(message, size, "there is no USB device %s: \"lsusb -t\" lists them", text);
                return -ENODEV;
        }
        if (found > 1) {
                snprintf(message, size, "%s is not one device: say which by its port: %s", text,
                         candidates);
                return -ENOTUNIQ;
        }

        *ret = first;
        return 0;
}
