/* address_index.c - open addressing over the positions of a list, so that
 * twenty thousand recipients are not compared each with each. */
#include "mail/address.h"

#include <string.h>

#include "base/ascii.h"

#define ROOM_LEAST 64

/* FNV-1a of what address_equal compares. */
static uint32_t hash_of(const struct address *one)
{
	size_t n = strlen(one->domain);
	uint32_t hash = 2166136261u;

	for (const char *c = one->local; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	if (n && one->domain[n - 1] == '.')
		n--;
	for (size_t i = 0; i < n; i++) {
		char c = ascii_lower(one->domain[i]);

		hash = (hash ^ (unsigned char)c) * 16777619u;
	}
	return hash;
}

/* The slot that has the mailbox, or the one where it belongs. */
static uint32_t *find(const struct address_index *x,
		      const struct address_list *list,
		      const struct address *one)
{
	size_t at = hash_of(one) & (x->room - 1);

	while (x->slots[at] &&
	       !address_equal(&list->items[x->slots[at] - 1], one))
		at = (at + 1) & (x->room - 1);
	return &x->slots[at];
}

static void enter(struct address_index *x, const struct address_list *list,
		  size_t at)
{
	uint32_t *slot;

	if (list->items[at].group_only)
		return;
	slot = find(x, list, &list->items[at]);
	if (!*slot)
		*slot = (uint32_t)at + 1;
}

static void grow(struct arena *a, struct address_index *x,
		 const struct address_list *list)
{
	size_t room = x->room ? x->room : ROOM_LEAST;

	while (room / 2 < list->count + 1)
		room *= 2;
	if (room == x->room)
		return;
	x->slots = arena_array(a, room, sizeof(*x->slots));
	x->room = room;
	x->count = 0;
}

bool address_append_once(struct arena *a, struct address_list *list,
			 struct address_index *x, const struct address *one)
{
	grow(a, x, list);
	for (; x->count < list->count; x->count++)
		enter(x, list, x->count);
	if (!one->group_only && *find(x, list, one))
		return false;
	address_append(a, list, one);
	enter(x, list, x->count++);
	return true;
}
