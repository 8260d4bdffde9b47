/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/unconfigured.h"

#include <stdio.h>
#include <string.h>

#include "unit/test.h"
#include "util/macro.h"

#define DEVICE           "12 01 00 02 00 00 00 40 09 12 01 00 00 01 00 00 00 02"
#define DEVICE_OWN       "12 01 00 02 ff 00 00 40 09 12 01 00 00 01 00 00 00 02"
#define CONFIGURATION(n) "09 02 " n " 00 01 "
#define REST             " 00 80 32 "
#define STICK            "09 04 00 00 02 08 06 50 00 "
#define STICK_UAS        "09 04 00 01 04 08 06 62 00 "
#define OWN              "09 04 00 00 00 ff 00 00 00 "
#define KEYBOARD         "09 04 01 00 01 03 01 01 00 "
#define HID              "09 21 11 01 00 01 22 3f 00 "

static size_t read_hex(const char *text, uint8_t *bytes)
{
        size_t n = 0;
        unsigned byte;
        int used;

        while (sscanf(text, " %2x%n", &byte, &used) == 1) {
                bytes[n++] = (uint8_t)byte;
                text += used;
        }

        return n;
}

static void interfaces_come_from_the_usual_configuration(void **state)
{
        static const struct {
                const char *name, *bytes;
                uint8_t configuration;
                const char *want; /* number:class/subclass/protocol, each with a blank */
        } cases[] = {
                { "a stick, and its other alt setting",
                  DEVICE CONFIGURATION("1b") "01" REST STICK STICK_UAS, 1, "0:08/06/50 " },
                { "a composite device, with a descriptor of its class",
                  DEVICE CONFIGURATION("24") "05" REST STICK KEYBOARD HID, 5,
                  "0:08/06/50 1:03/01/01 " },
                { "the vendor's own comes first",
                  DEVICE CONFIGURATION("12") "01" REST OWN CONFIGURATION("12") "02" REST STICK, 2,
                  "0:08/06/50 " },
                { "nothing but the vendor's own",
                  DEVICE CONFIGURATION("12") "01" REST OWN CONFIGURATION("12") "02" REST OWN, 1,
                  "0:ff/00/00 " },
                { "a device that is all the vendor's own",
                  DEVICE_OWN CONFIGURATION("12") "01" REST OWN CONFIGURATION("12") "02" REST STICK,
                  1, "0:ff/00/00 " },
                { "an interface without alt setting 0",
                  DEVICE CONFIGURATION("1b") "01" REST STICK_UAS KEYBOARD, 1,
                  "0:08/06/62 1:03/01/01 " },
                { "an interface that is there twice, and behind one of a higher number",
                  DEVICE CONFIGURATION("24") "01" REST KEYBOARD STICK OWN, 1,
                  "0:08/06/50 1:03/01/01 " },
                { "a configuration's descriptor that is longer, with a descriptor inside",
                  DEVICE "12 02 24 00 01 01" REST OWN STICK OWN, 1, "0:08/06/50 " },
                { "one that is longer than all of it", DEVICE "1c 02 1b 00 01 01" REST STICK OWN, 0,
                  "" },
                { "without interfaces", DEVICE CONFIGURATION("09") "01" REST, 1, "" },
                { "without configurations", DEVICE, 0, "" },
                { "cut short", DEVICE CONFIGURATION("1b") "01" REST STICK, 0, "" },
                { "a total that is too small", DEVICE CONFIGURATION("08") "01" REST STICK, 0, "" },
                { "a descriptor of length 0", DEVICE CONFIGURATION("14") "01" REST "00 00" STICK, 1,
                  "" },
                { "one that ends behind its configuration",
                  DEVICE CONFIGURATION("12") "01" REST "ff 04 00 00 02 08 06 50 00", 1, "" },
                { "half a device descriptor", "12 01 00 02", 0, "" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                static struct device_info info;
                uint8_t bytes[512];
                char got[256] = "";

                memset(&info, 0, sizeof(info));
                unconfigured_read(&info, bytes, read_hex(cases[i].bytes, bytes));
                for (uint32_t j = 0; j < info.facts.n_interfaces; j++) {
                        const struct facts_interface *f = &info.facts.interfaces[j];
                        size_t used = strlen(got);

                        snprintf(got + used, sizeof(got) - used, "%u:%02x/%02x/%02x ",
                                 info.interface_numbers[j], f->class, f->subclass, f->protocol);
                }
                if (info.usual_configuration != cases[i].configuration ||
                    strcmp(got, cases[i].want) != 0)
                        fail_msg("%s: %u, \"%s\"", cases[i].name, info.usual_configuration, got);
        }
}

static void more_interfaces_than_can_be_known_make_a_refusal(void **state)
{
        static struct device_info info;
        uint8_t bytes[18 + 9 + 33 * 9] = { 0 };
        size_t total = sizeof(bytes) - 18;

        read_hex(DEVICE CONFIGURATION("00") "01" REST, bytes);
        bytes[20] = (uint8_t)(total & 0xff);
        bytes[21] = (uint8_t)(total >> 8);
        for (uint8_t i = 0; i < 33; i++) {
                read_hex(STICK, bytes + 27 + i * 9);
                bytes[27 + i * 9 + 2] = i;
        }
        unconfigured_read(&info, bytes, sizeof(bytes));
        assert_int_equal(info.facts.n_interfaces, FACTS_INTERFACES_MAX);
        assert_string_not_equal(info.refusal, "");
}

/* It could be a configuration's that is not in use, and hide what the device is. */
static void an_alt_setting_0_that_comes_late_makes_a_refusal(void **state)
{
        static struct device_info info;
        uint8_t bytes[64];

        unconfigured_read(&info, bytes,
                          read_hex(DEVICE CONFIGURATION("1b") "01" REST STICK_UAS STICK, bytes));
        assert_int_equal(info.facts.n_interfaces, 0);
        assert_string_equal(info.refusal, "interface 0 does not begin with alternate setting 0");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(interfaces_come_from_the_usual_configuration),
                cmocka_unit_test(more_interfaces_than_can_be_known_make_a_refusal),
                cmocka_unit_test(an_alt_setting_0_that_comes_late_makes_a_refusal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
