/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verdicts over devices as they are sold. The rules of a case are numbered by their lines.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "filter/policy.h"
#include "util/macro.h"

#define ALL          "-1,-1,-1,-1,1"
#define NONE         "-1,-1,-1,-1,0"
#define NO_KEYBOARDS "-1,-1,-1,-1,0 interface=03/01/01"
#define SPICE        "0x03,-1,-1,-1,0|-1,-1,-1,-1,1"

#define ID(v, p, b) .vendor = v, .product = p, .version_bcd = b
#define CLASS(c)    .class = c
#define INTERFACES(...)                                                                            \
        .interfaces = { __VA_ARGS__ },                                                             \
        .n_interfaces = ELEMENTS(((struct facts_interface[]){ __VA_ARGS__ }))

static const struct facts stick = { ID(0x0781, 0x5581, 0x0100), INTERFACES({ 8, 6, 0x50 }),
                                    .serial = "4C531001", .port = "1-1.4",
                                    .path = "pci-0000:00:14.0-usb-0:1.4" };
static const struct facts keyboard = { ID(0x046d, 0xc31c, 0x6402),
                                       INTERFACES({ 3, 1, 1 }, { 3, 0, 0 }) };
static const struct facts mouse = { ID(0x046d, 0xc077, 0x7200), INTERFACES({ 3, 1, 2 }) };
static const struct facts reader = { ID(0x076b, 0x3031, 0x0100), INTERFACES({ 0x0b, 0, 0 }) };
static const struct facts keyboard_reader = { ID(0x0b97, 0x7772, 0x0110),
                                              INTERFACES({ 3, 1, 1 }, { 0x0b, 0, 0 }) };
static const struct facts token = { ID(0x1050, 0x0407, 0x0543), .serial = "7",
                                    INTERFACES({ 3, 1, 1 }, { 3, 0, 0 }, { 0x0b, 0, 0 }) };
static const struct facts headset = { ID(0x0d8c, 0x0014, 0x0100),
                                      INTERFACES({ 1, 1, 0 }, { 1, 2, 0 }, { 3, 0, 0 }) };
static const struct facts kvm = { ID(0x0557, 0x2419, 0x0100),
                                  INTERFACES({ 3, 0, 0 }, { 3, 0, 0 }) };
static const struct facts gamepad = { ID(0x0079, 0x0006, 0x0107), INTERFACES({ 3, 0, 0 }) };
static const struct facts dock = { ID(0x17e9, 0x6006, 0x3101), CLASS(0xef),
                                   INTERFACES({ 0xff, 0, 0 }, { 0xff, 0, 3 }, { 1, 1, 0 },
                                              { 2, 0x0d, 0 }, { 0x0a, 0, 1 }, { 0xfe, 1, 1 }) };
static const struct facts camera = { ID(0x046d, 0x0825, 0x0012), CLASS(0xef),
                                     INTERFACES({ 0x0e, 1, 0 }, { 0x0e, 2, 0 }, { 1, 1, 0 }) };
static const struct facts phone = { ID(0x18d1, 0x4ee2, 0x0440), .serial = "9A2BX 1",
                                    INTERFACES({ 6, 1, 1 }, { 0xff, 0x42, 1 }) };
static const struct facts serial_line = { ID(0x067b, 0x2303, 0x0300), CLASS(0xff),
                                          INTERFACES({ 0xff, 0, 0 }) };
static const struct facts modem = { ID(0x0572, 0x1340, 0x0100), CLASS(2),
                                    INTERFACES({ 2, 2, 1 }, { 0x0a, 0, 0 }) };
static const struct facts bluetooth = { ID(0x0a12, 0x0001, 0x8891), CLASS(0xe0),
                                        INTERFACES({ 0xe0, 1, 1 }, { 0xe0, 1, 1 }) };
static const struct facts printer = { ID(0x03f0, 0x002a, 0x0100), .serial = "00CNF",
                                      INTERFACES({ 7, 1, 2 }, { 8, 6, 0x50 }) };
static const struct facts hub = { ID(0x05e3, 0x0610, 0x6092), CLASS(9), INTERFACES({ 9, 0, 1 }) };
static const struct facts hub_by_interface = { ID(0x05e3, 0x0611, 1), CLASS(0xff),
                                               INTERFACES({ 0xff, 0, 0 }, { 9, 0, 0 }) };
static const struct facts unconfigured = { ID(0x1234, 0x0001, 1), CLASS(0) };
static const struct facts unconfigured_ef = { ID(0x1234, 0x0002, 1), CLASS(0xef) };
static const struct facts unconfigured_ff = { ID(0x1234, 0x0003, 1), CLASS(0xff) };

#define WANT(...)            .want = { __VA_ARGS__ }
#define ALLOWED(lead, guest) WANT(VERDICT_ALLOWED, lead, guest, true)
#define BY_HAND(lead, guest) WANT(VERDICT_ALLOWED, lead, guest, false)
#define DENIED(line, ...)    WANT(VERDICT_DENIED, 0, NULL, false, line, { __VA_ARGS__ })
#define CONFLICT(lead, guest, line, ...)                                                           \
        WANT(VERDICT_CONFLICT, lead, guest, false, line, { __VA_ARGS__ })
#define NO_MATCH WANT(VERDICT_NO_MATCH)
#define HUB      WANT(VERDICT_HUB)
#define DEVICE   PASS_DEVICE

static const struct {
        const char *name;
        const struct facts *device;
        const char *rules;
        struct {
                enum verdict_kind kind;
                uint32_t lead; /* its line, 0 for none */
                const char *guest;
                bool automatic;
                uint32_t against; /* its line, 0 for none */
                struct pass pass;
        } want;
} cases[] = {
        { "stick_without_rules_is_denied", &stick, "", DENIED(0, 0, 8) },
        { "stick_by_rule_for_all", &stick, ALL, ALLOWED(1, NULL) },
        { "stick_by_class", &stick, "8,-1,-1,-1,1", ALLOWED(1, NULL) },
        { "stick_by_ids", &stick, "-1,0x781,0x5581,0x100,1", ALLOWED(1, NULL) },
        { "stick_of_other_vendor", &stick, "-1,0x782,-1,-1,1", DENIED(0, 0, 8) },
        { "stick_of_other_product", &stick, "8,0x781,0x5582,-1,1", DENIED(0, 0, 8) },
        { "stick_of_other_version", &stick, "8,-1,-1,0x200,1", DENIED(0, 0, 8) },
        { "stick_to_guest", &stick, ALL " guest=build", ALLOWED(1, "build") },
        { "stick_to_guest_list", &stick, ALL " guest=a,b", ALLOWED(1, "a,b") },
        { "stick_to_any_guest", &stick, ALL " guest=*", ALLOWED(1, "*") },
        { "stick_by_hand", &stick, ALL " auto=no", BY_HAND(1, NULL) },
        { "stick_by_hand_to_guest", &stick, ALL " auto=no guest=a", BY_HAND(1, "a") },
        { "stick_auto_said_aloud", &stick, ALL " auto=yes", ALLOWED(1, NULL) },
        { "stick_first_of_two", &stick, ALL " guest=a\n" ALL " guest=b", ALLOWED(1, "a") },
        { "stick_deny_first", &stick, "8,-1,-1,-1,0\n" ALL, DENIED(1, 0, 8) },
        { "stick_deny_last", &stick, ALL "\n" NONE, ALLOWED(1, NULL) },
        { "stick_deny_of_other_class_first", &stick, "3,-1,-1,-1,0\n" ALL, ALLOWED(2, NULL) },
        { "stick_by_serial", &stick, ALL " serial=4C5310*", ALLOWED(1, NULL) },
        { "stick_of_other_serial_falls_through", &stick, ALL " serial=5* guest=a\n" ALL " guest=b",
          ALLOWED(2, "b") },
        { "stick_by_port", &stick, ALL " port=1-1.*", ALLOWED(1, NULL) },
        { "stick_at_other_port", &stick, ALL " port=2-*", DENIED(0, 0, 8) },
        { "stick_by_path", &stick, ALL " path=*-usb-0:1.4", ALLOWED(1, NULL) },
        { "stick_denied_by_path_allowed_later", &stick, NONE " path=*:1.4\n" ALL, DENIED(1, 0, 8) },
        { "stick_by_second_tuple_of_line", &stick, "3,-1,-1,-1,0|8,-1,-1,-1,1 guest=a",
          ALLOWED(1, "a") },
        { "stick_by_line_without_its_tuple", &stick, "3,-1,-1,-1,1|7,-1,-1,-1,1", DENIED(0, 0, 8) },
        { "keys_apply_to_every_tuple_of_line", &stick, "8,-1,-1,-1,0|" ALL " serial=X*\n" ALL,
          ALLOWED(2, NULL) },
        { "stick_with_all_keys", &stick,
          ALL " guest=a auto=yes interface=08/06/50 serial=* port=* path=*", ALLOWED(1, "a") },

        { "keyboard_by_spice_default", &keyboard, SPICE, DENIED(1, 0, 3) },
        { "keyboard_never", &keyboard, NO_KEYBOARDS "\n" ALL, DENIED(1, 0, 3) },
        { "keyboard_by_rule_for_all", &keyboard, ALL, ALLOWED(1, NULL) },
        { "keyboard_exception_before_deny", &keyboard, "-1,0x46d,-1,-1,1 auto=no\n" NO_KEYBOARDS,
          BY_HAND(1, NULL) },
        { "mouse_is_no_keyboard", &mouse, NO_KEYBOARDS "\n" ALL, ALLOWED(2, NULL) },
        { "mouse_by_spice_default", &mouse, SPICE, DENIED(1, 0, 3) },
        { "kvm_by_spice_default", &kvm, SPICE, DENIED(1, 0, 3) },
        { "kvm_is_judged_by_hid", &kvm, "3,-1,-1,-1,1 guest=a", ALLOWED(1, "a") },
        { "kvm_without_hid_rule", &kvm, "8,-1,-1,-1,1", DENIED(0, 0, 3) },
        { "gamepad_by_spice_default", &gamepad, SPICE, DENIED(1, 0, 3) },
        { "gamepad_by_interface", &gamepad, ALL " interface=03/00/00", ALLOWED(1, NULL) },

        { "reader_by_interface", &reader, ALL " interface=0b guest=win10", ALLOWED(1, "win10") },
        { "keyboard_reader_whole", &keyboard_reader, ALL " interface=0b guest=win10",
          ALLOWED(1, "win10") },
        { "keyboard_reader_stays", &keyboard_reader, NO_KEYBOARDS "\n" ALL " interface=0b",
          DENIED(1, 0, 3) },
        { "keyboard_reader_by_class_of_reader", &keyboard_reader, "0x0b,-1,-1,-1,1",
          DENIED(0, 0, 3) },
        { "keyboard_reader_denied_in_second_pass", &keyboard_reader,
          "3,-1,-1,-1,1\n0x0b,-1,-1,-1,0", DENIED(2, 1, 0x0b) },
        { "keyboard_reader_lead_is_first_in_policy", &keyboard_reader,
          "0x0b,-1,-1,-1,1 guest=a\n3,-1,-1,-1,1", ALLOWED(1, "a") },
        { "keyboard_reader_lead_without_guest", &keyboard_reader,
          "3,-1,-1,-1,1\n0x0b,-1,-1,-1,1 guest=a", ALLOWED(1, "a") },
        { "keyboard_reader_two_guests", &keyboard_reader,
          "0x0b,-1,-1,-1,1 guest=a\n3,-1,-1,-1,1 guest=b", CONFLICT(1, "a", 2, 0, 3) },
        { "keyboard_reader_same_guest_twice", &keyboard_reader,
          "0x0b,-1,-1,-1,1 guest=a\n3,-1,-1,-1,1 guest=a", ALLOWED(1, "a") },
        { "keyboard_reader_same_list_in_other_order", &keyboard_reader,
          "0x0b,-1,-1,-1,1 guest=a,b\n3,-1,-1,-1,1 guest=b,a", ALLOWED(1, "a,b") },
        { "keyboard_reader_every_guest_and_one", &keyboard_reader,
          "0x0b,-1,-1,-1,1 guest=*\n3,-1,-1,-1,1 guest=b", CONFLICT(1, "*", 2, 0, 3) },
        { "keyboard_reader_auto_in_one_rule_only", &keyboard_reader,
          "0x0b,-1,-1,-1,1\n3,-1,-1,-1,1 auto=no", BY_HAND(1, NULL) },
        { "keyboard_reader_auto_missing_in_lead", &keyboard_reader,
          "0x0b,-1,-1,-1,1 auto=no\n3,-1,-1,-1,1 auto=yes", BY_HAND(1, NULL) },
        { "token_skips_its_non_boot_hid", &token, "3,-1,-1,-1,1|0x0b,-1,-1,-1,1 serial=*",
          ALLOWED(1, NULL) },
        { "token_stays_by_defaults", &token, NO_KEYBOARDS "\n" ALL " interface=0b\n" ALL " auto=no",
          DENIED(1, 0, 3) },
        { "token_let_through_by_its_ids", &token, "-1,0x1050,0x0407,-1,1 guest=vpn\n" NO_KEYBOARDS,
          ALLOWED(1, "vpn") },

        { "headset_by_spice_default", &headset, SPICE, ALLOWED(1, NULL) },
        { "headset_by_audio_alone", &headset, "1,-1,-1,-1,1 guest=a", ALLOWED(1, "a") },
        { "headset_interface_key_sees_skipped_hid", &headset, NONE " interface=03\n" ALL,
          DENIED(1, 0, 1) },
        { "camera_needs_video_and_audio", &camera, "0x0e,-1,-1,-1,1", DENIED(0, 2, 1) },
        { "camera_with_both", &camera, "0x0e,-1,-1,-1,1\n1,-1,-1,-1,1 auto=no", BY_HAND(1, NULL) },
        { "camera_class_ef_is_not_asked", &camera, "0xef,-1,-1,-1,0\n" ALL, ALLOWED(2, NULL) },
        { "dock_whole", &dock, ALL " guest=desk", ALLOWED(1, "desk") },
        { "dock_without_its_network", &dock, "2,-1,-1,-1,0\n" ALL, DENIED(1, 3, 2) },
        { "dock_by_vendor_class_alone", &dock, "0xff,-1,-1,-1,1", DENIED(0, 2, 1) },
        { "dock_by_ids_with_fallback", &dock,
          "0xff,0x17e9,-1,-1,1 guest=desk\n-1,0x17e9,-1,-1,1 guest=desk auto=no",
          BY_HAND(1, "desk") },
        { "dock_third_guest_conflicts", &dock,
          "0xff,-1,-1,-1,1\n1,-1,-1,-1,1 guest=a\n" ALL " guest=b", CONFLICT(1, "a", 3, 3, 2) },
        { "dock_denied_after_conflict", &dock,
          "0xff,-1,-1,-1,1 guest=a\n1,-1,-1,-1,1 guest=b\n0xfe,-1,-1,-1,0\n" ALL,
          DENIED(3, 5, 0xfe) },
        { "phone_by_serial_with_blank", &phone, ALL " serial=\"9A2BX 1\"", ALLOWED(1, NULL) },
        { "phone_with_debugging_denied", &phone, NONE " interface=ff/42/01\n" ALL,
          DENIED(1, 0, 6) },
        { "phone_by_still_image_alone", &phone, "6,-1,-1,-1,1", DENIED(0, 1, 0xff) },
        { "printer_with_drive_denied", &printer, "8,-1,-1,-1,0\n" ALL, DENIED(1, 1, 8) },
        { "printer_to_two_guests", &printer, "7,-1,-1,-1,1 guest=a\n8,-1,-1,-1,1 guest=b",
          CONFLICT(1, "a", 2, 1, 8) },
        { "serial_line_by_device_class", &serial_line, "0xff,-1,-1,-1,1", ALLOWED(1, NULL) },
        { "modem_denied_by_device_class", &modem, "2,-1,-1,-1,0\n" ALL, DENIED(1, DEVICE, 2) },
        { "modem_needs_data_class_too", &modem, "2,-1,-1,-1,1", DENIED(0, 1, 0x0a) },
        { "modem_by_both_classes", &modem, "0x0a,-1,-1,-1,1 guest=a\n2,-1,-1,-1,1",
          ALLOWED(1, "a") },
        { "bluetooth_without_rules", &bluetooth, "", DENIED(0, DEVICE, 0xe0) },
        { "bluetooth_denied_by_protocol", &bluetooth, NONE " interface=e0/01/01\n" ALL,
          DENIED(1, DEVICE, 0xe0) },

        { "hub_whatever_the_rules", &hub, ALL, HUB },
        { "hub_without_rules", &hub, "", HUB },
        { "hub_by_interface", &hub_by_interface, ALL, HUB },
        { "class_0_without_interfaces", &unconfigured, ALL, NO_MATCH },
        { "class_0_without_interfaces_or_rules", &unconfigured, "", NO_MATCH },
        { "class_ef_without_interfaces", &unconfigured_ef, ALL, NO_MATCH },
        { "class_ff_without_interfaces_is_judged", &unconfigured_ff, ALL, ALLOWED(1, NULL) },
        { "class_ff_without_interfaces_denied", &unconfigured_ff, NONE, DENIED(1, DEVICE, 0xff) },
        { "interface_key_without_interfaces", &unconfigured_ff, ALL " interface=ff",
          DENIED(0, DEVICE, 0xff) },
};

static void add_rules(struct policy *policy, const char *rules)
{
        uint32_t number = 0;

        while (*rules) {
                CLEANUP(rule_freep) struct rule *rule = NULL;
                CLEANUP(freep) char *line = strndup(rules, strcspn(rules, "\n"));
                struct rule_error error;

                if (rule_parse(&rule, line, ++number, &error) < 0)
                        fail_msg("%u:%u: %s", error.line, error.column, error.text);
                assert_int_equal(policy_add(policy, rule, "50-test.rules", number), 0);
                TAKE(rule);

                rules += strlen(line);
                rules += *rules == '\n';
        }
}

static uint32_t line_of(const struct policy_entry *entry)
{
        if (!entry)
                return 0;

        assert_string_equal(entry->file, "50-test.rules");
        return entry->line;
}

static void check(void **state)
{
        const typeof(cases[0]) *c = *state;
        CLEANUP(policy_freep) struct policy *policy = NULL;
        struct verdict verdict;

        assert_int_equal(policy_new(&policy), 0);
        add_rules(policy, c->rules);
        policy_verdict(policy, c->device, &verdict);

        assert_int_equal(verdict.kind, c->want.kind);
        assert_int_equal(line_of(verdict.lead), c->want.lead);
        assert_int_equal(line_of(verdict.against), c->want.against);
        assert_int_equal(verdict.pass.interface, c->want.pass.interface);
        assert_int_equal(verdict.pass.class, c->want.pass.class);
        assert_int_equal(verdict.automatic, c->want.automatic);
        if (c->want.guest)
                assert_string_equal(verdict.guest, c->want.guest);
        else
                assert_null(verdict.guest);
}

static void the_lead_says_when_to_act_and_whether_to_reset(void **state)
{
        static const struct {
                const char *rules;
                unsigned on;
                bool reset;
        } lines[] = {
                { ALL, RULE_ON_PLUG | RULE_ON_START, true },
                { ALL " on=plug reset=no\n" ALL " on=start", RULE_ON_PLUG, false },
                { "3,-1,-1,-1,1 on=start\n" ALL " on=plug reset=no", RULE_ON_START, true },
                { "0x0b,-1,-1,-1,1 reset=no\n3,-1,-1,-1,1 on=plug", RULE_ON_PLUG | RULE_ON_START,
                  false },
                { NONE " on=plug", 0, false },
        };

        for (size_t i = 0; i < ELEMENTS(lines); i++) {
                CLEANUP(policy_freep) struct policy *policy = NULL;
                struct verdict verdict;

                assert_int_equal(policy_new(&policy), 0);
                add_rules(policy, lines[i].rules);
                policy_verdict(policy, &keyboard_reader, &verdict);
                assert_int_equal(verdict.on, lines[i].on);
                assert_int_equal(verdict.reset, lines[i].reset);
        }
}

static void a_broken_file_denies_at_its_place(void **state)
{
        CLEANUP(policy_freep) struct policy *policy = NULL;
        struct verdict verdict;

        assert_int_equal(policy_new(&policy), 0);
        add_rules(policy, "8,-1,-1,-1,1");
        assert_int_equal(policy_add_broken(policy, "/etc/60-bad.rules", 7, "unknown key"), 0);
        add_rules(policy, ALL);

        policy_verdict(policy, &stick, &verdict);
        assert_int_equal(verdict.kind, VERDICT_ALLOWED);
        assert_null(verdict.lead->problem);

        policy_verdict(policy, &mouse, &verdict);
        assert_int_equal(verdict.kind, VERDICT_DENIED);
        assert_string_equal(verdict.against->file, "/etc/60-bad.rules");
        assert_int_equal(verdict.against->line, 7);
        assert_string_equal(verdict.against->problem, "unknown key");

        assert_int_equal(policy_n_entries(policy), 3);
        assert_ptr_equal(policy_get(policy, 1), verdict.against);
}

static void each_holder_frees_it_once(void **state)
{
        CLEANUP(policy_freep) struct policy *policy = NULL;
        CLEANUP(policy_freep) struct policy *other = NULL;

        assert_int_equal(policy_new(&policy), 0);
        add_rules(policy, ALL);
        other = policy_ref(policy);
        assert_null(policy_free(policy));
        policy = NULL;
        assert_int_equal(policy_n_entries(other), 1);
}

static void takes_16384_rules_and_refuses_one_more(void **state)
{
        CLEANUP(policy_freep) struct policy *policy = NULL;
        CLEANUP(rule_freep) struct rule *rule = NULL;
        struct rule_error error;

        assert_int_equal(policy_new(&policy), 0);
        for (uint32_t i = 0; i < POLICY_RULES_MAX; i++)
                add_rules(policy, ALL);

        assert_int_equal(rule_parse(&rule, ALL, 1, &error), 0);
        assert_int_equal(policy_add(policy, rule, "one-more.rules", 1), -E2BIG);
        assert_int_equal(policy_add_broken(policy, "one-more.rules", 1, "too many rules"), 0);
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(cases) + 4] = {
                [ELEMENTS(cases)] = cmocka_unit_test(takes_16384_rules_and_refuses_one_more),
                cmocka_unit_test(the_lead_says_when_to_act_and_whether_to_reset),
                cmocka_unit_test(a_broken_file_denies_at_its_place),
                cmocka_unit_test(each_holder_frees_it_once),
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name,
                        .test_func = check,
                        .initial_state = (void *)&cases[i],
                };

        return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
