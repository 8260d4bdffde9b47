/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each guard, on machines made by hand: what it sees, what it says, and what is none of its
 * business.
 */
#include "daemon/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#include "unit/guard-tree.h"
#include "unit/test.h"
#include "util/macro.h"

/* All of the first 31 keys; a power button has one key far behind. */
#define KEYBOARD     "10000 7 ff9f207ac14057ff febeffdfffefffff fffffffffffffffe\n"
#define POWER_BUTTON "10000000000000 0\n"

#define PEER_INDEX 7

static struct tree tree;
static char sys[160], proc[160], dev[160];

static int route_of(const struct sockaddr_storage *peer)
{
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;

        return v4->sin_family == AF_INET && v4->sin_addr.s_addr == htonl(0x0a000002) ? PEER_INDEX
                                                                                     : -ENETUNREACH;
}

static const struct guard_scope scope = { sys, proc, dev, route_of, NULL };

static int make(void **state)
{
        tree_make(&tree);
        snprintf(sys, sizeof(sys), "%s/sys", tree.root);
        snprintf(proc, sizeof(proc), "%s/proc", tree.root);
        snprintf(dev, sizeof(dev), "%s/dev", tree.root);
        return 0;
}

static int unmake(void **state)
{
        tree_remove(&tree);
        return 0;
}

static void says(const char *want)
{
        struct guard_question question = { .n = 0 };
        char reason[GUARD_REASON_SIZE];

        guard_add_host(&question, "10.0.0.2");
        assert_int_equal(guard_check(&scope, GUARD_DEVICE, &question, reason), *want != '\0');
        assert_string_equal(reason, want);
}

static void nothing_to_guard(void **state)
{
        says("");
        guard_tree_add_disk(&tree);
        tree_write(&tree, "proc/self/mountinfo", "22 1 254:0 / / rw - ext4 /dev/vda rw\n");
        tree_write(&tree, "proc/swaps", "Filename Type Size Used Priority\n");
        says("");
}

static void sees_a_mount_by_its_number(void **state)
{
        guard_tree_add_disk(&tree);
        tree_write(&tree, "proc/self/mountinfo", GUARD_MOUNT);
        says("its partition sdb1 is mounted on /media/My Stick: umount it");
}

static void sees_a_mount_of_several_disks_by_its_name(void **state)
{
        guard_tree_add_disk(&tree);
        tree_write(&tree, "proc/self/mountinfo", "90 22 0:45 / /srv rw - btrfs /dev/sdb rw\n");
        says("its disk sdb is mounted on /srv: umount it");
}

static void takes_no_other_disk_for_its_own(void **state)
{
        guard_tree_add_disk(&tree);
        guard_tree_add(&tree, "block", "sdc", "/sys/devices/pci0/usb1/1-10");
        guard_tree_write(&tree, "block", "sdc", "dev", "8:32\n");
        tree_write(&tree, "proc/self/mountinfo", "90 22 8:32 / /srv rw - ext4 /dev/sdc rw\n");
        tree_write(&tree, "proc/swaps", "/dev/sdb12 partition 1 0 -2\n/dev/sdc partition 1 0 -2\n");
        says("");
}

static void cuts_what_is_too_long(void **state)
{
        char line[2048], point[1024], reason[GUARD_REASON_SIZE];
        struct guard_question question = { .n = 0 };

        memset(point, 'x', sizeof(point) - 1);
        point[sizeof(point) - 1] = '\0';
        guard_tree_add_disk(&tree);
        snprintf(line, sizeof(line), "90 22 8:17 / /%s rw - vfat /dev/sdb1 rw\n", point);
        tree_write(&tree, "proc/self/mountinfo", line);
        assert_true(guard_check(&scope, GUARD_DEVICE, &question, reason));
        assert_non_null(strstr(reason, "xxx: umount it"));
}

static void sees_swap(void **state)
{
        guard_tree_add_disk(&tree);
        tree_write(&tree, "proc/swaps",
                   "Filename\t\t\t\tType\t\tSize\n/dev/sdb1               partition\t1\t0\t-2\n");
        says("its partition sdb1 is swap: swapoff /dev/sdb1");
}

static void sees_holders(void **state)
{
        static const struct {
                const char *holder, *name, *uuid, *want;
        } cases[] = {
                { "dm-0", "vg0-root\n", "LVM-Xyz\n",
                  "its partition sdb1 belongs to vg0-root (LVM): deactivate its volume group "
                  "(vgchange -an)" },
                { "dm-0", "secret\n", "CRYPT-LUKS2-Xyz\n",
                  "its partition sdb1 belongs to secret (encryption): close it (cryptsetup "
                  "close)" },
                { "dm-0", "part\n", NULL,
                  "its partition sdb1 belongs to part (device mapper): remove it (dmsetup "
                  "remove)" },
                { "md127", NULL, NULL,
                  "its partition sdb1 belongs to md127 (RAID): stop it (mdadm --stop)" },
                { "bcache0", NULL, NULL, "its partition sdb1 belongs to bcache0: stop it" },
        };

        guard_tree_add_disk(&tree);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char holder[64];

                snprintf(holder, sizeof(holder), "holders/%s", cases[i].holder);
                guard_tree_write(&tree, "block", "sdb1", holder, "");
                if (i == 2)
                        tree_delete(&tree, "sys/class/block/dm-0/dm/uuid");
                if (cases[i].name)
                        guard_tree_write(&tree, "block", cases[i].holder, "dm/name", cases[i].name);
                if (cases[i].uuid)
                        guard_tree_write(&tree, "block", cases[i].holder, "dm/uuid", cases[i].uuid);
                says(cases[i].want);
                snprintf(holder, sizeof(holder), "sys/class/block/sdb1/holders/%s",
                         cases[i].holder);
                tree_delete(&tree, holder);
        }
        says("");
}

static void lists_disks_without_partitions(void **state)
{
        char names[GUARD_DISKS_MAX][GUARD_NAME_SIZE];

        assert_int_equal(guard_list_disks(&scope, GUARD_DEVICE, names), 0);
        guard_tree_add_disk(&tree);
        assert_int_equal(guard_list_disks(&scope, GUARD_DEVICE, names), 1);
        assert_string_equal(names[0], "sdb");
        for (int i = 0; i < GUARD_DISKS_MAX + 4; i++) {
                char name[16];

                snprintf(name, sizeof(name), "sdx%i", i);
                guard_tree_add(&tree, "block", name, GUARD_DEVICE);
        }
        assert_int_equal(guard_list_disks(&scope, GUARD_DEVICE, names), GUARD_DISKS_MAX);
}

static void sees_the_interface_of_the_route(void **state)
{
        guard_tree_add(&tree, "net", "eth1", GUARD_DEVICE);
        guard_tree_write(&tree, "net", "eth1", "ifindex", "3\n");
        says("");
        guard_tree_write(&tree, "net", "eth1", "ifindex", "7\n");
        says("its network interface eth1 carries the connection to the guest (10.0.0.2): have "
             "another one carry it");
}

static void sees_through_layers(void **state)
{
        guard_tree_add(&tree, "net", "eth1", GUARD_DEVICE);
        guard_tree_write(&tree, "net", "eth1", "ifindex", "3\n");
        guard_tree_write(&tree, "net", "eth1", "upper_bond0/ifindex", "4\n");
        guard_tree_write(&tree, "net", "bond0", "ifindex", "4\n");
        guard_tree_write(&tree, "net", "bond0", "upper_br0/ifindex", "7\n");
        says("");
        guard_tree_write(&tree, "net", "br0", "ifindex", "7\n");
        says("its network interface eth1 carries the connection to the guest (10.0.0.2): have "
             "another one carry it");
}

static void knows_the_last_keyboard(void **state)
{
        guard_tree_add(&tree, "input", "input5", GUARD_DEVICE);
        guard_tree_write(&tree, "input", "input5", "capabilities/key", POWER_BUTTON);
        says("");
        guard_tree_write(&tree, "input", "input5", "capabilities/key", KEYBOARD);
        guard_tree_add(&tree, "input", "input1", "/sys/devices/LNXSYSTM");
        guard_tree_write(&tree, "input", "input1", "capabilities/key", POWER_BUTTON);
        guard_tree_add(&tree, "input", "input2", "/sys/devices/virtual/input");
        tree_delete(&tree, "sys/class/input/input2");
        tree_link(&tree, "sys/class/input/input2", "../../devices/virtual/input/input2");
        tree_write(&tree, "sys/devices/virtual/input/input2/capabilities/key", KEYBOARD);
        says("it is the last keyboard of this machine: plug in another one");

        guard_tree_add(&tree, "input", "input3", "/sys/devices/platform/i8042");
        guard_tree_write(&tree, "input", "input3", "capabilities/key", KEYBOARD);
        says("");
}

static bool is_given(const void *userdata, const char *path)
{
        return guard_is_below(path, userdata);
}

static void knows_that_the_other_keyboard_goes_too(void **state)
{
        struct guard_question question = { .is_given = is_given };
        char reason[GUARD_REASON_SIZE];

        guard_tree_add(&tree, "input", "input5", GUARD_DEVICE);
        guard_tree_write(&tree, "input", "input5", "capabilities/key", KEYBOARD);
        guard_tree_add(&tree, "input", "input6", "/sys/devices/pci0/usb1/1-2");
        guard_tree_write(&tree, "input", "input6", "capabilities/key", KEYBOARD);
        question.userdata = "/sys/devices/pci0/usb1/1-3";
        assert_false(guard_check(&scope, GUARD_DEVICE, &question, reason));
        question.userdata = "/sys/devices/pci0/usb1/1-2";
        assert_true(guard_check(&scope, GUARD_DEVICE, &question, reason));
}

static void knows_a_keyboard_by_bluetooth(void **state)
{
        guard_tree_add(&tree, "input", "input5", GUARD_DEVICE);
        guard_tree_write(&tree, "input", "input5", "capabilities/key", KEYBOARD);
        guard_tree_add(&tree, "input", "input3", "/sys/devices/virtual/misc/uhid");
        guard_tree_write(&tree, "input", "input3", "capabilities/key", KEYBOARD);
        says("");
}

static void a_device_without_a_path_has_nothing(void **state)
{
        struct guard_question question = { .n = 0 };
        char reason[GUARD_REASON_SIZE];

        guard_tree_add_disk(&tree);
        tree_write(&tree, "proc/self/mountinfo", GUARD_MOUNT);
        assert_false(guard_check(&scope, "", &question, reason));
}

/* The kernel's own routes: this machine reaches itself by the loopback, whose index is 1. */
static void asks_the_kernel_for_routes(void **state)
{
        static const char *const hosts[] = { "127.0.0.1", "::ffff:127.0.0.1" };

        for (size_t i = 0; i < ELEMENTS(hosts); i++) {
                struct guard_question question = { .n = 0 };

                guard_add_host(&question, hosts[i]);
                assert_int_equal(question.n, 1);
                assert_int_equal(guard_here.route_of(&question.addresses[0]), 1);
        }
}

static void adds_only_numeric_hosts(void **state)
{
        struct guard_question question = { .n = 0 };

        guard_add_host(&question, "localhost");
        guard_add_host(&question, "");
        assert_int_equal(question.n, 0);
        for (int i = 0; i < GUARD_PEERS_MAX + 1; i++)
                guard_add_host(&question, "::1");
        assert_int_equal(question.n, GUARD_PEERS_MAX);
        guard_add_peer(&question, STDIN_FILENO);
        assert_int_equal(question.n, GUARD_PEERS_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(nothing_to_guard),
                TEST(sees_a_mount_by_its_number),
                TEST(sees_a_mount_of_several_disks_by_its_name),
                TEST(takes_no_other_disk_for_its_own),
                TEST(cuts_what_is_too_long),
                TEST(sees_swap),
                TEST(sees_holders),
                TEST(lists_disks_without_partitions),
                TEST(sees_the_interface_of_the_route),
                TEST(sees_through_layers),
                TEST(knows_the_last_keyboard),
                TEST(knows_that_the_other_keyboard_goes_too),
                TEST(knows_a_keyboard_by_bluetooth),
                TEST(a_device_without_a_path_has_nothing),
                TEST(asks_the_kernel_for_routes),
                TEST(adds_only_numeric_hosts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
