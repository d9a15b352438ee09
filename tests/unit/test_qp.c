/* test_qp.c - against a strict decoder that refuses what RFC 2045 6.7 does
 * not allow, or what a relay might touch. */
#include "laws.h"

#include "codec/qp.h"

struct habit {
	struct qp s;
	bool binary;
};

static struct sink *build(struct sink *end, void *room)
{
	struct habit *h = room;

	qp_init(&h->s, end, h->binary);
	return &h->s.sink;
}

static unsigned hex(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *at = strchr(digits, c);

	assert_true(c && at);
	return (unsigned)(at - digits);
}

/* One line without its end; returns true when its end is soft. */
static bool decode_line(const char *p, size_t n, struct buf *out)
{
	size_t i;

	assert_true(n <= 76);
	assert_false(n >= 5 && !memcmp(p, "From ", 5));
	assert_false(n == 1 && *p == '.');
	if (n)
		assert_false(p[n - 1] == ' ' || p[n - 1] == '\t');
	for (i = 0; i < n; i++) {
		if (p[i] == '=' && i + 1 == n)
			return true;
		if (p[i] == '=') {
			assert_true(i + 2 < n);
			buf_putc(out,
				 (char)(hex(p[i + 1]) << 4 | hex(p[i + 2])));
			i += 2;
		} else {
			assert_true((p[i] >= 32 && p[i] < 127) || p[i] == '\t');
			buf_putc(out, p[i]);
		}
	}
	return false;
}

static void decode(const struct buf *code, struct buf *out)
{
	const char *p = code->data, *end = p + code->len;

	while (p < end) {
		const char *lf = memmem(p, (size_t)(end - p), "\r\n", 2);
		bool soft = decode_line(p, (size_t)((lf ? lf : end) - p), out);

		if (!lf) {
			assert_false(soft);
			return;
		}
		if (!soft)
			buf_puts(out, "\r\n");
		p = lf + 2;
	}
}

static void round_trip(const char *in, size_t n)
{
	struct buf code = BUF_INIT(LAWS_MAX), back = BUF_INIT(LAWS_MAX);
	int binary;

	for (binary = 0; binary < 2; binary++) {
		struct habit h = { .binary = binary };
		struct laws_chain chain = { build, &h };

		laws_output(chain, in, n, 0, &code);
		buf_reset(&back);
		decode(&code, &back);
		laws_equal(&back, in, n);
		if (binary && n)
			assert_memory_equal(code.data + code.len - 3, "=\r\n",
					    3);
		laws_chunks(chain, in, n);
	}
	buf_free(&code);
	buf_free(&back);
}

static void becomes(bool binary, const char *in, const char *want)
{
	struct habit h = { .binary = binary };
	struct buf code = BUF_INIT(LAWS_MAX);

	laws_output((struct laws_chain){ build, &h }, in, strlen(in), 0, &code);
	assert_string_equal(code.data, want);
	laws_hold(build, &h, in, strlen(in));
	buf_free(&code);
}

static void test_text(void **state)
{
	(void)state;
	becomes(false, "", "");
	becomes(false, "a b\tc\r\n", "a b\tc\r\n");
	becomes(false, "a=b", "a=3Db");
	becomes(false, "\xc3\xa4\r\n", "=C3=A4\r\n");
	becomes(false, "a \r\nb\t\r\nc ", "a=20\r\nb=09\r\nc=20");
	becomes(false, "a  \r\n", "a =20\r\n");
	becomes(false, "a \r", "a =0D");
	becomes(false, "a\rb\nc\r\r\n", "a=0Db=0Ac=0D\r\n");
	becomes(false, ".\r\n..\r\n.a\r\n.", "=2E\r\n..\r\n.a\r\n=2E");
	becomes(false, "From me\r\nFromage\r\nFrom\r\nFrom ",
		"From=20me\r\nFromage\r\nFrom\r\nFrom=20");
	becomes(false, "From\r\nabcd e\r\nFr\r\n  om x",
		"From\r\nabcd e\r\nFr\r\n  om x");
	becomes(false, "a From b\r\n From c\r\n", "a From b\r\n From c\r\n");
}

static void test_binary(void **state)
{
	(void)state;
	becomes(true, "", "");
	becomes(true, "a", "a=\r\n");
	becomes(true, "a\n", "a=0A=\r\n");
	becomes(true, "a\r\nb", "a=0D=0A=\r\nb=\r\n");
	becomes(true, "a \n", "a =0A=\r\n");
	becomes(true, "a ", "a=20=\r\n");
	becomes(true, "a\nFrom b", "a=0A=\r\nFrom=20b=\r\n");
}

/* What stands around the last columns, with and without something behind. */
static void test_columns(void **state)
{
	static const char *const tails[] = {
		"",	    "\r\n",    " \r\n",	       "=\r\n",
		"  \r\n",   "x",       "xy",	       "xyz",
		" ",	    "\t=",     ".\r\n",	       "=xy",
		"\xc3\xa4", "\r",      "\n",	       "\r\r\n",
		"From x",   "xFrom x", "xyFrom x\r\n", "x .",
	};
	char in[200];
	size_t n, i;

	(void)state;
	for (n = 60; n < 160; n++) {
		memset(in, 'a', n);
		for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
			strcpy(in + n, tails[i]);
			round_trip(in, strlen(in));
		}
	}
}

/* 76 is allowed where the line ends there, and 75 with a soft break. */
static void test_full_lines(void **state)
{
	char line[80], want[90];
	size_t n;

	(void)state;
	memset(line, 'a', sizeof(line));
	for (n = 75; n <= 77; n++) {
		strcpy(line + n, "\r\n");
		strcpy(want, line);
		if (n == 77)
			strcpy(want + 75, "=\r\naa\r\n");
		becomes(false, line, want);
		line[n] = 'a';
	}
}

static void test_random(void **state)
{
	static const char *const sets[] = { "a .\r\n\r\n", "From \r\n", "a =\t",
					    " \t\r\n", "a.\xc3\xa4 \n" };
	char in[500];
	uint64_t seed;
	size_t i, n;

	(void)state;
	for (seed = 0; seed < 200; seed++) {
		n = seed * 2 + seed % 3;
		for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
			laws_fill_from(in, n, sets[i], strlen(sets[i]), seed);
			round_trip(in, n);
		}
		laws_fill(in, n, seed);
		round_trip(in, n);
	}
}

/* Soft breaks that bring any part of "From " and dots to a line's start. */
static void test_runs(void **state)
{
	static const char *const words[] = {
		"=",	"\xc3\xa4", "\xff\xfe\xfd", " ",  "\t",
		".",	"From ",    "From",	    "\r", "\n",
		"\r\n", " \r\n",    "\r\r\n",	    NULL
	};
	static char in[6000];

	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++) {
		size_t size = seed % 20 ? 500 : sizeof(in);

		round_trip(in, laws_fill_runs(in, size, "abcF .", words, seed));
	}
}

static void test_from_after_break(void **state)
{
	char in[160];
	size_t n;

	(void)state;
	for (n = 0; n < 76; n++) {
		memset(in, 'a', n);
		memset(in + n, '.', 80);
		memcpy(in + n, "From From From ", 15);
		round_trip(in, n + 15);
		round_trip(in, n + 80);
		memset(in + n, '.', 80);
		in[n + 75] = '\r';
		in[n + 76] = '\n';
		round_trip(in, n + 77);
	}
}

static void test_failures(void **state)
{
	static char in[3000];
	struct habit h = { .binary = true };

	(void)state;
	laws_fill(in, sizeof(in), 1);
	laws_failures((struct laws_chain){ build, &h }, in, 700);
	laws_fill_from(in, sizeof(in), "abcdef \r\n", 9, 1);
	h.binary = false;
	laws_failures((struct laws_chain){ build, &h }, in, sizeof(in));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_full_lines),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_runs),
		cmocka_unit_test(test_from_after_break),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
