/* test_message.c - what prepare chooses, what write makes of it.  Whether
 * other programs read it is tests/cli/message.bats' question. */
#include "laws.h"

#include <stdio.h>
#include <unistd.h>

#include "base/sysenv.h"
#include "mail/message.h"

static struct part leaf_of(struct piece *piece, const char *type,
			   const char *text, size_t n)
{
	struct part p = { .type = type, .pieces = piece };

	*piece = (struct piece){ .content = slice_of_memory(text, n) };
	return p;
}

/* A leaf that was prepared alone, not as the root of a message: inside a
 * multipart. */
static int prepare(struct part *p, bool accept_8bit, struct error *f)
{
	static struct arena a = ARENA_INIT;
	struct part mixed = { .kind = PART_MULTIPART,
			      .type = "multipart/mixed",
			      .children = p };
	struct message m = { .root = &mixed };
	int rc;

	header_init(&m.header);
	rc = message_prepare(&a, &m, accept_8bit, f);
	arena_free(&a);
	return rc;
}

/* Text that is its own survey: what is chosen for it. */
struct choice {
	const char *text;
	enum encoding wish;
	bool accept_8bit;
	enum encoding encoding; /* AUTO: it is refused */
	const char *type;	/* NULL: as it was */
};

static void check_choice(const struct choice *c, const char *type, bool body)
{
	struct error f = ERROR_INIT;
	struct piece piece;
	struct part p = leaf_of(&piece, type, c->text, strlen(c->text));

	p.is_body = body;
	p.encoding = c->wish;
	p.filename = "name.of.it";
	if (c->encoding == ENCODING_AUTO) {
		assert_int_equal(prepare(&p, c->accept_8bit, &f), -1);
		assert_int_equal(f.cause, ERROR_DATA);
		assert_non_null(strstr(f.text, "name.of.it"));
		assert_non_null(strstr(f.text, "base64"));
		return;
	}
	assert_int_equal(prepare(&p, c->accept_8bit, &f), 0);
	assert_int_equal(p.encoding, c->encoding);
	assert_string_equal(p.type, c->type ? c->type : type);
}

#define QP ENCODING_QUOTED_PRINTABLE

static void bodies(void **state)
{
	static const struct choice cases[] = {
		{ "", ENCODING_AUTO, true, ENCODING_7BIT, NULL },
		{ "plain\n", ENCODING_AUTO, true, ENCODING_7BIT, NULL },
		{ "plain\r\n.\r\n", ENCODING_8BIT, true, ENCODING_7BIT, NULL },
		{ "tab\t\n", ENCODING_AUTO, false, ENCODING_7BIT, NULL },
		{ "caf\xc3\xa9 au lait pour tous\n", ENCODING_AUTO, true, QP,
		  NULL },
		{ "caf\xc3\xa9\n", ENCODING_8BIT, true, ENCODING_8BIT, NULL },
		{ "caf\xc3\xa9 au lait\n", ENCODING_8BIT, false, QP, NULL },
		{ "caf\xc3\xa9 au lait pour tous\n", ENCODING_7BIT, true, QP,
		  NULL },
		{ "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\n", ENCODING_AUTO, true,
		  ENCODING_BASE64, NULL },
		{ "\x1b[1mbold\x1b[0m\n", ENCODING_AUTO, true, QP, NULL },
		{ "one\rtwo\n", ENCODING_8BIT, true, QP, NULL },
		{ "From me\n", ENCODING_AUTO, true, QP, NULL },
		{ "plain\n", QP, true, QP, NULL },
		{ "plain\n", ENCODING_BASE64, true, ENCODING_BASE64, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_choice(&cases[i], "text/plain", true);
}

static void attachments(void **state)
{
	static const struct choice cases[] = {
		{ "plain\n", ENCODING_AUTO, true, ENCODING_BASE64, NULL },
		{ "plain\n", ENCODING_7BIT, true, ENCODING_7BIT, NULL },
		{ "no end", ENCODING_7BIT, true, ENCODING_7BIT, NULL },
		{ "crlf\r\n\r\n", ENCODING_7BIT, true, ENCODING_7BIT, NULL },
		{ "plain\n", ENCODING_8BIT, true, ENCODING_7BIT, NULL },
		{ "h\xc3\xa4\n", ENCODING_8BIT, true, ENCODING_8BIT, NULL },
		{ "h\xc3\xa4\n", ENCODING_8BIT, false, QP, NULL },
		{ "h\xc3\xa4\n", ENCODING_7BIT, true, ENCODING_AUTO, NULL },
		{ "a\nb\r\n", ENCODING_7BIT, true, ENCODING_AUTO, NULL },
		{ "a\nb\r\n", ENCODING_8BIT, true, ENCODING_AUTO, NULL },
		{ "a\rb\n", ENCODING_8BIT, true, ENCODING_AUTO, NULL },
		{ "a\r\nb", QP, true, QP, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		check_choice(&cases[i], "text/plain", false);
		check_choice(&cases[i], "application/x-any", false);
	}
}

static void composites(void **state)
{
	static const char other[] = "application/octet-stream";
	static const struct choice cases[] = {
		{ "A: b\n\nc\n", ENCODING_AUTO, false, ENCODING_7BIT, NULL },
		{ "A: b\n\nc\n", ENCODING_7BIT, false, ENCODING_7BIT, NULL },
		{ "A: b\n\n\xc3\xa4\n", ENCODING_AUTO, true, ENCODING_8BIT,
		  NULL },
		{ "A: b\n\n\xc3\xa4\n", ENCODING_AUTO, false, ENCODING_BASE64,
		  other },
		{ "A: b\n\nc\n", ENCODING_BASE64, false, ENCODING_BASE64,
		  other },
		{ "A: b\n\nc\n", QP, false, ENCODING_BASE64, other },
		{ "A: b\r\n\nc\n", ENCODING_AUTO, true, ENCODING_BASE64,
		  other },
	};
	static const struct choice multipart = { "--x\n\n\n--x--\n",
						 ENCODING_AUTO, true,
						 ENCODING_BASE64, other };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_choice(&cases[i], "message/rfc822", false);
	check_choice(&multipart, "multipart/mixed", false);
}

/* Lines of 998 are the last that pass. */
static void long_lines(void **state)
{
	char text[1000];
	struct choice c = { text, ENCODING_AUTO, true, ENCODING_7BIT, NULL };

	(void)state;
	memset(text, 'x', sizeof(text));
	text[998] = '\0';
	check_choice(&c, "text/plain", true);
	c.wish = ENCODING_7BIT;
	check_choice(&c, "text/plain", false);
	text[998] = 'x';
	text[999] = '\0';
	c.encoding = ENCODING_AUTO;
	check_choice(&c, "text/plain", false);
	c.encoding = QP;
	check_choice(&c, "text/plain", true);
}

static void charsets(void **state)
{
	static const struct {
		const char *type, *text, *charset;
		bool body;
	} cases[] = {
		{ "text/plain", "x\n", "us-ascii", true },
		{ "text/plain", "\xc3\xa4\n", "utf-8", true },
		{ "text/plain", "\xe4\n", "windows-1252", true },
		{ "text/html", "\xe4\n", "windows-1252", true },
		{ "text/plain", "\xe4\n", "windows-1252", false },
		{ "text/html", "\xc3\xa4\n", "utf-8", false },
		{ "text/html", "\xe4\n", NULL, false },
		{ "text/html", "\x1b(B\n", NULL, false },
		{ "text/plain; charset=x", "\xe4\n", NULL, true },
		{ "application/x", "\xe4\n", NULL, false },
	};
	struct error f = ERROR_INIT;
	struct piece piece;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct part p = leaf_of(&piece, cases[i].type, cases[i].text,
					strlen(cases[i].text));

		p.is_body = cases[i].body;
		assert_int_equal(prepare(&p, true, &f), 0);
		if (cases[i].charset)
			assert_string_equal(p.charset, cases[i].charset);
		else
			assert_null(p.charset);
	}
}

/* What was chosen stays, but for what a server does not take. */
static void again(void **state)
{
	static const char text[] = "h\xc3\xa4 and some more to read\n";
	struct error f = ERROR_INIT;
	struct piece one, two;
	struct part body = leaf_of(&one, "text/plain", text, strlen(text));
	struct part mail = leaf_of(&two, "message/rfc822", text, strlen(text));
	struct part mixed = { .kind = PART_MULTIPART,
			      .type = "multipart/mixed",
			      .children = &body };
	struct message m = { .root = &mixed };
	struct arena a = ARENA_INIT;
	char boundary[sizeof(mixed.boundary)];

	(void)state;
	header_init(&m.header);
	body.is_body = true;
	body.encoding = ENCODING_8BIT;
	body.next = &mail;
	assert_int_equal(message_prepare(&a, &m, true, &f), 0);
	assert_int_equal(body.encoding, ENCODING_8BIT);
	assert_int_equal(mail.encoding, ENCODING_8BIT);
	memcpy(boundary, mixed.boundary, sizeof(boundary));
	assert_int_equal(message_prepare(&a, &m, true, &f), 0);
	assert_int_equal(body.encoding, ENCODING_8BIT);
	assert_int_equal(message_prepare(&a, &m, false, &f), 0);
	assert_int_equal(body.encoding, ENCODING_QUOTED_PRINTABLE);
	assert_int_equal(mail.encoding, ENCODING_BASE64);
	assert_string_equal(mail.type, "application/octet-stream");
	assert_string_equal(mixed.boundary, boundary);
	arena_free(&a);
}

static void names(void **state)
{
	(void)state;
	for (int i = ENCODING_AUTO; i <= ENCODING_UUENCODE; i++)
		assert_int_equal(encoding_parse(
					 encoding_name((enum encoding)i)),
				 i);
	assert_int_equal(encoding_parse("Base64"), ENCODING_BASE64);
	assert_int_equal(encoding_parse(""), -1);
	assert_int_equal(encoding_parse("base 64"), -1);
}

/* ---- the whole ------------------------------------------------------------
 */

/* text and HTML, a picture for it, a log, all that has a form of its own */
struct whole {
	struct piece pieces[6];
	struct part text, html, image, log, both, related, mixed;
	struct message m;
};

static void frozen(const char *seed)
{
	char text[64];

	snprintf(text, sizeof(text), "seed=%s charset=us-ascii", seed);
	setenv("MAILSEND_FROZEN", text, 1);
	sysenv_init();
}

static struct part gather(const char *type, struct part *first)
{
	struct part p = { .kind = PART_MULTIPART,
			  .type = type,
			  .children = first };

	return p;
}

static void build(struct arena *a, struct whole *w, const char *text)
{
	static const char html[] = "<p>h\xc3\xa9</p>";
	static const char image[] = "\x89PNG\r\n\x1a\n";
	static const char log[] = "one\ntwo";
	struct error f = ERROR_INIT;

	w->text = leaf_of(&w->pieces[0], "text/plain", text, strlen(text));
	w->text.is_body = true;
	w->html = leaf_of(&w->pieces[1], "text/html", html, strlen(html));
	w->html.is_body = true;
	w->html.encoding = ENCODING_8BIT;
	w->image = leaf_of(&w->pieces[2], "image/png", image, strlen(image));
	w->image.content_id = "my logo";
	w->image.disposition = "inline";
	w->image.filename = "\xc3\xa4.png";
	w->log = leaf_of(&w->pieces[3], "text/plain", log, strlen(log));
	w->log.disposition = "attachment";
	w->log.filename = "a.log";
	w->log.has_size = true;
	w->log.encoding = ENCODING_7BIT;
	w->text.next = &w->html;
	w->both = gather("multipart/alternative", &w->text);
	w->both.next = &w->image;
	w->related = gather("multipart/related", &w->both);
	w->related.next = &w->log;
	w->mixed = gather("multipart/mixed", &w->related);
	w->m = (struct message){ .root = &w->mixed };
	header_init(&w->m.header);
	header_add(a, &w->m.header, "Subject", "x", &f);
	header_add(a, &w->m.header, "mime-version", "0.9", &f);
	header_add(a, &w->m.header, "BCC", "secret@example.org", &f);
	header_init(&w->log.extra);
	header_add(a, &w->log.extra, "X-Mark", "1", &f);
	assert_false(error_is_set(&f));
}

static int write_whole(struct whole *w, size_t limit, struct buf *out,
		       struct error *f)
{
	struct laws_end end;

	buf_reset(out);
	laws_end_init(&end, out, limit, f);
	return message_write(&w->m, &end.sink);
}

static const char whole_text[] =
	"Subject: x\r\n"
	"MIME-Version: 1.0\r\n"
	"Content-Type: multipart/mixed; boundary=\"%1$s_0000\"\r\n"
	"Content-Transfer-Encoding: 8bit\r\n"
	"\r\n"
	"--%1$s_0000\r\n"
	"Content-Type: multipart/related; type=\"multipart/alternative\";\r\n"
	" boundary=\"%1$s_0001\"\r\n"
	"Content-Transfer-Encoding: 8bit\r\n"
	"\r\n"
	"--%1$s_0001\r\n"
	"Content-Type: multipart/alternative;\r\n"
	" boundary=\"%1$s_0002\"\r\n"
	"Content-Transfer-Encoding: 8bit\r\n"
	"\r\n"
	"--%1$s_0002\r\n"
	"Content-Type: text/plain; charset=us-ascii\r\n"
	"Content-Transfer-Encoding: 7bit\r\n"
	"\r\n"
	"hello\r\n"
	"\r\n"
	"--%1$s_0002\r\n"
	"Content-Type: text/html; charset=utf-8\r\n"
	"Content-Transfer-Encoding: 8bit\r\n"
	"\r\n"
	"<p>h\xc3\xa9</p>\r\n"
	"\r\n"
	"--%1$s_0002--\r\n"
	"--%1$s_0001\r\n"
	"Content-Type: image/png; name=\"a.png\"\r\n"
	"Content-Transfer-Encoding: base64\r\n"
	"Content-Disposition: inline; filename*=UTF-8''%%C3%%A4.png\r\n"
	"Content-ID: <my_logo>\r\n"
	"\r\n"
	"iVBORw0KGgo=\r\n"
	"--%1$s_0001--\r\n"
	"--%1$s_0000\r\n"
	"Content-Type: text/plain; charset=us-ascii; name=\"a.log\"\r\n"
	"Content-Transfer-Encoding: 7bit\r\n"
	"Content-Disposition: attachment; filename=\"a.log\"; size=7\r\n"
	"X-Mark: 1\r\n"
	"\r\n"
	"one\r\n"
	"two\r\n"
	"--%1$s_0000--\r\n";

static void written(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX), want = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct whole w;
	char tag[sizeof(w.mixed.boundary)];

	(void)state;
	frozen("1");
	build(&a, &w, "hello");
	assert_int_equal(message_prepare(&a, &w.m, true, &f), 0);
	assert_int_equal(write_whole(&w, LAWS_MAX, &out, &f), 0);
	snprintf(tag, sizeof(tag), "%s", w.mixed.boundary);
	assert_memory_equal(tag, "=_", 2);
	*strrchr(tag, '_') = '\0';
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buf_printf(&want, whole_text, tag);
#pragma GCC diagnostic pop
	assert_string_equal(out.data, want.data);
	buf_free(&out);
	buf_free(&want);
	arena_free(&a);
}

static void failures(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX), whole = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct whole w;

	(void)state;
	build(&a, &w, "hello, this is one long line = soft \x01\n");
	assert_int_equal(message_prepare(&a, &w.m, true, &f), 0);
	assert_int_equal(write_whole(&w, LAWS_MAX, &whole, &f), 0);
	for (size_t limit = 0; limit < whole.len; limit++) {
		error_clear(&f);
		assert_int_equal(write_whole(&w, limit, &out, &f), -1);
		assert_int_equal(f.cause, ERROR_IO);
		laws_equal(&out, whole.data, limit);
	}
	buf_free(&out);
	buf_free(&whole);
	arena_free(&a);
}

/* The boundary that would have been drawn stands in the content. */
static void collisions(void **state)
{
	struct error f = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct whole w;
	char text[72], line[72], first[64];

	(void)state;
	frozen("7");
	build(&a, &w, "hello");
	assert_int_equal(message_prepare(&a, &w.m, true, &f), 0);
	memcpy(first, w.mixed.boundary, sizeof(w.mixed.boundary));
	assert_string_not_equal(w.related.boundary, first);
	snprintf(line, sizeof(line), "\n--%s", first);
	snprintf(text, sizeof(text), " --%s", first);
	for (int i = 0; i < 3; i++) {
		frozen("7");
		build(&a, &w, i == 1 ? line : i == 2 ? line + 1 : text);
		assert_int_equal(message_prepare(&a, &w.m, true, &f), 0);
		if (i)
			assert_string_not_equal(w.mixed.boundary, first);
		else
			assert_string_equal(w.mixed.boundary, first);
	}
	unsetenv("MAILSEND_FROZEN");
	arena_free(&a);
}

/* A file that grows a NUL, a long line or an octet over 127 behind our back
 * does not go out as 7bit. */
static void changed_files(void **state)
{
	static const char *const later[] = { "ab\n\xc3\xa4\n", "ab\rde\n" };
	char path[] = "/tmp/mailsend-test.XXXXXX";
	int fd = mkstemp(path);
	struct buf out = BUF_INIT(LAWS_MAX);
	struct arena a = ARENA_INIT;

	(void)state;
	unlink(path);
	for (size_t i = 0; i < sizeof(later) / sizeof(*later); i++) {
		struct error f = ERROR_INIT;
		struct piece piece;
		struct part p = leaf_of(&piece, "text/plain", "", 0);
		struct whole w = { .m.root = &p };

		header_init(&w.m.header);
		piece.content = (struct slice){ .fd = fd,
						.length = 6,
						.name = "the.log" };
		p.encoding = ENCODING_7BIT;
		assert_int_equal(pwrite(fd, "abcde\n", 6, 0), 6);
		assert_int_equal(message_prepare(&a, &w.m, true, &f), 0);
		assert_int_equal(pwrite(fd, later[i], 6, 0), 6);
		assert_int_equal(write_whole(&w, LAWS_MAX, &out, &f), -1);
		assert_int_equal(f.cause, ERROR_IO);
		assert_true(f.temporary);
		assert_non_null(strstr(f.text, "the.log"));
	}
	close(fd);
	buf_free(&out);
	arena_free(&a);
}

static void uuencoded(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	struct error f = ERROR_INIT;
	struct arena a = ARENA_INIT;
	struct piece text, file = { .content = slice_of_memory("Cat", 3),
				    .uuencode = true,
				    .name = "\xc3\xbc.bin",
				    .mode = 0600 };
	struct part p = leaf_of(&text, "text/plain", "see", 3);
	struct whole w = { .m.root = &p };

	(void)state;
	header_init(&w.m.header);
	text.next = &file;
	p.is_body = true;
	assert_int_equal(message_prepare(&a, &w.m, false, &f), 0);
	assert_int_equal(write_whole(&w, LAWS_MAX, &out, &f), 0);
	assert_string_equal(out.data,
			    "MIME-Version: 1.0\r\n"
			    "Content-Type: text/plain; charset=us-ascii\r\n"
			    "Content-Transfer-Encoding: 7bit\r\n\r\n"
			    "see\r\nbegin 600 u.bin\r\n#0V%T\r\n`\r\nend\r\n");
	buf_free(&out);
	arena_free(&a);
}

/* The limits of a tree. */
static void limits(void **state)
{
	struct part deep[MESSAGE_DEPTH_MAX + 1], leaf;
	struct piece piece;
	struct message m = { .root = &deep[0] };
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;

	(void)state;
	leaf = leaf_of(&piece, "text/plain", "x", 1);
	header_init(&m.header);
	for (int i = MESSAGE_DEPTH_MAX; i >= 0; i--)
		deep[i] = gather("multipart/mixed",
				 i == MESSAGE_DEPTH_MAX ? &leaf : &deep[i + 1]);
	assert_int_equal(message_prepare(&a, &m, true, &f), -1);
	assert_int_equal(f.cause, ERROR_DATA);
	error_clear(&f);
	m.root = &deep[1];
	assert_int_equal(message_prepare(&a, &m, true, &f), 0);
	deep[1].children = NULL;
	assert_int_equal(message_prepare(&a, &m, true, &f), -1);
	assert_int_equal(f.cause, ERROR_SOFTWARE);
	error_clear(&f);
	m.root = &leaf;
	leaf.is_prepared = false;
	leaf.encoding = ENCODING_UUENCODE;
	assert_int_equal(message_prepare(&a, &m, true, &f), -1);
	assert_int_equal(f.cause, ERROR_SOFTWARE);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),	 cmocka_unit_test(attachments),
		cmocka_unit_test(composites),	 cmocka_unit_test(long_lines),
		cmocka_unit_test(charsets),	 cmocka_unit_test(again),
		cmocka_unit_test(names),	 cmocka_unit_test(written),
		cmocka_unit_test(failures),	 cmocka_unit_test(collisions),
		cmocka_unit_test(changed_files), cmocka_unit_test(uuencoded),
		cmocka_unit_test(limits),
	};

	setenv("MAILSEND_FROZEN", "charset=us-ascii", 1);
	sysenv_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
