/* fragment.h - finds the parts of split files in a message.
 *
 * A sink takes one message; it is examined when it is complete.  A fragment is
 * one of
 *
 *	SLICE	 octets with a label (mail/fragment_label.h), however they are
 *		 carried: an attachment, lines of uuencode, a shar
 *	NUMBERED an attachment NAME.003, by whatever program
 *	UU	 lines of uuencode below a subject with "(3/12)"
 *	PARTIAL	 message/partial (RFC 2046 5.2.2)
 *	SHAR	 a shell archive, one of several or all of it
 *
 * The set of a SLICE is given by its label; for the others it is a digest of
 * what all parts have in common.  Numbers are from 1 to FRAGMENT_PARTS_MAX;
 * everything else is unverified until the octets were examined.
 *
 * Memory is constant, except for the list of entities, which parse.h limits. */
#ifndef PARTS_FRAGMENT_H
#define PARTS_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "flow/stage.h"
#include "mail/fragment_label.h"
#include "mail/parse.h"

enum fragment_kind {
	FRAGMENT_SLICE,
	FRAGMENT_NUMBERED,
	FRAGMENT_UU,
	FRAGMENT_PARTIAL,
	FRAGMENT_SHAR,
	FRAGMENT_FILE, /* a complete attachment; only on request */
};

/* How the octets are decoded from the entity. */
enum fragment_way {
	WAY_RAW,	/* unchanged */
	WAY_DECODE,	/* transfer encoding decoded */
	WAY_UU,		/* and uuencode decoded */
	WAY_UU_MANGLED, /* which were quoted-printable besides */
	WAY_UU_HTML,	/* or HTML */
	WAY_UU_QUOTED,	/* or quoted in a reply */
	WAY_SCRIPT,	/* from a script's first line to its last */
	WAY_SHAR,	/* the only file of a script */
};

struct fragment {
	enum fragment_kind kind;
	char set[FRAGMENT_SET_SIZE];
	unsigned n, of;		     /* of is 0: unknown */
	bool is_first, is_last;	     /* there is a begin or end line */
	const char *name;	     /* of the file, sanitized; NULL: unknown */
	const char *title;	     /* for display: a subject, an id */
	const char *resend;	     /* the sender's id of the set, or NULL */
	struct fragment_label label; /* of a SLICE */
	const char *md5;	     /* of a FILE: 32 hex digits, or NULL */
	bool has_label;		     /* of a FILE: its size and digest */
	const struct fragments
		*in; /* the nested message that contains it, if any */
	const struct entity *entity;
	enum fragment_way way;
	bool is_text;
	struct fragment *next;
};

struct fragments {
	struct sink sink;	/* write the message, then close */
	struct fragment *first; /* after close */
	bool wants_files;	/* set before: report FILEs only */
	const char *from;	/* address of the author, or "" */
	/* after close: other content, which would be lost if the mail was
	 * deleted ("small.txt", "a text"); NULL: none */
	const char *also;

	/* running state */
	struct arena *arena;
	const char *const *spool;
	unsigned depth; /* of encoded messages nested in each other */
	struct fragments *nested, *next_nested;
	const struct entity *of; /* of a nested one: its location */
	struct stage stage;
	struct parser parser;
	struct error doubt; /* why it cannot be examined */
	struct fragment **last;
};

/* Results live in the arena.  `spool` as for stage_init.  A message that
 * cannot be parsed has no fragments; errors are only those of reading and of
 * the disk. */
void fragments_init(struct fragments *s, struct arena *a,
		    const char *const *spool, struct error *f);
void fragments_free(struct fragments *s);
/* Writes its octets to the sink; 1 when they may be damaged: invalid encoding,
 * no data. */
int fragment_pass(const struct fragments *s, const struct fragment *x,
		  struct sink *to);
/* Writes the complete message. */
struct slice fragments_message(const struct fragments *s);

/* Finds a label with only the header (as from TOP); false when there is
 * none. */
bool fragment_label_of_header(const char *header, size_t n,
			      struct fragment_label *out);
const char *fragment_kind_name(enum fragment_kind kind);

#endif
