/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An event happens at a port drawn at random: what is plugged in there is unplugged, otherwise a
 * device of a random kind is plugged in. A pause of 0 to 20 ms follows, measured from the time the
 * event was due, so that slow machines do not make a calmer storm.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emulated/storm.h"
#include "util/macro.h"

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* xorshift64*: below a limit, the same on every machine. */
static unsigned draw(struct storm *storm, size_t below)
{
        storm->random ^= storm->random >> 12;
        storm->random ^= storm->random << 25;
        storm->random ^= storm->random >> 27;
        return (unsigned)((storm->random * 0x2545f4914f6cdd1dULL >> 33) % below);
}

int storm_begin(struct storm *storm, unsigned count, uint64_t seed, char *const *ports,
                size_t ports_count)
{
        static const char *const all[] = { "1-1", "1-2", "1-3", "1-4", "2-1", "2-2", "2-3", "2-4" };

        if (ports_count > STORM_PORTS_MAX)
                return -EINVAL;
        *storm = (struct storm){
                .random = seed * 2 + 1, /* never 0 */
                .wanted = count,
                .ports_count = ports_count > 0 ? ports_count : ELEMENTS(all),
                .next_ms = now_ms(),
        };
        for (size_t i = 0; i < storm->ports_count; i++) {
                const char *port = ports_count > 0 ? ports[i] : all[i];

                if (!world_is_port(port))
                        return -EINVAL;
                strcpy(storm->ports[i], port);
        }
        return 0;
}

static int make_event(struct storm *storm, struct world *world)
{
        const char *port = storm->ports[draw(storm, storm->ports_count)];
        char serial[16];
        size_t kinds = 0;
        int r;

        storm->events++;
        r = world_unplug(world, port);
        if (r != -ENODEV)
                return r;
        while (world_kind(kinds))
                kinds++;
        snprintf(serial, sizeof(serial), "STORM%u", storm->events);
        return world_plug(world, &(struct world_plug){
                                         .kind = world_kind(draw(storm, kinds)),
                                         .port = port,
                                         .serial = serial,
                                 });
}

int storm_run(struct storm *storm, struct world *world)
{
        while (storm->events < storm->wanted) {
                int64_t left = storm->next_ms - now_ms();
                int r;

                if (left > 0)
                        return (int)left;
                r = make_event(storm, world);
                if (r < 0)
                        return r;
                storm->next_ms += draw(storm, STORM_PAUSE_MS + 1);
        }
        return 0;
}
