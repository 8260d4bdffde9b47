/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls on a device that block: claim, configuration, alt setting, reset, clear halt, release.
 * Each is looked at from both sides: what the call says, and what the emulated kernel has.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "usb/bed.h"

static const struct usb_endpoint *endpoint(const struct bed *bed, uint8_t address)
{
        return usb_layout_endpoint(usb_device_layout(bed->usb), address);
}

static bool loops_back(struct bed *bed, uint8_t out, uint8_t in)
{
        struct bed_outcome *o;

        return bed_wait(bed, bed_submit(bed, out, "ping", 4)) == USB_STATUS_SUCCESS &&
               bed_wait(bed, o = bed_submit(bed, in, NULL, 512)) == USB_STATUS_SUCCESS &&
               o->actual == 4 && memcmp(o->transfer->data, "ping", 4) == 0;
}

static void opening_tells_facts_and_claims_nothing(void **state)
{
        struct bed *bed = *state;
        const struct usb_device_facts *facts = usb_device_facts(bed->usb);

        assert_int_equal(facts->speed, LIBUSB_SPEED_HIGH);
        assert_int_equal(facts->vendor, GADGET_VENDOR);
        assert_int_equal(facts->product, GADGET_PRODUCT);
        assert_int_equal(facts->version_bcd, 0x1234);
        assert_int_equal(facts->class_code, USB_CLASS_VENDOR_SPEC);
        bed_assert_state(bed, .bound = BED_ALL, .configuration = 1);
}

static void opening_an_address_where_nothing_is_finds_no_device(void **state)
{
        struct bed *bed = *state;
        struct usb_device *other = NULL;

        assert_int_equal(usb_device_open_address(&other, bed->loop, bed->base, 1, 9, BED_MEMORY,
                                                 &(struct usb_transfer_events){ 0 }, NULL),
                         -ENODEV);
        assert_null(other);
}

static void claim_detaches_the_drivers_and_resets_once(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_claim(bed->usb), 0);
        bed_assert_state(bed, .claimed = BED_ALL, .configuration = 1);
        assert_int_equal(emulated_count(bed->device, "RESET"), 1);
}

static void
interface_of_another_program_refuses_the_claim_and_the_first_gets_its_driver(void **state)
{
        struct bed *bed = *state;
        struct usbdevfs_disconnect_claim other = { .interface = 1 };
        struct usbdevfs_ioctl connect = { .ifno = 1, .ioctl_code = (int)USBDEVFS_CONNECT };
        int fd = open("/dev/bus/usb/001/002", O_RDWR | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(ioctl(fd, USBDEVFS_DISCONNECT_CLAIM, &other), 0);
        assert_int_equal(usb_device_claim(bed->usb), -EBUSY);
        bed_assert_state(bed, .claimed = 2, .bound = 1, .configuration = 1);

        assert_int_equal(ioctl(fd, USBDEVFS_RELEASEINTERFACE, &other.interface), 0);
        assert_int_equal(ioctl(fd, USBDEVFS_IOCTL, &connect), 1);
        close(fd);
        assert_int_equal(usb_device_claim(bed->usb), 0);
        bed_assert_state(bed, .claimed = BED_ALL, .configuration = 1);
}

static void claim_fills_the_endpoint_table(void **state)
{
        struct bed *bed = *state;
        const struct usb_layout *layout = usb_device_layout(bed->usb);
        size_t endpoints = 0;

        assert_int_equal(layout->configuration, 1);
        assert_int_equal(layout->interface_count, 2);
        assert_int_equal(layout->interfaces[0].number, 0);
        assert_int_equal(layout->interfaces[1].number, 1);
        for (size_t i = 0; i < USB_ENDPOINTS_MAX; i++)
                endpoints += layout->endpoints[i].type != USB_ENDPOINT_NONE;
        assert_int_equal(endpoints, 2 + 4); /* the two of endpoint 0 */
        assert_int_equal(endpoint(bed, GADGET_BULK_IN)->type, USB_ENDPOINT_BULK);
        assert_int_equal(endpoint(bed, GADGET_BULK_IN)->max_packet_size, 512);
        assert_int_equal(endpoint(bed, GADGET_BULK_OUT)->interface, 0);
        assert_int_equal(endpoint(bed, GADGET_INTERRUPT_IN)->type, USB_ENDPOINT_INTERRUPT);
        assert_int_equal(endpoint(bed, GADGET_INTERRUPT_IN)->max_packet_size,
                         GADGET_INTERRUPT_PACKET);
        assert_int_equal(endpoint(bed, GADGET_INTERRUPT_OUT)->interval, 4);
        assert_int_equal(endpoint(bed, GADGET_INTERRUPT_OUT)->interface, 1);
        assert_int_equal(usb_layout_endpoints_of(usb_device_layout(bed->usb), 1),
                         1u << 3 | 1u << (16 + 3));
}

static void configuration_is_changed_and_its_drivers_detached(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_set_configuration(bed->usb, 2), 0);
        assert_int_equal(usb_device_layout(bed->usb)->configuration, 2);
        assert_int_equal(usb_device_layout(bed->usb)->interface_count, 1);
        assert_int_equal(endpoint(bed, GADGET_INTERRUPT_IN)->type, USB_ENDPOINT_NONE);
        bed_assert_state(bed, .claimed = 1, .configuration = 2);
        assert_true(loops_back(bed, GADGET_BULK_OUT, GADGET_BULK_IN));
}

static void configuration_zero_leaves_no_interface(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_set_configuration(bed->usb, 0), 0);
        assert_int_equal(usb_device_layout(bed->usb)->configuration, 0);
        assert_int_equal(usb_device_layout(bed->usb)->interface_count, 0);
        assert_int_equal(endpoint(bed, GADGET_BULK_IN)->type, USB_ENDPOINT_NONE);
        bed_assert_state(bed, .configuration = 0, .alt = -ENOENT);
        assert_int_equal(usb_device_set_configuration(bed->usb, 1), 0);
        bed_assert_state(bed, .claimed = BED_ALL, .configuration = 1);
        assert_true(loops_back(bed, GADGET_BULK_OUT, GADGET_BULK_IN));
}

static void configuration_that_is_not_there_leaves_the_old_one(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_set_configuration(bed->usb, 7), -ENOENT);
        assert_int_equal(usb_device_layout(bed->usb)->configuration, 1);
        bed_assert_state(bed, .claimed = BED_ALL, .configuration = 1);
        assert_true(loops_back(bed, GADGET_BULK_OUT, GADGET_BULK_IN));
}

static void configuration_in_force_is_not_set_again_but_its_alt_settings_are(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_set_alt(bed->usb, 0, 1), 0);
        assert_int_equal(usb_device_set_configuration(bed->usb, 1), 0);
        assert_int_equal(emulated_count(bed->device, "SETCONFIGURATION"), 0);
        assert_int_equal(usb_device_layout(bed->usb)->interfaces[0].alt, 0);
        bed_assert_state(bed, .claimed = BED_ALL, .configuration = 1);
}

static void alt_setting_brings_its_endpoints(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_set_alt(bed->usb, 0, 1), 0);
        bed_assert_state(bed, .claimed = BED_ALL, .configuration = 1, .alt = 1);
        assert_int_equal(usb_device_layout(bed->usb)->interfaces[0].alt, 1);
        assert_int_equal(endpoint(bed, GADGET_BULK_IN)->type, USB_ENDPOINT_NONE);
        assert_int_equal(endpoint(bed, GADGET_ALT_BULK_IN)->type, USB_ENDPOINT_BULK);
        assert_int_equal(endpoint(bed, GADGET_INTERRUPT_IN)->type, USB_ENDPOINT_INTERRUPT);
        assert_true(loops_back(bed, GADGET_ALT_BULK_OUT, GADGET_ALT_BULK_IN));
}

static void alt_setting_that_is_not_there_reaches_no_device(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_set_alt(bed->usb, 0, 2), -ENOENT);
        assert_int_equal(usb_device_set_alt(bed->usb, 1, 1), -ENOENT);
        assert_int_equal(usb_device_set_alt(bed->usb, 2, 0), -ENOENT);
        assert_int_equal(emulated_count(bed->device, "SETINTERFACE"), 0);
        assert_int_equal(endpoint(bed, GADGET_BULK_IN)->type, USB_ENDPOINT_BULK);
}

static void reset_of_a_clean_device_is_none(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_reset(bed->usb), 0);
        assert_int_equal(emulated_count(bed->device, "RESET"), 1); /* that of the claim */
}

static void reset_after_a_request_is_real_and_keeps_the_claims(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "lost", 4)), 0);
        assert_int_equal(usb_device_reset(bed->usb), 0);
        assert_int_equal(emulated_count(bed->device, "RESET"), 2);
        assert_int_equal(gadget_buffered(bed->gadget, GADGET_BULK_OUT), 0);
        bed_assert_state(bed, .claimed = BED_ALL, .configuration = 1);
        assert_int_equal(usb_device_reset(bed->usb), 0);
        assert_int_equal(emulated_count(bed->device, "RESET"), 2);
        assert_true(loops_back(bed, GADGET_BULK_OUT, GADGET_BULK_IN));
}

static void reset_puts_the_first_alt_setting_in_force(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_set_alt(bed->usb, 0, 1), 0);
        assert_int_equal(usb_device_reset(bed->usb), 0);
        bed_assert_state(bed, .claimed = BED_ALL, .configuration = 1, .alt = 0);
        assert_int_equal(usb_device_layout(bed->usb)->interfaces[0].alt, 0);
        assert_true(loops_back(bed, GADGET_BULK_OUT, GADGET_BULK_IN));
}

static void clear_halt_lets_an_in_endpoint_work_again(void **state)
{
        struct bed *bed = *state;
        struct bed_outcome *o;

        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_OUT, "kept", 4)), 0);
        gadget_stall(bed->gadget, GADGET_BULK_IN);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_IN, NULL, 512)),
                         USB_STATUS_STALL);
        assert_int_equal(bed_wait(bed, bed_submit(bed, GADGET_BULK_IN, NULL, 512)),
                         USB_STATUS_STALL);
        assert_true(emulated_is_halted(bed->device, GADGET_BULK_IN));

        assert_int_equal(usb_device_clear_halt(bed->usb, GADGET_BULK_IN), 0);
        assert_false(emulated_is_halted(bed->device, GADGET_BULK_IN));
        o = bed_submit(bed, GADGET_BULK_IN, NULL, 512);
        assert_int_equal(bed_wait(bed, o), USB_STATUS_SUCCESS);
        assert_int_equal(o->actual, 4);
        assert_memory_equal(o->transfer->data, "kept", 4);
}

static void clear_halt_of_no_endpoint_is_not_found(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_clear_halt(bed->usb, 0x8f), -ENOENT);
}

static void release_restores_configuration_and_drivers(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_set_configuration(bed->usb, 2), 0);
        assert_int_equal(usb_device_release(bed->usb), 0);
        bed_assert_state(bed, .bound = BED_ALL, .configuration = 1);
        assert_int_equal(emulated_count(bed->device, "RESET"), 2);
}

static void release_restores_a_configuration_that_was_taken_away(void **state)
{
        struct bed *bed = *state;

        assert_int_equal(usb_device_set_configuration(bed->usb, 0), 0);
        assert_int_equal(usb_device_release(bed->usb), 0);
        bed_assert_state(bed, .bound = BED_ALL, .configuration = 1);
}

static void released_device_can_be_claimed_again(void **state)
{
        struct bed *bed = *state;

        for (int i = 0; i < 3; i++) {
                assert_int_equal(usb_device_release(bed->usb), 0);
                bed_assert_state(bed, .bound = BED_ALL, .configuration = 1);
                assert_int_equal(usb_device_claim(bed->usb), 0);
                bed_assert_state(bed, .claimed = BED_ALL, .configuration = 1);
        }
        assert_true(loops_back(bed, GADGET_BULK_OUT, GADGET_BULK_IN));
}

static void second_release_does_nothing(void **state)
{
        struct bed *bed = *state;
        unsigned connects;

        assert_int_equal(usb_device_release(bed->usb), 0);
        connects = emulated_count(bed->device, "CONNECT");
        assert_int_equal(connects, 2);
        assert_int_equal(usb_device_release(bed->usb), 0);
        assert_int_equal(emulated_count(bed->device, "CONNECT"), connects);
}

int main(void)
{
#define OPENED(test)  cmocka_unit_test_setup_teardown(test, bed_setup_opened, bed_teardown_claimed)
#define CLAIMED(test) cmocka_unit_test_setup_teardown(test, bed_setup_claimed, bed_teardown_claimed)
        const struct CMUnitTest tests[] = {
                OPENED(opening_tells_facts_and_claims_nothing),
                OPENED(opening_an_address_where_nothing_is_finds_no_device),
                OPENED(claim_detaches_the_drivers_and_resets_once),
                OPENED(interface_of_another_program_refuses_the_claim_and_the_first_gets_its_driver),
                CLAIMED(claim_fills_the_endpoint_table),
                CLAIMED(configuration_is_changed_and_its_drivers_detached),
                CLAIMED(configuration_zero_leaves_no_interface),
                CLAIMED(configuration_that_is_not_there_leaves_the_old_one),
                CLAIMED(configuration_in_force_is_not_set_again_but_its_alt_settings_are),
                CLAIMED(alt_setting_brings_its_endpoints),
                CLAIMED(alt_setting_that_is_not_there_reaches_no_device),
                CLAIMED(reset_of_a_clean_device_is_none),
                CLAIMED(reset_after_a_request_is_real_and_keeps_the_claims),
                CLAIMED(reset_puts_the_first_alt_setting_in_force),
                CLAIMED(clear_halt_lets_an_in_endpoint_work_again),
                CLAIMED(clear_halt_of_no_endpoint_is_not_found),
                CLAIMED(release_restores_configuration_and_drivers),
                CLAIMED(release_restores_a_configuration_that_was_taken_away),
                CLAIMED(released_device_can_be_claimed_again),
                CLAIMED(second_release_does_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
