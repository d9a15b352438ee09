/* test_flow.c - sources, the plain sinks, lf, and the stage. */
#include "laws.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow/crlf.h"
#include "flow/source.h"
#include "flow/stage.h"
#include "scratch.h"

static struct sink *build_lf(struct sink *end, void *room)
{
	struct lf *s = room;

	lf_init(s, end);
	return &s->sink;
}

static void lf_keeps_the_laws(void **state)
{
	static const char text[] = "a\r\nb\r\r\nc\rd\n\r\n\r";
	struct laws_chain chain;
	struct buf out = BUF_INIT(100);
	struct lf s;

	(void)state;
	chain = (struct laws_chain){ build_lf, &s };
	laws_hold(build_lf, &s, text, strlen(text));
	laws_output(chain, text, strlen(text), 0, &out);
	assert_string_equal(out.data, "a\nb\r\nc\rd\n\n\r");
	buf_free(&out);
}

static int write_file(const char *path, const char *text)
{
	struct error f = ERROR_INIT;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(disk_write_all(fd, text, strlen(text), path, &f), 0);
	return fd;
}

static void a_slice_is_read_as_often_as_need_be(void **state)
{
	int fd = write_file(scratch_path(state, "f"), "0123456789");
	struct slice part = { .fd = fd, .offset = 3, .length = 4, .name = "f" };
	struct buf out = BUF_INIT(100);
	struct error f = ERROR_INIT;
	struct sink_buf end;

	sink_buf_init(&end, &out, &f);
	assert_int_equal(pump_slice(&part, &end.sink), 0);
	assert_int_equal(pump_slice(&part, &end.sink), 0);
	assert_string_equal(out.data, "34563456");
	close(fd);
	buf_free(&out);
}

static void a_file_that_shrinks_is_a_error(void **state)
{
	int fd = write_file(scratch_path(state, "f"), "0123456789");
	struct slice part = { .fd = fd, .length = 10, .name = "the log" };
	struct buf out = BUF_INIT(100);
	struct error f = ERROR_INIT;
	struct sink_buf end;

	assert_int_equal(ftruncate(fd, 4), 0);
	sink_buf_init(&end, &out, &f);
	assert_int_equal(pump_slice(&part, &end.sink), -1);
	assert_true(f.temporary);
	assert_non_null(strstr(f.text, "the log"));
	close(fd);
	buf_free(&out);
}

static void a_file_that_grows_gives_what_was_announced(void **state)
{
	int fd = write_file(scratch_path(state, "f"), "0123456789");
	struct slice part = { .fd = fd, .length = 5, .name = "f" };
	struct buf out = BUF_INIT(100);
	struct error f = ERROR_INIT;
	struct sink_buf end;

	sink_buf_init(&end, &out, &f);
	assert_int_equal(pump_slice(&part, &end.sink), 0);
	assert_string_equal(out.data, "01234");
	close(fd);
	buf_free(&out);
}

static void a_sink_to_a_descriptor_tells_of_a_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct error f = ERROR_INIT;
	struct sink_fd s;

	(void)state;
	sink_fd_init(&s, fd, "the disk", &f);
	assert_int_equal(sink_put(&s.sink, "x", 1), 0); /* held back */
	assert_int_equal(sink_close(&s.sink), -1);
	assert_true(f.temporary);
	assert_int_equal(sink_put(&s.sink, "x", 1), -1); /* it sticks */
	sink_fd_free(&s);
	close(fd);
}

/* Around the size where memory ends and the file begins. */
static void a_stage_gives_back_what_it_took(void **state)
{
	const char *folders[] = { "/no/such/folder", *state, NULL };
	size_t sizes[] = { 0,
			   1,
			   STAGE_MEMORY - 1,
			   STAGE_MEMORY,
			   STAGE_MEMORY + 1,
			   3 * STAGE_MEMORY + 17 };
	char *data = memory_alloc(4 * STAGE_MEMORY);

	laws_fill(data, 4 * STAGE_MEMORY, 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct buf out = BUF_INIT(LAWS_MAX);
		struct error f = ERROR_INIT;
		struct sink_buf end;
		struct slice slice;
		struct stage s;

		stage_init(&s, folders, "it", &f);
		for (size_t at = 0; at < sizes[i]; at += 1000)
			sink_put(&s.sink, data + at,
				 sizes[i] - at < 1000 ? sizes[i] - at : 1000);
		assert_int_equal(sink_close(&s.sink), 0);
		assert_int_equal(s.fd >= 0, sizes[i] > STAGE_MEMORY);
		slice = stage_slice(&s);
		sink_buf_init(&end, &out, &f);
		assert_int_equal(pump_slice(&slice, &end.sink), 0);
		laws_equal(&out, data, sizes[i]);
		stage_free(&s);
		buf_free(&out);
	}
	free(data);
}

#if defined(__SANITIZE_ADDRESS__)
#define TAKES_MUCH 1 /* its allocator ends the process itself */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TAKES_MUCH 1
#endif
#endif

/* The status of a process that can have no more memory. */
static int fill_without_memory(struct stage *s, const char *data, size_t size)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_AS, &none) < 0 || malloc(STAGE_MEMORY))
		return 1;
	for (size_t at = 0; at < size; at += 1000)
		if (sink_put(&s->sink, data + at,
			     size - at < 1000 ? size - at : 1000) < 0)
			return 2;
	if (sink_close(&s->sink) < 0 || s->fd < 0 || s->size != size)
		return 3;
	for (size_t at = 0; at < size; at += 1000) {
		char back[1000];
		size_t n = size - at < 1000 ? size - at : 1000;

		if (pread(s->fd, back, n, (off_t)at) != (ssize_t)n ||
		    memcmp(back, data + at, n) != 0)
			return 4;
	}
	return 0;
}

static void a_stage_without_memory_is_a_file(void **state)
{
	const char *folders[] = { *state, NULL };
	char *data = memory_alloc(STAGE_MEMORY);
	struct error f = ERROR_INIT;
	struct stage s;
	int status;
	pid_t pid;

#ifdef TAKES_MUCH
	skip();
#endif
	laws_fill(data, STAGE_MEMORY, 1);
	stage_init(&s, folders, "it", &f);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fill_without_memory(&s, data, STAGE_MEMORY - 17));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	stage_free(&s);
	free(data);
}

static void a_stage_without_a_folder_is_a_error(void **state)
{
	const char *folders[] = { "/no/such/folder", NULL };
	char *data = memory_alloc(STAGE_MEMORY + 1);
	struct error f = ERROR_INIT;
	struct stage s;

	(void)state;
	laws_fill(data, STAGE_MEMORY + 1, 1);
	stage_init(&s, folders, "it", &f);
	assert_int_equal(sink_put(&s.sink, data, STAGE_MEMORY + 1), -1);
	assert_int_equal(f.cause, ERROR_CANTCREAT);
	stage_free(&s);
	free(data);
}

static void a_start_is_what_there_is_room_for(void **state)
{
	struct slice text = slice_of_memory("0123456789", 10);
	struct error f = ERROR_INIT;
	struct buf out = BUF_INIT(4);
	struct sink_start s;
	char start[16];

	(void)state;
	sink_start_init(&s, &out, &f);
	assert_int_equal(sink_put(&s.sink, "01", 2), 0);
	assert_int_equal(sink_put(&s.sink, "234567", 6), 0);
	assert_int_equal(sink_put(&s.sink, "89", 2), 0);
	assert_string_equal(out.data, "0123");
	assert_false(out.overflow);
	buf_free(&out);
	assert_int_equal(slice_start(&text, start, 4, &f), 4);
	assert_memory_equal(start, "0123", 4);
	assert_int_equal(slice_start(&text, start, sizeof(start), &f), 10);
	text.memory = NULL;
	text.fd = -1;
	text.name = "nothing";
	assert_int_equal(slice_start(&text, start, 4, &f), 0);
	assert_true(error_is_set(&f));
}

int main(void)
{
#define IN_SCRATCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_start_is_what_there_is_room_for),
		cmocka_unit_test(lf_keeps_the_laws),
		IN_SCRATCH(a_slice_is_read_as_often_as_need_be),
		IN_SCRATCH(a_file_that_shrinks_is_a_error),
		IN_SCRATCH(a_file_that_grows_gives_what_was_announced),
		cmocka_unit_test(a_sink_to_a_descriptor_tells_of_a_full_disk),
		IN_SCRATCH(a_stage_gives_back_what_it_took),
		IN_SCRATCH(a_stage_without_memory_is_a_file),
		cmocka_unit_test(a_stage_without_a_folder_is_a_error),
	};

	return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
