/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The real session, in its sandbox, and a real QEMU whose chardev speaks TLS. QEMU's firmware asks
 * the device that it is given, and so do we know that all layers work. Exits 77 without QEMU.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/worker-private.h"
#include "integration/managed.h"
#include "unit/run-until.h"
#include "unit/tls-certificates.h"
#include "util/macro.h"

#define QEMU "qemu-system-x86_64"
#define KEY  "00112233445566778899aabbccddeeff"

/* QEMU's folder of credentials, made once. */
static char directory[32];
static struct certificate ca, other_ca, server, client, stranger;

struct qemu {
        pid_t pid;
        FILE *to, *from; /* its monitor */
        int port;
};

static void save(const char *name, int fd)
{
        char path[64], bytes[8192];
        ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
        int file;

        snprintf(path, sizeof(path), "%s/%s", directory, name);
        file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(write(file, bytes, (size_t)n), n);
        close(file);
        close(fd);
}

static int make_files(void **state)
{
        signal(SIGPIPE, SIG_IGN);
        strcpy(directory, "/tmp/test-tls-qemu-XXXXXX");
        assert_non_null(mkdtemp(directory));
        ca = make_certificate(&(struct certificate_wish){ "CA" }, NULL);
        other_ca = make_certificate(&(struct certificate_wish){ "other CA" }, NULL);
        server = make_certificate(
                &(struct certificate_wish){ "server", "DNS:vm1,IP:127.0.0.1", "serverAuth" }, &ca);
        client = make_certificate(&(struct certificate_wish){ "client", "DNS:host", "clientAuth" },
                                  &ca);
        stranger = make_certificate(
                &(struct certificate_wish){ "stranger", "DNS:host", "clientAuth" }, &other_ca);
        save("ca-cert.pem", certificate_file(-1, &ca));
        save("server-cert.pem", certificate_file(-1, &server));
        save("server-key.pem", key_file(&server, NULL));
        save("keys.psk", text_file("host:" KEY "\n"));
        return 0;
}

static int remove_files(void **state)
{
        static const char *const names[] = { "ca-cert.pem", "server-cert.pem", "server-key.pem",
                                             "keys.psk" };
        struct certificate *all[] = { &ca, &other_ca, &server, &client, &stranger };
        char path[64];

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
                unlink(path);
        }
        for (size_t i = 0; i < ELEMENTS(all); i++)
                free_certificate(all[i]);
        return rmdir(directory);
}

/* It does not outlive a test that fails. */
static void spawn(struct qemu *q, char *const arguments[])
{
        pid_t parent = getpid();
        int in[2], out[2];

        assert_int_equal(pipe2(in, O_CLOEXEC), 0);
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        q->pid = fork();
        assert_true(q->pid >= 0);
        if (q->pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (getppid() == parent && dup2(in[0], STDIN_FILENO) >= 0 &&
                    dup2(out[1], STDOUT_FILENO) >= 0 && dup2(out[1], STDERR_FILENO) >= 0)
                        execvp(QEMU, arguments);
                _exit(127);
        }
        close(in[0]);
        close(out[1]);
        q->to = fdopen(in[1], "w");
        q->from = fdopen(out[0], "r");
}

/* With these credentials ("" for clear text), which are called "tls" there. */
static void start_qemu(struct qemu *q, const char *credentials, bool is_paused)
{
        char object[128], chardev[160], line[1024];
        char *arguments[] = { (char *)QEMU,
                              (char *)"-M",
                              (char *)"q35,usb=off",
                              (char *)"-accel",
                              (char *)"tcg",
                              (char *)"-m",
                              (char *)"64",
                              (char *)"-nodefaults",
                              (char *)"-display",
                              (char *)"none",
                              (char *)"-monitor",
                              (char *)"stdio",
                              (char *)"-device",
                              (char *)"qemu-xhci,id=hc",
                              (char *)"-chardev",
                              chardev,
                              (char *)"-device",
                              (char *)"usb-redir,chardev=c1,bus=hc.0",
                              (char *)"-object",
                              object,
                              is_paused ? (char *)"-S" : NULL,
                              NULL };

        if (*credentials)
                snprintf(object, sizeof(object), "%s,id=tls,endpoint=server,dir=%s", credentials,
                         directory);
        else
                snprintf(object, sizeof(object), "iothread,id=none");
        snprintf(chardev, sizeof(chardev),
                 "socket,host=127.0.0.1,port=0,server=on,wait=off,id=c1%s",
                 *credentials ? ",tls-creds=tls" : "");
        spawn(q, arguments);

        fputs("info chardev\n", q->to);
        fflush(q->to);
        q->port = 0;
        while (q->port == 0 && fgets(line, sizeof(line), q->from)) {
                const char *at = strstr(line, "127.0.0.1:");

                if (at)
                        q->port = atoi(at + strlen("127.0.0.1:"));
        }
        assert_true(q->port > 0);
}

static void stop_qemu(struct qemu *q)
{
        fclose(q->to);
        kill(q->pid, SIGKILL);
        waitpid(q->pid, NULL, 0);
        fclose(q->from);
}

static int connect_to(const struct qemu *q)
{
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                       .sin_port = htons((uint16_t)q->port) };
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
        return fd;
}

struct wish {
        const char *name, *qemu;
        enum control_tls tls;
        const struct certificate *own;
        const char *key;
        bool is_paused;
        const char *want; /* NULL: the guest uses the device; else the end of TLS */
};

static void start_session(struct managed *m, const struct qemu *q, const struct wish *wish)
{
        struct control_fds fds = CONTROL_NO_FDS;
        struct control_order order = managed_order;

        order.tls = wish->tls;
        order.greeting_sec = 1;
        strcpy(order.peer_name, "127.0.0.1");
        strcpy(order.psk_identity, "host");
        fds.guest = connect_to(q);
        if (wish->tls == CONTROL_PSK) {
                fds.files[0] = text_file(wish->key);
        } else if (wish->tls != CONTROL_CLEAR) {
                fds.files[0] = certificate_file(-1, &ca);
                fds.files[1] = certificate_file(-1, wish->own);
                fds.files[2] = key_file(wish->own, NULL);
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

#define X509    "tls-creds-x509,verify-peer=on"
#define PSK     "tls-creds-psk"
#define OUR_KEY "host:" KEY "\n"

static void qemu_and_a_session_agree_or_say_why_not(void **state)
{
        static const struct wish wishes[] = {
                { "clear text", .qemu = "", .tls = CONTROL_CLEAR },
                { "certificates", .qemu = X509, .tls = CONTROL_X509_CERTIFIED, .own = &client },
                { "a key", .qemu = PSK, .tls = CONTROL_PSK, .key = OUR_KEY },
                { "a stranger's certificate", .qemu = X509, .tls = CONTROL_X509_CERTIFIED,
                  .own = &stranger, .want = "refused our certificate" },
                { "another key", .qemu = PSK, .tls = CONTROL_PSK, .key = "host:aabb\n",
                  .want = "has it another key for that PSKIdentity=" },
                { "no TLS there", .qemu = "", .tls = CONTROL_X509_CERTIFIED, .own = &client,
                  .want = "the guest speaks no TLS" },
                { "a key there", .qemu = PSK, .tls = CONTROL_X509_CERTIFIED, .own = &client,
                  .want = "or has it pre-shared keys" },
                { "certificates there", .qemu = X509, .tls = CONTROL_PSK, .key = OUR_KEY,
                  .want = "shows a certificate" },
        };

        for (size_t i = 0; i < ELEMENTS(wishes); i++) {
                struct managed *m;
                struct qemu q;

                if (i > 0) {
                        managed_teardown(state);
                        managed_setup(state);
                }
                m = *state;
                start_qemu(&q, wishes[i].qemu, wishes[i].is_paused);
                start_session(m, &q, &wishes[i]);
                (wishes[i].want ? expect_tls_end : expect_use)(m, &wishes[i]);
                stop_qemu(&q);
                print_message("%s: as wanted\n", wishes[i].name);
        }
}

/* Its TLS answers by itself; its hello comes when it goes on. */
static void a_paused_qemu_is_waited_for(void **state)
{
        static const struct wish wish = { "paused", .qemu = PSK, .tls = CONTROL_PSK,
                                          .key = OUR_KEY };
        struct managed *m = *state;
        struct qemu q;

        start_qemu(&q, wish.qemu, true);
        start_session(m, &q, &wish);
        RUN_UNTIL(m->base, m->ends > 0 || worker_status(m->worker)->is_silent);
        assert_int_equal(m->ends, 0);
        assert_int_equal(worker_status(m->worker)->link_state, LINK_GREETING);
        fputs("cont\n", q.to);
        fflush(q.to);
        expect_use(m, &wish);
        stop_qemu(&q);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(qemu_and_a_session_agree_or_say_why_not,
                                                managed_setup, managed_teardown),
                cmocka_unit_test_setup_teardown(a_paused_qemu_is_waited_for, managed_setup,
                                                managed_teardown),
        };

        if (system(QEMU " -device help 2>&1 | grep -q '\"usb-redir\"'") != 0) {
                puts(QEMU " with usb-redir is missing");
                return 77;
        }

        return cmocka_run_group_tests(tests, make_files, remove_files);
}
