/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's filter: rules it may send once it has our hello, of what it will take. A device that
 * they deny is not offered, and not even taken from the host if they have come by then; else the
 * session ends as if the guest had rejected it, which it would. The check is QEMU's: no flags, and
 * what no rule allows is denied. The last filter counts, and one that cannot be read never does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "session/session.h"
#include "util/log.h"

static void fill_facts(struct facts *facts, const struct usb_device *device)
{
        const struct usb_device_facts *from = usb_device_facts(device);
        const struct usb_layout *layout = usb_device_layout(device);

        *facts = (struct facts){
                .vendor = from->vendor,
                .product = from->product,
                .version_bcd = from->version_bcd,
                .class = from->class_code,
                .subclass = from->subclass,
                .protocol = from->protocol,
        };

        /* A layout has no more than facts hold. */
        for (size_t i = 0; i < layout->interface_count; i++)
                facts_add_interface(facts, layout->interfaces[i].class_code,
                                    layout->interfaces[i].subclass, layout->interfaces[i].protocol);
}

void session_judge(struct session *s)
{
        enum plain_result result;
        struct facts facts;
        char *text = NULL;

        if (!s->has_filter)
                return;

        fill_facts(&facts, s->device);
        result = plain_check(&s->filter, &facts, 0);
        if (result == PLAIN_ALLOWED)
                return;

        plain_format(&s->filter, PLAIN_WIRE, &text);
        session_end(s, REASON_GUEST_REJECTED, "its filter %s: %s",
                    result == PLAIN_DENIED ? "denies it" : "has no rule for it", text ?: "");
        free(text);
}

void session_set_filter(struct session *s, const char *text)
{
        struct rule_error error;
        struct plain filter;
        int r;

        r = plain_parse(&filter, text, strlen(text), RULES_AS_UPSTREAM, &error);
        if (r < 0) {
                if (!s->has_said.bad_filter)
                        log_warning("the guest's filter is ignored: %s",
                                    r == -EINVAL ? error.text : strerror(-r));
                s->has_said.bad_filter = true;
                return;
        }

        if (!s->has_said.filter)
                log_info("the guest's filter: %s", text);
        s->has_said.filter = true;
        plain_clear(&s->filter);
        s->filter = filter;
        s->has_filter = true;
}
