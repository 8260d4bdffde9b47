/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/kernel-option.h"

#include <stdio.h>
#include <string.h>

#include "util/macro.h"

/* The kernel's own bound, of all architectures. */
#define COMMAND_LINE_SIZE 8192

static bool is_true(const char *value)
{
        static const char *const words[] = { "1", "yes", "true", "on", "y" };

        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (!strcmp(value, words[i]))
                        return true;
        return false;
}

bool kernel_option_is_set(const char *file, const char *name)
{
        size_t length = strlen(name);
        char line[COMMAND_LINE_SIZE], *rest = NULL;
        FILE *stream = fopen(file, "re");
        bool is_set = false;

        if (!stream)
                return false;
        line[0] = '\0';
        if (!fgets(line, sizeof(line), stream))
                line[0] = '\0';
        fclose(stream);

        for (char *word = strtok_r(line, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
                if (!strncmp(word, name, length) && (!word[length] || word[length] == '='))
                        is_set = !word[length] || is_true(word + length + 1);
        return is_set;
}

bool kernel_option_disables(const char *proc)
{
        char path[512];

        snprintf(path, sizeof(path), "%s/cmdline", proc);
        return kernel_option_is_set(path, "usbredird.disable");
}
