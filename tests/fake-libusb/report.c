/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The report: key=value lines, one write, no stdio, because it is also written inside a sandbox.
 */
#include <stdio.h>
#include <unistd.h>

#include "fake-libusb/fake.h"

struct text {
        char bytes[4096];
        size_t length;
};

static void text_add(struct text *text, const char *name, uint64_t value)
{
        int n;

        n = snprintf(text->bytes + text->length, sizeof(text->bytes) - text->length, "%s=%llu\n",
                     name, (unsigned long long)value);
        if (n > 0 && (size_t)n < sizeof(text->bytes) - text->length)
                text->length += (size_t)n;
}

static void text_add_interfaces(struct text *text)
{
        const struct model_configuration *configuration;
        uint64_t claimed = 0;
        char name[32];

        configuration = model_configuration(&fake.device.model, fake.device.configuration);
        for (uint8_t i = 0; i < INTERFACES_MAX; i++) {
                claimed += !!fake.device.claimed[i];
                if (!model_alt(configuration, i, 0))
                        continue;
                snprintf(name, sizeof(name), "kernel-driver-%u", i);
                text_add(text, name, fake.device.driver[i]);
                snprintf(name, sizeof(name), "alt-setting-%u", i);
                text_add(text, name, fake.device.alt[i]);
        }
        text_add(text, "claimed-interfaces", claimed);
}

void report_write(void)
{
        struct text text = { .length = 0 };
        size_t written = 0;
        ssize_t n;

        if (fake.options.report_fd == REPORT_NONE)
                return;
#define C(field, name) text_add(&text, name, fake.counters.field);
        COUNTERS(C)
#undef C
        text_add(&text, "unplugged", fake.device.gone);
        text_add(&text, "configuration", fake.device.configuration);
        text_add_interfaces(&text);
        while (written < text.length) {
                n = write((int)fake.options.report_fd, text.bytes + written, text.length - written);
                if (n <= 0)
                        return;
                written += (size_t)n;
        }
}
