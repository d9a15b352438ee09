/* persona_bench.h - a command line under one of our names, and the request
 * that it leaves.  The folder of the test is its home and where it stands. */
#ifndef TESTS_PERSONA_BENCH_H
#define TESTS_PERSONA_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/sysenv.h"
#include "persona/personas.h"
#include "persona/setters.h"
#include "scratch.h"

static struct arena arena;
static struct cmdline cmdline;
static struct error error;

static inline int bench_parse(const struct persona *p, const char *const *words)
{
	char *argv[32] = { (char *)(uintptr_t)p->name };
	int argc = 1;

	arena_free(&arena);
	arena = (struct arena)ARENA_INIT;
	cmdline_init(&cmdline);
	error_clear(&error);
	while (words[argc - 1]) {
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
		argc++;
	}
	return options_parse(p, argc, argv, &cmdline, &arena, &error);
}

static inline void bench_accepts(const struct persona *p,
				 const char *const *words)
{
	if (bench_parse(p, words) < 0)
		fail_msg("%s", error.text);
}
#define ACCEPTS(...)                                                           \
	bench_accepts(&PERSONA, (const char *const[]){ __VA_ARGS__, NULL })

static inline void bench_refuses(const struct persona *p, const char *keyword,
				 const char *const *words)
{
	assert_int_equal(bench_parse(p, words), -1);
	assert_int_equal(error.cause, ERROR_USAGE);
	if (!strstr(error.text, keyword))
		fail_msg("no '%s' in: %s", keyword, error.text);
}
#define REFUSES(keyword, ...)                                                  \
	bench_refuses(&PERSONA, keyword,                                       \
		      (const char *const[]){ __VA_ARGS__, NULL })

static inline void bench_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The value of a setting that the command line laid over; NULL: none. */
static inline const char *bench_override(const char *name)
{
	const char *value = NULL;

	for (const struct override *o = cmdline.request.overrides; o;
	     o = o->next)
		if (strcmp(o->name, name) == 0)
			value = o->value;
	return value;
}

static inline const struct option_row *bench_row(const struct persona *p,
						 const char *name)
{
	struct option_walk w;

	for (const struct option_row *row = option_first(&w, p->rows); row;
	     row = option_next(&w))
		if (row->name && strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

/* Each row says what it is, no letter has two, help is complete and fits. */
static inline void bench_table(const struct persona *p)
{
	struct option_walk w;
	struct buf out = BUF_INIT(65536);
	bool letters[256] = { false };

	assert_int_equal(options_help(p, &out), 0);
	for (const struct option_row *row = option_first(&w, p->rows); row;
	     row = option_next(&w)) {
		assert_non_null(row->help);
		if (row->kind == OPTION_HEADING)
			continue;
		assert_true(row->name || row->letter);
		assert_true(!row->refusal == (row->set || row->field));
		assert_true(row->set != set_number || row->most);
		if (row->letter) {
			assert_false(letters[(unsigned char)row->letter]);
			letters[(unsigned char)row->letter] = true;
		}
		if (row->name)
			assert_ptr_equal(bench_row(p, row->name), row);
	}
	for (const char *x = out.data; *x; x += strcspn(x, "\n") + 1)
		assert_true(strcspn(x, "\n") <= 80);
	buf_free(&out);
}

/* The long options that every name has. */
static inline void bench_long_options(const struct persona *p)
{
	static const char *const names[] = {
		"attach",     "inline",	       "header",  "from",
		"to",	      "envelope-from", "cc",	  "bcc",
		"subject",    "body",	       "html",	  "type",
		"charset",    "draft",	       "print",	  "dry-run",
		"transcript", "timeout",       "account", "skip-empty",
		"json",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct option_row *ours =
			bench_row(&persona_mailsend, names[i]);
		const struct option_row *theirs = bench_row(p, names[i]);

		assert_non_null(ours);
		if (!theirs)
			fail_msg("%s has no --%s", p->name, names[i]);
		assert_int_equal(theirs->kind, ours->kind);
		assert_ptr_equal(theirs->set, ours->set);
		assert_int_equal(theirs->field, ours->field);
	}
}

static inline int bench_enter(void **state)
{
	char frozen[256];

	if (scratch_make(state) < 0 || chdir(*state) < 0)
		return -1;
	snprintf(frozen, sizeof(frozen),
		 "charset=utf-8 host=host.example.org home=%s", (char *)*state);
	setenv("MAILSEND_FROZEN", frozen, 1);
	unsetenv("MAILRC");
	sysenv_init();
	log_quiet(true);
	return 0;
}

static inline int bench_leave(void **state)
{
	arena_free(&arena);
	return chdir("/") < 0 ? -1 : scratch_remove(state);
}

#endif
