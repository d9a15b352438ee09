/* fragment.h - what of a split file is in a message.
 *
 * A sink takes one message, as it lies; what it claims is examined when it is
 * whole.  A fragment is one of
 *
 *	SLICE	 octets with a label (mail/fragment_label.h), however they are
 *		 carried: an attachment, lines of uuencode, a shar
 *	NUMBERED an attachment NAME.003, by whatever program
 *	UU	 lines of uuencode below a subject with "(3/12)"
 *	PARTIAL	 message/partial (RFC 2046 5.2.2)
 *	SHAR	 a shell archive, one of several or all of it
 *
 * The set of a SLICE is the one that its label tells; for the others it is a
 * digest of what all its parts have in common.  Numbers are from 1 up to
 * FRAGMENT_PARTS_MAX; nothing else is sure before the octets were examined.
 *
 * Memory is constant but for the list of entities, which parse.h caps. */
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
	FRAGMENT_FILE, /* an attachment, whole; only where it was asked for */
};

/* How the octets are had from the entity. */
enum fragment_way {
	WAY_RAW,	/* as they lie */
	WAY_DECODE,	/* its transfer encoding undone */
	WAY_UU,		/* and lines of uuencode read */
	WAY_UU_MANGLED, /* which were quoted-printable besides */
	WAY_UU_HTML,	/* or HTML */
	WAY_UU_QUOTED,	/* or quoted in a reply */
	WAY_SCRIPT,	/* from a script's first line to its last */
	WAY_SHAR,	/* the one file of a script */
};

struct fragment {
	enum fragment_kind kind;
	char set[FRAGMENT_SET_SIZE];
	unsigned n, of;		/* of is 0: unknown */
	bool is_first, is_last; /* marks tell so */
	const char *name;	/* of the file, clean; NULL: unknown */
	const char *title;	/* for people: a subject, an id */
	const char *resend;	/* the set that the sender knows, or NULL */
	struct fragment_label label; /* of a SLICE */
	const char *md5;	     /* of a FILE: 32 hex digits, or NULL */
	bool has_label;		     /* of a FILE: its size and digest */
	const struct fragments *in;  /* the message that it is in, where that is
					within another */
	const struct entity *entity;
	enum fragment_way way;
	bool is_text;
	struct fragment *next;
};

struct fragments {
	struct sink sink;	/* put the message, then close */
	struct fragment *first; /* after close */
	bool wants_files;	/* before it: FILEs and nothing else */
	const char *from;	/* who wrote it, an address or "" */
	/* after close: what is in it besides the fragments ("small.txt", "a
	 * text"), and would be lost with it; NULL: nothing */
	const char *also;

	/* running state */
	struct arena *arena;
	const char *const *spool;
	unsigned depth; /* of messages that came encoded within others */
	struct fragments *nested, *next_nested;
	const struct entity *of; /* of a nested one: where it lies */
	struct stage stage;
	struct parser parser;
	struct error doubt; /* why it cannot be looked into */
	struct fragment **last;
};

/* What is found lives in the arena.  `spool` as for stage_init.  A message that
 * is too strange to look into has no fragments; an error is one of reading or
 * of disk. */
void fragments_init(struct fragments *s, struct arena *a,
		    const char *const *spool, struct error *f);
void fragments_free(struct fragments *s);
/* Pushes its octets; 1 when they are in doubt: damaged encoding, no data. */
int fragment_pass(const struct fragments *s, const struct fragment *x,
		  struct sink *to);
/* The whole message. */
struct slice fragments_message(const struct fragments *s);

/* A label in a header alone, as TOP shows it; false when there is none. */
bool fragment_label_of_header(const char *header, size_t n,
			      struct fragment_label *out);
const char *fragment_kind_name(enum fragment_kind kind);

#endif
