/* test_undot.c - where content ends, and where it does not. */
#include <stdio.h>

#include "laws.h"

#include "codec/dot.h"

/* What comes out, fed in pieces (0: whole), and what was not taken. */
static void take(const char *in, size_t n, size_t piece, struct buf *out,
		 bool *done, size_t *rest)
{
	struct error f = ERROR_INIT;
	struct sink_buf end;
	struct undot u;
	size_t at = 0;

	buf_reset(out);
	sink_buf_init(&end, out, &f);
	undot_init(&u);
	while (at < n && !u.is_done) {
		size_t now = !piece || n - at < piece ? n - at : piece;
		char *copy = memory_alloc(now);
		size_t used;

		memcpy(copy, in + at, now);
		used = undot_feed(&u, copy, now, &end.sink);
		free(copy);
		assert_true(used == now || u.is_done);
		at += used;
	}
	assert_false(error_is_set(&f));
	*done = u.is_done;
	*rest = n - at;
}

static const size_t pieces[] = { 0, 1, 2, 3, 7 };

static void check(const char *in, const char *want, bool ends, size_t left)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	size_t rest;
	bool done;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		take(in, strlen(in), pieces[i], &out, &done, &rest);
		assert_string_equal(out.data, want);
		assert_int_equal(done, ends);
		assert_int_equal(rest, left);
	}
	buf_free(&out);
}

static void test_frames(void **state)
{
	(void)state;
	check(".\r\n", "", true, 0);
	check("a\r\n.\r\n", "a\r\n", true, 0);
	check("a\r\n.\r\nQUIT\r\n", "a\r\n", true, 6);
	check("..\r\n.\r\n", ".\r\n", true, 0);
	check("..a\r\n...\r\n.\r\n", ".a\r\n..\r\n", true, 0);
	check(".a\r\n.\r\n", "a\r\n", true, 0);
	check("a.\r\n.\r\n", "a.\r\n", true, 0);
	check("a\r\n.", "a\r\n", false, 0);
	check("a\r\n.\r", "a\r\n", false, 0);
}

/* All that some server somewhere has taken for an end. */
static void test_no_other_end(void **state)
{
	static const char *const others[] = {
		"\n.\n",     "\n.\r\n",	    "\r.\r",	    "\r.\r\n",
		"\r\n.\n",   "\r\n.\r\r\n", "\n\n.\n",	    "\r\n.\r",
		"\n\r.\r\n", "\r\r.\r\n",   "\r\n.\r.\r\n",
	};
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
			char in[64];
			size_t rest;
			bool done;

			snprintf(in, sizeof(in), "a%sMAIL FROM:<b>", others[i]);
			take(in, strlen(in), pieces[p], &out, &done, &rest);
			assert_false(done);
		}
	check("a\r\n.\nb\r\n.\r\n", "a\r\n\nb\r\n", true, 0);
	check("a\r\n.\r\r\n.\r\n", "a\r\n\r\r\n", true, 0);
	check("a\r\n.\rb\r\n.\r\n", "a\r\n\rb\r\n", true, 0);
	buf_free(&out);
}

/* What `dot` frames comes back, octet for octet. */
static void test_round_trip(void **state)
{
	struct buf in = BUF_INIT(LAWS_MAX), framed = BUF_INIT(LAWS_MAX),
		   out = BUF_INIT(LAWS_MAX);

	(void)state;
	for (uint64_t seed = 1; seed < 400; seed++) {
		static const char *const words[] = { ".", "\r\n", "a", "..",
						     "\r\n." };
		struct error f = ERROR_INIT;
		struct sink_buf end;
		struct dot dot;
		uint64_t random = seed;
		size_t rest;
		bool done;

		buf_reset(&in);
		buf_reset(&framed);
		for (int i = 0; i < 40; i++)
			buf_puts(&in, words[laws_random(&random) % 5]);
		buf_puts(&in, "\r\n");
		sink_buf_init(&end, &framed, &f);
		dot_init(&dot, &end.sink);
		sink_put(&dot.sink, in.data, in.len);
		sink_close(&dot.sink);
		for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
			take(framed.data, framed.len, pieces[p], &out, &done,
			     &rest);
			assert_true(done);
			assert_int_equal(rest, 0);
			laws_equal(&out, in.data, in.len);
		}
	}
	buf_free(&in);
	buf_free(&framed);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_no_other_end),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
