/* muttrc.c - the commands of muttrc that affect sending, a function each.
 *
 * If an alias may have been missed, the nicknames are told: then no bare name
 * is taken for somebody else's address. */
#include "persona/muttrc.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "persona/muttrc_inside.h"
#include "persona/rcfile.h"

static struct personal_aliases *nicknames_of(const struct muttrc_command *c)
{
	return &c->rc->run->request->nicknames;
}

static void lose(const struct muttrc_command *c, const char *what)
{
	personal_aliases_lose(nicknames_of(c), muttrc_placed(c, what));
}

/* ---- set ---- */

static int set(const struct muttrc_command *c, struct error *f)
{
	return muttrc_run_set(c, MUTTRC_SET, f);
}

static int unset(const struct muttrc_command *c, struct error *f)
{
	return muttrc_run_set(c, MUTTRC_UNSET, f);
}

static int toggle(const struct muttrc_command *c, struct error *f)
{
	return muttrc_run_set(c, MUTTRC_TOGGLE, f);
}

/* ---- header fields ---- */

/* Sender and recipients: these fields are never silently left out. */
static bool is_essential(const char *name)
{
	static const char *const names[] = { "From", "To",	 "Cc",
					     "Bcc",  "Reply-To", NULL };

	return ascii_is_among(name, names);
}

static void doubt_field(const struct muttrc_command *c, const char *name,
			const char *why)
{
	struct arena *a = muttrc_arena(c);
	const char *what = arena_format(a, "my_hdr %s", name);

	if (why && is_essential(name))
		muttrc_set_doubt(c->rc, what,
				 muttrc_placed(c, arena_format(a, "%s: %s",
							       what, why)));
	else if (why)
		log_warning("%s", muttrc_placed(c, arena_format(a, "%s: %s",
								what, why)));
	else
		muttrc_set_doubt(c->rc, what, NULL);
}

/* Checks a field of addresses; From must have exactly one. */
static int check_addresses(struct arena *a, const struct field *x,
			   struct error *f)
{
	struct address_list list = { 0 };

	if (!is_essential(x->name))
		return 0;
	if (address_parse_list(a, x->value, &list, f) < 0)
		return -1;
	if (ascii_equal(x->name, "From") && list.count != 1)
		return error_set(f, ERROR_USAGE, "'%s' is not one address",
				 x->value);
	return 0;
}

/* If repeated for one field, the last one wins. */
static int my_hdr(const struct muttrc_command *c, struct error *f)
{
	struct arena *a = muttrc_arena(c);
	struct header *fields = &c->rc->fields;
	const char *text = muttrc_word(c->words, MUTTRC_SPACE | MUTTRC_QUOTE);
	const char *name = arena_dup_n(a, text, strcspn(text, ": \t"));
	const char *why = c->doubt;
	struct header read;
	struct error wrong = ERROR_INIT;

	header_init(&read);
	if (c->words->unknown)
		why = arena_format(a,
				   "the value of %s is unknown here; set it "
				   "with -e",
				   c->words->unknown);
	else if (!c->doubt && (header_add_line(a, &read, text, &wrong) < 0 ||
			       check_addresses(a, read.first, &wrong) < 0))
		why = wrong.text;
	if (why && muttrc_is_typed(c) && !c->doubt)
		return error_set(f, ERROR_USAGE, "my_hdr: %s", why);
	doubt_field(c, name, why ? arena_dup(a, why) : NULL);
	if (why)
		return 0;
	header_remove(fields, read.first->name);
	return header_add(a, fields, read.first->name, read.first->value, f);
}

static int remove_my_hdr(const struct muttrc_command *c, struct error *f)
{
	(void)f;
	while (muttrc_has_more(c->words)) {
		const char *name = muttrc_word(c->words, MUTTRC_PLAIN);

		if (strcmp(name, "*") == 0 && !c->doubt) {
			header_init(&c->rc->fields);
			continue;
		}
		name = arena_dup_n(muttrc_arena(c), name, strcspn(name, ":"));
		if (!c->doubt)
			header_remove(&c->rc->fields, name);
		if (!c->doubt || header_has(&c->rc->fields, name))
			doubt_field(c, name, c->doubt);
	}
	return 0;
}

/* ---- aliases ---- */

/* "alias [-group name] nick address, address" */
static int alias(const struct muttrc_command *c, struct error *f)
{
	const char *name = muttrc_word(c->words, MUTTRC_PLAIN), *list;

	(void)f;
	while (strcmp(name, "-group") == 0) {
		muttrc_word(c->words, MUTTRC_PLAIN);
		name = muttrc_word(c->words, MUTTRC_PLAIN);
	}
	list = muttrc_word(c->words,
			   MUTTRC_SPACE | MUTTRC_QUOTE | MUTTRC_SEMICOLON);
	if (*name && c->doubt)
		personal_aliases_refuse(muttrc_arena(c), nicknames_of(c), name,
					muttrc_placed(c, c->doubt));
	else if (*name && c->words->unknown)
		personal_aliases_refuse(
			muttrc_arena(c), nicknames_of(c), name,
			muttrc_placed(c,
				      arena_format(muttrc_arena(c),
						   "the value of %s is unknown "
						   "here",
						   c->words->unknown)));
	else if (*name && *list)
		personal_aliases_add(muttrc_arena(c), nicknames_of(c), name,
				     list, true);
	return 0;
}

static int unalias(const struct muttrc_command *c, struct error *f)
{
	(void)f;
	while (muttrc_has_more(c->words)) {
		const char *name = muttrc_word(c->words, MUTTRC_PLAIN);

		if (c->doubt)
			personal_aliases_refuse(muttrc_arena(c),
						nicknames_of(c), name,
						muttrc_placed(c, c->doubt));
		else
			personal_aliases_remove(nicknames_of(c), name);
	}
	return 0;
}

/* ---- files ---- */

static int run_lines(const struct muttrc_command *c, char *text,
		     struct error *f)
{
	struct muttrc_command inner = *c;
	bool is_finished = false;
	unsigned lines = 0;
	char *line;

	inner.is_finished = &is_finished;
	while (!is_finished && (line = muttrc_line(&text, &inner.line, &lines)))
		if (muttrc_run(&inner, line, f) < 0)
			return -1;
	return 0;
}

/* 1 if there is no such file. */
static int run_file(const struct muttrc_command *c, const char *path,
		    struct error *f)
{
	struct muttrc_command inner = *c;
	struct error wrong = ERROR_INIT;
	char *text = rcfile_read(muttrc_arena(c), path, &wrong);

	if (!text && error_is_set(&wrong))
		personal_aliases_lose(nicknames_of(c),
				      arena_dup(muttrc_arena(c), wrong.text));
	if (!text)
		return error_is_set(&wrong) ? 0 : 1;
	inner.file = path;
	inner.depth++;
	return run_lines(&inner, text, f);
}

static int source_one(const struct muttrc_command *c, const char *typed,
		      struct error *f)
{
	struct arena *a = muttrc_arena(c);
	const char *path = muttrc_path(&c->rc->variables, typed);
	size_t n = strlen(typed);
	int r;

	if (c->doubt) {
		lose(c, arena_format(a, "source %s: %s", typed, c->doubt));
		return 0;
	}
	if (n && typed[n - 1] == '|') {
		if (muttrc_is_typed(c))
			return error_set(f, ERROR_USAGE,
					 "source '%s': programs are not run "
					 "for settings: write the output into "
					 "a file",
					 typed);
		lose(c, arena_format(a,
				     "source '%s': programs are not run for "
				     "settings",
				     typed));
		return 0;
	}
	if (c->words->unknown || !path || !n) {
		lose(c, arena_format(a,
				     "source: the value of '%s' is unknown "
				     "here",
				     c->words->unknown ? c->words->unknown
						       : typed));
		return 0;
	}
	if (c->depth >= RCFILE_DEPTH) {
		lose(c, arena_format(a, "source %s: more than %d nested files",
				     path, RCFILE_DEPTH));
		return 0;
	}
	r = run_file(c, path, f);
	if (r == 1)
		lose(c, arena_format(a, "source: there is no file %s", path));
	return r < 0 ? -1 : 0;
}

static int source(const struct muttrc_command *c, struct error *f)
{
	do {
		const char *path = muttrc_word(c->words, MUTTRC_PLAIN);

		if (source_one(c, path, f) < 0)
			return -1;
	} while (muttrc_has_more(c->words));
	return 0;
}

static int finish(const struct muttrc_command *c, struct error *f)
{
	(void)f;
	if (c->is_finished && c->doubt)
		lose(c, arena_format(muttrc_arena(c), "finish: %s", c->doubt));
	else if (c->is_finished)
		*c->is_finished = true;
	return 0;
}

/* ---- commands in commands ---- */

static bool is_command(const char *name);

/* ifdef NAME COMMAND of neomutt: the command runs if we know NAME. */
static int if_known(const struct muttrc_command *c, bool wanted,
		    struct error *f)
{
	const char *name = muttrc_word(c->words, MUTTRC_PLAIN), *unused;
	const char *text = muttrc_word(c->words, MUTTRC_SPACE);
	bool is_known = muttrc_knows(name) || is_command(name) ||
			muttrc_get(&c->rc->variables, name, &unused);

	struct muttrc_command inner = *c;

	if (is_known)
		return wanted ? muttrc_run(c, text, f) : 0;
	inner.doubt = arena_format(
		muttrc_arena(c),
		"whether '%s' exists is unknown here; set it with -e", name);
	return muttrc_run(&inner, text, f);
}

static int if_defined(const struct muttrc_command *c, struct error *f)
{
	return if_known(c, true, f);
}

static int if_not_defined(const struct muttrc_command *c, struct error *f)
{
	return if_known(c, false, f);
}

/* ---- all of them ---- */

static const struct {
	const char *name;
	int (*run)(const struct muttrc_command *c, struct error *f);
} commands[] = {
	{ "alias", alias },
	{ "finish", finish },
	{ "ifdef", if_defined },
	{ "ifndef", if_not_defined },
	{ "my_hdr", my_hdr },
	{ "reset", unset },
	{ "send-hook", muttrc_send_hook },
	{ "set", set },
	{ "source", source },
	{ "toggle", toggle },
	{ "unalias", unalias },
	{ "unhook", muttrc_unhook },
	{ "unmy_hdr", remove_my_hdr },
	{ "unset", unset },
};
#define COMMANDS (sizeof(commands) / sizeof(*commands))

static bool is_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return true;
	return false;
}

static int run_one(const struct muttrc_command *c, struct error *f)
{
	const char *name = muttrc_word(c->words, MUTTRC_PLAIN);

	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(c, f);
	if (*name)
		muttrc_say_unused(c, name);
	return 0;
}

int muttrc_run(const struct muttrc_command *c, const char *text,
	       struct error *f)
{
	struct muttrc_words words = { .variables = &c->rc->variables,
				      .at = text };
	struct muttrc_command inner = *c;

	inner.words = &words;
	do
		if (run_one(&inner, f) < 0)
			return -1;
	while (muttrc_next_command(&words) &&
	       !(c->is_finished && *c->is_finished));
	return 0;
}

void muttrc_init(struct muttrc *rc, struct options_run *run)
{
	*rc = (struct muttrc){ .run = run,
			       .variables = { .arena = run->arena } };
	rc->last_hook = &rc->hooks;
	header_init(&rc->fields);
}

int muttrc_read(struct muttrc *rc, const char *const *paths, struct error *f)
{
	struct muttrc_command c = { .rc = rc };
	int r = 1;

	for (; r == 1 && *paths; paths++) {
		const char *path = muttrc_path(&rc->variables, *paths);

		r = path ? run_file(&c, path, f) : 1;
	}
	return r;
}

int muttrc_command(struct muttrc *rc, const char *text, struct error *f)
{
	struct muttrc_command c = { .rc = rc };
	/* mutt reads the text of -e like a file as well */
	return muttrc_run(&c, text, f);
}
