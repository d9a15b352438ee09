/* queue_bench.h - a queue of the test's own, and mails of known octets. */
#ifndef TESTS_QUEUE_BENCH_H
#define TESTS_QUEUE_BENCH_H

#include "laws.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sysenv.h"
#include "queue/queue.h"
#include "scratch.h"

#define LARGE (STAGE_MEMORY + 12345)

struct bench {
	struct arena arena;
	struct queue queue;
	struct stage stage;
	struct entry_recipient to[2];
	struct entry entry;
	struct error error;
	const char *folder;
	const char *folders[2]; /* for stages */
};

static inline void freeze(int64_t clock)
{
	char text[64];

	snprintf(text, sizeof(text), "clock=%lld", (long long)clock);
	setenv("MAILSEND_FROZEN", text, 1);
	sysenv_init();
}

static inline void fill(struct bench *b)
{
	b->to[0] = (struct entry_recipient){ .address = "a@example.org" };
	b->to[1] = (struct entry_recipient){ .address = "b@example.org" };
	b->entry = (struct entry){ .arrived = 1700000000,
				   .reverse_path = "me@example.org",
				   .recipients = b->to,
				   .count = 2 };
	error_clear(&b->error);
}

static inline void open_bench(struct bench *b, const char *folder)
{
	*b = (struct bench){ .folder = folder };
	fill(b);
	assert_int_equal(queue_open(&b->queue, &b->arena, folder, true,
				    &b->error),
			 0);
	b->folders[0] = queue_stage_folder(&b->arena, folder);
	stage_init(&b->stage, b->folders, "it", &b->error);
}

static inline void close_bench(struct bench *b)
{
	stage_free(&b->stage);
	arena_free(&b->arena);
}

/* Stages n octets that depend on n. */
static inline void stage_octets(struct bench *b, size_t n)
{
	char *data = memory_alloc(n);

	laws_fill(data, n, n);
	stage_free(&b->stage);
	stage_init(&b->stage, b->folders, "it", &b->error);
	assert_int_equal(sink_put(&b->stage.sink, data, n), 0);
	assert_int_equal(sink_close(&b->stage.sink), 0);
	free(data);
}

static inline const char *put_named(struct bench *b, size_t n, const char *id)
{
	fill(b);
	stage_octets(b, n);
	assert_int_equal(queue_put(&b->queue, &b->stage, &b->entry, id,
				   &b->error),
			 0);
	assert_false(error_is_set(&b->error));
	assert_true(b->entry.size == n);
	return b->entry.id;
}

static inline const char *put(struct bench *b, size_t n)
{
	return put_named(b, n, NULL);
}

static inline void assert_octets(const struct slice *got, size_t n)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct sink_buf end;
	char *want = memory_alloc(n);

	laws_fill(want, n, n);
	sink_buf_init(&end, &out, &f);
	assert_int_equal(pump_slice(got, &end.sink), 0);
	laws_equal(&out, want, n);
	buf_free(&out);
	free(want);
}

static inline const char *file_of(struct bench *b, const char *part,
				  const char *id)
{
	return arena_format(&b->arena, "%s/%s/%s", b->folder, part, id);
}

static inline bool exists(struct bench *b, const char *part, const char *id)
{
	struct stat st;

	return lstat(file_of(b, part, id), &st) == 0;
}

static inline unsigned count_in(struct bench *b, const char *part)
{
	DIR *folder = opendir(file_of(b, part, ""));
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		n += entry->d_name[0] != '.';
	closedir(folder);
	return n;
}

static inline void assert_counts(struct bench *b, unsigned msg, unsigned env,
				 unsigned failed, unsigned bad)
{
	assert_int_equal(count_in(b, "msg"), msg);
	assert_int_equal(count_in(b, "env"), env);
	assert_int_equal(count_in(b, "failed"), failed);
	assert_int_equal(count_in(b, "bad"), bad);
	assert_int_equal(count_in(b, "tmp"), 0);
}

static inline void write_file(const char *path, const char *text, size_t n)
{
	struct error f = ERROR_INIT;
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	assert_true(fd >= 0);
	assert_int_equal(disk_write_all(fd, text, n, path, &f), 0);
	close(fd);
}

static inline int claim(struct bench *b, enum queue_place place, const char *id,
			struct queue_claim *c)
{
	error_clear(&b->error);
	return queue_claim(&b->queue, &b->arena, place, id, c, &b->error);
}

static inline int thaw(void **state)
{
	freeze(1700000000);
	return scratch_make(state);
}

#define QUEUE_TEST(test)                                                       \
	cmocka_unit_test_setup_teardown(test, thaw, scratch_remove)

#endif
