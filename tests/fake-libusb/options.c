/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FAKE_LIBUSB, read strictly: a test that misspells an option must not pass by testing something
 * else. Each option has a row in OPTIONS (options.h) and a kind; each kind one parser below, which
 * gets the row, the text after '=' and the field. An option given twice is an error, except for
 * those that add a row to a list (fail, complete).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake-libusb/fake.h"

struct word {
        const char *word;
        uint64_t value;
};

static const struct word devices[] = {
        { "every", DEVICE_EVERY }, { "bulk", DEVICE_BULK }, { "interrupt", DEVICE_INTERRUPT },
        { "iso", DEVICE_ISO },     { "none", DEVICE_NONE }, { 0 },
};
static const struct word speeds[] = {
        { "unknown", LIBUSB_SPEED_UNKNOWN },
        { "low", LIBUSB_SPEED_LOW },
        { "full", LIBUSB_SPEED_FULL },
        { "high", LIBUSB_SPEED_HIGH },
        { "super", LIBUSB_SPEED_SUPER },
        { "super-plus", LIBUSB_SPEED_SUPER_PLUS },
        { 0 },
};
static const struct word kernel_drivers[] = { { "yes", KERNEL_DRIVER_YES },
                                              { "no", KERNEL_DRIVER_NO },
                                              { "detached", KERNEL_DRIVER_DETACHED },
                                              { 0 } };
static const struct word payloads[] = { { "pattern", PAYLOAD_PATTERN },
                                        { "none", PAYLOAD_NONE },
                                        { 0 } };
static const struct word cancels[] = {
        { "normal", CANCEL_NORMAL }, { "late", CANCEL_LATE }, { "lost", CANCEL_LOST }, { 0 }
};
static const struct word timeouts[] = { { "fd", true }, { "caller", false }, { 0 } };
static const struct word reports[] = { { "stderr", 2 }, { "none", REPORT_NONE }, { 0 } };

/* Errors and statuses by the names libusb gives them; the prefix may be left out. */
#define ERROR(name)                                                                                \
        {                                                                                          \
#name, (uint64_t)LIBUSB_ERROR_##name                                               \
        }
#define STATUS(name)                                                                               \
        {                                                                                          \
#name, LIBUSB_TRANSFER_##name                                                      \
        }
static const struct word errors[] = {
        ERROR(IO),        ERROR(INVALID_PARAM),
        ERROR(ACCESS),    ERROR(NO_DEVICE),
        ERROR(NOT_FOUND), ERROR(BUSY),
        ERROR(TIMEOUT),   ERROR(OVERFLOW),
        ERROR(PIPE),      ERROR(INTERRUPTED),
        ERROR(NO_MEM),    ERROR(NOT_SUPPORTED),
        ERROR(OTHER),     { 0 },
};
static const struct word statuses[] = {
        STATUS(COMPLETED), STATUS(ERROR),     STATUS(TIMED_OUT), STATUS(CANCELLED),
        STATUS(STALL),     STATUS(NO_DEVICE), STATUS(OVERFLOW),  { 0 },
};
static const struct word functions[] = {
#define F(name) { #name, FUNCTION_##name },
        FUNCTIONS(F)
#undef F
                { 0 },
};
static const struct word hostiles[] = {
        { "none", HOSTILE_NONE },
        { "null-interfaces", HOSTILE_NULL_INTERFACES },
        { "null-altsettings", HOSTILE_NULL_ALTSETTINGS },
        { "no-altsettings", HOSTILE_NO_ALTSETTINGS },
        { "null-endpoints", HOSTILE_NULL_ENDPOINTS },
        { "zeroed-endpoints", HOSTILE_ZEROED_ENDPOINTS },
        { "duplicate-interfaces", HOSTILE_DUPLICATE_INTERFACES },
        { "duplicate-endpoints", HOSTILE_DUPLICATE_ENDPOINTS },
        { "many-interfaces", HOSTILE_MANY_INTERFACES },
        { "high-interfaces", HOSTILE_HIGH_INTERFACES },
        { "odd-altsettings", HOSTILE_ODD_ALTSETTINGS },
        { "reserved-bits", HOSTILE_RESERVED_BITS },
        { "packet-zero", HOSTILE_PACKET_ZERO },
        { "packet-max", HOSTILE_PACKET_MAX },
        { "interval-zero", HOSTILE_INTERVAL_ZERO },
        { 0 },
};

struct row {
        const char *name;
        int (*parse)(const struct row *row, const char *text, struct options *o);
        size_t field;
        uint64_t most;
        const struct word *words;
        const char *form;
};

static int number_from_string(const char *text, int base, uint64_t most, uint64_t *ret_number)
{
        char *end;
        uint64_t number;

        if (text[0] < '0' || text[0] > '9')
                return -EINVAL;
        errno = 0;
        number = strtoull(text, &end, base);
        if (errno || *end || number > most)
                return -EINVAL;
        *ret_number = number;
        return 0;
}

static int word_from_string(const char *text, const struct word *words, uint64_t *ret_value)
{
        for (; words->word; words++) {
                if (!strcmp(words->word, text)) {
                        *ret_value = words->value;
                        return 0;
                }
        }
        return -EINVAL;
}

static const char *after_prefix(const char *text, const char *prefix)
{
        size_t length = strlen(prefix);

        return strncmp(text, prefix, length) ? text : text + length;
}

static uint64_t *field_of(const struct row *row, struct options *o)
{
        return (uint64_t *)(void *)((char *)o + row->field);
}

static int parse_number(const struct row *row, const char *text, struct options *o)
{
        return number_from_string(text, 10, row->most, field_of(row, o));
}

static int parse_word(const struct row *row, const char *text, struct options *o)
{
        return word_from_string(text, row->words, field_of(row, o));
}

static int parse_hostile(const struct row *row, const char *text, struct options *o)
{
        if (!number_from_string(text, 10, HOSTILE_COUNT - 1, field_of(row, o)))
                return 0;
        return word_from_string(text, hostiles, field_of(row, o));
}

static int parse_id(const struct row *row, const char *text, struct options *o)
{
        unsigned int vendor, product;
        int used = 0;

        if (strlen(text) != 9 || strspn(text, "0123456789abcdefABCDEF:") != 9 ||
            sscanf(text, "%4x:%4x%n", &vendor, &product, &used) != 2 || used != 9)
                return -EINVAL;
        *field_of(row, o) = (uint64_t)vendor << 16 | product;
        return 0;
}

/* "[@N[xTIMES]]" at the end of a fault: cut off and read. Without it the fault is for ever. */
static int parse_occasion(char *text, struct fault *fault)
{
        char *at = strchr(text, '@'), *times;

        fault->first = 1;
        fault->times = UINT64_MAX;
        if (!at)
                return 0;
        *at++ = '\0';
        fault->times = 1;
        times = strchr(at, 'x');
        if (times) {
                *times++ = '\0';
                if (number_from_string(times, 10, UINT64_MAX, &fault->times) < 0)
                        return -EINVAL;
        }
        if (number_from_string(at, 10, UINT64_MAX, &fault->first) < 0)
                return -EINVAL;
        return fault->first && fault->times ? 0 : -EINVAL;
}

/* "WHAT:RESULT[@N[xTIMES]]" in a copy that may be cut. */
static int parse_fault(const char *text, char *copy, size_t size, char **ret_result,
                       struct fault *fault)
{
        char *colon;

        if (strlen(text) >= size)
                return -EINVAL;
        strcpy(copy, text);
        colon = strchr(copy, ':');
        if (!colon)
                return -EINVAL;
        *colon = '\0';
        *ret_result = colon + 1;
        return parse_occasion(colon + 1, fault);
}

static int parse_fail(const struct row *row, const char *text, struct options *o)
{
        uint64_t function, error;
        char copy[128], *result;
        struct fault fault;

        if (o->n_fails == FAULTS_MAX ||
            parse_fault(text, copy, sizeof(copy), &result, &fault) < 0 ||
            word_from_string(after_prefix(copy, "libusb_"), functions, &function) < 0 ||
            word_from_string(after_prefix(result, "LIBUSB_ERROR_"), errors, &error) < 0)
                return -EINVAL;
        fault.what = (uint32_t)function;
        fault.result = (int)error;
        o->fails[o->n_fails++] = fault;
        return 0;
}

static int parse_complete(const struct row *row, const char *text, struct options *o)
{
        uint64_t endpoint, status;
        char copy[128], *result;
        struct fault fault;

        if (o->n_completes == FAULTS_MAX ||
            parse_fault(text, copy, sizeof(copy), &result, &fault) < 0 ||
            number_from_string(copy, 0, 0xff, &endpoint) < 0 ||
            word_from_string(after_prefix(result, "LIBUSB_TRANSFER_"), statuses, &status) < 0)
                return -EINVAL;
        fault.what = (uint32_t)endpoint;
        fault.result = (int)status;
        o->completes[o->n_completes++] = fault;
        return 0;
}

#define MOST_number(limit)   .most = (limit)
#define MOST_word(table)     .words = (table)
#define MOST_id(limit)       .most = (limit)
#define MOST_fail(limit)     .most = (limit)
#define MOST_complete(limit) .most = (limit)
#define MOST_hostile(limit)  .most = (limit)
#define ROW(name_, kind, field_, most, form_, help)                                                \
        { .name = name_,                                                                           \
          .parse = parse_##kind,                                                                   \
          .field = offsetof(struct options, field_),                                               \
          MOST_##kind(most),                                                                       \
          .form = form_ },

static const struct row rows[] = { OPTIONS(ROW) };

static int parse_option(char *text, struct options *o, bool *seen)
{
        char *value = strchr(text, '=');
        bool adds;

        if (value)
                *value++ = '\0';
        for (size_t i = 0; value && i < ELEMENTS(rows); i++) {
                if (strcmp(rows[i].name, text))
                        continue;
                adds = rows[i].parse == parse_fail || rows[i].parse == parse_complete;
                if (seen[i] && !adds) {
                        dprintf(2, "FAKE_LIBUSB: \"%s\" a second time\n", text);
                        return -EINVAL;
                }
                if (rows[i].parse(&rows[i], value, o) < 0) {
                        dprintf(2, "FAKE_LIBUSB: \"%s=%s\": want %s\n", text, value, rows[i].form);
                        return -EINVAL;
                }
                seen[i] = true;
                return 0;
        }
        dprintf(2, "FAKE_LIBUSB: unknown option \"%s\"\n", text);
        return -EINVAL;
}

int options_parse(const char *text, struct options *ret_options)
{
        struct options o = {
                .speed = LIBUSB_SPEED_HIGH,
                .id = 0x12090001,
                .bus = 1,
                .address = 2,
                .configuration = 1,
                .kernel_driver = KERNEL_DRIVER_YES,
                .device_class = LIBUSB_CLASS_VENDOR_SPEC,
                .streams = 16,
                .memory = 16 << 20,
                .unplug_after = UINT64_MAX,
                .timeouts_by_fd = true,
                .report_fd = REPORT_NONE,
        };
        bool seen[ELEMENTS(rows)] = { 0 };
        char copy[4096], *rest = copy, *option;

        if (text && strlen(text) >= sizeof(copy)) {
                dprintf(2, "FAKE_LIBUSB: longer than %zu bytes\n", sizeof(copy) - 1);
                return -EINVAL;
        }
        strcpy(copy, text ? text : "");
        while (*copy && (option = strsep(&rest, ","))) {
                if (parse_option(option, &o, seen) < 0)
                        return -EINVAL;
        }
        *ret_options = o;
        return 0;
}
