/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What FAKE_LIBUSB says: the hostile descriptors are as ordered, nothing unknown is accepted, and
 * the README lists it all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake-libusb/bed.h"
#include "fake-libusb/options.h"
#include "util/macro.h"

/* Steps through all that is there, as a careful program does; counts the endpoints. */
static unsigned int walk(const struct libusb_config_descriptor *config)
{
        const struct libusb_interface_descriptor *alt;
        unsigned int n = 0;

        for (int i = 0; config->interface && i < config->bNumInterfaces; i++) {
                alt = config->interface[i].altsetting;
                for (int k = 0; alt && k < config->interface[i].num_altsetting; k++) {
                        for (int e = 0; alt[k].endpoint && e < alt[k].bNumEndpoints; e++) {
                                assert_true(alt[k].endpoint[e].bLength <= LIBUSB_DT_ENDPOINT_SIZE);
                                n++;
                        }
                }
        }
        return n;
}

/* What a variant looks like; the rest of a row is that of "none". */
struct variant {
        const char *name;
        unsigned int interfaces;
        unsigned int endpoints; /* that walk() finds */
        uint8_t second_interface;
        uint8_t second_alt;
        uint8_t address; /* of interface 1, alternate setting 1, endpoint 0 */
        uint8_t interval;
        uint16_t packet;
};

static void compare(const struct libusb_config_descriptor *config, const struct variant *variant)
{
        const struct libusb_interface_descriptor *alt;

        assert_int_equal(config->bNumInterfaces, variant->interfaces);
        assert_int_equal(walk(config), variant->endpoints);
        if (!config->interface || !config->interface[1].altsetting)
                return;
        alt = &config->interface[1].altsetting[1];
        assert_int_equal(alt->bInterfaceNumber, variant->second_interface);
        assert_int_equal(alt->bAlternateSetting, variant->second_alt);
        if (!alt->endpoint) {
                assert_true(alt->bNumEndpoints > 0);
                return;
        }
        assert_int_equal(alt->endpoint[0].bEndpointAddress, variant->address);
        assert_int_equal(alt->endpoint[0].bInterval, variant->interval);
        assert_int_equal(alt->endpoint[0].wMaxPacketSize, variant->packet);
}

static void hostile_descriptors_are_what_they_say(void **state)
{
        static const struct variant variants[] = {
                { "none", 2, 12, 1, 1, 0x86, 1, 1024 },
                { "null-interfaces", 2, 0 },
                { "null-altsettings", 2, 0 },
                { "no-altsettings", 2, 0 },
                { "null-endpoints", 2, 0, 1, 1 },
                { "zeroed-endpoints", 2, 24, 1, 1, 0x86, 1, 1024 },
                { "duplicate-interfaces", 2, 12, 0, 1, 0x86, 1, 1024 },
                { "duplicate-endpoints", 3, 20, 1, 1, 0x86, 1, 1024 },
                { "many-interfaces", 40, 12, 1, 1, 0x86, 1, 1024 },
                { "high-interfaces", 2, 12, 254, 1, 0x86, 1, 1024 },
                { "odd-altsettings", 2, 12, 1, 7, 0x86, 1, 1024 },
                { "reserved-bits", 2, 12, 1, 1, 0xf6, 1, 1024 },
                { "packet-zero", 2, 12, 1, 1, 0x86, 1, 0 },
                { "packet-max", 2, 12, 1, 1, 0x86, 1, 0xffff },
                { "interval-zero", 2, 12, 1, 1, 0x86, 0, 1024 },
        };
        struct libusb_config_descriptor *config;
        char option[64];
        struct bed bed;

        assert_int_equal(ELEMENTS(variants), HOSTILE_COUNT);
        for (size_t i = 0; i < 2 * ELEMENTS(variants); i++) {
                /* By name, and by number. */
                if (i < ELEMENTS(variants))
                        snprintf(option, sizeof(option), "hostile-descriptors=%s",
                                 variants[i].name);
                else
                        snprintf(option, sizeof(option), "hostile-descriptors=%zu",
                                 i - ELEMENTS(variants));
                bed_open(&bed, option);
                assert_int_equal(libusb_get_config_descriptor_by_value(
                                         libusb_get_device(bed.handle), 1, &config),
                                 0);
                compare(config, &variants[i % ELEMENTS(variants)]);
                libusb_free_config_descriptor(config);
                bed_close(&bed);
                assert_int_equal(bed_reported(&bed, "leaked-descriptors"), 0);
        }
}

static void refuses_options_it_does_not_know(void **state)
{
        static const char *const wrong[] = {
                "x",
                "rate",
                "rate=",
                "rate=-1",
                "rate=1x",
                "rate= 1",
                "rate=1,",
                ",rate=1",
                "rate=1,rate=1",
                "device=disk",
                "speed=warp",
                "id=12345678",
                "id=1209:000g",
                "id=1209:00011",
                "configuration=3",
                "fail=claim_interface",
                "fail=claim:LIBUSB_ERROR_BUSY",
                "fail=claim_interface:LIBUSB_ERROR_FOO",
                "fail=claim_interface:BUSY@0",
                "fail=claim_interface:BUSY@1x",
                "fail=claim_interface:BUSY@1x0",
                "complete=0x181:STALL",
                "complete=0x81:BUSY",
                "hostile-descriptors=15",
                "report=stdout",
                "report=none,report-fd=1,x=1",
        };
        libusb_context *context;

        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                setenv("FAKE_LIBUSB", wrong[i], 1);
                assert_int_equal(libusb_init(&context), LIBUSB_ERROR_INVALID_PARAM);
        }
        setenv("FAKE_LIBUSB", "fail=libusb_init:NO_MEM", 1);
        assert_int_equal(libusb_init(&context), LIBUSB_ERROR_NO_MEM);
        unsetenv("FAKE_LIBUSB");
        assert_int_equal(libusb_init(&context), 0);
        libusb_exit(context);
}

static void readme_lists_every_option(void **state)
{
#define ROW(name, kind, field, limit, form, help) "- `" name "=" form "`: " help "\n",
        static const char *const rows[] = { OPTIONS(ROW) };
#undef ROW
        const char *top = getenv("top_srcdir");
        char path[4096], text[32768];
        FILE *file;
        size_t n;

        snprintf(path, sizeof(path), "%s/tests/fake-libusb/README.md", top ? top : ".");
        file = fopen(path, "re");
        assert_non_null(file);
        n = fread(text, 1, sizeof(text) - 1, file);
        fclose(file);
        text[n] = '\0';
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                if (!strstr(text, rows[i]))
                        fail_msg("README.md has no row %s", rows[i]);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(hostile_descriptors_are_what_they_say),
                cmocka_unit_test(refuses_options_it_does_not_know),
                cmocka_unit_test(readme_lists_every_option),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
