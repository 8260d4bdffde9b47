/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device whose descriptors lie, under the real libusb, and a kernel that answers its calls in any
 * way: opened, taken, changed as a guest may ask, given back. Libusb reads the descriptors from the
 * device node, which is a file in memory here; its ioctls are ours.
 *
 * Input: the node's bytes with their length in two bytes before; then, as they are wanted, steps
 * and answers of the kernel.
 */
#include "usb/device.h"

#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz/layout.h"
#include "util/log.h"

/* Libusb 1.0.26 itself forgets some of what it reads of a configuration that lies. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
        return "leak:libusb-1.0.so";
}

enum { STEP_CONFIGURATION, STEP_ALT, STEP_RESET, STEP_CLEAR_HALT, STEP_TOUCH, STEPS };

static struct input in;
static int node = -1;

/* Most calls go well. */
static int take_result(void)
{
        static const int errors[] = { ENODEV, EBUSY,  ENOENT, EINVAL,    EIO,  ENOTTY,
                                      EACCES, ENOMEM, EPIPE,  ETIMEDOUT, EPERM };
        uint8_t byte = take_u8(&in);

        if (byte < 224)
                return 0;
        errno = errors[byte % ELEMENTS(errors)];
        return -1;
}

static int answer_control(struct usbdevfs_ctrltransfer *transfer)
{
        size_t size;
        const uint8_t *bytes;

        if (take_result() < 0)
                return -1;
        bytes = take(&in, MIN(transfer->wLength, (uint16_t)8), &size);
        memcpy(transfer->data, bytes, size);
        return (int)size;
}

static int answer(unsigned long request, void *argument)
{
        switch (request) {
        case USBDEVFS_CONTROL: return answer_control(argument);
        case USBDEVFS_CONNECTINFO:
                memset(argument, 0, sizeof(struct usbdevfs_connectinfo));
                return take_result();
        case USBDEVFS_GET_CAPABILITIES: *(uint32_t *)argument = take_u8(&in); return take_result();
        case USBDEVFS_GET_SPEED: return take_u8(&in) % 8;
        case USBDEVFS_GETDRIVER:
                strcpy(((struct usbdevfs_getdriver *)argument)->driver,
                       take_u8(&in) & 1 ? "usbfs" : "usb-storage");
                return take_result();
        default: return take_result();
        }
}

/* In the place of the C library's, also for libusb. */
int ioctl(int fd, unsigned long request, ...)
{
        va_list arguments;
        void *argument;

        va_start(arguments, request);
        argument = va_arg(arguments, void *);
        va_end(arguments);
        if (node < 0 || fd != node)
                return (int)syscall(SYS_ioctl, fd, request, argument);

        return answer(request, argument);
}

static void on_complete(void *userdata, struct usb_transfer *transfer)
{
        abort();
}

static void on_nothing(void *userdata)
{
}

static const struct usb_transfer_events events = { on_complete, on_nothing, on_nothing };

static void step(struct usb_device *d)
{
        struct usb_layout before = *usb_device_layout(d);
        uint8_t a, b;

        switch (take_u8(&in) % STEPS) {
        case STEP_CONFIGURATION: usb_device_set_configuration(d, take_u8(&in) % 4); break;
        case STEP_ALT:
                a = take_u8(&in);
                b = take_u8(&in);
                if (usb_device_set_alt(d, a, b) < 0)
                        CHECKED(!memcmp(&before, usb_device_layout(d), sizeof(before)));
                break;
        case STEP_RESET: usb_device_reset(d); break;
        case STEP_CLEAR_HALT: usb_device_clear_halt(d, take_u8(&in)); break;
        case STEP_TOUCH: usb_device_touch(d); break;
        }
        must_be_layout(usb_device_layout(d));
}

static void use(struct usb_device *d)
{
        uint8_t how = take_u8(&in);

        if (how & 1)
                usb_device_never_reset(d);
        if (how & 2) {
                usb_device_recover(d, how >> 4);
                return;
        }

        if (usb_device_claim(d) == 0)
                for (unsigned n = 0; in.left > 0 && n < 64; n++)
                        step(d);
        usb_device_release(d);
}

/* Polls: epoll takes no file. */
static struct event_base *make_base(void)
{
        struct event_config *config = event_config_new();
        struct event_base *base;

        event_config_avoid_method(config, "epoll");
        base = event_base_new_with_config(config);
        event_config_free(config);
        CHECKED(base);
        return base;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct event_base *base;
        struct usb_device *device;
        struct usb_loop *loop;
        const uint8_t *bytes;
        size_t n;

        if (!base) {
                setenv("LIBUSB_DEBUG", "0", 1);
                base = make_base();
                log_set_level(LOG_LEVEL_ERROR);
        }

        in = (struct input){ data, size };
        n = take_u16(&in);
        bytes = take(&in, n, &n);
        node = memfd_create("node", MFD_CLOEXEC);
        CHECKED(node >= 0 && write(node, bytes, n) == (ssize_t)n);

        CHECKED(usb_loop_new(&loop, base, false) == 0);
        if (usb_device_open_fd(&device, loop, base, node, 1 << 20, &events, NULL) == 0) {
                use(device);
                usb_device_free(device);
        }
        usb_loop_free(loop);
        close(node);
        node = -1;
        return 0;
}
