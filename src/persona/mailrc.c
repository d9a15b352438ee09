/* mailrc.c - "alias", "set" and "if" of mailx; all else is for reading mail.
 *
 * An "if" whose condition is not known leaves out both of its branches. */
#include "persona/mailrc.h"

#include <string.h>

#include "persona/rcfile.h"

#define IF_DEPTH 32

struct branch {
	bool is_known, is_true, is_else;
};

struct reader {
	struct mailrc *rc;
	struct branch branches[IF_DEPTH];
	int depth; /* may pass IF_DEPTH: those are left out */
	int file_depth;
};

static void read_file(struct mailrc *rc, const char *path, int depth);

/* "al" is "alias" where `least` is 1: the shortest that is told apart. */
static bool is_command(const char *word, const char *name, size_t least)
{
	size_t n = strlen(word);

	return n >= least && strncmp(word, name, n) == 0;
}

static bool is_left_out(const struct reader *r)
{
	if (r->depth > IF_DEPTH)
		return true;
	for (int i = 0; i < r->depth; i++)
		if (!r->branches[i].is_known ||
		    r->branches[i].is_true == r->branches[i].is_else)
			return true;
	return false;
}

/* "send", "receive" and "terminal", by their first letters. */
static void begin_if(struct reader *r, const char *condition)
{
	struct branch b = { .is_known = true };

	if (is_command(condition, "send", 1) || strcmp(condition, "S") == 0 ||
	    strcmp(condition, "1") == 0)
		b.is_true = true;
	else if (!is_command(condition, "receive", 1) &&
		 strcmp(condition, "R") != 0 && strcmp(condition, "0") != 0)
		b.is_known = false;
	if (r->depth < IF_DEPTH)
		r->branches[r->depth] = b;
	r->depth++;
}

static bool read_condition(struct reader *r, const char *word, const char *rest)
{
	const char *condition;

	if (strcmp(word, "if") == 0) {
		condition = rcfile_word(r->rc->arena, &rest, "");
		begin_if(r, condition && !rcfile_word(r->rc->arena, &rest, "")
				    ? condition
				    : "?");
		return true;
	}
	if (!r->depth)
		return false;
	if (is_command(word, "endif", 2))
		r->depth--;
	else if (strcmp(word, "elif") == 0 && r->depth <= IF_DEPTH)
		r->branches[r->depth - 1].is_known = false;
	else if (is_command(word, "else", 2) && r->depth <= IF_DEPTH)
		r->branches[r->depth - 1].is_else = true;
	else
		return false;
	return true;
}

static void read_alias(struct mailrc *rc, const char *rest)
{
	const char *name = rcfile_word(rc->arena, &rest, "");
	const char *word;

	while (name && (word = rcfile_word(rc->arena, &rest, "")))
		if (*word && strcmp(word, ",") != 0)
			nicknames_add(rc->arena, rc->nicknames, name, word,
				      false);
}

static void set_variable(struct mailrc *rc, const char *name, const char *value)
{
	bool on = value != NULL;

	if (strcmp(name, "from") == 0)
		rc->from = value && *value ? value : NULL;
	else if (strcmp(name, "realname") == 0 || strcmp(name, "NAME") == 0)
		rc->full_name = value && *value ? value : NULL;
	else if (strcmp(name, "reply-to") == 0 || strcmp(name, "replyto") == 0)
		rc->reply_to = value && *value ? value : NULL;
	else if (strcmp(name, "dot") == 0)
		rc->dot = on;
	else if (strcmp(name, "skipemptybody") == 0)
		rc->skip_empty = on;
}

/* "set a=b c noD", "unset a" */
static void read_set(struct mailrc *rc, const char *rest, bool on)
{
	const char *name, *value;

	while ((name = rcfile_word(rc->arena, &rest, "="))) {
		value = on ? "" : NULL;
		if (*rest == '=') {
			rest++;
			/* a blank here ends an empty value */
			if (!strchr(" \t", *rest))
				value = rcfile_word(rc->arena, &rest, "");
		}
		if (on && strncmp(name, "no", 2) == 0)
			set_variable(rc, name + 2, NULL);
		else
			set_variable(rc, name, on ? value : NULL);
	}
}

static void read_line(struct reader *r, const char *line)
{
	struct mailrc *rc = r->rc;
	const char *word = rcfile_word(rc->arena, &line, "");

	if (!word || read_condition(r, word, line) || is_left_out(r))
		return;
	if (is_command(word, "alias", 1) || is_command(word, "group", 1)) {
		read_alias(rc, line);
	} else if (is_command(word, "set", 2)) {
		read_set(rc, line, true);
	} else if (is_command(word, "unset", 3)) {
		read_set(rc, line, false);
	} else if (is_command(word, "source", 2)) {
		word = rcfile_word(rc->arena, &line, "");
		if (word && !strpbrk(word, "|$`"))
			read_file(rc, word, r->file_depth + 1);
	}
}

static void read_file(struct mailrc *rc, const char *path, int depth)
{
	struct reader r = { .rc = rc, .file_depth = depth };
	struct fault wrong = FAULT_INIT;
	char *text = depth < RCFILE_DEPTH ? rcfile_read(rc->arena, path, &wrong)
					  : NULL;
	char *line;

	while (text && (line = rcfile_line(&text)))
		read_line(&r, line);
}

void mailrc_read(struct mailrc *rc, const char *path)
{
	read_file(rc, path, 0);
}
