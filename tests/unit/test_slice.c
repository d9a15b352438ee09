/* test_slice.c - files that change, segments, base64 made as it is read, and a
 * stage that refers to what lies elsewhere. */
#include "laws.h"

#include <fcntl.h>
#include <unistd.h>

#include "codec/base64.h"
#include "codec/base64_slice.h"
#include "flow/source.h"
#include "flow/stage.h"
#include "scratch.h"

#define TEXT_LINE 78

static int make_file(void **state, const void *data, size_t n)
{
	const char *path = scratch_path(state, "f");
	struct error f = ERROR_INIT;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(disk_write_all(fd, data, n, path, &f), 0);
	return fd;
}

/* ---- a file that changes ---- */

struct watched {
	int fd;
	struct slice_file file;
	struct slice slice;
};

static struct watched watch(int fd)
{
	struct watched w = { .fd = fd };
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	slice_file_take(&w.file, fd, &st);
	w.slice = (struct slice){ .fd = fd,
				  .length = (uint64_t)st.st_size,
				  .name = "the log" };
	return w;
}

/* The result of reading all of it. */
static int read_all(struct watched *w, struct error *f)
{
	struct sink_count count;
	int r;

	error_clear(f);
	sink_count_init(&count, NULL, f);
	w->slice.file = &w->file;
	r = pump_slice(&w->slice, &count.sink);
	assert_true(r < 0 || count.count == w->slice.length);
	return r;
}

static void touch(int fd, long nanoseconds)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, nanoseconds } };

	assert_int_equal(futimens(fd, times), 0);
}

static void a_file_that_stays_or_grows_has_not_changed(void **state)
{
	struct error f = ERROR_INIT;
	int fd = make_file(state, "0123456789", 10);
	struct watched w;

	touch(fd, 1);
	w = watch(fd);
	assert_int_equal(read_all(&w, &f), 0);
	assert_int_equal(rename(scratch_path(state, "f"),
				scratch_path(state, "other")),
			 0);
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_int_equal(read_all(&w, &f), 0);
	assert_int_equal(pwrite(fd, "more", 4, 10), 4);
	assert_int_equal(read_all(&w, &f), 0);
	assert_int_equal(pwrite(fd, "more", 4, 14), 4);
	assert_int_equal(read_all(&w, &f), 0);
	close(fd);
}

static void a_file_that_is_written_to_in_place_is_an_error(void **state)
{
	struct error f = ERROR_INIT;
	int fd = make_file(state, "0123456789", 10);
	struct watched w;

	touch(fd, 1);
	w = watch(fd);
	touch(fd, 2);
	assert_int_equal(read_all(&w, &f), -1);
	assert_int_equal(f.cause, ERROR_IO);
	assert_true(f.temporary);
	assert_non_null(strstr(f.text, "the log"));
	assert_true(slice_file_has_changed(&w.file, fd));
	close(fd);
}

static void a_file_that_grew_and_shrank_is_an_error(void **state)
{
	struct error f = ERROR_INIT;
	int fd = make_file(state, "0123456789", 10);
	struct watched w = watch(fd);

	assert_int_equal(ftruncate(fd, 9), 0);
	assert_int_equal(read_all(&w, &f), -1);
	assert_int_equal(f.cause, ERROR_IO);
	assert_int_equal(ftruncate(fd, 10), 0);
	w = watch(fd);
	assert_int_equal(ftruncate(fd, 20), 0);
	assert_int_equal(read_all(&w, &f), 0);
	assert_int_equal(ftruncate(fd, 15), 0);
	assert_int_equal(read_all(&w, &f), -1);
	assert_int_equal(f.cause, ERROR_IO);
	close(fd);
}

static void a_larger_file_that_is_another_one_is_an_error(void **state)
{
	/* where something is written, in a file of 1000 that has 2000 then */
	static const struct {
		off_t at;
		bool is_error;
	} cases[] = { { 0, true },   { 255, true },   { 744, true },
		      { 999, true }, { 1000, false }, { 1999, false } };
	struct error f = ERROR_INIT;
	char data[2000];

	laws_fill(data, sizeof(data), 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int fd = make_file(state, data, 1000);
		struct watched w = watch(fd);
		char other = (char)~data[cases[i].at];
		int r = cases[i].is_error ? -1 : 0;

		assert_int_equal(pwrite(fd, data, 2000, 0), 2000);
		assert_int_equal(read_all(&w, &f), 0);
		assert_int_equal(pwrite(fd, &other, 1, cases[i].at), 1);
		touch(fd, 1);
		assert_int_equal(read_all(&w, &f), r);
		assert_int_equal(slice_file_has_changed(&w.file, fd), -r);
		assert_int_equal(slice_file_has_changed(&w.file, fd), -r);
		close(fd);
	}
}

/* ---- base64, from any octet on ---- */

static void encode(const char *data, size_t n, struct buf *out)
{
	struct error f = ERROR_INIT;
	struct sink_buf end;
	struct base64 s;

	sink_buf_init(&end, out, &f);
	base64_init(&s, &end.sink);
	sink_put(&s.sink, data, n);
	assert_int_equal(sink_close(&s.sink), 0);
}

static void read_from(const struct slice *from, const struct buf *code,
		      uint64_t at, size_t n)
{
	char *data = memory_alloc(n); /* a sanitizer sees what is past it */
	struct error f = ERROR_INIT;
	uint64_t left = code->len - at;
	ssize_t r = base64_encoder.read(from, at, data, n, &f);

	assert_true(at == code->len ? r == 0 : r > 0);
	assert_true((size_t)r <= n && (size_t)r <= left);
	assert_memory_equal(data, code->data + at, (size_t)r);
	free(data);
}

static void base64_is_the_same_from_any_octet_on(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 56, 57, 58, 114, 500, 1140 };
	char data[1140];

	(void)state;
	laws_fill(data, sizeof(data), 1);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct slice from = slice_of_memory(data, sizes[i]);
		struct buf code = BUF_INIT(LAWS_MAX);

		encode(data, sizes[i], &code);
		assert_int_equal(base64_encoder.size(sizes[i]), code.len);
		for (uint64_t at = 0; at <= code.len; at++)
			for (size_t n = 1; n < 400; n += at % 78 ? 41 : 1)
				read_from(&from, &code, at, n);
		buf_free(&code);
	}
}

/* Rooms in which the text comes near to what it is made of. */
static void base64_is_made_in_place(void **state)
{
	size_t size = 57 * 5000 + 11;
	char *data = memory_alloc(size);
	struct slice from = slice_of_memory(data, size);
	struct buf code = BUF_INIT(LAWS_MAX);

	(void)state;
	laws_fill(data, size, 1);
	encode(data, size, &code);
	for (size_t n = TEXT_LINE; n < (size_t)TEXT_LINE * 600; n += 131)
		read_from(&from, &code, n / 3 * TEXT_LINE % code.len, n);
	read_from(&from, &code, 0, code.len + 100);
	buf_free(&code);
	free(data);
}

/* A file of 6 GB, of which no more than the end is on disk. */
static void past_4_gb_the_numbers_are_right(void **state)
{
	const uint64_t lines = UINT64_C(6000000000) / BASE64_LINE;
	const uint64_t tail = lines * BASE64_LINE;
	int fd = make_file(state, "", 0);
	struct segments all = { .all = NULL };
	struct slice from, whole, text = slice_of_memory("behind", 6);
	struct buf code = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	char data[100], got[400];
	size_t have = 0;
	ssize_t r;

	laws_fill(data, sizeof(data), 1);
	if (pwrite(fd, data, sizeof(data), (off_t)tail) != sizeof(data))
		skip(); /* there are no such files here */
	encode(data, sizeof(data), &code);
	buf_puts(&code, "behind");
	from = (struct slice){ .fd = fd,
			       .length = tail + sizeof(data),
			       .name = "f" };
	segments_add(&all, &from, &base64_encoder);
	segments_add(&all, &text, NULL);
	assert_true(all.size == lines * TEXT_LINE + code.len);
	whole = (struct slice){ .fd = -1,
				.offset = lines * TEXT_LINE,
				.length = code.len,
				.segments = &all,
				.name = "all" };
	while ((r = slice_read(&whole, have, got + have, sizeof(got) - have,
			       &f)) > 0)
		have += (size_t)r;
	assert_int_equal(r, 0);
	assert_int_equal(have, code.len);
	assert_memory_equal(got, code.data, have);
	segments_free(&all);
	buf_free(&code);
	close(fd);
}

/* ---- a stage that refers ---- */

/* Text, a file, text, a file that is too small for that, a file at once behind
 * it, text. */
static void put_all(struct sink *to, const struct slice *large,
		    const struct slice *small, const char *text, size_t n,
		    bool *refers)
{
	const struct slice *files[] = { large, small, large };

	*refers = false;
	sink_put(to, text, n);
	for (size_t i = 0; i < 3; i++) {
		int r = sink_refer(to, files[i], &base64_encoder);
		struct base64 s;

		assert_true(r >= 0);
		*refers |= r > 0;
		if (r == 0) {
			base64_init(&s, to);
			pump_slice(files[i], &s.sink);
			sink_close(&s.sink);
		}
		if (i != 1)
			sink_put(to, text, n / 2);
	}
}

static void take(const struct stage *s, struct buf *out)
{
	struct slice slice = stage_slice(s);
	struct error f = ERROR_INIT;
	struct sink_buf end;

	buf_reset(out);
	sink_buf_init(&end, out, &f);
	assert_int_equal(pump_slice(&slice, &end.sink), 0);
	assert_int_equal(out->len, s->size);
}

static void check_parts(const struct stage *s, const struct buf *all)
{
	for (uint64_t at = 0; at < all->len; at += all->len / 97 + 1) {
		struct slice part = stage_slice(s);
		struct error f = ERROR_INIT;
		char got[1000];
		ssize_t r;

		part.offset += at;
		part.length -= at;
		r = slice_read(&part, 0, got, sizeof(got), &f);
		assert_true(r > 0);
		assert_memory_equal(got, all->data + at, (size_t)r);
	}
}

static void a_stage_that_refers_reads_the_same(void **state)
{
	const char *folders[] = { *state, NULL };
	size_t size = STAGE_REFER_MIN * 3 + 5,
	       texts[] = { 0, 100, STAGE_MEMORY };
	char *data = memory_alloc(STAGE_MEMORY);
	struct slice large = { .length = size, .name = "f" };
	struct slice small = { .length = STAGE_REFER_MIN - 1, .name = "f" };

	laws_fill(data, STAGE_MEMORY, 1);
	large.fd = small.fd = make_file(state, data, size);
	for (size_t i = 0; i < 3; i++) {
		struct buf copied = BUF_INIT(LAWS_MAX);
		struct buf referred = BUF_INIT(LAWS_MAX);
		struct error f = ERROR_INIT;
		struct stage s;
		bool refers;

		stage_init(&s, folders, "it", &f);
		put_all(&s.sink, &large, &small, data, texts[i], &refers);
		assert_false(refers);
		assert_int_equal(sink_close(&s.sink), 0);
		take(&s, &copied);
		stage_free(&s);

		stage_init(&s, folders, "it", &f);
		s.refers = true;
		put_all(&s.sink, &large, &small, data, texts[i], &refers);
		assert_true(refers);
		assert_int_equal(sink_close(&s.sink), 0);
		assert_int_equal(s.fd >= 0, texts[i] == STAGE_MEMORY);
		take(&s, &referred);
		laws_equal(&referred, copied.data, copied.len);
		check_parts(&s, &copied);
		stage_free(&s);
		buf_free(&copied);
		buf_free(&referred);
	}
	close(large.fd);
	free(data);
}

static void what_is_referred_to_is_counted_and_not_read(void **state)
{
	struct slice nothing = { .fd = -1, .length = 57000, .name = "f" };
	struct error f = ERROR_INIT;
	struct sink_count count;

	(void)state;
	sink_count_init(&count, NULL, &f);
	assert_int_equal(sink_refer(&count.sink, &nothing, &base64_encoder), 1);
	assert_int_equal(count.count, 78000);
}

/* Read up to there, and no further. */
static void a_stage_whose_file_shrinks_has_no_end(void **state)
{
	const char *folders[] = { *state, NULL };
	size_t size = 1000000;
	char *data = memory_alloc(size);
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct sink_buf end;
	struct slice slice;
	struct watched w;
	struct stage s;

	laws_fill(data, size, 1);
	w = watch(make_file(state, data, size));
	w.slice.file = &w.file;
	stage_init(&s, folders, "it", &f);
	s.refers = true;
	assert_int_equal(sink_refer(&s.sink, &w.slice, &base64_encoder), 1);
	sink_puts(&s.sink, "the end");
	assert_int_equal(sink_close(&s.sink), 0);
	slice = stage_slice(&s);
	assert_int_equal(ftruncate(w.fd, (off_t)size - 1), 0);
	sink_buf_init(&end, &out, &f);
	assert_int_equal(pump_slice(&slice, &end.sink), -1);
	assert_int_equal(f.cause, ERROR_IO);
	assert_true(out.len < base64_encoded_size(size));
	stage_free(&s);
	buf_free(&out);
	close(w.fd);
	free(data);
}

int main(void)
{
#define IN_SCRATCH(test)                                                       \
	cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(a_file_that_stays_or_grows_has_not_changed),
		IN_SCRATCH(a_file_that_is_written_to_in_place_is_an_error),
		IN_SCRATCH(a_file_that_grew_and_shrank_is_an_error),
		IN_SCRATCH(a_larger_file_that_is_another_one_is_an_error),
		cmocka_unit_test(base64_is_the_same_from_any_octet_on),
		cmocka_unit_test(base64_is_made_in_place),
		IN_SCRATCH(past_4_gb_the_numbers_are_right),
		IN_SCRATCH(a_stage_that_refers_reads_the_same),
		cmocka_unit_test(what_is_referred_to_is_counted_and_not_read),
		IN_SCRATCH(a_stage_whose_file_shrinks_has_no_end),
	};

	return cmocka_run_group_tests_name("slice", tests, NULL, NULL);
}
