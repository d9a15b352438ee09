/* test_survey.c - against counts taken from the whole text, line by line,
 * and UTF-8 judged by encoding each code point there is. */
#include "laws.h"

#include "codec/qp.h"
#include "flow/content_scan.h"
#include "flow/crlf.h"

static void survey(struct content_scan *s, const void *in, size_t n,
		   size_t piece)
{
	struct error f = ERROR_INIT;
	const char *p = in;
	size_t at, now;

	content_scan_init(s, NULL, &f);
	for (at = 0; at < n; at += now) {
		now = !piece || piece > n - at ? n - at : piece;
		assert_int_equal(sink_put(&s->sink, p + at, now), 0);
	}
	assert_int_equal(sink_close(&s->sink), 0);
}

static void same(const struct content_scan *a, const struct content_scan *b)
{
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->lines, b->lines);
	assert_int_equal(a->longest, b->longest);
	assert_int_equal(a->high, b->high);
	assert_int_equal(a->nuls, b->nuls);
	assert_int_equal(a->bare_cr, b->bare_cr);
	assert_int_equal(a->bare_lf, b->bare_lf);
	assert_int_equal(a->crlf, b->crlf);
	assert_int_equal(a->controls, b->controls);
	assert_int_equal(a->equals, b->equals);
	assert_int_equal(a->from_lines, b->from_lines);
	assert_int_equal(a->utf8, b->utf8);
	assert_int_equal(a->characters, b->characters);
	assert_int_equal(a->broken, b->broken);
	assert_int_equal(a->final_newline, b->final_newline);
}

/* One line without its LF; `cr` when a CR stood before that. */
static void count_line(struct content_scan *w, const char *p, size_t n)
{
	size_t i;

	if (n > w->longest)
		w->longest = n;
	if (n >= 5 && !memcmp(p, "From ", 5))
		w->from_lines++;
	if (n && (p[n - 1] == ' ' || p[n - 1] == '\t'))
		w->equals++;
	for (i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		w->high += c >= 0x80;
		w->nuls += c == 0;
		w->bare_cr += c == '\r';
		w->controls +=
			(c > 0 && c < 32 && c != '\t' && c != '\r') || c == 127;
		w->equals += (c < 32 && c != '\t') || c >= 127 || c == '=';
	}
}

static void count(struct content_scan *w, const char *p, size_t n)
{
	size_t at = 0;

	memset(w, 0, sizeof(*w));
	w->size = n;
	w->final_newline = !n || p[n - 1] == '\n';
	while (at < n) {
		const char *lf = memchr(p + at, '\n', n - at);
		size_t line = lf ? (size_t)(lf - p) - at : n - at;
		bool cr = lf && line && p[at + line - 1] == '\r';

		count_line(w, p + at, line - cr);
		w->lines += lf != NULL;
		w->crlf += cr;
		w->bare_lf += lf && !cr;
		at += line + (lf != NULL);
	}
}

static void check(const char *in, size_t n)
{
	static const size_t pieces[] = { 0, 1, 2, 3, 7 };
	struct content_scan want, got;
	size_t i;

	count(&want, in, n);
	survey(&got, in, n, 0);
	want.utf8 = got.utf8;
	want.characters = got.characters;
	want.broken = got.broken;
	for (i = 0; i < 5; i++) {
		survey(&got, in, n, pieces[i]);
		same(&got, &want);
	}
}

static void test_known(void **state)
{
	struct content_scan s;

	(void)state;
	survey(&s, "", 0, 0);
	assert_true(s.utf8 && s.final_newline && !s.longest && !s.lines);
	survey(&s, "From me\r\nab\r\r\nx \n\x01=\x80", 20, 0);
	assert_int_equal(s.from_lines, 1);
	assert_int_equal(s.longest, 7);
	assert_int_equal(s.lines, 3);
	assert_int_equal(s.crlf, 2);
	assert_int_equal(s.bare_lf, 1);
	assert_int_equal(s.bare_cr, 1);
	assert_int_equal(s.controls, 1);
	assert_int_equal(s.high, 1);
	assert_int_equal(s.equals, 5);
	assert_false(s.utf8);
	assert_false(s.final_newline);
}

static void test_random(void **state)
{
	static const char letters[] = "aF =.\t\r\n\r\n\0\x01\x7f\xe4";
	static const char from[] = "From \r\n";
	char in[300];
	uint64_t seed;
	size_t n;

	(void)state;
	for (seed = 0; seed < 300; seed++) {
		n = seed % 60 + (seed % 5) * 60;
		laws_fill_from(in, n, letters, sizeof(letters) - 1, seed);
		check(in, n);
		laws_fill_from(in, n, from, sizeof(from) - 1, seed);
		check(in, n);
	}
	for (seed = 0; seed < 100; seed++) {
		size_t at;

		for (at = 0; at + 7 < sizeof(in); at += 7)
			memcpy(in + at, (at + seed) % 3 ? from : "Fro \r\n", 7);
		check(in, at - seed % 7);
	}
}

static void test_runs(void **state)
{
	static const char *const words[] = { "=",
					     "\xc3\xa4",
					     "\xe2\x82\xac",
					     "\xf0\x9f\x98\x80",
					     "\xc3",
					     "\xff",
					     "\xed\xa0\x80",
					     "From ",
					     "\t",
					     "\x7f",
					     " ",
					     "\r",
					     "\n",
					     "\r\n",
					     "\r\nFrom ",
					     NULL };
	char in[600];

	(void)state;
	for (uint64_t seed = 0; seed < 1000; seed++)
		check(in,
		      laws_fill_runs(in, sizeof(in), "abcF x", words, seed));
}

static bool is_utf8(const void *in, size_t n)
{
	struct content_scan s;
	bool whole;

	survey(&s, in, n, 0);
	whole = s.utf8;
	survey(&s, in, n, 1);
	assert_int_equal(s.utf8, whole);
	return whole;
}

/* RFC 3629 3, from a number; also numbers and lengths that it forbids. */
static size_t encode(unsigned char *out, uint32_t point, unsigned octets)
{
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0, 0xf8 };
	unsigned i;

	if (octets == 1) {
		out[0] = (unsigned char)point;
		return 1;
	}
	for (i = octets - 1; i; i--, point >>= 6)
		out[i] = (unsigned char)(0x80 | (point & 0x3f));
	out[0] = (unsigned char)(lead[octets] | point);
	return octets;
}

static void test_utf8_points(void **state)
{
	static unsigned char all[5000000];
	uint32_t point;
	size_t n = 0;

	(void)state;
	for (point = 0; point <= 0x10ffff; point++) {
		if (point < 0xd800 || point > 0xdfff)
			n += encode(all + n, point,
				    point < 0x80      ? 1
				    : point < 0x800   ? 2
				    : point < 0x10000 ? 3
						      : 4);
	}
	assert_true(is_utf8(all, n));
	for (point = 0xd800; point <= 0xdfff; point++)
		assert_false(is_utf8(all, encode(all, point, 3)));
	for (point = 0; point < 0x80; point++)
		assert_false(is_utf8(all, encode(all, point, 2)));
	for (point = 0; point < 0x800; point++)
		assert_false(is_utf8(all, encode(all, point, 3)));
	for (point = 0; point < 0x10000; point += 7)
		assert_false(is_utf8(all, encode(all, point, 4)));
	for (point = 0x110000; point < 0x200000; point += 97)
		assert_false(is_utf8(all, encode(all, point, 4)));
	assert_false(is_utf8(all, encode(all, 0x200000, 5)));
}

static void test_utf8_broken(void **state)
{
	static const char *const broken[] = {
		"\x80",		"\xc3",		"\xe2\x82",
		"\xf0\x9f\x98", "\xc3(",	"\xe2\x82x",
		"\xc3\xc3\xa4", "\xff",		"\xfe",
		"a\xc3\n\xa4",	"\xc3\r\n",	"\xa4\xc3",
		"\xe4 f\n",	"\xc3\xa4\x80", "\xe2\x82\xe2\x82\xac",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		assert_false(is_utf8(broken[i], strlen(broken[i])));
	assert_true(is_utf8("a\xc3\xa4\r\n\xe2\x82\xac \xf0\x9f\x98\x80", 13));
}

/* What the header promises about the size in quoted-printable: right but for
 * the soft breaks, and for a lone dot. */
static void test_qp_size(void **state)
{
	static const char letters[] = "aFrom =\t\r\n\n\x01\xe4";
	char in[70];
	uint64_t seed;

	(void)state;
	for (seed = 0; seed < 500; seed++) {
		struct buf out = BUF_INIT(LAWS_MAX);
		struct error f = ERROR_INIT;
		struct sink_buf end;
		struct content_scan s;
		struct crlf crlf;
		struct qp qp;
		uint64_t size;
		size_t soft = 0, i;

		laws_fill_from(in, sizeof(in), letters, sizeof(letters) - 1,
			       seed);
		survey(&s, in, sizeof(in), 0);
		sink_buf_init(&end, &out, &f);
		qp_init(&qp, &end.sink, false);
		crlf_init(&crlf, &qp.sink, false, false);
		sink_put(&crlf.sink, in, sizeof(in));
		sink_close(&crlf.sink);
		assert_int_equal(sink_close(&qp.sink), 0);
		for (i = 0; i + 1 < out.len; i++)
			soft += out.data[i] == '=' && out.data[i + 1] == '\r';
		size = s.size + s.bare_lf + 2 * (s.equals + s.from_lines);
		assert_int_equal(out.len, size + 3 * soft);
		buf_free(&out);
	}
}

static struct sink *build(struct sink *end, void *room)
{
	content_scan_init(room, end, end->error);
	return room;
}

static void test_passes(void **state)
{
	char in[100];
	struct content_scan s;
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	laws_fill(in, sizeof(in), 1);
	laws_output((struct laws_chain){ build, &s }, in, sizeof(in), 0, &out);
	laws_equal(&out, in, sizeof(in));
	laws_chunks((struct laws_chain){ build, &s }, in, sizeof(in));
	laws_failures((struct laws_chain){ build, &s }, in, sizeof(in));
	buf_free(&out);
}

static void test_slice(void **state)
{
	struct slice slice = slice_of_memory("a\xc3\xa4\nb", 5);
	struct error f = ERROR_INIT;
	struct content_scan s;

	(void)state;
	assert_int_equal(content_scan_slice(&s, &slice, &f), 0);
	assert_int_equal(s.size, 5);
	assert_int_equal(s.high, 2);
	assert_int_equal(s.longest, 3);
	assert_true(s.utf8);
	slice = (struct slice){ .fd = -1, .length = 5, .name = "none" };
	assert_int_equal(content_scan_slice(&s, &slice, &f), -1);
	assert_true(error_is_set(&f));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_utf8_points),
		cmocka_unit_test(test_utf8_broken),
		cmocka_unit_test(test_qp_size),
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_slice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
