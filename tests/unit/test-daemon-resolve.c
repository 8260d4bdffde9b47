/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lookups: their answers, their number, and what becomes of those that nobody waits for any more.
 * pthread_create() fails on demand.
 */
#include "unit/test.h"

#include <errno.h>
#include <unistd.h>

#include "daemon/resolve.h"
#include "unit/loop-bed.h"

struct answer {
        struct resolve *resolve;
        unsigned calls;
        bool has_list;
        char first[64]; /* the first address */
        char message[128];
};

static bool threads_fail;

int __real_pthread_create(pthread_t *ret, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *userdata);
int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *userdata);

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *userdata)
{
        return threads_fail ? EAGAIN : __real_pthread_create(ret, attributes, run, userdata);
}

/* Frees the resolve, as is allowed. */
static void on_answer(void *userdata, const struct addrinfo *list, const char *message)
{
        struct answer *a = userdata;

        a->calls++;
        a->has_list = list;
        if (list)
                assert_int_equal(getnameinfo(list->ai_addr, list->ai_addrlen, a->first,
                                             sizeof(a->first), NULL, 0, NI_NUMERICHOST),
                                 0);
        else
                snprintf(a->message, sizeof(a->message), "%s", message);
        a->resolve = resolve_free(a->resolve);
}

static void ask(struct answer *a, struct event_base *base, const char *host)
{
        *a = (struct answer){ 0 };
        assert_int_equal(resolve_new(&a->resolve, base, host, on_answer, a), 0);
        assert_int_equal(a->calls, 0);
}

static void reads_numbers_without_a_lookup(void **state)
{
        static const struct {
                const char *in, *want;
        } cases[] = {
                { "127.0.0.1", "127.0.0.1" },
                { "192.0.2.7", "192.0.2.7" },
                { "::1", "::1" },
                { "2001:db8::5", "2001:db8::5" },
        };
        struct answer a;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                ask(&a, *state, cases[i].in);
                RUN_UNTIL(*state, a.calls == 1);
                assert_true(a.has_list);
                assert_string_equal(a.first, cases[i].want);
        }
        ask(&a, *state, "");
        RUN_UNTIL(*state, a.calls == 1);
        assert_true(!strcmp(a.first, "127.0.0.1") || !strcmp(a.first, "::1"));
        assert_int_equal(lookups.n_lookups, 0);
}

static void finds_this_machine_by_its_name(void **state)
{
        struct answer a;

        /* Then some name server says what it likes. */
        if (access("/etc/hosts", F_OK) < 0)
                skip();
        ask(&a, *state, "localhost");
        RUN_UNTIL(*state, a.calls == 1);
        assert_true(!strcmp(a.first, "127.0.0.1") || !strcmp(a.first, "::1"));
}

static void says_why_a_name_does_not_resolve(void **state)
{
        static const char *const names[] = { "nowhere.invalid", "a..b" };
        struct answer a;

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                ask(&a, *state, names[i]);
                RUN_UNTIL(*state, a.calls == 1);
                assert_false(a.has_list);
                assert_string_equal(a.message, "Name or service not known");
        }
}

static void looks_a_name_up_once_for_all_who_ask(void **state)
{
        struct answer a[64], other;

        for (size_t i = 0; i < ELEMENTS(a); i++)
                ask(&a[i], *state, "hang");
        ask(&other, *state, "2-to-2");
        RUN_UNTIL(*state, other.calls == 1);
        assert_int_equal(lookups.n_lookups, 2);

        let_lookups_go(1);
        for (size_t i = 0; i < ELEMENTS(a); i++) {
                RUN_UNTIL(*state, a[i].calls == 1);
                assert_string_equal(a[i].first, "127.0.0.1");
        }
        assert_int_equal(lookups.n_lookups, 2);
}

static void looks_up_sixteen_names_at_a_time(void **state)
{
        struct answer a[RESOLVE_LOOKUPS_MAX + 2];
        unsigned answered = 0;
        char name[16];

        for (size_t i = 0; i < ELEMENTS(a); i++) {
                snprintf(name, sizeof(name), "hang%zu", i);
                ask(&a[i], *state, name);
        }
        POLL_UNTIL(*state, lookups.n_lookups == RESOLVE_LOOKUPS_MAX);
        run_ready(*state);
        assert_int_equal(lookups.n_lookups, RESOLVE_LOOKUPS_MAX);

        /* One that nobody waits for any more, before its turn, is never looked up. */
        a[RESOLVE_LOOKUPS_MAX].resolve = resolve_free(a[RESOLVE_LOOKUPS_MAX].resolve);
        let_lookups_go(1);
        POLL_UNTIL(*state, lookups.n_lookups == RESOLVE_LOOKUPS_MAX + 1);
        let_lookups_go(UINT_MAX);
        for (size_t i = 0; i < ELEMENTS(a); i++)
                if (i != RESOLVE_LOOKUPS_MAX)
                        RUN_UNTIL(*state, a[i].calls == 1);
        for (size_t i = 0; i < ELEMENTS(a); i++)
                answered += a[i].calls;
        assert_int_equal(answered, RESOLVE_LOOKUPS_MAX + 1);
        assert_int_equal(lookups.n_lookups, RESOLVE_LOOKUPS_MAX + 1);
}

/* The thread cannot be stopped; it ends by itself, and gives back what it had (see end()). */
static void forgets_a_lookup_under_way(void **state)
{
        struct answer a;

        ask(&a, *state, "hang");
        POLL_UNTIL(*state, lookups.n_lookups == 1);
        resolve_free(a.resolve);
        let_lookups_go(UINT_MAX);
        POLL_UNTIL(*state, lookups.n_ended == 1);
        run_ready(*state);
        assert_int_equal(a.calls, 0);
}

static void joins_a_lookup_that_was_forgotten(void **state)
{
        struct answer a;

        ask(&a, *state, "hang");
        POLL_UNTIL(*state, lookups.n_lookups == 1);
        for (int i = 0; i < 3; i++) {
                resolve_free(a.resolve);
                ask(&a, *state, "hang");
        }
        let_lookups_go(UINT_MAX);
        RUN_UNTIL(*state, a.calls == 1);
        assert_string_equal(a.first, "127.0.0.1");
        assert_int_equal(lookups.n_lookups, 1);
}

static void forgets_an_answer_that_was_not_taken(void **state)
{
        struct answer a[2];

        ask(&a[0], *state, "hang");
        ask(&a[1], *state, "127.0.0.1");
        let_lookups_go(UINT_MAX);
        while (lookups.n_ended == 0)
                sched_yield();
        resolve_free(a[0].resolve);
        resolve_free(a[1].resolve);
        run_ready(*state);
        assert_int_equal(a[0].calls + a[1].calls, 0);
}

static void does_without_a_thread_of_its_own(void **state)
{
        struct resolve *none = NULL;
        struct answer a, b;

        threads_fail = true;
        assert_int_equal(resolve_new(&none, *state, "2-to-2", on_answer, &a), -EAGAIN);
        assert_null(none);
        threads_fail = false;

        /* As long as there is one, its turn comes. */
        ask(&a, *state, "hang");
        threads_fail = true;
        ask(&b, *state, "2-to-2");
        threads_fail = false;
        let_lookups_go(UINT_MAX);
        RUN_UNTIL(*state, a.calls == 1 && b.calls == 1);
        assert_string_equal(b.first, "127.0.0.2");
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(reads_numbers_without_a_lookup, begin, end),
                cmocka_unit_test_setup_teardown(finds_this_machine_by_its_name, begin, end),
                cmocka_unit_test_setup_teardown(says_why_a_name_does_not_resolve, begin, end),
                cmocka_unit_test_setup_teardown(looks_a_name_up_once_for_all_who_ask, begin, end),
                cmocka_unit_test_setup_teardown(looks_up_sixteen_names_at_a_time, begin, end),
                cmocka_unit_test_setup_teardown(forgets_a_lookup_under_way, begin, end),
                cmocka_unit_test_setup_teardown(joins_a_lookup_that_was_forgotten, begin, end),
                cmocka_unit_test_setup_teardown(forgets_an_answer_that_was_not_taken, begin, end),
                cmocka_unit_test_setup_teardown(does_without_a_thread_of_its_own, begin, end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
