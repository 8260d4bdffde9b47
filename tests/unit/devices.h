#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices as they are sold, and rules and a policy for them.
 */
#include <stdio.h>
#include <string.h>

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
static const struct facts webcam_headset = { ID(0x1395, 0x0098, 0x0204), CLASS(0xef),
                                             INTERFACES({ 0x0e, 1, 0 }, { 1, 1, 0 }, { 1, 2, 0 },
                                                        { 3, 0, 0 }) };
static const struct facts boot_headset = { ID(0x047f, 0xc025, 0x0135),
                                           INTERFACES({ 1, 1, 0 }, { 1, 2, 0 }, { 3, 1, 1 }) };
static const struct facts desk_kvm = { ID(0x0557, 0x2221, 0x0100), .path = "pci-0-usb-0:3",
                                       INTERFACES({ 3, 1, 1 }, { 3, 1, 2 }, { 3, 0, 0 }) };
static const struct facts tablet = { ID(0x056a, 0x00d1, 0x0100),
                                     INTERFACES({ 3, 1, 2 }, { 3, 0, 0 }) };
static const struct facts half_boot_hid = { ID(0x1234, 0x0004, 1),
                                            INTERFACES({ 3, 0, 1 }, { 8, 6, 0x50 }) };
static const struct facts fido = { ID(0x096e, 0x0858, 0x0100), INTERFACES({ 3, 0, 0 }),
                                   .product_name = "FIDO Key" };
static const struct facts bad_usb = { ID(0x0781, 0x5581, 0x0100), .serial = "4C531001",
                                      INTERFACES({ 8, 6, 0x50 }, { 3, 1, 1 }) };
static const struct facts tagged_reader = { ID(0x076b, 0x3031, 0x0100), INTERFACES({ 0x0b, 0, 0 }),
                                            .vendor_name = "OMNIKEY AG",
                                            .properties = "USBREDIR_AUTO=1\0ID_MODEL=Reader",
                                            .properties_size = 32 };

/* Puts lines into the policy, numbered from 1. */
static inline void add_rules(struct policy *policy, const char *rules)
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
