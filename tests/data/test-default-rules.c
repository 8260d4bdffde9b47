/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the rules that come with the package say of devices as they are sold.
 */
#include "unit/config-bed.h"

#define DENYING  "40-defaults.rules"
#define BY_UDEV  "50-udev.rules"
#define THE_REST "90-defaults.rules"

#define INTERFACES(...)                                                                            \
        .interfaces = { __VA_ARGS__ },                                                             \
        .n_interfaces = ELEMENTS(((struct facts_interface[]){ __VA_ARGS__ }))

static const struct facts stick = { INTERFACES({ 8, 6, 0x50 }) };
static const struct facts keyboard = { INTERFACES({ 3, 1, 1 }, { 3, 0, 0 }) };
static const struct facts mouse = { INTERFACES({ 3, 1, 2 }) };
static const struct facts reader = { INTERFACES({ 0x0b, 0, 0 }) };
static const struct facts token = { INTERFACES({ 3, 1, 1 }, { 3, 0, 0 }, { 0x0b, 0, 0 }) };
static const struct facts headset = { INTERFACES({ 1, 1, 0 }, { 1, 2, 0 }, { 3, 0, 0 }) };
static const struct facts hub = { .class = 9, INTERFACES({ 9, 0, 1 }) };
static const struct facts unconfigured = { .class = 0 };

static const struct {
        const char *name;
        const struct facts *device;
        const char *is_marked; /* the value of USBREDIR_AUTO, or NULL */
        enum verdict_kind want;
        const char *by; /* the file that decided, or NULL */
        bool automatic;
} cases[] = {
        { "a_reader_that_udev_marks_goes_by_itself", &reader, "1", VERDICT_ALLOWED, BY_UDEV, true },
        { "a_reader_that_udev_does_not_mark_goes_by_hand", &reader, NULL, VERDICT_ALLOWED,
          THE_REST },
        { "a_mark_of_0_is_none", &reader, "0", VERDICT_ALLOWED, THE_REST },
        { "a_keyboard_stays", &keyboard, NULL, VERDICT_DENIED, DENYING },
        { "a_keyboard_stays_even_if_marked", &keyboard, "1", VERDICT_DENIED, DENYING },
        { "a_token_that_is_a_keyboard_stays", &token, "1", VERDICT_DENIED, DENYING },
        { "a_stick_goes_by_hand", &stick, NULL, VERDICT_ALLOWED, THE_REST },
        { "a_stick_that_is_marked_goes_by_itself", &stick, "1", VERDICT_ALLOWED, BY_UDEV, true },
        { "a_mouse_goes_by_hand", &mouse, NULL, VERDICT_ALLOWED, THE_REST },
        { "a_headset_goes_by_hand", &headset, NULL, VERDICT_ALLOWED, THE_REST },
        { "a_hub_never_goes", &hub, "1", VERDICT_HUB, NULL },
        { "a_device_without_class_never_goes", &unconfigured, "1", VERDICT_NO_MATCH, NULL },
};

/* A copy: who owns the source tree is not our business. */
static void copy_rules(const struct tree *tree, const char *name)
{
        const char *top = getenv("top_srcdir");
        char path[512], copy[64], text[4096];
        size_t size;
        FILE *file;

        snprintf(path, sizeof(path), "%s/data/filters.d/%s", top ? top : "..", name);
        file = fopen(path, "r");
        assert_non_null(file);
        size = fread(text, 1, sizeof(text), file);
        fclose(file);
        assert_in_range(size, 1, sizeof(text) - 1);

        snprintf(copy, sizeof(copy), "lib/filters.d/%s", name);
        tree_write_bytes(tree, copy, text, size);
}

static int set_up(void **state)
{
        struct config_bed *bed;

        config_bed_set_up(state);
        bed = *state;
        copy_rules(&bed->tree, DENYING);
        copy_rules(&bed->tree, BY_UDEV);
        copy_rules(&bed->tree, THE_REST);
        config_bed_load(bed);
        assert_errors(bed, "");
        assert_int_equal(policy_n_entries(bed->config->policy), 3);
        return 0;
}

static void each_device_is_judged_as_the_table_says(void **state)
{
        const struct config_bed *bed = *state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct facts device = *cases[i].device;
                const struct policy_entry *entry;
                struct verdict verdict;

                if (cases[i].is_marked)
                        assert_int_equal(
                                facts_add_property(&device, "USBREDIR_AUTO", cases[i].is_marked),
                                0);
                policy_verdict(bed->config->policy, &device, &verdict);
                entry = verdict.lead ? verdict.lead : verdict.against;
                if (verdict.kind != cases[i].want || verdict.automatic != cases[i].automatic ||
                    !entry != !cases[i].by || (entry && !strstr(entry->file, cases[i].by)))
                        fail_msg("%s: kind %u, automatic %u, by %s", cases[i].name, verdict.kind,
                                 verdict.automatic, entry ? entry->file : "nothing");
        }
}

/* As the page and the comment in 50-udev.rules say. */
static void a_mask_ends_what_udev_marks(void **state)
{
        struct config_bed *bed = *state;
        struct facts device = reader;
        struct verdict verdict;

        facts_add_property(&device, "USBREDIR_AUTO", "1");
        tree_link(&bed->tree, "etc/filters.d/" BY_UDEV, "/dev/null");
        config_bed_load(bed);
        policy_verdict(bed->config->policy, &device, &verdict);
        assert_int_equal(verdict.kind, VERDICT_ALLOWED);
        assert_false(verdict.automatic);
}

static void an_earlier_file_may_let_a_keyboard_go(void **state)
{
        struct config_bed *bed = *state;
        struct facts device = token;
        struct verdict verdict;

        device.vendor = 0x1050;
        tree_write(&bed->tree, "etc/filters.d/10-mine.rules", "-1,0x1050,-1,-1,1 guest=vpn\n");
        config_bed_load(bed);
        policy_verdict(bed->config->policy, &device, &verdict);
        assert_int_equal(verdict.kind, VERDICT_ALLOWED);
        assert_string_equal(verdict.guest, "vpn");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, config_bed_tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(each_device_is_judged_as_the_table_says),
                TEST(a_mask_ends_what_udev_marks),
                TEST(an_earlier_file_may_let_a_keyboard_go),
        };

        return cmocka_run_group_tests_name("default-rules", tests, NULL, NULL);
}
