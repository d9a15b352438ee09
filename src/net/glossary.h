/* glossary.h - what replies and commands mean, and what to do about a refusal.
 *
 * The one table of reply codes, extensions, commands and advice:
 * contrib/glossary, which is compiled in without its comments; its format is
 * described there.  All texts live as long as the program.  Protocols are
 * "smtp", "pop3" and "imap"; case does not matter. */
#ifndef NET_GLOSSARY_H
#define NET_GLOSSARY_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"

/* Its lines behind an empty one, each ended by a NUL, an indented one with one
 * blank before it; ends with an empty line.  The Makefile makes it.  One text:
 * a pointer to each would have to be relocated at each start. */
extern const char glossary_text[];

static inline const char *glossary_line_after(const char *line)
{
	return line + strlen(line) + 1;
}

/* ---- what was said ---- */

/* Each returns a clause, NULL where nothing is known. */

/* Of "-ERR [AUTH] ..." or "a1 NO [OVERQUOTA] ...". */
const char *glossary_response(const char *line);
/* Of "[OVERQUOTA] ...", what a refusal means for us; ERROR_UNAVAILABLE where
 * nothing is known of it. */
enum error_cause glossary_response_cause(const char *text);
/* Of "PIPELINING" or "SIZE 1000". */
const char *glossary_extension(const char *protocol, const char *line);
/* Does mailsend not use it? */
bool glossary_is_unused(const char *protocol, const char *line);
/* Of a reply; an enhanced code is more precise than the three digits. */
void glossary_reply(int code, const char *esc, struct buf *out);
/* Of a word by itself: "550", "5.1.1", "OVERQUOTA", "PIPELINING". */
const char *glossary_word(const char *protocol, const char *word);

/* What is lost where a server does not have an extension.  *at is NULL at
 * first; false after the last one. */
struct glossary_missing {
	char name[32];
	const char *about;
};
bool glossary_next_missing(const char *protocol, const char **at,
			   struct glossary_missing *out);

/* ---- what can be said ---- */

struct glossary_verb {
	char name[16];
	const char *about, *form, *source; /* "" for none */
};

/* By the first n octets of `word`; `out` may be NULL. */
bool glossary_verb(const char *protocol, const char *word, size_t n,
		   struct glossary_verb *out);
/* The one that was probably meant; false where none is near. */
bool glossary_verb_near(const char *protocol, const char *word, size_t n,
			struct glossary_verb *out);
bool glossary_next_verb(const char *protocol, const char **at,
			struct glossary_verb *out);

/* ---- what to do ---- */

/* `why` and `way_out` are clauses without a capital and a stop. */
struct advice {
	char name[40];		   /* for programs: "gmail-app-password" */
	const char *why, *way_out; /* NULL: there is no advice */
	const char *settings;	   /* what it is about, with blanks; or "" */
	bool is_sure;		   /* certain enough to be printed unasked */
	const char *row;	   /* the line that fitted */
};

/* `text` is the reply's, `host` the server's name or NULL.  False: nothing is
 * known of it, or it is self-explanatory. */
bool glossary_advice_find(int code, const char *esc, const char *text,
			  const char *host, struct advice *out);
/* The same for an error that has a reply in it. */
bool glossary_advice_of(const struct error *f, const char *host,
			struct advice *out);
/* For errors without a reply: by name; by X509_V_ERR_*; by a TLS library's
 * text. */
bool glossary_cause(const char *name, struct advice *out);
bool glossary_cause_of_chain(long verify, struct advice *out);
bool glossary_cause_of_handshake(const char *text, struct advice *out);

#endif
