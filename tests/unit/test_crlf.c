/* test_crlf.c - against a conversion that sees the whole text at once. */
#include "laws.h"

#include "flow/crlf.h"

struct habit {
	struct crlf s;
	bool bare_cr_ends_line, final_newline;
};

static struct sink *build(struct sink *end, void *room)
{
	struct habit *h = room;

	crlf_init(&h->s, end, h->bare_cr_ends_line, h->final_newline);
	return &h->s.sink;
}

static void convert(const struct habit *h, const char *in, size_t n,
		    struct buf *out)
{
	size_t i;
	bool ended = true;

	buf_reset(out);
	for (i = 0; i < n; i++) {
		bool before_lf = i + 1 < n && in[i + 1] == '\n';

		if (in[i] == '\r' && before_lf)
			continue;
		ended = in[i] == '\n' ||
			(in[i] == '\r' && h->bare_cr_ends_line);
		if (ended)
			buf_puts(out, "\r\n");
		else
			buf_putc(out, in[i]);
	}
	if (h->final_newline && !ended)
		buf_puts(out, "\r\n");
}

static void check(const char *in, size_t n, bool failures)
{
	struct buf want = BUF_INIT(LAWS_MAX), got = BUF_INIT(LAWS_MAX);
	int i;

	for (i = 0; i < 4; i++) {
		struct habit h = { .bare_cr_ends_line = i & 1,
				   .final_newline = i & 2 };
		struct laws_chain chain = { build, &h };

		convert(&h, in, n, &want);
		laws_output(chain, in, n, 0, &got);
		laws_equal(&got, want.data, want.len);
		laws_chunks(chain, in, n);
		if (failures)
			laws_failures(chain, in, n);
	}
	buf_free(&want);
	buf_free(&got);
}

static void test_known(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "\n", "\r\n" },
		{ "a", "a\r\n" },
		{ "a\nb", "a\r\nb\r\n" },
		{ "a\r\nb\r\n", "a\r\nb\r\n" },
		{ "a\rb", "a\rb\r\n" },
		{ "a\r", "a\r\r\n" },
	};
	struct habit h = { .final_newline = true };
	struct buf got = BUF_INIT(LAWS_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		laws_output((struct laws_chain){ build, &h }, cases[i][0],
			    strlen(cases[i][0]), 0, &got);
		laws_equal(&got, cases[i][1], strlen(cases[i][1]));
	}
	buf_free(&got);
}

/* All texts of up to six octets over four. */
static void test_all_short(void **state)
{
	static const char letters[4] = { 'a', '\r', '\n', '\0' };
	char in[6];
	size_t n, i;
	unsigned code, count = 1;

	(void)state;
	for (n = 0; n <= sizeof(in); n++, count *= 4) {
		for (code = 0; code < count; code++) {
			for (i = 0; i < n; i++)
				in[i] = letters[code >> (2 * i) & 3];
			check(in, n, n < 4);
		}
	}
}

/* Runs longer than what is gathered. */
static void test_long(void **state)
{
	static char in[30000];

	(void)state;
	memset(in, 'x', sizeof(in));
	in[4095] = in[4096] = in[9000] = '\n';
	in[20000] = '\r';
	in[20001] = '\n';
	check(in, sizeof(in), false);
	laws_fill_from(in, sizeof(in), "ab\r\n", 4, 1);
	check(in, sizeof(in), false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_all_short),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
