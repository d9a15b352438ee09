/* options.c - parsing argv by a table.
 *
 * Each argument is one of: "--" (only arguments follow), "--name[=value]",
 * "-x..." (bundled flags, of which the last may take the rest or the next
 * argument as its value), or a plain argument.  The errors of a setter are
 * prefixed with the option, so no setter has to know how it was spelled.
 *
 * "-subject" would be read as -s with the value "ubject", and mail would be
 * sent with that: one dash before the long name of an option is refused. */
#include "persona/options.h"

#include <string.h>

#include "base/text.h"
#include "mail/charset.h"

static bool is_last(const struct option_row *row)
{
	return row->kind == OPTION_FLAG && !row->letter && !row->name;
}

const struct option_row *option_first(struct option_walk *w,
				      const struct option_row *rows)
{
	*w = (struct option_walk){ .at = rows };
	return option_next(w);
}

const struct option_row *option_next(struct option_walk *w)
{
	for (;;) {
		const struct option_row *row = w->at++;

		if (is_last(row) && !w->back)
			return NULL;
		if (is_last(row)) {
			w->at = w->back;
			w->back = NULL;
		} else if (row->kind == OPTION_GROUP) {
			w->back = w->at;
			w->at = row->group;
		} else {
			return row;
		}
	}
}

/* ---- finding a row ---- */

static const struct option_row *row_of_letter(const struct persona *p, char c)
{
	struct option_walk w;

	for (const struct option_row *row = option_first(&w, p->rows); row;
	     row = option_next(&w))
		if (row->kind != OPTION_HEADING && c &&
		    (row->letter == c || row->other_letter == c))
			return row;
	return NULL;
}

static const struct option_row *row_of_name(const struct persona *p,
					    const char *name)
{
	struct option_walk w;

	for (const struct option_row *row = option_first(&w, p->rows); row;
	     row = option_next(&w))
		if (row->name && *row->name == *name &&
		    strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

const struct option_row *options_find(const struct persona *p, const char *name)
{
	return name[0] && !name[1] ? row_of_letter(p, name[0])
				   : row_of_name(p, name);
}

static int unknown_name(const struct persona *p, const char *name,
			struct error *f)
{
	struct option_walk w;
	struct nearest n;

	nearest_init(&n, name);
	for (const struct option_row *row = option_first(&w, p->rows); row;
	     row = option_next(&w))
		if (row->name)
			nearest_offer(&n, row->name);
	if (n.best)
		return error_set(f, ERROR_USAGE,
				 "--%s is not an option: did you mean --%s?",
				 name, n.best);
	return error_set(f, ERROR_USAGE, "--%s is not an option: see %s --help",
			 name, p->name);
}

/* The option of that name, or the only one that begins with it. */
static const struct option_row *row_of_prefix(const struct persona *p,
					      const char *name, struct error *f)
{
	struct option_walk w;
	const struct option_row *found = row_of_name(p, name);

	if (found)
		return found;
	for (const struct option_row *row = option_first(&w, p->rows); row;
	     row = option_next(&w)) {
		if (!row->name || strncmp(row->name, name, strlen(name)) != 0)
			continue;
		if (found) {
			error_set(f, ERROR_USAGE,
				  "--%s is ambiguous: --%s or --%s", name,
				  found->name, row->name);
			return NULL;
		}
		found = row;
	}
	if (!found)
		unknown_name(p, name, f);
	return found;
}

/* ---- values ---- */

static int blame(const char *shown, const struct error *own, struct error *f)
{
	if (error_is_set(f))
		return -1;
	error_set(f, own->cause, "%s: %s", shown, own->text);
	f->temporary = own->temporary;
	return -1;
}

/* Checks the value and converts it to UTF-8, except file names. */
static const char *read_value(struct options_run *run, const char *typed,
			      enum option_kind kind, struct error *f)
{
	if (strpbrk(typed, "\r\n")) {
		error_set(f, ERROR_USAGE,
			  "the value has a line break: write it on one line");
		return NULL;
	}
	if (kind != OPTION_FILE)
		return charset_to_utf8(run->arena, typed, NULL);
	if (!*typed) {
		error_set(f, ERROR_USAGE,
			  "the file name is empty: is a variable not set?");
		return NULL;
	}
	return typed;
}

static void set_field(struct cmdline *c, const struct option_row *row,
		      const char *value)
{
	char *field = (char *)c + (row->field - 1);

	if (row->kind == OPTION_FLAG) {
		bool on = true;

		memcpy(field, &on, sizeof(on));
	} else {
		memcpy(field, &value, sizeof(value));
	}
}

static int apply(struct options_run *run, const struct option_row *row,
		 const char *shown, const char *value, struct error *f)
{
	struct error own = ERROR_INIT;

	run->shown = shown;
	if (value) {
		value = read_value(run, value, row->kind, &own);
		if (!value)
			return blame(shown, &own, f);
	}
	if (row->refusal) {
		error_set(&own, ERROR_USAGE, "%s", row->refusal);
		return blame(shown, &own, f);
	}
	if (!row->set)
		set_field(run->cmdline, row, value);
	else if (row->set(run, row, value, &own) < 0)
		return blame(shown, &own, f);
	return 0;
}

/* Takes the next argument as the value. */
static const char *take_next(struct options_run *run,
			     const struct option_row *row, const char *shown,
			     struct error *f)
{
	if (run->at < run->argc)
		return run->argv[run->at++];
	error_set(f, ERROR_USAGE, "%s needs a value: %s %s", shown, shown,
		  row->argument ? row->argument : "VALUE");
	return NULL;
}

static bool takes_value(const struct option_row *row)
{
	return row->kind == OPTION_TEXT || row->kind == OPTION_FILE;
}

/* ---- arguments ---- */

static int read_long(struct options_run *run, const char *arg, struct error *f)
{
	const char *equals = strchr(arg, '=');
	const char *value = equals ? equals + 1 : NULL;
	size_t length = equals ? (size_t)(equals - arg) : strlen(arg);
	const char *name = arena_dup_n(run->arena, arg, length);
	const struct option_row *row = row_of_prefix(run->persona, name, f);
	const char *shown;

	run->was_unknown = !row && !equals;
	if (!row)
		return -1;
	shown = arena_format(run->arena, "--%s", row->name);
	if (row->kind == OPTION_FLAG && value)
		return error_set(f, ERROR_USAGE,
				 "%s takes no value: leave '=%s' out", shown,
				 value);
	if (takes_value(row) && !value) {
		value = take_next(run, row, shown, f);
		if (!value)
			return -1;
	}
	return apply(run, row, shown, value, f);
}

static int unknown_letter(const struct persona *p, char letter, struct error *f)
{
	const char *name = NULL;

	/* the same letter in the other case is the most likely typo */
	if ((letter >= 'a' && letter <= 'z') ||
	    (letter >= 'A' && letter <= 'Z')) {
		const struct option_row *row =
			row_of_letter(p, (char)(letter ^ 0x20));

		if (row)
			name = row->name;
		if (name)
			return error_set(f, ERROR_USAGE,
					 "-%c is not an option: did you mean "
					 "-%c (--%s)? see %s --help",
					 letter, letter ^ 0x20, name, p->name);
	}
	return error_set(f, ERROR_USAGE, "-%c is not an option: see %s --help",
			 letter, p->name);
}

static int check_dashes(struct options_run *run, const char *arg,
			struct error *f)
{
	const char *name = arena_dup_n(run->arena, arg, strcspn(arg, "="));

	if (!*name || !name[1] || !row_of_name(run->persona, name))
		return 0;
	return error_set(f, ERROR_USAGE,
			 "-%s has one dash: write --%s, or a space before the "
			 "value",
			 name, name);
}

static int read_bundle(struct options_run *run, const char *arg,
		       struct error *f)
{
	if (check_dashes(run, arg, f) < 0)
		return -1;
	while (*arg && !run->done) {
		const struct option_row *row =
			row_of_letter(run->persona, *arg);
		const char *value = NULL;
		const char *shown;

		run->was_unknown = !row && !arg[1];
		if (!row)
			return unknown_letter(run->persona, *arg, f);
		shown = arena_format(run->arena, "-%c", *arg);
		arg++;
		if (row->kind != OPTION_FLAG) {
			if (*arg)
				value = arg;
			else if (takes_value(row))
				value = take_next(run, row, shown, f);
			if (!value && takes_value(row))
				return -1;
			arg = "";
		}
		if (apply(run, row, shown, value, f) < 0)
			return -1;
	}
	return 0;
}

static int read_bare(struct options_run *run, const char *arg, struct error *f)
{
	struct error own = ERROR_INIT;
	const char *shown =
		arena_format(run->arena, "argument %d", run->at - 1);
	const char *value = read_value(run, arg, OPTION_TEXT, &own);

	run->shown = NULL;
	if (!value)
		return blame(shown, &own, f);
	return run->persona->argument(run, value, f);
}

static int read_argument(struct options_run *run, struct error *f)
{
	const char *arg = run->argv[run->at++];

	if (run->is_past_options || arg[0] != '-' || !arg[1])
		return read_bare(run, arg, f);
	if (strcmp(arg, "--") == 0) {
		run->is_past_options = true;
		if (run->persona->rest) {
			run->persona->rest(run);
			run->at = run->argc;
		}
		return 0;
	}
	return arg[1] == '-' ? read_long(run, arg + 2, f)
			     : read_bundle(run, arg + 1, f);
}

/* A word after an unknown option is most likely its value, unless it is an
 * address. */
static void pass_value(struct options_run *run)
{
	const char *next = run->at < run->argc ? run->argv[run->at] : NULL;

	if (run->was_unknown && next && *next != '-' && !strchr(next, '@'))
		run->at++;
	run->was_unknown = false;
}

/* After an error: parses the rest to find out what standard input is, so that
 * it can be saved. */
static void learn_rest(struct options_run *run, bool is_finished)
{
	const struct persona *p = run->persona;
	struct request *r = run->request;
	struct error ignored = ERROR_INIT;

	while (run->at < run->argc && !run->done) {
		pass_value(run);
		error_clear(&ignored);
		if (run->at < run->argc)
			read_argument(run, &ignored);
	}
	error_clear(&ignored);
	if (!is_finished && !run->done && p->finish)
		p->finish(run, &ignored);
	if (run->done || request_reads_input(r) || r->draft_path ||
	    r->body_path || run->cmdline->series.resume ||
	    run->cmdline->series.count)
		return;
	if (p->takes_message)
		r->draft_path = "-";
	else
		r->body_path = "-";
}

int options_parse(const struct persona *p, int argc, char **argv,
		  struct cmdline *c, struct arena *a, struct error *f)
{
	struct options_run run = {
		.persona = p,
		.cmdline = c,
		.request = &c->request,
		.arena = a,
		.argc = argc,
		.argv = argv,
		.at = 1,
	};
	bool is_finished = false;
	int result = 0;

	if (p->start)
		p->start(&run);
	while (result == 0 && run.at < argc && !run.done)
		result = read_argument(&run, f);
	run.shown = NULL;
	if (result == 0 && !run.done && p->finish) {
		result = p->finish(&run, f);
		is_finished = true;
	}
	if (result < 0)
		learn_rest(&run, is_finished);
	return result < 0 ? -1 : 0;
}

bool options_have(const struct persona *p, int argc, char *const *argv,
		  const char *name)
{
	if (!row_of_name(p, name))
		return false;
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strncmp(argv[i], "--", 2) && !strcmp(argv[i] + 2, name))
			return true;
	return false;
}
