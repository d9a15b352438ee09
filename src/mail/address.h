/* address.h - mail addresses (RFC 5322 3.4, 4.4; RFC 6532; RFC 5321 4.1.2).
 *
 * Reads what people and programs write: quoted strings, comments, groups,
 * routes, the obsolete forms, a trailing "(Name)", stray commas, a bare user
 * name.  Beyond the grammar, what has only one meaning is accepted: one angle
 * address after any name ("[Team] X <a@example.org>"), an address in quotes
 * or apostrophes, semicolons as commas.  What could be read in two ways is
 * refused.  What is read is kept as its meaning: the display name as UTF-8 with
 * quotes, comments and encoded words resolved away, the local part without
 * its quotes. */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define ADDRESS_MAX	 998   /* octets of one address as written */
#define ADDRESS_LIST_MAX 50000 /* addresses in one list */

struct address {
	const char *name;    /* display name, UTF-8; NULL when there is none */
	const char *local;   /* unquoted, UTF-8; never empty but in "<>" */
	const char *domain;  /* ASCII (A-labels); "" while unqualified */
	const char *spec;    /* local@domain for the envelope, quoted as needed;
				"" is the null reverse-path */
	const char *group;   /* the group it was listed in, or NULL */
	bool needs_smtputf8; /* the local part is not ASCII */
	bool group_only;     /* stands for an empty group: no mailbox at all */
};

struct address_list {
	struct address *items; /* in the arena */
	size_t count;
	size_t room;
	bool is_repaired; /* read from what no header may hold as it is */
};

/* Appends to the list.  An error is ERROR_USAGE and names the text, the
 * column (from 1, in characters) and what was expected there.  An empty text,
 * or one of commas alone, adds nothing.  `|command`, `/file` and anything
 * with CR, LF or NUL are refused. */
int address_parse_list(struct arena *a, const char *utf8,
		       struct address_list *list, struct error *f);
/* Exactly one; "<>" is accepted only with `null_ok`. */
int address_parse(struct arena *a, const char *utf8, bool null_ok,
		  struct address *out, struct error *f);
/* A quoted user alone ("hans meier"), which no list may hold, since it is more
 * likely a name whose address was forgotten; false where it is none.  For those
 * who know that the text is one address. */
bool address_parse_quoted_user(struct arena *a, const char *utf8,
			       struct address *out);
void address_append(struct arena *a, struct address_list *list,
		    const struct address *one);
/* Room for so many more at once. */
void address_reserve(struct arena *a, struct address_list *list, size_t more);

/* Where a list's mailboxes are in it; zeroed at first. */
struct address_index {
	uint32_t *slots; /* position + 1, or 0 */
	size_t room;
	size_t count; /* of the list's items that are known here */
};
/* Appends what the list has not yet; false where it has it.  The list may
 * have grown otherwise in between, but not shrunk. */
bool address_append_once(struct arena *a, struct address_list *list,
			 struct address_index *index,
			 const struct address *one);

/* Fills spec anew from local and domain, for one that was qualified. */
void address_respell(struct arena *a, struct address *one);

/* As a header has it, encoded; no folding, break points are spaces. */
int address_put(struct buf *out, const struct address *one);
/* The whole list with ", " and its groups. */
int address_put_list(struct buf *out, const struct address_list *list);
/* Same mailbox: the domain without regard to case, the local part exactly. */
bool address_equal(const struct address *one, const struct address *other);

#endif
