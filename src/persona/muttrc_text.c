/* muttrc_text.c - like mutt_extract_token and mutt_read_line of mutt's parse.c,
 * without key bindings.  A word never contains a line break: an escape for one
 * becomes a blank. */
#include "persona/muttrc_inside.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"

#define WORD_MAX ((size_t)64 * 1024)

struct muttrc_variable {
	const char *name, *value;
	struct muttrc_variable *next;
};

/* ---- variables ---- */

static struct muttrc_variable *find(const struct muttrc_variables *all,
				    const char *name)
{
	struct muttrc_variable *v = all->first;

	while (v && strcmp(v->name, name) != 0)
		v = v->next;
	return v;
}

void muttrc_put(struct muttrc_variables *all, const char *name,
		const char *value)
{
	struct muttrc_variable *v = find(all, name);

	if (!v) {
		v = arena_alloc(all->arena, sizeof(*v));
		v->name = name;
		v->next = all->first;
		all->first = v;
	}
	v->value = value;
}

bool muttrc_get(const struct muttrc_variables *all, const char *name,
		const char **value)
{
	const struct muttrc_variable *v = find(all, name);

	*value = v ? v->value : NULL;
	return v != NULL;
}

/* mutt's defaults, as far as files or aliases use them. */
static const char *initial_value(const struct muttrc_variables *all,
				 const char *name)
{
	static const char *const paths[][2] = {
		{ "alias_file", "~/.muttrc" },
		{ "folder", "~/Mail" },
		{ "mbox", "~/mbox" },
		{ "postponed", "~/postponed" },
		{ "signature", "~/.signature" },
		{ "record", "~/sent" },
		{ "certificate_file", "~/.mutt_certificates" },
	};
	const char *email = sysenv_env("EMAIL");

	if (strcmp(name, "realname") == 0 || strcmp(name, "real_name") == 0)
		return sysenv_full_name();
	if (strcmp(name, "hostname") == 0)
		return sysenv_host();
	if (strcmp(name, "from") == 0)
		return email ? email : "";
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (strcmp(paths[i][0], name) == 0)
			return disk_expand_home(all->arena, paths[i][1]);
	return strncmp(name, "my_", 3) == 0 ? "" : NULL;
}

/* NULL if it is unknown. */
static const char *value_of(const struct muttrc_variables *all,
			    const char *name)
{
	const char *value = sysenv_env(name);

	if (value || muttrc_get(all, name, &value))
		return value;
	return initial_value(all, name);
}

const char *muttrc_path(const struct muttrc_variables *all, const char *path)
{
	const char *folder;

	if (*path == '~')
		return path[1] && path[1] != '/'
			       ? NULL
			       : disk_expand_home(all->arena, path);
	if (*path != '=' && *path != '+')
		return path;
	folder = value_of(all, "folder");
	return folder ? arena_format(all->arena, "%s/%s", folder, path + 1)
		      : NULL;
}

/* ---- lines ---- */

char *muttrc_line(char **at, unsigned *number, unsigned *lines)
{
	char *start = *at, *in = start, *out = start;
	bool more;

	if (!*start)
		return NULL;
	*number = *lines + 1;
	for (;;) {
		size_t n = strcspn(in, "\n");

		memmove(out, in, n);
		out += n;
		in += n;
		more = *in == '\n';
		in += more;
		++*lines;
		if (out > start && out[-1] == '\r')
			out--;
		if (!more || out == start || out[-1] != '\\')
			break;
		out--;
	}
	*out = '\0';
	*at = in;
	return start;
}

/* ---- words ---- */

static bool ends_word(char c, int how)
{
	return !c || c == '#' || (text_is_space(c) && !(how & MUTTRC_SPACE)) ||
	       (c == ';' && !(how & MUTTRC_SEMICOLON)) ||
	       (strchr("=+", c) && (how & MUTTRC_EQUAL));
}

/* Notes the first part that is unknown. */
static void tell_unknown(struct muttrc_words *w, const char *start,
			 const char *end)
{
	if (!w->unknown)
		w->unknown = arena_dup_n(w->variables->arena, start,
					 (size_t)(end - start));
}

/* Returns what follows the escape. */
static const char *put_escaped(struct buf *out, const char *p)
{
	switch (*p) {
	case '\0':
		return p;
	case 'n':
	case 'r':
	case 't':
	case 'f':
	case 'e':
		buf_putc(out, ' ');
		return p + 1;
	case 'c':
	case 'C':
		return p[1] ? p + 2 : p + 1; /* a control character */
	default:
		buf_putc(out, *p);
		return p + 1;
	}
}

static const char *put_variable(struct muttrc_words *w, struct buf *out,
				const char *p)
{
	const struct muttrc_variables *all = w->variables;
	const char *start = p + 1, *end, *value;
	bool braces = *start == '{';

	start += braces;
	for (end = start;
	     ascii_is_letter(*end) || ascii_is_digit(*end) || *end == '_';)
		end++;
	if (!ascii_is_letter(*start) || (braces && *end != '}')) {
		buf_putc(out, '$');
		return p + 1;
	}
	value = value_of(all,
			 arena_dup_n(all->arena, start, (size_t)(end - start)));
	end += braces;
	if (value)
		buf_puts(out, value);
	else
		tell_unknown(w, p, end);
	return end;
}

static const char *skip_command(struct muttrc_words *w, const char *p)
{
	const char *end = p + 1;

	while (*end && *end != '`')
		end += *end == '\\' && end[1] ? 2 : 1;
	end += *end == '`';
	tell_unknown(w, p, end);
	return end;
}

/* Reads the word at `p` into `out`; returns its end. */
static const char *read_word(struct muttrc_words *w, const char *p, int how,
			     struct buf *out)
{
	char quote = '\0';

	while (*p && (quote || !ends_word(*p, how))) {
		if (quote ? *p == quote
			  : !(how & MUTTRC_QUOTE) &&
				    (*p == '"' || *p == '\'')) {
			quote = quote ? '\0' : *p;
			p++;
		} else if (quote == '\'') {
			buf_putc(out, *p++);
		} else if (*p == '\\') {
			p = put_escaped(out, p + 1);
		} else if (*p == '`') {
			p = skip_command(w, p);
		} else if (*p == '$') {
			p = put_variable(w, out, p);
		} else {
			buf_putc(out, *p++);
		}
	}
	return p;
}

bool muttrc_has_more(struct muttrc_words *w)
{
	while (text_is_space(*w->at))
		w->at++;
	return *w->at && *w->at != ';' && *w->at != '#';
}

const char *muttrc_word(struct muttrc_words *w, int how)
{
	struct buf out = BUF_INIT(WORD_MAX);
	const char *start;
	char *word;

	w->unknown = NULL;
	muttrc_has_more(w);
	start = w->at;
	w->at = read_word(w, start, how, &out);
	if (out.overflow)
		tell_unknown(w, start, start + strcspn(start, " \t"));
	word = arena_dup_n(w->variables->arena, out.data, out.len);
	if (how & MUTTRC_SPACE)
		word = text_trim(word);
	muttrc_has_more(w);
	buf_free(&out);
	return word;
}

bool muttrc_next_command(struct muttrc_words *w)
{
	char quote = '\0';

	for (; *w->at; w->at++) {
		char c = *w->at;

		if (quote ? c == quote : c == '"' || c == '\'')
			quote = quote ? '\0' : c;
		else if (c == '\\' && w->at[1] && quote != '\'')
			w->at++;
		else if (!quote && (c == ';' || c == '#'))
			break;
	}
	if (*w->at != ';')
		return false;
	w->at++;
	return true;
}

/* ---- a command's place, and what is uncertain ---- */

const char *muttrc_placed(const struct muttrc_command *c, const char *what)
{
	return muttrc_is_typed(c)
		       ? arena_format(muttrc_arena(c), "-e: %s", what)
		       : arena_format(muttrc_arena(c), "%s:%u: %s", c->file,
				      c->line, what);
}

void muttrc_say_unused(const struct muttrc_command *c, const char *what)
{
	if (muttrc_is_typed(c))
		log_warning("-e: %s is not supported and is ignored", what);
}

void muttrc_set_doubt(struct muttrc *rc, const char *name, const char *why)
{
	struct muttrc_doubt *d = rc->doubts;

	while (d && !ascii_equal(d->name, name))
		d = d->next;
	if (!d) {
		d = arena_alloc(rc->run->arena, sizeof(*d));
		d->name = name;
		d->next = rc->doubts;
		rc->doubts = d;
	}
	d->why = why;
}

const char *muttrc_doubt(const struct muttrc *rc, const char *name)
{
	const struct muttrc_doubt *d = rc->doubts;

	while (d && !ascii_equal(d->name, name))
		d = d->next;
	return d ? d->why : NULL;
}
