/* fragment_label.h - the label of a part of a split file.
 *
 *	X-Mailsend-Part: v=1; set=<32 hex digits>; n=3; of=12; offset=...;
 *	 size=...; total=...; sha256=<of the slice>; file-sha256=<of the whole>;
 *	 name*=UTF-8''...
 *
 * The same value is in the mail's header, in the part's header and in the text,
 * since gateways strip headers.  In the text it is folded as in a header and
 * followed by an empty line.  Values are validated: one that lacks a field, or
 * whose numbers are inconsistent, is not a label. */
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
#define FRAGMENT_VALUE_MAX                                                     \
	4096 /* octets of a value; longer ones are invalid                     \
	      */

struct fragment_label {
	char set[FRAGMENT_SET_SIZE]; /* lower case, as are the digests */
	unsigned n, of;		     /* n is from 1 to of */
	uint64_t offset, size, total;
	char sha256[FRAGMENT_DIGEST_SIZE];
	char file_sha256[FRAGMENT_DIGEST_SIZE];
	char name[FRAGMENT_NAME_SIZE]; /* UTF-8; not sanitized when parsed: may
					  be a path; "": none */
};

/* Appends the value, without line ends; header_write_encoded folds it. */
int fragment_label_write(struct buf *out, const struct fragment_label *l);
/* Parses one unfolded line; false when it is not a label. */
bool fragment_label_read(struct fragment_label *l, const char *value);

/* A sink that looks for a label in text with any line ends.  At most
 * FRAGMENT_VALUE_MAX octets after the field name are kept. */
struct fragment_label_search {
	struct sink sink;
	struct fragment_label label; /* valid when it was found */
	bool found;
	/* running state */
	bool in_value;
	size_t folded;	/* of value: certainly part of the field */
	bool is_folded; /* the field may continue up to here */
	struct buf line, value;
};
void fragment_label_search_init(struct fragment_label_search *s,
				struct error *f);
/* After close, or instead of it. */
void fragment_label_search_free(struct fragment_label_search *s);

#endif
