/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line of the file is "NUMBER:CONTROLLERS:PATH". The path's last part is the unit, in the only
 * hierarchy there is ("0::/…") or, of old, in systemd's own.
 */
#include "session/unit.h"

#include <stdio.h>
#include <string.h>

/* The last part of the line's path, if it fits. */
static bool read_line(const char *line, size_t length, char ret_unit[CONTROL_UNIT_SIZE])
{
        const char *slash = memrchr(line, '/', length);
        size_t size;

        if (!slash)
                return false;
        size = length - (size_t)(slash + 1 - line);
        if (size >= CONTROL_UNIT_SIZE)
                return false;

        memcpy(ret_unit, slash + 1, size);
        ret_unit[size] = '\0';
        return !strncmp(ret_unit, CONTROL_UNIT_PREFIX, strlen(CONTROL_UNIT_PREFIX));
}

void unit_from_cgroup(const char *text, char ret_unit[CONTROL_UNIT_SIZE])
{
        for (const char *line = text; *line;) {
                size_t length = strcspn(line, "\n");

                if (read_line(line, length, ret_unit))
                        return;
                line += length;
                line += *line == '\n';
        }

        ret_unit[0] = '\0';
}

void unit_get(char ret_unit[CONTROL_UNIT_SIZE])
{
        FILE *file = fopen("/proc/self/cgroup", "re");
        char text[4096];
        size_t size;

        size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
        text[size] = '\0';
        unit_from_cgroup(text, ret_unit);
        if (file)
                fclose(file);
}
