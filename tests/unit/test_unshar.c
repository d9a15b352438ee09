/* test_unshar.c - shell archives, in any pieces; nothing is run. */
#include "laws.h"

#include <stdio.h>

#include "parts/unshar.h"

/* What the archive gives: "<name>octets" for each file. */
struct given {
	struct sink sink;
	struct buf text;
	const char *trouble;
	struct unshar last;
};

static int given_put(struct sink *sink, const void *data, size_t n)
{
	return buf_put(&((struct given *)sink)->text, data, n);
}

static int given_open(void *context, const char *name, struct sink **to,
		      struct error *f)
{
	struct given *g = context;
	static const struct sink_ops ops = { .put = given_put };

	g->sink = (struct sink){ .ops = &ops, .error = f };
	buf_printf(&g->text, "<%s>", name);
	*to = &g->sink;
	return 0;
}

static int given_close(void *context, struct error *f)
{
	(void)f;
	return buf_puts(&((struct given *)context)->text, "</>");
}

static bool read_script(const char *script, size_t n, size_t piece,
			struct buf *out, struct buf *passed)
{
	struct arena a = ARENA_INIT;
	struct error f = ERROR_INIT;
	struct given g = { .text = BUF_INIT(LAWS_MAX) };
	struct unshar_target target = { given_open, given_close, &g };
	struct sink_buf on;
	struct unshar s;
	bool good;

	unshar_init(&s, &a, &target, &f);
	sink_buf_init(&on, passed, &f);
	unshar_pass_on(&s, &on.sink);
	for (size_t at = 0; at < n; at += piece)
		sink_put(&s.sink, script + at, n - at < piece ? n - at : piece);
	assert_int_equal(sink_close(&s.sink), 0);
	good = s.problem == NULL;
	buf_put(out, g.text.data, g.text.len);
	unshar_free(&s);
	buf_free(&g.text);
	arena_free(&a);
	return good;
}

static void gives(const char *script, const char *want, bool is_good)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 1000000 };

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct buf out = BUF_INIT(LAWS_MAX),
			   passed = BUF_INIT(LAWS_MAX);

		assert_int_equal(read_script(script, strlen(script), pieces[i],
					     &out, &passed),
				 is_good);
		assert_string_equal(out.data, want);
		buf_free(&out);
		buf_free(&passed);
	}
}

#define HEAD "noise\n#!/bin/sh\n# This is a shell archive.\n"

static void test_texts(void **state)
{
	(void)state;
	gives(HEAD "sed 's/^X//' << 'EOF' > 'a' &&\nXone\ntwo\nXXx\nEOF\n",
	      "<a>one\ntwo\nXx\n</>", true);
	gives(HEAD "  cat > a <<\\EOF\n$x `y`\nEOF\nexit 0\n", "<a>$x `y`\n</>",
	      true);
	gives(HEAD "sed 's/^-//' << EOF >a\n-x\nEOF\n"
		   "sed 's/^-//' << EOF >> a\n-y\nEOF\n"
		   "cat << EOF > b\nEOF\n: > c\n",
	      "<a>x\ny\n</><b></><c></>", true);
	gives(HEAD "sed 's/^X//' << 'EOF' > 'it'\\''s'\nX\nEOF\n",
	      "<it's>\n</>", true);
	/* the size that the archive tells settles the last line end */
	gives("#!/bin/sh\n# This is a shell archive.\n#      3 -rw-r--r-- a\n"
	      "sed 's/^X//' << 'EOF' > 'a'\nXone\nEOF\n",
	      "<a>one</>", true);
	gives("#!/bin/sh\n# This is a shell archive.\n#      9 -rw-r--r-- a\n"
	      "sed 's/^X//' << 'EOF' > 'a'\nXone\nEOF\n",
	      "<a>one\n</>", false);
}

static void test_uuencode(void **state)
{
	(void)state;
	gives(HEAD "uudecode << 'EOF'\nbegin 644 a\n#0V%T\n`\nend\nEOF\n",
	      "<a>Cat</>", true);
	gives(HEAD "sed 's/^X//' << 'EOF' | uudecode &&\nXbegin 600 a\n"
		   "X#0V%T\nX`\nXend\nEOF\n",
	      "<a>Cat</>", true);
	gives(HEAD "lock_dir=_sh1\nsed 's/^X//' << 'EOF' > ${lock_dir}/uue &&\n"
		   "begin 600 a\n#0V%T\nEOF\n: > ${lock_dir}/continued\n"
		   "echo 2 > ${lock_dir}/seq\nexit 0\nnoise\n#!/bin/sh\n"
		   "sed 's/^X//' << 'EOF' >> ${lock_dir}/uue &&\n"
		   "#0V%T\n`\nend\nEOF\nuudecode ${lock_dir}/uue\nexit 0\n",
	      "<a>CatCat</>", true);
	gives(HEAD "uudecode -o /dev/stdout << 'EOF' > 'b'\nbegin 644 a\n"
		   "#0V%T\n`\nend\nEOF\n"
		   "uudecode -o /dev/stdout << 'EOF' >> 'b'\nbegin 644 a\n"
		   "#0V%T\n`\nend\nEOF\n",
	      "<b>CatCat</>", true);
	gives(HEAD "uudecode << 'EOF'\nbegin 644 a\n#0V%T\nEOF\nexit 0\n",
	      "<a>Cat</>", false);
	/* compressed inside: nothing is made of it */
	gives(HEAD "lock_dir=_sh1\nsed 's/^X//' << 'EOF' > ${lock_dir}/uue &&\n"
		   "begin 600 _sh1/gzi\n#0V%T\n`\nend\nEOF\n",
	      "", false);
}

static void test_sums(void **state)
{
	(void)state;
	gives(HEAD "sed 's/^X//' << 'EOF' > 'a'\nXabc\nEOF\n"
		   ") << \\EOF\n0bee89b07a248e27c83fc3d5951213c1  a\nEOF\n",
	      "<a>abc\n</>", true);
	gives(HEAD "sed 's/^X//' << 'EOF' > 'a'\nXabd\nEOF\n"
		   ") << \\EOF\n0bee89b07a248e27c83fc3d5951213c1  a\nEOF\n",
	      "<a>abd\n</>", false);
}

static void test_others(void **state)
{
	(void)state;
	gives("cat << EOF > a\nno script\nEOF\n", "", true);
	gives(HEAD "sh << EOF > a\ntouch x\nEOF\nperl << EOF\nx\nEOF\n", "",
	      true);
	gives(HEAD "sed 's/.*/x/' << EOF > a\ny\nEOF\n", "", true);
	gives(HEAD "cat << EOF\nhello\nEOF\necho hi > $HOME/x\n", "", true);
	gives(HEAD "exit 0\ncat << EOF > a\nbehind\nEOF\n", "", true);
	/* cut off within a document */
	gives(HEAD "cat << EOF > a\nhalf", "<a>half\n</>", false);
}

/* Lines of any length pass, and memory stays the same. */
static void test_long_lines(void **state)
{
	struct buf in = BUF_INIT(LAWS_MAX), out = BUF_INIT(LAWS_MAX);
	struct buf passed = BUF_INIT(LAWS_MAX);

	(void)state;
	buf_puts(&in, HEAD "sed 's/^X//' << 'EOF' > 'a'\nX");
	for (int i = 0; i < 3 * UNSHAR_LINE_MAX; i++)
		buf_putc(&in, 'X');
	buf_puts(&in, "\nEOF\nexit 0\nnoise\n");
	assert_true(read_script(in.data, in.len, 1000, &out, &passed));
	assert_int_equal(out.len, 3 + 3 * UNSHAR_LINE_MAX + 1 + 3);
	assert_int_equal(passed.len, in.len - strlen("noise\n") * 2);
	buf_free(&in);
	buf_free(&out);
	buf_free(&passed);
}

static void test_rubbish(void **state)
{
	static const char from[] = "X\n<>'\"\\ ;|&()E#!s/^abegin$`";
	char in[5000];

	(void)state;
	for (uint64_t seed = 1; seed < 300; seed++) {
		struct buf out = BUF_INIT(LAWS_MAX),
			   passed = BUF_INIT(LAWS_MAX);

		laws_fill_from(in, sizeof(in), from, sizeof(from) - 1, seed);
		memcpy(in, HEAD, strlen(HEAD));
		read_script(in, sizeof(in), 777, &out, &passed);
		buf_free(&out);
		buf_free(&passed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_uuencode),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_long_lines),
		cmocka_unit_test(test_rubbish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
