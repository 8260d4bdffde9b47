/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A claim is the open file's that made it (USBDEVFS_CLAIM_PORT on the hub's node), and ends with
 * its last descriptor. So hubs are kept open, by systemd's fd store too: a restart lets no driver
 * in. A hub's node says nothing of the devices behind it; theirs are never kept.
 *
 * What a former daemon has claimed over such a descriptor cannot be asked for. It shows when a port
 * is claimed: it is in use then, and can be released over this descriptor only if it is its own.
 */
#include "daemon/port-claims.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/usbdevice_fs.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <utlist.h>

#include "daemon/keep.h"
#include "util/cleanup.h"

struct hub {
        char name[FACTS_PORT_MAX + 1]; /* "1-1", "usb1"; "": adopted, and not asked for yet */
        dev_t node;
        int fd;
        uint32_t claimed; /* a bit for each port */
        bool is_adopted;
        struct hub *prev, *next;
};

struct port_claims {
        struct hub *hubs;
        unsigned n_hubs;
};

bool port_split(const char *port, char ret_hub[FACTS_PORT_MAX + 1], uint32_t *ret_number)
{
        const char *last = strrchr(port, '.') ?: strchr(port, '-');
        char *end;
        unsigned long number;

        if (!last || !isdigit((unsigned char)port[0]) || !isdigit((unsigned char)last[1]) ||
            strlen(port) > FACTS_PORT_MAX - strlen("usb"))
                return false;
        number = strtoul(last + 1, &end, 10);
        if (*end || number == 0 || number > PORT_CLAIMS_PORTS_MAX)
                return false;

        sprintf(ret_hub, "%s%.*s", *last == '-' ? "usb" : "", (int)(last - port), port);
        *ret_number = (uint32_t)number;
        return true;
}

int port_claims_new(struct port_claims **ret)
{
        struct port_claims *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        *ret = c;
        return 0;
}

/* The descriptor is taken, also on error. */
static int add_hub(struct port_claims *c, const char *name, dev_t node, int fd, struct hub **ret)
{
        struct hub *hub = c->n_hubs < PORT_CLAIMS_HUBS_MAX ? calloc(1, sizeof(*hub)) : NULL;

        if (!hub) {
                close_fd(fd);
                return c->n_hubs < PORT_CLAIMS_HUBS_MAX ? -ENOMEM : -E2BIG;
        }
        *hub = (struct hub){ .node = node, .fd = fd };
        strcpy(hub->name, name);
        DL_APPEND(c->hubs, hub);
        c->n_hubs++;
        *ret = hub;
        return 0;
}

static void drop_hub(struct port_claims *c, struct hub *hub)
{
        DL_DELETE(c->hubs, hub);
        c->n_hubs--;
        close_fd(hub->fd);
        free(hub);
}

struct port_claims *port_claims_free(struct port_claims *c)
{
        struct hub *hub, *next;

        if (!c)
                return NULL;

        DL_FOREACH_SAFE (c->hubs, hub, next)
                drop_hub(c, hub);
        free(c);
        return NULL;
}

/* Of a hub that is unplugged nothing but errors can be read. */
static bool is_gone(const struct hub *hub)
{
        struct pollfd fd = { .fd = hub->fd };

        return poll(&fd, 1, 0) == 1 && fd.revents & POLLHUP;
}

int port_claims_adopt(struct port_claims *c, int fd)
{
        struct stat status;
        struct hub *hub;
        int r;

        if (fstat(fd, &status) < 0 || !S_ISCHR(status.st_mode)) {
                close_fd(fd);
                return -ENODEV;
        }
        r = add_hub(c, "", status.st_rdev, fd, &hub);
        if (r < 0)
                return r;

        hub->is_adopted = true;
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        if (!is_gone(hub))
                return 0;
        keep_hub_not(hub->node);
        drop_hub(c, hub);
        return -ENODEV;
}

static bool read_number(const char *hub, const char *name, unsigned *ret)
{
        char path[128];
        FILE *file;
        bool ok;

        snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s/%s", hub, name);
        file = fopen(path, "re");
        if (!file)
                return false;
        ok = fscanf(file, "%u", ret) == 1;
        fclose(file);
        return ok;
}

static int open_hub(struct port_claims *c, const char *name, struct hub **ret)
{
        unsigned bus, address;
        struct stat status;
        char path[64];
        struct hub *hub;
        int fd, r;

        if (!read_number(name, "busnum", &bus) || !read_number(name, "devnum", &address))
                return -ENOENT;
        snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", bus, address);
        if (stat(path, &status) < 0)
                return -errno;

        DL_FOREACH (c->hubs, hub)
                if (hub->node == status.st_rdev && !is_gone(hub)) {
                        strcpy(hub->name, name);
                        *ret = hub;
                        return 0;
                }

        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = add_hub(c, name, status.st_rdev, fd, ret);
        if (r == 0)
                keep_hub(status.st_rdev, fd);
        return r;
}

static struct hub *find(const struct port_claims *c, const char *port, uint32_t *ret_number)
{
        char name[FACTS_PORT_MAX + 1];
        struct hub *hub;

        if (!port_split(port, name, ret_number))
                return NULL;
        DL_FOREACH (c->hubs, hub)
                if (!strcmp(hub->name, name) && hub->claimed & 1u << *ret_number)
                        return hub;
        return NULL;
}

static int claim(struct hub *hub, uint32_t number)
{
        unsigned argument = number;

        if (ioctl(hub->fd, USBDEVFS_CLAIM_PORT, &argument) == 0)
                return 0;
        if (errno != EBUSY || !hub->is_adopted)
                return -errno;

        /* By a former daemon, over this descriptor? */
        if (ioctl(hub->fd, USBDEVFS_RELEASE_PORT, &argument) < 0)
                return -EBUSY;
        return ioctl(hub->fd, USBDEVFS_CLAIM_PORT, &argument) < 0 ? -errno : 0;
}

int port_claims_claim(struct port_claims *c, const char *port)
{
        char name[FACTS_PORT_MAX + 1];
        uint32_t number;
        struct hub *hub = find(c, port, &number);
        int r;

        if (hub && !is_gone(hub))
                return 0;
        if (!port_split(port, name, &number))
                return -ENOENT;

        r = open_hub(c, name, &hub);
        if (r == 0)
                r = claim(hub, number);
        if (r == 0)
                hub->claimed |= 1u << number;
        return r;
}

void port_claims_release(struct port_claims *c, const char *port)
{
        unsigned argument;
        struct hub *hub = find(c, port, &argument);

        if (!hub)
                return;
        hub->claimed &= ~(1u << argument);
        ioctl(hub->fd, USBDEVFS_RELEASE_PORT, &argument);
}

static void release_unknown(struct hub *hub)
{
        for (unsigned i = 1; i <= PORT_CLAIMS_PORTS_MAX; i++)
                if (!(hub->claimed & 1u << i))
                        ioctl(hub->fd, USBDEVFS_RELEASE_PORT, &i);
        hub->is_adopted = false;
}

void port_claims_tidy(struct port_claims *c, bool unknown)
{
        struct hub *hub, *next;

        DL_FOREACH_SAFE (c->hubs, hub, next) {
                if (unknown && hub->is_adopted)
                        release_unknown(hub);
                if (!is_gone(hub) && (hub->claimed || hub->is_adopted))
                        continue;
                keep_hub_not(hub->node);
                drop_hub(c, hub);
        }
}
