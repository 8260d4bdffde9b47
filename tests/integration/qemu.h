#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A real QEMU with one usb-redir device, whose chardev is a TCP socket of this machine. Include
 * after cmocka.h.
 */
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

struct qemu {
        pid_t pid;
        FILE *to, *from; /* its monitor */
        int port;        /* where it listens */
};

struct qemu_wish {
        const char *credentials; /* an -object without its id and endpoint; "" for clear text */
        const char *folder;      /* their dir= */
        int port;                /* where it dials in, again and again; 0: it listens */
        bool is_paused;          /* until qemu_continue() */
};

/* Is there one that can do so? */
bool qemu_exists(void);

/* It does not outlive a test that fails. */
void qemu_start(struct qemu *q, const struct qemu_wish *wish);
void qemu_continue(struct qemu *q);
void qemu_stop(struct qemu *q);
