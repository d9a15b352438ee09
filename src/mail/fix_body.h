/* fix_body.h - how a part of a foreign message is made fit to send.
 *
 * The choice, and the sinks that carry it out where no codec does. */
#ifndef MAIL_FIX_BODY_H
#define MAIL_FIX_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"
#include "mail/parse.h"

enum fix_body_kind {
	FIX_BODY_NOTHING, /* the octets pass, but for line ends */
	FIX_BODY_AS_QUOTED_PRINTABLE,
	FIX_BODY_AS_BASE64,
	FIX_BODY_REWRAP, /* base64 with lines that are too long, or rubbish */
	FIX_BODY_REPAIR, /* quoted-printable likewise */
	FIX_BODY_REFUSE, /* no legal encoding */
};

struct fix_body {
	enum fix_body_kind kind;
	const char *label;   /* Content-Transfer-Encoding to say instead */
	const char *charset; /* the entity's, where it is to be said */
};

/* entity->has_8bit must be known. */
void fix_body_choose(const struct entity *e, bool accept_8bit,
		     struct fix_body *m);
bool fix_body_is_text(const struct entity *e);
/* A multipart that is none: its boundary never shows.  It becomes text/plain,
 * since a reader would show nothing of it otherwise. */
bool fix_body_as_plain(const struct entity *e);
/* One that goes as it is or not at all.  The octets of an S/MIME blob are
 * what counts of it: it may be encoded where it could not go otherwise. */
bool fix_body_is_fixed(const struct entity *e);
/* A leaf that keeps its octets over 127 where they are accepted. */
bool fix_body_stays_8bit(const struct entity *e);

/* Takes text with CRLF; gives no NUL, no CR alone, no line over 998, and no
 * octet over 127 but where `accept_8bit`.  What is wrong becomes '?', a long
 * line is broken. */
struct scrub {
	struct sink sink;
	bool accept_8bit;
	bool cr;
	size_t column;
};
void scrub_init(struct scrub *s, struct sink *next, bool accept_8bit);

/* Takes base64 and gives the same in lines of 76. */
struct rewrap {
	struct sink sink;
	size_t filled;
	char line[78];
};
void rewrap_init(struct rewrap *s, struct sink *next);

/* Takes quoted-printable with CRLF line ends; gives what decodes to the same
 * in lines of at most 76, all of it printable ASCII. */
struct repair {
	struct sink sink;
	size_t column;
	enum { REPAIR_TEXT, REPAIR_EQUALS, REPAIR_HEX } state;
	bool cr;
	char hex;
	size_t blanks; /* after an '=' */
	size_t filled;
	char room[512];
};
void repair_init(struct repair *s, struct sink *next);

#endif
