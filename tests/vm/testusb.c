/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Has the kernel's usbtest driver run one of its cases, on the interface 0 to which it is bound:
 *
 *      testusb NODE CASE ITERATIONS LENGTH VARY COUNT
 *
 * Exits with 0 if it passes, 77 if this device or controller cannot have it, else 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>

#include <linux/usbdevice_fs.h>

/* As in the kernel's drivers/usb/misc/usbtest.c, which has no header. */
struct usbtest_param {
        unsigned test_num, iterations, length, vary, sglen;
        struct timeval duration;
};
#define USBTEST_REQUEST _IOWR('U', 100, struct usbtest_param)

static unsigned number(const char *text)
{
        return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
        struct usbtest_param param;
        struct usbdevfs_ioctl request = { .ioctl_code = (int)USBTEST_REQUEST, .data = &param };
        int fd, error;

        if (argc != 7) {
                fprintf(stderr, "Usage: testusb NODE CASE ITERATIONS LENGTH VARY COUNT\n");
                return 2;
        }
        fd = open(argv[1], O_RDWR);
        if (fd < 0) {
                perror(argv[1]);
                return 1;
        }

        param = (struct usbtest_param){ .test_num = number(argv[2]),
                                        .iterations = number(argv[3]),
                                        .length = number(argv[4]),
                                        .vary = number(argv[5]),
                                        .sglen = number(argv[6]) };
        if (ioctl(fd, USBDEVFS_IOCTL, &request) < 0) {
                error = errno;
                fprintf(stderr, "%s: %s\n", argv[2], strerror(error));
                return error == EOPNOTSUPP ? 77 : 1;
        }
        printf("%ld.%03ld s\n", (long)param.duration.tv_sec, (long)param.duration.tv_usec / 1000);
        return 0;
}
