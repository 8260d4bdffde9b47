/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * port-claims.h and sockets.h in place of the daemon's own: a machine with the sockets that the
 * test names, and a kernel that notes what is claimed, as soon as the test lets it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bed-private.h"
#include "daemon/port-claims.h"
#include "daemon/sockets.h"

struct port_claims {
        int unused;
};

/* The daemon's thread is at it, while the test looks. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char claimed[BED_SOCKETS_MAX][32];
static unsigned n_users, n_claims;
static int claim_error;
static bool is_stuck, is_in_claim;

int port_claims_new(struct port_claims **ret)
{
        *ret = calloc(1, sizeof(**ret));
        n_users++;
        return *ret ? 0 : -ENOMEM;
}

struct port_claims *port_claims_free(struct port_claims *c)
{
        pthread_mutex_lock(&lock);
        memset(claimed, 0, sizeof(claimed));
        n_users--;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
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
                if (!strcmp(claimed[i], port))
                        return claimed[i];
        return NULL;
}

int port_claims_claim(struct port_claims *c, const char *port)
{
        char *place;
        int r;

        pthread_mutex_lock(&lock);
        n_claims++;
        r = claim_error; /* what it will say is so from its begin */
        for (is_in_claim = true; is_stuck;)
                pthread_cond_wait(&changed, &lock);
        is_in_claim = false;
        place = find(port) ?: find("");
        if (r == 0 && !place)
                r = -E2BIG;
        if (r == 0)
                strcpy(place, port);
        pthread_mutex_unlock(&lock);
        return r;
}

void port_claims_release(struct port_claims *c, const char *port)
{
        char *place;

        pthread_mutex_lock(&lock);
        place = find(port);
        if (place)
                place[0] = '\0';
        pthread_mutex_unlock(&lock);
}

void port_claims_tidy(struct port_claims *c, bool unknown)
{
}

bool bed_is_claimed(const char *port)
{
        bool is_claimed;

        pthread_mutex_lock(&lock);
        is_claimed = find(port);
        pthread_mutex_unlock(&lock);
        return is_claimed;
}

unsigned bed_n_claims(void)
{
        unsigned n;

        pthread_mutex_lock(&lock);
        n = n_claims;
        pthread_mutex_unlock(&lock);
        return n;
}

void bed_refuse_claims(int error)
{
        pthread_mutex_lock(&lock);
        claim_error = error;
        pthread_mutex_unlock(&lock);
}

void bed_stick_claims(bool stick)
{
        pthread_mutex_lock(&lock);
        is_stuck = stick;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
}

bool bed_claim_is_stuck(void)
{
        bool is;

        pthread_mutex_lock(&lock);
        is = is_stuck && is_in_claim;
        pthread_mutex_unlock(&lock);
        return is;
}

void bed_end_claims(void)
{
        struct timespec end;

        clock_gettime(CLOCK_REALTIME, &end);
        end.tv_sec += BED_DEADLINE_SEC;
        pthread_mutex_lock(&lock);
        is_stuck = false;
        pthread_cond_broadcast(&changed);
        while (n_users > 0)
                if (pthread_cond_timedwait(&changed, &lock, &end) != 0)
                        fail_msg("claims go on %i s after the daemon's end", BED_DEADLINE_SEC);
        pthread_mutex_unlock(&lock);
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
