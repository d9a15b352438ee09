/* address.c - lists of addresses, and writing them.  Parsing is in
 * address_read.c. */
#include "mail/address.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "codec/words.h"
#include "mail/address_scan.h"
#include "mail/charset.h"
#include "mail/domain.h"

#define USER_MAX 256 /* octets of a quoted user */

static void set_room(struct arena *a, struct address_list *list, size_t room)
{
	struct address *items = arena_array(a, room, sizeof(*list->items));

	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*list->items));
	list->items = items;
	list->room = room;
}

void address_reserve(struct arena *a, struct address_list *list, size_t more)
{
	size_t needed = list->count + more;

	/* grow geometrically when a few are added at a time */
	if (needed > list->room)
		set_room(a, list,
			 needed > 2 * list->room ? needed : 2 * list->room);
}

void address_append(struct arena *a, struct address_list *list,
		    const struct address *one)
{
	if (list->count == list->room)
		set_room(a, list, list->room ? 2 * list->room : 4);
	list->items[list->count++] = *one;
}

void address_append_all(struct arena *a, struct address_list *list,
			const struct address_list *more)
{
	address_reserve(a, list, more->count);
	for (size_t i = 0; i < more->count; i++)
		address_append(a, list, &more->items[i]);
}

const struct address *address_first(struct arena *a, const char *utf8)
{
	struct address_list list = { 0 };
	struct error unused = ERROR_INIT;

	return address_parse_list(a, utf8, &list, &unused) == 0 && list.count &&
			       !list.items[0].group_only
		       ? &list.items[0]
		       : NULL;
}

ssize_t address_count_list(const char *utf8)
{
	struct arena scratch = ARENA_INIT;
	struct address_list list = { 0 };
	struct error unused = ERROR_INIT;
	int r = address_parse_list(&scratch, utf8, &list, &unused);

	arena_free(&scratch);
	return r < 0 ? -1 : (ssize_t)list.count;
}

/* RFC 5322 3.2.3, with the characters that RFC 6532 adds. */
static bool is_dot_atom(const char *s)
{
	char before = '.';

	for (; *s; before = *s++) {
		if (*s == '.' ? before == '.'
			      : !ascii_is_letter(*s) && !ascii_is_digit(*s) &&
					(unsigned char)*s < 128 &&
					!strchr("!#$%&'*+-/=?^_`{|}~", *s))
			return false;
	}
	return before != '.';
}

bool address_parse_quoted_user(struct arena *a, const char *utf8,
			       struct address *out)
{
	size_t n = strlen(utf8);

	if (n < 3 || n > USER_MAX + 2 || *utf8 != '"' || utf8[n - 1] != '"' ||
	    !charset_is_utf8(utf8, n) || strpbrk(utf8, "@\\"))
		return false;
	for (const char *c = utf8 + 1; c < utf8 + n - 1; c++)
		if ((unsigned char)*c < ' ' || *c == '"' || *c == 127)
			return false;
	if (strchr("|/", utf8[1]))
		return false;
	*out = (struct address){
		.local = arena_dup_n(a, utf8 + 1, n - 2),
		.domain = "",
	};
	for (const char *c = out->local; *c; c++)
		out->needs_smtputf8 |= (unsigned char)*c >= 128;
	address_respell(a, out);
	return true;
}

void address_respell(struct arena *a, struct address *one)
{
	struct buf out = BUF_INIT(4 * ADDRESS_MAX);

	if (*one->local && !is_dot_atom(one->local))
		text_put_quoted(&out, one->local);
	else
		buf_puts(&out, one->local);
	if (*one->domain)
		buf_printf(&out, "@%s", one->domain);
	one->spec = arena_dup_n(a, out.data, out.len);
	buf_free(&out);
}

int address_put(struct buf *out, const struct address *one)
{
	if (one->group_only) {
		words_put_phrase(out, one->group);
		return buf_puts(out, ":;");
	}
	if (one->name && *one->name) {
		words_put_phrase(out, one->name);
		return buf_printf(out, " <%s>", one->spec);
	}
	/* a comma after it would be parsed as part of a name */
	if (!*one->spec || (!*one->domain && scan_may_be_name(one->local)))
		return buf_printf(out, "<%s>", one->spec);
	return buf_puts(out, one->spec);
}

/* Two groups of the same name remain separate: a group is identified by the
 * pointer to its name, which the parser allocates once for each. */
int address_put_list(struct buf *out, const struct address_list *list)
{
	const char *group = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct address *one = &list->items[i];
		bool same = one->group == group && !one->group_only;

		if (group && !same)
			buf_putc(out, ';');
		if (i)
			buf_puts(out, ", ");
		if (one->group && !one->group_only && !same) {
			words_put_phrase(out, one->group);
			buf_puts(out, ": ");
		}
		group = one->group_only ? NULL : one->group;
		address_put(out, one);
	}
	if (group)
		buf_putc(out, ';');
	return out->overflow ? -1 : 0;
}

bool address_equal(const struct address *one, const struct address *other)
{
	return !one->group_only && !other->group_only &&
	       !strcmp(one->local, other->local) &&
	       domain_equal(one->domain, other->domain);
}

/* ---- lists without duplicates ----
 *
 * A hash table (open addressing) of positions in a list, so that twenty
 * thousand recipients need no quadratic time. */

#define ROOM_LEAST 64

/* FNV-1a over what address_equal compares. */
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

/* The slot of the mailbox, or the free slot for it. */
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
