/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An event is a JSON object. As text its values stand in a line, in their order, those that are
 * empty left out. Each line is flushed: who reads a pipe wants it now.
 */
#include "ctl/event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/listing.h"
#include "ctl/text.h"
#include "ctl/value.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* What stands before a value, if not a blank. */
static const struct {
        const char *key, *text;
} separators[] = {
        { "to", " -> " },
        { "message", ": " },
};

/* By kind: what is told of an object that is new, from its listing. */
static const struct {
        const struct listing *listing;
        const char *keys[4];
} news[] = {
        [OBJECT_DEVICE] = { &device_listing, { "id", "name", "state" } },
        [OBJECT_GUEST] = { &guest_listing, { "state" } },
        [OBJECT_SESSION] = { &session_listing, { "device", "guest", "state" } },
};

static int print_event(const json_t *event)
{
        const json_t *value;
        const char *key;

        json_object_foreach ((json_t *)event, key, value) {
                CLEANUP(freep) char *text = NULL;
                const char *separator = " ";

                if (json_is_string(value) && json_string_length(value) == 0)
                        continue;
                for (size_t i = 0; i < ELEMENTS(separators); i++)
                        if (!strcmp(key, separators[i].key))
                                separator = separators[i].text;

                text = text_of(value, !strcmp(key, "time") ? TEXT_TIME : TEXT_PLAIN);
                if (!text)
                        return -ENOMEM;
                printf("%s%s", !strcmp(key, "time") ? "" : separator, text);
        }

        putchar('\n');
        return 0;
}

/* Adds the time, and what happened to which kind of thing, before all else. Takes the details. */
static int emit(const struct ctl *ctl, const char *kind, const char *what, json_t *details)
{
        CLEANUP(json_decrefp) json_t *event = NULL, *rest = details;
        struct timespec now;
        int r = 0;

        clock_gettime(CLOCK_REALTIME, &now);
        event = json_pack("{s:I, s:o}", "time",
                          (json_int_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, "event",
                          json_sprintf("%s-%s", kind, what));
        if (!event || !rest || json_object_update(event, rest) < 0)
                return -ENOMEM;

        if (!ctl->json)
                r = print_event(event);
        else if (print_json(event, JSON_COMPACT) != CTL_DONE)
                r = -ENOMEM;

        return r < 0 ? r : fflush(stdout) ? -errno : 0;
}

static int emit_object(const struct ctl *ctl, const struct object *o, const char *what,
                       const json_t *details)
{
        CLEANUP(json_decrefp) json_t *event = NULL;

        event = json_pack("{s:o}", object_kinds[o->kind].name, object_name(o->kind, o->path));
        if (!event || (details && json_object_update(event, (json_t *)details) < 0))
                return -ENOMEM;

        return emit(ctl, object_kinds[o->kind].name, what, TAKE(event));
}

int event_added(const struct ctl *ctl, const struct object *o)
{
        CLEANUP(json_decrefp) json_t *row = NULL, *details = json_object();

        row = listing_object(news[o->kind].listing, o);
        for (const char *const *key = news[o->kind].keys; *key; key++)
                if (json_object_set(details, *key, json_object_get(row, *key)) < 0)
                        return -ENOMEM;

        return emit_object(ctl, o, "added", details);
}

int event_removed(const struct ctl *ctl, const struct object *o)
{
        return emit_object(ctl, o, "removed", NULL);
}

int event_changed(const struct ctl *ctl, const struct object *o, const json_t *former)
{
        CLEANUP(json_decrefp) json_t *details = NULL;
        const char *from = value_string(former, "State"),
                   *to = value_string(o->properties, "State");

        if (!strcmp(from, to))
                return 0;

        details = json_pack("{s:s, s:s, s:s}", "from", from, "to", to, "message",
                            object_state_is_trouble(to) ? value_string(o->properties, "LastError")
                                                        : "");
        return details ? emit_object(ctl, o, "changed", details) : -ENOMEM;
}

int event_session_ended(const struct ctl *ctl, const char *session, const char *device,
                        const char *reason, const char *message)
{
        return emit(ctl, object_kinds[OBJECT_SESSION].name, "ended",
                    json_pack("{s:o, s:o, s:s, s:s}", "session",
                              object_name(OBJECT_SESSION, session), "device",
                              object_name(OBJECT_DEVICE, device), "reason", reason, "message",
                              message));
}

static int object_vanished(const struct ctl *ctl, const struct object *o)
{
        if (o->kind != OBJECT_SESSION)
                return event_removed(ctl, o);

        return event_session_ended(ctl, o->path, value_string(o->properties, "Device"), "",
                                   "while usbredird was not running");
}

int event_compare(const struct ctl *ctl, enum object_kind kind, json_t *former, json_t *all)
{
        struct object old, new;
        const char *path;
        json_t *value;
        int r = 0;

        json_object_foreach (former, path, value) {
                if (r == 0 && objects_find(former, kind, path, &old) &&
                    !objects_find(all, kind, path, &new))
                        r = object_vanished(ctl, &old);
        }

        json_object_foreach (all, path, value) {
                if (r < 0 || !objects_find(all, kind, path, &new))
                        continue;
                r = objects_find(former, kind, path, &old)
                            ? event_changed(ctl, &new, old.properties)
                            : event_added(ctl, &new);
        }

        return r;
}

int event_manager_changed(const struct ctl *ctl, const json_t *changed)
{
        const json_t *paused = json_object_get(changed, "Paused");
        const json_t *errors = json_object_get(changed, "ConfigurationErrors");
        int r = 0;

        if (paused)
                r = emit(ctl, "daemon", json_is_true(paused) ? "paused" : "resumed", json_object());
        if (r == 0 && errors)
                r = emit(ctl, "configuration", "loaded",
                         json_pack("{s:o}", "message",
                                   json_sprintf("%zu errors", json_array_size(errors))));

        return r;
}

int event_daemon(const struct ctl *ctl, bool is_running)
{
        return emit(ctl, "daemon", is_running ? "started" : "stopped", json_object());
}
