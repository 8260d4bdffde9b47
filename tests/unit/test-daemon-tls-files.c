/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files that go with an order: which, and which are not to be used.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "unit/test.h"

#include "daemon/tls-files.h"
#include "util/macro.h"

static char directory[32];
static char ca[64], certificate[64], key[64], missing[64];
static uid_t own_uid;

uid_t __wrap_geteuid(void);

uid_t __wrap_geteuid(void)
{
        return own_uid;
}

static void make_file(char path[64], const char *name, mode_t mode)
{
        int fd;

        snprintf(path, 64, "%s/%s", directory, name);
        unlink(path);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        assert_true(fd >= 0);
        assert_int_equal(fchmod(fd, mode), 0);
        assert_int_equal(write(fd, name, strlen(name)), (ssize_t)strlen(name));
        close(fd);
}

static int set_up(void **state)
{
        own_uid = getuid();
        strcpy(directory, "/tmp/test-tls-files-XXXXXX");
        assert_non_null(mkdtemp(directory));
        make_file(ca, "ca", 0644);
        make_file(certificate, "cert", 0644);
        make_file(key, "key", 0600);
        snprintf(missing, sizeof(missing), "%s/missing", directory);
        return 0;
}

static int tear_down(void **state)
{
        unlink(ca);
        unlink(certificate);
        unlink(key);
        return rmdir(directory);
}

static bool holds(int fd, const char *want)
{
        char text[8] = "";

        if (!want)
                return fd < 0;

        return pread(fd, text, sizeof(text) - 1, 0) > 0 && !strcmp(text, want) &&
               fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

static void opens_what_the_order_has(void **state)
{
        const struct {
                const char *name;
                struct tls_config tls;
                const char *want[CONTROL_FILES_MAX];
        } cases[] = {
                { "clear", {}, {} },
                { "ca", { .ca_file = ca }, { "ca" } },
                { "ours",
                  { .ca_file = ca, .certificate_file = certificate, .key_file = key },
                  { "ca", "cert", "key" } },
                { "psk", { .psk_file = key }, { "key" } },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_fds fds = CONTROL_NO_FDS;
                struct error error;

                assert_int_equal(tls_open_files(fds.files, &cases[i].tls, &error), 0);
                for (size_t j = 0; j < CONTROL_FILES_MAX; j++)
                        if (!holds(fds.files[j], cases[i].want[j]))
                                fail_msg("%s, file %zu", cases[i].name, j);
                control_fds_close(&fds);
        }
}

static void refuses_files_that_are_not_safe(void **state)
{
        static const struct {
                const char *name;
                mode_t ca, certificate, key;
                const char *want; /* after the directory; NULL: none */
        } cases[] = {
                { "all is well", 0644, 0644, 0600, NULL },
                { "read-only", 0444, 0444, 0400, NULL },
                { "the group reads the key", 0644, 0644, 0640,
                  "key has a secret that others than its owner can read: chmod go=" },
                { "all read the key", 0644, 0644, 0604,
                  "key has a secret that others than its owner can read: chmod go=" },
                { "the group writes the key", 0644, 0644, 0620,
                  "key can be written by others than its owner: chmod go-w" },
                { "the group writes the CA", 0664, 0644, 0600,
                  "ca can be written by others than its owner: chmod go-w" },
                { "all write the certificate", 0644, 0646, 0600,
                  "cert can be written by others than its owner: chmod go-w" },
        };
        const struct tls_config tls = { .ca_file = ca,
                                        .certificate_file = certificate,
                                        .key_file = key };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct control_fds fds = CONTROL_NO_FDS;
                struct error error = { 0 };
                int r;

                make_file(ca, "ca", cases[i].ca);
                make_file(certificate, "cert", cases[i].certificate);
                make_file(key, "key", cases[i].key);
                r = tls_open_files(fds.files, &tls, &error);
                if (!cases[i].want) {
                        assert_int_equal(r, 0);
                        control_fds_close(&fds);
                        continue;
                }
                if (r != -EACCES || error.kind != ERROR_TLS_FAILED ||
                    strcmp(error.text + strlen(directory) + 1, cases[i].want))
                        fail_msg("%s: %i, \"%s\"", cases[i].name, r, error.text);
                assert_int_equal(fds.files[0], -1);
        }
}

static void refuses_a_stranger_as_owner(void **state)
{
        const struct tls_config tls = { .psk_file = key };
        struct control_fds fds = CONTROL_NO_FDS;
        struct error error = { 0 };

        if (getuid() == 0 && chown(key, 12345, 0) < 0)
                skip();
        own_uid = getuid() + 1;
        assert_int_equal(tls_open_files(fds.files, &tls, &error), -EACCES);
        assert_non_null(
                strstr(error.text, " belongs to neither root nor the daemon's user: chown it"));
        own_uid = getuid() == 0 ? 12345 : getuid();
        assert_int_equal(tls_open_files(fds.files, &tls, &error), 0);
        control_fds_close(&fds);
}

static void tells_what_is_no_file(void **state)
{
        const struct {
                char *path;
                int want;
                const char *text;
        } cases[] = {
                { missing, -ENOENT, "No such file or directory" },
                { directory, -EACCES, " is no file" },
                { (char *)"/dev/null", -EACCES, "/dev/null is no file" },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct tls_config tls = { .ca_file = cases[i].path };
                struct control_fds fds = CONTROL_NO_FDS;
                struct error error = { 0 };

                assert_int_equal(tls_open_files(fds.files, &tls, &error), cases[i].want);
                assert_non_null(strstr(error.text, cases[i].text));
                assert_non_null(strstr(error.text, cases[i].path));
        }
}

/* systemd may give us its files by an ACL, whose mask stands where the group's bits are. */
static void opens_what_systemd_passes(void **state)
{
        const struct tls_config tls = { .psk_file = (char *)TLS_CREDENTIAL "key" };
        struct control_fds fds = CONTROL_NO_FDS;
        struct error error = { 0 };

        make_file(key, "key", 0440);
        setenv("CREDENTIALS_DIRECTORY", directory, 1);
        assert_int_equal(tls_open_files(fds.files, &tls, &error), 0);
        assert_true(holds(fds.files[0], "key"));
        control_fds_close(&fds);

        make_file(key, "key", 0620);
        assert_int_equal(tls_open_files(fds.files, &tls, &error), -EACCES);
        assert_string_equal(error.text, "credential:key can be written by others than its owner: "
                                        "chmod go-w");
}

static void says_how_systemd_is_told_to_pass_it(void **state)
{
        const struct tls_config tls = { .psk_file = (char *)TLS_CREDENTIAL "keys.psk" };
        static const char want[] =
                "systemd passes no credential 'keys.psk': write LoadCredential=keys.psk:/PATH "
                "below [Service] with \"systemctl edit usbredird.service\", then restart it";
        struct control_fds fds = CONTROL_NO_FDS;
        struct error error = { 0 };

        setenv("CREDENTIALS_DIRECTORY", directory, 1);
        assert_int_equal(tls_open_files(fds.files, &tls, &error), -ENOENT);
        assert_string_equal(error.text, want);
        unsetenv("CREDENTIALS_DIRECTORY");
        assert_int_equal(tls_open_files(fds.files, &tls, &error), -ENOENT);
        assert_string_equal(error.text, want);
        assert_int_equal(error.kind, ERROR_TLS_FAILED);
}

/* One that nobody writes to would be waited for. */
static void does_not_wait_for_a_pipe(void **state)
{
        const struct tls_config tls = { .psk_file = missing };
        struct control_fds fds = CONTROL_NO_FDS;
        struct error error = { 0 };

        assert_int_equal(mkfifo(missing, 0600), 0);
        assert_int_equal(tls_open_files(fds.files, &tls, &error), -EACCES);
        unlink(missing);
}

#define FILES_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                FILES_TEST(opens_what_the_order_has),
                FILES_TEST(refuses_files_that_are_not_safe),
                FILES_TEST(refuses_a_stranger_as_owner),
                FILES_TEST(tells_what_is_no_file),
                FILES_TEST(does_not_wait_for_a_pipe),
                FILES_TEST(opens_what_systemd_passes),
                FILES_TEST(says_how_systemd_is_told_to_pass_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
