/* mailrc.c - "alias", "set", "if" and the blocks of mailx; the other commands
 * are for reading mail and are ignored.
 *
 * What depends on an "if" that cannot be evaluated here is in doubt: the alias
 * or the variable is an error where it is used.  A block is stored, and run
 * when its account is selected or it is called. */
#include "persona/mailrc.h"

#include <string.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/text.h"

#define IF_DEPTH 128

struct branch {
	enum truth holds; /* the current one */
	enum truth taken; /* a previous one, or this */
};

struct reader {
	struct mailrc *rc;
	struct branch branches[IF_DEPTH];
	int depth;	   /* may exceed IF_DEPTH: those are ignored */
	enum truth counts; /* all of it, if it is a block */
	int file_depth;
	const char *file;
	struct mailrc_block *open; /* the block that is being read; or NULL */
};

struct mailrc_block {
	const char *name;
	bool is_account;
	struct text_line {
		const char *text;
		struct text_line *next;
	} * first, **last;
	const char *file;
	enum truth counts;
	struct mailrc_block *next;
};

/* 1 if there is no such file. */
static int read_file(struct mailrc *rc, const char *path, int depth);
static bool run_block(struct mailrc *rc, const char *name, bool is_account,
		      int depth, enum truth counts);

static void lose(struct reader *r, const char *what)
{
	personal_aliases_lose(r->rc->nicknames,
			      arena_format(r->rc->arena, "%s: %s", r->file,
					   what));
}

/* "al" is "alias" if `least` is 1: the length of the shortest abbreviation. */
static bool is_command(const char *word, const char *name, size_t least)
{
	size_t n = strlen(word);

	return n >= least && strncmp(word, name, n) == 0;
}

/* Are the current lines in effect? */
static enum truth counting(const struct reader *r)
{
	enum truth result = r->depth > IF_DEPTH ? MAYBE : r->counts;

	for (int i = 0; i < r->depth && i < IF_DEPTH; i++)
		result = truth_and(result, r->branches[i].holds);
	return result;
}

static void begin_if(struct reader *r, const char *condition)
{
	enum truth t = mailrc_condition(r->rc, condition);

	if (r->depth < IF_DEPTH)
		r->branches[r->depth] = (struct branch){ t, t };
	r->depth++;
}

/* "elif CONDITION", and "else", which is "elif yes". */
static void go_on(struct reader *r, enum truth condition)
{
	struct branch *b = &r->branches[r->depth - 1];

	if (r->depth > IF_DEPTH)
		return;
	b->holds = truth_and(truth_not(b->taken), condition);
	b->taken = truth_or(b->taken, condition);
}

static bool read_condition(struct reader *r, const char *word, const char *rest)
{
	if (strcmp(word, "if") == 0) {
		begin_if(r, rest);
		return true;
	}
	if (!r->depth)
		return false;
	if (is_command(word, "endif", 2))
		r->depth--;
	else if (strcmp(word, "elif") == 0)
		go_on(r, mailrc_condition(r->rc, rest));
	else if (is_command(word, "else", 2))
		go_on(r, YES);
	else
		return false;
	return true;
}

/* s-nail expands variables here, which POSIX does not. */
static void read_alias(struct reader *r, const char *rest)
{
	struct mailrc *rc = r->rc;
	const char *name = rcfile_word(rc->arena, &rest, "");
	const char *word;

	while (name && (word = rcfile_word(rc->arena, &rest, ""))) {
		if (*word == '#')
			return;
		if (*word == '$' || strstr(word, "${") || strchr(word, '`'))
			personal_aliases_refuse(
				rc->arena, rc->nicknames, name,
				arena_format(rc->arena,
					     "%s: the value of %s is unknown "
					     "here",
					     r->file, word));
		else if (*word && strcmp(word, ",") != 0)
			personal_aliases_add(rc->arena, rc->nicknames, name,
					     word, false);
	}
}

static void read_unalias(struct reader *r, const char *rest)
{
	const char *name;

	while ((name = rcfile_word(r->rc->arena, &rest, "")))
		personal_aliases_remove(r->rc->nicknames, name);
}

/* ---- variables ---- */

static void put_variable(struct reader *r, const char *name, const char *value)
{
	const char *doubt =
		counting(r) == MAYBE
			? arena_format(r->rc->arena,
				       "%s: the condition of the 'if' around "
				       "'set %s' is unknown here",
				       r->file, name)
			: NULL;

	mailrc_put(r->rc, name, value, r->file, doubt);
}

/* "set a=b c noD", "unset a", and "a=b" in quotes as one word. */
static void read_set(struct reader *r, const char *rest, bool on)
{
	struct arena *a = r->rc->arena;
	const char *name, *value;

	while ((name = rcfile_word(a, &rest, "="))) {
		const char *equals = strchr(name, '=');

		if (*name == '#')
			return;
		value = on ? "" : NULL;
		if (*rest == '=') {
			rest++;
			/* a blank here ends an empty value */
			if (!strchr(" \t", *rest))
				value = rcfile_word(a, &rest, "");
			value = value ? value : "";
		} else if (equals) {
			value = equals + 1;
			name = arena_dup_n(a, name, (size_t)(equals - name));
		}
		if (on && strncmp(name, "no", 2) == 0)
			put_variable(r, name + 2, NULL);
		else
			put_variable(r, name, on ? value : NULL);
	}
}

/* ---- files ---- */

/* "$NAME/x" and "${NAME}/x"; NULL if the value is unknown. */
static const char *expand_path(const struct mailrc *rc, const char *path)
{
	const char *end = path + 1, *value, *name;
	bool braces;

	if (*path != '$')
		return strpbrk(path, "$`") ? NULL : path;
	braces = *end == '{';
	end += braces;
	path = end;
	while (ascii_is_letter(*end) || ascii_is_digit(*end) || *end == '_')
		end++;
	name = arena_dup_n(rc->arena, path, (size_t)(end - path));
	end += braces && *end == '}';
	if (!mailrc_look_up(rc, name, &value) || !value || !*value ||
	    strpbrk(end, "$`"))
		return NULL;
	return arena_format(rc->arena, "%s%s", value, end);
}

static void read_source(struct reader *r, const char *rest, bool may_lack)
{
	struct arena *a = r->rc->arena;
	const char *word = rcfile_word(a, &rest, ""), *path;
	size_t n = word ? strlen(word) : 0;

	if (!n)
		return;
	path = expand_path(r->rc, word);
	if (word[n - 1] == '|')
		lose(r, arena_format(a,
				     "source '%s': programs are not run for "
				     "settings",
				     word));
	else if (!path)
		lose(r, arena_format(a,
				     "source: the value of '%s' is unknown "
				     "here",
				     word));
	else if (r->file_depth + 1 >= RCFILE_DEPTH)
		lose(r, arena_format(a, "source %s: more than %d nested files",
				     path, RCFILE_DEPTH));
	else if (read_file(r->rc, path, r->file_depth + 1) == 1 && !may_lack)
		lose(r, arena_format(a, "source: there is no file %s", path));
}

/* ---- blocks ---- */

static struct mailrc_block *find_block(const struct mailrc *rc,
				       const char *name, bool is_account)
{
	struct mailrc_block *b = rc->blocks;

	while (b && (b->is_account != is_account || strcmp(b->name, name) != 0))
		b = b->next;
	return b;
}

/* "account NAME {" opens a block, "account NAME" runs it. */
static void read_block(struct reader *r, const char *rest, bool is_account)
{
	struct arena *a = r->rc->arena;
	const char *name = rcfile_word(a, &rest, "");
	const char *brace = name ? rcfile_word(a, &rest, "") : NULL;
	struct mailrc_block *b;

	if (!brace || strcmp(brace, "{") != 0) {
		if (name && !brace && is_account)
			run_block(r->rc, name, true, r->file_depth,
				  counting(r));
		return;
	}
	b = arena_alloc(a, sizeof(*b));
	b->name = name;
	b->is_account = is_account;
	b->last = &b->first;
	b->file = r->file;
	b->counts = counting(r);
	b->next = r->rc->blocks;
	r->open = b;
}

/* If there are several of one name, the last one wins. */
static void add_to_block(struct reader *r, const char *line)
{
	struct mailrc_block *b = r->open;
	struct text_line *new;

	if (strcmp(line, "}") == 0) {
		if (b->counts != NO)
			r->rc->blocks = b;
		r->open = NULL;
		return;
	}
	new = arena_alloc(r->rc->arena, sizeof(*new));
	new->text = line;
	*b->last = new;
	b->last = &new->next;
}

/* ---- lines ---- */

/* Skips modifiers, which do not change what a command means here. */
static const char *skip_modifiers(struct reader *r, const char **rest)
{
	static const char *const modifiers[] = { "wysh",   "local", "global",
						 "ignerr", "u",	    NULL };
	const char *word;

	do
		word = rcfile_word(r->rc->arena, rest, "");
	while (word && ascii_is_among(word, modifiers));
	return word;
}

/* A line of which it is unknown whether it is in effect: true if it has been
 * handled. */
static bool read_doubtful(struct reader *r, const char *word, const char *rest)
{
	struct arena *a = r->rc->arena;
	const char *why = arena_format(
		a, "%s: the condition of the 'if' around it is unknown here",
		r->file);
	const char *name = rcfile_word(a, &rest, "");

	if (!name)
		return true;
	if (is_command(word, "alias", 1) || is_command(word, "group", 1)) {
		personal_aliases_refuse(a, r->rc->nicknames, name, why);
	} else if (is_command(word, "unalias", 4)) {
		for (; name; name = rcfile_word(a, &rest, ""))
			personal_aliases_refuse(a, r->rc->nicknames, name, why);
	} else if (is_command(word, "source", 2) ||
		   strcmp(word, "source_if") == 0) {
		lose(r, arena_format(a,
				     "source %s: the condition of the 'if' "
				     "around it is unknown here",
				     name));
	} else {
		return false;
	}
	return true;
}

/* Where a second command begins, after a ";" outside quotes: s-nail allows
 * several on a line, others do not, and do not mean a command by it. */
static const char *second_command(struct reader *r, const char *line)
{
	static const char *const commands[] = {
		"alias", "group", "set",    "unset",	 "unalias", "account",
		"call",	 "a",	  "source", "source_if", "if",	    "define",
		"wysh",	 "else",  "endif",  NULL,
	};
	char quote = '\0';

	for (const char *p = line; *p; p++) {
		const char *rest = p + 1, *word;

		if (*p == '\\' && p[1])
			p++;
		else if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? '\0' : *p;
		else if (!quote && *p == ';' &&
			 (word = rcfile_word(r->rc->arena, &rest, "")) &&
			 ascii_is_among(word, commands))
			return p + 1;
	}
	return NULL;
}

static void read_command(struct reader *r, const char *line)
{
	const char *word;
	enum truth counts;

	if (r->open) {
		add_to_block(r, line);
		return;
	}
	word = skip_modifiers(r, &line);
	if (!word || read_condition(r, word, line))
		return;
	counts = counting(r);
	/* a block is read even if it is not in effect */
	if (is_command(word, "account", 2) || is_command(word, "define", 3)) {
		read_block(r, line, *word == 'a');
		return;
	}
	if (counts == MAYBE && read_doubtful(r, word, line))
		return;
	if (counts == NO)
		return;
	if (is_command(word, "alias", 1) || is_command(word, "group", 1))
		read_alias(r, line);
	else if (is_command(word, "unalias", 4))
		read_unalias(r, line);
	else if (is_command(word, "set", 2))
		read_set(r, line, true);
	else if (is_command(word, "unset", 3))
		read_set(r, line, false);
	else if (strcmp(word, "source_if") == 0)
		read_source(r, line, true);
	else if (is_command(word, "source", 2))
		read_source(r, line, false);
	else if (strcmp(word, "call") == 0 || strcmp(word, "call_if") == 0)
		run_block(r->rc, rcfile_word(r->rc->arena, &line, ""), false,
			  r->file_depth, counts);
}

static void read_line(struct reader *r, const char *line)
{
	const char *next;

	while (!r->open && (next = second_command(r, line))) {
		read_command(r, arena_dup_n(r->rc->arena, line,
					    (size_t)(next - 1 - line)));
		line = next;
	}
	read_command(r, line);
}

static int read_file(struct mailrc *rc, const char *path, int depth)
{
	struct reader r = {
		.rc = rc, .file_depth = depth, .file = path, .counts = YES
	};
	struct error wrong = ERROR_INIT;
	char *text = rcfile_read(rc->arena, path, &wrong);
	char *line;

	if (!text && error_is_set(&wrong))
		personal_aliases_lose(rc->nicknames,
				      arena_dup(rc->arena, wrong.text));
	if (!text)
		return error_is_set(&wrong) ? 0 : 1;
	while ((line = rcfile_line(&text)))
		read_line(&r, line);
	if (r.open)
		lose(&r, arena_format(rc->arena, "'%s {' is not closed",
				      r.open->name));
	return 0;
}

static bool run_block(struct mailrc *rc, const char *name, bool is_account,
		      int depth, enum truth counts)
{
	const struct mailrc_block *b =
		name && *name ? find_block(rc, name, is_account) : NULL;
	struct reader r = { .rc = rc, .file_depth = depth + 1 };

	if (!b || depth >= RCFILE_DEPTH || counts == NO)
		return false;
	r.counts = truth_and(counts, b->counts);
	r.file = b->file;
	for (const struct text_line *l = b->first; l; l = l->next)
		read_line(&r, l->text);
	return true;
}

void mailrc_read(struct mailrc *rc, const char *path)
{
	read_file(rc, path, 0);
}

bool mailrc_account(struct mailrc *rc, const char *name)
{
	return run_block(rc, name, true, 0, YES);
}
