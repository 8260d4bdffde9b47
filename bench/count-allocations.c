/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * To be preloaded: how often a program and its libraries ask for memory, told on standard error
 * when it ends.
 */
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *memory, size_t size);

static unsigned long allocations;

void *malloc(size_t size)
{
        allocations++;
        return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
        allocations++;
        return __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
        allocations++;
        return __libc_realloc(memory, size);
}

static void __attribute__((destructor)) tell(void)
{
        char text[64];
        int n = snprintf(text, sizeof(text), "allocations: %lu\n", allocations);

        if (write(2, text, (size_t)n) < 0)
                return;
}
