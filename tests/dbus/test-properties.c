/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each property of each object.
 */
#include "dbus/bed.h"

#include <stdio.h>
#include <string.h>

#include "dbus/fake-worker.h"
#include "util/macro.h"

struct want {
        const char *property, *value;
};

static void check_all(struct caller *c, const char *path, const char *interface,
                      const struct want *wants, size_t n)
{
        for (size_t i = 0; i < n; i++)
                assert_property(c, path, interface, wants[i].property, wants[i].value);
}

static void a_device_shows_its_facts_and_its_state(void **state)
{
        struct bed *bed = *state;
        struct device *d = bed->manager->devices;
        static const struct want wants[] = {
                { "Id", "1-1" },
                { "Path", "pci-0000:00:14.0-usb-0:1" },
                { "Bus", "1" },
                { "Address", "5" },
                { "VendorId", "1921" },
                { "ProductId", "21889" },
                { "VersionBcd", "256" },
                { "Class", "0" },
                { "Subclass", "0" },
                { "Protocol", "0" },
                { "Vendor", "SanDisk" },
                { "Product", "Ultra" },
                { "Serial", "4C53" },
                { "Speed", "high" },
                { "Interfaces", "[(0,8,6,80)]" },
                { "State", "redirected" },
                { "Verdict", "allowed" },
                { "Rule", "50-test.rules:1" },
                { "Guard", "its disk sdb is swap" },
                { "Settled", "yes" },
                { "Inhibited", "yes" },
                { "Held", "yes" },
                { "Guests", "[vm1]" },
                { "Session", SESSION_1 },
                { "LastError", "it said \"no??\"" },
        };

        d->is_inhibited = d->is_held = true;
        snprintf(d->rule, sizeof(d->rule), "50-test.rules:1");
        snprintf(d->guard, sizeof(d->guard), "its disk sdb is swap");
        snprintf(d->last_error, sizeof(d->last_error), "it said \"no\xff\x07\"");
        fake_change(bed->manager, d, DEVICE_IS_REDIRECTED);
        check_all(&bed->caller, DEVICE_1_1, DEVICE, wants, ELEMENTS(wants));
        d->is_inhibited = d->is_held = false;
}

static void a_guest_shows_its_channels_and_who_waits(void **state)
{
        struct bed *bed = *state;
        struct guest *g = bed->manager->guests[0];
        struct device *d = bed->manager->devices->next;
        static const struct want wants[] = {
                { "Name", "vm1" },
                { "Description", "a guest" },
                { "State", "unreachable" },
                { "Channels", "[(tcp:vm1:4000,occupied,1-1),(tcp:vm1:4001,connecting,1-2)]" },
                { "Queue", "[" ROOT "/devices/_31_2d2]" },
                { "Sessions", "[" SESSION_1 "]" },
                { "Exposed", "yes" },
                { "RetryAtUSec", "1700000000000001" },
                { "LastError", "connection refused" },
        };

        fake_set_guest(g, GUEST_UNREACHABLE, "connection refused", 1700000000000001);
        fake_set_channel(g, 1, CHANNEL_CONNECTING);
        fake_queue(g, d, channel_next(guest_channels(g)));
        check_all(&bed->caller, GUEST_VM1, GUEST, wants, ELEMENTS(wants));
}

static void a_session_shows_what_its_process_told(void **state)
{
        struct bed *bed = *state;
        struct redirection *r = bed->manager->sessions;
        struct control_status *status = fake_worker_status(r->worker);
        static const struct want wants[] = {
                { "Device", DEVICE_1_1 },
                { "Guest", GUEST_VM1 },
                { "Channel", "tcp:vm1:4000" },
                { "State", "forwarding" },
                { "SinceUSec", "1700000000000000" },
                { "ByHand", "no" },
                { "PeerVersion", "q??mu" },
                { "PeerCapabilities", "[bulk_streams,connect_device_version]" },
                { "Encrypted", "no" },
                { "Unit", "usbredir-session@1.service" },
                { "Pid", "4321" },
        };
        CLEANUP(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        CLEANUP(freep) char *text = NULL;

        status->peer_caps = 0x80000003;
        status->bytes_received = 1;
        status->bytes_sent = 1ull << 40;
        status->packets_received = 3;
        status->packets_sent = 4;
        status->usbfs_memory = 5;
        status->packets_dropped = 6;
        snprintf(status->peer_version, sizeof(status->peer_version), "q\x1b\xffmu");
        fake_set_session(bed->manager, r, REDIRECTION_FORWARDING);
        check_all(&bed->caller, SESSION_1, SESSION, wants, ELEMENTS(wants));

        reply = caller_call(&bed->caller, SESSION_1, SESSION, "GetStatistics", "");
        text = message_text(reply);
        assert_string_equal(text, "[bytes-received=1,bytes-sent=1099511627776,packets-received=3,"
                                  "packets-sent=4,packets-dropped=6,usbfs-memory=5]");
}

static void a_session_with_tls_is_encrypted(void **state)
{
        static const enum control_tls kinds[] = { CONTROL_X509, CONTROL_X509_CERTIFIED,
                                                  CONTROL_PSK };
        struct bed *bed = *state;
        struct control_order *order = fake_worker_order(bed->manager->sessions->worker);

        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                order->tls = kinds[i];
                assert_property(&bed->caller, SESSION_1, SESSION, "Encrypted", "yes");
        }
        order->tls = CONTROL_CLEAR;
}

static void a_version_without_end_is_cut(void **state)
{
        struct bed *bed = *state;
        struct control_status *status = fake_worker_status(bed->manager->sessions->worker);
        char want[sizeof(status->peer_version) + 1] = "";

        memset(status->peer_version, 'x', sizeof(status->peer_version));
        memset(want, 'x', sizeof(status->peer_version));
        assert_property(&bed->caller, SESSION_1, SESSION, "PeerVersion", want);
        snprintf(status->peer_version, sizeof(status->peer_version), "qemu");
}

static int setup(void **state)
{
        struct bed *bed;

        bed_setup(state);
        bed = *state;
        fake_set_rules(bed->manager, "-1,-1,-1,-1,1 guest=vm1");
        fake_add_guest(bed->manager, "vm1");
        fake_add_guest(bed->manager, "vm2");
        fake_plug(bed->manager, "1-1", 0x0781, 0x5581, "4C53");
        fake_plug(bed->manager, "1-2", 0x046d, 0xc077, "");
        fake_start(bed->manager, bed->manager->devices, bed->manager->guests[0]);
        return 0;
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_device_shows_its_facts_and_its_state),
                cmocka_unit_test(a_guest_shows_its_channels_and_who_waits),
                cmocka_unit_test(a_session_shows_what_its_process_told),
                cmocka_unit_test(a_session_with_tls_is_encrypted),
                cmocka_unit_test(a_version_without_end_is_cut),
        };

        return cmocka_run_group_tests_name("properties", tests, setup, bed_teardown);
}
