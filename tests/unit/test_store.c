/* test_store.c - Maildir and mbox: whole or not at all. */
#include "laws.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "store/maildir.h"
#include "store/mbox.h"

static const char mail[] =
	"Subject: x\r\n\r\nFrom here\r\n>From there\r\nend\r\n";

static int count_files(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void a_mail_lies_in_new_and_nowhere_else(void **state)
{
	struct slice message = slice_of_memory(mail, strlen(mail));
	const char *folder = scratch_path(state, "Maildir");
	struct buf out = BUF_INIT(10000);
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	const char *path;
	struct stat st;

	assert_int_equal(maildir_deliver(&a, folder, "me@x", "you@x", &message,
					 &path, &f),
			 0);
	scratch_read(path, &out);
	assert_string_equal(out.data,
			    "Return-Path: <me@x>\nDelivered-To: you@x\n"
			    "Subject: x\n\nFrom here\n>From there\nend\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(count_files(scratch_path(state, "Maildir/new")), 1);
	assert_int_equal(count_files(scratch_path(state, "Maildir/tmp")), 0);
	buf_free(&out);
	arena_free(&a);
}

/* A write that fails leaves nothing that looks like mail. */
static void a_failed_delivery_leaves_nothing(void **state)
{
	const char *folder = scratch_path(state, "Maildir");
	struct slice missing = { .fd = -1, .length = 10, .name = "gone" };
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	const char *path;

	assert_int_equal(maildir_deliver(&a, folder, "", "you@x", &missing,
					 &path, &f),
			 -1);
	assert_true(error_is_set(&f));
	assert_int_equal(count_files(scratch_path(state, "Maildir/new")), 0);
	assert_int_equal(count_files(scratch_path(state, "Maildir/tmp")), 0);
	arena_free(&a);
}

static int append(const char *path, const char *text, struct error *f)
{
	struct slice message = slice_of_memory(text, strlen(text));
	struct header none;

	header_init(&none);
	return mbox_append(path, "me@example.org", &none, &message, f);
}

static void mbox_quotes_what_looks_like_a_separator(void **state)
{
	const char *path = scratch_path(state, "dead.letter");
	struct buf out = BUF_INIT(10000);
	struct error f = ERROR_INIT;
	struct stat st;
	char *second;

	assert_int_equal(append(path, mail, &f), 0);
	assert_int_equal(append(path, mail, &f), 0);
	scratch_read(path, &out);
	assert_int_equal(strncmp(out.data, "From me@example.org ", 20), 0);
	assert_non_null(strstr(out.data, "\n>From here\n"));
	assert_non_null(strstr(out.data, "\n>>From there\n"));
	second = strstr(out.data + 1, "\n\nFrom me@example.org ");
	assert_non_null(second);
	assert_null(strstr(second + 2, "\nFrom "));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	buf_free(&out);
}

static void mbox_quoting_does_not_care_how_bytes_arrive(void **state)
{
	static const char *const lines[] = { "From a", ">From a",   "Fro",
					     ">",      ">>Fromage", "",
					     "F",      "From" };
	char text[256] = "";

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		strcat(text, lines[i]);
		strcat(text, "\r\n");
	}
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		const char *path = scratch_path(state, "m");
		struct buf out = BUF_INIT(10000);
		struct error f = ERROR_INIT;
		char part[256];

		snprintf(part, sizeof(part), "%.*s", (int)cut, text);
		unlink(path);
		assert_int_equal(append(path, part, &f), 0);
		scratch_read(path, &out);
		assert_null(strstr(out.data + 1, "\nFrom a"));
		buf_free(&out);
	}
}

/* What was there before a write that fails is there after it. */
static void a_failed_append_is_cut_off(void **state)
{
	const char *path = scratch_path(state, "dead.letter");
	struct rlimit limit = { 2000, RLIM_INFINITY }, old;
	struct buf before = BUF_INIT(100000), after = BUF_INIT(100000);
	struct error f = ERROR_INIT;
	static char large[50000];

	assert_int_equal(append(path, mail, &f), 0);
	scratch_read(path, &before);
	memset(large, 'x', sizeof(large) - 1);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(append(path, large, &f), -1);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_true(error_is_set(&f));
	scratch_read(path, &after);
	assert_string_equal(before.data, after.data);
	buf_free(&before);
	buf_free(&after);
}

static void mbox_does_not_follow_a_link(void **state)
{
	const char *target = scratch_path(state, "target");
	const char *path = scratch_path(state, "link");
	struct error f = ERROR_INIT;

	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(append(path, mail, &f), -1);
	assert_int_equal(access(target, F_OK), -1);
}

static struct sink *build_message(struct sink *end, void *room)
{
	struct mbox_message *s = room;

	mbox_message_init(s, false, end);
	return &s->sink;
}

/* What append wrote, read again: the message, however it arrives. */
static void a_message_comes_back_as_it_was(void **state)
{
	static const char *const bodies[] = {
		"Subject: x\n\nFrom here\n>From there\n>>From all\n>no\n",
		"\n\n\n",
		"a",
		"",
		"Subject: x\n\nFrom a@b Sun Nov 22 05:30:00 2026\nend\n\n",
		"From\n>From\nFro\n>\n>>\n\r\nx\r\n",
	};
	struct buf file = BUF_INIT(10000), out = BUF_INIT(10000);
	struct mbox_message s;
	struct laws_chain chain = { build_message, &s };

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		const char *path = scratch_path(state, "m");
		struct error f = ERROR_INIT;

		unlink(path);
		assert_int_equal(append(path, bodies[i], &f), 0);
		scratch_read(path, &file);
		assert_true(mbox_begins(file.data, file.len));
		laws_output(chain, file.data, file.len, 0, &out);
		/* append has given the last line its end, where it had none */
		assert_int_equal(strncmp(out.data, bodies[i],
					 strcspn(bodies[i], "\r")),
				 0);
		laws_hold(build_message, &s, file.data, file.len);
	}
	buf_free(&file);
	buf_free(&out);
}

int main(void)
{
#define IN_SCRATCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(a_mail_lies_in_new_and_nowhere_else),
		IN_SCRATCH(a_failed_delivery_leaves_nothing),
		IN_SCRATCH(mbox_quotes_what_looks_like_a_separator),
		IN_SCRATCH(mbox_quoting_does_not_care_how_bytes_arrive),
		IN_SCRATCH(a_failed_append_is_cut_off),
		IN_SCRATCH(mbox_does_not_follow_a_link),
		IN_SCRATCH(a_message_comes_back_as_it_was),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
