/* The table engine, with a table of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/sysenv.h"
#include "persona/options.h"

/* What the setters saw, in order: "name=value|" */
static struct buf seen = BUF_INIT(4096);

static int note(struct options_run *run, const struct option_row *row,
		const char *value, struct error *f)
{
	(void)f;
	buf_printf(&seen, "%s=%s|", row->name, value ? value : "(none)");
	if (row->value)
		run->done = true;
	return 0;
}

static int refuse(struct options_run *run, const struct option_row *row,
		  const char *value, struct error *f)
{
	(void)run;
	(void)row;
	error_set(f, ERROR_NOINPUT, "'%s' is bad", value);
	f->temporary = true;
	return -1;
}

static int argument(struct options_run *run, const char *value, struct error *f)
{
	(void)run;
	(void)f;
	buf_printf(&seen, "<%s>", value);
	return 0;
}

static int finish(struct options_run *run, struct error *f)
{
	(void)run;
	(void)f;
	buf_puts(&seen, "end");
	return 0;
}

static const struct option_row rows[] = {
	{ .kind = OPTION_HEADING, .help = "First:" },
	{ .kind = OPTION_FLAG,
	  .letter = 'q',
	  .name = "quiet",
	  .field = OPTION_FIELD(quiet),
	  .help = "say nothing" },
	{ .kind = OPTION_FLAG,
	  .letter = 'v',
	  .name = "verbose",
	  .field = OPTION_FIELD(transcript),
	  .help = "say all" },
	{ .kind = OPTION_TEXT,
	  .letter = 's',
	  .name = "subject",
	  .argument = "TEXT",
	  .field = OPTION_FIELD(subject),
	  .help = "a text that is so long that it has to be wrapped into the "
		  "next line, and then once more into another one, by words" },
	{ .kind = OPTION_TEXT,
	  .letter = 'a',
	  .other_letter = 'A',
	  .name = "attach",
	  .argument = "FILE[=NAME;type=TYPE]",
	  .set = note,
	  .help = "attach" },
	{ .kind = OPTION_FILE,
	  .letter = 'i',
	  .name = "body",
	  .argument = "FILE",
	  .field = OPTION_FIELD(body_path),
	  .help = "file" },
	{ .kind = OPTION_OPTIONAL,
	  .letter = 'T',
	  .name = "tls",
	  .argument = "HOW",
	  .set = note,
	  .help = "way" },
	{ .kind = OPTION_FLAG, .name = "tls-all", .set = note, .help = "more" },
	{ .kind = OPTION_TEXT,
	  .letter = 'x',
	  .name = "refused",
	  .argument = "IT",
	  .set = refuse,
	  .help = "no" },
	{ .kind = OPTION_FLAG,
	  .name = "help",
	  .set = note,
	  .value = 1,
	  .help = "this" },
	{ .kind = OPTION_FLAG },
};

static const struct persona persona = {
	.name = "tool",
	.synopsis = "[options] thing...",
	.about = "Does it.",
	.rows = rows,
	.argument = argument,
	.finish = finish,
};

static struct arena arena;
static struct cmdline cmdline;
static struct error error;

static int parse(const char *const *words)
{
	char *argv[16] = { (char *)(uintptr_t) "tool" };
	int argc = 1;

	arena_free(&arena);
	arena = (struct arena)ARENA_INIT;
	cmdline_init(&cmdline);
	error_clear(&error);
	buf_reset(&seen);
	while (words[argc - 1]) {
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
		argc++;
	}
	return options_parse(&persona, argc, argv, &cmdline, &arena, &error);
}
#define PARSE(...) parse((const char *const[]){ __VA_ARGS__, NULL })

static void reads_flags_and_bundles(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-qv"), 0);
	assert_true(cmdline.request.quiet && cmdline.request.transcript);
	assert_int_equal(PARSE("--verbose"), 0);
	assert_true(!cmdline.request.quiet && cmdline.request.transcript);
}

static void reads_values_in_each_spelling(void **state)
{
	static const char *const spellings[][3] = {
		{ "-s", "hello" },	  { "-shello" },
		{ "--subject", "hello" }, { "--subject=hello" },
		{ "--subj", "hello" },	  { "--s=hello" },
		{ "-qshello" },		  { "-qs", "hello" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(*spellings); i++) {
		assert_int_equal(parse(spellings[i]), 0);
		assert_string_equal(cmdline.request.subject, "hello");
		assert_string_equal(seen.data, "end");
	}
}

static void takes_empty_and_odd_values(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-s", ""), 0);
	assert_string_equal(cmdline.request.subject, "");
	assert_int_equal(PARSE("--subject="), 0);
	assert_string_equal(cmdline.request.subject, "");
	assert_int_equal(PARSE("--subject=a=b"), 0);
	assert_string_equal(cmdline.request.subject, "a=b");
	assert_int_equal(PARSE("-s", "--quiet"), 0);
	assert_string_equal(cmdline.request.subject, "--quiet");
	assert_false(cmdline.request.quiet);
	assert_int_equal(PARSE("-s", "--"), 0);
	assert_string_equal(cmdline.request.subject, "--");
}

static void keeps_the_order_of_setters_and_arguments(void **state)
{
	(void)state;
	assert_int_equal(PARSE("one", "-a", "1", "two", "-A2", "--", "-q",
			       "--tls"),
			 0);
	assert_string_equal(seen.data,
			    "<one>attach=1|<two>attach=2|<-q><--tls>end");
	assert_false(cmdline.request.quiet);
	assert_int_equal(PARSE("-"), 0);
	assert_string_equal(seen.data, "<->end");
}

static void optional_values_are_joined(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--tls", "x"), 0);
	assert_string_equal(seen.data, "tls=(none)|<x>end");
	assert_int_equal(PARSE("--tls=x"), 0);
	assert_string_equal(seen.data, "tls=x|end");
	assert_int_equal(PARSE("-Tx"), 0);
	assert_string_equal(seen.data, "tls=x|end");
	assert_int_equal(PARSE("-T", "x"), 0);
	assert_string_equal(seen.data, "tls=(none)|<x>end");
}

static void the_whole_name_wins_over_a_prefix(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--tls-"), 0);
	assert_string_equal(seen.data, "tls-all=(none)|end");
	assert_int_equal(PARSE("--tl"), -1);
	assert_int_equal(error.cause, ERROR_USAGE);
	assert_non_null(strstr(error.text, "--tls-all"));
}

static void done_leaves_the_rest_unread(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--help", "--no-such-thing"), 0);
	assert_string_equal(seen.data, "help=(none)|");
}

static void refuses(const char *const *words, const char *keyword)
{
	assert_int_equal(parse(words), -1);
	assert_int_equal(error.cause, ERROR_USAGE);
	if (!strstr(error.text, keyword))
		fail_msg("no '%s' in: %s", keyword, error.text);
}
#define REFUSES(keyword, ...)                                                  \
	refuses((const char *const[]){ __VA_ARGS__, NULL }, keyword)

static void names_what_is_wrong(void **state)
{
	(void)state;
	REFUSES("--subject", "--sujbect", "x");
	REFUSES("--subject", "--subjects=x");
	REFUSES("--quiet", "--quite");
	REFUSES("--help", "--zzzzzzzz");
	REFUSES("--help",
		"--an-option-with-a-name-that-is-longer-than-any-other=1");
	REFUSES("-V", "-V");
	REFUSES("-v", "-qV");
	REFUSES("-z", "-z");
	REFUSES("--subject", "--subject");
	REFUSES("TEXT", "-s");
	REFUSES("--quiet", "--quiet=yes");
	REFUSES("--", "--=x");
}

static void one_dash_before_a_long_name_is_refused(void **state)
{
	(void)state;
	REFUSES("--subject", "-subject", "hello");
	REFUSES("--subject", "-subject=hello");
	assert_null(cmdline.request.subject);
}

static void refuses_line_breaks_everywhere(void **state)
{
	(void)state;
	REFUSES("-s", "-s", "a\nBcc: b@example.org");
	REFUSES("--subject", "--subject=a\rb");
	REFUSES("-a", "-a", "a\nb");
	REFUSES("--body", "--body", "a\nb");
	REFUSES("argument 2", "-q", "a\nb");
	/* no setter saw it; the rest was read, which is only the end */
	assert_string_equal(seen.data, "end");
}

/* Standard input is kept as what it would have been. */
static void learns_the_rest_behind_a_mistake(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--bogus", "value", "-s", "hi", "a@x.org"), -1);
	assert_non_null(strstr(error.text, "--bogus"));
	assert_string_equal(cmdline.request.subject, "hi");
	assert_string_equal(seen.data, "<a@x.org>end");
	assert_true(request_reads_input(&cmdline.request));
	assert_int_equal(PARSE("--bogus", "a@x.org"), -1);
	assert_string_equal(seen.data, "<a@x.org>end");
	assert_int_equal(PARSE("--bogus", "-i", "file"), -1);
	assert_false(request_reads_input(&cmdline.request));
}

static void passes_on_a_setters_error_with_the_option(void **state)
{
	(void)state;
	assert_int_equal(PARSE("-x", "pear"), -1);
	assert_int_equal(error.cause, ERROR_NOINPUT);
	assert_true(error.temporary);
	assert_non_null(strstr(error.text, "-x"));
	assert_non_null(strstr(error.text, "'pear'"));
	assert_int_equal(PARSE("--refu", "pear"), -1);
	assert_non_null(strstr(error.text, "--refused"));
}

static void makes_values_utf8_but_not_names_of_files(void **state)
{
	(void)state;
	/* not UTF-8, whatever the locale: windows-1252 */
	assert_int_equal(PARSE("-s", "caf\xe9", "-i", "caf\xe9", "\xe9"), 0);
	assert_string_equal(cmdline.request.subject, "caf\xc3\xa9");
	assert_string_equal(cmdline.request.body_path, "caf\xe9");
	assert_string_equal(seen.data, "<\xc3\xa9>end");
	REFUSES("empty", "--body=");
}

static void no_arguments_at_all(void **state)
{
	char *argv[] = { NULL };

	(void)state;
	buf_reset(&seen);
	assert_int_equal(options_parse(&persona, 0, argv, &cmdline, &arena,
				       &error),
			 0);
	assert_string_equal(seen.data, "end");
}

static void help_is_made_from_the_table(void **state)
{
	struct option_walk w;
	struct buf out = BUF_INIT(65536);
	size_t longest = 0;

	(void)state;
	assert_int_equal(options_help(&persona, &out), 0);
	for (const struct option_row *row = option_first(&w, rows); row;
	     row = option_next(&w))
		assert_non_null(
			strstr(out.data, row->name ? row->name : row->help));
	assert_non_null(strstr(out.data, "-a, -A, --attach"));
	assert_non_null(strstr(out.data, "--tls[=HOW]"));
	for (const char *p = out.data; *p; p++) {
		size_t n = strcspn(p, "\n");

		longest = n > longest ? n : longest;
		assert_true(n == 0 || p[n - 1] != ' ');
		p += n;
	}
	assert_true(longest < 80);
	assert_true(longest > 60); /* the wrapped one uses the room */
	buf_free(&out);
}

static void help_says_when_it_does_not_fit(void **state)
{
	struct buf out = BUF_INIT(100);

	(void)state;
	assert_int_equal(options_help(&persona, &out), -1);
	buf_free(&out);
}

static void usage_is_one_line(void **state)
{
	struct buf out = BUF_INIT(1000);

	(void)state;
	assert_int_equal(options_usage(&persona, &out), 0);
	assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 1);
	assert_non_null(strstr(out.data, "tool [options] thing..."));
	assert_non_null(strstr(out.data, "--help"));
	buf_free(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_flags_and_bundles),
		cmocka_unit_test(reads_values_in_each_spelling),
		cmocka_unit_test(takes_empty_and_odd_values),
		cmocka_unit_test(keeps_the_order_of_setters_and_arguments),
		cmocka_unit_test(optional_values_are_joined),
		cmocka_unit_test(the_whole_name_wins_over_a_prefix),
		cmocka_unit_test(done_leaves_the_rest_unread),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(one_dash_before_a_long_name_is_refused),
		cmocka_unit_test(refuses_line_breaks_everywhere),
		cmocka_unit_test(learns_the_rest_behind_a_mistake),
		cmocka_unit_test(passes_on_a_setters_error_with_the_option),
		cmocka_unit_test(makes_values_utf8_but_not_names_of_files),
		cmocka_unit_test(no_arguments_at_all),
		cmocka_unit_test(help_is_made_from_the_table),
		cmocka_unit_test(help_says_when_it_does_not_fit),
		cmocka_unit_test(usage_is_one_line),
	};

	setenv("MAILSEND_FROZEN", "charset=utf-8", 1);
	sysenv_init();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_free(&arena);
	buf_free(&seen);
	return failed;
}
