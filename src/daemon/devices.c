/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices come, change and go as hotplug says. Facts may change under a session (a guest chooses
 * another configuration): they are taken over when they are whole again.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "daemon/hold.h"
#include "daemon/manager-private.h"
#include "util/cleanup.h"
#include "util/log.h"

struct entry *manager_find_entry(const struct manager *m, const char *port)
{
        struct device *d;

        DL_FOREACH (m->devices, d)
                if (!strcmp(device_id(d), port))
                        return entry_of(d);
        return NULL;
}

/* A delay before the next try is over, or the time in which a device should have gone. */
static void on_timer(evutil_socket_t fd, short what, void *userdata)
{
        struct entry *e = userdata;
        struct device *d = &e->device;

        if (d->phase != DEVICE_IS_WAITING)
                manager_judge(e->manager, e, OCCASION_START);
        else if (!waiting_is_anywhere(&d->waiting))
                manager_reconnect(e->manager, e, false);
}

static struct entry *add_entry(struct manager *m, const struct device_info *info)
{
        struct entry *e = calloc(1, sizeof(*e));

        if (!e)
                return NULL;
        e->timer = event_new(m->base, -1, 0, on_timer, e);
        if (!e->timer) {
                free(e);
                return NULL;
        }

        e->manager = m;
        e->device.info = *info;
        e->begun_usec = clock_usec(CLOCK_MONOTONIC);
        DL_APPEND(m->devices, &e->device);
        manager_update_verdict(m, &e->device);
        log_info("%s: %04x:%04x %s %s", device_id(&e->device), info->facts.vendor,
                 info->facts.product, info->vendor, info->product);
        if (m->observer.device_added)
                m->observer.device_added(m->userdata, &e->device);
        return e;
}

/* Whether it has come back too often: then it is given up. */
static bool comes_too_often(struct manager *m, struct entry *e)
{
        if (e->has_changed ? e->comebacks.as_others < OUTCOME_CHANGES
                           : e->comebacks.from_resets < OUTCOME_LOSSES)
                return false;

        manager_set_error(
                e, e->has_changed ? "it becomes another device again and again: attach it to "
                                    "have it followed once more"
                                  : "each reset makes it another device: give its rule reset=no");
        log_error("%s: given up: %s", device_id(&e->device), e->device.last_error);
        manager_rest(m, e, DEVICE_IS_FAILED);
        return true;
}

/*
 * As what it goes back to that guest, or INTENT_NONE. A device that has become another is the one
 * that the guest was given, whatever auto= says of it now; but only where the rules allow it to go:
 * it may be another one, plugged in as fast.
 */
static enum intent intent_of(const struct manager *m, const struct device *d,
                             const struct memory *memory)
{
        struct guest *g = manager_guest_by_name(m, memory->guest);
        bool is_automatic = manager_is_automatic(d);

        if (memory->intent == INTENT_AUTOMATIC && m->is_paused)
                return INTENT_NONE;
        if (memory_is_of_other(memory, &d->info)) {
                if (!g || d->verdict.kind != VERDICT_ALLOWED ||
                    !manager_may_go_to(m, d, memory->guest))
                        return INTENT_NONE;
                return is_automatic && manager_is_candidate(m, d, g) ? INTENT_AUTOMATIC
                                                                     : INTENT_BY_HAND;
        }
        if (memory->intent == INTENT_AUTOMATIC)
                return is_automatic && (!memory->guest[0] || (g && manager_is_candidate(m, d, g)))
                               ? INTENT_AUTOMATIC
                               : INTENT_NONE;

        return g && manager_may_go_to(m, d, memory->guest) ? INTENT_BY_HAND : INTENT_NONE;
}

/* One that was simply plugged in again is counted no further. */
static struct comebacks comebacks_of(const struct entry *e, const struct memory *memory)
{
        struct comebacks counted = memory->comebacks;

        if (e->has_changed)
                return (struct comebacks){ .as_others = counted.as_others + 1 };
        if (e->begun_usec > memory->lost_until_usec)
                return (struct comebacks){};
        counted.from_resets++;
        return counted;
}

/* The device had a guest when it was taken away. */
static bool go_back(struct manager *m, struct entry *e)
{
        struct device *d = &e->device;
        struct memory *memory = NULL;
        char guest[GUEST_NAME_MAX + 1];
        enum intent intent;

        if (d->info.is_settled)
                memory = memory_recall(&m->memories, &d->info, e->begun_usec);
        if (!memory)
                return false;

        intent = intent_of(m, d, memory);
        e->has_changed = memory_is_of_other(memory, &d->info);
        strcpy(guest, memory->guest);
        if (intent != INTENT_NONE || !e->has_changed)
                memory_forget(memory);
        if (intent == INTENT_NONE || (intent == INTENT_BY_HAND && !manager_has_room(m)))
                return false;
        e->back_from = memory->session;
        e->comebacks = comebacks_of(e, memory);
        if (comes_too_often(m, e))
                return true;
        if (intent == INTENT_AUTOMATIC && manager_is_over_limit(m, e))
                return true;

        if (guest[0])
                log_info("%s: is back%s, and goes to guest '%s' again", device_id(d),
                         e->has_changed ? " as another device" : "", guest);
        manager_go_back(m, e, intent, guest, 0);
        return true;
}

/* At that socket, by whichever of its ports. */
static struct entry *find_entry_at(const struct manager *m, const char *place)
{
        struct device *d;

        DL_FOREACH (m->devices, d)
                if (!strcmp(d->info.place, place) && d->verdict.kind != VERDICT_HUB)
                        return entry_of(d);
        return NULL;
}

/* What was remembered just now may be of a device that is there already. */
static void look_again(struct manager *m, const char *place)
{
        struct entry *e = find_entry_at(m, place);

        if (e && e->is_judged && e->device.phase == DEVICE_IS_IDLE &&
            clock_usec(CLOCK_MONOTONIC) - e->begun_usec < OUTCOME_RETURN_SEC * USEC_PER_SEC)
                go_back(m, e);
}

void manager_device_came_back(struct manager *m, uint32_t number, const char *place,
                              struct comebacks comebacks)
{
        struct entry *e = find_entry_at(m, place);

        memory_confirm(&m->memories, number,
                       clock_usec(CLOCK_MONOTONIC) + OUTCOME_RETURN_SEC * USEC_PER_SEC);
        if (!e || e->back_from != number) {
                look_again(m, place);
                return;
        }
        if (e->has_changed)
                return; /* counted already */

        e->comebacks = comebacks;
        e->comebacks.from_resets++;
        if (e->device.redirection)
                running_of(e->device.redirection)->comebacks = e->comebacks;
        else if (e->device.phase == DEVICE_IS_WAITING)
                comes_too_often(m, e);
}

static void take_in(struct manager *m, const struct device_info *info)
{
        struct entry *e = manager_find_entry(m, info->facts.port);
        bool was_automatic = e && manager_is_automatic(&e->device);
        struct device *d;

        if (!e) {
                e = add_entry(m, info);
                if (!e) {
                        log_error("%s: not taken in: out of memory", info->facts.port);
                        return;
                }
        } else if ((e->device.redirection || is_in_return(e)) &&
                   (!info->is_settled || info->facts.n_interfaces == 0)) {
                return; /* between two configurations */
        }

        d = &e->device;
        if (!memcmp(&d->info, info, sizeof(*info)) && e->is_judged)
                return;
        d->info = *info;
        manager_look_soon(m);
        manager_update_verdict(m, d);
        if (d->verdict.kind == VERDICT_HUB)
                hold_sockets_changed(m);
        if (!info->is_settled || m->is_starting) {
                manager_changed(m, e);
                return;
        }

        if (!e->is_judged && d->phase == DEVICE_IS_IDLE && go_back(m, e))
                e->is_judged = true;
        else
                manager_judge(m, e, was_automatic && e->is_judged ? OCCASION_NONE : OCCASION_PLUG);
        e->is_judged = true;
}

static void on_device(void *userdata, const struct device_info *info)
{
        CLEANUP(freep) struct device_info *whole = malloc(sizeof(*whole));

        if (!whole) {
                log_error("%s: not taken in: out of memory", info->facts.port);
                return;
        }
        *whole = *info;
        hold_complete(userdata, whole);
        take_in(userdata, whole);
}

struct memory *manager_remember(struct manager *m, const struct entry *e)
{
        uint64_t until = clock_usec(CLOCK_MONOTONIC) + OUTCOME_RETURN_SEC * USEC_PER_SEC;
        struct memory *memory = memory_keep(&m->memories, &e->device);

        memory->comebacks = e->comebacks;
        memory->until_usec = until;
        memory->change_until_usec = e->was_given ? until : 0;
        return memory;
}

/*
 * A rule's device may come back at any time; one attached by hand, only from a reset, or changed.
 * If we had asked its session to end, the guest did not have it any more.
 */
static void remember_unplugged(struct manager *m, struct entry *e)
{
        const struct device *d = &e->device;
        uint32_t session = d->redirection ? d->redirection->number : 0;
        struct memory *memory;

        if (d->redirection)
                e->comebacks = manager_session_comebacks(running_of(d->redirection));
        if (d->redirection && running_of(d->redirection)->has_cause)
                e->was_given = false;
        if (d->intent != INTENT_AUTOMATIC && (d->intent != INTENT_BY_HAND || !session))
                return;

        memory = manager_remember(m, e);
        memory->session = session;
        if (d->intent == INTENT_AUTOMATIC)
                memory->until_usec = 0;
        else
                memory->if_lost = true;
}

static void on_removed(void *userdata, const char *port)
{
        struct manager *m = userdata;
        struct entry *e = manager_find_entry(m, port);
        char place[FACTS_PORT_MAX + 1];
        struct redirection *r;
        struct error error;

        if (!e)
                return;

        strcpy(place, e->device.info.place);
        r = e->device.redirection;
        log_info("%s: unplugged", port);
        remember_unplugged(m, e);
        error_set(&error, ERROR_DEVICE_LOST, "%s was unplugged", port);
        manager_answer_attach(m, e, NULL, &error);
        if (r) {
                r->device = NULL;
                if (m->observer.session_changed)
                        m->observer.session_changed(m->userdata, r);
                manager_end_session(r, CAUSE_UNPLUGGED);
        }
        if (m->observer.device_removed)
                m->observer.device_removed(m->userdata, &e->device);
        record_remove(m->settings.runtime_directory, port);
        manager_forget_device(m, e);
        hold_sockets_changed(m);
        DL_DELETE(m->devices, &e->device);
        manager_free_entry(e);
        look_again(m, place);
        manager_look_soon(m);
}

const struct hotplug_events manager_hotplug_events = {
        .on_device = on_device,
        .on_removed = on_removed,
};
