/* address.h - mail addresses (RFC 5322 3.4, 4.4; RFC 6532; RFC 5321 4.1.2).
 *
 * Accepts what people and programs write: quoted strings, comments, groups,
 * routes, the obsolete forms, a trailing "(Name)", stray commas, a bare user
 * name.  Beyond the grammar, text with only one possible meaning is accepted:
 * one angle address after any name ("[Team] X <a@example.org>"), an address in
 * quotes or apostrophes, semicolons as commas.  Ambiguous text is rejected.
 * The result is decoded: the display name is UTF-8 without quotes, comments and
 * encoded words, the local part has no quotes. */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define ADDRESS_MAX	 998   /* octets of one address as written */
#define ADDRESS_LIST_MAX 50000 /* addresses in one list */

struct address {
	const char *name;    /* display name, UTF-8; NULL when there is none */
	const char *local;   /* unquoted, UTF-8; empty only for "<>" */
	const char *domain;  /* ASCII (A-labels); "" until qualified */
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
	bool is_repaired; /* its text is not valid in a header unchanged */
};

/* Appends to the list.  Errors are ERROR_USAGE; the message has the text, the
 * column (from 1, in characters) and what was expected there.  Empty text, or
 * only commas, adds nothing.  `|command`, `/file` and anything with CR, LF or
 * NUL are rejected. */
int address_parse_list(struct arena *a, const char *utf8,
		       struct address_list *list, struct error *f);
/* The first address of a field; NULL where it is no list of them, or begins
 * with a group. */
const struct address *address_first(struct arena *a, const char *utf8);
/* How many addresses the text has; -1 where it is no list of them. */
ssize_t address_count_list(const char *utf8);
/* Parses exactly one address; "<>" is accepted only with `null_ok`. */
int address_parse(struct arena *a, const char *utf8, bool null_ok,
		  struct address *out, struct error *f);
/* Parses a quoted local part without a domain ("hans meier"); false if it is
 * not one.  In a list it is rejected, since it is more likely a name whose
 * address was forgotten; use this where the text is known to be one address. */
bool address_parse_quoted_user(struct arena *a, const char *utf8,
			       struct address *out);
void address_append(struct arena *a, struct address_list *list,
		    const struct address *one);
void address_append_all(struct arena *a, struct address_list *list,
			const struct address_list *more);
/* Reserves space for that many more. */
void address_reserve(struct arena *a, struct address_list *list, size_t more);

/* An index of the mailboxes in a list; initialize to zero. */
struct address_index {
	uint32_t *slots; /* position + 1, or 0 */
	size_t room;
	size_t count; /* items of the list that are indexed */
};
/* Appends the address unless the list has it already (false).  Between calls
 * the list may grow by other means, but must not shrink. */
bool address_append_once(struct arena *a, struct address_list *list,
			 struct address_index *index,
			 const struct address *one);

/* Sets spec again from local and domain, after qualification. */
void address_respell(struct arena *a, struct address *one);

/* As in a header, encoded and not folded; it can be folded at spaces. */
int address_put(struct buf *out, const struct address *one);
/* The whole list with ", " and its groups. */
int address_put_list(struct buf *out, const struct address_list *list);
/* Same mailbox: the domain is compared ignoring case, the local part
 * exactly. */
bool address_equal(const struct address *one, const struct address *other);

#endif
