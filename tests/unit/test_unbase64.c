/* test_unbase64.c - every set of loops that this processor can run, against the
 * encoder, against what mail makes of its lines, and against a decoder that
 * works character by character. */
#include "laws.h"

#include "codec/base64.h"
#include "codec/base64_loops.h"

static const struct base64_loops *loops;

static struct sink *build(struct sink *end, void *room)
{
	struct unbase64 *s = room;

	unbase64_init(s, end);
	s->loops = loops;
	return room;
}

static struct sink *build_both(struct sink *end, void *room)
{
	struct {
		struct base64 to;
		struct unbase64 from;
	} *r = room;

	build(end, &r->from);
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

/* ---- a decoder that works character by character ---- */

struct plain {
	struct buf out;
	bool is_damaged, is_over;
};

static void decode_plainly(const char *text, size_t n, struct plain *p)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	unsigned bits = 0, count = 0;
	bool is_odd = false;

	buf_reset(&p->out);
	p->is_damaged = p->is_over = false;
	for (size_t i = 0; i < n && !p->is_over; i++) {
		const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;

		if (text[i] == '=' && !count) {
			is_odd = true;
		} else if (text[i] == '=') {
			p->is_over = true;
		} else if (!at) {
			if (!text[i] || !strchr(" \t\r\n", text[i]))
				p->is_damaged = true;
		} else {
			p->is_damaged |= is_odd;
			bits = bits << 6 | (unsigned)(at - alphabet);
			count = (count + 1) % 4;
			for (int k = 16; !count && k >= 0; k -= 8)
				buf_putc(&p->out, (char)(bits >> k));
		}
	}
	/* a group that was cut: 2 characters are an octet, 3 are two */
	p->is_damaged |= count == 1 || (count && !p->is_over);
	for (unsigned k = 1; k < count; k++)
		buf_putc(&p->out,
			 (char)(bits << (6 * (4 - count)) >> (24 - 8 * k)));
}

static void compare(const char *text, size_t n, size_t piece)
{
	struct plain want = { .out = BUF_INIT(LAWS_MAX) };
	struct buf out = BUF_INIT(LAWS_MAX);
	struct unbase64 s;

	decode_plainly(text, n, &want);
	laws_output((struct laws_chain){ build, &s }, text, n, piece, &out);
	laws_equal(&out, want.out.data, want.out.len);
	assert_int_equal(s.is_damaged, want.is_damaged);
	assert_int_equal(s.is_over, want.is_over);
	buf_free(&want.out);
	buf_free(&out);
}

/* Each octet at each place of a register, and behind whole lines. */
static void test_every_octet(void **state)
{
	char text[300];

	(void)state;
	for (size_t at = 0; at < 160; at++)
		for (int c = 0; c < 256; c++) {
			laws_fill_from(text, sizeof(text), "ABab09+/", 8,
				       at + 1);
			memcpy(text + 76, "\r\n", 2);
			memcpy(text + 154, "\r\n", 2);
			text[at] = (char)c;
			compare(text, sizeof(text), 0);
		}
}

/* Lines of any length, ended in any way, with a few octets that are wrong. */
static void test_mutations(void **state)
{
	static const char *const ends[] = { "\r\n", "\n", " \r\n", "\r",
					    "\t\n\n" };
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct buf text = BUF_INIT(LAWS_MAX);
		size_t length = i % 3 ? 76 : 1 + laws_random(&seed) % 130;
		const char *end = ends[i % 2 ? 0 : laws_random(&seed) % 5];
		size_t lines = laws_random(&seed) % 20;

		while (lines--) {
			char line[130];

			laws_fill_from(line, length,
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				       "nopqrstuvwxyz0123456789+/",
				       64, laws_random(&seed));
			buf_put(&text, line, length);
			buf_puts(&text, end);
		}
		for (unsigned k = laws_random(&seed) % 4; text.len && k; k--)
			text.data[laws_random(&seed) % text.len] =
				laws_random(&seed) % 2
					? (char)laws_random(&seed)
					: "=-\n\r "[laws_random(&seed) % 5];
		buf_puts(&text, i % 5 ? "" : "Zg==\r\n-- \r\nZm9v");
		compare(text.data, text.len, laws_random(&seed) % 100);
		buf_free(&text);
	}
}

/* More than the room of one put, at every place of it. */
static void test_room(void **state)
{
	static char text[40000];

	(void)state;
	laws_fill_from(text, sizeof(text), "ABCDabcd+/09", 12, 6);
	for (size_t n = sizeof(text) - 40; n < sizeof(text); n++)
		compare(text, n, 0);
	for (size_t i = 76; i < sizeof(text); i += 77)
		text[i] = '\n';
	for (size_t n = sizeof(text) - 40; n < sizeof(text); n++)
		compare(text, n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_kindness),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_every_octet),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_laws),
	};
	int failed = 0;

	for (size_t i = 0; (loops = base64_loops(i)); i++)
		failed |= cmocka_run_group_tests_name(loops->name, tests, NULL,
						      NULL);
	return failed;
}
