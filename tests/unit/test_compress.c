/* Each method: the chunk law, the failure law, and what gzip, xz and zstd make
 * of it. */
#include "codec/compress.h"

#include <stdio.h>
#include <unistd.h>

#include "laws.h"

#define SIZE 300000

static enum compression method;

static struct sink *build(struct sink *end, void *room)
{
	struct compress *c = room;

	compress_free(c);
	assert_int_equal(compress_init(c, method, end, end->error), 0);
	return &c->sink;
}

/* Some that repeats, some that does not. */
static char *sample(size_t n)
{
	char *data = malloc(n + 1);
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		data[i] = i / 4096 % 2 ? (char)(x >> 24) : "abc\n"[i % 4];
	}
	return data;
}

static void laws(enum compression m, size_t n)
{
	static struct compress c;
	char *data = sample(n);

	method = m;
	laws_hold(build, &c, data, n);
	compress_free(&c);
	free(data);
}

/* By the tool, which has to give back the same. */
static void check(const char *tool, const struct buf *packed, const char *data,
		  size_t n)
{
	char name[] = "/tmp/mailsend-compress.XXXXXX", line[128];
	int fd = mkstemp(name);
	char *back = malloc(n + 2);
	FILE *out;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, packed->data, packed->len), packed->len);
	close(fd);
	snprintf(line, sizeof(line), "%s -dc <%s", tool, name);
	out = popen(line, "r");
	assert_non_null(out);
	assert_int_equal(fread(back, 1, n + 1, out), n);
	assert_memory_equal(back, data, n);
	assert_int_equal(pclose(out), 0);
	unlink(name);
	free(back);
}

static bool is_here(const char *tool)
{
	char line[64];

	snprintf(line, sizeof(line), "command -v %s >/dev/null", tool);
	return system(line) == 0;
}

static void round_trip(enum compression m, const char *tool)
{
	static const size_t sizes[] = { 0, 1, 32767, 32768, 32769, SIZE };
	char *data = sample(SIZE);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct buf packed = BUF_INIT(LAWS_MAX);
		struct error f = ERROR_INIT;
		struct compress c;
		struct sink_buf into;

		sink_buf_init(&into, &packed, &f);
		assert_int_equal(compress_init(&c, m, &into.sink, &f), 0);
		assert_int_equal(sink_put(&c.sink, data, sizes[i]), 0);
		assert_int_equal(sink_close(&c.sink), 0);
		compress_free(&c);
		compress_free(&c); /* twice is no harm */
		assert_false(error_is_set(&f));
		if (sizes[i])
			assert_true(
				compression_is_known(packed.data, packed.len));
		if (is_here(tool))
			check(tool, &packed, data, sizes[i]);
		buf_free(&packed);
	}
	free(data);
}

static void test_gzip(void **state)
{
	(void)state;
	laws(COMPRESSION_GZIP, 0);
	laws(COMPRESSION_GZIP, 200);
	laws(COMPRESSION_GZIP, 9000);
	round_trip(COMPRESSION_GZIP, "gzip");
}

static void test_xz(void **state)
{
	(void)state;
	laws(COMPRESSION_XZ, 0);
	laws(COMPRESSION_XZ, 200);
	round_trip(COMPRESSION_XZ, "xz");
}

static void test_zstd(void **state)
{
	(void)state;
	laws(COMPRESSION_ZSTD, 0);
	laws(COMPRESSION_ZSTD, 200);
	laws(COMPRESSION_ZSTD, 9000);
	round_trip(COMPRESSION_ZSTD, "zstd");
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(compression_parse("GZIP"), COMPRESSION_GZIP);
	assert_int_equal(compression_parse("none"), COMPRESSION_NONE);
	assert_int_equal(compression_parse("gz"), -1);
	assert_string_equal(compression_suffix(COMPRESSION_ZSTD), ".zst");
	assert_true(compression_is_known("PK\3\4....", 8));
	assert_false(compression_is_known("PK\3", 3));
	assert_false(compression_is_known("", 0));
	assert_false(compression_is_known("plain text", 10));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gzip),
		cmocka_unit_test(test_xz),
		cmocka_unit_test(test_zstd),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
