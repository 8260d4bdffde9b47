/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An unplugged device stays in its port, to be asked how it was left, until something else is
 * plugged in; then it goes as soon as nobody has its node open. So the world does not grow, however
 * often something is plugged.
 */
#include <stdlib.h>
#include <string.h>

#include "emulated/gadget.h"
#include "emulated/internal.h"
#include "emulated/stick.h"
#include "emulated/token.h"
#include "emulated/world.h"

enum { DEVNUM_FIRST = 2, DEVNUM_LAST = 127 };

struct item;

struct kind {
        const char *name;
        int (*make)(struct item *item, const struct world_plug *what);
        void (*destroy)(void *owner);
};

struct item {
        SLIST_ENTRY(item) link; /* among the leftovers */
        struct world *world;
        const struct kind *kind;
        struct emulated_device *device;
        void *owner; /* the stick, the gadget, ... */
        uint8_t busnum, devnum;
        char port[WORLD_PORT_SIZE];
        char *strings[3]; /* manufacturer, product, serial; NULL: the kind's */
        uint8_t descriptor[USB_DT_DEVICE_SIZE];
};

struct world {
        struct testbed *testbed;
        world_event_fn on_event;
        struct item *ports[WORLD_BUSES][WORLD_PORTS];
        SLIST_HEAD(, item) leftovers;
        bool devnums[WORLD_BUSES][DEVNUM_LAST + 1]; /* in use */
        uint8_t next_devnum[WORLD_BUSES];
};

static int make_stick(struct item *item, const struct world_plug *what)
{
        struct stick_options options = {
                .port = item->port,
                .busnum = item->busnum,
                .devnum = item->devnum,
                .speed = what->speed,
                .image = what->image,
        };
        struct stick *stick;
        int r;

        r = stick_new(&stick, &options);
        if (r < 0)
                return r;
        item->owner = stick;
        item->device = stick_device(stick);
        return 0;
}

static void destroy_stick(void *owner)
{
        stick_free(owner);
}

static int make_gadget(struct item *item, const struct world_plug *what)
{
        struct gadget_options options = {
                .port = item->port,
                .busnum = item->busnum,
                .devnum = item->devnum,
        };
        struct gadget *gadget;
        int r;

        r = gadget_new(&gadget, &options);
        if (r < 0)
                return r;
        item->owner = gadget;
        item->device = gadget_device(gadget);
        return 0;
}

static void destroy_gadget(void *owner)
{
        gadget_free(owner);
}

static int make_token(struct item *item, enum token_kind kind)
{
        struct token_options options = {
                .kind = kind,
                .port = item->port,
                .busnum = item->busnum,
                .devnum = item->devnum,
        };
        struct token *token;
        int r;

        r = token_new(&token, &options);
        if (r < 0)
                return r;
        item->owner = token;
        item->device = token_device(token);
        return 0;
}

static void destroy_token(void *owner)
{
        token_free(owner);
}

#define MAKE_TOKEN(name, kind)                                                                     \
        static int make_##name(struct item *item, const struct world_plug *what)                   \
        {                                                                                          \
                return make_token(item, kind);                                                     \
        }
MAKE_TOKEN(reader, TOKEN_READER)
MAKE_TOKEN(keyboard, TOKEN_KEYBOARD)
MAKE_TOKEN(composite, TOKEN_COMPOSITE)

static const struct kind kinds[] = {
        { "stick", make_stick, destroy_stick },
        { "gadget", make_gadget, destroy_gadget },
        { "reader", make_reader, destroy_token },
        { "keyboard", make_keyboard, destroy_token },
        { "composite", make_composite, destroy_token },
};

const char *world_kind(size_t n)
{
        return n < ELEMENTS(kinds) ? kinds[n].name : NULL;
}

/* A number without zeros in front, and the character behind it. */
static bool parse_number(const char **text, unsigned max, char end, unsigned *ret)
{
        unsigned number = 0;

        while (**text >= (number > 0 ? '0' : '1') && **text <= '9' && number <= max)
                number = number * 10 + (unsigned)(*(*text)++ - '0');
        *ret = number;
        return number > 0 && number <= max && *(*text)++ == end;
}

static bool parse_port(const char *port, unsigned *ret_bus, unsigned *ret_number)
{
        return parse_number(&port, WORLD_BUSES, '-', ret_bus) &&
               parse_number(&port, WORLD_PORTS, '\0', ret_number);
}

bool world_is_port(const char *port)
{
        unsigned bus, number;

        return parse_port(port, &bus, &number);
}

static struct item **find_port(struct world *world, const char *port)
{
        unsigned bus, number;

        return parse_port(port, &bus, &number) ? &world->ports[bus - 1][number - 1] : NULL;
}

/* The next after the last one, as Linux counts. */
static int take_devnum(struct world *world, unsigned bus)
{
        for (unsigned i = 0; i <= DEVNUM_LAST - DEVNUM_FIRST; i++) {
                uint8_t devnum = world->next_devnum[bus];

                world->next_devnum[bus] =
                        devnum == DEVNUM_LAST ? DEVNUM_FIRST : (uint8_t)(devnum + 1);
                if (!world->devnums[bus][devnum]) {
                        world->devnums[bus][devnum] = true;
                        return devnum;
                }
        }
        return -EUSERS;
}

static struct item *item_free(struct item *item)
{
        if (!item)
                return NULL;
        if (item->owner)
                item->kind->destroy(item->owner);
        for (size_t i = 0; i < ELEMENTS(item->strings); i++)
                free(item->strings[i]);
        free(item);
        return NULL;
}
DEFINE_CLEANUP(struct item, item_free)

static void on_event(void *userdata, const char *text)
{
        const struct item *item = userdata;

        item->world->on_event(item->port, text);
}

/* Strings and numbers of its own, before anybody sees the device. */
static int dress(struct item *item, const struct world_plug *what)
{
        const char *const strings[] = { what->manufacturer, what->product, what->serial };
        struct emulated_description *description = &item->device->description;
        struct usb_device_descriptor *descriptor = (void *)item->descriptor;

        for (size_t i = 0; i < ELEMENTS(strings); i++) {
                if (!strings[i])
                        continue;
                item->strings[i] = strdup(strings[i]);
                if (!item->strings[i])
                        return -ENOMEM;
                description->strings[i + 1] = *strings[i] ? item->strings[i] : NULL;
        }
        memcpy(item->descriptor, description->device_descriptor, USB_DT_DEVICE_SIZE);
        if (what->vendor_id)
                descriptor->idVendor = htole16(what->vendor_id);
        if (what->product_id)
                descriptor->idProduct = htole16(what->product_id);
        description->device_descriptor = item->descriptor;
        return 0;
}

static int item_new(struct item **ret, struct world *world, const struct kind *kind,
                    const struct world_plug *what, unsigned bus, uint8_t devnum)
{
        CLEANUP(item_freep) struct item *item = calloc(1, sizeof(*item));
        int r;

        if (!item)
                return -ENOMEM;
        item->world = world;
        item->kind = kind;
        item->busnum = (uint8_t)bus;
        item->devnum = devnum;
        strcpy(item->port, what->port);
        r = kind->make(item, what);
        if (r == 0)
                r = dress(item, what);
        if (r == 0 && what->fault)
                r = emulated_fail_text(item->device, what->fault);
        if (r < 0)
                return r;
        if (world->on_event)
                emulated_watch(item->device, on_event, item);
        *ret = TAKE(item);
        return 0;
}

/* Frees those that nobody has open any more. */
static void sweep(struct world *world)
{
        struct item **at = &world->leftovers.slh_first;

        while (*at) {
                struct item *item = *at;

                if (testbed_forget(world->testbed, item->device) < 0) {
                        at = &item->link.sle_next;
                        continue;
                }
                *at = item->link.sle_next;
                item_free(item);
        }
}

static void clear_port(struct world *world, struct item **port)
{
        if (*port)
                SLIST_INSERT_HEAD(&world->leftovers, *port, link);
        *port = NULL;
        sweep(world);
}

static const struct kind *find_kind(const char *name)
{
        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (strcmp(kinds[i].name, name) == 0)
                        return &kinds[i];
        return NULL;
}

int world_plug(struct world *world, const struct world_plug *what)
{
        const struct kind *kind = find_kind(what->kind);
        struct item **port = find_port(world, what->port);
        struct item *item;
        unsigned bus, number;
        int devnum, r;

        if (!kind || !parse_port(what->port, &bus, &number))
                return -EINVAL;
        if (*port && emulated_is_plugged((*port)->device))
                return -EEXIST;
        clear_port(world, port);
        devnum = take_devnum(world, bus - 1);
        if (devnum < 0)
                return devnum;
        r = item_new(&item, world, kind, what, bus, (uint8_t)devnum);
        if (r == 0) {
                *port = item;
                r = testbed_plug(world->testbed, item->device, what->properties);
        }
        if (r < 0)
                world->devnums[bus - 1][devnum] = false;
        return r;
}

int world_unplug(struct world *world, const char *port)
{
        struct item **item = find_port(world, port);

        if (!item || !*item || !emulated_is_plugged((*item)->device))
                return -ENODEV;
        emulated_unplug((*item)->device);
        world->devnums[(*item)->busnum - 1][(*item)->devnum] = false;
        sweep(world);
        return 0;
}

int world_change(struct world *world, const char *port, const char *const *properties)
{
        struct emulated_device *device = world_device(world, port);

        return device ? testbed_change(world->testbed, device, properties) : -ENODEV;
}

struct emulated_device *world_device(struct world *world, const char *port)
{
        struct item **item = find_port(world, port);

        return item && *item ? (*item)->device : NULL;
}

void world_list(struct world *world, FILE *file)
{
        for (size_t i = 0; i < WORLD_BUSES * WORLD_PORTS; i++) {
                const struct item *item = world->ports[i / WORLD_PORTS][i % WORLD_PORTS];
                const char *serial;

                if (!item || !emulated_is_plugged(item->device))
                        continue;
                serial = emulated_string(item->device, 3);
                fprintf(file, " %s=%s,%u,%s", item->port, item->kind->name, item->devnum,
                        serial ? serial : "");
        }
}

size_t world_leftovers(struct world *world)
{
        struct item *item;
        size_t count = 0;

        sweep(world);
        SLIST_FOREACH(item, &world->leftovers, link)
        count++;
        return count;
}

const char *world_root(struct world *world)
{
        return testbed_root(world->testbed);
}

int world_new(struct world **ret, bool with_hubs, world_event_fn event)
{
        CLEANUP(world_freep) struct world *world = calloc(1, sizeof(*world));
        int r;

        if (!world)
                return -ENOMEM;
        world->on_event = event;
        SLIST_INIT(&world->leftovers);
        memset(world->next_devnum, DEVNUM_FIRST, sizeof(world->next_devnum));
        r = testbed_new(&world->testbed);
        for (unsigned i = 1; i <= WORLD_HUBS && with_hubs && r == 0; i++)
                r = testbed_add_bus(world->testbed, i, USB_SPEED_HIGH);
        if (r < 0)
                return r;
        *ret = TAKE(world);
        return 0;
}

struct world *world_free(struct world *world)
{
        struct item *item;

        if (!world)
                return NULL;
        testbed_free(world->testbed);
        for (size_t i = 0; i < WORLD_BUSES * WORLD_PORTS; i++)
                item_free(world->ports[i / WORLD_PORTS][i % WORLD_PORTS]);
        while ((item = SLIST_FIRST(&world->leftovers))) {
                SLIST_REMOVE_HEAD(&world->leftovers, link);
                item_free(item);
        }
        free(world);
        return NULL;
}
