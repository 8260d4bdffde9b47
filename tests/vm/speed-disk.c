/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How fast a disk is read or written, in order, past all caches:
 *
 *      speed-disk read|write NODE BLOCK SECONDS
 *      speed-disk verify NODE BLOCK BYTES
 *
 * The first prints how many bytes moved in how many seconds; at the disk's end it begins anew. What
 * it writes tells place and block size, so that "verify" knows what must be in the first BYTES
 * after that: it prints how many words are not so.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ALIGNMENT = 4096, VERIFY_SIZE = 1 << 20 };
enum { SECTOR_WORDS = 512 / sizeof(uint64_t), PAGE_WORDS = ALIGNMENT / sizeof(uint64_t) };

struct disk {
        int fd;
        uint64_t size, offset;
        uint64_t *words;
        uint64_t block; /* what is written is of blocks of this size */
        size_t length;  /* of what is moved at once */
};

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The first word of a sector tells its place, to write which must cost nothing; the others stay. */
static uint64_t word_at(const struct disk *disk, size_t i)
{
        if (i % SECTOR_WORDS)
                return i % PAGE_WORDS * UINT64_C(0x9e3779b97f4a7c15);

        return (disk->offset + i * sizeof(uint64_t)) | disk->block << 40;
}

static void fill(struct disk *disk, size_t step)
{
        for (size_t i = 0; i < disk->length / sizeof(uint64_t); i += step)
                disk->words[i] = word_at(disk, i);
}

static int disk_open(struct disk *disk, const char *node, size_t length)
{
        off_t size;

        disk->length = length;
        disk->words = aligned_alloc(ALIGNMENT, length);
        disk->fd = open(node, O_RDWR | O_DIRECT);
        size = lseek(disk->fd, 0, SEEK_END);
        if (!disk->words || size < (off_t)length)
                return -1;

        disk->size = (uint64_t)size - (uint64_t)size % length;
        fill(disk, 1);
        return 0;
}

/* The block at the offset. */
static int move(struct disk *disk, int is_write)
{
        ssize_t r;

        if (is_write) {
                fill(disk, SECTOR_WORDS);
                r = pwrite(disk->fd, disk->words, disk->length, (off_t)disk->offset);
        } else {
                r = pread(disk->fd, disk->words, disk->length, (off_t)disk->offset);
        }

        return r == (ssize_t)disk->length ? 0 : -1;
}

static int measure(struct disk *disk, int is_write, double seconds)
{
        double begin = now(), end;
        uint64_t bytes = 0;

        do {
                if (move(disk, is_write) < 0)
                        return -1;
                bytes += disk->length;
                disk->offset = (disk->offset + disk->length) % disk->size;
                end = now();
        } while (end < begin + seconds);

        printf("%llu %.6f\n", (unsigned long long)bytes, end - begin);
        return 0;
}

static int verify(struct disk *disk, uint64_t bytes)
{
        uint64_t wrong = 0;

        while (disk->offset < bytes && disk->offset < disk->size) {
                if (move(disk, 0) < 0)
                        return -1;
                for (size_t i = 0; i < disk->length / sizeof(uint64_t); i++)
                        wrong += disk->offset + i * sizeof(uint64_t) < bytes &&
                                 disk->words[i] != word_at(disk, i);
                disk->offset += disk->length;
        }

        printf("%llu\n", (unsigned long long)wrong);
        return 0;
}

int main(int argc, char **argv)
{
        struct disk disk = { 0 };
        int is_verify, r;

        if (argc != 5)
                return 2;

        is_verify = strcmp(argv[1], "verify") == 0;
        disk.block = strtoull(argv[3], NULL, 10);
        if (disk_open(&disk, argv[2], is_verify ? VERIFY_SIZE : disk.block) < 0)
                r = -1;
        else if (is_verify)
                r = verify(&disk, strtoull(argv[4], NULL, 10));
        else
                r = measure(&disk, strcmp(argv[1], "write") == 0, strtod(argv[4], NULL));
        if (r < 0)
                perror("speed-disk");
        return r < 0;
}
