/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine of builds without one: runs each file that is named, and each file of a directory that
 * is named, once.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"

#define INPUT_MAX (1024 * 1024)

static size_t runs;

static void run_file(const char *path)
{
        static uint8_t bytes[INPUT_MAX];
        FILE *file = fopen(path, "re");
        uint8_t *copy;
        size_t size;

        if (!file) {
                perror(path);
                exit(2);
        }
        size = fread(bytes, 1, sizeof(bytes), file);
        fclose(file);

        copy = copy_of(bytes, size);
        LLVMFuzzerTestOneInput(copy, size);
        free(copy);
        runs++;
}

static int is_input(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

static void run(const char *path)
{
        struct dirent **entries;
        struct stat st;
        char name[4096];
        int n;

        if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
                run_file(path);
                return;
        }

        n = scandir(path, &entries, is_input, alphasort);
        for (int i = 0; i < n; i++) {
                snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
                run_file(name);
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
}

int main(int argc, char *argv[])
{
        for (int i = 1; i < argc; i++)
                run(argv[i]);

        printf("%s: %zu inputs\n", argv[0], runs);
        return runs == 0;
}
