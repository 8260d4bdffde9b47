/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which files are listed, in which order, and which are not trusted.
 */
#include "unit/test.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "unit/tree.h"
#include "util/conf-files.h"
#include "util/macro.h"

uid_t __wrap_geteuid(void);
uid_t __real_geteuid(void);

static bool is_someone_else;

uid_t __wrap_geteuid(void)
{
        return __real_geteuid() + is_someone_else;
}

static int set_up(void **state)
{
        static struct tree tree;

        is_someone_else = false;
        tree_make(&tree);
        *state = &tree;
        return 0;
}

static int tear_down(void **state)
{
        tree_remove(*state);
        return 0;
}

/* Paths below the tree, each with "!" if it has a problem, joined by blanks. */
static void assert_listed(const struct tree *t, const struct conf_files *files, const char *want)
{
        char text[1024] = "";

        for (size_t i = 0; i < files->n_files; i++)
                snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s%s", i ? " " : "",
                         files->files[i].path + strlen(t->root) + 1,
                         files->files[i].problem ? "!" : "");
        assert_string_equal(text, want);
}

static void assert_list(const struct tree *t, const char *want)
{
        CLEANUP(conf_files_clear) struct conf_files files = {};

        assert_int_equal(conf_files_list(&files, t->directories, "x.d", ".conf"), 0);
        assert_listed(t, &files, want);
}

static void missing_directories_hold_nothing(void **state)
{
        assert_list(*state, "");
}

static void sorts_by_name_over_all_directories(void **state)
{
        tree_write(*state, "etc/x.d/20-b.conf", "");
        tree_write(*state, "etc/x.d/90-d.conf", "");
        tree_write(*state, "lib/x.d/50-c.conf", "");
        tree_write(*state, "lib/x.d/10-a.conf", "");
        assert_list(*state,
                    "lib/x.d/10-a.conf etc/x.d/20-b.conf lib/x.d/50-c.conf etc/x.d/90-d.conf");
}

static void the_higher_directory_replaces(void **state)
{
        tree_write(*state, "lib/x.d/10-a.conf", "");
        tree_write(*state, "lib/x.d/20-b.conf", "");
        tree_write(*state, "etc/x.d/20-b.conf", "");
        assert_list(*state, "lib/x.d/10-a.conf etc/x.d/20-b.conf");
}

static void a_link_to_dev_null_masks(void **state)
{
        tree_write(*state, "lib/x.d/10-a.conf", "");
        tree_write(*state, "lib/x.d/20-b.conf", "");
        tree_link(*state, "etc/x.d/20-b.conf", "/dev/null");
        assert_list(*state, "lib/x.d/10-a.conf");
}

static void a_mask_below_masks_nothing(void **state)
{
        tree_write(*state, "etc/x.d/20-b.conf", "");
        tree_link(*state, "lib/x.d/20-b.conf", "/dev/null");
        assert_list(*state, "etc/x.d/20-b.conf");
}

static void an_empty_file_replaces_and_stays(void **state)
{
        tree_write(*state, "lib/x.d/20-b.conf", "text");
        tree_write(*state, "etc/x.d/20-b.conf", "");
        assert_list(*state, "etc/x.d/20-b.conf");
}

static void other_suffixes_and_hidden_files_are_none(void **state)
{
        tree_write(*state, "etc/x.d/README", "");
        tree_write(*state, "etc/x.d/a.conf~", "");
        tree_write(*state, "etc/x.d/a.conf.dpkg-old", "");
        tree_write(*state, "etc/x.d/.conf", "");
        tree_write(*state, "etc/x.d/.#a.conf", "");
        tree_write(*state, "etc/x.d/xconf", "");
        assert_list(*state, "");
}

static void finds_the_highest_file(void **state)
{
        const struct tree *t = *state;
        CLEANUP(conf_files_clear) struct conf_files files = {};

        tree_write(t, "lib/x.conf", "");
        assert_int_equal(conf_files_find(&files, t->directories, "x.conf"), 0);
        assert_listed(t, &files, "lib/x.conf");
        conf_files_clear(&files);

        tree_write(t, "etc/x.conf", "");
        assert_int_equal(conf_files_find(&files, t->directories, "x.conf"), 0);
        assert_listed(t, &files, "etc/x.conf");
        conf_files_clear(&files);

        tree_delete(t, "etc/x.conf");
        tree_link(t, "etc/x.conf", "/dev/null");
        assert_int_equal(conf_files_find(&files, t->directories, "x.conf"), 0);
        assert_listed(t, &files, "");
}

static void a_directory_writable_by_others_is_broken_with_all_it_holds(void **state)
{
        static const mode_t modes[] = { 0775, 0757, 01777 };

        tree_write(*state, "lib/x.d/10-a.conf", "");
        tree_write(*state, "lib/x.d/20-b.conf", "");
        tree_write(*state, "etc/x.d/20-b.conf", "");
        tree_link(*state, "etc/x.d/10-a.conf", "/dev/null");
        for (size_t i = 0; i < ELEMENTS(modes); i++) {
                tree_chmod(*state, "etc/x.d", modes[i]);
                assert_list(*state, "etc/x.d! etc/x.d/10-a.conf! etc/x.d/20-b.conf!");
        }
}

static void so_is_one_below_such_a_directory(void **state)
{
        const struct tree *t = *state;
        CLEANUP(conf_files_clear) struct conf_files files = {};

        tree_write(t, "etc/x.d/20-b.conf", "");
        tree_write(t, "etc/x.conf", "");
        tree_chmod(t, "etc", 0775);
        assert_list(t, "etc/x.d! etc/x.d/20-b.conf!");

        assert_int_equal(conf_files_find(&files, t->directories, "x.conf"), 0);
        assert_listed(t, &files, "etc! etc/x.conf");
        assert_string_equal(files.files[0].problem,
                            "the directory is writable by others than its owner: chmod go-w");
}

static void a_directory_that_is_none_is_broken(void **state)
{
        tree_write(*state, "etc/x.d", "");
        assert_list(*state, "etc/x.d!");
}

static void a_directory_of_someone_else_is_broken(void **state)
{
        const struct tree *t = *state;

        tree_write(t, "etc/x.d/20-b.conf", "");
        if (__real_geteuid() == 0) {
                char path[512];

                tree_path(t, "etc/x.d", path);
                assert_int_equal(chown(path, 1, 1), 0);
        } else {
                is_someone_else = true;
        }
        assert_list(t, "etc/x.d! etc/x.d/20-b.conf!");
}

static void takes_1024_files_and_refuses_the_next(void **state)
{
        const struct tree *t = *state;
        CLEANUP(conf_files_clear) struct conf_files files = {};
        char name[64];

        for (int i = 0; i < CONF_FILES_MAX; i++) {
                snprintf(name, sizeof(name), "etc/x.d/%04d.conf", i);
                tree_write(t, name, "");
        }
        assert_int_equal(conf_files_list(&files, t->directories, "x.d", ".conf"), 0);
        assert_int_equal(files.n_files, CONF_FILES_MAX);
        assert_string_equal(files.files[0].name, "0000.conf");
        assert_null(files.files[0].problem);
        conf_files_clear(&files);

        tree_write(t, "lib/x.d/one-more.conf", "");
        assert_int_equal(conf_files_list(&files, t->directories, "x.d", ".conf"), 0);
        assert_string_equal(files.files[0].name, "");
        assert_string_equal(files.files[0].problem, "there are more than 1024 files of this kind");
}

/* The one file etc/x.d/a.conf, as it is read: 0, or the problem is set. */
static int read_it(const struct tree *t, char **ret_text, size_t *ret_size, char **ret_problem)
{
        CLEANUP(conf_files_clear) struct conf_files files = {};
        int r;

        assert_int_equal(conf_files_list(&files, t->directories, "x.d", ".conf"), 0);
        assert_int_equal(files.n_files, 1);
        r = conf_file_read(&files.files[0], ret_text, ret_size);
        *ret_problem = TAKE(files.files[0].problem);
        return r;
}

static void reads_all_with_its_size(void **state)
{
        CLEANUP(freep) char *text = NULL, *problem = NULL;
        size_t size = 0;

        tree_write_bytes(*state, "etc/x.d/a.conf", "a\0b\n", 4);
        assert_int_equal(read_it(*state, &text, &size, &problem), 0);
        assert_int_equal(size, 4);
        assert_memory_equal(text, "a\0b\n", 5);
        assert_null(problem);
}

static void assert_refused(const struct tree *t, const char *want)
{
        CLEANUP(freep) char *text = NULL, *problem = NULL;
        size_t size = 0;

        assert_int_equal(read_it(t, &text, &size, &problem), -EINVAL);
        assert_null(text);
        assert_non_null(problem);
        if (strncmp(problem, want, strlen(want)) != 0)
                fail_msg("\"%s\"", problem);
}

static void follows_a_link(void **state)
{
        CLEANUP(freep) char *text = NULL, *problem = NULL;
        size_t size = 0;

        tree_write(*state, "etc/elsewhere", "a");
        tree_link(*state, "etc/x.d/a.conf", "../elsewhere");
        assert_int_equal(read_it(*state, &text, &size, &problem), 0);
        assert_string_equal(text, "a");
}

static void refuses_a_link_to_nowhere(void **state)
{
        tree_link(*state, "etc/x.d/a.conf", "../elsewhere");
        assert_refused(*state, "No such file or directory");
}

static void refuses_a_file_writable_by_others(void **state)
{
        static const mode_t modes[] = { 0664, 0646 };

        tree_write(*state, "etc/x.d/a.conf", "");
        for (size_t i = 0; i < ELEMENTS(modes); i++) {
                tree_chmod(*state, "etc/x.d/a.conf", modes[i]);
                assert_refused(*state, "the file is writable by others than its owner: chmod go-w");
        }
}

static void refuses_the_file_of_someone_else(void **state)
{
        const struct tree *t = *state;
        CLEANUP(conf_files_clear) struct conf_files files = {};
        CLEANUP(freep) char *text = NULL;
        char path[512];
        size_t size;

        tree_write(t, "etc/x.d/a.conf", "");
        assert_int_equal(conf_files_list(&files, t->directories, "x.d", ".conf"), 0);
        tree_path(t, "etc/x.d/a.conf", path);
        if (__real_geteuid() == 0)
                assert_int_equal(chown(path, 1, 1), 0);
        else
                is_someone_else = true;
        assert_int_equal(conf_file_read(&files.files[0], &text, &size), -EINVAL);
        assert_non_null(strstr(files.files[0].problem, "who could change it: give it to root"));
}

static void refuses_what_is_no_file_without_waiting(void **state)
{
        const struct tree *t = *state;
        char path[512];

        tree_write(t, "etc/x.d/b", "");
        tree_path(t, "etc/x.d/a.conf", path);
        assert_int_equal(mkfifo(path, 0644), 0);
        assert_refused(t, "this is no regular file: remove it");
        tree_delete(t, "etc/x.d/a.conf");

        tree_write(t, "etc/x.d/a.conf/file", "");
        assert_refused(t, "this is no regular file: remove it");
}

static void takes_a_file_of_1_mib_and_refuses_a_larger(void **state)
{
        CLEANUP(freep) char *text = NULL, *problem = NULL;
        CLEANUP(freep) char *bytes = calloc(1, CONF_FILE_SIZE_MAX + 1);
        size_t size = 0;

        tree_write_bytes(*state, "etc/x.d/a.conf", bytes, CONF_FILE_SIZE_MAX);
        assert_int_equal(read_it(*state, &text, &size, &problem), 0);
        assert_int_equal(size, CONF_FILE_SIZE_MAX);

        tree_write_bytes(*state, "etc/x.d/a.conf", bytes, CONF_FILE_SIZE_MAX + 1);
        assert_refused(*state, "the file is larger than 1 MiB: make it several files");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(missing_directories_hold_nothing),
                TEST(sorts_by_name_over_all_directories),
                TEST(the_higher_directory_replaces),
                TEST(a_link_to_dev_null_masks),
                TEST(a_mask_below_masks_nothing),
                TEST(an_empty_file_replaces_and_stays),
                TEST(other_suffixes_and_hidden_files_are_none),
                TEST(finds_the_highest_file),
                TEST(a_directory_writable_by_others_is_broken_with_all_it_holds),
                TEST(so_is_one_below_such_a_directory),
                TEST(a_directory_that_is_none_is_broken),
                TEST(a_directory_of_someone_else_is_broken),
                TEST(takes_1024_files_and_refuses_the_next),
                TEST(reads_all_with_its_size),
                TEST(follows_a_link),
                TEST(refuses_a_link_to_nowhere),
                TEST(refuses_a_file_writable_by_others),
                TEST(refuses_the_file_of_someone_else),
                TEST(refuses_what_is_no_file_without_waiting),
                TEST(takes_a_file_of_1_mib_and_refuses_a_larger),
        };

        return cmocka_run_group_tests_name("conf-files", tests, NULL, NULL);
}
