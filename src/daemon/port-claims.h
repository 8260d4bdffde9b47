#pragma once
/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ports of hubs that are ours. While one is, the kernel neither configures what is plugged in there
 * nor binds its drivers to it; programs that open the device may use it.
 *
 * Each of these may wait for the lock of a hub, for seconds: claimer.h calls them, in its thread.
 */
#include <stdbool.h>
#include <stdint.h>

#include "filter/facts.h"
#include "util/cleanup.h"

/* A hub is kept open for them, and by systemd too: one descriptor for each. */
#define PORT_CLAIMS_HUBS_MAX 64

/* The kernel's bound of ports of one hub. */
#define PORT_CLAIMS_PORTS_MAX 31

struct port_claims;

int port_claims_new(struct port_claims **ret);

/* Closes the hubs: what no other process keeps is the kernel's again. */
struct port_claims *port_claims_free(struct port_claims *c);
DEFINE_CLEANUP(struct port_claims, port_claims_free)

/*
 * A hub that a former daemon kept open; which of its ports are claimed is not known. The descriptor
 * is taken. -ENODEV if it is no hub that is there.
 */
int port_claims_adopt(struct port_claims *c, int fd);

/*
 * The socket's port ("1-1.4"), if it is not ours yet. -ENOENT: there is no such hub; -E2BIG: too
 * many hubs; -EBUSY: another program has claimed it; others from the kernel.
 */
int port_claims_claim(struct port_claims *c, const char *port);

/* What is plugged in there stays as it is: unconfigured, or without drivers. */
void port_claims_release(struct port_claims *c, const char *port);

/*
 * Forgets hubs that are gone; with "unknown" also releases whatever a former daemon had claimed and
 * this one has not.
 */
void port_claims_tidy(struct port_claims *c, bool unknown);

/* The hub of a socket, and its port there: "1-1.4" is "1-1" and 4, "1-2" is "usb1" and 2. */
bool port_split(const char *port, char ret_hub[FACTS_PORT_MAX + 1], uint32_t *ret_number);
