/* What is done stays done, what was torn is not, and one has it at a time. */
#include "queue/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define ID "00112233445566778899aabbccddee00"

static struct arena arena;
static char folder[] = "/tmp/mailsend-journal.XXXXXX";
static char word0[] = "mailsend", word1[] = "-s", word2[] = "two words\n100%",
	    word3[] = "";
static char *words[] = { word0, word1, word2, word3, NULL };
static const struct journal_command command = { "/some where", 4, words };

static const char *path_of(const char *name)
{
	return arena_format(&arena, "%s/series/" ID "/%s", folder, name);
}

static void begin(struct journal *j)
{
	struct error f = ERROR_INIT;
	const char *parent = arena_format(&arena, "%s/series", folder);

	assert_int_equal(journal_begin(j, &arena, parent, ID, &command, &f), 0);
	assert_false(error_is_set(&f));
}

static int reopen(struct journal *j, struct journal_command *c, struct error *f)
{
	const char *parent = arena_format(&arena, "%s/series", folder);

	return journal_open(j, &arena, parent, ID, c, f);
}

static int add(struct journal *j, const char *key, struct error *f)
{
	return journal_put(j, key, f) < 0 ? -1 : journal_sync(j, f);
}

static void append(const char *text)
{
	int fd = open(path_of("done"), O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int set_up(void **state)
{
	(void)state;
	strcpy(strrchr(folder, '.'), ".XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	char line[128];

	(void)state;
	arena_free(&arena);
	snprintf(line, sizeof(line), "rm -rf %s", folder);
	return system(line);
}

static void test_round_trip(void **state)
{
	struct journal_command c;
	struct journal j, again;
	struct error f = ERROR_INIT;
	struct stat st;

	(void)state;
	begin(&j);
	assert_int_equal(add(&j, "12", &f), 0);
	assert_int_equal(add(&j, "12 <bob@example.org>", &f), 0);
	assert_int_equal(journal_fact(&j, "limit", "5000", "it", &f), 0);
	assert_false(journal_has(&j, "12")); /* not before it was opened */
	journal_close(&j);
	assert_int_equal(reopen(&again, &c, &f), 0);
	assert_true(journal_has(&again, "12"));
	assert_true(journal_has(&again, "12 <bob@example.org>"));
	assert_false(journal_has(&again, "1"));
	assert_false(journal_has(&again, "2"));
	assert_string_equal(journal_value(&again, "limit"), "5000");
	assert_null(journal_value(&again, "lim"));
	assert_string_equal(c.folder, command.folder);
	assert_int_equal(c.argc, 4);
	for (int i = 0; i < 4; i++)
		assert_string_equal(c.argv[i], words[i]);
	assert_null(c.argv[4]);
	assert_int_equal(stat(path_of("done"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	journal_close(&again);
}

/* Torn anywhere, opened any number of times, and written on. */
static void test_torn(void **state)
{
	const char line[] = "+12;\n";

	(void)state;
	for (size_t cut = 0; cut < strlen(line); cut++) {
		struct journal_command c;
		struct error f = ERROR_INIT;
		struct journal j;

		begin(&j);
		journal_close(&j);
		append(arena_dup_n(&arena, line, cut));
		for (int i = 0; i < 3; i++) {
			assert_int_equal(reopen(&j, &c, &f), 0);
			assert_false(journal_has(&j, "1"));
			/* but for its end it may be whole */
			if (cut < strlen(line) - 1)
				assert_false(journal_has(&j, "12"));
			journal_close(&j);
		}
		assert_int_equal(reopen(&j, &c, &f), 0);
		assert_int_equal(add(&j, "7", &f), 0);
		journal_close(&j);
		assert_int_equal(reopen(&j, &c, &f), 0);
		assert_true(journal_has(&j, "7"));
		assert_false(journal_has(&j, "17"));
		journal_discard(&j);
	}
}

/* The disk was full for one process, and had room for the next. */
static void test_torn_amid(void **state)
{
	struct journal_command c;
	struct error f = ERROR_INIT;
	struct journal j;

	(void)state;
	begin(&j);
	append("+1");
	assert_int_equal(add(&j, "7", &f), 0);
	assert_int_equal(add(&j, "8", &f), 0);
	journal_close(&j);
	assert_int_equal(reopen(&j, &c, &f), 0);
	assert_false(journal_has(&j, "17"));
	assert_false(journal_has(&j, "1"));
	assert_true(journal_has(&j, "8"));
	journal_close(&j);
}

static void test_one_at_a_time(void **state)
{
	struct journal_command c;
	struct journal j, other;
	struct error f = ERROR_INIT;

	(void)state;
	begin(&j);
	assert_int_equal(reopen(&other, &c, &f), -1);
	assert_true(f.temporary);
	journal_close(&other);
	journal_close(&j);
	error_clear(&f);
	assert_int_equal(reopen(&other, &c, &f), 0);
	journal_close(&other);
}

/* One of that id is there already: it stays as it is. */
static void test_not_twice(void **state)
{
	struct journal_command c;
	struct journal j, other;
	struct error f = ERROR_INIT;

	(void)state;
	begin(&j);
	assert_int_equal(add(&j, "1", &f), 0);
	journal_close(&j);
	assert_int_equal(journal_begin(&other, &arena,
				       arena_format(&arena, "%s/series",
						    folder),
				       ID, &command, &f),
			 -1);
	error_clear(&f);
	assert_int_equal(reopen(&j, &c, &f), 0);
	assert_true(journal_has(&j, "1"));
	journal_close(&j);
}

static void test_facts(void **state)
{
	struct journal_command c;
	struct journal j;
	struct error f = ERROR_INIT;

	(void)state;
	begin(&j);
	assert_int_equal(journal_fact(&j, "sha256-0", "aa", "file", &f), 0);
	journal_close(&j);
	assert_int_equal(reopen(&j, &c, &f), 0);
	assert_int_equal(journal_fact(&j, "sha256-0", "aa", "file", &f), 0);
	assert_int_equal(journal_fact(&j, "sha256-0", "ab", "file", &f), -1);
	assert_int_equal(f.cause, ERROR_DATA);
	assert_non_null(strstr(f.text, "file"));
	error_clear(&f);
	assert_int_equal(journal_fact(&j, "x", "a\nb", "it", &f), -1);
	assert_false(journal_is_complete(&j));
	journal_close(&j);
}

static void test_input(void **state)
{
	struct journal_command c;
	struct journal j;
	struct error f = ERROR_INIT;
	struct slice nothing = slice_of_memory("", 0);
	char *large = calloc(1, JOURNAL_INPUT_KEPT + 1);
	struct slice input = slice_of_memory(large, JOURNAL_INPUT_KEPT + 1);

	(void)state;
	begin(&j);
	assert_int_equal(journal_has_input(&j, &f), 0);
	assert_int_equal(journal_input(&j, &f), -1);
	assert_false(error_is_set(&f));
	assert_int_equal(journal_keep_input(&j, &nothing, &f), 0);
	assert_int_equal(journal_has_input(&j, &f), 1);
	assert_int_equal(journal_complete(&j, &f), 0);
	assert_int_equal(journal_has_input(&j, &f), 1); /* it is small */
	journal_discard(&j);
	begin(&j);
	assert_int_equal(journal_keep_input(&j, &input, &f), 0);
	assert_int_equal(journal_has_input(&j, &f), 1);
	assert_int_equal(journal_complete(&j, &f), 0);
	assert_int_equal(journal_has_input(&j, &f), 0);
	journal_close(&j);
	assert_int_equal(reopen(&j, &c, &f), 0);
	assert_true(journal_is_complete(&j));
	journal_close(&j);
	free(large);
}

static void test_none(void **state)
{
	static const char *const wrong[] = { "", "../x", "0011/22", "AB", "g" };
	struct journal_command c;
	struct journal j;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct error f = ERROR_INIT;

		assert_int_equal(journal_open(&j, &arena, folder, wrong[i], &c,
					      &f),
				 -1);
		assert_int_equal(f.cause, ERROR_USAGE);
		journal_close(&j);
	}
	for (int i = 0; i < 2; i++) {
		struct error f = ERROR_INIT;

		assert_int_equal(reopen(&j, &c, &f), -1);
		assert_int_equal(f.cause, i ? ERROR_DATA : ERROR_NOINPUT);
		journal_close(&j);
		if (i)
			break;
		begin(&j);
		journal_close(&j);
		assert_int_equal(truncate(path_of("command"), 3), 0);
	}
}

/* A hundred thousand lines, and memory does not grow with what is added. */
static void test_many(void **state)
{
	struct journal_command c;
	struct error f = ERROR_INIT;
	struct journal j;
	struct buf all = BUF_INIT(4 * 1024 * 1024);
	void *before;

	(void)state;
	begin(&j);
	for (unsigned n = 1; n <= 100000; n++)
		buf_printf(&all, "+%u;\n", n);
	append(all.data);
	buf_free(&all);
	journal_close(&j);
	assert_int_equal(reopen(&j, &c, &f), 0);
	for (unsigned n = 1; n <= 100000; n += 999)
		assert_true(journal_has(&j, arena_format(&arena, "%u", n)));
	assert_false(journal_has(&j, "100001"));
	before = arena.blocks;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(add(&j, "1", &f), 0);
	assert_ptr_equal(arena.blocks, before);
	journal_close(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_torn, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_torn_amid, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_one_at_a_time, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_not_twice, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_facts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_input, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
