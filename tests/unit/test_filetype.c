/* test_filetype.c - types by name and by content, and what is never said. */
#include "laws.h"

#include "base/disk.h"
#include "scratch.h"

#include "mail/filetype.h"

static const char types[] = "# application/comment  txt\n"
			    "text/plain\t\tTXT text asc # not: gif\n"
			    "application/Gzip gz\n"
			    "application/x-tarball tar.gz\n"
			    "audio/none\n"
			    "nonsense foo\n"
			    "bad/type/too bar\n"
			    "\n"
			    "image/first dup\r\n"
			    "image/second dup\n";

static const char *write_types(void **state)
{
	const char *path = scratch_path(state, "mime.types");
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(types, out);
	/* a line longer than any room, whose words are not types */
	for (int i = 0; i < 2000; i++)
		fprintf(out, " e%d/x y%d", i, i);
	fputs("\nvideo/last last", out);
	fclose(out);
	return path;
}

static void by_extension(void **state)
{
	static const struct {
		const char *name, *type;
	} cases[] = {
		{ "a.txt", "text/plain" },
		{ "A.TXT", "text/plain" },
		{ "dir.gz/a.text", "text/plain" },
		{ "a.gz", "application/gzip" },
		{ "a.tar.gz", "application/x-tarball" },
		{ "a.TAR.GZ", "application/x-tarball" },
		{ ".tar.gz", "application/gzip" },
		{ ".txt", NULL },
		{ "txt", NULL },
		{ "a.", NULL },
		{ "", NULL },
		{ "a.gif", NULL },
		{ "a.foo", NULL },
		{ "a.bar", NULL },
		{ "a.dup", "image/first" },
		{ "a.y1999", NULL },
		{ "a.last", "video/last" },
		{ "a.txt/", NULL },
	};
	const char *path = write_types(state);
	struct arena a = ARENA_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *type = filetype_in(&a, path, cases[i].name);

		if (cases[i].type)
			assert_string_equal(type, cases[i].type);
		else
			assert_null(type);
	}
	assert_null(filetype_in(&a, "/nonexistent/mime.types", "a.txt"));
	arena_free(&a);
}

static const char *type_of(struct arena *a, const char *name,
			   const char *content, size_t n)
{
	struct slice slice = slice_of_memory(content, n);

	return filetype_of(a, name, &slice);
}

static void by_content(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0"
				  "\1\x08\6\0\0\0";
	struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(type_of(&a, "picture", png, sizeof(png)),
			    "image/png");
	/* The extension has the first word. */
	assert_string_equal(type_of(&a, "a.pdf", png, sizeof(png)),
			    "application/pdf");
	assert_string_equal(type_of(&a, "a.csv", "", 0), "text/csv");
	assert_string_equal(type_of(&a, "a.log", "x\n", 2), "text/plain");
	assert_string_equal(type_of(&a, "empty", "", 0), FILETYPE_UNKNOWN);
	arena_free(&a);
}

static void messages(void **state)
{
	static const char mail[] = "From: a@b.c\nTo: d@e.f\n"
				   "Subject: x\n\nhello\n";
	static const char mbox[] = "From a@b.c Sat Nov 22 06:00:00 2025\n";
	struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(type_of(&a, "a.eml", mail, strlen(mail)),
			    "message/rfc822");
	assert_string_equal(type_of(&a, "a.eml", mbox, strlen(mbox)),
			    FILETYPE_UNKNOWN);
	assert_string_equal(type_of(&a, "a.eml", "", 0), FILETYPE_UNKNOWN);
	assert_string_equal(type_of(&a, "a.eml", ": x", 3), FILETYPE_UNKNOWN);
	/* The content alone is not believed. */
	assert_null(
		strstr(type_of(&a, "mail", mail, strlen(mail)), "message/"));
	arena_free(&a);
}

/* What cannot be read is reported by the one who reads it to the end. */
static void unreadable(void **state)
{
	struct slice slice = { .fd = -1, .length = 100, .name = "gone" };
	struct arena a = ARENA_INIT;

	(void)state;
	assert_string_equal(filetype_of(&a, "gone", &slice), FILETYPE_UNKNOWN);
	arena_free(&a);
}

static void validity(void **state)
{
	static const char *const good[] = {
		"text/plain",
		"application/vnd.ms-excel",
		"image/svg+xml",
		"text/plain; charset=utf-8",
		"text/plain;charset=utf-8 ; format=flowed",
		"a/b; c=\"d e\\\"f;\"",
	};
	static const char *const bad[] = {
		"",
		"text",
		"text/",
		"/plain",
		"text/plain;",
		"text/plain; charset",
		"text/plain; charset=",
		"text/plain charset=x",
		"text /plain",
		"text/pl\xc3\xa4in",
		"text/plain\r\nBcc: x",
		"text/plain; a=\"b",
		"text/plain; a=\"b\\\"",
		"text/plain; a=\"b\n\"",
		"a/b/c",
	};
	char longest[FILETYPE_MAX + 2];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(filetype_is_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(filetype_is_valid(bad[i]));
	memset(longest, 'x', sizeof(longest));
	longest[1] = '/';
	longest[FILETYPE_MAX] = '\0';
	assert_true(filetype_is_valid(longest));
	longest[FILETYPE_MAX] = 'x';
	longest[FILETYPE_MAX + 1] = '\0';
	assert_false(filetype_is_valid(longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_extension, scratch_make,
						scratch_remove),
		cmocka_unit_test(by_content),
		cmocka_unit_test(messages),
		cmocka_unit_test(unreadable),
		cmocka_unit_test(validity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
