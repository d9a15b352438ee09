/* validate.h - what the personas that send a mail have in common, past their
 * options: recipients on the command line, what cannot go together, the type
 * of the text. */
#ifndef PERSONA_VALIDATE_H
#define PERSONA_VALIDATE_H

#include "persona/options.h"

/* A bare argument as recipients; what cannot be one is told apart: a file, a
 * variable that is not set, "-". */
int validate_recipient(struct options_run *run, const char *value,
		       struct error *f);
/* One of a message that is another program's, which names nobody of them: a
 * hidden recipient.  Here a quoted user is one, of an alias with blanks. */
int validate_envelope_recipient(struct options_run *run, const char *value,
				struct error *f);
/* ERROR_USAGE for parts of a message beside a draft, for what uuencode cannot
 * carry, for a second reader of standard input; which is the body then where
 * nothing else reads it. */
int validate_message(struct options_run *run, struct error *f);

/* A field of the text's own, "Content-Type: text/html; charset=utf-8", as mail
 * and mutt take it.  1 when it was one and is heeded, 0 when it is another
 * field. */
int validate_content_field(struct options_run *run, const char *name,
			   const char *value, struct error *f);
/* The type of the text, with its charset: "text/html; charset=utf-8". */
int validate_body_type(struct options_run *run, const char *value,
		       struct error *f);

/* The octet that "%40", at the start of a text, stands for; -1 where there is
 * none. */
int validate_octet(const char *text);
/* All of them, in place. */
void validate_percent_decode(char *text);
/* "[smtp[s]://][user@]host[:port][/]" over the account; *is_implicit tells
 * that TLS comes first, *has_scheme that there was one at all. */
int validate_server(struct options_run *run, const char *url, bool *is_implicit,
		    bool *has_scheme, struct error *f);

#endif
