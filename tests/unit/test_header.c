/* test_header.c - fields kept, fields written, and the law of folding:
 * without its line ends a field is what it was, no line is too long or white
 * space alone, and short words never stand past column 76. */
#include "laws.h"

#include <stdio.h>

#include "mail/header.h"

static void add(struct arena *a, struct header *h, const char *name,
		const char *value)
{
	struct error f = ERROR_INIT;

	assert_int_equal(header_add(a, h, name, value, &f), 0);
}

static void keeps(void **state)
{
	struct arena a = ARENA_INIT;
	struct header h;
	char name[] = "X-One", value[] = "1";

	(void)state;
	header_init(&h);
	assert_null(header_get(&h, "X-One"));
	assert_int_equal(header_remove(&h, "X-One"), 0);
	add(&a, &h, name, value);
	name[0] = value[0] = '?';
	add(&a, &h, "Two", "2");
	add(&a, &h, "x-one", "3");
	assert_string_equal(header_get(&h, "x-ONE"), "1");
	assert_true(header_has(&h, "TWO"));
	assert_false(header_has(&h, "X-On"));
	assert_false(header_has(&h, "X-One "));
	assert_int_equal(header_remove(&h, "X-One"), 2);
	assert_false(header_has(&h, "X-One"));
	add(&a, &h, "Three", "");
	assert_string_equal(header_get(&h, "Three"), "");
	assert_int_equal(header_remove(&h, "two"), 1);
	assert_int_equal(header_remove(&h, "three"), 1);
	assert_null(h.first);
	add(&a, &h, "Four", "4");
	assert_string_equal(h.first->name, "Four");
	arena_free(&a);
}

static void refuses(void **state)
{
	static const struct {
		const char *name, *value;
	} bad[] = {
		{ "", "x" },
		{ "A B", "x" },
		{ "A:", "x" },
		{ "A\t", "x" },
		{ "\xc3\xa4", "x" },
		{ "A\x7f", "x" },
		{ "Subject", "a\nBcc: b" },
		{ "Subject", "a\r" },
		{ "Subject", "\n" },
	};
	static const char *const lines[] = {
		"", "Subject", ": x", " : x", "A B: x", "X: a\nb", "X\n: a",
	};
	struct arena a = ARENA_INIT;
	struct header h;
	char name[400] = "";

	(void)state;
	header_init(&h);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct error f = ERROR_INIT;

		assert_int_equal(header_add(&a, &h, bad[i].name, bad[i].value,
					    &f),
				 -1);
		assert_int_equal(f.cause, ERROR_USAGE);
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct error f = ERROR_INIT;

		assert_int_equal(header_add_line(&a, &h, lines[i], &f), -1);
		assert_int_equal(f.cause, ERROR_USAGE);
	}
	memset(name, 'x', sizeof(name) - 1);
	assert_int_equal(header_add(&a, &h, name, "x",
				    &(struct error)ERROR_INIT),
			 -1);
	assert_null(h.first);
	arena_free(&a);
}

static void splits(void **state)
{
	static const struct {
		const char *line, *name, *value;
	} good[] = {
		{ "Subject: Hello", "Subject", "Hello" },
		{ "X:y", "X", "y" },
		{ "X :  a: b \t", "X", "a: b" },
		{ "X:", "X", "" },
		{ "X:   ", "X", "" },
		{ "X: é", "X", "é" },
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct error f = ERROR_INIT;
		struct header h;

		header_init(&h);
		assert_int_equal(header_add_line(&a, &h, good[i].line, &f), 0);
		assert_string_equal(h.first->name, good[i].name);
		assert_string_equal(h.first->value, good[i].value);
	}
	arena_free(&a);
}

static void kinds(void **state)
{
	(void)state;
	assert_true(header_is_address("from"));
	assert_true(header_is_address("Resent-Cc"));
	assert_true(header_is_address("BCC"));
	assert_true(header_is_address("Mail-Followup-To"));
	assert_false(header_is_address("Subject"));
	assert_false(header_is_address("In-Reply-To"));
	assert_false(header_is_address("Delivered-To"));
	assert_false(header_is_address("Resent-"));
	assert_true(header_is_bcc("bcc"));
	assert_true(header_is_bcc("Resent-BCC"));
	assert_false(header_is_bcc("Cc"));
}

static int write_field(const char *name, const char *value, struct buf *out,
		       struct error *f)
{
	struct sink_buf to;

	buf_reset(out);
	sink_buf_init(&to, out, f);
	return header_write_field(&to.sink, name, value);
}

#define A70                                                                    \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name, *value, *out;
} written[] = {
	{ "Subject", "Hello", "Subject: Hello\r\n" },
	{ "Subject", "", "Subject:\r\n" },
	{ "Subject", " \t ", "Subject:\r\n" },
	{ "Subject", "  a  b  ", "Subject: a  b\r\n" },
	{ "Subject", "a\tb", "Subject: a\tb\r\n" },
	{ "Subject", "Grüße", "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n" },
	{ "Subject", A70 " b", "Subject:\r\n " A70 " b\r\n" },
	{ "Subject", "x " A70, "Subject: x\r\n " A70 "\r\n" },
	{ "Subject", A70 A70, "Subject: " A70 A70 "\r\n" },
	{ "Subject", "x " A70 A70 " y",
	  "Subject: x\r\n " A70 A70 "\r\n y\r\n" },
	{ "Message-ID", "<=?@x>", "Message-ID: <=?@x>\r\n" },
	{ "Content-Type", "text/plain;\tx=y",
	  "Content-Type: text/plain;\tx=y\r\n" },
	{ "To", "\"A\" <a@x.org>,b@x.org", "To: A <a@x.org>, b@x.org\r\n" },
	{ "To", "Jörg <j@x.org>", "To: =?UTF-8?B?SsO2cmc=?= <j@x.org>\r\n" },
	{ "Cc", "undisclosed-recipients:;",
	  "Cc: undisclosed-recipients:;\r\n" },
	/* entries stay whole */
	{ "To",
	  "Aaaaaaaaaaaaa Aaaaaaaaaaaaaaaa <aaaaaaaaaaa@example.org>, "
	  "Bbbbbbbb Bbbbbbb <bbbbbbbbb@example.org>, c@x.org",
	  "To: Aaaaaaaaaaaaa Aaaaaaaaaaaaaaaa <aaaaaaaaaaa@example.org>,\r\n"
	  " Bbbbbbbb Bbbbbbb <bbbbbbbbb@example.org>, c@x.org\r\n" },
	{ "To",
	  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org, "
	  "\"Bbbb, Bbbb\" <b@x.org>",
	  "To: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org,\r\n"
	  " \"Bbbb, Bbbb\" <b@x.org>\r\n" },
};

static void writes(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	for (size_t i = 0; i < sizeof(written) / sizeof(*written); i++) {
		struct error f = ERROR_INIT;
		int rc = write_field(written[i].name, written[i].value, &out,
				     &f);

		assert_string_equal(f.text, "");
		assert_int_equal(rc, 0);
		assert_string_equal(out.data, written[i].out);
	}
	buf_free(&out);
}

/* `n` times `unit` behind `before`. */
static char *repeated(struct arena *a, const char *before, const char *unit,
		      size_t n)
{
	struct buf b = BUF_INIT(LAWS_MAX);
	char *text;

	buf_puts(&b, before);
	while (n--)
		buf_puts(&b, unit);
	text = arena_dup_n(a, b.data, b.len);
	buf_free(&b);
	return text;
}

/* The lines of `out`; `usual` is what none may pass. */
static void check_lines(const struct buf *out, size_t usual)
{
	const char *p = out->data;
	bool first = true;

	while (*p) {
		size_t n = strcspn(p, "\r\n");

		assert_in_range(n, 1, usual);
		assert_memory_equal(p + n, "\r\n", 2);
		if (!first) {
			assert_in_range(strspn(p, " \t"), 1, n - 1);
		}
		first = false;
		p += n + 2;
	}
}

static void unfold(struct buf *out)
{
	char *to = out->data;

	for (const char *p = out->data; *p; p++)
		if (*p != '\r' && *p != '\n')
			*to++ = *p;
	buf_truncate(out, (size_t)(to - out->data));
}

static void long_words(void **state)
{
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;

	(void)state;
	/* text: as it is while a line can hold it, else encoded */
	assert_int_equal(write_field("Subject", repeated(&a, "", "x", 997),
				     &out, &f),
			 0);
	check_lines(&out, 998);
	assert_null(strstr(out.data, "=?"));
	assert_int_equal(write_field("Subject", repeated(&a, "", "x", 5000),
				     &out, &f),
			 0);
	check_lines(&out, 76);
	assert_non_null(strstr(out.data, "=?"));
	/* white space that no line can hold */
	assert_int_equal(write_field("Subject", repeated(&a, "a", " ", 2000),
				     &out, &f),
			 0);
	assert_string_equal(out.data, "Subject: a\r\n");
	assert_int_equal(write_field("References",
				     repeated(&a,
					      repeated(&a, "<a@b>", " ", 2000),
					      "<c@d>", 1),
				     &out, &f),
			 0);
	assert_string_equal(out.data, "References: <a@b> <c@d>\r\n");
	/* structured: there is no way to write it */
	assert_int_equal(write_field("References", repeated(&a, "", "x", 998),
				     &out, &f),
			 -1);
	assert_int_equal(f.cause, ERROR_DATA);
	assert_non_null(strstr(f.text, "References"));
	arena_free(&a);
	buf_free(&out);
}

/* Nothing that no header may hold gets out by any of the ways. */
static void unsafe(void **state)
{
	static const char *const names[] = { "Subject", "Date", "List-Id",
					     "X-Anything" };
	struct buf out = BUF_INIT(LAWS_MAX);

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct error f = ERROR_INIT;

		assert_int_equal(write_field(names[i],
					     "plain \x1b[1m b\xc3\xa4"
					     "d \x7f <x@y>",
					     &out, &f),
				 0);
		unfold(&out);
		for (size_t j = 0; j < out.len; j++)
			assert_in_range((unsigned char)out.data[j], 32, 126);
		assert_non_null(strstr(out.data, "plain"));
		assert_int_equal(write_field(names[i], "a\nBcc: b", &out, &f),
				 -1);
		error_clear(&f);
		assert_int_equal(write_field(names[i], "a\r", &out, &f), -1);
	}
	buf_free(&out);
}

static void bad_addresses(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(write_field("To", "bob@@x.org", &out, &f), -1);
	assert_int_equal(f.cause, ERROR_USAGE);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void encoded(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct sink_buf to;

	(void)state;
	sink_buf_init(&to, &out, &f);
	assert_int_equal(header_write_encoded(&to.sink, "Subject",
					      "=?x?= " A70 " j\xc3\xb6rg"),
			 0);
	assert_string_equal(out.data,
			    "Subject: =?x?=\r\n " A70 "\r\n j\xc3\xb6rg\r\n");
	buf_free(&out);
}

/* Without Bcc, in order; and wherever the end fails, it is said. */
static void whole(void **state)
{
	static const char all[] = "From: A <a@x.org>\r\n"
				  "Subject: =?UTF-8?B?w7Y=?=\r\n"
				  "X-Y: 1\r\n";
	struct arena a = ARENA_INIT;
	struct buf out = BUF_INIT(LAWS_MAX);
	struct header h;

	(void)state;
	header_init(&h);
	add(&a, &h, "From", "A <a@x.org>");
	add(&a, &h, "Bcc", "secret@x.org");
	add(&a, &h, "Subject", "ö");
	add(&a, &h, "resent-bcc", "secret@x.org");
	add(&a, &h, "X-Y", "1");
	for (size_t limit = 0; limit <= strlen(all); limit++) {
		struct error f = ERROR_INIT;
		struct laws_end end;
		int rc;

		buf_reset(&out);
		laws_end_init(&end, &out, limit, &f);
		rc = header_write(&end.sink, &h);
		assert_int_equal(rc, limit == strlen(all) ? 0 : -1);
		assert_int_equal(error_is_set(&f), rc < 0);
		assert_int_equal(end.calls_after, 0);
		laws_equal(&out, all, limit);
	}
	arena_free(&a);
	buf_free(&out);
}

/* Words of many lengths and white space of many kinds. */
static void random_value(struct buf *value, size_t longest, uint64_t *seed)
{
	size_t words = laws_random(seed) % 40;

	buf_reset(value);
	while (words--) {
		size_t n = 1 + laws_random(seed) % longest;

		while (n--)
			buf_putc(value, (char)('!' + laws_random(seed) % 28));
		n = 1 + laws_random(seed) % 3;
		while (n--)
			buf_putc(value, laws_random(seed) % 4 ? ' ' : '\t');
	}
	while (value->len && strchr(" \t", value->data[value->len - 1]))
		buf_truncate(value, value->len - 1);
}

static void folding(void **state)
{
	struct buf value = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);
	uint64_t seed = 5;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		size_t longest = i % 2 ? 60 : 300;
		struct error f = ERROR_INIT;

		random_value(&value, longest, &seed);
		assert_int_equal(write_field("References", value.data, &out,
					     &f),
				 0);
		check_lines(&out, i % 2 ? 76 : 998);
		unfold(&out);
		assert_memory_equal(out.data, "References:", 11);
		if (value.len)
			assert_string_equal(out.data + 12, value.data);
	}
	buf_free(&value);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps),   cmocka_unit_test(refuses),
		cmocka_unit_test(splits),  cmocka_unit_test(kinds),
		cmocka_unit_test(writes),  cmocka_unit_test(long_words),
		cmocka_unit_test(unsafe),  cmocka_unit_test(bad_addresses),
		cmocka_unit_test(encoded), cmocka_unit_test(whole),
		cmocka_unit_test(folding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
