/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * usbredirctl convert: rules in the forms of other programs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/input.h"
#include "ctl/listing.h"
#include "ctl/note.h"
#include "ctl/reduce.h"
#include "util/cleanup.h"
#include "util/macro.h"

struct conversion {
        const struct form *form;
        struct ruleset set;
        struct notes notes;
};

static int print_plain(const struct plain *plain, enum plain_form form)
{
        CLEANUP(freep) char *text = NULL;
        int r;

        r = plain_format(plain, form, &text);
        if (r == 0)
                puts(text);
        return r;
}

static int print_string(const struct plain *plain)
{
        return print_plain(plain, PLAIN_WIRE);
}

static int print_qemu(const struct plain *plain)
{
        return print_plain(plain, PLAIN_QEMU);
}

static void print_attribute(const char *name, int digits, int32_t value)
{
        if (value >= 0)
                printf(" %s='0x%0*x'", name, digits, (unsigned)value);
}

static int print_libvirt(const struct plain *plain)
{
        puts("<redirfilter>");
        for (size_t i = 0; i < plain->n_tuples; i++) {
                const struct tuple *t = &plain->tuples[i];

                fputs("  <usbdev", stdout);
                print_attribute("class", 2, t->class);
                print_attribute("vendor", 4, t->vendor);
                print_attribute("product", 4, t->product);
                if (t->version >= 0)
                        printf(" version='%x.%02x'", (unsigned)t->version >> 8,
                               (unsigned)t->version & 0xff);
                printf(" allow='%s'/>\n", t->allow ? "yes" : "no");
        }
        puts("</redirfilter>");
        return 0;
}

static const struct form {
        const char *name;
        int (*print)(const struct plain *plain); /* NULL: as rules */
        unsigned flags;
} forms[] = {
        { "string", print_string, 0 },
        { "qemu", print_qemu, 0 },
        { "libvirt", print_libvirt, REDUCE_DECIMAL_VERSIONS },
        { "rules", NULL, 0 },
};

/* As one line; as one for each tuple if that is too long to be read again. */
static int print_rule(const struct rule *rule, bool is_doubtful)
{
        CLEANUP(freep) char *text = NULL;
        int r;

        r = rule_to_string(rule, &text);
        if (r < 0)
                return r;
        if (strlen(text) <= RULE_LINE_MAX || rule->plain.n_tuples == 1) {
                printf("%s%s\n", is_doubtful ? "# doubtful: " : "", text);
                return 0;
        }

        for (size_t i = 0; i < rule->plain.n_tuples && r == 0; i++) {
                struct rule one = *rule;

                one.plain = (struct plain){ &rule->plain.tuples[i], 1 };
                r = print_rule(&one, is_doubtful);
        }
        return r;
}

static int print_rules(const struct ruleset *set)
{
        int r = 0;

        for (size_t i = 0; i < policy_n_entries(set->policy) && r == 0; i++)
                r = print_rule(policy_get(set->policy, i)->rule, set->is_doubtful[i]);

        return r;
}

static int convert(struct conversion *c, const char *text, size_t size)
{
        CLEANUP(plain_clear) struct plain plain = {};
        int r;

        r = ruleset_init(&c->set, notes_add_error, notes_add_loss, &c->notes);
        if (r == 0)
                r = ruleset_read(&c->set, text, size);
        if (r == 0 && c->form->print)
                r = reduce(&c->set, text, c->form->flags, &plain);
        if (r < 0)
                return r;

        return c->form->print ? c->form->print(&plain) : print_rules(&c->set);
}

/* The name of a text that is no file's. */
static const char text_itself[] = "RULES";

/* A file's text, standard input's, or the argument itself. */
static enum ctl_exit take_text(struct conversion *c, const char *argument, char **ret_text,
                               size_t *ret_size)
{
        int r;

        c->notes.name = strcmp(argument, "-") != 0 ? argument : "stdin";
        r = input_read(argument, RULESET_SIZE_MAX, ret_text, ret_size);
        if (r == -ENOENT || r == -ENAMETOOLONG) {
                c->notes.name = text_itself;
                *ret_size = strlen(argument);
                *ret_text = strdup(argument);
                r = *ret_text ? 0 : -ENOMEM;
        }
        if (r == -EFBIG || (r == 0 && *ret_size > RULESET_SIZE_MAX))
                fprintf(stderr, "%s: more than 1 MiB is no list of rules\n", c->notes.name);
        else if (r < 0)
                fprintf(stderr, "%s: %s\n", c->notes.name, strerror(-r));

        return r < 0 ? CTL_FAILURE : CTL_DONE;
}

enum ctl_exit command_convert(struct ctl *ctl, char **arguments)
{
        struct conversion c = { 0 };
        CLEANUP(freep) char *text = NULL;
        enum ctl_exit result;
        size_t size;
        int r;

        for (size_t i = 0; i < ELEMENTS(forms); i++)
                if (!strcmp(ctl->to, forms[i].name))
                        c.form = &forms[i];
        if (!c.form) {
                fputs("usbredirctl: --to takes string, qemu, libvirt or rules\n", stderr);
                return CTL_USAGE;
        }

        result = take_text(&c, arguments[0], &text, &size);
        if (result != CTL_DONE)
                return result;

        r = convert(&c, text, size);
        ruleset_clear(&c.set);
        if (r == -ENOMEM)
                return out_of_memory();
        if (r < 0 && c.notes.name == text_itself)
                fprintf(stderr, "(there is no such file, so it was read as rules itself)\n");

        return r < 0 ? CTL_FAILURE : c.notes.n_losses > 0 ? CTL_PARTLY : CTL_DONE;
}
