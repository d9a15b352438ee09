/* test_queue.c - what is put in comes out once, whole, however many are at it.
 */
#include "queue_bench.h"

#include <sys/file.h>
#include <sys/wait.h>

/* ---- in and out --------------------------------------------------------- */

static void what_goes_in_comes_out(void **state)
{
	static const size_t sizes[] = { 0, 1, 1000, STAGE_MEMORY, LARGE };
	struct bench b;

	open_bench(&b, *state);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const char *id = put(&b, sizes[i]);
		struct queue_names names;
		struct queue_claim c;
		struct entry e;

		assert_counts(&b, 1, 1, 0, 0);
		assert_int_equal(queue_list(&b.queue, &b.arena, QUEUE_WAITING,
					    &names, &b.error),
				 0);
		assert_int_equal(names.count, 1);
		assert_string_equal(names.ids[0], id);
		assert_int_equal(queue_peek(&b.queue, &b.arena, QUEUE_WAITING,
					    id, &e, &b.error),
				 1);
		assert_string_equal(e.id, id);
		assert_string_equal(e.recipients[1].address, "b@example.org");
		assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
		assert_true(c.entry.size == sizes[i]);
		assert_octets(&c.message, sizes[i]);
		assert_int_equal(queue_remove(&c, &b.error), 0);
		assert_octets(&c.message, sizes[i]);
		queue_release(&c);
		assert_counts(&b, 0, 0, 0, 0);
		assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 0);
	}
	close_bench(&b);
}

/* What a limit leaves out is told, and is there when the others are gone. */
static void a_list_that_is_cut_says_so(void **state)
{
	struct queue_names names;
	struct bench b;
	char said[1000];
	ssize_t n;
	int ends[2], before = dup(STDERR_FILENO);

	open_bench(&b, *state);
	for (int i = 0; i < 3; i++)
		put(&b, 10);
	for (b.queue.names_max = 2; b.queue.names_max < 4;
	     b.queue.names_max++) {
		assert_int_equal(pipe(ends), 0);
		dup2(ends[1], STDERR_FILENO);
		close(ends[1]);
		assert_int_equal(queue_list(&b.queue, &b.arena, QUEUE_WAITING,
					    &names, &b.error),
				 0);
		dup2(before, STDERR_FILENO);
		n = read(ends[0], said, sizeof(said));
		close(ends[0]);
		assert_int_equal(names.count, b.queue.names_max);
		assert_int_equal(n > 0, names.count < 3);
	}
	close(before);
	close_bench(&b);
}

static void only_the_owner_has_it(void **state)
{
	static const char *const parts[] = { "",    "msg", "env",  "failed",
					     "bad", "tmp", "stamp" };
	const char *folder = scratch_path(state, "a/b/queue");
	struct bench b;
	struct stat st;
	const char *id;

	open_bench(&b, folder);
	id = put(&b, 10);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		assert_int_equal(stat(file_of(&b, parts[i], ""), &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
	}
	assert_int_equal(stat(file_of(&b, "env", id), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(file_of(&b, "msg", id), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	close_bench(&b);
}

static bool has_unnamed_files(const char *folder)
{
	struct error f = ERROR_INIT;
	int fd = disk_open_unnamed(folder, &f);
	char path[512];
	bool can;

	snprintf(path, sizeof(path), "%s/probe", folder);
	can = disk_link_unnamed(fd, path) == 0;
	close(fd);
	unlink(path);
	return can;
}

static void a_staged_file_is_linked(void **state)
{
	struct stat staged, queued;
	struct queue_claim c;
	struct bench b;
	struct slice slice;
	const char *id, *other;

	if (!has_unnamed_files(*state))
		skip();
	open_bench(&b, *state);
	id = put(&b, LARGE);
	assert_int_equal(fstat(b.stage.fd, &staged), 0);
	assert_int_equal(stat(file_of(&b, "msg", id), &queued), 0);
	assert_int_equal(staged.st_ino, queued.st_ino);
	/* It stays readable, and is not held. */
	slice = stage_slice(&b.stage);
	assert_octets(&slice, LARGE);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
	/* Once more is another mail, with a file of its own. */
	assert_int_equal(queue_put(&b.queue, &b.stage, &b.entry, NULL,
				   &b.error),
			 0);
	other = b.entry.id;
	queue_release(&c);
	assert_int_equal(stat(file_of(&b, "msg", other), &queued), 0);
	assert_int_not_equal(staged.st_ino, queued.st_ino);
	assert_int_equal(claim(&b, QUEUE_WAITING, other, &c), 1);
	assert_octets(&c.message, LARGE);
	queue_release(&c);
	close_bench(&b);
}

/* Staged on another file system, or in a file that had a name. */
static void what_cannot_be_linked_is_copied(void **state)
{
	static const char *const elsewhere[] = { "/dev/shm", NULL };
	char path[] = "/tmp/mailsend-named.XXXXXX";
	struct queue_claim c;
	struct bench b;
	const char *id;
	int fd;

	open_bench(&b, *state);
	if (access(elsewhere[0], W_OK) == 0) {
		b.folders[0] = elsewhere[0];
		id = put(&b, LARGE);
		assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
		assert_octets(&c.message, LARGE);
		assert_int_equal(queue_remove(&c, &b.error), 0);
		queue_release(&c);
		b.folders[0] = *state;
	}
	stage_octets(&b, LARGE);
	fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	for (uint64_t at = 0; at < LARGE; at++) {
		char octet;

		assert_int_equal(pread(b.stage.fd, &octet, 1, (off_t)at), 1);
		assert_int_equal(write(fd, &octet, 1), 1);
		if (at == 4096)
			break;
	}
	assert_int_equal(lseek(fd, 0, SEEK_END), 4097);
	close(b.stage.fd);
	b.stage.fd = fd;
	b.stage.size = 4097;
	assert_int_equal(queue_put(&b.queue, &b.stage, &b.entry, NULL,
				   &b.error),
			 0);
	assert_int_equal(claim(&b, QUEUE_WAITING, b.entry.id, &c), 1);
	assert_int_equal(c.message.length, 4097);
	queue_release(&c);
	assert_counts(&b, 1, 1, 0, 0);
	close_bench(&b);
}

static void a_name_of_the_callers_is_put_once(void **state)
{
	struct queue_claim c;
	struct bench b;
	int fd;

	open_bench(&b, *state);
	assert_string_equal(put_named(&b, 10, "notice-1"), "notice-1");
	assert_string_equal(put_named(&b, LARGE, "notice-1"), "notice-1");
	assert_counts(&b, 1, 1, 0, 0);
	assert_int_equal(claim(&b, QUEUE_WAITING, "notice-1", &c), 1);
	assert_octets(&c.message, 10);
	/* Also when it was given up, or is just being tried. */
	put_named(&b, 20, "notice-1");
	assert_int_equal(queue_give_up(&c, &b.error), 0);
	queue_release(&c);
	put_named(&b, 20, "notice-1");
	assert_counts(&b, 1, 0, 1, 0);
	/* What a crash left gives way, unless somebody is at it. */
	write_file(file_of(&b, "msg", "notice-2"), "half", 4);
	fd = open(file_of(&b, "msg", "notice-2"), O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	stage_octets(&b, 30);
	assert_int_equal(queue_put(&b.queue, &b.stage, &b.entry, "notice-2",
				   &b.error),
			 -1);
	assert_int_equal(b.error.cause, ERROR_TEMPORARY);
	assert_counts(&b, 2, 0, 1, 0);
	close(fd);
	put_named(&b, 30, "notice-2");
	assert_int_equal(claim(&b, QUEUE_WAITING, "notice-2", &c), 1);
	assert_octets(&c.message, 30);
	queue_release(&c);
	close_bench(&b);
}

static void a_name_is_checked(void **state)
{
	static const char *const names[] = {
		"",	   "-a",  ".",
		"../x",	   "a/b", "A",
		"a b",	   "a.b", "aaaaaaaaaaaaaaaaaaaaaaaa",
		"\xC3\xA4"
	};
	struct queue_claim c;
	struct bench b;
	struct entry e;

	open_bench(&b, *state);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		fill(&b);
		stage_octets(&b, 5);
		assert_int_equal(queue_put(&b.queue, &b.stage, &b.entry,
					   names[i], &b.error),
				 -1);
		assert_int_equal(b.error.cause, ERROR_SOFTWARE);
		assert_int_equal(claim(&b, QUEUE_WAITING, names[i], &c), 0);
		assert_int_equal(queue_peek(&b.queue, &b.arena, QUEUE_WAITING,
					    names[i], &e, &b.error),
				 0);
		assert_int_equal(queue_set_stamp(&b.queue, names[i], 1,
						 &b.error),
				 i == 8 ? 0 : -1);
	}
	put_named(&b, 5, "aaaaaaaaaaaaaaaaaaaaaaa");
	assert_counts(&b, 1, 1, 0, 0);
	close_bench(&b);
}

/* ---- names -------------------------------------------------------------- */

static void names_are_unique_and_sort_by_time(void **state)
{
	const char *folder = *state;
	char quick[] = "/dev/shm/mailsend-test.XXXXXX";
	unsigned most = 400;
	struct queue_names names;
	struct bench b;
	const char **put_ids;

	if (mkdtemp(quick)) { /* where a sync costs nothing */
		folder = quick;
		most = 10000;
	}
	open_bench(&b, folder);
	put_ids = arena_array(&b.arena, most, sizeof(*put_ids));
	fill(&b);
	stage_octets(&b, 1);
	for (unsigned i = 0; i < most; i++) {
		freeze(1700000000 + (int64_t)i / 100);
		assert_int_equal(queue_put(&b.queue, &b.stage, &b.entry, NULL,
					   &b.error),
				 0);
		put_ids[i] = b.entry.id;
		assert_int_equal(strlen(b.entry.id), 13);
		if (i >= 100)
			assert_true(strcmp(put_ids[i - 100], put_ids[i]) < 0);
	}
	assert_int_equal(queue_list(&b.queue, &b.arena, QUEUE_WAITING, &names,
				    &b.error),
			 0);
	assert_int_equal(names.count, most);
	for (unsigned i = 1; i < most; i++)
		assert_true(strcmp(names.ids[i - 1], names.ids[i]) < 0);
	/* A clock that is set sorts otherwise, and does no harm. */
	freeze(-1000);
	assert_memory_equal(put(&b, 1), "0000000-", 8);
	freeze(9000000000);
	assert_true(strcmp(put(&b, 1), names.ids[most - 1]) > 0);
	close_bench(&b);
	if (folder == quick) {
		void *path = quick;

		scratch_remove(&path);
	}
}

static void the_same_chance_gives_another_name(void **state)
{
	struct bench b;

	open_bench(&b, *state);
	for (unsigned i = 0; i < 20; i++) {
		setenv("MAILSEND_FROZEN", "clock=1700000000 seed=5", 1);
		sysenv_init();
		put(&b, 5);
	}
	assert_counts(&b, 20, 20, 0, 0);
	close_bench(&b);
}

static void others_files_are_not_listed(void **state)
{
	struct queue_names names;
	struct bench b;
	const char *id;

	open_bench(&b, *state);
	id = put(&b, 5);
	write_file(file_of(&b, "env", "Notes.txt"), "x", 1);
	write_file(file_of(&b, "env", ".swp"), "x", 1);
	write_file(file_of(&b, "env", "abc~"), "x", 1);
	assert_int_equal(queue_list(&b.queue, &b.arena, QUEUE_WAITING, &names,
				    &b.error),
			 0);
	assert_int_equal(names.count, 1);
	assert_string_equal(names.ids[0], id);
	close_bench(&b);
}

/* ---- locks -------------------------------------------------------------- */

static void one_claim_at_a_time(void **state)
{
	struct queue_claim one, other;
	struct bench b;
	const char *id;
	int ready[2], go[2];
	char octet;
	pid_t child;

	open_bench(&b, *state);
	id = put(&b, 100);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &one), 1);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &other), 0);
	assert_false(error_is_set(&b.error));
	queue_release(&one);
	queue_release(&one);
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	child = fork();
	if (child == 0) {
		close(go[1]);
		if (claim(&b, QUEUE_WAITING, id, &other) != 1 ||
		    write(ready[1], "", 1) != 1 || read(go[0], &octet, 1) != 0)
			_exit(1);
		_exit(0); /* the lock goes with the process */
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &octet, 1), 1);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &one), 0);
	close(go[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &one), 1);
	queue_release(&one);
	close(ready[0]);
	close(go[0]);
	close_bench(&b);
}

static void what_was_removed_meanwhile_is_gone(void **state)
{
	struct queue_claim c, late;
	struct bench b;
	const char *id;

	open_bench(&b, *state);
	id = put(&b, 100);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &c), 1);
	assert_int_equal(queue_remove(&c, &b.error), 0);
	assert_int_equal(queue_remove(&c, &b.error), 0);
	/* Still held, and the name is another's. */
	put_named(&b, 200, id);
	assert_int_equal(claim(&b, QUEUE_WAITING, id, &late), 1);
	assert_octets(&late.message, 200);
	queue_release(&late);
	queue_release(&c);
	close_bench(&b);
}

/* Children put and children take out, all at once. */
#define PUTTERS 6
#define TAKERS	4
#define EACH	25

static int put_many(struct bench *b)
{
	for (unsigned i = 0; i < EACH; i++) {
		fill(b);
		stage_octets(b, 3000 + i);
		if (queue_put(&b->queue, &b->stage, &b->entry, NULL,
			      &b->error) < 0)
			return 1;
	}
	return 0;
}

/* Says each that it took, until `stop' is closed and the queue is empty. */
static int take_all(struct bench *b, int out, int stop)
{
	bool is_over = false;

	for (;;) {
		struct arena a = ARENA_INIT;
		struct queue_names names;
		struct queue_claim c;

		if (queue_list(&b->queue, &a, QUEUE_WAITING, &names,
			       &b->error) < 0)
			return 2;
		if (is_over && !names.count)
			return 0;
		for (size_t i = 0; i < names.count; i++) {
			char line[32] = "";
			int r = queue_claim(&b->queue, &a, QUEUE_WAITING,
					    names.ids[i], &c, &b->error);

			if (r < 0)
				return 3;
			if (r == 0)
				continue;
			snprintf(line, sizeof(line), "%s", c.entry.id);
			if (c.message.length != c.entry.size ||
			    write(out, line, sizeof(line)) != sizeof(line) ||
			    queue_remove(&c, &b->error) < 0)
				return 4;
			queue_release(&c);
		}
		arena_free(&a);
		if (!is_over) {
			char octet;

			is_over = read(stop, &octet, 1) == 0;
		}
	}
}

static int by_text(const void *one, const void *other)
{
	return strcmp(one, other);
}

static void wait_for(unsigned count)
{
	while (count--) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

static void many_at_once_take_each_once(void **state)
{
	static char taken[PUTTERS * EACH + 1][32];
	struct bench b;
	unsigned count = 0;
	int out[2], stop[2];

	open_bench(&b, *state);
	freeze(1700000000);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe2(stop, O_NONBLOCK), 0);
	for (unsigned i = 0; i < PUTTERS; i++)
		if (fork() == 0)
			_exit(put_many(&b));
	for (unsigned i = 0; i < TAKERS; i++)
		if (fork() == 0) {
			close(stop[1]);
			_exit(take_all(&b, out[1], stop[0]));
		}
	close(out[1]);
	for (unsigned i = 0; i < PUTTERS * EACH; i++, count++)
		assert_int_equal(read(out[0], taken[i], sizeof(taken[i])),
				 sizeof(taken[i]));
	close(stop[1]);
	wait_for(PUTTERS + TAKERS);
	assert_int_equal(read(out[0], taken[count], 1), 0); /* no more */
	qsort(taken, count, sizeof(taken[0]), by_text);
	for (unsigned i = 1; i < count; i++)
		assert_string_not_equal(taken[i - 1], taken[i]);
	assert_counts(&b, 0, 0, 0, 0);
	close(out[0]);
	close(stop[0]);
	close_bench(&b);
}

static void one_flusher_at_a_time(void **state)
{
	struct bench b;
	int one, other;

	open_bench(&b, *state);
	one = queue_lock_flush(&b.queue, &b.error);
	assert_true(one >= 0);
	assert_int_equal(queue_lock_flush(&b.queue, &b.error), -1);
	assert_false(error_is_set(&b.error));
	close(one);
	other = queue_lock_flush(&b.queue, &b.error);
	assert_true(other >= 0);
	close(other);
	close_bench(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		QUEUE_TEST(what_goes_in_comes_out),
		QUEUE_TEST(a_list_that_is_cut_says_so),
		QUEUE_TEST(only_the_owner_has_it),
		QUEUE_TEST(a_staged_file_is_linked),
		QUEUE_TEST(what_cannot_be_linked_is_copied),
		QUEUE_TEST(a_name_of_the_callers_is_put_once),
		QUEUE_TEST(a_name_is_checked),
		QUEUE_TEST(names_are_unique_and_sort_by_time),
		QUEUE_TEST(others_files_are_not_listed),
		QUEUE_TEST(one_claim_at_a_time),
		QUEUE_TEST(what_was_removed_meanwhile_is_gone),
		QUEUE_TEST(many_at_once_take_each_once),
		QUEUE_TEST(one_flusher_at_a_time),
		/* last: a seed is never taken back */
		QUEUE_TEST(the_same_chance_gives_another_name),
	};

	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
