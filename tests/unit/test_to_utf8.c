/* test_to_utf8.c - texts become UTF-8, in whatever pieces they come; and what
 * a text with broken places is taken for. */
#include "laws.h"

#include "codec/to_utf8.h"
#include "mail/charset.h"
#include "mail/cid_links.h"

#define BAD "\xef\xbf\xbd"

struct room {
	enum utf_form form;
	struct to_utf8 sink;
};

static struct sink *build(struct sink *end, void *room)
{
	struct room *r = room;

	to_utf8_init(&r->sink, end, r->form);
	return &r->sink.sink;
}

static const struct {
	enum utf_form form;
	const char *in;
	size_t n;
	const char *out;
} cases[] = {
#define TEXT(form, in, out)                                                    \
	{                                                                      \
		form, in, sizeof(in) - 1, out                                  \
	}
	TEXT(UTF_8, "", ""),
	TEXT(UTF_8, "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z",
	     "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"),
	TEXT(UTF_8, "a\xffz", "a" BAD "z"),
	TEXT(UTF_8, "a\xc3", "a" BAD),
	TEXT(UTF_8, "a\xe2\x82z", "a" BAD "z"),
	TEXT(UTF_8, "\xf0\x9f\x98", BAD),
	TEXT(UTF_8, "\xc3\xc3\xa4", BAD "\xc3\xa4"),
	TEXT(UTF_8, "\xc0\xaf", BAD BAD),		  /* overlong */
	TEXT(UTF_8, "\xe0\x80\xaf", BAD BAD BAD),	  /* overlong */
	TEXT(UTF_8, "\xed\xa0\x80", BAD BAD BAD),	  /* a surrogate */
	TEXT(UTF_8, "\xf4\x90\x80\x80", BAD BAD BAD BAD), /* past the end */
	TEXT(UTF_8, "\xef\xbb\xbfx", "\xef\xbb\xbfx"),
	TEXT(UTF_16LE,
	     "\xff\xfe"
	     "a\0\xe4\0\r\0\n\0",
	     "a\xc3\xa4\r\n"),
	TEXT(UTF_16BE,
	     "\xfe\xff"
	     "\0a\0\xe4\0\r\0\n",
	     "a\xc3\xa4\r\n"),
	TEXT(UTF_16LE, "\x3d\xd8\x00\xde", "\xf0\x9f\x98\x80"),
	TEXT(UTF_16LE,
	     "\x3d\xd8"
	     "a\0",
	     BAD "a"),
	TEXT(UTF_16LE,
	     "\x00\xde"
	     "a\0",
	     BAD "a"),
	TEXT(UTF_16LE, "a\0\x3d\xd8", "a" BAD),
	TEXT(UTF_16LE, "a\0b", "a" BAD),
	TEXT(UTF_16LE, "a\0\xff\xfe", "a\xef\xbb\xbf"),
	/* U+0D0A is one character, and no line end */
	TEXT(UTF_16BE, "\x0d\x0a", "\xe0\xb4\x8a"),
	TEXT(UTF_32LE,
	     "\xff\xfe\0\0"
	     "a\0\0\0\x00\xf6\x01\0",
	     "a\xf0\x9f\x98\x80"),
	TEXT(UTF_32BE,
	     "\0\0\xfe\xff"
	     "\0\0\0a\0\x11\0\0\0\0\xd8\0",
	     "a" BAD BAD),
	TEXT(UTF_32BE, "\0\0\0a\0\0", "a" BAD),
};

static void becomes_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct room r = { .form = cases[i].form };
		struct laws_chain chain = { build, &r };
		struct buf out = BUF_INIT(LAWS_MAX);

		laws_output(chain, cases[i].in, cases[i].n, 0, &out);
		laws_equal(&out, cases[i].out, strlen(cases[i].out));
		laws_chunks(chain, cases[i].in, cases[i].n);
		laws_failures(chain, cases[i].in, cases[i].n);
		buf_free(&out);
	}
}

/* Whatever comes, what goes out is UTF-8; and what is UTF-8 stays. */
static void anything_becomes_utf8(void **state)
{
	static const char octets[] = "a\n\xc3\xa4\xe2\x82\xac\xf0\x9f\xff\xed";
	uint64_t seed = 11;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct room r = { .form = UTF_8 + laws_random(&seed) % 5 };
		struct laws_chain chain = { build, &r };
		struct buf out = BUF_INIT(LAWS_MAX);
		char in[24];
		size_t n = laws_random(&seed) % sizeof(in);

		for (size_t j = 0; j < n; j++)
			in[j] = octets[laws_random(&seed) %
				       (sizeof(octets) - 1)];
		laws_output(chain, in, n, 1 + laws_random(&seed) % 5, &out);
		assert_true(charset_is_utf8(out.data, out.len));
		if (r.form == UTF_8 && charset_is_utf8(in, n))
			laws_equal(&out, in, n);
		buf_free(&out);
	}
}

/* No more broken places than whole characters, and a cut end is none: then it
 * is UTF-8. */
/* A text that is whole stays as it is; the pieces do not matter. */
static void runs_stay(void **state)
{
	static const char *const whole[] = { "\xc3\xa4",	 "\xe2\x82\xac",
					     "\xf0\x9f\x98\x80", "\r\n",
					     "\xef\xbf\xbd",	 NULL };
	static const char *const broken[] = { "\xc3\xa4",     "\xe2\x82",
					      "\xe2\x82\xac", "\xed\xa0\x80",
					      "\xf0\x9f\x98", "\xff",
					      "\xe0\x80",     NULL };
	struct room r = { .form = UTF_8 };
	struct laws_chain chain = { build, &r };
	struct buf out = BUF_INIT(LAWS_MAX);
	static char in[9000];

	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++) {
		size_t size = seed % 20 ? 400 : sizeof(in);
		size_t n = laws_fill_runs(in, size, "abc ", whole, seed);

		laws_output(chain, in, n, 0, &out);
		laws_equal(&out, in, n);
		laws_chunks(chain, in, n);
		n = laws_fill_runs(in, size, "abc ", broken, seed);
		laws_chunks(chain, in, n);
	}
	buf_free(&out);
}

static void a_few_broken_places_are_still_utf8(void **state)
{
	static const struct {
		const char *text, *utf8;
		bool is_torn;
	} rows[] = {
		{ "gr\xc3\xbc\xff", "gr\xc3\xbc" BAD, true },
		{ "gr\xc3\xbc\xff\xff", NULL, false },
		{ "gr\xc3\xbc\xc3\x9f\xff\xff", "gr\xc3\xbc\xc3\x9f" BAD BAD,
		  true },
		{ "gr\xc3\xbc\xc3\x9f\xff\xff\xff", NULL, false },
		{ "gr\xc3\xbc, m\xc3", "gr\xc3\xbc, m" BAD, true },
		{ "gr\xc3\xbc, \xff m\xc3", "gr\xc3\xbc, " BAD " m" BAD, true },
		/* as a whole it is another charset's */
		{ "MANH\xc3", "MANH\xc3\x83", false },
		{ "gr\xfc\xdf", "gr\xc3\xbc\xc3\x9f", false },
		{ "\x84Gru\xdf\x93 f\xfcr M\xfcller", NULL, false },
		{ "gr\xc3\xbc", "gr\xc3\xbc", false },
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct slice slice =
			slice_of_memory(rows[i].text, strlen(rows[i].text));
		struct error f = ERROR_INIT;
		struct content_scan s;

		assert_int_equal(content_scan_slice(&s, &slice, &f), 0);
		assert_int_equal(charset_is_torn_utf8(&s, &slice, "iso-8859-1"),
				 rows[i].is_torn);
		/* what is not repaired is labelled as it always was */
		if (rows[i].is_torn)
			assert_string_equal(charset_of(&s, &slice, "us-ascii"),
					    "windows-1252");
		if (rows[i].utf8)
			assert_string_equal(charset_to_utf8(&a, rows[i].text,
							    "us-ascii"),
					    rows[i].utf8);
	}
	arena_free(&a);
}

static void forms_by_name_and_mark(void **state)
{
	static const struct {
		const char *told, *in;
		size_t n;
		enum utf_form form;
	} rows[] = {
#define FORM(told, in, form) { told, in, sizeof(in) - 1, form }
		FORM(NULL,
		     "\xff\xfe"
		     "a\0",
		     UTF_16LE),
		FORM(NULL, "\xfe\xff\0a", UTF_16BE),
		FORM(NULL, "\xff\xfe\0\0a\0\0\0", UTF_32LE),
		FORM(NULL, "\0\0\xfe\xff\0\0\0a", UTF_32BE),
		FORM(NULL, "a\0b\0", UTF_NONE),
		FORM(NULL, "", UTF_NONE),
		FORM("utf-16", "a\0b\0", UTF_16LE),
		FORM("UTF-16", "\0a\0b", UTF_16BE),
		FORM("utf-16",
		     "\xfe\xff"
		     "a\0",
		     UTF_16BE),
		FORM("utf-16le",
		     "\xfe\xff"
		     "a\0",
		     UTF_16LE),
		FORM("utf-32", "a\0\0\0", UTF_32LE),
		FORM("utf-32", "\0\0\0a", UTF_32BE),
		FORM("iso-8859-1",
		     "\xff\xfe"
		     "a\0",
		     UTF_NONE),
		FORM("utf-8", "\xe4", UTF_8),
		FORM("utf-8", "a", UTF_NONE),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct slice slice = slice_of_memory(rows[i].in, rows[i].n);
		struct error f = ERROR_INIT;
		struct content_scan s;

		assert_int_equal(content_scan_slice(&s, &slice, &f), 0);
		if (charset_form(rows[i].told, &slice, &s, "utf-8") !=
		    rows[i].form)
			fail_msg("row %zu", i);
	}
}

static void names_of_charsets(void **state)
{
	const char *nearest;

	(void)state;
	assert_true(charset_is_known("UTF-8", &nearest));
	assert_true(charset_is_known("utf8", &nearest));
	assert_true(charset_is_known("ISO-8859-15", &nearest));
	assert_true(charset_is_known("cp1252", &nearest));
	assert_false(charset_is_known("iso-8895-1", &nearest));
	assert_string_equal(nearest, "iso-8859-1");
	assert_false(charset_is_known("klingon", &nearest));
	assert_false(charset_is_known("utf-8//IGNORE", &nearest));
}

/* ---- links ---- */

static struct sink *build_links(struct sink *end, void *room)
{
	static const struct cid_name logo = { .name = "my logo.png",
					      .id = "my_logo.png@x.org" };
	static const struct cid_name both = {
		.name = "caf\xc3\xa9",
		.id = "caf_@x.org",
		.next = (struct cid_name *)(uintptr_t)&logo
	};

	cid_links_init(room, end, &both);
	return room;
}

static void links_follow_their_parts(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ "<img src=\"cid:my%20logo.png\">",
		  "<img src=\"cid:my_logo.png@x.org\">" },
		{ "url(CID:my_logo.png)", "url(CID:my_logo.png@x.org)" },
		{ "src=cid:caf%C3%A9>", "src=cid:caf_@x.org>" },
		{ "cid:caf\xc3\xa9", "cid:caf_@x.org" },
		{ "cid:my_logo.png@x.org ", "cid:my_logo.png@x.org " },
		{ "ccccid:my_logo.png cid: cid:other",
		  "ccccid:my_logo.png@x.org "
		  "cid: cid:other" },
		{ "cicid:my_logo.png", "cicid:my_logo.png@x.org" },
		{ "cid:my_logo.pngs cid:my_logo.pn",
		  "cid:my_logo.pngs cid:my_logo.pn" },
		{ "ci", "ci" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct cid_links s;
		struct laws_chain chain = { build_links, &s };
		struct buf out = BUF_INIT(LAWS_MAX);
		size_t n = strlen(rows[i][0]);

		laws_output(chain, rows[i][0], n, 0, &out);
		laws_equal(&out, rows[i][1], strlen(rows[i][1]));
		laws_chunks(chain, rows[i][0], n);
		laws_failures(chain, rows[i][0], n);
		buf_free(&out);
	}
}

static void an_id_has_its_at(void **state)
{
	struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(cid_of(&a, "logo.png", "x.org"), "logo.png@x.org");
	assert_string_equal(cid_of(&a, "a@b", "x.org"), "a@b");
	assert_string_equal(cid_of(&a, "my (logo).png", "x.org"),
			    "my__logo_.png@x.org");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(becomes_utf8),
		cmocka_unit_test(anything_becomes_utf8),
		cmocka_unit_test(runs_stay),
		cmocka_unit_test(a_few_broken_places_are_still_utf8),
		cmocka_unit_test(forms_by_name_and_mark),
		cmocka_unit_test(names_of_charsets),
		cmocka_unit_test(links_follow_their_parts),
		cmocka_unit_test(an_id_has_its_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
