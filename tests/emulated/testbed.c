/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * umockdev redirects the testbed's programs and runs the thread that answers them; here are the
 * buses, and which devices are, or were, plugged into them.
 *
 * What a plug says of its device is protected by the device's lock, under which the hooks are
 * called; umockdev and the lists by the testbed's, which is taken inside of it.
 */
#include <glib.h>
#include <pthread.h>
#include <umockdev.h>

#include "emulated/kernel.h"
#include "emulated/sysfs.h"
#include "emulated/testbed-private.h"
#include "emulated/tree.h"

bool testbed_is_possible(void)
{
        const char *preloaded = getenv("LD_PRELOAD");

        return preloaded && strstr(preloaded, "libumockdev-preload");
}

int testbed_new(struct testbed **ret)
{
        CLEANUP(testbed_freep) struct testbed *testbed = NULL;
        int r;

        if (!testbed_is_possible())
                return -EOPNOTSUPP;
        testbed = g_new0(struct testbed, 1);
        pthread_mutex_init(&testbed->lock, NULL);
        LIST_INIT(&testbed->plugs);
        testbed->umockdev = umockdev_testbed_new();
        testbed->root = umockdev_testbed_get_root_dir(testbed->umockdev);
        r = mock_thread_new(&testbed->worker, testbed->umockdev);
        if (r == 0)
                r = uevents_new(&testbed->uevents, testbed->root);
        if (r < 0)
                return r;
        *ret = TAKE(testbed);
        return 0;
}

const char *testbed_root(struct testbed *testbed)
{
        return testbed->root;
}

int testbed_add_bus(struct testbed *testbed, unsigned busnum, enum usb_device_speed speed)
{
        int r = 0;

        pthread_mutex_lock(&testbed->lock);
        if (!(testbed->buses & 1U << busnum)) {
                r = sysfs_add_hub(testbed->root, busnum, speed);
                if (r == 0)
                        testbed->buses |= 1U << busnum;
        }
        pthread_mutex_unlock(&testbed->lock);
        return r;
}

int testbed_plug(struct testbed *testbed, struct emulated_device *device,
                 const char *const *properties)
{
        struct plug *plug;
        int r;

        if (device->hooks)
                return -EALREADY;
        r = testbed_add_bus(testbed, device->description.busnum, device->description.speed);
        if (r < 0)
                return r;
        plug = g_new0(struct plug, 1);
        *plug = (struct plug){ .testbed = testbed, .device = device, .fifo = -1 };
        plug->properties = g_strdupv((char **)(uintptr_t)properties);
        pthread_mutex_lock(&testbed->lock);
        LIST_INSERT_HEAD(&testbed->plugs, plug, link);
        pthread_mutex_unlock(&testbed->lock);

        emulated_lock(device);
        r = plug_in(plug);
        emulated_unlock(device);
        /* umockdev cannot detach what its thread has not begun to listen to. */
        mock_thread_run_and_wait(testbed->worker, NULL, NULL);
        return r;
}

static struct plug *find_plug(struct testbed *testbed, struct emulated_device *device)
{
        struct plug *plug;

        pthread_mutex_lock(&testbed->lock);
        LIST_FOREACH(plug, &testbed->plugs, link)
        if (plug->device == device)
                break;
        pthread_mutex_unlock(&testbed->lock);
        return plug;
}

int testbed_change(struct testbed *testbed, struct emulated_device *device,
                   const char *const *properties)
{
        struct plug *plug = find_plug(testbed, device);
        int r = -ENODEV;

        emulated_lock(device);
        if (plug && device->plugged) {
                g_strfreev(plug->properties);
                plug->properties = g_strdupv((char **)(uintptr_t)properties);
                plug_tell(plug, "change", "usb");
                r = 0;
        }
        emulated_unlock(device);
        return r;
}

static void free_usbfs(void *userdata)
{
        usbfs_free(userdata);
}

static void plug_free(struct plug *plug)
{
        struct testbed *testbed = plug->testbed;

        pthread_mutex_lock(&testbed->lock);
        LIST_REMOVE(plug, link);
        pthread_mutex_unlock(&testbed->lock);
        emulated_lock(plug->device);
        plug->device->hooks = NULL;
        emulated_unlock(plug->device);
        mock_thread_run_and_wait(testbed->worker, free_usbfs, plug->usbfs);
        close_fd(plug->fifo);
        g_strfreev(plug->properties);
        g_free(plug);
}

int testbed_forget(struct testbed *testbed, struct emulated_device *device)
{
        struct plug *plug = find_plug(testbed, device);
        bool busy;

        if (!plug)
                return 0;
        emulated_lock(device);
        busy = device->plugged || !TAILQ_EMPTY(&device->clients);
        emulated_unlock(device);
        if (busy)
                return -EBUSY;
        plug_free(plug);
        return 0;
}

struct testbed *testbed_free(struct testbed *testbed)
{
        struct plug *plug;

        if (!testbed)
                return NULL;
        while ((plug = LIST_FIRST(&testbed->plugs))) {
                emulated_unplug(plug->device);
                plug_free(plug);
        }
        uevents_free(testbed->uevents);
        g_object_unref(testbed->umockdev); /* ends its thread, removes the directory */
        tree_remove(testbed->root, "");    /* what a program put there meanwhile */
        mock_thread_free(testbed->worker);
        pthread_mutex_destroy(&testbed->lock);
        g_free(testbed->root);
        g_free(testbed);
        return NULL;
}
