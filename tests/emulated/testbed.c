/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * umockdev makes the tree and runs the thread that answers; here is what makes both a USB device.
 * The node and its ioctls are there before the device is: whoever is told "add" may open it at
 * once. What changes in sysfs while the device is used (driver, alt setting, configuration) is
 * done by the hooks, under the device's lock; umockdev itself is protected by the testbed's.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <sys/stat.h>
#include <umockdev.h>
#include <unistd.h>

#include "emulated/descriptor.h"
#include "emulated/kernel.h"
#include "emulated/sysfs.h"
#include "emulated/testbed.h"
#include "emulated/usbfs.h"

/* A device that is, or was, plugged in. */
struct plug {
        LIST_ENTRY(plug) link;
        struct testbed *testbed;
        struct emulated_device *device;
        struct usbfs *usbfs;
        int fifo;
};

struct testbed {
        UMockdevTestbed *umockdev;
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
        struct testbed *testbed;

        if (!testbed_is_possible())
                return -EOPNOTSUPP;
        testbed = g_new0(struct testbed, 1);
        testbed->umockdev = umockdev_testbed_new();
        testbed->root = umockdev_testbed_get_root_dir(testbed->umockdev);
        pthread_mutex_init(&testbed->lock, NULL);
        LIST_INIT(&testbed->plugs);
        *ret = testbed;
        return 0;
}

const char *testbed_root(struct testbed *testbed)
{
        return testbed->root;
}

/* Adds to the tree what the description says, and frees it. */
static int add_described(struct testbed *testbed, char *description)
{
        GError *error = NULL;

        umockdev_testbed_add_from_string(testbed->umockdev, description, &error);
        g_free(description);
        if (error) {
                fprintf(stderr, "testbed: %s\n", error->message);
                g_error_free(error);
                return -EIO;
        }
        return 0;
}

static void make_driver_directory(struct testbed *testbed, const char *driver)
{
        g_autofree char *path =
                g_build_filename(testbed->root, "sys/bus/usb/drivers", driver, NULL);

        g_mkdir_with_parents(path, 0755);
}

static void add_interface(struct plug *plug, uint8_t interface)
{
        struct testbed *testbed = plug->testbed;
        g_autofree char *path = sysfs_interface_path(plug->device, interface);

        if (plug->device->interfaces[interface].driver)
                make_driver_directory(testbed, plug->device->interfaces[interface].driver);
        if (add_described(testbed, sysfs_describe_interface(plug->device, interface)) == 0)
                umockdev_testbed_uevent(testbed->umockdev, path, "add");
}

static void remove_node(struct testbed *testbed, const char *path)
{
        umockdev_testbed_uevent(testbed->umockdev, path, "remove");
        umockdev_testbed_remove_device(testbed->umockdev, path);
}

static bool has_interface(struct plug *plug, uint8_t interface)
{
        return plug->device->configuration &&
               descriptor_find_interface(plug->device->configuration, interface, 0);
}

static void on_configuration_gone(void *userdata)
{
        struct plug *plug = userdata;

        pthread_mutex_lock(&plug->testbed->lock);
        for (uint8_t i = 0; i < EMULATED_INTERFACES_MAX; i++) {
                g_autofree char *path = NULL;

                if (!has_interface(plug, i))
                        continue;
                path = sysfs_interface_path(plug->device, i);
                remove_node(plug->testbed, path);
        }
        pthread_mutex_unlock(&plug->testbed->lock);
}

static void add_interfaces(struct plug *plug)
{
        for (uint8_t i = 0; i < EMULATED_INTERFACES_MAX; i++)
                if (has_interface(plug, i))
                        add_interface(plug, i);
}

static void on_configuration(void *userdata)
{
        struct plug *plug = userdata;
        const uint8_t *configuration = plug->device->configuration;
        g_autofree char *path = sysfs_device_path(plug->device);
        g_autofree char *value =
                configuration ? g_strdup_printf("%u\n", configuration[5]) : g_strdup("");
        g_autofree char *count =
                configuration ? g_strdup_printf("%2u\n", configuration[4]) : g_strdup("");

        pthread_mutex_lock(&plug->testbed->lock);
        umockdev_testbed_set_attribute(plug->testbed->umockdev, path, "bConfigurationValue", value);
        umockdev_testbed_set_attribute(plug->testbed->umockdev, path, "bNumInterfaces", count);
        add_interfaces(plug);
        pthread_mutex_unlock(&plug->testbed->lock);
}

/* The driver's link and the alt setting follow the state; binding is told as the kernel does. */
static void on_interface(void *userdata, uint8_t interface)
{
        struct plug *plug = userdata;
        struct testbed *testbed = plug->testbed;
        const char *driver = plug->device->interfaces[interface].driver;
        g_autofree char *path = sysfs_interface_path(plug->device, interface);
        g_autofree char *link = g_build_filename(testbed->root, path, "driver", NULL);
        g_autofree char *had = g_file_read_link(link, NULL);
        g_autofree char *alt = g_strdup_printf("%2u\n", plug->device->interfaces[interface].alt);

        pthread_mutex_lock(&testbed->lock);
        umockdev_testbed_set_attribute(testbed->umockdev, path, "bAlternateSetting", alt);
        if (had && !driver) {
                g_unlink(link);
                umockdev_testbed_uevent(testbed->umockdev, path, "unbind");
        } else if (!had && driver) {
                g_autofree char *target =
                        g_strdup_printf("../../../../../../bus/usb/drivers/%s", driver);

                make_driver_directory(testbed, driver);
                umockdev_testbed_set_attribute_link(testbed->umockdev, path, "driver", target);
                umockdev_testbed_uevent(testbed->umockdev, path, "bind");
        }
        pthread_mutex_unlock(&testbed->lock);
}

static void on_unplug(void *userdata)
{
        struct plug *plug = userdata;
        struct testbed *testbed = plug->testbed;
        g_autofree char *path = sysfs_device_path(plug->device);
        g_autofree char *node = sysfs_device_node(plug->device);
        g_autofree char *real_node = g_build_filename(testbed->root, node, NULL);

        on_configuration_gone(plug);
        pthread_mutex_lock(&testbed->lock);
        g_unlink(real_node);
        umockdev_testbed_detach_ioctl(testbed->umockdev, node, NULL);
        remove_node(testbed, path);
        pthread_mutex_unlock(&testbed->lock);
}

static void on_reapable(void *userdata, bool reapable)
{
        struct plug *plug = userdata;

        usbfs_set_reapable(plug->usbfs, reapable);
}

static const struct emulated_hooks hooks = {
        .on_interface = on_interface,
        .on_configuration_gone = on_configuration_gone,
        .on_configuration = on_configuration,
        .on_unplug = on_unplug,
        .on_reapable = on_reapable,
};

/* The FIFO of one page that stands for the node. */
static int make_node(struct testbed *testbed, const char *node)
{
        g_autofree char *path = g_build_filename(testbed->root, node, NULL);
        g_autofree char *directory = g_path_get_dirname(path);
        CLEANUP(close_fdp) int fd = -1;

        g_mkdir_with_parents(directory, 0755);
        if (mkfifo(path, 0666) < 0)
                return -errno;
        fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (fchmod(fd, 0666) < 0 || fcntl(fd, F_SETPIPE_SZ, (int)sysconf(_SC_PAGESIZE)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int add_hub(struct testbed *testbed, const struct emulated_description *description)
{
        int r;

        if (testbed->buses & 1U << description->busnum)
                return 0;
        make_driver_directory(testbed, "usb");
        r = add_described(testbed, sysfs_describe_hub(description->busnum, description->speed));
        if (r < 0)
                return r;
        testbed->buses |= 1U << description->busnum;
        return 0;
}

static int add_to_tree(struct plug *plug, const char *const *properties)
{
        struct testbed *testbed = plug->testbed;
        struct emulated_device *device = plug->device;
        g_autofree char *node = sysfs_device_node(device);
        g_autofree char *path = sysfs_device_path(device);
        int r;

        r = add_hub(testbed, &device->description);
        if (r < 0)
                return r;
        plug->fifo = make_node(testbed, node);
        if (plug->fifo < 0)
                return plug->fifo;
        plug->usbfs = usbfs_new(device, plug->fifo);
        if (!umockdev_testbed_attach_ioctl(testbed->umockdev, node, usbfs_handler(plug->usbfs),
                                           NULL))
                return -EIO;
        r = add_described(testbed, sysfs_describe_device(device, properties));
        if (r < 0)
                return r;
        add_interfaces(plug);
        umockdev_testbed_uevent(testbed->umockdev, path, "add");
        return 0;
}

int testbed_plug(struct testbed *testbed, struct emulated_device *device,
                 const char *const *properties)
{
        struct plug *plug;
        int r;

        if (device->hooks)
                return -EALREADY;
        plug = g_new0(struct plug, 1);
        *plug = (struct plug){ .testbed = testbed, .device = device, .fifo = -1 };
        LIST_INSERT_HEAD(&testbed->plugs, plug, link);

        emulated_lock(device);
        kernel_bind_drivers(device);
        pthread_mutex_lock(&testbed->lock);
        r = add_to_tree(plug, properties);
        pthread_mutex_unlock(&testbed->lock);
        if (r == 0) {
                device->plugged = true;
                device->hooks = &hooks;
                device->hooks_userdata = plug;
        }
        emulated_unlock(device);
        return r;
}

struct testbed *testbed_free(struct testbed *testbed)
{
        struct plug *plug;

        if (!testbed)
                return NULL;
        LIST_FOREACH(plug, &testbed->plugs, link)
        emulated_unplug(plug->device);
        g_object_unref(testbed->umockdev); /* ends its thread, removes the directory */
        while ((plug = LIST_FIRST(&testbed->plugs))) {
                LIST_REMOVE(plug, link);
                usbfs_free(plug->usbfs);
                plug->device->hooks = NULL;
                close_fd(plug->fifo);
                g_free(plug);
        }
        pthread_mutex_destroy(&testbed->lock);
        g_free(testbed->root);
        g_free(testbed);
        return NULL;
}
