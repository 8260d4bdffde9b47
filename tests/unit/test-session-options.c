/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line, and what it says on standard output and standard error.
 */
#include "config.h"

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/options.h"
#include "session/reason.h"
#include "unit/capture.h"
#include "util/macro.h"

#define WORDS_MAX 8

static struct capture out, err;

/* NULL-terminated words behind the program's name. */
static enum options_result parse(const char *const words[WORDS_MAX], struct options *ret)
{
        enum options_result result;
        static char text[WORDS_MAX + 1][256];
        char *argv[WORDS_MAX + 2] = { NULL };
        int argc = 0;

        argv[argc++] = strcpy(text[0], "usbredir-session");
        for (size_t i = 0; i < WORDS_MAX && words[i]; i++, argc++)
                argv[argc] = strcpy(text[argc], words[i]);

        optind = 0; /* anew */
        capture_begin(&out, STDOUT_FILENO);
        capture_begin(&err, STDERR_FILENO);
        result = options_parse(argc, argv, ret);
        capture_end(&err);
        capture_end(&out);
        return result;
}

#define DEVICE "--device=1-1"
#define TO     "--to=tcp:host:80"

static void assert_text(const char *got, const char *want)
{
        if (!want)
                assert_null(got);
        else
                assert_string_equal(got, want);
}

static void takes_tls(void **state)
{
        static const struct {
                const char *text;
                struct tls_options want;
        } cases[] = {
                { "--tls=psk=/k", { CONTROL_PSK, { "/k" } } },
                { "--tls=identity=me,psk=/k", { CONTROL_PSK, { "/k" }, .psk_identity = "me" } },
                { "--tls=psk=/k,ktls=yes", { CONTROL_PSK, { "/k" }, .ktls = true } },
                { "--tls=ktls=no,ca=/a", { CONTROL_X509, { "/a" } } },
                { "--tls=ca=/a,peer=vm", { CONTROL_X509, { "/a" }, .peer_name = "vm" } },
                { "--tls=key=/c,cert=/b,ca=/a", { CONTROL_X509_CERTIFIED, { "/a", "/b", "/c" } } },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const char *const words[WORDS_MAX] = { DEVICE, TO, cases[i].text };
                struct options options;

                assert_int_equal(parse(words, &options), OPTIONS_RUN);
                assert_int_equal(options.tls.kind, cases[i].want.kind);
                assert_int_equal(options.tls.ktls, cases[i].want.ktls);
                assert_text(options.tls.peer_name, cases[i].want.peer_name);
                assert_text(options.tls.psk_identity, cases[i].want.psk_identity);
                for (size_t j = 0; j < CONTROL_FILES_MAX; j++)
                        assert_text(options.tls.files[j], cases[i].want.files[j]);
        }
}

static void takes_each_option(void **state)
{
        static const struct {
                const char *words[WORDS_MAX];
                struct options want;
        } cases[] = {
                { { DEVICE, TO },
                  { "1-1",
                    { .kind = ADDRESS_TCP, .fd = -1 },
                    false,
                    SESSION_USER,
                    0,
                    LOG_LEVEL_INFO,
                    false,
                    true } },
                { { "--device", "046d:c52b", "--listen", "tcp::80" },
                  { "046d:c52b",
                    { .kind = ADDRESS_TCP, .fd = -1 },
                    true,
                    SESSION_USER,
                    0,
                    LOG_LEVEL_INFO,
                    false,
                    true } },
                { { "--to=unix:/run/x", "--device=fd:7", "--user=somebody" },
                  { "fd:7",
                    { .kind = ADDRESS_UNIX, .fd = -1 },
                    false,
                    "somebody",
                    0,
                    LOG_LEVEL_INFO,
                    false,
                    true } },
                { { DEVICE, "--to=fd:3", "--usbfs-memory=1" },
                  { "1-1",
                    { .kind = ADDRESS_FD, .fd = 3 },
                    false,
                    SESSION_USER,
                    1 << 20,
                    LOG_LEVEL_INFO,
                    false,
                    true } },
                { { DEVICE, "--listen=fd:9", "--usbfs-memory=2047" },
                  { "1-1",
                    { .kind = ADDRESS_FD, .fd = 9 },
                    true,
                    SESSION_USER,
                    (size_t)2047 << 20,
                    LOG_LEVEL_INFO,
                    false,
                    true } },
                { { DEVICE, TO, "--log-level=error" },
                  { "1-1",
                    { .kind = ADDRESS_TCP, .fd = -1 },
                    false,
                    SESSION_USER,
                    0,
                    LOG_LEVEL_ERROR,
                    false,
                    true } },
                { { DEVICE, TO, "--log-level", "debug", "--trace" },
                  { "1-1",
                    { .kind = ADDRESS_TCP, .fd = -1 },
                    false,
                    SESSION_USER,
                    0,
                    LOG_LEVEL_DEBUG,
                    true,
                    true } },
                /* A trace that is not seen would be of no use. */
                { { DEVICE, TO, "--trace", "--log-level=error" },
                  { "1-1",
                    { .kind = ADDRESS_TCP, .fd = -1 },
                    false,
                    SESSION_USER,
                    0,
                    LOG_LEVEL_INFO,
                    true,
                    true } },
                { { "--device=1-2", DEVICE, TO, "--user=a", "--user=b" },
                  { "1-1",
                    { .kind = ADDRESS_TCP, .fd = -1 },
                    false,
                    "b",
                    0,
                    LOG_LEVEL_INFO,
                    false,
                    true } },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct options *want = &cases[i].want;
                struct options options;

                memset(&options, 0xee, sizeof(options));
                if (parse(cases[i].words, &options) != OPTIONS_RUN)
                        fail_msg("case %zu: %s", i, err.text);
                assert_string_equal(out.text, "");
                assert_string_equal(err.text, "");
                assert_int_equal(options.address.kind, want->address.kind);
                assert_int_equal(options.address.fd, want->address.fd);
                assert_int_equal(options.listen, want->listen);
                assert_int_equal(options.usbfs_memory, want->usbfs_memory);
                assert_int_equal(options.log_level, want->log_level);
                assert_int_equal(options.trace, want->trace);
                assert_int_equal(options.sandbox, want->sandbox);
        }
}

static void strings_are_those_of_the_command_line(void **state)
{
        char *argv[] = { (char *)"x", (char *)"--device=a", (char *)"--user=b",
                         (char *)"--to=tcp:c:4", NULL };
        struct options options;

        optind = 0;
        assert_int_equal(options_parse(4, argv, &options), OPTIONS_RUN);
        assert_string_equal(options.device, "a");
        assert_string_equal(options.user, "b");
        assert_string_equal(options.address.host, "c");
        assert_string_equal(options.address.port, "4");

        argv[2] = argv[3];
        optind = 0;
        assert_int_equal(options_parse(3, argv, &options), OPTIONS_RUN);
        assert_string_equal(options.user, SESSION_USER);
}

static void the_daemon_tells_device_and_guest(void **state)
{
        static const char *const words[WORDS_MAX] = { "--control=fd:3", "--user=nobody" };
        static const char *const by_hand[WORDS_MAX] = { DEVICE, TO };
        struct options options;

        assert_int_equal(parse(words, &options), OPTIONS_RUN);
        assert_int_equal(options.control_fd, 3);
        assert_null(options.device);
        assert_int_equal(parse(by_hand, &options), OPTIONS_RUN);
        assert_int_equal(options.control_fd, -1);
}

static void says_what_is_wrong(void **state)
{
        static const struct {
                const char *words[WORDS_MAX];
                const char *want;
        } cases[] = {
                { { NULL }, "which device? Give --device" },
                { { TO }, "which device? Give --device" },
                { { DEVICE }, "which guest? Give --to or --listen" },
                { { "--control=fd:3", DEVICE }, "give none of --device, --to, --listen" },
                { { "--control=fd:3", "--tls=psk=/k" }, "give none of --device, --to, --listen" },
                { { DEVICE, TO, "--tls=" }, "--tls: expected psk= with or without identity=" },
                { { DEVICE, TO, "--tls=psk" }, "--tls: expected ca=FILE" },
                { { DEVICE, TO, "--tls=psk=" }, "--tls: expected ca=FILE" },
                { { DEVICE, TO, "--tls=psk=/k,psk=/l" }, "each once; found '/l'" },
                { { DEVICE, TO, "--tls=pks=/k" }, "found 'pks=/k'" },
                { { DEVICE, TO, "--tls=psk=/k,peer=vm" }, "--tls: expected psk= with or without" },
                { { DEVICE, TO, "--tls=ca=/a,cert=/b" }, "which cert= and key= may go with" },
                { { DEVICE, TO, "--tls=cert=/b,key=/c" }, "which cert= and key= may go with" },
                { { DEVICE, TO, "--tls=psk=/k,ktls=maybe" },
                  "--tls: ktls= takes yes or no; found 'maybe'" },
                { { DEVICE, TO, "--tls=ktls=yes" }, "--tls: expected psk= with or without" },
                { { DEVICE, TO, "--tls=ca=/a,identity=me" },
                  "--tls: expected psk= with or without" },
                { { "--control=fd:3", TO }, "give none of --device, --to, --listen" },
                { { "--usbfs-memory=1", "--control=fd:3" }, "and --usbfs-memory" },
                { { "--control=3" }, "--control='3': expected fd:N" },
                { { "--control=fd:x" }, "--control='fd:x': expected fd:N" },
                { { "--device=fd:", TO }, "--device='fd:': expected fd:N" },
                { { "--device=fd:-1", TO }, "expected fd:N" },
                { { "--device=fd:5xyz", TO }, "expected fd:N" },
                { { "--device=fd:1234567", TO }, "expected fd:N" },
                { { DEVICE, TO, "word" }, "'word' is no option" },
                { { "word", DEVICE, TO }, "'word' is no option" },
                { { DEVICE, TO, "--", "--trace" }, "'--trace' is no option" },
                { { DEVICE, TO, "--listen=unix:/x" }, "give one of --to and --listen, once" },
                { { DEVICE, "--listen=unix:/x", TO }, "give one of --to and --listen, once" },
                { { DEVICE, "--to=fd:3", "--to=fd:3" }, "give one of --to and --listen, once" },
                { { DEVICE, "--listen=unix:/x", "--listen=unix:/x" },
                  "give one of --to and --listen, once" },
                { { DEVICE, "--to=host:80" },
                  "'host:80': expected tcp:HOST:PORT, unix:PATH or fd:N" },
                { { DEVICE, "--to=" }, "'': expected tcp:HOST:PORT, unix:PATH or fd:N" },
                { { DEVICE, "--to=tcp::80" }, "'tcp::80': which host?" },
                { { DEVICE, TO, "--usbfs-memory=0" },
                  "--usbfs-memory='0': expected MiB, from 1 to 2047" },
                { { DEVICE, TO, "--usbfs-memory=2048" }, "expected MiB, from 1 to 2047" },
                { { DEVICE, TO, "--usbfs-memory=" }, "expected MiB, from 1 to 2047" },
                { { DEVICE, TO, "--usbfs-memory=-1" }, "expected MiB, from 1 to 2047" },
                { { DEVICE, TO, "--usbfs-memory=+1" }, "expected MiB, from 1 to 2047" },
                { { DEVICE, TO, "--usbfs-memory= 1" }, "expected MiB, from 1 to 2047" },
                { { DEVICE, TO, "--usbfs-memory=16M" }, "expected MiB, from 1 to 2047" },
                { { DEVICE, TO, "--usbfs-memory=0x10" }, "expected MiB, from 1 to 2047" },
                { { DEVICE, TO, "--usbfs-memory=18446744073709551617" },
                  "expected MiB, from 1 to 2047" },
                { { DEVICE, TO, "--log-level=loud" },
                  "--log-level='loud': expected error, warning, notice, info or debug" },
                { { DEVICE, TO, "--log-level=" }, "--log-level='': expected error" },
                { { DEVICE, TO, "--log-level=INFO" }, "--log-level='INFO': expected error" },
                { { DEVICE, TO, "--colour" }, "unrecognized option '--colour'" },
                { { DEVICE, TO, "-v" }, "invalid option -- 'v'" },
                { { DEVICE, TO, "--trace=yes" }, "option '--trace' doesn't allow an argument" },
                { { TO, "--device" }, "option '--device' requires an argument" },
                { { DEVICE, "--to" }, "option '--to' requires an argument" },
                { { DEVICE, "--listen" }, "option '--listen' requires an argument" },
                { { DEVICE, TO, "--user" }, "option '--user' requires an argument" },
                { { DEVICE, TO, "--usbfs-memory" },
                  "option '--usbfs-memory' requires an argument" },
                { { DEVICE, TO, "--log-level" }, "option '--log-level' requires an argument" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct options options, before;
                const char *last;

                memset(&options, 0xee, sizeof(options));
                before = options;
                if (parse(cases[i].words, &options) != OPTIONS_USAGE)
                        fail_msg("case %zu (%s) is taken", i, cases[i].want);
                if (!strstr(err.text, cases[i].want))
                        fail_msg("case %zu: \"%s\" is not in \"%s\"", i, cases[i].want, err.text);

                /* The last line says what to do. */
                last = strstr(err.text, "Try \"usbredir-session --help\".\n");
                assert_non_null(last);
                assert_int_equal(strlen(last), strlen("Try \"usbredir-session --help\".\n"));
                assert_int_equal(strncmp(err.text, "usbredir-session: ", 18), 0);
                assert_string_equal(out.text, "");
                assert_memory_equal(&options, &before, sizeof(options));
        }
}

static void help_names_every_option_and_exit_code(void **state)
{
        static const char *const words[WORDS_MAX] = { "--help", "--colour" };
        static const char *const names[] = {
                "--device=",          "--to=",           "--listen=",    "--user=",
                "[" SESSION_USER "]", "--usbfs-memory=", "--log-level=", "--control=fd:N",
                "--trace ",           "--version",       "--help",       "1-1.4",
                "VVVV:PPPP",          "BBB/DDD",         "fd:N",         "tcp:HOST:PORT",
                "unix:PATH",
        };
        struct options options;
        char line[128];

        assert_int_equal(parse(words, &options), OPTIONS_DONE);
        assert_string_equal(err.text, "");
        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (!strstr(out.text, names[i]))
                        fail_msg("no %s", names[i]);
        for (enum session_reason i = 0; i <= REASON_DEVICE_LOST; i++) {
                snprintf(line, sizeof(line), "\n  %i  %s\n", session_reason_exit_code(i),
                         session_reason_string(i));
                if (!strstr(out.text, line))
                        fail_msg("no%s", line);
        }
}

static void version_is_the_packages(void **state)
{
        static const char *const words[WORDS_MAX] = { "--version" };
        struct options options;

        assert_int_equal(parse(words, &options), OPTIONS_DONE);
        assert_string_equal(out.text, "usbredir-session " PACKAGE_VERSION "\n");
        assert_string_equal(err.text, "");
}

/* Only a build for tests can run without the sandbox. */
static void the_sandbox_stays(void **state)
{
        static const char *const words[WORDS_MAX] = { DEVICE, TO, "--no-sandbox" };
        struct options options = { .sandbox = true };

#ifdef TEST_HOOKS
        assert_int_equal(parse(words, &options), OPTIONS_RUN);
        assert_false(options.sandbox);
#else
        assert_int_equal(parse(words, &options), OPTIONS_USAGE);
        assert_non_null(strstr(err.text, "unrecognized option '--no-sandbox'"));
#endif
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(takes_each_option),
                cmocka_unit_test(takes_tls),
                cmocka_unit_test(strings_are_those_of_the_command_line),
                cmocka_unit_test(the_daemon_tells_device_and_guest),
                cmocka_unit_test(says_what_is_wrong),
                cmocka_unit_test(help_names_every_option_and_exit_code),
                cmocka_unit_test(version_is_the_packages),
                cmocka_unit_test(the_sandbox_stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
