/* aliases.c - a small list, searched from its front; read once a run. */
#include "submit/aliases.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/disk.h"

struct alias {
	const char *name;
	const char *value;
	struct alias *next;
};

/* One logical line, its continuations joined by spaces; NULL at the end. */
static char *next_line(struct arena *a, const char **at, unsigned *number)
{
	const char *p = *at;
	size_t n;

	if (!*p)
		return NULL;
	do {
		n = strcspn(p, "\n");
		p += n + (p[n] == '\n');
		++*number;
	} while (*p == ' ' || *p == '\t');
	n = (size_t)(p - *at);
	p = *at;
	*at += n;
	return arena_dup_n(a, p, n);
}

/* A comment ends at its physical line: take it out before joining. */
static void blank_comments(char *text)
{
	bool start = true;

	for (char *p = text; *p; p++) {
		if (start && *p == '#')
			for (; *p && *p != '\n'; p++)
				*p = ' ';
		if (!*p)
			break;
		start = *p == '\n';
	}
}

static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		s[--n] = '\0';
	return s;
}

static int read_line(struct arena *a, struct aliases *out, struct alias ***end,
		     char *line, unsigned number, struct fault *f)
{
	struct alias *new;
	char *colon;

	line = trim(line);
	if (!*line)
		return 0;
	colon = strchr(line, ':');
	if (!colon || colon == line)
		return fault_set(f, FAULT_CONFIG,
				 "%s:%u: expected \"name: address\"", out->path,
				 number);
	*colon = '\0';
	for (char *p = colon + 1; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	new = arena_alloc(a, sizeof(*new));
	new->name = trim(line);
	new->value = trim(colon + 1);
	**end = new;
	*end = &new->next;
	return 0;
}

int aliases_load(struct arena *a, const char *path, struct aliases *out,
		 struct fault *f)
{
	struct buf text = BUF_INIT(ALIASES_FILE_MAX);
	struct alias **end = &out->first;
	unsigned number = 0;
	const char *at;
	char *line;
	int r;

	*out = (struct aliases){ .path = path };
	r = disk_read_file(path, &text, false, f);
	if (r < 0 && f->cause == FAULT_NOINPUT)
		f->cause = FAULT_CONFIG; /* the config names it */
	if (text.len)
		blank_comments(text.data);
	at = text.data;
	while (r == 0 && (line = next_line(a, &at, &number)))
		r = read_line(a, out, &end, line, number, f);
	buf_free(&text);
	return r;
}

static const char *find(const struct aliases *aliases, const char *name)
{
	const char *other = NULL;

	for (const struct alias *x = aliases->first; x; x = x->next) {
		if (ascii_equal(x->name, name))
			return x->value;
		if (ascii_equal(x->name, "default"))
			other = x->value;
	}
	return other;
}

static int expand(struct arena *a, const struct aliases *aliases,
		  const struct address *one, struct address_list *list,
		  int depth, struct fault *f)
{
	struct address_list found = { 0 };
	struct fault wrong = FAULT_INIT;
	const char *value = NULL;

	if (!one->group_only && !*one->domain && *one->local)
		value = find(aliases, one->local);
	if (!value) {
		address_append(a, list, one);
		return 0;
	}
	if (depth == ALIASES_DEPTH_MAX)
		return fault_set(
			f, FAULT_CONFIG,
			"%s: %s stands for itself in a circle; break it",
			aliases->path, one->local);
	if (address_parse_list(a, value, &found, &wrong) < 0)
		return fault_set(f, FAULT_CONFIG, "%s: %s: %s", aliases->path,
				 one->local, wrong.text);
	for (size_t i = 0; i < found.count; i++) {
		struct address *next = &found.items[i];

		if (!*next->domain && ascii_equal(next->local, one->local))
			address_append(a, list, next);
		else if (expand(a, aliases, next, list, depth + 1, f) < 0)
			return -1;
	}
	return 0;
}

int aliases_expand(struct arena *a, const struct aliases *aliases,
		   const struct address *one, struct address_list *list,
		   struct fault *f)
{
	return expand(a, aliases, one, list, 0, f);
}
