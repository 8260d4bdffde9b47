/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network interface of the device must not be the one by which its own guest is reached: taking
 * it would break the very connection it is to go over. Bridges, bonds and VLANs above it count as
 * it; what is in a tunnel is not seen.
 *
 * The kernel answers a question for a route while it is asked. It may wait there for a change of
 * the network's configuration to be over, milliseconds; only devices that have an interface ask.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "daemon/guard-private.h"
#include "util/cleanup.h"

/* A VLAN of a bond in a bridge, and room. */
#define LAYERS_MAX 8

#define UPPER "upper_"

struct route_request {
        struct nlmsghdr header;
        struct rtmsg route;
        struct rtattr attribute;
        uint8_t address[sizeof(struct in6_addr)];
};

/* An IPv4 address may come as IPv6. Returns its length. */
static size_t read_address(const struct sockaddr_storage *peer, const void **ret, int *ret_family)
{
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)peer;

        *ret_family = AF_INET;
        if (peer->ss_family == AF_INET) {
                *ret = &((const struct sockaddr_in *)peer)->sin_addr;
                return sizeof(struct in_addr);
        }
        if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
                *ret = six->sin6_addr.s6_addr + 12;
                return sizeof(struct in_addr);
        }

        *ret_family = AF_INET6;
        *ret = &six->sin6_addr;
        return sizeof(struct in6_addr);
}

static int read_answer(struct nlmsghdr *header, ssize_t size)
{
        int length;

        if (size < 0 || !NLMSG_OK(header, (unsigned)size) || header->nlmsg_type != RTM_NEWROUTE)
                return -ENETUNREACH;

        length = (int)RTM_PAYLOAD(header);
        for (struct rtattr *a = RTM_RTA(NLMSG_DATA(header)); RTA_OK(a, length);
             a = RTA_NEXT(a, length))
                if (a->rta_type == RTA_OIF)
                        return *(int *)RTA_DATA(a);
        return -ENETUNREACH;
}

int guard_route_of(const struct sockaddr_storage *peer)
{
        CLEANUP(close_fdp) int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        struct route_request request = { .header.nlmsg_type = RTM_GETROUTE,
                                         .header.nlmsg_flags = NLM_F_REQUEST,
                                         .attribute.rta_type = RTA_DST };
        union {
                struct nlmsghdr header;
                char bytes[4096];
        } answer;
        const void *address;
        size_t length;
        int family;

        if (peer->ss_family == AF_INET6 && ((const struct sockaddr_in6 *)peer)->sin6_scope_id > 0)
                return (int)((const struct sockaddr_in6 *)peer)->sin6_scope_id;
        if (fd < 0)
                return -errno;

        length = read_address(peer, &address, &family);
        request.route.rtm_family = (unsigned char)family;
        request.route.rtm_dst_len = (unsigned char)(length * 8);
        request.attribute.rta_len = (unsigned short)RTA_LENGTH(length);
        request.header.nlmsg_len =
                (uint32_t)(offsetof(struct route_request, attribute) + RTA_LENGTH(length));
        memcpy(request.address, address, length);
        if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
                return -errno;

        return read_answer(&answer.header, recv(fd, &answer, sizeof(answer), MSG_DONTWAIT));
}

/* Is it that interface, or below it? */
static bool carries(const struct guard_scope *scope, const char *name, int index, unsigned layers)
{
        char path[PATH_MAX], line[16];
        struct dirent *entry;
        bool does;
        DIR *directory;

        guard_read_line(line, sizeof(line), "%s/class/net/%s/ifindex", scope->sys, name);
        does = atoi(line) == index;
        if (does || layers == 0)
                return does;

        snprintf(path, sizeof(path), "%s/class/net/%s", scope->sys, name);
        directory = opendir(path);
        while (directory && !does && (entry = readdir(directory)))
                does = !strncmp(entry->d_name, UPPER, strlen(UPPER)) &&
                       carries(scope, entry->d_name + strlen(UPPER), index, layers - 1);
        if (directory)
                closedir(directory);

        return does;
}

static bool carries_any(const struct guard_scope *scope, const char *name,
                        const struct guard_question *question, char *ret_reason)
{
        for (size_t i = 0; i < question->n; i++) {
                const struct sockaddr_storage *peer = &question->addresses[i];
                int index = scope->route_of(peer), family;
                char text[INET6_ADDRSTRLEN];
                const void *address;

                if (index <= 0 || !carries(scope, name, index, LAYERS_MAX))
                        continue;
                read_address(peer, &address, &family);
                inet_ntop(family, address, text, sizeof(text));
                snprintf(ret_reason, GUARD_REASON_SIZE,
                         "its network interface %s carries the connection to the guest (%s): have "
                         "another one carry it",
                         name, text);
                return true;
        }

        return false;
}

bool guard_check_network(const struct guard_scope *scope, const char *syspath,
                         const struct guard_question *question, char *ret_reason)
{
        struct class_walk walk;

        for (class_begin(&walk, scope, "net", syspath); class_next(&walk);)
                if (walk.is_own && carries_any(scope, walk.name, question, ret_reason)) {
                        class_end(&walk);
                        return true;
                }
        return false;
}
