/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A record is one line of "key=value" words, in DIRECTORY/devices/PORT. The directory is on a
 * tmpfs: a rename is enough, no record outlives the machine.
 */
#include "daemon/record.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/log.h"

#define SUBDIRECTORY "devices"
#define PATH_SIZE    1024

static_assert(GUEST_NAME_MAX == 64, "the width in read_one()");

/* Of the file being written; no port starts so. */
#define TEMPORARY ".new"

static int make_path(char path[PATH_SIZE], const char *directory, const char *name)
{
        int length = snprintf(path, PATH_SIZE, "%s/" SUBDIRECTORY "/%s", directory, name);

        return length < 0 || length >= PATH_SIZE ? -ENAMETOOLONG : 0;
}

/* A name that came from a directory becomes part of a path again. */
static bool is_port(const char *name)
{
        return name[0] >= '0' && name[0] <= '9' && strlen(name) <= FACTS_PORT_MAX &&
               strspn(name, "0123456789-.") == strlen(name);
}

bool record_is_needed(const struct record *record)
{
        return record->is_taken || record->is_inhibited || record->is_held || record->by_hand[0];
}

void record_remove(const char *directory, const char *port)
{
        char path[PATH_SIZE];

        if (is_port(port) && make_path(path, directory, port) == 0)
                unlink(path);
}

int record_write(const char *directory, const struct record *record)
{
        char path[PATH_SIZE], temporary[PATH_SIZE];
        FILE *file;
        bool ok;
        int r;

        if (!is_port(record->port))
                return -EINVAL;
        if (!record_is_needed(record)) {
                record_remove(directory, record->port);
                return 0;
        }

        r = make_path(path, directory, record->port);
        if (r == 0)
                r = make_path(temporary, directory, TEMPORARY);
        if (r < 0)
                return r;

        file = fopen(temporary, "we");
        if (!file)
                return -errno;
        ok = fprintf(file,
                     "bus=%u address=%u vendor=%04x product=%04x taken=%u configuration=%u "
                     "inhibited=%u held=%u forced=%u by-hand=%s\n",
                     record->bus, record->address, record->vendor, record->product,
                     record->is_taken, record->configuration, record->is_inhibited, record->is_held,
                     record->is_forced, record->by_hand) > 0;
        ok = fclose(file) == 0 && ok;
        if (!ok || rename(temporary, path) < 0) {
                r = errno > 0 ? -errno : -EIO;
                unlink(temporary);
                return r;
        }

        return 0;
}

static int read_one(const char *path, const char *port, struct record *ret)
{
        struct record record = { 0 };
        unsigned bus, address, vendor, product, taken, configuration, inhibited, held = 0,
                                                                                 forced = 0;
        char line[256] = "", end = '\0';
        FILE *file;
        int n, used = 0, more = 0;

        file = fopen(path, "re");
        if (!file)
                return -errno;
        if (!fgets(line, sizeof(line), file))
                line[0] = '\0';
        fclose(file);

        n = sscanf(line,
                   "bus=%3u address=%3u vendor=%4x product=%4x taken=%1u configuration=%3u "
                   "inhibited=%1u%n",
                   &bus, &address, &vendor, &product, &taken, &configuration, &inhibited, &used);
        if (n < 7)
                return -EINVAL;

        /* Not in records of former versions. */
        if (sscanf(line + used, " held=%1u%n", &held, &more) == 1)
                used += more;
        more = 0;
        if (sscanf(line + used, " forced=%1u%n", &forced, &more) == 1)
                used += more;
        n = sscanf(line + used, " by-hand=%64[^\n]%c", record.by_hand, &end);
        if ((n > 0 && (end != '\n' || !guests_are_valid(record.by_hand))) || bus > UINT8_MAX ||
            address > UINT8_MAX || configuration > UINT8_MAX)
                return -EINVAL;

        strcpy(record.port, port);
        record.bus = (uint8_t)bus;
        record.address = (uint8_t)address;
        record.vendor = (uint16_t)vendor;
        record.product = (uint16_t)product;
        record.is_taken = taken;
        record.configuration = (uint8_t)configuration;
        record.is_inhibited = inhibited;
        record.is_held = held;
        record.is_forced = forced;
        *ret = record;
        return 0;
}

int record_read(const char *directory, const char *port, struct record *ret)
{
        char path[PATH_SIZE];

        if (!is_port(port) || make_path(path, directory, port) < 0)
                return -EINVAL;

        return read_one(path, port, ret);
}

int record_read_all(const char *directory, record_found on_record, void *userdata)
{
        CLEANUP(closedirp) DIR *handle = NULL;
        char path[PATH_SIZE];
        struct dirent *entry;
        int r;

        r = make_path(path, directory, "");
        if (r < 0)
                return r;
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return -errno;
        handle = opendir(path);
        if (!handle)
                return -errno;

        while ((entry = readdir(handle))) {
                struct record record;

                if (!is_port(entry->d_name) || make_path(path, directory, entry->d_name) < 0)
                        continue;

                r = read_one(path, entry->d_name, &record);
                if (r == 0) {
                        on_record(userdata, &record);
                } else {
                        log_warning("%s is not readable (%s), and removed", path, strerror(-r));
                        unlink(path);
                }
        }

        return 0;
}
