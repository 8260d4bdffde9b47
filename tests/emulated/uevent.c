/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A netlink socket in the testbed is a unix datagram socket that umockdev's preload binds to
 * "event<descriptor>" in the testbed's directory. umockdev's own sender serves that badly:
 *
 *  - The name is only the descriptor's number. Of two processes that listen with the same number
 *    the second takes the name away, and the first hears no more. So each socket is connected to
 *    soon after it appears, which a thread watches for, and its name is removed: from then on
 *    names do not matter.
 *  - A unix socket holds as few as ten messages, and umockdev aborts at the eleventh. A kernel's
 *    netlink socket holds thousands. So what does not fit waits here, and the thread sends it on.
 *    Beyond QUEUE_MAX messages are lost, as with the kernel.
 *
 * Every listener gets all messages, in one order. The lock protects all.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "emulated/uevent.h"
#include "util/macro.h"

enum {
        MESSAGE_MAX = 8192, /* libudev reads no more */
        QUEUE_MAX = 16384,
        LISTENERS_MAX = 256,
        /* bind() shows the name a moment before one can connect to it. */
        CONNECT_TRIES = 20,
        CONNECT_PAUSE_US = 100,
};

struct message {
        STAILQ_ENTRY(message) link;
        size_t size;
        uint8_t bytes[];
};

struct listener {
        LIST_ENTRY(listener) link;
        int fd;
        STAILQ_HEAD(, message) waiting;
        size_t waiting_count;
};

struct uevents {
        pthread_mutex_t lock;
        pthread_t thread;
        char *root;
        int inotify, wake;
        bool stops;
        LIST_HEAD(, listener) listeners;
        size_t listeners_count;
        unsigned names_count, sequence;
};

/* What udev puts before the properties; everything not said is 0. Hashes are big-endian. */
struct udev_header {
        char prefix[8];
        uint32_t magic;
        uint32_t header_size;
        uint32_t properties_offset;
        uint32_t properties_size;
        uint32_t subsystem_hash;
        uint32_t devtype_hash;
        uint32_t tags[2];
};

/* MurmurHash2 with the seed 0: libudev's socket filters compare it. */
static uint32_t hash(const char *text)
{
        const uint32_t multiplier = 0x5bd1e995;
        size_t left = strlen(text);
        uint32_t value = (uint32_t)left;

        for (; left >= 4; left -= 4, text += 4) {
                uint32_t word;

                memcpy(&word, text, sizeof(word));
                word *= multiplier;
                word ^= word >> 24;
                value = value * multiplier ^ word * multiplier;
        }
        if (left > 0) {
                for (size_t i = 0; i < left; i++)
                        value ^= (uint32_t)(uint8_t)text[i] << (8 * i);
                value *= multiplier;
        }
        value ^= value >> 13;
        value *= multiplier;
        return value ^ value >> 15;
}

static struct listener *listener_free(struct uevents *uevents, struct listener *listener)
{
        struct message *message;

        while ((message = STAILQ_FIRST(&listener->waiting))) {
                STAILQ_REMOVE_HEAD(&listener->waiting, link);
                free(message);
        }
        LIST_REMOVE(listener, link);
        uevents->listeners_count--;
        close(listener->fd);
        free(listener);
        return NULL;
}

/* Takes the name for itself first, so that no other process can put its own socket there. */
static int connect_listener(struct uevents *uevents, const char *name)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        CLEANUP(close_fdp) int fd = -1;
        char path[PATH_MAX];
        int r = -1;

        snprintf(path, sizeof(path), "%s/%s", uevents->root, name);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/heard%u", uevents->root,
                 uevents->names_count++);
        if (rename(path, address.sun_path) < 0)
                return -errno;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        for (int i = 0; i < CONNECT_TRIES && r < 0; i++) {
                if (i > 0)
                        nanosleep(&(struct timespec){ .tv_nsec = CONNECT_PAUSE_US * 1000 }, NULL);
                r = connect(fd, (const struct sockaddr *)&address, sizeof(address));
        }
        unlink(address.sun_path);
        return r < 0 ? -ECONNREFUSED : TAKE_FD(fd);
}

static void find_listeners(struct uevents *uevents)
{
        DIR *directory = opendir(uevents->root);
        struct dirent *entry;

        while (directory && (entry = readdir(directory))) {
                struct listener *listener;
                int fd;

                if (strncmp(entry->d_name, "event", 5) != 0 || entry->d_name[5] < '0' ||
                    entry->d_name[5] > '9' || uevents->listeners_count == LISTENERS_MAX)
                        continue;
                fd = connect_listener(uevents, entry->d_name);
                if (fd < 0)
                        continue; /* closed again */
                listener = calloc(1, sizeof(*listener));
                if (!listener) {
                        close(fd);
                        continue;
                }
                listener->fd = fd;
                STAILQ_INIT(&listener->waiting);
                LIST_INSERT_HEAD(&uevents->listeners, listener, link);
                uevents->listeners_count++;
        }
        if (directory)
                closedir(directory);
}

/* Sends what waits, as far as it fits. False: nobody listens there any more. */
static bool flush(struct listener *listener)
{
        struct message *message;

        while ((message = STAILQ_FIRST(&listener->waiting))) {
                if (send(listener->fd, message->bytes, message->size, MSG_NOSIGNAL) < 0)
                        return errno == EAGAIN || errno == ENOBUFS || errno == EINTR;
                STAILQ_REMOVE_HEAD(&listener->waiting, link);
                listener->waiting_count--;
                free(message);
        }
        return true;
}

static void flush_all(struct uevents *uevents)
{
        struct listener *listener, *next;

        for (listener = LIST_FIRST(&uevents->listeners); listener; listener = next) {
                next = LIST_NEXT(listener, link);
                if (!flush(listener))
                        listener_free(uevents, listener);
        }
}

/* Those that have room may be sent to; with nothing waiting only a new name is of interest. */
static nfds_t fill_polls(struct uevents *uevents, struct pollfd *polls)
{
        struct listener *listener;
        nfds_t count = 2;

        polls[0] = (struct pollfd){ .fd = uevents->inotify, .events = POLLIN };
        polls[1] = (struct pollfd){ .fd = uevents->wake, .events = POLLIN };
        LIST_FOREACH(listener, &uevents->listeners, link)
        if (!STAILQ_EMPTY(&listener->waiting))
                polls[count++] = (struct pollfd){ .fd = listener->fd, .events = POLLOUT };
        return count;
}

static void *run(void *userdata)
{
        struct uevents *uevents = userdata;
        struct pollfd polls[2 + LISTENERS_MAX];
        bool stops;

        do {
                char bytes[4096];
                nfds_t count;

                pthread_mutex_lock(&uevents->lock);
                find_listeners(uevents);
                flush_all(uevents);
                count = fill_polls(uevents, polls);
                stops = uevents->stops;
                pthread_mutex_unlock(&uevents->lock);
                if (stops)
                        break;
                poll(polls, count, -1);
                while (read(uevents->inotify, bytes, sizeof(bytes)) > 0)
                        ;
                while (read(uevents->wake, bytes, sizeof(uint64_t)) > 0)
                        ;
        } while (true);
        return NULL;
}

static int start_thread(struct uevents *uevents)
{
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&uevents->thread, NULL, run, uevents);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return -r;
}

int uevents_new(struct uevents **ret, const char *root)
{
        struct uevents *uevents = calloc(1, sizeof(*uevents));
        int r = -ENOMEM;

        if (!uevents)
                return -ENOMEM;
        pthread_mutex_init(&uevents->lock, NULL);
        LIST_INIT(&uevents->listeners);
        uevents->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        uevents->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        uevents->root = strdup(root);
        if (uevents->inotify < 0 || uevents->wake < 0)
                r = -EMFILE;
        else if (uevents->root && inotify_add_watch(uevents->inotify, root, IN_CREATE) < 0)
                r = -errno;
        else if (uevents->root)
                r = start_thread(uevents);
        if (r < 0) {
                close_fd(uevents->inotify);
                close_fd(uevents->wake);
                free(uevents->root);
                free(uevents);
                return r;
        }
        *ret = uevents;
        return 0;
}

static void wake(struct uevents *uevents)
{
        const uint64_t one = 1;

        if (write(uevents->wake, &one, sizeof(one)) < 0)
                return; /* it is awake */
}

struct uevents *uevents_free(struct uevents *uevents)
{
        if (!uevents)
                return NULL;
        pthread_mutex_lock(&uevents->lock);
        uevents->stops = true;
        pthread_mutex_unlock(&uevents->lock);
        wake(uevents);
        pthread_join(uevents->thread, NULL);
        while (!LIST_EMPTY(&uevents->listeners))
                listener_free(uevents, LIST_FIRST(&uevents->listeners));
        close(uevents->inotify);
        close(uevents->wake);
        pthread_mutex_destroy(&uevents->lock);
        free(uevents->root);
        free(uevents);
        return NULL;
}

/* The message's bytes; 0 if it is longer than anybody would read. */
static size_t format_message(uint8_t bytes[MESSAGE_MAX], const struct uevent *event,
                             unsigned sequence)
{
        struct udev_header header = {
                .prefix = "libudev",
                .magic = htonl(0xfeedcafe),
                .header_size = sizeof(header),
                .properties_offset = sizeof(header),
                .subsystem_hash = htonl(hash("usb")),
                .devtype_hash = htonl(hash(event->devtype)),
        };
        char *text = (char *)bytes + sizeof(header);
        const size_t room = MESSAGE_MAX - sizeof(header);
        int n = snprintf(text, room, "ACTION=%s\nDEVPATH=%s\nSUBSYSTEM=usb\nSEQNUM=%u\n%s",
                         event->action, event->devpath, sequence, event->properties);

        if (n < 0 || (size_t)n >= room)
                return 0;
        for (int i = 0; i < n; i++)
                if (text[i] == '\n')
                        text[i] = 0;
        header.properties_size = (uint32_t)n;
        memcpy(bytes, &header, sizeof(header));
        return sizeof(header) + (size_t)n;
}

static void queue(struct listener *listener, const uint8_t *bytes, size_t size)
{
        struct message *message;

        if (listener->waiting_count == QUEUE_MAX)
                return;
        message = malloc(sizeof(*message) + size);
        if (!message)
                return;
        message->size = size;
        memcpy(message->bytes, bytes, size);
        STAILQ_INSERT_TAIL(&listener->waiting, message, link);
        listener->waiting_count++;
}

void uevents_send(struct uevents *uevents, const struct uevent *event)
{
        uint8_t bytes[MESSAGE_MAX];
        struct listener *listener;
        bool left = false;
        size_t size;

        pthread_mutex_lock(&uevents->lock);
        size = format_message(bytes, event, ++uevents->sequence);
        if (size == 0)
                fprintf(stderr, "uevent: %s of %s is too long\n", event->action, event->devpath);
        find_listeners(uevents);
        LIST_FOREACH(listener, &uevents->listeners, link)
        if (size > 0)
                queue(listener, bytes, size);
        flush_all(uevents);
        LIST_FOREACH(listener, &uevents->listeners, link)
        left = left || !STAILQ_EMPTY(&listener->waiting);
        pthread_mutex_unlock(&uevents->lock);
        if (left)
                wake(uevents);
}
