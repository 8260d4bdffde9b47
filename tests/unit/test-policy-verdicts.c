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

#include "unit/devices.h"

#define WANT(...)            .want = { __VA_ARGS__ }
#define ALLOWED(lead, guest) WANT(VERDICT_ALLOWED, lead, guest, true)
#define BY_HAND(lead, guest) WANT(VERDICT_ALLOWED, lead, guest, false)
/* What an allowed device's verdict says beside, where it is not what rules say by default. */
#define AND(...)          .beside = __VA_ARGS__
#define DENIED(line, ...) WANT(VERDICT_DENIED, 0, NULL, false, line, { __VA_ARGS__ })
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
        const char *beside; /* NULL: "", that is on both occasions, may be reset, nothing else */
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

        { "stick_on_plug_only", &stick, ALL " on=plug", ALLOWED(1, NULL), AND("on=plug ") },
        { "stick_on_start_only", &stick, ALL " on=start", ALLOWED(1, NULL), AND("on=start ") },
        { "stick_on_both", &stick, ALL " on=both", ALLOWED(1, NULL) },
        { "stick_held", &stick, ALL " hold=yes", ALLOWED(1, NULL), AND("hold ") },
        { "stick_not_held", &stick, ALL " hold=no", ALLOWED(1, NULL) },
        { "stick_not_reset", &stick, ALL " reset=no", ALLOWED(1, NULL), AND("no-reset ") },
        { "stick_forced", &stick, ALL " force=yes", ALLOWED(1, NULL), AND("force ") },
        { "stick_not_forced", &stick, ALL " force=no", ALLOWED(1, NULL) },
        { "stick_with_every_option", &stick,
          ALL " guest=a auto=no on=start hold=yes reset=no force=yes", BY_HAND(1, "a"),
          AND("on=start hold no-reset force ") },
        { "options_of_a_rule_that_decides_nothing", &stick,
          "3,-1,-1,-1,1 hold=yes force=yes\n" ALL " on=plug", ALLOWED(2, NULL), AND("on=plug ") },
        { "denied_says_nothing_beside", &stick, NONE " hold=yes force=yes on=plug",
          DENIED(1, 0, 8) },
        { "reader_keyboard_lead_says_on", &keyboard_reader,
          "0x0b,-1,-1,-1,1 on=plug\n3,-1,-1,-1,1 on=start", ALLOWED(1, NULL), AND("on=plug ") },
        { "reader_keyboard_lead_says_hold", &keyboard_reader,
          "0x0b,-1,-1,-1,1 hold=yes\n3,-1,-1,-1,1", ALLOWED(1, NULL), AND("hold ") },
        { "reader_keyboard_hold_of_the_other_is_not_asked", &keyboard_reader,
          "0x0b,-1,-1,-1,1\n3,-1,-1,-1,1 hold=yes", ALLOWED(1, NULL) },
        { "reader_keyboard_reset_of_the_other_is_not_asked", &keyboard_reader,
          "0x0b,-1,-1,-1,1\n3,-1,-1,-1,1 reset=no", ALLOWED(1, NULL) },
        { "reader_keyboard_force_in_lead_only", &keyboard_reader,
          "0x0b,-1,-1,-1,1 force=yes\n3,-1,-1,-1,1", ALLOWED(1, NULL) },
        { "reader_keyboard_force_in_both", &keyboard_reader,
          "0x0b,-1,-1,-1,1 force=yes\n3,-1,-1,-1,1 force=yes", ALLOWED(1, NULL), AND("force ") },
        { "conflict_says_the_lead's", &keyboard_reader,
          "0x0b,-1,-1,-1,1 guest=a on=plug hold=yes\n3,-1,-1,-1,1 guest=b",
          CONFLICT(1, "a", 2, 0, 3), AND("on=plug hold ") },
        { "token_forced_past_keyboards", &token, "-1,0x1050,-1,-1,1 force=yes\n" NO_KEYBOARDS,
          ALLOWED(1, NULL), AND("force ") },
        { "fido_key_is_judged_by_hid", &fido, SPICE, DENIED(1, 0, 3) },
        { "fido_key_by_product_name", &fido, ALL " product-name=\"FIDO *\" guest=vpn",
          ALLOWED(1, "vpn") },
        { "reader_by_vendor_name", &tagged_reader, ALL " vendor-name=OMNIKEY*", ALLOWED(1, NULL) },
        { "reader_of_other_vendor_name", &tagged_reader, ALL " vendor-name=Acme*",
          DENIED(0, 0, 0x0b) },
        { "reader_by_udev_tag", &tagged_reader, ALL " property=USBREDIR_AUTO=1", ALLOWED(1, NULL) },
        { "reader_by_property_alone", &tagged_reader, ALL " property=ID_MODEL", ALLOWED(1, NULL) },
        { "reader_without_udev_tag", &reader, ALL " property=USBREDIR_AUTO=1", DENIED(0, 0, 0x0b) },
        { "tagged_reader_masked_by_a_deny_before", &tagged_reader,
          "0x0b,-1,-1,-1,0\n" ALL " property=USBREDIR_AUTO=1", DENIED(1, 0, 0x0b) },
        { "mouse_and_non_boot_hid_by_mouse", &tablet, "3,-1,-1,-1,1 interface=03/01/02",
          ALLOWED(1, NULL) },
        { "hid_with_a_protocol_is_not_skipped", &half_boot_hid, "8,-1,-1,-1,1", DENIED(0, 0, 3) },
        { "hid_with_a_protocol_by_both", &half_boot_hid, "8,-1,-1,-1,1|3,-1,-1,-1,1",
          ALLOWED(1, NULL) },
        { "headset_with_boot_hid_by_spice_default", &boot_headset, SPICE, DENIED(1, 2, 3) },
        { "headset_with_boot_hid_by_audio_alone", &boot_headset, "1,-1,-1,-1,1", DENIED(0, 2, 3) },
        { "webcam_headset_skips_its_keys", &webcam_headset, "0x0e,-1,-1,-1,1|1,-1,-1,-1,1",
          ALLOWED(1, NULL) },
        { "webcam_headset_lead_is_by_policy_order", &webcam_headset,
          "1,-1,-1,-1,1 guest=a on=plug\n0x0e,-1,-1,-1,1 guest=a", ALLOWED(1, "a"),
          AND("on=plug ") },
        { "kvm_with_boot_keyboard_never", &desk_kvm, NO_KEYBOARDS "\n" ALL, DENIED(1, 0, 3) },
        { "kvm_with_boot_keyboard_at_its_socket", &desk_kvm,
          ALL " path=*-usb-0:3 guest=desk force=yes\n" NO_KEYBOARDS, ALLOWED(1, "desk"),
          AND("force ") },
        { "stick_that_types_is_no_stick", &bad_usb, "8,0x781,0x5581,-1,1", DENIED(0, 1, 3) },
        { "stick_that_types_by_ids_stays", &bad_usb, NO_KEYBOARDS "\n-1,0x781,0x5581,-1,1",
          DENIED(1, 0, 8) },
        { "stick_that_types_by_ids_alone", &bad_usb, "-1,0x781,0x5581,-1,1", ALLOWED(1, NULL) },
        { "phone_not_reset_and_held", &phone, ALL " reset=no hold=yes guest=build",
          ALLOWED(1, "build"), AND("hold no-reset ") },
        { "guest_of_the_other_rule_binds", &printer, "7,-1,-1,-1,1\n8,-1,-1,-1,1 guest=b hold=yes",
          ALLOWED(1, "b") },
        { "guest_lists_that_overlap_conflict", &printer,
          "7,-1,-1,-1,1 guest=a,b\n8,-1,-1,-1,1 guest=b,c", CONFLICT(1, "a,b", 2, 1, 8) },
        { "dock_held_whole_by_one_rule", &dock, ALL " guest=desk hold=yes on=both",
          ALLOWED(1, "desk"), AND("hold ") },
        { "dock_of_other_version", &dock, "-1,0x17e9,0x6006,0x3102,1", DENIED(0, 0, 0xff) },
        { "dock_denied_twice_names_the_first_pass", &dock, "1,-1,-1,-1,0\n0xff,-1,-1,-1,0\n" ALL,
          DENIED(2, 0, 0xff) },
        { "dock_two_passes_of_a_class_by_one_rule", &dock,
          "0xff,-1,-1,-1,1 guest=a\n0xff,-1,-1,-1,0\n" ALL " guest=a", ALLOWED(1, "a") },
        { "modem_auto_no_in_the_device_pass", &modem, "2,-1,-1,-1,1 auto=no\n" ALL,
          BY_HAND(1, NULL) },
};

/* The verdict's other words, as the table has them. */
static void format_beside(const struct verdict *verdict, char *ret, size_t size)
{
        const char *on = "";

        if (verdict->on != (RULE_ON_PLUG | RULE_ON_START))
                on = verdict->on == RULE_ON_PLUG ? "on=plug " : "on=start ";
        snprintf(ret, size, "%s%s%s%s", on, verdict->hold ? "hold " : "",
                 verdict->reset ? "" : "no-reset ", verdict->force ? "force " : "");
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
        char beside[64];

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

        if (verdict.lead) {
                format_beside(&verdict, beside, sizeof(beside));
                assert_string_equal(beside, c->beside ? c->beside : "");
        } else {
                assert_null(c->beside);
                assert_false(verdict.on || verdict.hold || verdict.reset || verdict.force);
        }
}

/* One pass at a time, each over all rules: as the definition has it. */
static const struct policy_entry *decide(const struct policy *policy, const struct facts *facts,
                                         uint8_t class, bool *ret_allow)
{
        for (size_t i = 0; i < policy_n_entries(policy); i++) {
                const struct policy_entry *entry = policy_get(policy, i);
                const struct plain *plain = &entry->rule->plain;

                for (size_t j = 0; j < plain->n_tuples; j++) {
                        if (!rule_takes_part(entry->rule, facts) ||
                            !tuple_matches(&plain->tuples[j], facts, class))
                                continue;
                        *ret_allow = plain->tuples[j].allow;
                        return entry;
                }
        }

        return NULL;
}

static void decisions_are_those_of_each_pass_alone(void **state)
{
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                CLEANUP(policy_freep) struct policy *policy = NULL;
                struct decision decisions[PASSES_MAX];
                struct pass passes[PASSES_MAX];
                size_t n;

                assert_int_equal(policy_new(&policy), 0);
                add_rules(policy, cases[i].rules);
                n = policy_decisions(policy, cases[i].device, decisions);
                assert_int_equal(n, pass_list(cases[i].device, false, passes));
                for (size_t j = 0; j < n; j++) {
                        bool allow = false;

                        assert_int_equal(decisions[j].pass.interface, passes[j].interface);
                        assert_ptr_equal(decisions[j].entry,
                                         decide(policy, cases[i].device, passes[j].class, &allow));
                        assert_int_equal(decisions[j].allow, allow);
                }
        }
}

int main(void)
{
        struct CMUnitTest tests[ELEMENTS(cases) + 1] = {
                [ELEMENTS(cases)] = cmocka_unit_test(decisions_are_those_of_each_pass_alone),
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name,
                        .test_func = check,
                        .initial_state = (void *)&cases[i],
                };

        return cmocka_run_group_tests_name("policy-verdicts", tests, NULL, NULL);
}
