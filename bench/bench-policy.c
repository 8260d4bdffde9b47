/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a policy costs: milliseconds to load it, microseconds to judge one device by it, medians of
 * many. Each policy is one kind of rules, as many as asked for; none of them lets the verdict end
 * early, but for "first".
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "filter/load.h"
#include "util/macro.h"

#define LOADS    15
#define VERDICTS 301

static const struct kind {
        const char *name;
        const char *rule; /* %zu is its number, %04zx its number as four digits */
        const char *last; /* NULL: as the others */
} kinds[] = {
        { "no rule matches, by ids", "-1,0x1d6b,0x%04zx,-1,1 auto=no", NULL },
        { "no rule matches, by class", "0x0e,-1,-1,-1,1 guest=guest%zu", NULL },
        { "the first rule decides", "-1,-1,-1,-1,1 guest=guest%zu", NULL },
        { "the last of many ids decides", "-1,0x1d6b,0x%04zx,-1,1", "-1,-1,-1,-1,1" },
        { "serials", "-1,-1,-1,-1,1 serial=SN-%zu", "-1,-1,-1,-1,1" },
        { "patterns of serials", "-1,-1,-1,-1,1 serial=*-%zu-*", "-1,-1,-1,-1,1" },
        { "interfaces", "-1,-1,-1,-1,1 interface=0b/%02zx/00", "-1,-1,-1,-1,1" },
        { "properties", "-1,-1,-1,-1,1 property=ID_MODEL=m%zu", "-1,-1,-1,-1,1" },
        { "patterns made to be slow", "-1,-1,-1,-1,1 serial=*a*a*a*b%zu", "-1,-1,-1,-1,1" },
};

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
        const double *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t n)
{
        qsort(values, n, sizeof(*values), compare);
        return values[n / 2];
}

/* A dock: as many passes as a device of every day has. */
static void make_device(struct facts *facts, const char *serial)
{
        static const uint8_t classes[] = { 0xff, 0x01, 0x02, 0x0a, 0x03, 0x08, 0xfe, 0xe0 };
        static const char *const properties[][2] = {
                { "BUSNUM", "001" }, { "DEVNUM", "012" },        { "DEVTYPE", "usb_device" },
                { "ID_BUS", "usb" }, { "ID_VENDOR", "Example" }, { "ID_MODEL", "Dock" },
        };
        int r = 0;

        *facts = (struct facts){ .vendor = 0x17e9, .product = 0x6006, .version_bcd = 0x3101 };
        for (size_t i = 0; i < ELEMENTS(classes); i++)
                r |= facts_add_interface(facts, classes[i], 1, 1);
        for (size_t i = 0; i < ELEMENTS(properties); i++)
                r |= facts_add_property(facts, properties[i][0], properties[i][1]);
        r |= facts_set_serial(facts, serial);
        if (r < 0)
                abort();
}

static char *make_rules(const struct kind *kind, size_t n, size_t *ret_size)
{
        char *text = NULL;
        FILE *stream = open_memstream(&text, ret_size);

        if (!stream)
                abort();
        for (size_t i = 1; i <= n; i++) {
                const char *rule = i == n && kind->last ? kind->last : kind->rule;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                fprintf(stream, rule, strstr(rule, "%02") ? i & 0xff : i);
#pragma GCC diagnostic pop
                fputc('\n', stream);
        }
        fclose(stream);
        return text;
}

static void on_error(void *userdata, const struct rule_error *error)
{
        fprintf(stderr, "%u:%u: %s\n", error->line, error->column, error->text);
        exit(1);
}

static struct policy *load(const char *text, size_t size)
{
        struct policy *policy;

        if (policy_new(&policy) < 0 ||
            load_rules(policy, "50-bench.rules", text, size, on_error, NULL))
                abort();
        return policy;
}

static void measure(const struct kind *kind, size_t n)
{
        double loads[LOADS], verdicts[VERDICTS];
        char serial[FACTS_SERIAL_MAX + 1];
        struct policy *policy = NULL;
        struct verdict verdict;
        struct facts device;
        char *text;
        size_t size;

        /* As long a serial as there is, for the patterns that are slow on it. */
        memset(serial, 'a', sizeof(serial) - 1);
        serial[sizeof(serial) - 1] = '\0';
        make_device(&device, strstr(kind->name, "slow") ? serial : "SN-0-20251122");

        text = make_rules(kind, n, &size);
        for (size_t i = 0; i < LOADS; i++) {
                double start = now();

                policy_free(policy);
                policy = load(text, size);
                loads[i] = (now() - start) * 1e3;
        }
        for (size_t i = 0; i < VERDICTS; i++) {
                double start = now();

                policy_verdict(policy, &device, &verdict);
                verdicts[i] = (now() - start) * 1e6;
        }
        policy_free(policy);
        free(text);

        printf("%-30s %8.1f %10.1f\n", kind->name, median(loads, LOADS),
               median(verdicts, VERDICTS));
}

int main(int argc, char *argv[])
{
        size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;

        if (n < 1 || n > POLICY_RULES_MAX) {
                fprintf(stderr, "usage: bench-policy [RULES], at most %d\n", POLICY_RULES_MAX);
                return 2;
        }

        printf("%zu rules; a device with 8 interfaces\n%-30s %8s %10s\n", n, "rules", "load/ms",
               "verdict/us");
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                measure(&kinds[i], n);
        return 0;
}
