/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bulk streams against a kernel of this file, which takes the endpoints of one interface at a time,
 * two streams or more, and none for endpoints that have some.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "usb/device-private.h"
#include "util/macro.h"

/* Of interface 3: 0x81, 0x02 with 16 streams. Of interface 7: 0x83 with 4. */
enum { IN_1 = 1 << 17, OUT_2 = 1 << 2, IN_3 = 1 << 19, BULK_4 = 1 << 4, CONTROL = 1 << 0 };

static struct {
        uint32_t streams[256]; /* by address */
        uint32_t most;         /* gives no more than this */
        int calls, fail_at, error;
} kernel;

int __wrap_libusb_alloc_streams(libusb_device_handle *handle, uint32_t count, uint8_t *addresses,
                                int n);
int __wrap_libusb_free_streams(libusb_device_handle *handle, uint8_t *addresses, int n);

static int set_streams(uint32_t count, const uint8_t *addresses, int n)
{
        if (++kernel.calls == kernel.fail_at)
                return kernel.error;

        for (int i = 0; i < n; i++) {
                if ((addresses[i] == 0x83) != (addresses[0] == 0x83) ||
                    !kernel.streams[addresses[i]] == !count)
                        return LIBUSB_ERROR_INVALID_PARAM;
                kernel.streams[addresses[i]] = count;
        }

        return (int)count;
}

int __wrap_libusb_alloc_streams(libusb_device_handle *handle, uint32_t count, uint8_t *addresses,
                                int n)
{
        if (count < 2)
                return LIBUSB_ERROR_INVALID_PARAM;

        return set_streams(MIN(count, kernel.most), addresses, n);
}

int __wrap_libusb_free_streams(libusb_device_handle *handle, uint8_t *addresses, int n)
{
        return set_streams(0, addresses, n);
}

static void begin(struct usb_device *d)
{
        *d = (struct usb_device){ .is_clean = true };
        d->layout.endpoints[17] = (struct usb_endpoint){ USB_ENDPOINT_BULK, 0, 3, 1024, 16 };
        d->layout.endpoints[2] = (struct usb_endpoint){ USB_ENDPOINT_BULK, 0, 3, 1024, 16 };
        d->layout.endpoints[19] = (struct usb_endpoint){ USB_ENDPOINT_BULK, 0, 7, 1024, 4 };
        d->layout.endpoints[4] = (struct usb_endpoint){ USB_ENDPOINT_BULK, 0, 7, 1024, 0 };
        kernel = (__typeof__(kernel)){ .most = 65536 };
}

/* The streams of 0x81, 0x02 and 0x83, here and there. */
static void assert_streams(const struct usb_device *d, uint32_t in_1, uint32_t out_2, uint32_t in_3)
{
        assert_int_equal(usb_device_streams(d, 0x81), in_1);
        assert_int_equal(usb_device_streams(d, 0x02), out_2);
        assert_int_equal(usb_device_streams(d, 0x83), in_3);
        assert_int_equal(kernel.streams[0x81], in_1);
        assert_int_equal(kernel.streams[0x02], out_2);
        assert_int_equal(kernel.streams[0x83], in_3);
}

static void asks_for_each_interface_by_itself(void **state)
{
        struct usb_device d;

        begin(&d);
        assert_int_equal(usb_device_alloc_streams(&d, IN_1 | OUT_2 | IN_3, 4), 0);
        assert_streams(&d, 4, 4, 4);
        assert_int_equal(kernel.calls, 2);
        assert_false(d.is_clean);
        assert_int_equal(usb_device_streams(&d, 0x91), 0);

        assert_int_equal(usb_device_free_streams(&d, IN_1 | IN_3), 0);
        assert_streams(&d, 0, 4, 0);
        assert_int_equal(usb_device_free_streams(&d, IN_1 | OUT_2), 0);
        assert_streams(&d, 0, 0, 0);
        assert_int_equal(usb_device_free_streams(&d, OUT_2), 0);
        assert_int_equal(kernel.calls, 5);
}

static void allocates_anew_what_has_some(void **state)
{
        struct usb_device d;

        begin(&d);
        assert_int_equal(usb_device_alloc_streams(&d, IN_1, 16), 0);
        assert_int_equal(usb_device_alloc_streams(&d, IN_1 | OUT_2, 8), 0);
        assert_streams(&d, 8, 8, 0);
}

static void refuses_what_makes_no_sense(void **state)
{
        static const struct {
                const char *name;
                uint32_t endpoints, count;
        } cases[] = {
                { "no endpoint", 0, 4 },
                { "no streams", IN_1, 0 },
                { "more than one of them can have", IN_1 | IN_3, 5 },
                { "more than there can be", IN_1, UINT32_MAX },
                { "a bulk endpoint that can have none", IN_1 | BULK_4, 4 },
                { "a control endpoint", CONTROL, 4 },
                { "endpoints that are not there", 1u << 31, 4 },
                { "all endpoints", UINT32_MAX, 4 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct usb_device d;

                begin(&d);
                d.streams[17] = kernel.streams[0x81] = 2;
                if (usb_device_alloc_streams(&d, cases[i].endpoints, cases[i].count) != -EINVAL)
                        fail_msg("%s", cases[i].name);
                if (cases[i].endpoints != IN_1 && cases[i].endpoints != (IN_1 | IN_3))
                        assert_int_equal(usb_device_free_streams(&d, cases[i].endpoints), -EINVAL);
                assert_streams(&d, 2, 0, 0);
                assert_int_equal(kernel.calls, 0);
        }
}

static void leaves_none_where_not_all_could_be_had(void **state)
{
        static const struct {
                const char *name;
                uint32_t most, count;
                int fail_at, error, want;
        } cases[] = {
                { "fewer", 3, 4, 0, 0, -EIO },
                { "nothing at all", 0, 4, 0, 0, -EIO },
                { "one, which Linux refuses", 65536, 1, 0, 0, -EIO },
                { "the first interface fails", 65536, 4, 1, LIBUSB_ERROR_NO_MEM, -EIO },
                { "the second one fails", 65536, 4, 2, LIBUSB_ERROR_NOT_SUPPORTED, -EIO },
                { "gone", 65536, 4, 2, LIBUSB_ERROR_NO_DEVICE, -ENODEV },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct usb_device d;
                int r;

                begin(&d);
                kernel.most = cases[i].most;
                kernel.fail_at = cases[i].fail_at;
                kernel.error = cases[i].error;
                r = usb_device_alloc_streams(&d, IN_1 | OUT_2 | IN_3, cases[i].count);
                if (r != cases[i].want)
                        fail_msg("%s: %i", cases[i].name, r);
                assert_streams(&d, 0, 0, 0);
                assert_int_equal(d.is_gone, r == -ENODEV);
        }
}

static void forgets_streams_that_cannot_be_freed(void **state)
{
        struct usb_device d;

        begin(&d);
        assert_int_equal(usb_device_alloc_streams(&d, IN_1 | IN_3, 4), 0);
        kernel.fail_at = 4;
        kernel.error = LIBUSB_ERROR_NO_DEVICE;
        assert_int_equal(usb_device_free_streams(&d, IN_1 | IN_3), -ENODEV);
        assert_int_equal(usb_device_streams(&d, 0x81), 0);
        assert_int_equal(usb_device_streams(&d, 0x83), 0);
        assert_true(d.is_gone);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(asks_for_each_interface_by_itself),
                cmocka_unit_test(allocates_anew_what_has_some),
                cmocka_unit_test(refuses_what_makes_no_sense),
                cmocka_unit_test(leaves_none_where_not_all_could_be_had),
                cmocka_unit_test(forgets_streams_that_cannot_be_freed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
