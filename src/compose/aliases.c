/* aliases.c - a small list, searched linearly; read once in a run.
 *
 * An expansion follows aliases down to addresses.  Each alias and each included
 * file is entered once for one name: its addresses are in the list then, so
 * that a thousand lists that name each other take no longer than their length,
 * and entering one that is still open is a loop. */
#include "compose/aliases.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/disk.h"
#include "base/text.h"
#include "deliver/local.h"

#define INCLUDE	    ":include:"
#define BLANKS	    " \t\r\n"
#define TARGETS_MAX ADDRESS_LIST_MAX /* of one name */

struct alias {
	const char *name;
	const char *value; /* NULL: the line is invalid */
	unsigned line;
	unsigned entered; /* in the expansion of that number */
	bool open;
	struct alias *next;
};

/* ---- reading --------------------------------------------------------------
 */

/* The start of a line's comment, or its end: a '#' after white space, outside
 * quotes. */
static char *find_comment(char *line)
{
	bool quoted = false;
	char *p = line;

	for (; *p && *p != '\n'; p++) {
		if (*p == '\\' && p[1] && p[1] != '\n')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == '#' && !quoted &&
			 (p == line || strchr(BLANKS, p[-1])))
			break;
	}
	return p;
}

/* A comment ends at its physical line: remove it before joining. */
static void blank_comments(char *text)
{
	while (*text) {
		char *comment = find_comment(text);

		text = comment + strcspn(comment, "\n");
		memset(comment, ' ', (size_t)(text - comment));
		text += *text == '\n';
	}
}

/* The next line, with its continuations if `join`; NULL at the end.  *number
 * becomes the number of its first line. */
static char *next_line(struct arena *a, const char **at, bool join,
		       unsigned *number, unsigned *lines)
{
	const char *start = *at, *p = start;
	char *line;

	if (!*p)
		return NULL;
	*number = *lines + 1;
	do {
		p += strcspn(p, "\n");
		p += *p == '\n';
		++*lines;
	} while (join && text_is_blank(*p));
	*at = p;
	line = arena_dup_n(a, start, (size_t)(p - start));
	for (char *c = line; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	return text_trim(line);
}

/* Reads a file, with its comments blanked. */
static int read_text(const char *path, struct buf *text, struct error *f)
{
	struct stat st;
	int r;

	/* reading a pipe could block forever */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return error_set(f, ERROR_CONFIG, "%s is not a file", path);
	r = disk_read_file(path, text, false, f);
	if (r < 0 && f->cause != ERROR_IO)
		f->cause = ERROR_CONFIG; /* the configuration names it */
	if (r < 0)
		return -1;
	if (strlen(text->data) != text->len)
		return error_set(f, ERROR_CONFIG,
				 "%s has a NUL in it: it is not a list of "
				 "addresses",
				 path);
	if (text->len)
		blank_comments(text->data);
	return 0;
}

/* The colon after the name, which may be quoted. */
static char *find_colon(char *line)
{
	char *quote = *line == '"' ? strchr(line + 1, '"') : NULL;

	return strchr(quote ? quote : line, ':');
}

/* The name of an invalid line is its first word, whose mail is refused. */
static void add_alias(struct arena *a, struct alias ***end, char *line,
		      unsigned number)
{
	struct alias *new = arena_alloc(a, sizeof(*new));
	char *colon = find_colon(line), *name;
	size_t n;

	if (colon && colon > line)
		new->value = text_trim(colon + 1);
	line[colon ? (size_t)(colon - line) : strcspn(line, BLANKS)] = '\0';
	name = text_trim(line);
	n = strlen(name);
	if (n > 1 && *name == '"' && name[n - 1] == '"') {
		name[n - 1] = '\0';
		name++;
	}
	new->name = name;
	new->line = number;
	**end = new;
	*end = &new->next;
}

int aliases_load(struct arena *a, const char *path, struct aliases *out,
		 struct error *f)
{
	struct buf text = BUF_INIT(ALIASES_FILE_MAX);
	struct alias **end = &out->first;
	unsigned number = 0, lines = 0;
	const char *at;
	char *line;
	int r;

	out->first = NULL;
	out->path = path;
	r = read_text(path, &text, f);
	at = text.data;
	while (r == 0 && (line = next_line(a, &at, true, &number, &lines)))
		if (*line)
			add_alias(a, &end, line, number);
	buf_free(&text);
	return r;
}

/* ---- the entries of a value -----------------------------------------------
 */

/* The end of this entry: the next comma outside quotes and comments. */
static const char *entry_end(const char *p)
{
	bool quoted = false;
	unsigned depth = 0;

	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '"' && !depth)
			quoted = !quoted;
		else if (*p == '(' && !quoted)
			depth++;
		else if (*p == ')' && !quoted && depth)
			depth--;
		else if (*p == ',' && !quoted && !depth)
			break;
	}
	return p;
}

/* NULL if there is no more.  A command, file or list may be quoted; the quotes
 * are removed. */
static char *next_entry(struct arena *a, const char **at)
{
	const char *start = *at, *end;
	char *entry;
	size_t n;

	start += strspn(start, "," BLANKS);
	if (!*start)
		return NULL;
	end = entry_end(start);
	*at = end;
	entry = text_trim(arena_dup_n(a, start, (size_t)(end - start)));
	n = strlen(entry);
	if (n > 2 && *entry == '"' && entry[n - 1] == '"' &&
	    strchr("|/:", entry[1])) {
		entry[n - 1] = '\0';
		entry++;
	}
	return entry;
}

/* ---- expanding ------------------------------------------------------------
 */

struct included {
	const char *path;
	bool open;
	struct included *next;
};

struct walk {
	struct arena *arena;
	struct aliases *aliases;
	struct expansion *out;
	struct included *files;
	const char *name; /* that is being expanded */
	unsigned depth;
	struct error *error;
};

/* The position of an entry, for errors, and its alias. */
struct site {
	const char *path;
	unsigned line;
	const struct alias *alias; /* the alias whose value it is */
};

static int wrong(const struct walk *w, const struct site *s, const char *why)
{
	return error_set(w->error, ERROR_CONFIG, "%s:%u: %s: %s", s->path,
			 s->line, w->name, why);
}

static int too_deep(const struct walk *w, const struct site *s)
{
	return error_set(w->error, ERROR_CONFIG,
			 "%s:%u: %s: more than %d nested aliases and lists",
			 s->path, s->line, w->name, ALIASES_DEPTH_MAX);
}

static int append(struct walk *w, const struct site *s,
		  const struct address *one)
{
	struct address_list *list = &w->out->list;

	if (list->count >= TARGETS_MAX)
		return wrong(w, s, "stands for too many addresses");
	address_append(w->arena, list, one);
	return 0;
}

/* Is it "localhost", which the server shares? */
static enum local_domain place_of(const struct aliases *aliases,
				  const char *domain)
{
	enum local_domain place = local_domain_of(domain);

	return place == LOCAL_DOMAIN_BARE && *domain && aliases->server_is_here
		       ? LOCAL_DOMAIN_FULL
		       : place;
}

/* `is_given`: not the target of an alias.  A target needs no "default". */
static struct alias *find(const struct aliases *aliases,
			  const struct address *one, bool is_given)
{
	enum local_domain place = place_of(aliases, one->domain);
	struct alias *other = NULL, *bad = NULL;

	if (one->group_only || !*one->local || place == LOCAL_DOMAIN_NOT)
		return NULL;
	if (aliases->own_user && strcmp(one->local, aliases->own_user) == 0)
		return NULL;
	for (struct alias *x = aliases->first; x; x = x->next) {
		if (ascii_equal(x->name, one->local)) {
			if (x->value)
				return x;
			bad = bad ? bad : x;
		}
		if (!other && x->value &&
		    (ascii_equal(x->name, "default") || !strcmp(x->name, "*")))
			other = x;
	}
	if (bad)
		return bad;
	return is_given && place == LOCAL_DOMAIN_BARE ? other : NULL;
}

static int expand_value(struct walk *w, const char *value,
			const struct site *s);

static int expand_alias(struct walk *w, struct alias *x, const struct site *s,
			const struct address *one)
{
	struct site inner = { w->aliases->path, x->line, x };
	int r;

	if (!x->value)
		return wrong(w, &inner, "expected \"name: address\"");
	if (x->entered == w->aliases->run && x->open) {
		if (x == s->alias) /* its own name within it */
			return append(w, s, one);
		return wrong(w, s, "is a loop: it refers to itself; break it");
	}
	if (x->entered == w->aliases->run)
		return 0;
	if (w->depth >= ALIASES_DEPTH_MAX)
		return too_deep(w, s);
	x->entered = w->aliases->run;
	x->open = true;
	w->depth++;
	r = expand_value(w, x->value, &inner);
	w->depth--;
	x->open = false;
	return r;
}

static int expand_address(struct walk *w, const struct site *s,
			  const struct address *one)
{
	struct alias *x = find(w->aliases, one, false);

	return x ? expand_alias(w, x, s, one) : append(w, s, one);
}

/* 1 if it was entered before for this name; a loop is an error. */
static int enter_file(struct walk *w, const char *path, const struct site *s,
		      struct included **out)
{
	struct included *x;

	for (x = w->files; x; x = x->next)
		if (!strcmp(x->path, path))
			return x->open ? wrong(w, s, "a list includes itself")
				       : 1;
	if (w->depth >= ALIASES_DEPTH_MAX)
		return too_deep(w, s);
	x = arena_alloc(w->arena, sizeof(*x));
	x->path = path;
	x->open = true;
	x->next = w->files;
	*out = w->files = x;
	return 0;
}

static int expand_file(struct walk *w, const char *path, const struct site *s)
{
	struct buf text = BUF_INIT(ALIASES_FILE_MAX);
	struct site inner = { path, 0, s->alias };
	struct error found = ERROR_INIT;
	struct included *file = NULL;
	unsigned lines = 0;
	const char *at;
	char *line;
	int r;

	w->out->is_list = true;
	if (*path != '/')
		return wrong(w, s, INCLUDE " needs a path that begins with /");
	r = enter_file(w, path, s, &file);
	if (!file)
		return r < 0 ? -1 : 0;
	if (read_text(path, &text, &found) < 0)
		r = error_set(w->error, found.cause, "%s:%u: %s: %s", s->path,
			      s->line, w->name, found.text);
	at = text.data;
	w->depth++;
	while (r == 0 &&
	       (line = next_line(w->arena, &at, false, &inner.line, &lines)))
		r = expand_value(w, line, &inner);
	w->depth--;
	file->open = false;
	buf_free(&text);
	return r;
}

/* Entries recognised by their first character. */
static int expand_special(struct walk *w, char *entry, const struct site *s)
{
	if (ascii_begins(entry, INCLUDE))
		return expand_file(w, text_trim(entry + strlen(INCLUDE)), s);
	if (strcmp(entry, "/dev/null") == 0 ||
	    ascii_equal(entry, ":blackhole:")) {
		w->out->is_discarded = true;
		return 0;
	}
	if (*entry == '|')
		return wrong(w, s,
			     "mail to commands is not supported; use an "
			     "address");
	if (*entry == '/')
		return wrong(w, s,
			     "mail to files is not supported; use an address");
	return wrong(w, s, "is neither an address nor " INCLUDE "/FILE");
}

/* A quoted name, which is not a valid address: an alias. */
static struct alias *find_quoted(struct walk *w, const char *entry,
				 struct address *one)
{
	return address_parse_quoted_user(w->arena, entry, one)
		       ? find(w->aliases, one, false)
		       : NULL;
}

static int expand_entry(struct walk *w, char *entry, const struct site *s)
{
	struct address named;
	struct alias *quoted = find_quoted(w, entry, &named);
	struct address_list found = { 0 };
	struct error bad = ERROR_INIT;
	bool is_final = *entry == '\\'; /* not an alias from here on */
	int r = 0;

	if (strchr("|/:", *entry))
		return expand_special(w, entry, s);
	if (quoted)
		return expand_alias(w, quoted, s, &named);
	if (address_parse_list(w->arena, entry + is_final, &found, &bad) < 0)
		return wrong(w, s, bad.text);
	for (size_t i = 0; r == 0 && i < found.count; i++) {
		struct address *one = &found.items[i];

		one->group = NULL; /* the target replaces the name */
		if (one->group_only)
			continue;
		r = is_final ? append(w, s, one) : expand_address(w, s, one);
	}
	return r;
}

static int expand_value(struct walk *w, const char *value, const struct site *s)
{
	char *entry;
	int r = 0;

	while (r == 0 && (entry = next_entry(w->arena, &value)))
		r = expand_entry(w, entry, s);
	return r;
}

static unsigned next_run(struct aliases *aliases)
{
	/* 0 means that an alias was never entered */
	if (!++aliases->run)
		++aliases->run;
	return aliases->run;
}

int aliases_expand(struct arena *a, struct aliases *aliases,
		   const struct address *one, struct expansion *out,
		   struct error *f)
{
	struct alias *x = find(aliases, one, true);
	struct walk w = { a, aliases, out, NULL, one->local, 0, f };
	struct site s = { aliases->path, x ? x->line : 0, NULL };

	if (!x) {
		address_append(a, &out->list, one);
		return 0;
	}
	out->is_alias = true;
	next_run(aliases);
	if (expand_alias(&w, x, &s, one) < 0)
		return -1;
	return out->list.count || out->is_discarded ? 0
						    : wrong(&w, &s, "is empty");
}

int aliases_check(struct arena *a, const char *path, unsigned *count,
		  struct error *f)
{
	struct aliases all = { .run = 0 };

	*count = 0;
	if (aliases_load(a, path, &all, f) < 0)
		return -1;
	for (struct alias *x = all.first; x; x = x->next) {
		struct expansion unused = { .is_list = false };
		struct address one = { .local = x->name, .domain = "" };

		++*count;
		if (!x->value)
			return error_set(f, ERROR_CONFIG,
					 "%s:%u: expected \"name: address\"",
					 path, x->line);
		if (aliases_expand(a, &all, &one, &unused, f) < 0)
			return -1;
	}
	return 0;
}
