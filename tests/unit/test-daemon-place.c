/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sockets with two ports, in a sysfs made of directories.
 */
#include "unit/test.h"

#include "daemon/place.h"
#include "unit/tree.h"
#include "util/macro.h"

/* An xHCI: ports 1 to 4 of bus 2 are the other halves of 1, 3, 12, 2 of bus 1. Bus 3 is an EHCI. */
static const struct {
        const char *name, *target;
} peers[] = {
        { "usb1/1-0:1.0/usb1-port1/peer", "../../../usb2/2-0:1.0/usb2-port1" },
        { "usb1/1-0:1.0/usb1-port3/peer", "../../../usb2/2-0:1.0/usb2-port2" },
        { "usb2/2-0:1.0/usb2-port1/peer", "../../../usb1/1-0:1.0/usb1-port1" },
        { "usb2/2-0:1.0/usb2-port2/peer", "../../../usb1/1-0:1.0/usb1-port3" },
        { "usb2/2-0:1.0/usb2-port3/peer", "../../../usb1/1-0:1.0/usb1-port12" },
        { "usb2/2-0:1.0/usb2-port5/peer", "nonsense" },
        { "usb2/2-0:1.0/usb2-port6/peer", "usb1-port1" },
};

static const struct {
        const char *port, *place;
} places[] = {
        { "1-1", "1-1" },   { "2-1", "1-1" },     { "1-3", "1-3" },     { "2-2", "1-3" },
        { "2-3", "1-12" },  { "2-2.4", "1-3.4" }, { "1-3.4", "1-3.4" }, { "2-3.1.2", "1-12.1.2" },
        { "2-4", "2-4" },   { "2-5", "2-5" },     { "3-1", "3-1" },     { "2-20", "2-20" },
        { "usb1", "usb1" },
};

static void both_ports_of_a_socket_are_one_place(void **state)
{
        char syspath[512], place[FACTS_PORT_MAX + 1];
        struct tree tree;

        tree_make(&tree);
        for (size_t i = 0; i < ELEMENTS(peers); i++)
                tree_link(&tree, peers[i].name, peers[i].target);
        for (size_t i = 0; i < ELEMENTS(places); i++) {
                snprintf(syspath, sizeof(syspath), "%s/usb%c/%s", tree.root, places[i].port[0],
                         places[i].port);
                place_find(place, syspath, places[i].port);
                assert_string_equal(place, places[i].place);
        }

        place_find(place, "/somewhere/else/2-1", "2-1");
        assert_string_equal(place, "2-1");
        tree_remove(&tree);
}

static const struct {
        const char *place, *port, *id_path, *want;
} paths[] = {
        { "1-3", "2-2", "pci-0000:00:14.0-usb-0:2", "pci-0000:00:14.0-usb-0:3" },
        { "1-3.4", "2-2.4", "pci-0000:00:14.0-usb-0:2.4", "pci-0000:00:14.0-usb-0:3.4" },
        { "1-12.1.2", "2-3.1.2", "platform-xhci-hcd.0-usb-0:3.1.2",
          "platform-xhci-hcd.0-usb-0:12.1.2" },
        /* The same, or not to be told. */
        { "1-1", "2-1", "pci-0000:00:14.0-usb-0:1", "" },
        { "1-3", "1-3", "pci-0000:00:14.0-usb-0:3", "" },
        { "1-3", "2-2", "pci-0000:00:14.0-usb-0:12", "" },
        { "1-3", "2-2", "pci-0000:00:14.0-usb-0:1.2", "" },
        { "1-3", "2-2", "2", "" },
        { "1-3", "2-2", "", "" },
};

static void a_path_is_that_of_the_place(void **state)
{
        char path[FACTS_PATH_MAX + 1];

        for (size_t i = 0; i < ELEMENTS(paths); i++) {
                place_path(path, paths[i].place, paths[i].port, paths[i].id_path);
                assert_string_equal(path, paths[i].want);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(both_ports_of_a_socket_are_one_place),
                cmocka_unit_test(a_path_is_that_of_the_place),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
