/* test_unqp.c - against the encoder, against a decoder that works on whole
 * lines, and RFC 2045 6.7. */
#include "laws.h"

#include "base/text.h"
#include "codec/qp.h"

static struct sink *build_crlf(struct sink *end, void *room)
{
	unqp_init(room, end, false);
	return room;
}

static struct sink *build_lf(struct sink *end, void *room)
{
	unqp_init(room, end, true);
	return room;
}

struct both {
	struct qp to;
	struct unqp from;
};

static struct sink *build_both(struct sink *end, void *room)
{
	struct both *r = room;

	unqp_init(&r->from, end, false);
	qp_init(&r->to, &r->from.sink, true);
	return &r->to.sink;
}

static void decode(const char *text, const char *want)
{
	struct unqp s;
	struct buf out = BUF_INIT(LAWS_MAX);

	laws_output((struct laws_chain){ build_lf, &s }, text, strlen(text), 0,
		    &out);
	laws_equal(&out, want, strlen(want));
	buf_free(&out);
}

static void test_known(void **state)
{
	(void)state;
	decode("", "");
	decode("plain\r\n", "plain\n");
	decode("a=3Db=c3=A4\r\n", "a=b\xc3\xa4\n");
	decode("soft =\r\nbreak\r\n", "soft break\n");
	decode("soft = \t\r\nbreak=\n!", "soft break!");
	decode("blanks \t \r\nare gone  ", "blanks\nare gone");
	decode("inside  stay\r\n\r\n\n", "inside  stay\n\n\n");
	decode("encoded=20\r\n=0D=0A", "encoded \n\r\n");
	decode("bare\rcr", "bare\rcr");
	decode("end=", "end");
}

static void test_what_means_nothing(void **state)
{
	(void)state;
	decode("a=zb", "a=zb");
	decode("a=4", "a=4");
	decode("a=4z=", "a=4z");
	decode("a=4\r\n", "a=4\n");
	decode("1 = 2\r\n", "1 = 2\n");
	decode("==41", "=A");
}

static void test_line_ends(void **state)
{
	struct unqp s;
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	laws_output((struct laws_chain){ build_crlf, &s }, "a\nb\r\n", 5, 0,
		    &out);
	laws_equal(&out, "a\r\nb\r\n", 6);
	buf_free(&out);
}

static void test_long_blanks(void **state)
{
	char in[2 * UNQP_BLANKS + 1];
	struct unqp s;
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	memset(in, ' ', sizeof(in));
	in[sizeof(in) - 1] = 'x';
	laws_output((struct laws_chain){ build_lf, &s }, in, sizeof(in), 0,
		    &out);
	laws_equal(&out, in, sizeof(in));
	buf_free(&out);
}

static void test_round_trip(void **state)
{
	static unsigned char in[5003];
	struct both room;
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	laws_fill(in, sizeof(in), 1);
	for (size_t n = 0; n < sizeof(in); n = n < 200 ? n + 1 : n * 2 + 1) {
		laws_output((struct laws_chain){ build_both, &room }, in, n, 0,
			    &out);
		laws_equal(&out, in, n);
	}
	laws_fill_from(in, sizeof(in), " =\t\r\nF.", 7, 3);
	laws_output((struct laws_chain){ build_both, &room }, in, sizeof(in), 0,
		    &out);
	laws_equal(&out, in, sizeof(in));
	buf_free(&out);
}

/* A line without its LF. */
static void decode_line(const char *p, size_t n, bool is_ended, struct buf *out)
{
	size_t at = 0;

	if (is_ended && n && p[n - 1] == '\r')
		n--;
	while (n && text_is_blank(p[n - 1]))
		n--;
	while (at < n) {
		int octet = n - at > 2 && p[at] == '='
				    ? text_hex_octet(p + at + 1)
				    : -1;

		if (p[at] == '=' && at + 1 == n)
			return; /* a soft break */
		buf_putc(out, octet < 0 ? p[at] : (char)octet);
		at += octet < 0 ? 1 : 3;
	}
	if (is_ended)
		buf_putc(out, '\n');
}

static void decode_lines(const char *p, size_t n, struct buf *out)
{
	const char *end = p + n, *lf;

	buf_reset(out);
	while ((lf = memchr(p, '\n', (size_t)(end - p)))) {
		decode_line(p, (size_t)(lf - p), true, out);
		p = lf + 1;
	}
	decode_line(p, (size_t)(end - p), false, out);
}

/* Long runs of text and of escapes, in pieces and whole. */
static void test_runs(void **state)
{
	static const char *const words[] = {
		"=",	    "=41",    "=4",  "=4z",	 "=\r\n",
		"= \t\r\n", "=\n",    "=\r", " ",	 "\t",
		"  ",	    "\r",     "\n",  "\r\n",	 "   \r\n",
		"\r\r\n",   "=C3=A4", "==",  "=3D=\r\n", NULL
	};
	static char in[9000];
	struct buf want = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);
	struct unqp s;

	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct laws_chain chain = { build_lf, &s };
		size_t size = seed % 20 ? 400 : sizeof(in);
		size_t n = laws_fill_runs(in, size, "abc x.", words, seed);

		decode_lines(in, n, &want);
		laws_output(chain, in, n, 0, &out);
		laws_equal(&out, want.data, want.len);
		laws_chunks(chain, in, n);
		laws_chunks((struct laws_chain){ build_crlf, &s }, in, n);
	}
	buf_free(&want);
	buf_free(&out);
}

static void test_laws(void **state)
{
	char in[500];
	struct unqp s;

	(void)state;
	laws_fill_from(in, sizeof(in), "=4AFz \t\r\n", 9, 2);
	laws_hold(build_lf, &s, in, sizeof(in));
	laws_hold(build_crlf, &s, in, sizeof(in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_what_means_nothing),
		cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_long_blanks),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
