/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Between umockdev and the emulated kernel. umockdev's worker thread calls handle_ioctl() while the
 * client waits in its ioctl; only then can its memory be reached, so what a transfer received is
 * written in the REAPURB that hands it out.
 *
 * The node is a FIFO of one page that nobody writes anything of meaning to: filled, it is not
 * writable, which to libusb means that there is nothing to reap; emptied, it is. All clients share
 * this state, so a client may be woken for what another one will reap: it then gets EAGAIN. The
 * hang-up that a kernel's node shows after an unplug cannot be shown this way.
 */
#include <stdlib.h>
#include <unistd.h>

#include "emulated/mock-thread.h"
#include "emulated/usbfs-ioctl.h"
#include "emulated/usbfs.h"

struct _UsbfsHandler {
        UMockdevIoctlBase parent;
        struct usbfs *usbfs;
};
G_DECLARE_FINAL_TYPE(UsbfsHandler, usbfs_handler, USBFS, HANDLER, UMockdevIoctlBase)
G_DEFINE_TYPE(UsbfsHandler, usbfs_handler, UMOCKDEV_TYPE_IOCTL_BASE)

struct usbfs {
        struct emulated_device *device;
        UsbfsHandler *handler;
        struct mock_thread *worker;
        int fifo;
        bool reapable;
};

static struct emulated_client *client_of(UMockdevIoctlClient *ioctl_client)
{
        return g_object_get_data(G_OBJECT(ioctl_client), "emulated-client");
}

/* Ends the client's ioctl with a result, or a negative errno. */
static void finish(UMockdevIoctlClient *ioctl_client, int result)
{
        umockdev_ioctl_client_complete(ioctl_client, result < 0 ? -1 : result,
                                       result < 0 ? -result : 0);
}

static int run_ioctl(struct emulated_client *client, const struct usbfs_ioctl *ioctl,
                     UMockdevIoctlData *argument)
{
        struct emulated_device *device = client->device;
        UMockdevIoctlData *data = NULL;
        int r;

        r = fault_count(device, ioctl->call, 0);
        if (r < 0)
                return r;
        if (!device->plugged && !ioctl->after_unplug)
                return -ENODEV;
        if (ioctl->size > 0) {
                data = umockdev_ioctl_data_resolve(argument, 0, ioctl->size, NULL);
                if (!data)
                        return -EFAULT;
        }
        r = ioctl->run(client, data ? data : argument);
        g_clear_object(&data);
        return r;
}

static gboolean handle_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *ioctl_client)
{
        struct emulated_client *client = client_of(ioctl_client);
        const struct usbfs_ioctl *ioctl;
        int r;

        ioctl = usbfs_find_ioctl(umockdev_ioctl_client_get_request(ioctl_client));
        if (!client || !ioctl) {
                finish(ioctl_client, client ? -ENOTTY : -ENODEV);
                return TRUE;
        }
        emulated_lock(client->device);
        r = run_ioctl(client, ioctl, umockdev_ioctl_client_get_arg(ioctl_client));
        if (r == USBFS_WAIT)
                client->waiting = g_object_ref(ioctl_client); /* nobody else keeps it */
        emulated_unlock(client->device);
        if (r != USBFS_WAIT)
                finish(ioctl_client, r);
        return TRUE;
}

/* Reading the node gives the device descriptor and then all configurations. */
static gboolean handle_read(UMockdevIoctlBase *base, UMockdevIoctlClient *ioctl_client)
{
        struct emulated_client *client = client_of(ioctl_client);
        UMockdevIoctlData *argument = umockdev_ioctl_client_get_arg(ioctl_client);
        int r;

        if (!client) {
                finish(ioctl_client, -ENODEV);
                return TRUE;
        }
        emulated_lock(client->device);
        r = client->device->plugged ? usbfs_read(client, argument->data, (size_t)argument->data_len)
                                    : -ENODEV;
        emulated_unlock(client->device);
        finish(ioctl_client, r);
        return TRUE;
}

/* In the worker: lets a blocking REAPURB go on. */
static gboolean wake_waiting(gpointer userdata)
{
        struct usbfs *usbfs = userdata;
        struct emulated_client *client;

        emulated_lock(usbfs->device);
        TAILQ_FOREACH(client, &usbfs->device->clients, link)
        {
                UMockdevIoctlClient *ioctl_client = client->waiting;
                int r;

                if (!ioctl_client)
                        continue;
                r = usbfs_reap(client, umockdev_ioctl_client_get_arg(ioctl_client), USBFS_WAIT);
                if (r == USBFS_WAIT)
                        continue;
                client->waiting = NULL;
                finish(ioctl_client, r);
                g_object_unref(ioctl_client);
        }
        emulated_unlock(usbfs->device);
        return G_SOURCE_REMOVE;
}

/* umockdev drops its client when the connection has ended; it tells nobody of that. */
static void on_closed(gpointer userdata)
{
        struct emulated_client *client = userdata;
        struct emulated_device *device = client->device;

        emulated_lock(device);
        usbfs_drop_memory(client);
        kernel_close(client);
        emulated_unlock(device);
}

static void client_connected(UMockdevIoctlBase *base, UMockdevIoctlClient *ioctl_client)
{
        struct usbfs *usbfs = USBFS_HANDLER(base)->usbfs;
        struct emulated_client *client;

        if (!usbfs)
                return; /* the device is gone: every ioctl will fail */
        emulated_lock(usbfs->device);
        client = kernel_open(usbfs->device);
        emulated_unlock(usbfs->device);
        if (!client)
                return;
        client->connection = ioctl_client;
        g_object_set_data_full(G_OBJECT(ioctl_client), "emulated-client", client, on_closed);
}

static void usbfs_handler_class_init(UsbfsHandlerClass *class)
{
        UMockdevIoctlBaseClass *base = UMOCKDEV_IOCTL_BASE_CLASS(class);

        base->handle_ioctl = handle_ioctl;
        base->handle_read = handle_read;
        base->client_connected = client_connected;
}

static void usbfs_handler_init(UsbfsHandler *handler)
{
}

struct usbfs *usbfs_new(struct emulated_device *device, int fifo, struct mock_thread *worker)
{
        struct usbfs *usbfs = g_new0(struct usbfs, 1);

        usbfs->device = device;
        usbfs->fifo = fifo;
        usbfs->worker = worker;
        usbfs->reapable = true; /* an empty FIFO */
        usbfs->handler = g_object_new(usbfs_handler_get_type(), NULL);
        usbfs->handler->usbfs = usbfs;
        return usbfs;
}

UMockdevIoctlBase *usbfs_handler(struct usbfs *usbfs)
{
        return UMOCKDEV_IOCTL_BASE(usbfs->handler);
}

struct usbfs *usbfs_free(struct usbfs *usbfs)
{
        struct emulated_client *client;

        if (!usbfs)
                return NULL;
        /* Whoever has it still open: nobody answers any more. */
        emulated_lock(usbfs->device);
        while ((client = TAILQ_FIRST(&usbfs->device->clients))) {
                g_object_steal_data(G_OBJECT(client->connection), "emulated-client");
                g_clear_object(&client->waiting);
                usbfs_drop_memory(client);
                kernel_close(client);
        }
        emulated_unlock(usbfs->device);
        usbfs->handler->usbfs = NULL;
        g_object_unref(usbfs->handler);
        g_free(usbfs);
        return NULL;
}

void usbfs_set_reapable(struct usbfs *usbfs, bool reapable)
{
        struct emulated_client *client;
        bool waiting = false;
        char byte = 0;

        if (usbfs->reapable != reapable) {
                ssize_t n = reapable ? read(usbfs->fifo, &byte, 1) : write(usbfs->fifo, &byte, 1);

                if (n == 1)
                        usbfs->reapable = reapable;
        }
        TAILQ_FOREACH(client, &usbfs->device->clients, link)
        waiting = waiting || (client->waiting &&
                              (!TAILQ_EMPTY(&client->completed) || !usbfs->device->plugged));
        if (waiting)
                mock_thread_start(usbfs->worker, wake_waiting, usbfs);
}
