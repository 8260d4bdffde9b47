/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of usbredird, and what it says on standard output and standard error.
 */
#include "unit/test.h"

#include <getopt.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/options.h"
#include "unit/capture.h"
#include "util/macro.h"

#define WORDS_MAX 6

#define RUNTIME "/run/usbredird"
#define SOCKET  "/run/usbredir-session"

static struct capture out, err;

/* Words behind the program's name, up to the first NULL. Strings live until the next call. */
static enum daemon_options_result parse(const char *const words[WORDS_MAX],
                                        struct daemon_options *ret)
{
        static char text[WORDS_MAX + 1][256];
        char *argv[WORDS_MAX + 2] = { NULL };
        enum daemon_options_result result;
        int argc = 0;

        argv[argc++] = strcpy(text[0], "usbredird");
        for (size_t i = 0; i < WORDS_MAX && words[i]; i++, argc++)
                argv[argc] = strcpy(text[argc], words[i]);

        optind = 0; /* anew */
        capture_begin(&out, STDOUT_FILENO);
        capture_begin(&err, STDERR_FILENO);
        result = daemon_options_parse(argc, argv, ret);
        capture_end(&err);
        capture_end(&out);
        return result;
}

static void check_string(const char *name, const char *got, const char *want)
{
        if ((got == NULL) != (want == NULL) || (got && strcmp(got, want) != 0))
                fail_msg("%s: '%s' is not '%s'", name, got ?: "-", want ?: "-");
}

static void takes_each_option(void **state)
{
        static const struct {
                const char *name;
                const char *words[WORDS_MAX];
                struct daemon_options want;
        } cases[] = {
                { "none", { NULL }, { NULL, RUNTIME, NULL, SOCKET, NULL, false } },
                { "config", { "--config-dir=/c" }, { "/c", RUNTIME, NULL, SOCKET, NULL, false } },
                { "runtime", { "--runtime-dir=/r" }, { NULL, "/r", NULL, SOCKET, NULL, false } },
                { "bus",
                  { "--bus-address", "unix:path=/b" },
                  { NULL, RUNTIME, "unix:path=/b", SOCKET, NULL, false } },
                { "socket", { "--session-socket=/s" }, { NULL, RUNTIME, NULL, "/s", NULL, false } },
                { "program",
                  { "--session-program=/p" },
                  { NULL, RUNTIME, NULL, SOCKET, "/p", false } },
                { "the last of two",
                  { "--config-dir=/a", "--config-dir=/b" },
                  { "/b", RUNTIME, NULL, SOCKET, NULL, false } },
                { "several",
                  { "--session-program=/p", "--runtime-dir", "/r", "--config-dir=/c" },
                  { "/c", "/r", NULL, SOCKET, "/p", false } },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct daemon_options *want = &cases[i].want;
                struct daemon_options options;

                if (parse(cases[i].words, &options) != DAEMON_OPTIONS_RUN)
                        fail_msg("%s: %s", cases[i].name, err.text);
                assert_string_equal(out.text, "");
                assert_string_equal(err.text, "");
                check_string(cases[i].name, options.config_directory, want->config_directory);
                check_string(cases[i].name, options.runtime_directory, want->runtime_directory);
                check_string(cases[i].name, options.bus_address, want->bus_address);
                check_string(cases[i].name, options.session_socket, want->session_socket);
                check_string(cases[i].name, options.session_program, want->session_program);
                assert_int_equal(options.no_sandbox, want->no_sandbox);
        }
}

static void says_what_is_wrong(void **state)
{
        static const struct {
                const char *words[WORDS_MAX];
                const char *want;
        } cases[] = {
                { { "word" }, "usbredird: 'word' is no option" },
                { { "--config-dir=/c", "--", "--help" }, "usbredird: '--help' is no option" },
                { { "--colour" }, "usbredird: unrecognized option '--colour'" },
                { { "-v" }, "usbredird: invalid option -- 'v'" },
                { { "--version=1" }, "option '--version' doesn't allow an argument" },
                { { "--config-dir" }, "option '--config-dir' requires an argument" },
                { { "--runtime-dir" }, "option '--runtime-dir' requires an argument" },
                { { "--bus-address" }, "option '--bus-address' requires an argument" },
                { { "--session-socket" }, "option '--session-socket' requires an argument" },
                { { "--session-program" }, "option '--session-program' requires an argument" },
                { { "--config-dir=" }, "usbredird: --config-dir needs a value" },
                { { "--runtime-dir", "" }, "usbredird: --runtime-dir needs a value" },
                { { "--bus-address=" }, "usbredird: --bus-address needs a value" },
                { { "--session-socket=" }, "usbredird: --session-socket needs a value" },
                { { "--session-program=" }, "usbredird: --session-program needs a value" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                static const char hint[] = "Try \"usbredird --help\".\n";
                struct daemon_options options, before;

                memset(&options, 0xee, sizeof(options));
                before = options;
                if (parse(cases[i].words, &options) != DAEMON_OPTIONS_USAGE)
                        fail_msg("case %zu (%s) is taken", i, cases[i].want);
                if (!strstr(err.text, cases[i].want))
                        fail_msg("case %zu: \"%s\" is not in \"%s\"", i, cases[i].want, err.text);

                /* The last line says what to do. */
                assert_non_null(strstr(err.text, hint));
                assert_string_equal(strstr(err.text, hint), hint);
                assert_string_equal(out.text, "");
                assert_memory_equal(&options, &before, sizeof(options));
        }
}

static void help_and_version_are_printed_and_nothing_is_run(void **state)
{
        static const char *const help[WORDS_MAX] = { "--help", "--colour" };
        static const char *const version[WORDS_MAX] = { "--config-dir=/c", "--version" };
        static const char *const names[] = {
                "--config-dir=DIR",
                "--runtime-dir=DIR [" RUNTIME "]",
                "--bus-address=",
                "--session-socket=PATH [" SOCKET "]",
                "--session-program",
                "--version, --help",
                "SIGHUP",
                "SIGTERM",
        };
        struct daemon_options options;

        assert_int_equal(parse(version, &options), DAEMON_OPTIONS_DONE);
        assert_string_equal(out.text, "usbredird " PACKAGE_VERSION "\n");
        assert_string_equal(err.text, "");

        assert_int_equal(parse(help, &options), DAEMON_OPTIONS_DONE);
        assert_string_equal(err.text, "");
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                char name[64], *blank;

                /* The option, and its default on the same line. */
                strcpy(name, names[i]);
                blank = strchr(name, '[') ? strchr(name, ' ') : NULL;
                if (blank)
                        *blank++ = '\0';
                if (!strstr(out.text, name) || (blank && !strstr(strstr(out.text, name), blank)))
                        fail_msg("no %s", names[i]);
        }
}

/* Only a build for tests can run sessions without the sandbox. */
static void the_sandbox_stays(void **state)
{
        static const char *const words[WORDS_MAX] = { "--no-sandbox" };
        struct daemon_options options = { .no_sandbox = false };

#ifdef TEST_HOOKS
        assert_int_equal(parse(words, &options), DAEMON_OPTIONS_RUN);
        assert_true(options.no_sandbox);
#else
        assert_int_equal(parse(words, &options), DAEMON_OPTIONS_USAGE);
        assert_non_null(strstr(err.text, "unrecognized option '--no-sandbox'"));
#endif
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(takes_each_option),
                cmocka_unit_test(says_what_is_wrong),
                cmocka_unit_test(help_and_version_are_printed_and_nothing_is_run),
                cmocka_unit_test(the_sandbox_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
