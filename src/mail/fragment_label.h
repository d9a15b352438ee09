/* fragment_label.h - what a part of a split file says of itself.
 *
 *	X-Mailsend-Part: v=1; set=<32 hex digits>; n=3; of=12; offset=...;
 *	 size=...; total=...; sha256=<of the slice>; file-sha256=<of the whole>;
 *	 name*=UTF-8''...
 *
 * The same value is in the mail's header, in the part's header and in the
 * text, since gateways strip headers.  In the text it is folded as in a header
 * and an empty line follows it.  Reading believes nothing: a value that
 * lacks a field, or whose numbers cannot go together, is none. */
#ifndef MAIL_FRAGMENT_LABEL_H
#define MAIL_FRAGMENT_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "flow/sink.h"

#define FRAGMENT_LABEL_FIELD "X-Mailsend-Part"
#define FRAGMENT_PARTS_MAX   1000000
#define FRAGMENT_SET_SIZE    33 /* 128 bits in hex, and the NUL */
#define FRAGMENT_DIGEST_SIZE 65
#define FRAGMENT_NAME_SIZE   256
#define FRAGMENT_VALUE_MAX   4096 /* octets of a value that is read */

struct fragment_label {
	char set[FRAGMENT_SET_SIZE]; /* lower case, as are the digests */
	unsigned n, of;		     /* n is from 1 to of */
	uint64_t offset, size, total;
	char sha256[FRAGMENT_DIGEST_SIZE];
	char file_sha256[FRAGMENT_DIGEST_SIZE];
	char name[FRAGMENT_NAME_SIZE]; /* UTF-8; as it was read it may be
					  anything, a path too; "": none */
};

/* Appends the value, without line ends; header_write_encoded folds it. */
int fragment_label_write(struct buf *out, const struct fragment_label *l);
/* One unfolded line; false when it is no label. */
bool fragment_label_read(struct fragment_label *l, const char *value);

/* Looks for a label in a text that is put here; any line ends.  Of what follows
 * the field's name nothing beyond FRAGMENT_VALUE_MAX is kept. */
struct fragment_label_search {
	struct sink sink;
	struct fragment_label label; /* valid when it was found */
	bool found;
	/* running state */
	bool in_value;
	size_t folded;	/* of value: what is of the field for certain */
	bool is_folded; /* it goes on so far */
	struct buf line, value;
};
void fragment_label_search_init(struct fragment_label_search *s,
				struct error *f);
/* After close, or instead of it. */
void fragment_label_search_free(struct fragment_label_search *s);

#endif
