/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * USBGuard's rules, a line each: a target, then attributes with one value or a set of them. What a
 * device must have becomes keys of ours; of sets where one value is enough, each value becomes a
 * rule. Where less can be said than was meant, that is told, and what is said then holds for more
 * devices: good enough for a denial, doubtful for an allowance.
 *
 * Its allow, block and reject speak of this machine, ours of guests: who converts them wants what
 * this machine trusts to be redirected, and the rest not.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ruleset.h"
#include "ctl/scanner.h"
#include "util/array.h"
#include "util/macro.h"

enum kind {
        ID,
        PATTERN,
        INTERFACE,
        UNSAID,  /* a condition that rules of ours do not have */
        COMMENT, /* no condition */
};

static const struct {
        const char *name;
        enum kind kind;
        const char *key;
} attributes[] = {
        { "id", ID, NULL },
        { "serial", PATTERN, "serial" },
        { "name", PATTERN, "product-name" },
        { "via-port", PATTERN, "port" },
        { "with-interface", INTERFACE, "interface" },
        { "hash", UNSAID, NULL },
        { "parent-hash", UNSAID, NULL },
        { "with-connect-type", UNSAID, NULL },
        { "label", COMMENT, NULL },
};

/* Of the values, a device has: */
enum relation {
        EQUALS, /* these and no others */
        EQUALS_ORDERED,
        ALL_OF,
        ONE_OF,
        MATCH_ALL, /* no others */
        NONE_OF,
        RELATIONS,
};

static const char *const relations[RELATIONS] = {
        [EQUALS] = "equals", [EQUALS_ORDERED] = "equals-ordered", [ALL_OF] = "all-of",
        [ONE_OF] = "one-of", [MATCH_ALL] = "match-all",           [NONE_OF] = "none-of",
};

/* What one attribute says, in words of ours; of these one must hold. None: anything. */
struct choice {
        char **words;
        size_t n_words;
        bool is_given;
};

struct line {
        struct ruleset *set;
        uint32_t number;
        struct scanner scanner;
        bool allows;
        bool is_doubtful;
        struct choice choices[ELEMENTS(attributes)];
};

static void line_clear(struct line *line)
{
        for (size_t i = 0; i < ELEMENTS(line->choices); i++) {
                for (size_t j = 0; j < line->choices[i].n_words; j++)
                        free(line->choices[i].words[j]);
                free(line->choices[i].words);
        }
}

static int refuse(struct line *line, const char *what)
{
        return ruleset_refuse(line->set, line->number, line->scanner.at + 1, "%s", what);
}

/* Something at a place of the line is not in the rule that comes of it. */
static void lose(struct line *line, size_t at, const char *what)
{
        ruleset_lose(line->set, line->number, at + 1, "%s: the rule %s", what,
                     line->allows ? "would allow more" : "denies more");
        line->is_doubtful = true;
}

/* The text as a pattern that matches only it; but rules have no quote, which ? stands for. */
static void put_pattern(struct line *line, size_t at, const char *text, FILE *stream)
{
        if (strchr(text, '"'))
                lose(line, at, "a quote in a text matches any character");

        for (; *text; text++) {
                if (strchr("*?[\\", *text))
                        fputc('\\', stream);
                fputc(*text == '"' ? '?' : *text, stream);
        }
}

static int read_text(struct line *line, size_t which, FILE *stream)
{
        CLEANUP(freep) char *text = malloc(strlen(line->scanner.text) + 1);
        size_t at = line->scanner.at;
        const char *problem;

        if (!text)
                return -ENOMEM;
        if (line->scanner.text[at] != '"')
                return refuse(line, "expected a text in quotes");
        problem = scanner_take_text(&line->scanner, text);
        if (problem)
                return refuse(line, problem);
        if (attributes[which].kind != PATTERN)
                return 0;

        if (!*text) {
                lose(line, at, "that a device has no such text cannot be said");
                return 0;
        }
        fprintf(stream, " %s=\"", attributes[which].key);
        put_pattern(line, at, text, stream);
        fputc('"', stream);
        return 0;
}

static int read_id(struct line *line, FILE *stream)
{
        const char *p = scanner_here(&line->scanner);

        if (scanner_has_form(&line->scanner, "hhhh:hhhh"))
                fprintf(stream, "0x%.4s,0x%.4s", p, p + 5);
        else if (scanner_has_form(&line->scanner, "hhhh:*"))
                fprintf(stream, "0x%.4s,-1", p);
        else if (scanner_has_form(&line->scanner, "*:*"))
                fputs("-1,-1", stream);
        else
                return refuse(line, "expected VVVV:PPPP, VVVV:* or *:*, in hexadecimal");

        scanner_skip_word(&line->scanner);
        return 0;
}

static int read_interface(struct line *line, FILE *stream)
{
        const char *p = scanner_here(&line->scanner);

        if (scanner_has_form(&line->scanner, "hh:hh:hh"))
                fprintf(stream, " interface=%.2s/%.2s/%.2s", p, p + 3, p + 6);
        else if (scanner_has_form(&line->scanner, "hh:hh:*"))
                fprintf(stream, " interface=%.2s/%.2s", p, p + 3);
        else if (scanner_has_form(&line->scanner, "hh:*:*"))
                fprintf(stream, " interface=%.2s", p);
        else
                return refuse(line, "expected CC:SS:PP, CC:SS:* or CC:*:*, in hexadecimal");

        scanner_skip_word(&line->scanner);
        return 0;
}

/* Adds one value to the choice, as words of ours; none where it cannot be said. */
static int read_value(struct line *line, size_t which)
{
        struct choice *choice = &line->choices[which];
        CLEANUP(freep) char *word = NULL;
        size_t size = 0;
        FILE *stream = open_memstream(&word, &size);
        char **words;
        int r = 0;

        if (!stream)
                return -ENOMEM;
        switch (attributes[which].kind) {
        case ID: r = read_id(line, stream); break;
        case INTERFACE: r = read_interface(line, stream); break;
        case PATTERN:
        case UNSAID:
        case COMMENT: r = read_text(line, which, stream); break;
        }
        if (fclose(stream) != 0)
                return -ENOMEM;
        scanner_skip_blanks(&line->scanner);
        if (r < 0 || size == 0)
                return r;

        words = array_grow(choice->words, choice->n_words, sizeof(*words));
        if (!words)
                return -ENOMEM;
        choice->words = words;
        words[choice->n_words++] = TAKE(word);
        return 0;
}

static void keep_words(struct choice *choice, size_t n)
{
        while (choice->n_words > n)
                free(choice->words[--choice->n_words]);
}

/*
 * Makes of the values what can be said. A device has one id, one serial and so on, but several
 * interfaces: there, to have only some is more than to have one.
 */
static void apply_relation(struct line *line, size_t which, enum relation relation, size_t n_values,
                           size_t at)
{
        struct choice *choice = &line->choices[which];
        bool has_several = attributes[which].kind == INTERFACE;

        if (attributes[which].kind == COMMENT)
                return;
        if (attributes[which].kind == UNSAID) {
                lose(line, at, "this condition is not one of ours");
                return;
        }

        /* A value that could not be said has been told; without it, any holds. */
        if (choice->n_words < n_values)
                keep_words(choice, 0);

        switch (relation) {
        case ONE_OF: return;
        case MATCH_ALL:
                if (has_several)
                        lose(line, at, "that a device has no other interfaces cannot be said");
                return;
        case NONE_OF:
                lose(line, at, "that a device has none of these cannot be said");
                keep_words(choice, 0);
                return;
        case EQUALS:
        case EQUALS_ORDERED:
        case ALL_OF:
                if (n_values > 1)
                        lose(line, at, "that a device has all of these cannot be said");
                else if (has_several && relation != ALL_OF)
                        lose(line, at, "that a device has no other interfaces cannot be said");
                keep_words(choice, 1);
                return;
        case RELATIONS: break;
        }
}

static int read_attribute(struct line *line, size_t which, size_t at)
{
        enum relation relation = EQUALS;
        size_t n = 0;
        int r;

        if (line->choices[which].is_given) {
                line->scanner.at = at;
                return refuse(line, "this attribute stands on the line already: remove one");
        }
        line->choices[which].is_given = true;

        for (size_t i = 0; i < RELATIONS; i++)
                if (scanner_take_word(&line->scanner, relations[i])) {
                        relation = (enum relation)i;
                        n = 1;
                        break;
                }
        if (!scanner_take_character(&line->scanner, '{')) {
                r = n > 0 ? refuse(line, "expected { after this word") : read_value(line, which);
                n = 1;
        } else {
                for (n = 0, r = 0; r == 0 && !scanner_take_character(&line->scanner, '}'); n++)
                        r = *scanner_here(&line->scanner)
                                    ? read_value(line, which)
                                    : refuse(line, "the { is not closed: add a }");
                if (r == 0 && n == 0)
                        r = refuse(line, "expected a value before this");
        }
        if (r == 0)
                apply_relation(line, which, relation, n, at);
        return r;
}

static int read_attributes(struct line *line)
{
        int r = 0;

        while (r == 0 && *scanner_here(&line->scanner)) {
                size_t at = line->scanner.at, i = 0;

                if (scanner_take_word(&line->scanner, "if")) {
                        lose(line, at, "a condition cannot be said");
                        return 0;
                }
                while (i < ELEMENTS(attributes) &&
                       !scanner_take_word(&line->scanner, attributes[i].name))
                        i++;
                r = i < ELEMENTS(attributes)
                            ? read_attribute(line, i, at)
                            : refuse(line, "expected id, serial, name, via-port, with-interface, "
                                           "with-connect-type, hash, parent-hash, label or if");
        }

        return r;
}

/* The words of each choice in turn, as the digits of a number count up; false after the last. */
static bool next(const struct line *line, size_t digits[ELEMENTS(attributes)])
{
        for (size_t i = ELEMENTS(attributes); i-- > 0;) {
                if (++digits[i] < line->choices[i].n_words)
                        return true;
                digits[i] = 0;
        }

        return false;
}

static int add_rules(struct line *line)
{
        size_t digits[ELEMENTS(attributes)] = {};
        int r;

        do {
                char text[RULE_LINE_MAX + 1];
                size_t n = 0;

                for (size_t i = 0; i < ELEMENTS(attributes) && n < sizeof(text); i++) {
                        const struct choice *choice = &line->choices[i];
                        const char *word = choice->n_words > 0 ? choice->words[digits[i]] : "";

                        if (attributes[i].kind != ID)
                                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", word);
                        else
                                n += (size_t)snprintf(text + n, sizeof(text) - n, "-1,%s,-1,%d",
                                                      *word ? word : "-1,-1", line->allows);
                }
                if (n >= sizeof(text))
                        return refuse(line, "this becomes too long a line: make it several rules");
                r = ruleset_add(line->set, text, line->number, 1,
                                line->is_doubtful && line->allows);
        } while (r == 0 && next(line, digits));

        return r;
}

static int read_line(struct ruleset *set, const char *text, uint32_t number)
{
        CLEANUP(line_clear)
        struct line line = { .set = set, .number = number, .scanner = { text, 0 } };
        int r;

        scanner_skip_blanks(&line.scanner);
        if (!*scanner_here(&line.scanner))
                return 0;

        line.allows = scanner_take_word(&line.scanner, "allow");
        if (!line.allows && !scanner_take_word(&line.scanner, "block") &&
            !scanner_take_word(&line.scanner, "reject"))
                return refuse(&line, "expected allow, block or reject");

        r = read_attributes(&line);
        return r < 0 ? r : add_rules(&line);
}

int usbguard_read(struct ruleset *set, const char *text, size_t size)
{
        const char *end = text + size;
        uint32_t number = 0;

        while (text < end) {
                CLEANUP(freep) char *line = NULL;
                const char *stop = memchr(text, '\n', (size_t)(end - text));
                size_t length = (size_t)((stop ? stop : end) - text);

                number++;
                if (memchr(text, 0, length)) {
                        ruleset_refuse(set, number, 1, "byte 0x00 is not text");
                } else {
                        line = strndup(text, length);
                        if (!line || read_line(set, line, number) == -ENOMEM)
                                return -ENOMEM;
                }
                if (set->n_errors >= LOAD_ERRORS_MAX)
                        break;
                text += length + 1;
        }

        return set->n_errors > 0 ? -EINVAL : 0;
}
