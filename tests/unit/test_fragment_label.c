/* test_fragment_label.c - what is written is read, and nothing else. */
#include "laws.h"

#include <stdio.h>

#include "mail/fragment_label.h"
#include "mail/header.h"

#define SET	"0123456789abcdef0123456789abcdef"
#define DIGEST	SET SET
#define NUMBERS "n=3; of=12; offset=200; size=100; total=1200"
#define GOOD                                                                   \
	"v=1; set=" SET "; " NUMBERS "; sha256=" DIGEST "; file-sha256=" DIGEST

static struct fragment_label make(const char *name)
{
	struct fragment_label l = {
		.n = 3,
		.of = 12,
		.offset = 200,
		.size = 100,
		.total = 1200,
	};

	memcpy(l.set, SET, sizeof(SET));
	memcpy(l.sha256, DIGEST, sizeof(DIGEST));
	memcpy(l.file_sha256, DIGEST, sizeof(DIGEST));
	snprintf(l.name, sizeof(l.name), "%s", name);
	return l;
}

static const char *const names[] = { "logs.tgz", "a b; c=d.tgz",
				     "quote\"back\\slash",
				     ("gr\xc3\xb6\xc3\x9f"
				      "e \xe2\x9c\x93.tgz"),
				     "'x'%41" };

static void same(const struct fragment_label *a, const struct fragment_label *b)
{
	assert_string_equal(a->set, b->set);
	assert_string_equal(a->sha256, b->sha256);
	assert_string_equal(a->file_sha256, b->file_sha256);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->of, b->of);
	assert_true(a->offset == b->offset && a->size == b->size &&
		    a->total == b->total);
}

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct fragment_label l = make(names[i]), back;
		struct buf text = BUF_INIT(FRAGMENT_VALUE_MAX);

		assert_int_equal(fragment_label_write(&text, &l), 0);
		assert_true(fragment_label_read(&back, text.data));
		same(&l, &back);
		buf_free(&text);
	}
}

static void test_is_kind(void **state)
{
	struct fragment_label l;

	(void)state;
	assert_true(fragment_label_read(&l, GOOD));
	assert_string_equal(l.name, "");
	assert_true(fragment_label_read(&l, "  " GOOD "; new=thing; name=x;"));
	assert_string_equal(l.name, "x");
}

static void refused(const char *text)
{
	struct fragment_label l;

	if (fragment_label_read(&l, text))
		fail_msg("taken: %s", text);
}

#define WITH(numbers)                                                          \
	"v=1; set=" SET "; " numbers "; sha256=" DIGEST "; file-sha256=" DIGEST

static void test_refuses(void **state)
{
	(void)state;
	refused("");
	refused("v=1");
	refused("v=2; set=" SET "; " NUMBERS "; sha256=" DIGEST
		"; file-sha256=" DIGEST);
	refused("v=1; set=" SET "0; " NUMBERS "; sha256=" DIGEST
		"; file-sha256=" DIGEST);
	refused("v=1; set=" SET "; " NUMBERS "; sha256=" SET
		"; file-sha256=" DIGEST);
	refused("v=1; set=" SET "; " NUMBERS "; sha256=" DIGEST);
	refused(WITH("n=0; of=12; offset=200; size=100; total=1200"));
	refused(WITH("n=13; of=12; offset=200; size=100; total=1200"));
	refused(WITH("n=3; of=1000001; offset=200; size=100; total=1200"));
	refused(WITH("n=3; of=12; offset=1101; size=100; total=1200"));
	refused(WITH("n=3; of=12; offset=0; size=1201; total=1200"));
	refused(WITH("n=3; of=12; offset=-1; size=100; total=1200"));
	refused(WITH("n=3; of=12; offset=200; size=100; "
		     "total=9223372036854775808"));
	refused(WITH("n=3; of=12; offset=18446744073709551615; size=100; "
		     "total=1200"));
	refused(WITH("n=; of=12; offset=200; size=100; total=1200"));
	refused(WITH("n=3x; of=12; offset=200; size=100; total=1200"));
}

static void test_long_name(void **state)
{
	char name[1000], text[3000];
	struct fragment_label l;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), GOOD "; name=%s", name);
	assert_true(fragment_label_read(&l, text));
	assert_int_equal(strlen(l.name), FRAGMENT_NAME_SIZE - 1);
}

/* ---- in a text ---- */

static bool search(const char *text, size_t piece, struct fragment_label *out)
{
	struct error f = ERROR_INIT;
	struct fragment_label_search s;
	size_t n = strlen(text);
	bool found;

	fragment_label_search_init(&s, &f);
	for (size_t at = 0; at < n; at += piece)
		sink_put(&s.sink, text + at, n - at < piece ? n - at : piece);
	assert_int_equal(sink_close(&s.sink), 0);
	found = s.found;
	*out = s.label;
	fragment_label_search_free(&s);
	return found;
}

static void found(const char *text, const char *name)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 100000 };
	struct fragment_label l, want = make(name);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		assert_true(search(text, pieces[i], &l));
		same(&l, &want);
	}
}

static void test_in_text(void **state)
{
	struct error f = ERROR_INIT;
	struct fragment_label l;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct fragment_label label = make(names[i]);
		struct buf value = BUF_INIT(FRAGMENT_VALUE_MAX);
		struct buf text = BUF_INIT(LAWS_MAX);
		struct sink_buf into;

		fragment_label_write(&value, &label);
		sink_buf_init(&into, &text, &f);
		sink_puts(&into.sink, "Hello,\r\n\r\n");
		header_write_encoded(&into.sink, FRAGMENT_LABEL_FIELD,
				     value.data);
		sink_puts(&into.sink, "\r\nmore; name=other\r\n");
		found(text.data, names[i]);
		buf_free(&value);
		buf_free(&text);
	}
	found("# X-Mailsend-Part: " GOOD "; name=x\nif test -e y; then\n", "x");
	/* quoted in an answer, and wrapped anew by a gateway */
	found("> X-Mailsend-Part: v=1;\n>  set=" SET ";\n> " NUMBERS
	      ";\n> sha256=" DIGEST ";\n> file-sha256=" DIGEST
	      "; name=x\n>\n> y\n",
	      "x");
	found("x-mailsend-part: v=1; set=" SET ";\n" NUMBERS "; sha256=" DIGEST
	      ";\nfile-sha256=" DIGEST "; name=x",
	      "x");
	/* a bad one before it */
	found("X-Mailsend-Part: v=1; set=no\n\nX-Mailsend-Part: " GOOD
	      "; name=x\n",
	      "x");
	assert_false(search("X-Mailsend-Part: v=1; set=" SET "\n\n" NUMBERS
			    "\n",
			    7, &l));
	assert_false(search("no X-Mailsend-Part: " GOOD "\n", 7, &l));
}

static void test_endless(void **state)
{
	struct fragment_label l;
	struct buf text = BUF_INIT(LAWS_MAX);

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_putc(&text, 'x');
	buf_puts(&text, "\nX-Mailsend-Part: v=1;\n");
	for (int i = 0; i < 10000; i++)
		buf_puts(&text, " a=b;\n");
	assert_false(search(text.data, 777, &l));
	buf_puts(&text, "\nX-Mailsend-Part: " GOOD "\n");
	assert_true(search(text.data, 777, &l));
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_is_kind),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_in_text),
		cmocka_unit_test(test_endless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
