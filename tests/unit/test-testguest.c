/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What usbredir-testguest makes of a device's bytes, which may lie in every length, and of people's
 * words. Bytes stand in blocks of exactly their size, so that a sanitizer sees a step past them.
 */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "testguest/descriptors.h"
#include "testguest/parse.h"
#include "unit/helpers.h"
#include "unit/test.h"

/* A configuration with an interface, an endpoint, its companion, and a class's descriptor. */
static const char good[] = "09 02 25 00 01 01 00 80 32  09 04 00 00 01 08 06 50 04 "
                           "05 21 aa bb cc  07 05 81 02 00 04 00  06 30 0f 05 00 00 01";

static const char *string(void *userdata, uint8_t index)
{
        return index == 4 ? "four" : NULL;
}

static json_t *decode(const uint8_t *bytes, size_t size)
{
        uint8_t *exact = malloc(size);
        json_t *array = json_array();

        CHECKED(exact || size == 0);
        if (size > 0)
                memcpy(exact, bytes, size);
        descriptors_decode(array, exact, size, string, NULL);
        free(exact);
        return array;
}

static const json_t *at(const json_t *array, size_t index)
{
        const json_t *object = json_array_get(array, index);

        assert_non_null(object);
        return object;
}

static void assert_text(const json_t *object, const char *key, const char *want)
{
        const char *text = json_string_value(json_object_get(object, key));

        assert_non_null(text);
        assert_string_equal(text, want);
}

static void descriptors_belong_to_the_one_before_them(void **state)
{
        const json_t *configuration, *interface, *endpoint;
        uint8_t bytes[64];
        json_t *array = decode(bytes, hex(bytes, sizeof(bytes), good));

        configuration = at(array, 0);
        assert_text(configuration, "descriptor", "Configuration");
        assert_text(configuration, "bMaxPower", "100 mA");
        interface = at(json_object_get(configuration, "descriptors"), 0);
        assert_text(json_object_get(interface, "bInterfaceClass"), "name", "Mass Storage");
        assert_text(json_object_get(interface, "iInterface"), "name", "four");
        assert_text(at(json_object_get(interface, "descriptors"), 0), "extra", "aabbcc");
        endpoint = at(json_object_get(interface, "descriptors"), 1);
        assert_text(json_object_get(endpoint, "bEndpointAddress"), "name", "IN");
        assert_text(at(json_object_get(endpoint, "descriptors"), 0), "descriptor",
                    "SuperSpeed Endpoint Companion");
        assert_text(at(array, 1), "descriptor", "Broken");
        assert_text(at(array, 1), "extra", "01");
        json_decref(array);
}

static void lengths_that_lie_lead_nowhere(void **state)
{
        uint8_t bytes[64], lie[64];
        size_t size = hex(bytes, sizeof(bytes), good);

        for (size_t i = 0; i < size; i++) {
                static const uint8_t values[] = { 0, 1, 2, 3, 8, 0x7f, 0xff };

                for (size_t j = 0; j < ELEMENTS(values); j++) {
                        json_t *array;

                        memcpy(lie, bytes, size);
                        lie[i] = values[j];
                        array = decode(lie, size);
                        assert_true(json_array_size(array) > 0);
                        json_decref(array);
                }
                json_decref(decode(bytes, i));
        }
}

static void what_is_cut_is_said_to_be(void **state)
{
        static const uint8_t cut[] = { 7, 5, 0x81 }, endless[] = { 0, 5, 0x81 };
        json_t *array = decode(cut, sizeof(cut));

        assert_true(json_is_true(json_object_get(at(array, 0), "truncated")));
        assert_non_null(json_object_get(at(array, 0), "bEndpointAddress"));
        assert_null(json_object_get(at(array, 0), "bmAttributes"));
        json_decref(array);

        array = decode(endless, sizeof(endless));
        assert_int_equal(json_array_size(array), 1);
        assert_text(at(array, 0), "descriptor", "Broken");
        json_decref(array);
}

static void strings_become_utf_8_as_far_as_they_go(void **state)
{
        static const struct {
                const char *name, *in, *want;
        } cases[] = {
                { "plain", "06 03 61 00 62 00", "ab" },
                { "two and three bytes", "06 03 e4 00 ac 20", "\xc3\xa4\xe2\x82\xac" },
                { "a pair", "06 03 3d d8 00 de", "\xf0\x9f\x98\x80" },
                { "half a pair", "06 03 3d d8 61 00", "\xef\xbf\xbd\x61" },
                { "half a pair at the end", "04 03 3d d8", "\xef\xbf\xbd" },
                { "the other half", "04 03 00 de", "\xef\xbf\xbd" },
                { "longer than it is", "ff 03 61 00", "a" },
                { "shorter than it is", "04 03 61 00 62 00", "a" },
                { "odd", "05 03 61 00 62", "a" },
                { "a length of one", "01 03 61 00", "" },
                { "another type", "04 02 61 00", "" },
                { "two bytes", "02 03", "" },
                { "one byte", "02", "" },
                { "terminated", "08 03 61 00 00 00 62 00", "a" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                uint8_t bytes[16], *exact;
                size_t size = hex(bytes, sizeof(bytes), cases[i].in);
                char *text;

                exact = malloc(size);
                CHECKED(exact);
                memcpy(exact, bytes, size);
                text = descriptors_text(exact, size);
                if (strcmp(text, cases[i].want) != 0)
                        fail_msg("%s: '%s'", cases[i].name, text);
                free(text);
                free(exact);
        }
}

static void words_are_parted_by_blanks_but_not_in_quotes(void **state)
{
        static const struct {
                const char *in;
                int want;
                const char *words[4];
        } cases[] = {
                { "a  b\tc\n", 0, { "a", "b", "c" } },
                { "", 0, { NULL } },
                { "a # b", 0, { "a" } },
                { "a \"b c\" d", 0, { "a", "b c", "d" } },
                { "a \"\"", 0, { "a", "" } },
                { "a \"b", -EINVAL, { NULL } },
                { "a b c d", -E2BIG, { NULL } },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char line[32], *words[4];

                snprintf(line, sizeof(line), "%s", cases[i].in);
                assert_int_equal(parse_words(line, words, 3), cases[i].want);
                for (size_t j = 0; cases[i].want == 0 && (j == 0 || cases[i].words[j - 1]); j++) {
                        if (cases[i].words[j])
                                assert_string_equal(words[j], cases[i].words[j]);
                        else
                                assert_null(words[j]);
                }
        }
}

static void values_are_refused_past_their_limits(void **state)
{
        uint8_t endpoint, bytes[2];
        uint32_t endpoints;
        uint64_t number;
        size_t size;

        assert_int_equal(parse_number("0x10", 16, 16, &number), 0);
        assert_int_equal(number, 16);
        assert_int_equal(parse_number("17", 0, 16, &number), -EINVAL);
        assert_int_equal(parse_number("-1", 0, UINT64_MAX, &number), -EINVAL);
        assert_int_equal(parse_number("99999999999999999999", 0, UINT64_MAX, &number), -EINVAL);
        assert_int_equal(parse_number("1x", 0, 16, &number), -EINVAL);
        assert_int_equal(parse_endpoint("0x8f", &endpoint), 0);
        assert_int_equal(parse_endpoint("0x90", &endpoint), -EINVAL);
        assert_int_equal(parse_endpoints("0x81,2", &endpoints), 0);
        assert_int_equal(endpoints, 1u << 17 | 1u << 2);
        assert_int_equal(parse_endpoints("0x81,", &endpoints), -EINVAL);
        assert_int_equal(parse_hex("aB01", bytes, 2, &size), 0);
        assert_int_equal(bytes[0], 0xab);
        assert_int_equal(parse_hex("abc", bytes, 2, &size), -EINVAL);
        assert_int_equal(parse_hex("aabbcc", bytes, 2, &size), -EINVAL);
        assert_int_equal(parse_hex("zz", bytes, 2, &size), -EINVAL);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(descriptors_belong_to_the_one_before_them),
                cmocka_unit_test(lengths_that_lie_lead_nowhere),
                cmocka_unit_test(what_is_cut_is_said_to_be),
                cmocka_unit_test(strings_become_utf_8_as_far_as_they_go),
                cmocka_unit_test(words_are_parted_by_blanks_but_not_in_quotes),
                cmocka_unit_test(values_are_refused_past_their_limits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
