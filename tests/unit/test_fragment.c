/* test_fragment.c - what is found in a message, in any pieces, whatever it
 * says. */
#include "laws.h"

#include "parts/fragment.h"

static const char *const spool[] = { "/tmp", NULL };

#define SET "0123456789abcdef0123456789abcdef"
#define LABEL                                                                  \
	"X-Mailsend-Part: v=1; set=" SET "; n=2; of=3; offset=6; size=6;\r\n"  \
	" total=18; sha256=" SET SET "; file-sha256=" SET SET                  \
	"; name=a.bin\r\n"

/* "kind n/of name(first,last)=octets;" for each. */
static void describe(const char *message, size_t n, size_t piece,
		     struct buf *out)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct fragments s;

	buf_reset(out);
	fragments_init(&s, &a, spool, &f);
	for (size_t at = 0; at < n; at += piece)
		sink_put(&s.sink, message + at,
			 n - at < piece ? n - at : piece);
	assert_int_equal(sink_close(&s.sink), 0);
	for (const struct fragment *x = s.first; x; x = x->next) {
		struct buf octets = BUF_INIT(LAWS_MAX);
		struct sink_buf into;
		int r;

		sink_buf_init(&into, &octets, &f);
		r = fragment_pass(&s, x, &into.sink);
		assert_true(r >= 0);
		assert_int_equal(strlen(x->set), 32);
		buf_printf(out,
			   "%s %u/%u %s%s%s%s=", fragment_kind_name(x->kind),
			   x->n, x->of, x->name ? x->name : "-",
			   x->is_first ? " first" : "",
			   x->is_last ? " last" : "", r ? " doubt" : "");
		buf_put(out, octets.data, octets.len);
		buf_puts(out, ";");
		buf_free(&octets);
	}
	fragments_free(&s);
	arena_free(&a);
}

static void found(const char *message, const char *want)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 1000000 };
	struct buf out = BUF_INIT(LAWS_MAX);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		describe(message, strlen(message), pieces[i], &out);
		assert_string_equal(out.data, want);
	}
	buf_free(&out);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n"
#define TEXT  "--b\r\nContent-Type: text/plain\r\n\r\n"
#define FILE_PART(headers)                                                     \
	"--b\r\nContent-Type: application/octet-stream\r\n"                    \
	"Content-Transfer-Encoding: base64\r\n" headers "\r\nc2xpY2UK\r\n"
#define NAMED "Content-Disposition: attachment; filename=a.bin.002\r\n"

static void test_labels(void **state)
{
	static const char want[] = "parts 2/3 a.bin=slice\n;";

	(void)state;
	found(LABEL MIXED "\r\n" TEXT "text\r\n" FILE_PART(NAMED) "--b--\r\n",
	      want);
	found(MIXED "\r\n" TEXT "text\r\n" FILE_PART(LABEL NAMED) "--b--\r\n",
	      want);
	found(MIXED "\r\n" TEXT "text\r\n\r\n" LABEL
		    "\r\nmore\r\n" FILE_PART(NAMED) "--b--\r\n",
	      want);
	/* the one that has the number is meant, not the first */
	found(LABEL MIXED
	      "\r\n--b\r\nContent-Type: image/png\r\n\r\npicture\r\n" FILE_PART(
		      NAMED) "--b--\r\n",
	      want);
	/* the whole mail is the slice */
	found(LABEL "Content-Type: application/octet-stream\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\nc2xpY2UK\r\n",
	      want);
	found(LABEL "\r\nbegin 644 a.bin\r\n&<VQI8V4*\r\n`\r\nend\r\n", want);
	found(LABEL "\r\n#!/bin/sh\r\n# a shell archive\r\n"
		    "uudecode -o /dev/stdout << 'E' >> a.bin\r\n"
		    "begin 644 a.bin\r\n&<VQI8V4*\r\n`\r\nend\r\nE\r\n",
	      want);
	/* within a forwarded mail */
	found("Content-Type: message/rfc822\r\n\r\n" LABEL MIXED
	      "\r\n" FILE_PART(NAMED) "--b--\r\n",
	      want);
	/* nothing that could be it */
	found(LABEL "\r\ntext\r\n", "");
}

static void test_others(void **state)
{
	(void)state;
	found(MIXED "\r\n" FILE_PART(NAMED) "--b--\r\n",
	      "numbered 3/0 a.bin=slice\n;");
	found("Subject: x [2/5]\r\n" MIXED "\r\n" FILE_PART(NAMED) "--b--\r\n",
	      "numbered 3/5 a.bin=slice\n;");
	found("Subject: x (1/2)\r\n\r\nbegin 644 ../n\r\n&<VQI8V4*\r\n",
	      "uuencode 1/2 n first=slice\n;");
	found("Subject: x\r\n\r\nbegin 644 n\r\n&<VQI8V4*\r\n`\r\nend\r\n", "");
	found("Subject: x (1/2)\r\n\r\nonly text\r\n", "");
	found("Content-Type: message/partial; id=i; number=2\r\n\r\nx\r\n",
	      "partial 2/0 -=x\r\n;");
	found("Content-Type: message/partial; id=i; number=2; total=2\r\n\r\nx",
	      "partial 2/2 - last=x;");
	found("Content-Type: message/partial; id=i; number=3; total=2\r\n\r\nx",
	      "");
	found("Content-Type: message/partial; number=3\r\n\r\nx", "");
	found("\r\n#!/bin/sh\r\n# This is a shell archive\r\n"
	      "cat << 'E' > n\r\nx\r\nE\r\nexit 0\r\nfooter\r\n",
	      "shar 1/1 - first last=#!/bin/sh\n# This is a shell archive\n"
	      "cat << 'E' > n\nx\nE\nexit 0\n;");
	found("\r\nno mail at all", "");
	found("", "");
}

/* ---- what wants to do harm ---- */

static void test_deep(void **state)
{
	struct buf in = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);

	(void)state;
	for (int i = 0; i < 3000; i++)
		buf_printf(&in,
			   "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n"
			   "--b%d\r\n",
			   i, i);
	describe(in.data, in.len, 1000, &out);
	assert_int_equal(out.len, 0);
	buf_reset(&in);
	for (int i = 0; i < 3000; i++)
		buf_puts(&in, "Content-Type: message/rfc822\r\n\r\n");
	describe(in.data, in.len, 1000, &out);
	buf_free(&in);
	buf_free(&out);
}

static void test_many(void **state)
{
	struct buf in = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);

	(void)state;
	buf_puts(&in, LABEL MIXED "\r\n");
	for (int i = 0; i < 20000; i++)
		buf_puts(&in, "--b\r\n\r\nx\r\n");
	describe(in.data, in.len, 1000, &out);
	assert_int_equal(out.len, 0);
	buf_reset(&in);
	buf_puts(&in, "X: ");
	for (int i = 0; i < 2000000; i++)
		buf_putc(&in, 'x');
	buf_puts(&in, "\r\n" LABEL "\r\n");
	describe(in.data, in.len, 1000, &out);
	assert_int_equal(out.len, 0);
	buf_free(&in);
	buf_free(&out);
}

static const char *const seeds[] = {
	LABEL MIXED "\r\n" TEXT LABEL "\r\n" FILE_PART(LABEL NAMED) "--b--\r\n",
	"Subject: x (1/2)\r\n\r\nbegin 644 n\r\n&<VQI8V4*\r\n`\r\nend\r\n",
	"Content-Type: message/partial; id=i; number=2; total=2\r\n\r\nx",
	"\r\n#!/bin/sh\r\n# This is a shell archive\r\n"
	"#   3 -rw-r--r-- n\r\nsed 's/^X//' << 'E' > n\r\nXx\r\nE\r\n"
	"uudecode << E\r\nbegin 644 n\r\n&<VQI8V4*\r\n`\r\nend\r\nE\r\n",
};

static void test_changed(void **state)
{
	struct buf out = BUF_INIT(LAWS_MAX);
	uint64_t random = 1;
	char in[4096];

	(void)state;
	for (int i = 0; i < 4000; i++) {
		const char *seed = seeds[i % 4];
		size_t n = strlen(seed);

		memcpy(in, seed, n);
		for (int k = i % 7; k >= 0; k--)
			in[laws_random(&random) % n] =
				(char)laws_random(&random);
		if (i % 3 == 0)
			n = laws_random(&random) % n;
		describe(in, n, 64, &out);
	}
	buf_free(&out);
}

/* ---- a header alone ---- */

static void test_header(void **state)
{
	static const char text[] = "Subject: x\r\n" LABEL "To: y\r\n";
	struct fragment_label l;

	(void)state;
	assert_true(fragment_label_of_header(text, strlen(text), &l));
	assert_int_equal(l.n, 2);
	assert_string_equal(l.name, "a.bin");
	assert_false(fragment_label_of_header(text, 30, &l));
	assert_false(fragment_label_of_header("", 0, &l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels),	cmocka_unit_test(test_others),
		cmocka_unit_test(test_deep),	cmocka_unit_test(test_many),
		cmocka_unit_test(test_changed), cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
