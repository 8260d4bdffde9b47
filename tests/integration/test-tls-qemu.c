/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real session, in its sandbox, and a real QEMU whose chardev speaks TLS, as the server or as
 * the client. QEMU's firmware asks the device that it is given, and so do we know that all layers
 * work. Exits 77 without QEMU.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/worker-private.h"
#include "integration/managed.h"
#include "integration/qemu.h"
#include "unit/run-until.h"
#include "unit/tls-certificates.h"
#include "util/macro.h"

#define KEY "00112233445566778899aabbccddeeff"

/* Folders of credentials, made once: what QEMU has as a server and as a client. */
enum folder { GOOD, EXPIRED, STRANGER, NONE, N_FOLDERS };

static char directory[32];
static struct certificate ca, other_ca, server, client, own, stranger, expired_server,
        expired_client;
static struct certificate *const all[] = { &ca,  &other_ca, &server,         &client,
                                           &own, &stranger, &expired_server, &expired_client };

static const struct {
        const struct certificate *server, *client; /* NULL: none */
} folders[N_FOLDERS] = {
        [GOOD] = { &server, &client },
        [EXPIRED] = { &expired_server, &expired_client },
        [STRANGER] = { &stranger, &stranger },
        [NONE] = {},
};

static const char *folder_path(enum folder folder)
{
        static char path[40];

        snprintf(path, sizeof(path), "%s/%i", directory, (int)folder);
        return path;
}

static void save(enum folder folder, const char *name, int fd)
{
        char path[64], bytes[8192];
        ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
        int file;

        snprintf(path, sizeof(path), "%s/%s", folder_path(folder), name);
        file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(write(file, bytes, (size_t)n), n);
        close(file);
        close(fd);
}

static void make_folder(enum folder folder)
{
        assert_int_equal(mkdir(folder_path(folder), 0700), 0);
        save(folder, "ca-cert.pem", certificate_file(-1, &ca));
        save(folder, "keys.psk", text_file("host:" KEY "\nguest:" KEY "\n"));
        if (folders[folder].server) {
                save(folder, "server-cert.pem", certificate_file(-1, folders[folder].server));
                save(folder, "server-key.pem", key_file(folders[folder].server, NULL));
        }
        if (folders[folder].client) {
                save(folder, "client-cert.pem", certificate_file(-1, folders[folder].client));
                save(folder, "client-key.pem", key_file(folders[folder].client, NULL));
        }
}

static int make_files(void **state)
{
        static const struct {
                struct certificate *ret;
                struct certificate_wish wish;
                const struct certificate *issuer;
        } wishes[] = {
                { &ca, { "CA" }, NULL },
                { &other_ca, { "other CA" }, NULL },
                { &server, { "server", "DNS:vm1,IP:127.0.0.1", "serverAuth" }, &ca },
                { &client, { "client", "DNS:vm1", "clientAuth" }, &ca },
                { &own, { "usbredird", "DNS:host,IP:127.0.0.1", "clientAuth,serverAuth" }, &ca },
                { &stranger,
                  { "stranger", "DNS:vm1,IP:127.0.0.1", "clientAuth,serverAuth" },
                  &other_ca },
                { &expired_server,
                  { "server", "DNS:vm1,IP:127.0.0.1", "serverAuth", -7200, -3600 },
                  &ca },
                { &expired_client, { "client", "DNS:vm1", "clientAuth", -7200, -3600 }, &ca },
        };

        signal(SIGPIPE, SIG_IGN);
        strcpy(directory, "/tmp/test-tls-qemu-XXXXXX");
        assert_non_null(mkdtemp(directory));
        for (size_t i = 0; i < ELEMENTS(wishes); i++)
                *wishes[i].ret = make_certificate(&wishes[i].wish, wishes[i].issuer);
        for (enum folder i = GOOD; i < N_FOLDERS; i++)
                make_folder(i);
        return 0;
}

static int remove_files(void **state)
{
        static const char *const names[] = {
                "ca-cert.pem",    "keys.psk",        "server-cert.pem",
                "server-key.pem", "client-cert.pem", "client-key.pem"
        };
        char path[64];

        for (enum folder i = GOOD; i < N_FOLDERS; i++) {
                for (size_t j = 0; j < ELEMENTS(names); j++) {
                        snprintf(path, sizeof(path), "%s/%s", folder_path(i), names[j]);
                        unlink(path);
                }
                rmdir(folder_path(i));
        }
        for (size_t i = 0; i < ELEMENTS(all); i++)
                free_certificate(all[i]);
        return rmdir(directory);
}

struct wish {
        const char *name, *qemu;
        enum control_tls tls;
        const struct certificate *own; /* NULL: the usual one */
        const char *key;
        const char *peer_name; /* NULL: what the guest is called */
        enum folder folder;
        const char *want; /* NULL: the guest uses the device; else the end of TLS */
};

static struct sockaddr_in loopback(int port)
{
        return (struct sockaddr_in){ .sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                     .sin_port = htons((uint16_t)port) };
}

/* Starts a QEMU that listens, and connects to it. */
static int dial(struct qemu *q, struct qemu_wish wish)
{
        struct sockaddr_in address;
        int fd;

        qemu_start(q, &wish);
        address = loopback(q->port);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
        return fd;
}

/* Has a QEMU dial in. */
static int accept_dial(struct qemu *q, struct qemu_wish wish)
{
        struct sockaddr_in address = loopback(0);
        int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fd;
        socklen_t size = sizeof(address);

        assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
        assert_int_equal(listen(listener, 1), 0);
        assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
        wish.port = ntohs(address.sin_port);
        qemu_start(q, &wish);
        assert_int_equal(poll(&(struct pollfd){ .fd = listener, .events = POLLIN }, 1, 10000), 1);
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        assert_true(fd >= 0);
        close(listener);
        return fd;
}

/* A QEMU and a session with it; it dials in, or we do. */
static void start(struct managed *m, struct qemu *q, const struct wish *wish, bool dials_in,
                  bool is_paused)
{
        struct control_fds fds = CONTROL_NO_FDS;
        struct control_order order = managed_order;
        const struct certificate *shown = wish->own ?: &own;

        order.tls = wish->tls;
        order.flags |= dials_in ? CONTROL_ACCEPTED : 0;
        order.greeting_sec = 1;
        strcpy(order.peer_name, wish->peer_name ?: dials_in ? "vm1" : "127.0.0.1");
        strcpy(order.psk_identity, "host");
        fds.guest = (dials_in ? accept_dial
                              : dial)(q, (struct qemu_wish){ .credentials = wish->qemu,
                                                             .is_paused = is_paused,
                                                             .folder = folder_path(wish->folder) });
        if (wish->tls == CONTROL_PSK) {
                fds.files[0] = text_file(wish->key);
        } else if (wish->tls != CONTROL_CLEAR) {
                fds.files[0] = certificate_file(-1, &ca);
                fds.files[1] = certificate_file(-1, shown);
                fds.files[2] = key_file(shown, NULL);
        }
        managed_start_with(m, "", &order, &fds);
}

static void expect_tls_end(struct managed *m, const struct wish *wish)
{
        RUN_UNTIL(m->base, m->ends > 0);
        managed_wait_exit(m);
        if (m->reason != REASON_TLS_FAILED || !m->is_returned || !strstr(m->message, wish->want))
                fail_msg("%s: reason %i, %s; log:\n%s", wish->name, m->reason, m->message,
                         m->report.log);
}

static void expect_use(struct managed *m, const struct wish *wish)
{
        RUN_UNTIL(m->base, m->ends > 0 || worker_status(m->worker)->link_state == LINK_UP);
        RUN_UNTIL(m->base,
                  m->ends > 0 || worker_status(m->worker)->device_state == DEVICE_FORWARDING);
        if (m->ends == 0)
                worker_end(m->worker);
        RUN_UNTIL(m->base, m->ends > 0);
        managed_wait_exit(m);
        if (m->reason != REASON_ASKED || !m->is_returned)
                fail_msg("%s: reason %i, %s; log:\n%s", wish->name, m->reason, m->message,
                         m->report.log);
        if (wish->tls != CONTROL_CLEAR && !strstr(m->report.log, "encrypted by TLSv1.3"))
                fail_msg("%s: log:\n%s", wish->name, m->report.log);
}

static void agree_or_say_why_not(void **state, const struct wish *wishes, size_t n, bool dials_in)
{
        for (size_t i = 0; i < n; i++) {
                struct managed *m;
                struct qemu q;

                if (i > 0) {
                        managed_teardown(state);
                        managed_setup(state);
                }
                m = *state;
                start(m, &q, &wishes[i], dials_in, false);
                (wishes[i].want ? expect_tls_end : expect_use)(m, &wishes[i]);
                qemu_stop(&q);
                print_message("%s: as wanted\n", wishes[i].name);
        }
}

/* Without sanity-check=no a QEMU with bad certificates of its own does not start. */
#define X509      "tls-creds-x509,verify-peer=on,sanity-check=no"
#define PSK       "tls-creds-psk"
#define OUR_KEY   "host:" KEY "\n"
#define CERTIFIED .tls = CONTROL_X509_CERTIFIED

static void qemu_that_listens_and_a_session_agree_or_say_why_not(void **state)
{
        static const struct wish wishes[] = {
                { "clear text", .qemu = "", .tls = CONTROL_CLEAR },
                { "certificates", .qemu = X509, CERTIFIED },
                { "a key", .qemu = PSK, .tls = CONTROL_PSK, .key = OUR_KEY },
                { "a stranger's certificate", .qemu = X509, CERTIFIED, .own = &stranger,
                  .want = "refused our certificate" },
                { "its certificate is a stranger's", .qemu = X509, CERTIFIED, .folder = STRANGER,
                  .want = "certificate is signed by none of CAFile" },
                { "its certificate has expired", .qemu = X509, CERTIFIED, .folder = EXPIRED,
                  .want = "has expired" },
                { "its certificate has another name", .qemu = X509, CERTIFIED, .peer_name = "vm2",
                  .want = "certificate is not for 'vm2'" },
                { "another key", .qemu = PSK, .tls = CONTROL_PSK, .key = "host:aabb\n",
                  .want = "has it another key for that PSKIdentity=" },
                { "no TLS there", .qemu = "", CERTIFIED, .want = "the guest speaks no TLS" },
                { "a key there", .qemu = PSK, CERTIFIED, .want = "or has it pre-shared keys" },
                { "certificates there", .qemu = X509, .tls = CONTROL_PSK, .key = OUR_KEY,
                  .want = "shows a certificate" },
        };

        agree_or_say_why_not(state, wishes, ELEMENTS(wishes), false);
}

#define PSK_CLIENT PSK ",username=host"

static void qemu_that_dials_in_and_a_session_agree_or_say_why_not(void **state)
{
        static const struct wish wishes[] = {
                { "clear text", .qemu = "", .tls = CONTROL_CLEAR },
                { "certificates", .qemu = X509, CERTIFIED },
                { "certificates, any name", .qemu = X509, CERTIFIED, .peer_name = "" },
                { "a key", .qemu = PSK_CLIENT, .tls = CONTROL_PSK, .key = OUR_KEY },
                { "a stranger's certificate", .qemu = X509, CERTIFIED, .own = &stranger,
                  .want = "refused our certificate" },
                { "our certificate has another name", .qemu = X509, CERTIFIED, .own = &client,
                  .want = "refused our certificate" },
                { "no certificate", .qemu = X509, CERTIFIED, .folder = NONE,
                  .want = "the guest shows no certificate" },
                { "its certificate is a stranger's", .qemu = X509, CERTIFIED, .folder = STRANGER,
                  .want = "certificate is signed by none of CAFile" },
                { "its certificate has expired", .qemu = X509, CERTIFIED, .folder = EXPIRED,
                  .want = "has expired" },
                { "its certificate has another name", .qemu = X509, CERTIFIED, .peer_name = "vm2",
                  .want = "certificate is not for 'vm2'" },
                { "another key", .qemu = PSK_CLIENT, .tls = CONTROL_PSK, .key = "host:aabb\n",
                  .want = "another key for that PSKIdentity=" },
                { "a key of another name", .qemu = PSK ",username=guest", .tls = CONTROL_PSK,
                  .key = OUR_KEY, .want = "give its tls-creds-psk username=host" },
                { "no TLS there", .qemu = "", CERTIFIED, .want = "the guest speaks no TLS" },
                { "a key there", .qemu = PSK_CLIENT, CERTIFIED,
                  .want = "or has it pre-shared keys" },
                { "certificates there", .qemu = X509, .tls = CONTROL_PSK, .key = OUR_KEY,
                  .want = "knows no such pre-shared key: has it certificates?" },
        };

        agree_or_say_why_not(state, wishes, ELEMENTS(wishes), true);
}

/* Its TLS answers by itself; its hello comes when it goes on. */
static void a_paused_qemu_is_waited_for(void **state)
{
        static const struct wish wish = { "paused", .qemu = PSK, .tls = CONTROL_PSK,
                                          .key = OUR_KEY };
        struct managed *m = *state;
        struct qemu q;

        start(m, &q, &wish, false, true);
        RUN_UNTIL(m->base, m->ends > 0 || worker_status(m->worker)->is_silent);
        assert_int_equal(m->ends, 0);
        assert_int_equal(worker_status(m->worker)->link_state, LINK_GREETING);
        qemu_continue(&q);
        expect_use(m, &wish);
        qemu_stop(&q);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, managed_setup, managed_teardown)

int main(void)
{
        static const struct CMUnitTest tests[] = {
                TEST(qemu_that_listens_and_a_session_agree_or_say_why_not),
                TEST(qemu_that_dials_in_and_a_session_agree_or_say_why_not),
                TEST(a_paused_qemu_is_waited_for),
        };

        if (!qemu_exists()) {
                puts("qemu-system-x86_64 with usb-redir is missing");
                return 77;
        }

        return cmocka_run_group_tests(tests, make_files, remove_files);
}
