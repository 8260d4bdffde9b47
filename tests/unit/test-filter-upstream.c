/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The same strings and devices through upstream's filter functions and ours. Strings are made of
 * pieces that lie at the edges of the grammar, from a fixed seed; the intended differences stand
 * in a table with their reasons.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <usbredirfilter.h>

#include "filter/plain.h"
#include "filter/policy.h"
#include "util/macro.h"

#define STRINGS 20000
#define CHECKS  20000

static uint32_t seed;

static uint32_t pick(uint32_t n)
{
        seed = seed * 1664525 + 1013904223;
        return (seed >> 8) % n;
}

/* What each side makes of a string: its canonical form, NULL if refused. To be freed. */
static char *read_upstream(const char *text)
{
        struct usbredirfilter_rule *rules = NULL;
        char *written;
        int n = 0, r;

        r = usbredirfilter_string_to_rules(text, ",", "|", &rules, &n);
        if (r < 0) {
                assert_int_equal(r, -EINVAL);
                return NULL;
        }

        written = usbredirfilter_rules_to_string(rules, n, ",", "|");
        assert_non_null(written);
        usbredirfilter_free(rules);
        return written;
}

static char *read_ours(const char *text, unsigned flags)
{
        CLEANUP(plain_clear) struct plain plain = {};
        struct rule_error error = {};
        char *written;
        int r;

        r = plain_parse(&plain, text, strlen(text), flags, &error);
        if (r < 0) {
                assert_int_equal(r, -EINVAL);
                assert_true(error.column >= 1 && error.column <= strlen(text) + 1);
                return NULL;
        }

        assert_int_equal(plain_format(&plain, PLAIN_WIRE, &written), 0);
        return written;
}

static bool same(const char *a, const char *b)
{
        return a && b ? !strcmp(a, b) : a == b;
}

static void append(char *text, const char *piece)
{
        memcpy(text + strlen(text), piece, strlen(piece) + 1);
}

/* Mostly a good string, sometimes broken anywhere. Each piece has at most 13 bytes. */
static void make_string(char *text)
{
        static const char *const good[] = { "-1", "3",     "0",    "0x08", "255",  "0xff", "0Xe0",
                                            "1",  " 0x0b", "+6",   "010",  "00",   "0377", "-0x1",
                                            "-0", "\t14",  "\n12", "07",   "\f\v1" };
        static const char *const bad[] = { "65535",  "0xffff", "65536", "256", "-2",  "0x10000",
                                           "08",     "0x",     "x",     "",    " ",   "-",
                                           "- 1",    "1 ",     "3a",    "+-1", "--1", "2.0",
                                           "0x-1",   "-01",    "0xg",   "a",   "1:2", "2147483647",
                                           "-65536", "0177777" };
        static const char *const commas[] = { ",", ",", ",", ",", ",", ",", ",", ",,", ":", "" };
        static const char *const bars[] = { "|", "|", "|", "|", "|", "|", "||", "|,", "| ", ":" };
        uint32_t rules = pick(4), bad_ones = pick(3) ? 100 : 8;

        *text = '\0';
        if (!pick(16))
                append(text, pick(2) ? "," : "|");
        for (uint32_t rule = 0; rule < rules; rule++) {
                uint32_t numbers = pick(40) ? 5 : pick(8);

                for (uint32_t i = 0; i < numbers; i++) {
                        append(text, pick(bad_ones) ? good[pick(ELEMENTS(good))]
                                                    : bad[pick(ELEMENTS(bad))]);
                        if (i + 1 < numbers || !pick(16))
                                append(text, pick(4) ? "," : commas[pick(ELEMENTS(commas))]);
                }
                if (rule + 1 < rules || !pick(8))
                        append(text, pick(4) ? "|" : bars[pick(ELEMENTS(bars))]);
        }
}

static void reads_and_writes_strings_as_upstream(void **state)
{
        size_t accepted = 0;

        seed = 1;
        for (size_t i = 0; i < STRINGS; i++) {
                CLEANUP(freep) char *theirs = NULL, *ours = NULL;
                char text[512];

                make_string(text);
                theirs = read_upstream(text);
                ours = read_ours(text, RULES_AS_UPSTREAM);
                if (!same(theirs, ours))
                        fail_msg("\"%s\": upstream \"%s\", ours \"%s\"", text, theirs, ours);
                accepted += ours != NULL;
        }

        /* Neither kind of string may be rare, or little was compared. */
        assert_in_range(accepted, STRINGS / 4, STRINGS * 3 / 4);
}

/* Without the flag a string means the same as to upstream, or is refused. */
static void strict_reading_never_means_something_else(void **state)
{
        seed = 2;
        for (size_t i = 0; i < STRINGS; i++) {
                CLEANUP(freep) char *theirs = NULL, *ours = NULL;
                char text[512];

                make_string(text);
                if (strchr(text, ':'))
                        continue;
                theirs = read_upstream(text);
                ours = read_ours(text, 0);
                if (ours && !same(theirs, ours))
                        fail_msg("\"%s\": upstream \"%s\", ours \"%s\"", text, theirs, ours);
        }
}

static const struct facts unconfigured = { .class = 0 };

static const struct {
        const char *name;
        const char *why;
        const char *in;
        const char *upstream, *ours;
        unsigned flags;
} differences[] = {
        { "octal", "people mean decimal or hexadecimal", "010,-1,-1,-1,1", "0x08,-1,-1,-1,1",
          NULL },
        { "qemu_form", "people paste either form", "3:-1:-1:-1:1", NULL, "0x03,-1,-1,-1,1" },
        { "class_beyond_int", "the low bits of the number are not what it says: here, any",
          "4294967295,-1,-1,-1,1", "-1,-1,-1,-1,1", NULL, RULES_AS_UPSTREAM },
        { "vendor_beyond_int", "the low bits of the number are not what it says",
          "-1,4294969121,-1,-1,1", "-1,0x0721,-1,-1,1", NULL, RULES_AS_UPSTREAM },
        { "vendor_beyond_long", "the largest long, cut, is -1: any",
          "-1,99999999999999999999,-1,-1,1", "-1,-1,-1,-1,1", NULL, RULES_AS_UPSTREAM },
        { "allow_beyond_int", "not 0, yet it denies", "3,-1,-1,-1,4294967296", "0x03,-1,-1,-1,0",
          NULL, RULES_AS_UPSTREAM },
};

static void check_difference(void **state)
{
        const typeof(differences[0]) *c = *state;
        CLEANUP(freep) char *theirs = read_upstream(c->in), *ours = read_ours(c->in, c->flags);

        if (!same(theirs, c->upstream) || !same(ours, c->ours))
                fail_msg("\"%s\": upstream \"%s\", ours \"%s\" (%s)", c->in, theirs, ours, c->why);
}

static void refuses_more_rules_than_fit_though_upstream_takes_them(void **state)
{
        static const char rule[] = "3,-1,-1,-1,1|";
        CLEANUP(freep) char *theirs = NULL, *ours = NULL;
        char text[(PLAIN_TUPLES_MAX + 1) * (sizeof(rule) - 1) + 1];

        for (size_t i = 0; i <= PLAIN_TUPLES_MAX; i++)
                memcpy(text + i * (sizeof(rule) - 1), rule, sizeof(rule));

        theirs = read_upstream(text);
        ours = read_ours(text, RULES_AS_UPSTREAM);
        assert_non_null(theirs);
        assert_null(ours);
}

/* Few values for everything, so that rules and devices meet. */
static void make_facts(struct facts *facts)
{
        static const uint8_t classes[] = { 0, 0, 0xef, 3, 8, 9, 0xff };
        static const struct facts_interface interfaces[] = {
                { 3, 0, 0 }, { 3, 0, 0 },    { 3, 1, 1 }, { 3, 0, 1 },
                { 3, 1, 0 }, { 8, 6, 0x50 }, { 1, 1, 0 }, { 9, 0, 0 },
        };
        uint32_t n = pick(5);

        *facts = (struct facts){
                .class = classes[pick(ELEMENTS(classes))],
                .vendor = (uint16_t)pick(2),
                .product = (uint16_t)pick(2),
                .version_bcd = (uint16_t)pick(2),
        };
        while (n--) {
                const struct facts_interface *it = &interfaces[pick(ELEMENTS(interfaces))];

                assert_int_equal(facts_add_interface(facts, it->class, it->subclass, it->protocol),
                                 0);
        }
}

static void make_rules(char *text)
{
        static const char *const classes[] = { "-1", "-1", "-1", "3", "8", "1", "9", "0xff", "0" };
        static const char *const numbers[] = { "-1", "-1", "-1", "-1", "0", "1" };
        uint32_t n = pick(6);

        *text = '\0';
        while (n--) {
                append(text, classes[pick(ELEMENTS(classes))]);
                for (size_t i = 0; i < 3; i++) {
                        append(text, ",");
                        append(text, numbers[pick(ELEMENTS(numbers))]);
                }
                append(text, pick(3) ? ",1|" : ",0|");
        }
}

static enum plain_result check_upstream(const char *text, const struct facts *facts, int flags)
{
        uint8_t class[FACTS_INTERFACES_MAX], subclass[FACTS_INTERFACES_MAX];
        uint8_t protocol[FACTS_INTERFACES_MAX];
        struct usbredirfilter_rule *rules = NULL;
        int n = 0, r;

        for (size_t i = 0; i < facts->n_interfaces; i++) {
                class[i] = facts->interfaces[i].class;
                subclass[i] = facts->interfaces[i].subclass;
                protocol[i] = facts->interfaces[i].protocol;
        }

        assert_int_equal(usbredirfilter_string_to_rules(text, ",", "|", &rules, &n), 0);
        r = usbredirfilter_check(rules, n, facts->class, facts->subclass, facts->protocol, class,
                                 subclass, protocol, (int)facts->n_interfaces, facts->vendor,
                                 facts->product, facts->version_bcd, flags);
        usbredirfilter_free(rules);

        assert_true(r == 0 || r == -EPERM || r == -ENOENT);
        return r == 0 ? PLAIN_ALLOWED : r == -EPERM ? PLAIN_DENIED : PLAIN_NO_MATCH;
}

static void checks_devices_as_upstream(void **state)
{
        size_t seen[3] = {};

        seed = 3;
        for (size_t i = 0; i < CHECKS; i++) {
                CLEANUP(plain_clear) struct plain plain = {};
                uint32_t by_default = pick(2), every = pick(2);
                enum plain_result theirs, ours;
                struct rule_error error;
                struct facts facts;
                char text[256];

                make_facts(&facts);
                make_rules(text);
                theirs = check_upstream(
                        text, &facts,
                        (by_default ? usbredirfilter_fl_default_allow : 0) |
                                (every ? usbredirfilter_fl_dont_skip_non_boot_hid : 0));

                assert_int_equal(plain_parse(&plain, text, strlen(text), 0, &error), 0);
                ours = plain_check(&plain, &facts,
                                   (by_default ? PLAIN_DEFAULT_ALLOW : 0) |
                                           (every ? PLAIN_EVERY_INTERFACE : 0));

                if (ours != theirs)
                        fail_msg("\"%s\", device %zu: upstream %u, ours %u", text, i, theirs, ours);
                seen[ours]++;
        }

        for (size_t i = 0; i < ELEMENTS(seen); i++)
                assert_in_range(seen[i], CHECKS / 20, CHECKS);
}

/* The same rules as a policy of ours, which never allows hubs and what shows no class. */
static void verdicts_are_as_upstream_checks(void **state)
{
        size_t seen[VERDICT_HUB + 1] = {};

        seed = 4;
        for (size_t i = 0; i < CHECKS; i++) {
                CLEANUP(policy_freep) struct policy *policy = NULL;
                CLEANUP(rule_freep) struct rule *rule = NULL;
                enum plain_result theirs;
                struct rule_error error;
                struct verdict verdict;
                struct facts facts;
                char text[256];

                make_facts(&facts);
                make_rules(text);
                theirs = check_upstream(text, &facts, 0);

                assert_int_equal(policy_new(&policy), 0);
                if (*text) {
                        assert_int_equal(rule_parse(&rule, text, 1, &error), 0);
                        assert_int_equal(policy_add(policy, rule, "rules", 1), 0);
                        TAKE(rule);
                }
                policy_verdict(policy, &facts, &verdict);
                seen[verdict.kind]++;
                if (verdict.kind == VERDICT_HUB || verdict.kind == VERDICT_NO_MATCH)
                        continue;
                if ((verdict.kind == VERDICT_ALLOWED) != (theirs == PLAIN_ALLOWED) ||
                    (verdict.against != NULL) != (theirs == PLAIN_DENIED))
                        fail_msg("\"%s\", device %zu: upstream %u, ours %u", text, i, theirs,
                                 verdict.kind);
        }

        assert_in_range(seen[VERDICT_ALLOWED], CHECKS / 20, CHECKS);
        assert_in_range(seen[VERDICT_DENIED], CHECKS / 20, CHECKS);
        assert_int_equal(seen[VERDICT_CONFLICT], 0);
}

static void both_allow_a_device_without_passes(void **state)
{
        CLEANUP(plain_clear) struct plain plain = {};
        struct rule_error error;

        assert_int_equal(plain_parse(&plain, "-1,-1,-1,-1,0", 13, 0, &error), 0);
        assert_int_equal(plain_check(&plain, &unconfigured, 0), PLAIN_ALLOWED);
        assert_int_equal(check_upstream("-1,-1,-1,-1,0", &unconfigured, 0), PLAIN_ALLOWED);
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(differences) + 6] = {
                [ELEMENTS(differences)] = cmocka_unit_test(reads_and_writes_strings_as_upstream),
                cmocka_unit_test(strict_reading_never_means_something_else),
                cmocka_unit_test(refuses_more_rules_than_fit_though_upstream_takes_them),
                cmocka_unit_test(checks_devices_as_upstream),
                cmocka_unit_test(verdicts_are_as_upstream_checks),
                cmocka_unit_test(both_allow_a_device_without_passes),
        };

        for (size_t i = 0; i < ELEMENTS(differences); i++)
                tests[i] = (struct CMUnitTest){
                        .name = differences[i].name,
                        .test_func = check_difference,
                        .initial_state = (void *)&differences[i],
                };

        return cmocka_run_group_tests_name("filter-upstream", tests, NULL, NULL);
}
