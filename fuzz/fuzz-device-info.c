/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What sysfs and udev say of a device: its facts are bounded and are text, and what cannot be known
 * in full is refused. The functions of libudev, and those that read the directory, are ours.
 *
 * Input: how many interfaces, properties, then what sysfs and libudev say, as they are asked.
 */
#include "daemon/device-info.h"

#include <dirent.h>
#include <errno.h>

#include "fuzz/facts.h"

#define SYSPATH "/sys/fuzz"

#define PROPERTIES_MAX 40
#define TEXTS_MAX      256

struct udev_list_entry {
        char *name, *value;
};

static struct input in;

/* The directories below the device's, and which comes next. Their files are read from the input. */
static struct dirent next_entry;
static unsigned entries_left;

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);
struct dirent *__real_readdir(DIR *directory);
struct dirent *__wrap_readdir(DIR *directory);
int __real_closedir(DIR *directory);
int __wrap_closedir(DIR *directory);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

static char *texts[TEXTS_MAX];
static size_t n_texts;
static struct udev_list_entry properties[PROPERTIES_MAX + 1];

/* The next text, or none. */
static const char *say(void)
{
        if (n_texts == TEXTS_MAX || take_u8(&in) >= 250)
                return NULL;
        return texts[n_texts++] = text_of(take_block(&in));
}

/* Numbers that can be, mostly: without them nothing else is asked. */
const char *udev_device_get_sysattr_value(struct udev_device *device, const char *name)
{
        if (strcmp(name, "serial") && strcmp(name, "product") && strcmp(name, "manufacturer") &&
            strcmp(name, "speed") && take_u8(&in) < 192)
                return "1";

        return say();
}

const char *udev_device_get_property_value(struct udev_device *device, const char *name)
{
        return say();
}

const char *udev_device_get_sysname(struct udev_device *device)
{
        return take_u8(&in) < 192 ? "1-1.4" : say();
}

const char *udev_device_get_syspath(struct udev_device *device)
{
        return SYSPATH;
}

const char *udev_device_get_driver(struct udev_device *device)
{
        return take_u8(&in) & 1 ? "usb" : NULL;
}

int udev_device_get_is_initialized(struct udev_device *device)
{
        return take_u8(&in) & 1;
}

struct udev_list_entry *udev_device_get_properties_list_entry(struct udev_device *device)
{
        return properties[0].name ? properties : NULL;
}

struct udev_list_entry *udev_list_entry_get_next(struct udev_list_entry *entry)
{
        return entry[1].name ? entry + 1 : NULL;
}

const char *udev_list_entry_get_name(struct udev_list_entry *entry)
{
        return entry->name;
}

const char *udev_list_entry_get_value(struct udev_list_entry *entry)
{
        return entry->value;
}

static void take_properties(void)
{
        size_t n = take_u8(&in) % (PROPERTIES_MAX + 1);

        for (size_t i = 0; i < n; i++)
                properties[i] = (struct udev_list_entry){ text_of(take_block(&in)),
                                                          text_of(take_block(&in)) };
}

static void free_texts(void)
{
        for (struct udev_list_entry *p = properties; p->name; p++) {
                free(p->name);
                free(p->value);
                *p = (struct udev_list_entry){ NULL, NULL };
        }
        while (n_texts > 0)
                free(texts[--n_texts]);
}

DIR *__wrap_opendir(const char *path)
{
        return strcmp(path, SYSPATH) ? __real_opendir(path) : (DIR *)&next_entry;
}

struct dirent *__wrap_readdir(DIR *directory)
{
        if (directory != (DIR *)&next_entry)
                return __real_readdir(directory);
        if (entries_left == 0)
                return NULL;
        snprintf(next_entry.d_name, sizeof(next_entry.d_name), "1-1.4:1.%u", entries_left--);
        return &next_entry;
}

int __wrap_closedir(DIR *directory)
{
        return directory == (DIR *)&next_entry ? 0 : __real_closedir(directory);
}

/* An attribute of an interface. */
FILE *__wrap_fopen(const char *path, const char *mode)
{
        const char *text;

        if (strncmp(path, SYSPATH "/", strlen(SYSPATH) + 1))
                return __real_fopen(path, mode);

        text = say();
        return text ? fmemopen((void *)text, strlen(text) + 1, "r") : NULL;
}

static void must_be_info(const struct device_info *info)
{
        must_be_text(info->facts.serial);
        must_be_text(info->facts.vendor_name);
        must_be_text(info->facts.product_name);
        must_be_text(info->facts.path);
        must_be_text(info->vendor);
        must_be_text(info->product);
        CHECKED(info->facts.n_interfaces <= FACTS_INTERFACES_MAX);
        CHECKED(info->facts.properties_size <= FACTS_PROPERTIES_SIZE);
        for (size_t i = 1; i < info->facts.n_interfaces; i++)
                CHECKED(info->interface_numbers[i - 1] <= info->interface_numbers[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct device_info info;
        int r;

        in = (struct input){ data, size };
        entries_left = take_u8(&in);
        entries_left = entries_left < 200 ? entries_left % 3 : entries_left - 200;
        take_properties();
        r = device_info_read(NULL, &info);
        CHECKED(r == 0 || r == -ENODEV);
        if (r == 0)
                must_be_info(&info);
        free_texts();
        return 0;
}
