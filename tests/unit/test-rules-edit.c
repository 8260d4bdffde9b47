/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of rules, changed by a line. What is done to the disk can be made to fail, or the process
 * to die at it, step by step.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/rules-edit.h"
#include "unit/test.h"
#include "unit/tree.h"
#include "util/conf-files.h"
#include "util/macro.h"

#define RULE    "0x08,0x0781,0x5581,-1,1"
#define OTHER   "-1,-1,-1,-1,1 auto=no"
#define ADDED   "filters.d/20-added.rules"
#define SHIPPED "# The package's.\n" OTHER "\n"

/* Steps to be done before one fails, or the process dies; -1: all are done. */
static int steps_left = -1;
static bool step_kills;
static char steps[64];

static int step(const char *name)
{
        snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "%s ", name);
        if (steps_left < 0 || steps_left-- > 0)
                return 0;
        if (step_kills)
                _exit(0);
        errno = ENOSPC;
        return -1;
}

#define WRAP(type, name, parameters, ...)                                                          \
        type __wrap_##name parameters;                                                             \
        type __real_##name parameters;                                                             \
        type __wrap_##name parameters                                                              \
        {                                                                                          \
                return step(#name) < 0 ? -1 : __real_##name(__VA_ARGS__);                          \
        }
WRAP(ssize_t, write, (int fd, const void *bytes, size_t size), fd, bytes, size)
WRAP(int, fsync, (int fd), fd)
WRAP(int, renameat, (int from, const char *old, int to, const char *new), from, old, to, new)

static int set_up(void **state)
{
        static struct tree tree;

        steps_left = -1;
        step_kills = false;
        steps[0] = '\0';
        tree_make(&tree);
        tree_write(&tree, "etc/filters.d/10-mine.rules", "# Mine.\n\n" OTHER "   # why\n" RULE);
        tree_write(&tree, "lib/filters.d/90-defaults.rules", SHIPPED);
        *state = &tree;
        return 0;
}

static int tear_down(void **state)
{
        tree_remove(*state);
        return 0;
}

static void assert_file(const struct tree *t, const char *name, const char *want)
{
        char path[512], text[1024] = "";
        FILE *file;

        tree_path(t, name, path);
        file = fopen(path, "r");
        if (!want) {
                assert_null(file);
                return;
        }
        assert_non_null(file);
        text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
        fclose(file);
        assert_string_equal(text, want);
}

/* Returns what rules_edit_write() does, or what comes before it. */
static int add(const struct tree *t, const char *file, uint32_t before, const char *rule,
               struct error *error)
{
        CLEANUP(rules_edit_clear) struct rules_edit edit = {};
        int r;

        r = rules_edit_add(&edit, t->directories, file, before, rule, error);
        return r < 0 ? r : rules_edit_write(&edit, error);
}

static int take(const struct tree *t, const char *file, uint32_t line, const char *text,
                struct error *error)
{
        CLEANUP(rules_edit_clear) struct rules_edit edit = {};
        int r;

        r = rules_edit_remove(&edit, t->directories, file, line, text, error);
        return r < 0 ? r : rules_edit_write(&edit, error);
}

static void adds_to_a_file_of_its_own(void **state)
{
        const struct tree *t = *state;
        struct error error;
        char path[512];
        struct stat st;

        umask(0077);
        assert_int_equal(add(t, "", 0, RULE " # the blue one", &error), 0);
        assert_file(t, "etc/" ADDED, RULE " # the blue one\n");
        tree_path(t, "etc/" ADDED, path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0644);
        assert_int_equal(add(t, "", 1, OTHER, &error), 0);
        assert_file(t, "etc/" ADDED, OTHER "\n" RULE " # the blue one\n");
}

static void makes_the_directory(void **state)
{
        struct tree *t = *state;
        struct error error;
        char etc[160];

        snprintf(etc, sizeof(etc), "%s/new", t->root);
        mkdir(etc, 0755);
        t->directories[0] = etc;
        assert_int_equal(add(t, "", 0, RULE, &error), 0);
        assert_file(t, "new/" ADDED, RULE "\n");
}

static void keeps_all_else_byte_for_byte(void **state)
{
        const struct tree *t = *state;
        struct error error;
        char path[512];

        assert_int_equal(add(t, "10-mine.rules", 0, RULE, &error), 0);
        assert_file(t, "etc/filters.d/10-mine.rules",
                    "# Mine.\n\n" OTHER "   # why\n" RULE "\n" RULE "\n");
        assert_int_equal(add(t, "10-mine.rules", 2, RULE " auto=no", &error), 0);
        assert_file(t, "etc/filters.d/10-mine.rules",
                    "# Mine.\n" RULE " auto=no\n\n" OTHER "   # why\n" RULE "\n" RULE "\n");
        tree_path(t, "etc/filters.d/10-mine.rules", path);
        assert_int_equal(take(t, path, 2, RULE " auto=no", &error), 0);
        assert_int_equal(take(t, path, 4, RULE, &error), 0);
        assert_file(t, "etc/filters.d/10-mine.rules", "# Mine.\n\n" OTHER "   # why\n" RULE "\n");
}

static void removes_a_rule_in_another_spelling(void **state)
{
        const struct tree *t = *state;
        struct error error;

        assert_int_equal(take(t, "10-mine.rules", 3, "-1,-1,-1,-1,1   auto=\"no\"", &error), 0);
        assert_int_equal(take(t, "10-mine.rules", 3, "8,0x781,21889,-1,1", &error), 0);
        assert_file(t, "etc/filters.d/10-mine.rules", "# Mine.\n\n");
}

struct refusal {
        const char *file;
        uint32_t line;
        const char *rule;
        enum error_kind kind;
        const char *words;
};

static void refuses_to_add_and_says_why(void **state)
{
        static const struct refusal cases[] = {
                { "", 0, RULE " gest=a", ERROR_INVALID_RULE, "column 25: unknown key" },
                { "", 0, "", ERROR_INVALID_RULE, "column 1: expected class" },
                { "", 0, "# nothing", ERROR_INVALID_RULE, "column 1" },
                { "", 0, RULE "\n" OTHER, ERROR_INVALID_RULE, "column 24: byte 0x0a" },
                { "20-added", 0, RULE, ERROR_INVALID_ARGS, "no name for a file of rules" },
                { "added.rules", 0, RULE, ERROR_INVALID_ARGS, "two digits" },
                { "20-.rules", 0, RULE, ERROR_INVALID_ARGS, "such as 20-added.rules" },
                { "20-a/b.rules", 0, RULE, ERROR_INVALID_ARGS, "no name" },
                { "../20-a.rules", 0, RULE, ERROR_INVALID_ARGS, "no name" },
                { "/tmp/20-a.rules", 0, RULE, ERROR_INVALID_ARGS, "mask it" },
                { "90-defaults.rules", 0, RULE, ERROR_INVALID_ARGS, "copy that file there" },
                { "50-masked.rules", 0, RULE, ERROR_INVALID_ARGS, "is a link" },
                { "60-open.rules", 0, RULE, ERROR_INVALID_FILES, "writable by others" },
                { "10-mine.rules", 5, RULE, ERROR_INVALID_ARGS, "4 lines" },
                { "20-added.rules", 1, RULE, ERROR_INVALID_ARGS, "0 lines" },
        };
        const struct tree *t = *state;
        struct error error;

        tree_link(t, "etc/filters.d/50-masked.rules", "/dev/null");
        tree_write(t, "etc/filters.d/60-open.rules", RULE "\n");
        tree_chmod(t, "etc/filters.d/60-open.rules", 0666);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct refusal *c = &cases[i];

                assert_int_equal(add(t, c->file, c->line, c->rule, &error), -EINVAL);
                if (error.kind != c->kind || !strstr(error.text, c->words))
                        fail_msg("%s %s: %i %s", c->file, c->rule, error.kind, error.text);
        }
        assert_string_equal(steps, "");
        assert_file(t, "etc/" ADDED, NULL);
}

static void refuses_to_remove_and_says_what_stands_there(void **state)
{
        static const struct refusal cases[] = {
                { "10-mine.rules", 4, OTHER, ERROR_NO_SUCH_RULE, "but \"" RULE "\"" },
                { "10-mine.rules", 1, "# Mine.", ERROR_NO_SUCH_RULE, "but \"# Mine.\"" },
                { "10-mine.rules", 2, "", ERROR_NO_SUCH_RULE, "but \"\"" },
                { "10-mine.rules", 5, RULE, ERROR_NO_SUCH_RULE, "4 lines" },
                { "10-mine.rules", 0, RULE, ERROR_NO_SUCH_RULE, "number 0" },
                { "", 1, RULE, ERROR_NO_SUCH_RULE, "0 lines" },
                { "90-defaults.rules", 2, OTHER, ERROR_INVALID_ARGS, "copy that file there" },
        };
        const struct tree *t = *state;
        struct error error;
        char path[512];

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct refusal *c = &cases[i];

                assert_int_equal(take(t, c->file, c->line, c->rule, &error), -EINVAL);
                if (error.kind != c->kind || !strstr(error.text, c->words))
                        fail_msg("%s %s: %i %s", c->file, c->rule, error.kind, error.text);
        }
        tree_path(t, "lib/filters.d/90-defaults.rules", path);
        assert_int_equal(take(t, path, 2, OTHER, &error), -EINVAL);
        assert_non_null(strstr(error.text, "mask it"));
        assert_string_equal(steps, "");
}

static void a_file_does_not_grow_beyond_what_is_read(void **state)
{
        const struct tree *t = *state;
        char *text = calloc(1, CONF_FILE_SIZE_MAX + 1);
        size_t room = strlen(RULE "\n");
        struct error error;

        assert_non_null(text);
        memset(text, '\n', CONF_FILE_SIZE_MAX);
        tree_write_bytes(t, "etc/" ADDED, text, CONF_FILE_SIZE_MAX - room);
        assert_int_equal(add(t, "", 0, RULE, &error), 0);
        assert_int_equal(add(t, "", 0, RULE, &error), -EINVAL);
        assert_int_equal(error.kind, ERROR_LIMIT_REACHED);
        free(text);
}

static void the_new_file_is_on_the_disk_before_it_has_its_name(void **state)
{
        struct error error;

        assert_int_equal(add(*state, "", 0, RULE, &error), 0);
        assert_string_equal(steps, "write fsync renameat fsync ");
}

static void a_disk_that_fails_leaves_the_old_file(void **state)
{
        const struct tree *t = *state;
        struct error error;

        assert_int_equal(add(t, "", 0, RULE, &error), 0);
        for (int n = 0; n < 3; n++) {
                steps_left = n;
                assert_int_equal(add(t, "", 0, OTHER, &error), -EINVAL);
                assert_int_equal(error.kind, ERROR_FAILED);
                assert_non_null(strstr(error.text, "nothing has changed: No space"));
                assert_file(t, "etc/" ADDED, RULE "\n");
                assert_file(t, "etc/filters.d/.20-added.rules.new", NULL);
        }
}

static void a_crash_leaves_the_old_file_or_the_new_one(void **state)
{
        static const char *const want[] = { RULE "\n", RULE "\n", RULE "\n", RULE "\n" OTHER "\n" };
        const struct tree *t = *state;
        struct error error;

        step_kills = true;
        for (int n = 0; n < (int)ELEMENTS(want); n++) {
                CLEANUP(conf_files_clear) struct conf_files files = {};
                pid_t child;
                int status;

                steps_left = -1;
                tree_write(t, "etc/" ADDED, RULE "\n");
                child = fork();
                assert_true(child >= 0);
                if (child == 0) {
                        steps_left = n;
                        add(t, "", 0, OTHER, &error);
                        _exit(1);
                }
                assert_int_equal(waitpid(child, &status, 0), child);
                assert_int_equal(status, 0);
                assert_file(t, "etc/" ADDED, want[n]);

                /* What is left over is not read. */
                assert_int_equal(conf_files_list(&files, t->directories, "filters.d", ".rules"), 0);
                assert_int_equal(files.n_files, 3);
        }

        assert_int_equal(add(t, "", 0, RULE, &error), 0);
        assert_file(t, "etc/" ADDED, RULE "\n" OTHER "\n" RULE "\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(adds_to_a_file_of_its_own),
                TEST(makes_the_directory),
                TEST(keeps_all_else_byte_for_byte),
                TEST(removes_a_rule_in_another_spelling),
                TEST(refuses_to_add_and_says_why),
                TEST(refuses_to_remove_and_says_what_stands_there),
                TEST(a_file_does_not_grow_beyond_what_is_read),
                TEST(the_new_file_is_on_the_disk_before_it_has_its_name),
                TEST(a_disk_that_fails_leaves_the_old_file),
                TEST(a_crash_leaves_the_old_file_or_the_new_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
