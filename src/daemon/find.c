/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Devices and guests by the names that people use.
 */
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "daemon/manager-private.h"

/* Candidates that are named when a name fits several devices. */
#define CANDIDATES_SIZE 256

enum name_form { FORM_NONE, FORM_PORT, FORM_ADDRESS, FORM_ID };

struct name {
        enum name_form form;
        unsigned first, second; /* bus and address, or vendor and product */
        const char *rest;       /* port, or serial ("" for any) */
};

static bool is_hex(const char *text, size_t n)
{
        return strspn(text, "0123456789abcdefABCDEF") >= n;
}

static struct name parse_name(const char *text)
{
        struct name name = { .form = FORM_NONE };
        int end = 0;

        if (sscanf(text, "%3u/%3u%n", &name.first, &name.second, &end) == 2 && !text[end])
                name.form = FORM_ADDRESS;
        else if (is_hex(text, 4) && text[4] == ':' && is_hex(text + 5, 4) &&
                 (!text[9] || text[9] == ':')) {
                name.form = FORM_ID;
                sscanf(text, "%4x:%4x", &name.first, &name.second);
                name.rest = text[9] ? text + 10 : "";
        } else if (text[0] >= '0' && text[0] <= '9' && strchr(text, '-') &&
                   strspn(text, "0123456789-.") == strlen(text)) {
                name.form = FORM_PORT;
                name.rest = text;
        }

        return name;
}

static bool name_fits(const struct name *name, const struct device *d)
{
        switch (name->form) {
        case FORM_PORT: return !strcmp(device_id(d), name->rest);
        case FORM_ADDRESS: return d->info.bus == name->first && d->info.address == name->second;
        case FORM_ID:
                return d->info.facts.vendor == name->first &&
                       d->info.facts.product == name->second &&
                       (!*name->rest || !strcmp(d->info.facts.serial, name->rest));
        case FORM_NONE: break;
        }

        return false;
}

int manager_find_device(struct manager *m, const char *text, struct device **ret,
                        struct error *ret_error)
{
        struct name name = parse_name(text);
        char candidates[CANDIDATES_SIZE] = "";
        struct device *d, *found = NULL;
        unsigned n = 0;

        if (name.form == FORM_NONE)
                return error_set(ret_error, ERROR_INVALID_ARGS,
                                 "'%s' is no device: give a port (1-1.4), VVVV:PPPP, "
                                 "VVVV:PPPP:SERIAL or BBB/DDD",
                                 text);

        DL_FOREACH (m->devices, d) {
                size_t used = strlen(candidates);

                if (!name_fits(&name, d))
                        continue;
                found = d;
                n++;
                snprintf(candidates + used, sizeof(candidates) - used, "%s%s", used ? ", " : "",
                         device_id(d));
        }
        if (n == 0)
                return error_set(ret_error, ERROR_NO_SUCH_DEVICE, "there is no device '%s'", text);
        if (n > 1)
                return error_set(ret_error, ERROR_AMBIGUOUS_DEVICE,
                                 "'%s' fits %u devices; name one by its port: %s", text, n,
                                 candidates);

        *ret = found;
        return 0;
}

int manager_find_guest(struct manager *m, const char *name, struct guest **ret,
                       struct error *ret_error)
{
        struct guest *g = manager_guest_by_name(m, name);

        if (!g)
                return error_set(ret_error, ERROR_NO_SUCH_GUEST,
                                 "there is no guest '%s': add guests.d/%s.conf, and reload", name,
                                 name);

        *ret = g;
        return 0;
}
