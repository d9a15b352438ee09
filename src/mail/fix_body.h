/* fix_body.h - how a part of an existing message is made valid for sending.
 *
 * Chooses the fix, and has the sinks for those that no codec does. */
#ifndef MAIL_FIX_BODY_H
#define MAIL_FIX_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/sink.h"
#include "mail/parse.h"

enum fix_body_kind {
	FIX_BODY_NOTHING, /* unchanged except for line ends */
	FIX_BODY_AS_QUOTED_PRINTABLE,
	FIX_BODY_AS_BASE64,
	FIX_BODY_REWRAP, /* base64 with long lines or invalid characters */
	FIX_BODY_REPAIR, /* quoted-printable likewise */
	FIX_BODY_REFUSE, /* no valid encoding */
};

struct fix_body {
	enum fix_body_kind kind;
	const char *label;   /* the new Content-Transfer-Encoding */
	const char *charset; /* the entity's, if it is to be written */
};

/* entity->has_8bit must be known. */
void fix_body_choose(const struct entity *e, bool accept_8bit,
		     struct fix_body *m);
bool fix_body_is_text(const struct entity *e);
/* A multipart whose boundary never occurs.  It becomes text/plain, since a
 * reader would display nothing of it otherwise. */
bool fix_body_as_plain(const struct entity *e);
/* One that is sent unchanged or not at all.  Of S/MIME data only the decoded
 * octets matter: it may be encoded again if necessary. */
bool fix_body_is_fixed(const struct entity *e);
/* A leaf that keeps its octets over 127 if the server accepts them. */
bool fix_body_stays_8bit(const struct entity *e);

/* Input is text with CRLF; the output has no NUL, no bare CR, no line over 998,
 * and no octet over 127 unless `accept_8bit`.  Invalid octets become '?', long
 * lines are broken. */
struct scrub {
	struct sink sink;
	bool accept_8bit;
	bool cr;
	size_t column;
};
void scrub_init(struct scrub *s, struct sink *next, bool accept_8bit);

/* Rewrites base64 in lines of 76. */
struct rewrap {
	struct sink sink;
	size_t filled;
	char line[78];
};
void rewrap_init(struct rewrap *s, struct sink *next);

/* Rewrites quoted-printable (with CRLF) in lines of at most 76 of printable
 * ASCII that decode to the same. */
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
