/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of ports, and what is no hub. What the kernel makes of claims, tests/vm/check-hold shows.
 */
#include "daemon/port-claims.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "unit/test.h"
#include "util/macro.h"

static void a_port_is_a_hub_and_a_number(void **state)
{
        static const struct {
                const char *port, *hub; /* NULL: none */
                uint32_t number;
        } cases[] = {
                { "1-1", "usb1", 1 },      { "12-31", "usb12", 31 }, { "1-1.4", "1-1", 4 },
                { "1-1.4.2", "1-1.4", 2 }, { "1-32", NULL, 0 },      { "1-0", NULL, 0 },
                { "1", NULL, 0 },          { "1-", NULL, 0 },        { "1-1.", NULL, 0 },
                { "usb1-1", NULL, 0 },     { "1-1.x", NULL, 0 },     { "1-1:1.0", "1-1:1", 0 },
                { "", NULL, 0 },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char hub[FACTS_PORT_MAX + 1] = "";
                uint32_t number = 0;
                bool ok = port_split(cases[i].port, hub, &number);

                if (ok != (cases[i].number > 0) ||
                    (ok && (number != cases[i].number || strcmp(hub, cases[i].hub) != 0)))
                        fail_msg("%s: %i %s %u", cases[i].port, ok, hub, number);
        }
}

static void what_is_no_hub_claims_nothing(void **state)
{
        struct port_claims *c;

        assert_int_equal(port_claims_new(&c), 0);
        assert_int_equal(port_claims_claim(c, "no port"), -ENOENT);
        assert_int_equal(port_claims_claim(c, "250-1"), -ENOENT);
        assert_int_equal(port_claims_adopt(c, open("/proc/self/status", O_RDONLY | O_CLOEXEC)),
                         -ENODEV);
        port_claims_release(c, "250-1");
        port_claims_tidy(c, true);
        assert_null(port_claims_free(c));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_port_is_a_hub_and_a_number),
                cmocka_unit_test(what_is_no_hub_claims_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
