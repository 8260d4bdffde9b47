/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A handful of places, looked through one by one: devices are plugged in by hands.
 */
#include "daemon/memory.h"

#include <stdio.h>
#include <string.h>

bool memory_is_of_other(const struct memory *memory, const struct device_info *info)
{
        return memory->vendor != info->facts.vendor || memory->product != info->facts.product;
}

static bool is_of(const struct memory *memory, const struct device_info *info)
{
        const struct facts *facts = &info->facts;

        if (memory->order == 0 || memory_is_of_other(memory, info) ||
            strcmp(memory->serial, facts->serial) != 0)
                return false;

        /* What is to come back from a reset does so where it was. */
        return (facts->serial[0] && memory->until_usec == 0) || !strcmp(memory->place, info->place);
}

struct memory *memory_keep(struct memories *m, const struct device *d)
{
        struct memory *place = &m->places[0];

        for (size_t i = 0; i < MEMORY_MAX; i++) {
                if (is_of(&m->places[i], &d->info)) {
                        place = &m->places[i];
                        break;
                }
                if (m->places[i].order < place->order)
                        place = &m->places[i];
        }

        *place = (struct memory){
                .vendor = d->info.facts.vendor,
                .product = d->info.facts.product,
                .intent = d->intent,
                .order = ++m->last,
        };
        strcpy(place->place, d->info.place);
        strcpy(place->serial, d->info.facts.serial);
        strcpy(place->guest, d->guest);
        return place;
}

static bool counts(const struct memory *memory, uint64_t now_usec)
{
        return (memory->lost_until_usec > 0 || !memory->if_lost) &&
               (memory->until_usec == 0 || memory->until_usec >= now_usec);
}

static bool may_have_become(const struct memory *memory, const struct device_info *info,
                            uint64_t now_usec)
{
        return memory->order > 0 && memory->change_until_usec >= now_usec &&
               !strcmp(memory->place, info->place) && memory_is_of_other(memory, info);
}

struct memory *memory_recall(struct memories *m, const struct device_info *info, uint64_t now_usec)
{
        struct memory *changed = NULL;

        for (size_t i = 0; i < MEMORY_MAX; i++) {
                struct memory *place = &m->places[i];

                if (is_of(place, info) && counts(place, now_usec))
                        return place;
                if (may_have_become(place, info, now_usec) &&
                    (!changed || changed->order < place->order))
                        changed = place;
        }

        return changed;
}

void memory_forget(struct memory *memory)
{
        memory->order = 0;
}

void memory_confirm(struct memories *m, uint32_t number, uint64_t until_usec)
{
        for (size_t i = 0; i < MEMORY_MAX; i++) {
                struct memory *place = &m->places[i];

                if (place->order == 0 || place->session != number)
                        continue;
                place->lost_until_usec = until_usec;
                if (place->until_usec > 0)
                        place->until_usec = until_usec;
        }
}
