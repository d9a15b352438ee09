/* validate.h - checks that the sending personas share: recipients on the
 * command line, conflicts, the type of the text. */
#ifndef PERSONA_VALIDATE_H
#define PERSONA_VALIDATE_H

#include "persona/options.h"

/* An argument as recipients.  What cannot be one gets an error of its own: a
 * file, an empty variable, "-". */
int validate_recipient(struct options_run *run, const char *value,
		       struct error *f);
/* A recipient of a complete message, whose header does not name them: like Bcc.
 * A quoted user is allowed: an alias with blanks. */
int validate_envelope_recipient(struct options_run *run, const char *value,
				struct error *f);
/* ERROR_USAGE for content options with a draft, for what uuencode cannot
 * encode, and if standard input is read twice.  If nothing reads it, it is the
 * text. */
int validate_message(struct options_run *run, struct error *f);

/* A field about the text, "Content-Type: text/html; charset=utf-8", as mail and
 * mutt allow it. 1 if it was one and was applied, 0 for another field. */
int validate_content_field(struct options_run *run, const char *name,
			   const char *value, struct error *f);
/* Sets the type of the text, with its charset: "text/html; charset=utf-8". */
int validate_body_type(struct options_run *run, const char *value,
		       struct error *f);

/* The octet of "%40" at the start of a text; -1 if there is none. */
int validate_octet(const char *text);
/* Decodes all of them, in place. */
void validate_percent_decode(char *text);
/* "[smtp[s]://][user@]host[:port][/]" overrides the account; *is_implicit:
 * implicit TLS, *has_scheme: there was a scheme. */
int validate_server(struct options_run *run, const char *url, bool *is_implicit,
		    bool *has_scheme, struct error *f);

#endif
