/* test_unqp.c - against the encoder, and RFC 2045 6.7. */
#include "laws.h"

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
		cmocka_unit_test(test_laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
