/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What makes a device of code one that programs see. The node and its ioctls are there before the
 * device is: whoever is told "add" may open it at once. sysfs always shows what the next event
 * tells.
 */
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <umockdev.h>
#include <unistd.h>

#include "emulated/descriptor.h"
#include "emulated/kernel.h"
#include "emulated/properties.h"
#include "emulated/sysfs.h"
#include "emulated/testbed-private.h"
#include "emulated/tree.h"

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

void plug_tell(struct plug *plug, const char *action, const char *driver)
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
        plug_tell(plug, "unbind", NULL);
        complain(sysfs_remove_device(testbed->root, plug->device), "remove", path);
        plug_tell(plug, "remove", NULL);
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

int plug_in(struct plug *plug)
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
        plug_tell(plug, "add", NULL);
        kernel_configure(device, device->description.configurations[0]);
        complain(sysfs_set_driver(testbed->root, path, "usb"), "bind", path);
        plug_tell(plug, "bind", "usb");
        return 0;
}
