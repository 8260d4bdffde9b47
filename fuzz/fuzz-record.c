/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A device's record, as a daemon of another version, or a full file system, may have left it: it is
 * read as one that can be written and read again, or it is removed.
 *
 * Input: the file.
 */
#include "daemon/record.h"

#include <ftw.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "unit/tree.h"
#include "util/log.h"

#define NAME "devices/1-1.4"

static struct tree tree;
static struct record found;
static unsigned count;

static void on_record(void *userdata, const struct record *record)
{
        found = *record;
        count++;
}

static void remove_tree(void)
{
        tree_remove(&tree);
}

static void set_up(void)
{
        if (tree.root[0])
                return;
        tree_make(&tree);
        atexit(remove_tree);
        log_set_level(LOG_LEVEL_ERROR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char path[512];
        struct record first;

        set_up();
        tree_write_bytes(&tree, NAME, (const char *)data, size);
        count = 0;
        CHECKED(record_read_all(tree.root, on_record, NULL) == 0);
        tree_path(&tree, NAME, path);
        if (count == 0) {
                CHECKED(access(path, F_OK) < 0);
                return 0;
        }

        first = found;
        CHECKED(record_write(tree.root, &first) == 0);
        CHECKED((access(path, F_OK) == 0) == record_is_needed(&first));
        count = 0;
        CHECKED(record_read_all(tree.root, on_record, NULL) == 0);
        CHECKED(count == record_is_needed(&first));
        CHECKED(count == 0 || !memcmp(&first, &found, sizeof(found)));
        record_remove(tree.root, "1-1.4");
        return 0;
}
