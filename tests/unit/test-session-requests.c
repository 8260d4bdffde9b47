/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of requests against the table of packets: what a guest may send, and we have announced
 * to understand, has a row. The table is private to its file, so this file is that one too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/requests.c"
#include "util/macro.h"

static const struct {
        const char *name;
        enum packet_type type;
        unsigned senders;
        uint32_t needs;
} packets[] = {
#define ROW(name, number, in, out, needs, payload)                                                 \
        { #name, PACKET_##name, ROLE_##in | ROLE_##out, CAP_##needs },
        USBREDIR_PACKETS(ROW)
#undef ROW
};

static bool may_come(size_t i)
{
        return packets[i].senders & ROLE_GUEST && !(packets[i].needs & ~SESSION_CAPS);
}

static void each_packet_that_a_guest_may_send_has_a_row(void **state)
{
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTS(packets); i++) {
                const struct request *request = &requests[packets[i].type];

                if (may_come(i) && (!request->handle || !request->refuse))
                        fail_msg("%s is not handled", packets[i].name);
                n += may_come(i);
        }
        assert_int_equal(n, 22);
}

static void no_other_packet_has_one(void **state)
{
        bool known[PACKET_TYPES] = { false };

        for (size_t i = 0; i < ELEMENTS(packets); i++)
                known[packets[i].type] = may_come(i);
        for (size_t type = 0; type < PACKET_TYPES; type++)
                if (!known[type])
                        assert_true(!requests[type].handle && !requests[type].refuse);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_packet_that_a_guest_may_send_has_a_row),
                cmocka_unit_test(no_other_packet_has_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
