/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Size classes, re-use, and the limits at the bound and one past it. libusb is the fake; malloc()
 * and calloc() of the pool fail on demand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "usb/pool.h"
#include "usb/transfer.h"
#include "util/macro.h"

#define MIB ((size_t)1024 * 1024)

static bool malloc_fails, calloc_fails;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
        return malloc_fails ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
        return calloc_fails ? NULL : __real_calloc(count, size);
}

static struct usb_transfer *get(struct usb_pool *pool, size_t size)
{
        struct usb_transfer *t = usb_pool_get(pool, size, false);

        assert_non_null(t);
        return t;
}

static void gives_the_smallest_class_that_fits(void **state)
{
        static const struct {
                size_t in, want;
        } cases[] = {
                { 0, 512 },       { 1, 512 },           { 512, 512 },           { 513, 4096 },
                { 4096, 4096 },   { 4097, 16384 },      { 16384, 16384 },       { 16385, 65536 },
                { 65536, 65536 }, { 65537, 262144 },    { 262144, 262144 },     { 262145, MIB },
                { MIB, MIB },     { MIB + 1, MIB + 1 }, { 64 * MIB, 64 * MIB },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct usb_pool pool = { 0 };
                struct usb_transfer *t = get(&pool, cases[i].in);

                assert_int_equal(t->capacity, cases[i].want);
                assert_int_equal(pool.transfers, 1);
                assert_int_equal(pool.bytes, cases[i].want);
                /* The setup of a control transfer has its place before the data. */
                memset(t->data - LIBUSB_CONTROL_SETUP_SIZE, 0xee, LIBUSB_CONTROL_SETUP_SIZE);
                t->data[t->capacity - 1] = 0xee;
                assert_int_equal((uintptr_t)t->data % 16, 0);
                assert_non_null(t->libusb);
                usb_pool_put(&pool, t);
                usb_pool_clear(&pool);
        }
}

static void gives_the_buffer_that_came_back_last(void **state)
{
        struct usb_pool pool = { 0 };
        struct usb_transfer *a = get(&pool, 5000), *b = get(&pool, 5000), *c = get(&pool, 100);
        uint8_t *data = b->data;

        usb_pool_put(&pool, c);
        usb_pool_put(&pool, a);
        usb_pool_put(&pool, b);
        assert_int_equal(pool.idle_bytes, 16384 + 16384 + 512);
        assert_int_equal(pool.transfers, 0);
        assert_int_equal(pool.bytes, 0);

        assert_ptr_equal(get(&pool, 16384), b);
        assert_ptr_equal(b->data, data);
        assert_ptr_equal(get(&pool, 4097), a);
        assert_ptr_equal(get(&pool, 1), c);
        assert_int_equal(pool.idle_bytes, 0);

        usb_pool_put(&pool, a);
        usb_pool_put(&pool, b);
        usb_pool_put(&pool, c);
        usb_pool_clear(&pool);
        assert_int_equal(pool.idle_bytes, 0);
        assert_null(pool.idle[0][0]);
}

static void keeps_idle_buffers_up_to_its_limit(void **state)
{
        struct usb_transfer *t[7];
        struct usb_pool pool = { 0 };

        for (size_t i = 0; i < ELEMENTS(t); i++)
                t[i] = get(&pool, MIB);
        for (size_t i = 0; i < ELEMENTS(t); i++)
                usb_pool_put(&pool, t[i]);
        assert_int_equal(pool.idle_bytes, USB_POOL_IDLE_MAX);

        /* Full is full, for small ones too; taking one makes room. */
        usb_pool_put(&pool, get(&pool, 1));
        assert_int_equal(pool.idle_bytes, USB_POOL_IDLE_MAX);
        assert_null(pool.idle[0][0]);
        t[0] = get(&pool, MIB);
        usb_pool_put(&pool, get(&pool, 1));
        assert_int_equal(pool.idle_bytes, USB_POOL_IDLE_MAX - MIB + 512);
        usb_pool_put(&pool, t[0]);
        usb_pool_clear(&pool);
}

static void keeps_no_buffer_above_the_largest_class(void **state)
{
        struct usb_pool pool = { 0 };

        usb_pool_put(&pool, get(&pool, MIB + 1));
        assert_int_equal(pool.idle_bytes, 0);
        assert_int_equal(pool.bytes, 0);
        usb_pool_clear(&pool);
}

static void gives_1024_transfers_and_no_more(void **state)
{
        static struct usb_transfer *t[USB_POOL_TRANSFERS_MAX];
        struct usb_pool pool = { 0 };

        for (size_t i = 0; i < ELEMENTS(t); i++)
                t[i] = get(&pool, 1);
        assert_null(usb_pool_get(&pool, 1, false));
        usb_pool_put(&pool, t[7]);
        assert_ptr_equal(get(&pool, 1), t[7]);
        assert_null(usb_pool_get(&pool, 0, false));

        for (size_t i = 0; i < ELEMENTS(t); i++)
                usb_pool_put(&pool, t[i]);
        usb_pool_clear(&pool);
}

static void gives_64_mib_and_no_byte_more(void **state)
{
        struct usb_pool pool = { 0 };
        struct usb_transfer *t[64], *small;

        for (size_t i = 0; i < 63; i++)
                t[i] = get(&pool, MIB);
        assert_null(usb_pool_get(&pool, MIB + 1, false));
        t[63] = get(&pool, MIB);
        assert_int_equal(pool.bytes, USB_POOL_BYTES_MAX);
        assert_null(usb_pool_get(&pool, 0, false));

        usb_pool_put(&pool, t[0]);
        small = get(&pool, 1);
        /* What is left is less than a class: 1 MiB - 512 bytes. */
        assert_null(usb_pool_get(&pool, MIB, false));
        usb_pool_put(&pool, small);
        for (size_t i = 1; i < 64; i++)
                usb_pool_put(&pool, t[i]);
        usb_pool_clear(&pool);

        assert_null(usb_pool_get(&pool, USB_POOL_BYTES_MAX + 1, false));
        assert_null(usb_pool_get(&pool, SIZE_MAX, false));
        usb_pool_put(&pool, get(&pool, USB_POOL_BYTES_MAX));
}

/* What a failed attempt took is given back (the sanitizers look), and the pool is as before. */
static void lives_through_a_lack_of_memory(void **state)
{
        struct usb_pool pool = { 0 };
        struct usb_transfer *t = get(&pool, 1), *failed[3];

        malloc_fails = true;
        failed[0] = usb_pool_get(&pool, 4096, false);
        malloc_fails = false;
        calloc_fails = true;
        failed[1] = usb_pool_get(&pool, 4096, false);
        calloc_fails = false;

        setenv("FAKE_LIBUSB", "fail-alloc=1", 1);
        assert_int_equal(libusb_init(NULL), 0);
        failed[2] = usb_pool_get(&pool, 4096, false);

        for (size_t i = 0; i < ELEMENTS(failed); i++)
                assert_null(failed[i]);
        assert_int_equal(pool.transfers, 1);
        assert_int_equal(pool.bytes, 512);
        usb_pool_put(&pool, t);
        /* An idle buffer needs no memory. */
        malloc_fails = calloc_fails = true;
        t = usb_pool_get(&pool, 1, false);
        malloc_fails = calloc_fails = false;
        assert_non_null(t);
        usb_pool_put(&pool, t);
        usb_pool_clear(&pool);
        libusb_exit(NULL);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(gives_the_smallest_class_that_fits),
                cmocka_unit_test(gives_the_buffer_that_came_back_last),
                cmocka_unit_test(keeps_idle_buffers_up_to_its_limit),
                cmocka_unit_test(keeps_no_buffer_above_the_largest_class),
                cmocka_unit_test(gives_1024_transfers_and_no_more),
                cmocka_unit_test(gives_64_mib_and_no_byte_more),
                cmocka_unit_test(lives_through_a_lack_of_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
