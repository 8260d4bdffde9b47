/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Its monitor is its standard input and output. It tells the port that it listens on; of one that
 * dials in there is nothing to be waited for.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "integration/qemu.h"

#define QEMU "qemu-system-x86_64"

bool qemu_exists(void)
{
        return system(QEMU " -device help 2>&1 | grep -q '\"usb-redir\"'") == 0;
}

static void spawn(struct qemu *q, const char *const arguments[])
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
                        execvp(QEMU, (char *const *)arguments);
                _exit(127);
        }
        close(in[0]);
        close(out[1]);
        q->to = fdopen(in[1], "w");
        q->from = fdopen(out[0], "r");
}

static void read_port(struct qemu *q)
{
        char line[1024];

        fputs("info chardev\n", q->to);
        fflush(q->to);
        while (q->port == 0 && fgets(line, sizeof(line), q->from)) {
                const char *at = strstr(line, "127.0.0.1:");

                if (at)
                        q->port = atoi(at + strlen("127.0.0.1:"));
        }
        assert_true(q->port > 0);
}

void qemu_start(struct qemu *q, const struct qemu_wish *wish)
{
        char object[256], chardev[160];
        const char *arguments[] = { QEMU,
                                    "-M",
                                    "q35,usb=off",
                                    "-accel",
                                    "tcg",
                                    "-m",
                                    "64",
                                    "-nodefaults",
                                    "-display",
                                    "none",
                                    "-monitor",
                                    "stdio",
                                    "-device",
                                    "qemu-xhci,id=hc",
                                    "-object",
                                    object,
                                    "-chardev",
                                    chardev,
                                    "-device",
                                    "usb-redir,chardev=c1,bus=hc.0",
                                    wish->is_paused ? "-S" : NULL,
                                    NULL };

        if (*wish->credentials)
                snprintf(object, sizeof(object), "%s,id=tls,endpoint=%s,dir=%s", wish->credentials,
                         wish->port ? "client" : "server", wish->folder);
        else
                snprintf(object, sizeof(object), "iothread,id=none");
        snprintf(chardev, sizeof(chardev), "socket,host=127.0.0.1,port=%i,%s,id=c1%s", wish->port,
                 wish->port ? "reconnect=1" : "server=on,wait=off",
                 *wish->credentials ? ",tls-creds=tls" : "");
        *q = (struct qemu){ 0 };
        spawn(q, arguments);
        if (wish->port == 0)
                read_port(q);
}

void qemu_continue(struct qemu *q)
{
        fputs("cont\n", q->to);
        fflush(q->to);
}

void qemu_stop(struct qemu *q)
{
        fclose(q->to);
        kill(q->pid, SIGKILL);
        waitpid(q->pid, NULL, 0);
        fclose(q->from);
}
