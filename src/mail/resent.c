/* resent.c - two like fields one behind the other are one list in two lines,
 * as the obsolete syntax has it (RFC 5322 4.5.6); anywhere else the second is
 * the next block's. */
#include "mail/resent.h"

#include <stddef.h>

#include "base/ascii.h"

static bool is_trace(const struct field *x)
{
	return ascii_equal(x->name, "Received") ||
	       ascii_equal(x->name, "Return-Path");
}

static bool is_there(const struct field *from, const struct field *x)
{
	for (; from != x; from = from->next)
		if (ascii_equal(from->name, x->name))
			return true;
	return false;
}

const struct field *resent_end(const struct header *h)
{
	const struct field *first = NULL, *last = NULL;

	for (const struct field *x = h->first; x; x = x->next) {
		if (first && is_trace(x))
			return x;
		if (!ascii_begins(x->name, "Resent-"))
			continue;
		if (!first)
			first = x;
		else if (!ascii_equal(last->name, x->name) &&
			 is_there(first, x))
			return x;
		last = x;
	}
	return NULL;
}
