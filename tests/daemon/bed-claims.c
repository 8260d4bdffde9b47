/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * port-claims.h and sockets.h in place of the daemon's own: a machine with the sockets that the
 * test names, and a kernel that notes what is claimed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bed-private.h"
#include "daemon/port-claims.h"
#include "daemon/sockets.h"

struct port_claims {
        int unused;
};

int port_claims_new(struct port_claims **ret)
{
        *ret = calloc(1, sizeof(**ret));
        return *ret ? 0 : -1;
}

struct port_claims *port_claims_free(struct port_claims *c)
{
        if (the_bed)
                memset(the_bed->claimed, 0, sizeof(the_bed->claimed));
        free(c);
        return NULL;
}

int port_claims_adopt(struct port_claims *c, int fd)
{
        return close_fd(fd);
}

static char *find(const char *port)
{
        for (size_t i = 0; i < BED_SOCKETS_MAX; i++)
                if (!strcmp(the_bed->claimed[i], port))
                        return the_bed->claimed[i];
        return NULL;
}

int port_claims_claim(struct port_claims *c, const char *port)
{
        char *place = find(port) ?: find("");

        the_bed->n_claims++;
        if (the_bed->claim_error < 0)
                return the_bed->claim_error;
        assert_non_null(place);
        strcpy(place, port);
        return 0;
}

void port_claims_release(struct port_claims *c, const char *port)
{
        char *place = find(port);

        if (place)
                place[0] = '\0';
}

bool port_claims_has(const struct port_claims *c, const char *port)
{
        return find(port);
}

void port_claims_tidy(struct port_claims *c, bool unknown)
{
}

int sockets_each(socket_found on_socket, void *userdata)
{
        char path[64];

        for (size_t i = 0; i < BED_SOCKETS_MAX && the_bed->sockets[i]; i++) {
                snprintf(path, sizeof(path), "pci-0-usb-0:%s", the_bed->sockets[i] + 2);
                on_socket(userdata, the_bed->sockets[i], path);
        }
        return 0;
}

bool bed_is_claimed(const char *port)
{
        return find(port);
}
