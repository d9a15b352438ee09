/* precheck.h - what a server's EHLO tells of a message before a byte of it
 * goes.
 *
 * SIZE (RFC 1870), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), and addresses that
 * no command line can hold. */
#ifndef SMTP_PRECHECK_H
#define SMTP_PRECHECK_H

#include <stdbool.h>

#include "base/error.h"
#include "mail/envelope.h"
#include "smtp/caps.h"
#include "smtp/session.h"

/* -1 when this server can take it for nobody. */
int precheck_message(const struct caps *caps, const struct envelope *e,
		     const struct session_content *content, struct error *f);
/* Decides those that this server cannot take; the others go.  -1 for an
 * address that must not be sent to any. */
int precheck_recipients(const struct caps *caps, struct envelope *e,
			struct error *f);
/* After the two: does the transaction need SMTPUTF8? */
bool precheck_needs_smtputf8(const struct envelope *e,
			     const struct session_content *content);

#endif
