/* personal_aliases.c - a short list, searched linearly. */
#include "compose/personal_aliases.h"

#include <string.h>

#include "base/ascii.h"

struct nickname {
	const char *name;
	const char *list;
	const char *refusal; /* why its value is unknown; or NULL */
	struct nickname *next;
};

static struct nickname *
find_or_make(struct arena *a, struct personal_aliases *all, const char *name)
{
	struct nickname **end = &all->first;

	while (*end && !ascii_equal((*end)->name, name))
		end = &(*end)->next;
	if (!*end) {
		*end = arena_alloc(a, sizeof(**end));
		(*end)->name = name;
	}
	return *end;
}

void personal_aliases_add(struct arena *a, struct personal_aliases *all,
			  const char *name, const char *list, bool instead)
{
	struct nickname *nick = find_or_make(a, all, name);

	if (!nick->list || instead)
		nick->list = list;
	else
		nick->list = arena_format(a, "%s, %s", nick->list, list);
	if (instead)
		nick->refusal = NULL;
}

void personal_aliases_refuse(struct arena *a, struct personal_aliases *all,
			     const char *name, const char *why)
{
	find_or_make(a, all, name)->refusal = why;
}

void personal_aliases_remove(struct personal_aliases *all, const char *name)
{
	struct nickname **at = &all->first;

	if (strcmp(name, "*") == 0)
		all->first = NULL;
	while (*at && !ascii_equal((*at)->name, name))
		at = &(*at)->next;
	if (*at)
		*at = (*at)->next;
}

void personal_aliases_lose(struct personal_aliases *all, const char *why)
{
	if (!all->missing)
		all->missing = why;
}

static bool is_bare(const struct address *one)
{
	return !one->group_only && !*one->domain && *one->local;
}

static const struct nickname *find(const struct personal_aliases *all,
				   const struct address *one)
{
	if (!is_bare(one))
		return NULL;
	for (const struct nickname *x = all->first; x; x = x->next)
		if (ascii_equal(x->name, one->local))
			return x;
	return NULL;
}

static int expand(struct arena *a, const struct personal_aliases *all,
		  const struct address *one, struct address_list *to, int depth,
		  struct error *f)
{
	const struct nickname *nick = find(all, one);
	struct address_list found = { 0 };
	struct error wrong = ERROR_INIT;

	if (!nick && all->missing && is_bare(one))
		return error_set(f, ERROR_CONFIG,
				 "%s is not a known alias, but your start-up "
				 "file could not be read completely: %s; "
				 "write the full address",
				 one->local, all->missing);
	if (!nick) {
		address_append(a, to, one);
		return 0;
	}
	if (nick->refusal)
		return error_set(f, ERROR_CONFIG,
				 "the alias %s of your start-up file: %s",
				 nick->name, nick->refusal);
	if (depth == PERSONAL_ALIASES_DEPTH_MAX)
		return error_set(f, ERROR_CONFIG,
				 "the alias %s of your start-up file is a "
				 "loop: it refers to itself; break it",
				 nick->name);
	if (address_parse_list(a, nick->list, &found, &wrong) < 0)
		return error_set(f, ERROR_CONFIG,
				 "the alias %s of your start-up file: %s",
				 nick->name, wrong.text);
	if (!found.count)
		return error_set(f, ERROR_CONFIG,
				 "the alias %s of your start-up file is empty; "
				 "give it an address",
				 nick->name);
	for (size_t i = 0; i < found.count; i++) {
		const struct address *next = &found.items[i];

		/* "alias bob bob" is the local user bob */
		if (find(all, next) == nick)
			address_append(a, to, next);
		else if (expand(a, all, next, to, depth + 1, f) < 0)
			return -1;
	}
	return 0;
}

int personal_aliases_expand(struct arena *a, const struct personal_aliases *all,
			    const struct address_list *from,
			    struct address_list *to, struct error *f)
{
	for (size_t i = 0; i < from->count; i++)
		if (expand(a, all, &from->items[i], to, 0, f) < 0)
			return -1;
	return 0;
}
