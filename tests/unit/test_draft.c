/* test_draft.c - the parser by its laws, and what a draft's reader is told.
 * Whether what is written means the same is tests/cli/message.bats'
 * question. */
#include "laws.h"

#include <stdio.h>

#include "base/sysenv.h"
#include "mail/draft.h"
#include "mail/parse.h"

/* ---- the parser -----------------------------------------------------------
 */

static const char kinds[] = "LMRC";

/* One line an entity: kind, depth, header, body, end, what was surveyed. */
static void describe(const struct parser *p, struct buf *out)
{
	for (const struct entity *e = p->first; e; e = e->next)
		buf_printf(out, "%c%u %d %d %d,%d,%d %d %d line %d\n",
			   kinds[e->kind], e->depth, (int)e->label,
			   (int)e->type, (int)e->header, (int)e->body,
			   e->kind == ENTITY_LEAF ? (int)e->end : 0,
			   e->kind == ENTITY_LEAF ? (int)e->scan.size : 0,
			   e->is_fit, (int)e->line);
	buf_printf(out, "%d %d\n", p->filling_has_high, p->filling_is_fit);
}

static void parse(const char *text, size_t n, size_t piece, struct buf *out)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct parser p;

	parser_init(&p, &a, &f);
	for (size_t at = 0; at < n; at += piece) {
		size_t now = n - at < piece ? n - at : piece;
		char *copy = memory_alloc(now);

		memcpy(copy, text + at, now);
		sink_put(&p.sink, copy, now);
		free(copy);
	}
	assert_int_equal(sink_close(&p.sink), 0);
	describe(&p, out);
	parser_free(&p);
	arena_free(&a);
}

/* The same in whatever pieces it comes; with `want`, what it is. */
static void parses(const char *text, size_t n, const char *want)
{
	static const size_t pieces[] = { 1, 2, 3, 7 };
	struct buf whole = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);

	parse(text, n, n ? n : 1, &whole);
	if (want)
		assert_string_equal(whole.data, want);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		buf_reset(&out);
		parse(text, n, pieces[i], &out);
		assert_string_equal(out.data, whole.data);
	}
	buf_free(&out);
	buf_free(&whole);
}

static void shapes(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		/* kind depth label type header,body,end size fit line */
		{ "", "L0 0 0 0,0,0 0 0 line 1\n0 1\n" },
		{ "A: b\n\nc\n", "L0 0 0 0,6,8 2 1 line 1\n0 1\n" },
		{ "A: b\r\n\r\nc", "L0 0 0 0,8,9 1 1 line 1\n0 1\n" },
		{ "A: b\nc\n", "L0 0 0 0,5,7 2 0 line 1\n0 1\n" },
		{ "no header\n", "L0 0 0 0,0,10 10 0 line 1\n0 1\n" },
		{ "From x\nA: b\n\nc", "L0 0 0 7,13,14 1 1 line 1\n0 1\n" },
		{ ">From x\nA: b\n\nc", "L0 0 0 8,14,15 1 1 line 1\n0 1\n" },
		{ "From x\n\nc", "L0 0 0 0,0,9 9 0 line 1\n0 1\n" },
		{ "From x", "L0 0 0 0,0,6 6 0 line 1\n0 1\n" },
		{ "Content-Type: multipart/x; boundary=b\n\npre\n--b\n\none\n"
		  "--b\r\nA: b\r\n\r\n\r\n--b--\npost\xc3",
		  "M0 0 3 0,39,0 0 1 line 1\n"
		  "L1 0 0 47,48,51 3 1 line 5\n"
		  "L1 0 0 57,65,65 0 1 line 8\n1 1\n" },
		/* a boundary that is longer is none; the last may lack its end
		 */
		{ "Content-Type: multipart/x; boundary=b\n\n--bb\n--b \n--b--",
		  "M0 0 3 0,39,0 0 1 line 1\n"
		  "L1 0 0 49,49,49 0 1 line 5\n0 1\n" },
		/* it never shows */
		{ "Content-Type: multipart/x; boundary=b\n\nx\n",
		  "L0 0 3 0,39,41 2 1 line 1\n0 1\n" },
		/* it never ends */
		{ "Content-Type: multipart/x; boundary=b\n\n--b\n\nx\n",
		  "M0 0 3 0,39,0 0 1 line 1\nL1 0 0 43,44,45 1 1 line 4\n"
		  "C1 0 0 45,45,0 0 1 line 6\n0 1\n" },
		{ "Content-Type: message/rfc822\nContent-Transfer-Encoding: "
		  "8BIT (c)\n\nA: b\n\nx\n",
		  "R0 2 4 0,66,0 0 1 line 1\nL1 0 0 66,72,74 2 1 line 4\n"
		  "0 1\n" },
		{ "Content-Type: message/rfc822\nContent-Transfer-Encoding: "
		  "base64\n\nx\n",
		  "L0 5 4 0,64,66 2 1 line 1\n0 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		parses(cases[i].text, strlen(cases[i].text), cases[i].want);
}

static void random_shapes(void **state)
{
	static const char *const words[] = {
		"--b\n",
		"--b--\r\n",
		"--c\n",
		"\r",
		"\n",
		"From x\n",
		"A: b\n",
		" fold\n",
		"-",
		"x",
		"--c--\n",
		"\r\n",
		"Content-Type: multipart/x; boundary=b\n",
		"Content-Type: multipart/x; boundary=\"c\"\r\n",
		"Content-Type: message/rfc822\n",
	};
	struct buf text = BUF_INIT(LAWS_MAX);
	uint64_t seed = 3;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		unsigned n = laws_random(&seed) % 30;

		buf_reset(&text);
		while (n--)
			buf_puts(&text,
				 words[laws_random(&seed) %
				       (sizeof(words) / sizeof(*words))]);
		parses(text.data, text.len, NULL);
	}
	buf_free(&text);
}

static enum error_cause parse_error(const struct buf *text)
{
	struct slice slice = slice_of_memory(text->data, text->len);
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct draft d;
	int rc = draft_read(&a, &slice, &d, &f);

	assert_int_equal(rc, error_is_set(&f) ? -1 : 0);
	arena_free(&a);
	return f.cause;
}

static void limits(void **state)
{
	struct buf text = BUF_INIT(LAWS_MAX);

	(void)state;
	while (text.len < PARSE_HEADER_MAX - 100)
		buf_puts(&text, "Name: value\n");
	assert_int_equal(parse_error(&text), ERROR_NONE);
	while (text.len < PARSE_HEADER_MAX)
		buf_puts(&text, "Name: value\n");
	assert_int_equal(parse_error(&text), ERROR_DATA);
	buf_reset(&text);
	while (text.len < PARSE_HEADER_MAX + 100)
		buf_puts(&text, "no header at all ");
	assert_int_equal(parse_error(&text), ERROR_NONE);
	buf_reset(&text);
	buf_puts(&text, "Content-Type: multipart/x; boundary=b\n\n");
	for (int i = 0; i < PARSE_ENTITIES_MAX - 2; i++)
		buf_puts(&text, "--b\n\n");
	assert_int_equal(parse_error(&text), ERROR_NONE);
	buf_puts(&text, "--b\n\n");
	buf_puts(&text, "--b\n\n");
	assert_int_equal(parse_error(&text), ERROR_DATA);
	buf_free(&text);
}

/* ---- the draft ------------------------------------------------------------
 */

static const char mail[] =
	"From x\n"
	"Received: by\n\tme\n"
	"SUBJECT:  =?utf-8?q?=C3=A4?=\n  folded\n"
	"To: =?utf-8?q?=C3=A4?= <a@b.c>\n"
	"Bcc: secret@b.c\n"
	"X-High: \xc3\xa4\n"
	"Content-Type: multipart/mixed; boundary=b\n"
	"\n"
	"--b\n\n\xc3\xa4\r\n\n--b\nContent-Type: text/html\n\n"
	"<p>\r</p>\n--b--\n";

static const char mended[] = "Received: by\r\n\tme\r\n"
			     "SUBJECT:  =?utf-8?q?=C3=A4?=\r\n  folded\r\n"
			     "To: =?utf-8?q?=C3=A4?= <a@b.c>\r\n"
			     "X-High: =?UTF-8?B?w6Q=?=\r\n"
			     "Content-Type: multipart/mixed; boundary=b\r\n"
			     "Content-Transfer-Encoding: 8bit\r\n"
			     "MIME-Version: 1.0\r\n"
			     "\r\n"
			     "--b\r\n"
			     "Content-Type: text/plain; charset=utf-8\r\n"
			     "Content-Transfer-Encoding: 8bit\r\n"
			     "\r\n"
			     "\xc3\xa4\r\n\r\n"
			     "--b\r\n"
			     "Content-Type: text/html\r\n"
			     "Content-Transfer-Encoding: quoted-printable\r\n"
			     "\r\n"
			     "<p>=0D</p>\r\n"
			     "--b--\r\n";

static void read_draft(struct arena *a, const char *text, struct draft *d)
{
	struct slice slice = slice_of_memory(text, strlen(text));
	struct error f = ERROR_INIT;

	assert_int_equal(draft_read(a, &slice, d, &f), 0);
}

static int write_draft(const struct draft *d, bool accept_8bit, size_t limit,
		       struct buf *out, struct error *f)
{
	struct laws_end end;

	buf_reset(out);
	laws_end_init(&end, out, limit, f);
	return draft_write(d, accept_8bit, &end.sink);
}

static void told(void **state)
{
	struct arena a = ARENA_INIT;
	struct draft d;

	(void)state;
	read_draft(&a, mail, &d);
	assert_string_equal(header_get(&d.header, "Received"), "by\tme");
	assert_string_equal(header_get(&d.header, "Subject"),
			    "\xc3\xa4  folded");
	assert_string_equal(header_get(&d.header, "To"),
			    "=?utf-8?q?=C3=A4?= <a@b.c>");
	assert_string_equal(header_get(&d.header, "Bcc"), "secret@b.c");
	assert_string_equal(header_get(&d.header, "X-High"), "\xc3\xa4");
	assert_true(d.has_8bit);
	assert_ptr_equal(mail + d.body, strstr(mail, "--b"));
	read_draft(&a, "A: b\n\nx\n", &d);
	assert_false(d.has_8bit);
	read_draft(&a,
		   "Content-Type: text/plain; charset=utf-8\n"
		   "Content-Transfer-Encoding: 8bit\n\n\xc3\xa4\n",
		   &d);
	assert_true(d.has_8bit);
	read_draft(&a, "A: b\n\na\rb\xc3\xa4\n", &d);
	assert_false(d.has_8bit);
	arena_free(&a);
}

/* What the caller takes away, adds and puts in another's place. */
static void changed(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct draft d;

	(void)state;
	read_draft(&a, "One:  1\nTwo:\n 2\nResent-Bcc: x@y.z\nOne:1\n\nbody",
		   &d);
	assert_int_equal(header_remove(&d.header, "two"), 1);
	assert_int_equal(header_add(&a, &d.header, "Three", "\xc3\xa4", &f), 0);
	assert_int_equal(header_add(&a, &d.header, "bcc", "no", &f), 0);
	assert_int_equal(write_draft(&d, true, LAWS_MAX, &out, &f), 0);
	assert_string_equal(out.data, "One:  1\r\nOne:1\r\n"
				      "Three: =?UTF-8?B?w6Q=?=\r\n\r\n"
				      "body\r\n");
	buf_free(&out);
	arena_free(&a);
}

static void failures(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct draft d;

	(void)state;
	read_draft(&a, mail, &d);
	assert_int_equal(write_draft(&d, true, LAWS_MAX, &out, &f), 0);
	assert_string_equal(out.data, mended);
	for (size_t limit = 0; limit < strlen(mended); limit++) {
		error_clear(&f);
		assert_int_equal(write_draft(&d, true, limit, &out, &f), -1);
		assert_int_equal(f.cause, ERROR_IO);
		laws_equal(&out, mended, limit);
	}
	buf_free(&out);
	arena_free(&a);
}

/* A soft line break must not make a boundary of what was none. */
static void made_boundaries(void **state)
{
	struct buf text = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct draft d;

	(void)state;
	buf_puts(&text, "Content-Type: multipart/x; boundary=b\n\n--b\n\n");
	for (int i = 0; i < 75 * 14; i++)
		buf_putc(&text, 'x');
	buf_puts(&text, "--b\n--b--\n");
	read_draft(&a, text.data, &d);
	assert_int_equal(write_draft(&d, true, LAWS_MAX, &out, &f), 0);
	assert_non_null(strstr(out.data, "base64"));
	buf_free(&text);
	buf_free(&out);
	arena_free(&a);
}

static void refused(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct draft d;

	(void)state;
	read_draft(&a,
		   "Content-Type: multipart/x; boundary=b\n\n--b\n"
		   "Content-Transfer-Encoding: x-new\n\n\xc3\xa4\n--b--\n",
		   &d);
	assert_int_equal(write_draft(&d, true, LAWS_MAX, &out, &f), 0);
	assert_int_equal(write_draft(&d, false, LAWS_MAX, &out, &f), -1);
	assert_int_equal(f.cause, ERROR_DATA);
	assert_non_null(strstr(f.text, "line 4"));
	buf_free(&out);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(random_shapes),
		cmocka_unit_test(limits),
		cmocka_unit_test(told),
		cmocka_unit_test(changed),
		cmocka_unit_test(failures),
		cmocka_unit_test(made_boundaries),
		cmocka_unit_test(refused),
	};

	setenv("MAILSEND_FROZEN", "charset=us-ascii", 1);
	sysenv_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
