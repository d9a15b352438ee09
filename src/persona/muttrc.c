/* muttrc.c - each command of mutt's that concerns a mail, as one function.
 *
 * Whatever could hide an alias from us is remembered in the nicknames: then no
 * bare name is taken for somebody else's address. */
#include "persona/muttrc.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/text.h"
#include "persona/muttrc_inside.h"
#include "persona/rcfile.h"

static int run_text(const struct muttrc_command *c, const char *text,
		    struct error *f);

void muttrc_say_unused(const struct muttrc_command *c, const char *what)
{
	if (muttrc_is_typed(c))
		log_warning("-e: %s has no meaning here; it is passed over",
			    what);
}

static struct personal_aliases *nicknames_of(const struct muttrc_command *c)
{
	return &c->rc->run->request->nicknames;
}

/* "FILE:LINE: what", or what was typed. */
static const char *placed(const struct muttrc_command *c, const char *what)
{
	return muttrc_is_typed(c)
		       ? arena_format(muttrc_arena(c), "-e: %s", what)
		       : arena_format(muttrc_arena(c), "%s:%u: %s", c->file,
				      c->line, what);
}

static void lose(const struct muttrc_command *c, const char *what)
{
	personal_aliases_lose(nicknames_of(c), placed(c, what));
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

/* Of two for one field the later holds. */
static int my_hdr(const struct muttrc_command *c, struct error *f)
{
	struct header *fields = &c->rc->fields;
	const char *text = muttrc_word(c->words, MUTTRC_SPACE | MUTTRC_QUOTE);
	struct header read;
	struct error wrong = ERROR_INIT;

	header_init(&read);
	if (c->words->unknown)
		error_set(&wrong, ERROR_USAGE,
			  "what %s stands for is not known here",
			  c->words->unknown);
	else
		header_add_line(muttrc_arena(c), &read, text, &wrong);
	if (error_is_set(&wrong)) {
		if (muttrc_is_typed(c))
			return error_set(f, ERROR_USAGE, "my_hdr: %s",
					 wrong.text);
		log_warning("%s", placed(c, arena_format(muttrc_arena(c),
							 "my_hdr %s: %s", text,
							 wrong.text)));
		return 0;
	}
	header_remove(fields, read.first->name);
	return header_add(muttrc_arena(c), fields, read.first->name,
			  read.first->value, f);
}

static int unmy_hdr(const struct muttrc_command *c, struct error *f)
{
	(void)f;
	while (muttrc_has_more(c->words)) {
		const char *name = muttrc_word(c->words, MUTTRC_PLAIN);

		if (strcmp(name, "*") == 0)
			header_init(&c->rc->fields);
		else
			header_remove(&c->rc->fields,
				      arena_dup_n(muttrc_arena(c), name,
						  strcspn(name, ":")));
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
	if (*name && c->words->unknown)
		personal_aliases_refuse(
			muttrc_arena(c), nicknames_of(c), name,
			placed(c,
			       arena_format(muttrc_arena(c),
					    "what %s stands for is not known "
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
	while (muttrc_has_more(c->words))
		personal_aliases_remove(nicknames_of(c),
					muttrc_word(c->words, MUTTRC_PLAIN));
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
		if (run_text(&inner, line, f) < 0)
			return -1;
	return 0;
}

/* 1 when it is not there. */
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

	if (n && typed[n - 1] == '|') {
		if (muttrc_is_typed(c))
			return error_set(f, ERROR_USAGE,
					 "source '%s': no program is run for a "
					 "setting: write what it prints into a "
					 "file",
					 typed);
		lose(c, arena_format(a,
				     "source '%s' is a program, which is "
				     "not run here",
				     typed));
		return 0;
	}
	if (c->words->unknown || !path || !n) {
		lose(c, arena_format(a,
				     "source: what '%s' stands for is not "
				     "known here",
				     c->words->unknown ? c->words->unknown
						       : typed));
		return 0;
	}
	if (c->depth >= RCFILE_DEPTH) {
		lose(c, arena_format(a,
				     "source %s: more than %d files in each "
				     "other",
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
	if (c->is_finished)
		*c->is_finished = true;
	return 0;
}

/* ---- commands in commands ---- */

/* send-hook PATTERN COMMAND: where the pattern says "always". */
static int send_hook(const struct muttrc_command *c, struct error *f)
{
	static const char *const always[] = { ".",     ".*",   "~A",   "~t .",
					      "~t .*", "~C .", "~C .*" };
	const char *pattern = muttrc_word(c->words, MUTTRC_PLAIN);
	const char *text = muttrc_word(c->words, MUTTRC_SPACE);
	struct muttrc_hook *new;

	(void)f;
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++) {
		if (strcmp(always[i], pattern) != 0)
			continue;
		new = arena_alloc(muttrc_arena(c), sizeof(*new));
		new->text = text;
		new->file = c->file;
		new->line = c->line;
		*c->rc->last_hook = new;
		c->rc->last_hook = &new->next;
		return 0;
	}
	muttrc_say_unused(c, "send-hook with a pattern");
	return 0;
}

static bool is_command(const char *name);

/* Would it, if it ran, change whom a name means? */
static bool concerns_names(const char *text)
{
	return strstr(text, "alias") || strstr(text, "source") ||
	       strstr(text, "finish");
}

/* ifdef NAME COMMAND, of neomutt: we know what we know. */
static int if_known(const struct muttrc_command *c, bool wanted,
		    struct error *f)
{
	const char *name = muttrc_word(c->words, MUTTRC_PLAIN), *unused;
	const char *text = muttrc_word(c->words, MUTTRC_SPACE);
	bool is_known = muttrc_knows(name) || is_command(name) ||
			muttrc_get(&c->rc->variables, name, &unused);

	if (is_known)
		return wanted ? run_text(c, text, f) : 0;
	if (concerns_names(text))
		lose(c, arena_format(muttrc_arena(c),
				     "whether there is '%s' is not known here",
				     name));
	return 0;
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
	{ "alias", alias },	    { "finish", finish },
	{ "ifdef", if_defined },    { "ifndef", if_not_defined },
	{ "my_hdr", my_hdr },	    { "reset", unset },
	{ "send-hook", send_hook }, { "set", set },
	{ "source", source },	    { "toggle", toggle },
	{ "unalias", unalias },	    { "unmy_hdr", unmy_hdr },
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

static int run_text(const struct muttrc_command *c, const char *text,
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
	/* mutt pushes the lines of one -e, too, through a file's reader */
	return run_text(&c, text, f);
}

int muttrc_hooks(struct muttrc *rc, struct error *f)
{
	struct muttrc_command c = { .rc = rc };

	for (const struct muttrc_hook *x = rc->hooks; x; x = x->next) {
		c.file = x->file;
		c.line = x->line;
		if (run_text(&c, x->text, f) < 0)
			return -1;
	}
	return 0;
}
