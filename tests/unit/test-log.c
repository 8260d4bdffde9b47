/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines on standard error, read back through a pipe.
 */
#include "unit/test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/log.h"
#include "util/macro.h"

static char captured[8192];

static int pipe_fds[2], real_stderr;

static void capture_begin(void)
{
        assert_int_equal(pipe(pipe_fds), 0);
        real_stderr = dup(STDERR_FILENO);
        assert_true(real_stderr >= 0);
        assert_true(dup2(pipe_fds[1], STDERR_FILENO) >= 0);
        close(pipe_fds[1]);
}

/* What was written since; it must fit the pipe. */
static const char *capture_end(void)
{
        size_t size = 0;
        ssize_t n;

        assert_true(dup2(real_stderr, STDERR_FILENO) >= 0);
        close(real_stderr);
        while ((n = read(pipe_fds[0], captured + size, sizeof(captured) - 1 - size)) > 0)
                size += (size_t)n;
        close(pipe_fds[0]);
        captured[size] = '\0';
        assert_int_equal(strlen(captured), size);
        return captured;
}

static int reset(void **state)
{
        unsetenv("JOURNAL_STREAM");
        log_set_name("usbredir-session");
        log_set_object("");
        log_set_level(LOG_LEVEL_INFO);
        return 0;
}

static void a_line_has_name_object_and_text(void **state)
{
        capture_begin();
        log_info("opened %s, %d endpoints", "1d6b:0002", 3);
        assert_string_equal(capture_end(), "usbredir-session: opened 1d6b:0002, 3 endpoints\n");

        log_set_object("1-1.4");
        capture_begin();
        log_error("%s", "");
        assert_string_equal(capture_end(), "usbredir-session[1-1.4]: \n");
}

static void levels_above_the_chosen_one_say_nothing(void **state)
{
        static const struct {
                enum log_level in;
                const char *want;
        } cases[] = {
                { LOG_LEVEL_ERROR, "t: e\n" },
                { LOG_LEVEL_WARNING, "t: e\nt: w\n" },
                { LOG_LEVEL_NOTICE, "t: e\nt: w\nt: n\n" },
                { LOG_LEVEL_INFO, "t: e\nt: w\nt: n\nt: i\n" },
                { LOG_LEVEL_DEBUG, "t: e\nt: w\nt: n\nt: i\nt: d\n" },
        };

        log_set_name("t");
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                log_set_level(cases[i].in);
                capture_begin();
                log_error("e");
                log_warning("w");
                log_notice("n");
                log_info("i");
                log_debug("d");
                assert_string_equal(capture_end(), cases[i].want);
                for (enum log_level level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++)
                        assert_int_equal(log_enabled(level), level <= cases[i].in);
        }
}

static int evaluated;

static int evaluate(void)
{
        return ++evaluated;
}

static void debug_arguments_are_not_evaluated_in_vain(void **state)
{
        evaluated = 0;
        log_debug("%d", evaluate());
        assert_int_equal(evaluated, 0);
        log_set_level(LOG_LEVEL_DEBUG);
        capture_begin();
        log_debug("%d", evaluate());
        assert_string_equal(capture_end(), "usbredir-session: 1\n");
}

static void say_that_stderr_is_the_journal(void)
{
        char stream[64];
        struct stat st;

        assert_int_equal(fstat(STDERR_FILENO, &st), 0);
        snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
        setenv("JOURNAL_STREAM", stream, 1);
}

static void under_the_journal_lines_carry_their_priority(void **state)
{
        log_set_level(LOG_LEVEL_DEBUG);
        capture_begin();
        say_that_stderr_is_the_journal();
        log_error("e");
        log_warning("w");
        log_notice("n");
        log_info("i");
        log_debug("d");
        log_set_object("1-1");
        log_info("o");
        assert_string_equal(capture_end(), "<3>e\n<4>w\n<5>n\n<6>i\n<7>d\n<6>[1-1] o\n");
}

static void a_journal_that_is_elsewhere_is_none(void **state)
{
        setenv("JOURNAL_STREAM", "8:1", 1);
        capture_begin();
        log_info("i");
        assert_string_equal(capture_end(), "usbredir-session: i\n");
}

static void bytes_of_a_peer_are_escaped(void **state)
{
        static const struct {
                const char *in, *want;
        } cases[] = {
                { "plain ~ text", "plain ~ text" },
                { "a\nusbredir: forged", "a\\x0ausbredir: forged" },
                { "\x1b[2J\r\t", "\\x1b[2J\\x0d\\x09" },
                { "\x7f\x80\xff", "\\x7f\\x80\\xff" },
                { "caf\xc3\xa9", "caf\\xc3\\xa9" },
                { "%s%n%d", "%s%n%d" },
        };
        char want[128];

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                capture_begin();
                log_info("%s", cases[i].in);
                snprintf(want, sizeof(want), "usbredir-session: %s\n", cases[i].want);
                assert_string_equal(capture_end(), want);
        }
}

static void long_lines_are_cut_and_still_one_line(void **state)
{
        static const struct {
                const char *name;
                char in;
                const char *want; /* each byte of it */
        } cases[] = { { "plain", 'x', "x" }, { "escaped", '\n', "\\x0a" } };
        char text[3001];

        for (size_t i = 0; i < ELEMENTS(cases); i++)
                for (size_t size = 990; size < sizeof(text); size += size < 1040 ? 1 : 500) {
                        const char *prefix = "usbredir-session: ", *line, *rest;
                        size_t each = strlen(cases[i].want), copies;

                        memset(text, cases[i].in, size);
                        text[size] = '\0';
                        capture_begin();
                        log_info("%s", text);
                        line = capture_end();

                        assert_int_equal(strncmp(line, prefix, strlen(prefix)), 0);
                        rest = line + strlen(prefix);
                        for (copies = 0; strncmp(rest, cases[i].want, each) == 0; copies++)
                                rest += each;
                        assert_string_equal(rest, "\n");
                        assert_true(strlen(line) <= 1024);
                        if (copies < size) /* it was cut no earlier than it must */
                                assert_true(strlen(line) >= 1024 - each - 1);
                }
}

static void long_names_and_objects_are_cut(void **state)
{
        static char name[2001], object[101];
        const char *line;

        memset(object, 'o', sizeof(object) - 1);
        log_set_object(object);
        capture_begin();
        log_info("text");
        line = capture_end();
        assert_int_equal(strlen(line), strlen("usbredir-session[]: text\n") + 63);

        memset(name, 'n', sizeof(name) - 1);
        log_set_name(name);
        capture_begin();
        log_info("text");
        line = capture_end();
        assert_true(strlen(line) <= 1024);
        assert_int_equal(line[strlen(line) - 1], '\n');
}

static void errno_survives(void **state)
{
        capture_begin();
        errno = ENOSPC;
        log_error("%s", "x");
        assert_int_equal(errno, ENOSPC);
        close(STDERR_FILENO); /* nowhere to write */
        log_error("%s", "x");
        assert_int_equal(errno, ENOSPC);
        capture_end();
}

static void levels_have_names(void **state)
{
        static const struct {
                const char *in;
                int want;
                enum log_level level;
        } cases[] = {
                { "error", 0, LOG_LEVEL_ERROR },
                { "warning", 0, LOG_LEVEL_WARNING },
                { "notice", 0, LOG_LEVEL_NOTICE },
                { "info", 0, LOG_LEVEL_INFO },
                { "debug", 0, LOG_LEVEL_DEBUG },
                { "", -EINVAL },
                { "Error", -EINVAL },
                { "err", -EINVAL },
                { "debug ", -EINVAL },
                { "3", -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                enum log_level level = (enum log_level)77;

                assert_int_equal(log_level_from_string(cases[i].in, &level), cases[i].want);
                assert_int_equal(level, cases[i].want ? 77 : cases[i].level);
        }
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(a_line_has_name_object_and_text, reset),
                cmocka_unit_test_setup(levels_above_the_chosen_one_say_nothing, reset),
                cmocka_unit_test_setup(debug_arguments_are_not_evaluated_in_vain, reset),
                cmocka_unit_test_setup(under_the_journal_lines_carry_their_priority, reset),
                cmocka_unit_test_setup(a_journal_that_is_elsewhere_is_none, reset),
                cmocka_unit_test_setup(bytes_of_a_peer_are_escaped, reset),
                cmocka_unit_test_setup(long_lines_are_cut_and_still_one_line, reset),
                cmocka_unit_test_setup(long_names_and_objects_are_cut, reset),
                cmocka_unit_test_setup(errno_survives, reset),
                cmocka_unit_test_setup(levels_have_names, reset),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
