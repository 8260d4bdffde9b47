/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/record.h"
#include "util/log.h"
#include "util/macro.h"

static char directory[64], file[128];
static struct record found[8];
static size_t n_found;

static const struct record example = {
        .port = "1-1.4",
        .bus = 1,
        .address = 127,
        .vendor = 0x1209,
        .product = 0xabcd,
        .is_taken = true,
        .configuration = 2,
        .is_inhibited = true,
        .is_held = true,
        .by_hand = "vm-1.example",
};

static void on_found(void *userdata, const struct record *record)
{
        assert_true(n_found < ELEMENTS(found));
        found[n_found++] = *record;
}

static int read_all(void)
{
        n_found = 0;
        return record_read_all(directory, on_found, NULL);
}

static int setup(void **state)
{
        log_set_level(LOG_LEVEL_ERROR);
        strcpy(directory, "/tmp/test-record-XXXXXX");
        if (!mkdtemp(directory))
                return -1;
        snprintf(file, sizeof(file), "%s/devices/1-1.4", directory);
        return read_all();
}

static int teardown(void **state)
{
        char command[128];

        snprintf(command, sizeof(command), "rm -r %s", directory);
        return system(command);
}

static void what_was_written_is_read(void **state)
{
        struct record other = { .port = "2-3", .by_hand = "vm2", .is_forced = true };

        assert_int_equal(record_write(directory, &example), 0);
        assert_int_equal(record_write(directory, &other), 0);
        assert_int_equal(read_all(), 0);
        assert_int_equal(n_found, 2);
        for (size_t i = 0; i < n_found; i++)
                assert_memory_equal(&found[i], !strcmp(found[i].port, "2-3") ? &other : &example,
                                    sizeof(example));
}

static void what_is_not_needed_leaves_no_file(void **state)
{
        struct record record = example;

        assert_int_equal(record_write(directory, &record), 0);
        assert_int_equal(access(file, F_OK), 0);
        record.is_taken = record.is_inhibited = record.is_held = false;
        record.by_hand[0] = '\0';
        assert_int_equal(record_write(directory, &record), 0);
        assert_int_equal(access(file, F_OK), -1);
}

static void what_is_broken_is_removed(void **state)
{
        static const char *const texts[] = {
                "",
                "\n",
                "bus=1",
                "bus=999 address=1 vendor=1 product=1 taken=1 configuration=1 inhibited=0 by-hand=\n",
                "bus=1 address=1 vendor=1 product=1 taken=1 configuration=1 inhibited=0 by-hand=a/b\n",
                "bus=1 address=1 vendor=1 product=1 taken=1 configuration=1 inhibited=0 by-hand=a",
        };

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                FILE *out = fopen(file, "we");

                fputs(texts[i], out);
                fclose(out);
                assert_int_equal(read_all(), 0);
                if (n_found > 0)
                        fail_msg("taken: %s", texts[i]);
                assert_int_equal(access(file, F_OK), -1);
        }
}

static void other_files_are_left_alone(void **state)
{
        snprintf(file, sizeof(file), "%s/devices/.new", directory);
        fclose(fopen(file, "we"));
        assert_int_equal(read_all(), 0);
        assert_int_equal(n_found, 0);
        assert_int_equal(access(file, F_OK), 0);
}

static void a_port_is_no_path(void **state)
{
        struct record record = example;

        strcpy(record.port, "../x");
        assert_int_equal(record_write(directory, &record), -EINVAL);
        strcpy(record.port, "1/../../x");
        assert_int_equal(record_write(directory, &record), -EINVAL);
}

static void a_directory_that_is_not_there_is_an_error(void **state)
{
        assert_int_equal(record_read_all("/nonexistent", on_found, NULL), -ENOENT);
        assert_int_equal(record_write("/nonexistent", &example), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(what_was_written_is_read),  TEST(what_is_not_needed_leaves_no_file),
                TEST(what_is_broken_is_removed), TEST(other_files_are_left_alone),
                TEST(a_port_is_no_path),         TEST(a_directory_that_is_not_there_is_an_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
