/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * umockdev redirects the testbed's programs and runs the thread that answers them; here is what
 * makes both a USB device. The node and its ioctls are there before the device is: whoever is told
 * "add" may open it at once. sysfs always shows what the next event tells.
 *
 * What a plug says of its device is protected by the device's lock, under which the hooks are
 * called; umockdev and the lists by the testbed's, which is taken inside of it.
 */
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <sys/stat.h>
#include <umockdev.h>
#include <unistd.h>

#include "emulated/descriptor.h"
#include "emulated/kernel.h"
#include "emulated/mock-thread.h"
#include "emulated/properties.h"
#include "emulated/sysfs.h"
#include "emulated/testbed.h"
#include "emulated/tree.h"
#include "emulated/uevent.h"
#include "emulated/usbfs.h"

/* A device that is, or was, plugged in. */
struct plug {
        LIST_ENTRY(plug) link;
        struct testbed *testbed;
        struct emulated_device *device;
        struct usbfs *usbfs;
        int fifo;
        char **properties;
        const char *drivers[EMULATED_INTERFACES_MAX]; /* as sysfs shows them */
};

struct testbed {
        UMockdevTestbed *umockdev;
        struct mock_thread *worker;
        struct uevents *uevents;
        char *root;
        pthread_mutex_t lock;
        uint32_t buses; /* those that have a root hub */
        LIST_HEAD(, plug) plugs;
};

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

static void complain(int error, const char *what, const char *path)
{
        if (error < 0)
                fprintf(stderr, "testbed: cannot %s %s: %s\n", what, path, strerror(-error));
}

static void tell(struct testbed *testbed, const char *action, const char *path, const char *devtype,
                 const char *properties)
{
        struct uevent event = {
                .action = action,
                .devpath = path + strlen("/sys"),
                .devtype = devtype,
                .properties = properties,
        };

        uevents_send(testbed->uevents, &event);
}

static void tell_device(struct plug *plug, const char *action, const char *driver)
{
        g_autofree char *path = sysfs_device_path(plug->device);
        g_autofree char *properties =
                properties_of_device(plug->device, driver, (const char *const *)plug->properties);

        if (plug->device->plugged)
                complain(sysfs_set_uevent(plug->testbed->root, path, properties), "write", path);
        tell(plug->testbed, action, path, "usb_device", properties);
}

static void tell_interface(struct plug *plug, uint8_t interface, const char *action)
{
        const char *driver = plug->drivers[interface];
        g_autofree char *path = sysfs_interface_path(plug->device, interface);
        g_autofree char *properties = properties_of_interface(plug->device, interface, driver);

        complain(sysfs_set_uevent(plug->testbed->root, path, properties), "write", path);
        tell(plug->testbed, action, path, "usb_interface", properties);
}

/*
 * The kernel sends "bind" behind a driver's probe and "unbind" behind its end, also where a driver
 * gives way to usbfs, which is one too: then "unbind", "bind". The name of the driver is only in
 * the event of its binding.
 */
static void show_driver(struct plug *plug, uint8_t interface, const char *driver)
{
        g_autofree char *path = sysfs_interface_path(plug->device, interface);

        if (plug->drivers[interface] == driver)
                return;
        if (plug->drivers[interface]) {
                plug->drivers[interface] = NULL;
                complain(sysfs_set_driver(plug->testbed->root, path, NULL), "unbind", path);
                tell_interface(plug, interface, "unbind");
        }
        if (driver) {
                plug->drivers[interface] = driver;
                complain(sysfs_set_driver(plug->testbed->root, path, driver), "bind", path);
                tell_interface(plug, interface, "bind");
        }
}

static void on_driver(void *userdata, uint8_t interface)
{
        struct plug *plug = userdata;

        show_driver(plug, interface, kernel_driver(plug->device, interface));
}

/* Told by no event. */
static void on_alt_setting(void *userdata, uint8_t interface)
{
        struct plug *plug = userdata;

        complain(sysfs_set_alt_setting(plug->testbed->root, plug->device, interface), "write",
                 "the alt setting");
}

static void on_interface_added(void *userdata, uint8_t interface)
{
        struct plug *plug = userdata;

        complain(sysfs_add_interface(plug->testbed->root, plug->device, interface), "make",
                 "an interface");
        tell_interface(plug, interface, "add");
}

static void on_interface_gone(void *userdata, uint8_t interface)
{
        struct plug *plug = userdata;
        g_autofree char *path = sysfs_interface_path(plug->device, interface);
        g_autofree char *properties = properties_of_interface(plug->device, interface, NULL);

        show_driver(plug, interface, NULL);
        complain(sysfs_remove(plug->testbed->root, path), "remove", path);
        tell(plug->testbed, "remove", path, "usb_interface", properties);
}

/* Told by no event of the device: only its interfaces go and come. */
static void on_configuration(void *userdata)
{
        struct plug *plug = userdata;

        complain(sysfs_set_configuration(plug->testbed->root, plug->device), "write",
                 "the configuration");
}

static void remove_node(struct plug *plug)
{
        struct testbed *testbed = plug->testbed;
        g_autofree char *node = sysfs_device_node(plug->device);

        tree_unlink(testbed->root, "", node + 1);
        pthread_mutex_lock(&testbed->lock);
        umockdev_testbed_detach_ioctl(testbed->umockdev, node, NULL);
        pthread_mutex_unlock(&testbed->lock);
}

static void on_unplug(void *userdata)
{
        struct plug *plug = userdata;
        struct testbed *testbed = plug->testbed;
        g_autofree char *path = sysfs_device_path(plug->device);

        for (uint8_t i = 0; i < EMULATED_INTERFACES_MAX; i++)
                if (kernel_interface(plug->device, i))
                        on_interface_gone(plug, i);
        remove_node(plug);
        complain(sysfs_set_driver(testbed->root, path, NULL), "unbind", path);
        tell_device(plug, "unbind", NULL);
        complain(sysfs_remove_device(testbed->root, plug->device), "remove", path);
        tell_device(plug, "remove", NULL);
}

static void on_reapable(void *userdata, bool reapable)
{
        struct plug *plug = userdata;

        usbfs_set_reapable(plug->usbfs, reapable);
}

static const struct emulated_hooks hooks = {
        .on_interface_added = on_interface_added,
        .on_interface_gone = on_interface_gone,
        .on_driver = on_driver,
        .on_alt_setting = on_alt_setting,
        .on_configuration = on_configuration,
        .on_unplug = on_unplug,
        .on_reapable = on_reapable,
};

/* The FIFO of one page that stands for the node. */
static int make_node(struct testbed *testbed, const char *node)
{
        g_autofree char *path = g_strconcat(testbed->root, node, NULL);
        g_autofree char *directory = g_path_get_dirname(node);
        CLEANUP(close_fdp) int fd = -1;
        int r;

        r = tree_make_directory(testbed->root, directory);
        if (r < 0)
                return r;
        if (mkfifo(path, 0666) < 0)
                return -errno;
        fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fchmod(fd, 0666) < 0 || fcntl(fd, F_SETPIPE_SZ, (int)sysconf(_SC_PAGESIZE)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int testbed_add_bus(struct testbed *testbed, unsigned busnum, enum usb_device_speed speed)
{
        g_autofree char *path = sysfs_hub_path(busnum);
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

static int attach_node(struct plug *plug)
{
        struct testbed *testbed = plug->testbed;
        g_autofree char *node = sysfs_device_node(plug->device);
        bool attached;

        plug->fifo = make_node(testbed, node);
        if (plug->fifo < 0)
                return plug->fifo;
        plug->usbfs = usbfs_new(plug->device, plug->fifo, testbed->worker);
        pthread_mutex_lock(&testbed->lock);
        attached = umockdev_testbed_attach_ioctl(testbed->umockdev, node,
                                                 usbfs_handler(plug->usbfs), NULL);
        pthread_mutex_unlock(&testbed->lock);
        return attached ? 0 : -EIO;
}

/* In the kernel's order: the device is told of before it is configured, and bound at the end. */
static int plug_in(struct plug *plug)
{
        struct testbed *testbed = plug->testbed;
        struct emulated_device *device = plug->device;
        g_autofree char *path = sysfs_device_path(device);
        int r;

        device->configuration = NULL;
        r = attach_node(plug);
        if (r == 0)
                r = sysfs_add_device(testbed->root, device);
        if (r < 0)
                return r;
        device->plugged = true;
        device->hooks = &hooks;
        device->hooks_userdata = plug;
        tell_device(plug, "add", NULL);
        kernel_configure(device, device->description.configurations[0]);
        complain(sysfs_set_driver(testbed->root, path, "usb"), "bind", path);
        tell_device(plug, "bind", "usb");
        return 0;
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
                tell_device(plug, "change", "usb");
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
