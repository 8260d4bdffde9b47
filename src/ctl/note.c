/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/note.h"

#include <stdio.h>

#include "ctl/text.h"

static void print(const struct notes *notes, const struct rule_error *note)
{
        text_print(stderr, notes->name);
        fprintf(stderr, ":%u:%u: ", note->line, note->column);
        text_print(stderr, note->text);
        fputc('\n', stderr);
}

void notes_add_error(void *userdata, const struct rule_error *error)
{
        struct notes *notes = userdata;

        notes->n_errors++;
        print(notes, error);
}

void notes_add_loss(void *userdata, const struct rule_error *error)
{
        struct notes *notes = userdata;

        notes->n_losses++;
        print(notes, error);
}
