/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel links the two ports of a socket of a root hub: usb2/2-0:1.0/usb2-port1/peer. It does
 * so for hubs too, but only while both of their halves are there; as these number their ports alike
 * anyway, the root hub's link is enough.
 */
#include "daemon/place.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The last component of a link that sysfs has. Is there one? */
static bool read_link(const char *path, char *ret, size_t size)
{
        char target[PATH_MAX];
        ssize_t length = readlink(path, target, sizeof(target) - 1);
        const char *name;

        if (length <= 0)
                return false;
        target[length] = '\0';
        name = strrchr(target, '/');
        return (size_t)snprintf(ret, size, "%s", name ? name + 1 : target) < size;
}

void place_find(char ret[FACTS_PORT_MAX + 1], const char *syspath, const char *port)
{
        unsigned bus, root, peer_bus, peer_root;
        char hub[16], path[PATH_MAX], peer[64], place[FACTS_PORT_MAX + 32];
        const char *at;
        int rest = 0;

        snprintf(ret, FACTS_PORT_MAX + 1, "%s", port);
        if (sscanf(port, "%3u-%3u%n", &bus, &root, &rest) != 2)
                return;
        snprintf(hub, sizeof(hub), "/usb%u/", bus);
        at = strstr(syspath, hub);
        if (!at ||
            (size_t)snprintf(path, sizeof(path), "%.*s%s%u-0:1.0/usb%u-port%u/peer",
                             (int)(at - syspath), syspath, hub, bus, bus, root) >= sizeof(path))
                return;
        if (!read_link(path, peer, sizeof(peer)) ||
            sscanf(peer, "usb%3u-port%3u", &peer_bus, &peer_root) != 2 || peer_bus >= bus)
                return;

        snprintf(place, sizeof(place), "%u-%u%s", peer_bus, peer_root, port + rest);
        if (strlen(place) <= FACTS_PORT_MAX)
                strcpy(ret, place);
}

void place_path(char ret[FACTS_PATH_MAX + 1], const char *place, const char *port,
                const char *id_path)
{
        const char *own = strchr(port, '-'), *socket = strchr(place, '-');
        size_t length = strlen(id_path), tail = own ? strlen(++own) : 0;
        char path[FACTS_PATH_MAX + FACTS_PORT_MAX + 1];

        ret[0] = '\0';
        if (!own || !socket || !strcmp(own, ++socket) || length <= tail ||
            strcmp(id_path + length - tail, own) != 0 || id_path[length - tail - 1] != ':' ||
            length > FACTS_PATH_MAX)
                return;

        snprintf(path, sizeof(path), "%.*s%s", (int)(length - tail), id_path, socket);
        if (strlen(path) <= FACTS_PATH_MAX)
                strcpy(ret, path);
}
