/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A line is a filter string, which may hold blanks before its values, then words. The first word
 * that cannot continue a filter string, because it starts with no digit, sign or separator, is the
 * first key. Quotes only keep blanks in a word; there is no escape for the quote itself, which a
 * pattern can match with "?".
 */
#include "filter/rule.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "filter/text.h"

#define BLANKS            " \t"
#define FILTER_CHARACTERS "0123456789+-,:|"

/* As much of a bad word as an error quotes. */
#define QUOTED_MAX 40

static int check_text(const char *line, struct rule_error *ret_error)
{
        size_t length = strlen(line), at = 0;

        if (length > RULE_LINE_MAX)
                return rule_error_set(ret_error, RULE_LINE_MAX,
                                      "the line is longer than %d bytes: make it several lines",
                                      RULE_LINE_MAX);

        for (;; at++) {
                at += text_valid_length(line + at, length - at);
                if (line[at] != '\t')
                        break;
        }
        if (at < length)
                return rule_error_set(ret_error, at,
                                      "byte 0x%02x is not text: write UTF-8, without control "
                                      "characters",
                                      (unsigned char)line[at]);

        return 0;
}

/* Where the next word starts, or the end of the line, or of all before a comment. */
static size_t skip_blanks(const char *line, size_t at)
{
        at += strspn(line + at, BLANKS);
        return line[at] == '#' ? strlen(line) : at;
}

/* Moves *at past the word there, which is written to ret_word without its quotes. */
static int take_word(const char *line, size_t *at, char ret_word[RULE_LINE_MAX + 1],
                     struct rule_error *ret_error)
{
        bool quoted = false;
        size_t quote = 0, n = 0;

        for (; line[*at] && (quoted || !strchr(BLANKS, line[*at])); (*at)++) {
                if (line[*at] == '"') {
                        quoted = !quoted;
                        quote = *at;
                } else {
                        ret_word[n++] = line[*at];
                }
        }
        ret_word[n] = '\0';

        if (quoted)
                return rule_error_set(ret_error, quote, "the quote is not closed: add a \"");
        return 0;
}

/* Says what is wrong with a word, and which keys there are. */
static int refuse_word(const char *what, const char *word, size_t start,
                       struct rule_error *ret_error)
{
        char names[RULE_ERROR_TEXT_SIZE];
        size_t n = 0;

        for (size_t i = 0; i < KEYS && n < sizeof(names); i++)
                n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s=", i ? ", " : "",
                                      keys[i].name);

        return rule_error_set(ret_error, start, "%s \"%.*s\": the keys are %s", what, QUOTED_MAX,
                              word, names);
}

static enum key_id find_key(const char *name, size_t length)
{
        size_t i = 0;

        while (i < KEYS && (strncmp(name, keys[i].name, length) || keys[i].name[length]))
                i++;

        return (enum key_id)i;
}

static int parse_key(struct rule *rule, const char *line, size_t start, const char *word,
                     struct rule_error *ret_error)
{
        size_t length = strcspn(word, "=");
        const char *value = word + length + 1;
        const struct key *key;
        enum key_id id;

        if (!word[length])
                return refuse_word("expected key=value instead of", word, start, ret_error);

        id = find_key(word, length);
        if (id == KEYS)
                return refuse_word("unknown key", word, start, ret_error);

        key = &keys[id];
        if (rule->values[id])
                return rule_error_set(ret_error, start,
                                      "%s= stands on this line already: remove one", key->name);
        if (!*value || (key->is_valid && !key->is_valid(value)))
                return rule_error_set(ret_error, start + strcspn(line + start, "=") + 1,
                                      "%s= takes %s; found \"%.*s\"", key->name, key->takes,
                                      QUOTED_MAX, value);

        rule->values[id] = strdup(value);
        return rule->values[id] ? 0 : -ENOMEM;
}

/* Moves *at to the first key or to the end; returns where the filter string that starts there ends.
 */
static size_t skip_plain(const char *line, size_t *at)
{
        size_t end;

        do {
                end = *at + strcspn(line + *at, BLANKS);
                *at = skip_blanks(line, end);
        } while (line[*at] && strchr(FILTER_CHARACTERS, line[*at]));

        return end;
}

/* Reads the filter string that starts at *at, and moves *at behind it as skip_plain() does. */
static int parse_plain(struct rule *rule, const char *line, size_t *at,
                       struct rule_error *ret_error)
{
        size_t begin = *at, end = skip_plain(line, at);
        int r;

        r = plain_parse(&rule->plain, line + begin, end - begin, 0, ret_error);
        if (r < 0) {
                ret_error->column += (uint32_t)begin;
                return r;
        }
        if (rule->plain.n_tuples == 0)
                return rule_error_set(ret_error, begin,
                                      "expected class,vendor,product,version,allow before this");

        return 0;
}

int rule_parse(struct rule **ret_rule, const char *line, uint32_t number,
               struct rule_error *ret_error)
{
        CLEANUP(rule_freep) struct rule *rule = NULL;
        char word[RULE_LINE_MAX + 1];
        size_t at;
        int r;

        *ret_error = (struct rule_error){ .line = number };
        r = check_text(line, ret_error);
        if (r < 0)
                return r;

        at = skip_blanks(line, 0);
        if (!line[at]) {
                *ret_rule = NULL;
                return 0;
        }

        rule = calloc(1, sizeof(*rule));
        if (!rule)
                return -ENOMEM;

        r = parse_plain(rule, line, &at, ret_error);
        if (r < 0)
                return r;

        while (line[at]) {
                size_t start = at;

                r = take_word(line, &at, word, ret_error);
                if (r < 0)
                        return r;
                r = parse_key(rule, line, start, word, ret_error);
                if (r < 0)
                        return r;
                at = skip_blanks(line, at);
        }

        *ret_rule = TAKE(rule);
        return 0;
}

uint32_t rule_key_column(const char *line, enum key_id id)
{
        size_t at = skip_blanks(line, 0), length = strlen(keys[id].name);
        char word[RULE_LINE_MAX + 1];
        struct rule_error error;

        skip_plain(line, &at);
        while (line[at]) {
                size_t start = at;

                if (strlen(line + at) > RULE_LINE_MAX || take_word(line, &at, word, &error) < 0)
                        return 0;
                if (!strncmp(word, keys[id].name, length) && word[length] == '=')
                        return (uint32_t)start + 1;
                at = skip_blanks(line, at);
        }

        return 0;
}

struct rule *rule_free(struct rule *rule)
{
        if (!rule)
                return NULL;

        plain_clear(&rule->plain);
        for (size_t i = 0; i < KEYS; i++)
                free(rule->values[i]);
        free(rule);

        return NULL;
}

int rule_to_string(const struct rule *rule, char **ret_text)
{
        CLEANUP(freep) char *text = NULL;
        int r;

        r = plain_format(&rule->plain, PLAIN_WIRE, &text);
        if (r < 0)
                return r;

        for (size_t i = 0; i < KEYS; i++) {
                const char *value = rule->values[i], *quote;
                size_t length = strlen(text), size;
                char *longer;

                if (!value)
                        continue;

                size = length + strlen(keys[i].name) + strlen(value) + sizeof(" =\"\"");
                longer = realloc(text, size);
                if (!longer)
                        return -ENOMEM;
                text = longer;

                quote = strpbrk(value, BLANKS) ? "\"" : "";
                snprintf(text + length, size - length, " %s=%s%s%s", keys[i].name, quote, value,
                         quote);
        }

        *ret_text = TAKE(text);
        return 0;
}

bool rule_takes_part(const struct rule *rule, const struct facts *facts)
{
        for (size_t i = 0; i < KEYS; i++)
                if (rule->values[i] && keys[i].matches && !keys[i].matches(rule->values[i], facts))
                        return false;

        return true;
}

static bool has_value(const struct rule *rule, enum key_id id, const char *value)
{
        return rule->values[id] && !strcmp(rule->values[id], value);
}

bool rule_is_automatic(const struct rule *rule)
{
        return !has_value(rule, KEY_AUTO, "no");
}

unsigned rule_occasions(const struct rule *rule)
{
        if (has_value(rule, KEY_ON, "plug"))
                return RULE_ON_PLUG;
        if (has_value(rule, KEY_ON, "start"))
                return RULE_ON_START;

        return RULE_ON_PLUG | RULE_ON_START;
}

bool rule_may_reset(const struct rule *rule)
{
        return !has_value(rule, KEY_RESET, "no");
}

bool rule_holds(const struct rule *rule)
{
        return has_value(rule, KEY_HOLD, "yes");
}

bool rule_forces(const struct rule *rule)
{
        return has_value(rule, KEY_FORCE, "yes");
}
