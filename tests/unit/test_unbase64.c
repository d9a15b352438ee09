/* test_unbase64.c - against the encoder, and what mail makes of its lines. */
#include "laws.h"

#include "codec/base64.h"

static struct sink *build(struct sink *end, void *room)
{
	unbase64_init(room, end);
	return room;
}

static struct sink *build_both(struct sink *end, void *room)
{
	struct {
		struct base64 to;
		struct unbase64 from;
	} *r = room;

	unbase64_init(&r->from, end);
	base64_init(&r->to, &r->from.sink);
	return &r->to.sink;
}

static void decode(const char *text, const char *want, size_t n, bool damaged)
{
	struct unbase64 s;
	struct buf out = BUF_INIT(LAWS_MAX);

	laws_output((struct laws_chain){ build, &s }, text, strlen(text), 0,
		    &out);
	laws_equal(&out, want, n);
	assert_int_equal(s.is_damaged, damaged);
	buf_free(&out);
}

static void test_known(void **state)
{
	(void)state;
	decode("", "", 0, false);
	decode("Zg==", "f", 1, false);
	decode("Zm8=", "fo", 2, false);
	decode("Zm9v", "foo", 3, false);
	decode("Zm9vYg==\r\n", "foob", 4, false);
	decode("Zm9v\r\nYmFy\r\n", "foobar", 6, false);
	decode("AP+A/w==", "\0\xff\x80\xff", 4, false);
}

static void test_kindness(void **state)
{
	(void)state;
	decode(" Z m\t9\nv ", "foo", 3, false);
	/* what a list adds behind the padding is no data */
	decode("Zg==\r\n-- \r\nlist info\r\n", "f", 1, false);
	decode("Zm-9v", "foo", 3, true);
	decode("Zm9vYg", "foob", 4, true);
	decode("Zm9vY", "foo", 3, true);
	decode("Zm9vY===", "foo", 3, true);
	/* at a group's end it says nothing */
	decode("Zm9v=", "foo", 3, false);
	decode("name=\"x.zip\"\r\n\r\nZm9v",
	       "\x9d\xa9\x9e\xc7\x38\xa9"
	       "foo",
	       9, true);
}

static void test_round_trip(void **state)
{
	static unsigned char in[20011];
	struct {
		struct base64 to;
		struct unbase64 from;
	} room;
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	laws_fill(in, sizeof(in), 1);
	for (size_t n = 0; n < sizeof(in); n = n < 300 ? n + 1 : n * 2 + 1) {
		laws_output((struct laws_chain){ build_both, &room }, in, n, 0,
			    &out);
		laws_equal(&out, in, n);
		assert_false(room.from.is_damaged);
	}
	buf_free(&out);
}

static void test_laws(void **state)
{
	char in[600];
	struct unbase64 s;

	(void)state;
	laws_fill_from(in, sizeof(in), "ABCDabcd+/09 \r\n-", 16, 2);
	laws_hold(build, &s, in, sizeof(in));
	laws_hold(build, &s, "Zm9v\r\nYg==\r\nZm9v", 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_kindness),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_laws),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
