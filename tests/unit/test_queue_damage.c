/* test_queue_damage.c - changes of a queue, and what is done about damage. */
#include "queue_bench.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <time.h>

/* ---- changes ------------------------------------------------------------ */

static void a_change_is_kept(void **state)
{
	struct queue_claim c;
	struct bench b;
	struct entry e;
	const char *id;

	open_bench(&b, *state);
	id = put(&b, 100);
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
		assert_int_equal(c.entry.recipients[0].tries, i - 1);
		c.entry.recipients[0].tries++;
		c.entry.recipients[1].state =
			i > 1 ? ENTRY_SENT : ENTRY_WAITING;
		c.entry.is_held = i == 2;
		assert_int_equal(queue_update(&c, &b.error), 0);
		queue_release(&c);
		assert_int_equal(queue_peek(&b.queue, &b.arena, QUEUE_WAITING,
					    id, &e, &b.error),
				 1);
		assert_int_equal(e.recipients[0].tries, i);
		assert_int_equal(e.is_held, i == 2);
		assert_counts(&b, 1, 1, 0, 0);
	}
	assert_int_equal(entry_count(&e, ENTRY_SENT), 1);
	close_bench(&b);
}

static void given_up_and_revived(void **state)
{
	struct queue_names names;
	struct queue_claim c;
	struct bench b;
	struct entry e;
	const char *id;

	open_bench(&b, *state);
	id = put(&b, LARGE);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
	c.entry.recipients[0].state = ENTRY_REPORTED;
	assert_int_equal(queue_give_up(&c, &b.error), 0);
	assert_int_equal(queue_update(&c, &b.error), 0);
	assert_counts(&b, 1, 0, 1, 0);
	queue_release(&c);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 0);
	assert_int_equal(queue_peek(&b.queue, &b.arena, QUEUE_WAITING, id, &e,
				    &b.error),
			 0);
	assert_int_equal(queue_list(&b.queue, &b.arena, QUEUE_GIVEN_UP, &names,
				    &b.error),
			 0);
	assert_int_equal(names.count, 1);
	assert_int_equal(claim(&b, QUEUE_GIVEN_UP, id, &c), 1);
	assert_int_equal(c.entry.recipients[0].state, ENTRY_REPORTED);
	assert_octets(&c.message, LARGE);
	c.entry.recipients[0].state = ENTRY_WAITING;
	assert_int_equal(queue_requeue(&c, &b.error), 0);
	queue_release(&c);
	assert_counts(&b, 1, 1, 0, 0);
	assert_int_equal(claim(&b, QUEUE_GIVEN_UP, id, &c), 0);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
	assert_int_equal(c.entry.recipients[0].state, ENTRY_WAITING);
	assert_int_equal(queue_give_up(&c, &b.error), 0);
	assert_int_equal(queue_remove(&c, &b.error), 0);
	queue_release(&c);
	assert_counts(&b, 0, 0, 0, 0);
	close_bench(&b);
}

/* Two entries of one mail are somebody's hand: env alone counts, and the
 * message goes with the last of them. */
static void the_entry_that_waits_counts(void **state)
{
	struct queue_claim c;
	struct bench b;
	const char *id;

	open_bench(&b, *state);
	id = put(&b, 100);
	assert_int_equal(link(file_of(&b, "env", id),
			      file_of(&b, "failed", id)),
			 0);
	assert_int_equal(claim(&b, QUEUE_GIVEN_UP, id, &c), 0);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
	assert_int_equal(queue_remove(&c, &b.error), 0);
	queue_release(&c);
	assert_counts(&b, 1, 0, 1, 0);
	assert_int_equal(claim(&b, QUEUE_GIVEN_UP, id, &c), 1);
	assert_int_equal(queue_remove(&c, &b.error), 0);
	queue_release(&c);
	assert_counts(&b, 0, 0, 0, 0);
	close_bench(&b);
}

/* ---- what is bad -------------------------------------------------------- */

static void tear(struct bench *b, const char *id)
{
	assert_int_equal(truncate(file_of(b, "env", id), 60), 0);
}

static void edit(struct bench *b, const char *id)
{
	static const char text[] = "mailsend-queue 1\nsurprise yes\nend\n";

	write_file(file_of(b, "env", id), text, strlen(text));
}

static void empty(struct bench *b, const char *id)
{
	assert_int_equal(truncate(file_of(b, "env", id), 0), 0);
}

static void make_folder(struct bench *b, const char *id)
{
	unlink(file_of(b, "env", id));
	assert_int_equal(mkdir(file_of(b, "env", id), 0700), 0);
}

static void make_pipe(struct bench *b, const char *id)
{
	unlink(file_of(b, "env", id));
	assert_int_equal(mkfifo(file_of(b, "env", id), 0600), 0);
}

static void make_symlink(struct bench *b, const char *id)
{
	unlink(file_of(b, "env", id));
	assert_int_equal(symlink("/etc/passwd", file_of(b, "env", id)), 0);
}

static void make_huge(struct bench *b, const char *id)
{
	assert_int_equal(truncate(file_of(b, "env", id), ENTRY_MAX + 1), 0);
}

static void lose_message(struct bench *b, const char *id)
{
	assert_int_equal(unlink(file_of(b, "msg", id)), 0);
}

static void cut_message(struct bench *b, const char *id)
{
	assert_int_equal(truncate(file_of(b, "msg", id), 99), 0);
}

static void replace_message(struct bench *b, const char *id)
{
	assert_int_equal(unlink(file_of(b, "msg", id)), 0);
	assert_int_equal(mkdir(file_of(b, "msg", id), 0700), 0);
}

static void what_is_bad_is_set_aside_and_the_rest_goes_on(void **state)
{
	static void (*const damage[])(struct bench *, const char *) = {
		tear,	     edit,
		empty,	     make_folder,
		make_pipe,   make_symlink,
		make_huge,   lose_message,
		cut_message, replace_message,
	};
	struct queue_names names;
	struct queue_claim c;
	struct bench b;
	unsigned n = sizeof(damage) / sizeof(damage[0]);

	open_bench(&b, *state);
	for (unsigned i = 0; i < n; i++) {
		const char *id = put(&b, 100);
		struct entry e;

		damage[i](&b, id);
		assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), -1);
		if (b.error.cause != ERROR_DATA ||
		    !strstr(b.error.text, file_of(&b, "bad", id)))
			fail_msg("damage %u: %s", i, b.error.text);
		assert_int_equal(c.fd, -1);
		assert_true(exists(&b, "bad", id));
		assert_false(exists(&b, "env", id));
		assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 0);
		error_clear(&b.error);
		if (i < 7)
			assert_int_equal(queue_peek(&b.queue, &b.arena,
						    QUEUE_BAD, id, &e,
						    &b.error),
					 -1);
	}
	put(&b, 100);
	assert_int_equal(claim(&b, QUEUE_WAITING, b.entry.id, &c), 1);
	queue_release(&c);
	assert_int_equal(queue_list(&b.queue, &b.arena, QUEUE_BAD, &names,
				    &b.error),
			 0);
	assert_int_equal(names.count, n);
	close_bench(&b);
}

static void what_was_set_aside_can_be_mended_or_removed(void **state)
{
	struct buf text = BUF_INIT(ENTRY_MAX);
	struct queue_claim c;
	struct bench b;
	const char *id;

	open_bench(&b, *state);
	id = put(&b, 100);
	scratch_read(file_of(&b, "env", id), &text);
	edit(&b, id);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), -1);
	assert_int_equal(claim(&b, QUEUE_BAD, id, &c), 1);
	assert_string_equal(c.entry.id, id);
	assert_octets(&c.message, 100);
	assert_int_equal(queue_requeue(&c, &b.error), -1);
	queue_release(&c);
	assert_counts(&b, 1, 0, 0, 1);
	write_file(file_of(&b, "bad", id), text.data, text.len);
	assert_int_equal(claim(&b, QUEUE_BAD, id, &c), 1);
	assert_int_equal(queue_requeue(&c, &b.error), 0);
	queue_release(&c);
	assert_counts(&b, 1, 1, 0, 0);
	lose_message(&b, id);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), -1);
	assert_int_equal(claim(&b, QUEUE_BAD, id, &c), 1);
	assert_int_equal(c.message.length, 0);
	assert_int_equal(queue_remove(&c, &b.error), 0);
	queue_release(&c);
	assert_counts(&b, 0, 0, 0, 0);
	assert_int_equal(claim(&b, QUEUE_BAD, id, &c), 0);
	buf_free(&text);
	close_bench(&b);
}

/* ---- what fails --------------------------------------------------------- */

static int put_with_limit(struct bench *b, size_t n, rlim_t limit)
{
	struct rlimit was, now;
	int r;

	fill(b);
	stage_octets(b, n);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	now = (struct rlimit){ limit, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	r = queue_put(&b->queue, &b->stage, &b->entry, NULL, &b->error);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	return r;
}

/* Wherever writing stops. */
static void nothing_half_written_stays(void **state)
{
	struct queue_claim c;
	struct rlimit was, now;
	struct bench b;
	const char *id;

	signal(SIGXFSZ, SIG_IGN);
	open_bench(&b, *state);
	for (rlim_t limit = 0; limit < 140; limit += 5) {
		assert_int_equal(put_with_limit(&b, 70, limit), -1);
		assert_int_equal(b.error.cause, ERROR_TEMPORARY);
		assert_true(b.error.temporary);
		assert_counts(&b, 0, 0, 0, 0);
		assert_int_equal(put_with_limit(&b, LARGE, limit), -1);
		assert_counts(&b, 0, 0, 0, 0);
	}
	assert_int_equal(put_with_limit(&b, 70, 200), 0);
	id = b.entry.id;
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	now = (struct rlimit){ 100, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	c.entry.recipients[0].tries = 5;
	assert_int_equal(queue_update(&c, &b.error), -1);
	error_clear(&b.error);
	assert_int_equal(queue_give_up(&c, &b.error), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	queue_release(&c);
	assert_counts(&b, 1, 1, 0, 0);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
	assert_int_equal(c.entry.recipients[0].tries, 0);
	queue_release(&c);
	close_bench(&b);
}

/* What was sent can be written down on a disk that filled up meanwhile. */
static void room_can_be_had_beforehand(void **state)
{
	struct rlimit was, now;
	struct queue_claim c;
	struct bench b;
	struct stat st;
	const char *id;

	signal(SIGXFSZ, SIG_IGN);
	open_bench(&b, *state);
	id = put(&b, 70);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
	assert_int_equal(queue_reserve(&c, &b.error), 0);
	assert_int_equal(queue_reserve(&c, &b.error), 0);
	assert_int_equal(count_in(&b, "tmp"), 1);
	c.entry.recipients[0].state = ENTRY_SENT;
	c.entry.recipients[0].reply = "250 with pleasure";
	assert_int_equal(queue_update(&c, &b.error), 0);
	assert_counts(&b, 1, 1, 0, 0);
	assert_int_equal(stat(file_of(&b, "env", id), &st), 0);
	assert_in_range(st.st_size, 100, 400); /* no room is left in it */
	queue_release(&c);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
	assert_string_equal(c.entry.recipients[0].reply, "250 with pleasure");
	assert_int_equal(queue_reserve(&c, &b.error), 0);
	queue_release(&c);
	assert_counts(&b, 1, 1, 0, 0);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	now = (struct rlimit){ 300, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
	assert_int_equal(queue_reserve(&c, &b.error), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_counts(&b, 1, 1, 0, 0);
	queue_release(&c);
	close_bench(&b);
}

/* A folder goes away under it. */
static void a_put_that_fails_is_undone(void **state)
{
	static const char *const parts[] = { "msg", "env", "tmp" };
	static const size_t sizes[] = { 50, LARGE };
	struct bench b;

	open_bench(&b, *state);
	for (size_t i = 0; i < 6; i++) {
		const char *part = parts[i % 3];
		struct queue again;

		fill(&b);
		stage_octets(&b, sizes[i / 3]);
		assert_int_equal(rmdir(file_of(&b, part, "")), 0);
		assert_int_equal(queue_put(&b.queue, &b.stage, &b.entry, NULL,
					   &b.error),
				 -1);
		assert_int_equal(b.error.cause, ERROR_TEMPORARY);
		/* What is missing is made when the queue is next opened. */
		error_clear(&b.error);
		assert_int_equal(queue_open(&again, &b.arena, b.folder, true,
					    &b.error),
				 0);
		assert_counts(&b, 0, 0, 0, 0);
	}
	fill(&b);
	stage_octets(&b, 50);
	b.entry.account = "a\nb";
	assert_int_equal(queue_put(&b.queue, &b.stage, &b.entry, NULL,
				   &b.error),
			 -1);
	assert_int_equal(b.error.cause, ERROR_SOFTWARE);
	assert_counts(&b, 0, 0, 0, 0);
	close_bench(&b);
}

static void a_queue_that_is_not_there_is_empty(void **state)
{
	const char *folder = scratch_path(state, "none");
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct queue_names names;
	struct queue_claim c;
	struct queue q;
	struct entry e;

	assert_int_equal(queue_open(&q, &a, folder, false, &f), 0);
	assert_int_equal(queue_list(&q, &a, QUEUE_WAITING, &names, &f), 0);
	assert_int_equal(names.count, 0);
	assert_int_equal(queue_peek(&q, &a, QUEUE_WAITING, "x", &e, &f), 0);
	assert_int_equal(queue_claim(&q, &a, QUEUE_WAITING, "x", &c, &f), 0);
	assert_int_equal(queue_claim(&q, &a, QUEUE_BAD, "x", &c, &f), 0);
	assert_int_equal(queue_tidy(&q, &f), 0);
	assert_int_equal(queue_lock_flush(&q, &f), -1);
	assert_int_equal(queue_stamp(&q, "x"), 0);
	assert_false(error_is_set(&f));
	assert_int_equal(access(folder, F_OK), -1);
	arena_free(&a);
}

static void refuse(const char *folder, bool make)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct queue q;

	assert_int_equal(queue_open(&q, &a, folder, make, &f), -1);
	assert_int_equal(f.cause, ERROR_PERMISSION);
	assert_non_null(strstr(f.text, folder));
	arena_free(&a);
}

static void a_folder_of_others_is_refused(void **state)
{
	const char *folder = scratch_path(state, "queue");
	const char *link = scratch_path(state, "link");

	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(symlink(folder, link), 0);
	refuse(link, true);
	refuse(link, false);
	for (mode_t mode = 0; mode < 2; mode++) {
		assert_int_equal(chmod(folder, mode ? 0702 : 0720), 0);
		refuse(folder, true);
		refuse(folder, false);
	}
	assert_int_equal(chmod(folder, 0700), 0);
	if (chown(folder, sysenv_file_uid() + 1, (gid_t)-1) == 0)
		refuse(folder, true);
	write_file(scratch_path(state, "file"), "", 0);
	refuse(scratch_path(state, "file"), true);
}

/* ---- tidying ------------------------------------------------------------ */

static void rubbish_is_taken_away_when_it_is_old(void **state)
{
	struct queue_claim c;
	struct bench b;
	const char *waits, *given_up, *bad;
	int64_t now = (int64_t)time(NULL);
	int locked;

	open_bench(&b, *state);
	waits = put(&b, 10);
	given_up = put(&b, 10);
	assert_int_equal(claim(&b, QUEUE_WAITING, given_up, &c), 1);
	assert_int_equal(queue_give_up(&c, &b.error), 0);
	queue_release(&c);
	bad = put(&b, 10);
	edit(&b, bad);
	assert_int_equal(claim(&b, QUEUE_WAITING, bad, &c), -1);
	error_clear(&b.error);
	write_file(file_of(&b, "msg", "rubbish"), "x", 1);
	write_file(file_of(&b, "msg", "locked"), "x", 1);
	write_file(file_of(&b, "tmp", "rubbish"), "x", 1);
	assert_int_equal(mkdir(file_of(&b, "tmp", "folder"), 0700), 0);
	locked = open(file_of(&b, "msg", "locked"), O_RDWR);
	assert_int_equal(flock(locked, LOCK_EX), 0);

	freeze(now); /* too young; and the clock was set back a little */
	assert_int_equal(queue_tidy(&b.queue, &b.error), 0);
	freeze(now - 7200);
	assert_int_equal(queue_tidy(&b.queue, &b.error), 0);
	assert_true(exists(&b, "msg", "rubbish"));
	assert_true(exists(&b, "tmp", "rubbish"));

	freeze(now + 3700);
	assert_int_equal(queue_tidy(&b.queue, &b.error), 0);
	assert_false(exists(&b, "msg", "rubbish"));
	assert_false(exists(&b, "tmp", "rubbish"));
	assert_true(exists(&b, "msg", "locked"));
	assert_true(exists(&b, "tmp", "folder"));
	close(locked);
	assert_int_equal(rmdir(file_of(&b, "tmp", "folder")), 0);
	freeze(now + 400 * 86400);
	assert_int_equal(queue_tidy(&b.queue, &b.error), 0);
	assert_counts(&b, 3, 1, 1, 1);
	assert_true(exists(&b, "msg", waits));
	close_bench(&b);
}

static void a_message_is_not_rubbish_while_it_is_put_in(void **state)
{
	struct bench b;
	int fd;

	open_bench(&b, *state);
	/* as it is between the link and the entry */
	fd = open(file_of(&b, "msg", "new"), O_RDWR | O_CREAT, 0600);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	freeze((int64_t)time(NULL) + 86400);
	assert_int_equal(queue_tidy(&b.queue, &b.error), 0);
	assert_true(exists(&b, "msg", "new"));
	close(fd);
	assert_int_equal(queue_tidy(&b.queue, &b.error), 0);
	assert_false(exists(&b, "msg", "new"));
	close_bench(&b);
}

static void stamps_are_kept(void **state)
{
	static const struct {
		const char *text;
		int64_t when;
	} rows[] = { { "17\n", 17 },
		     { "", 0 },
		     { "17", 0 },
		     { "17x\n", 0 },
		     { "x\n", 0 },
		     { "99999999999999999999\n", 0 },
		     { "111111111111111111111111111111111111\n", 0 } };
	struct bench b;

	open_bench(&b, *state);
	assert_int_equal(queue_stamp(&b.queue, "notice-a"), 0);
	assert_int_equal(queue_set_stamp(&b.queue, "notice-a", 1700000000,
					 &b.error),
			 0);
	assert_int_equal(queue_stamp(&b.queue, "notice-a"), 1700000000);
	assert_int_equal(queue_set_stamp(&b.queue, "notice-a", -5, &b.error),
			 0);
	assert_int_equal(queue_stamp(&b.queue, "notice-a"), -5);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(file_of(&b, "stamp", "notice-a"), rows[i].text,
			   strlen(rows[i].text));
		assert_int_equal(queue_stamp(&b.queue, "notice-a"),
				 rows[i].when);
	}
	assert_counts(&b, 0, 0, 0, 0);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_TEST(a_change_is_kept),
		QUEUE_TEST(given_up_and_revived),
		QUEUE_TEST(the_entry_that_waits_counts),
		QUEUE_TEST(what_is_bad_is_set_aside_and_the_rest_goes_on),
		QUEUE_TEST(what_was_set_aside_can_be_mended_or_removed),
		QUEUE_TEST(nothing_half_written_stays),
		QUEUE_TEST(room_can_be_had_beforehand),
		QUEUE_TEST(a_put_that_fails_is_undone),
		QUEUE_TEST(a_queue_that_is_not_there_is_empty),
		QUEUE_TEST(a_folder_of_others_is_refused),
		QUEUE_TEST(rubbish_is_taken_away_when_it_is_old),
		QUEUE_TEST(a_message_is_not_rubbish_while_it_is_put_in),
		QUEUE_TEST(stamps_are_kept),
	};

	return cmocka_run_group_tests_name("queue damage", tests, NULL, NULL);
}
