/* command.h - MAIL and RCPT with their parameters (RFC 5321 4.1.1, 1870,
 * 6152, 6531, 3461).
 *
 * Commands without their CRLF.  Addresses come from outside: before one is sent
 * to the server it passes check_path. */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "mail/envelope.h"
#include "smtp/caps.h"
#include "smtp/session.h"

#define COMMAND_MAX 8192

struct command_needs {
	uint64_t size;
	bool has_8bit, uses_smtputf8;
};

void command_mail(struct buf *out, const struct envelope *e,
		  const struct command_needs *needs, const struct caps *caps);
void command_rcpt(struct buf *out, const struct envelope *e,
		  const struct recipient *to, const struct caps *caps);

/* Checks a message against the server's EHLO before any of it is sent: SIZE
 * (RFC 1870), 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), and addresses that are
 * too long for a command. */

/* -1 when this server cannot accept it for any recipient. */
int command_check_message(const struct caps *caps, const struct envelope *e,
			  const struct session_content *content,
			  struct error *f);
/* Decides the recipients that this server cannot accept; the others remain.  -1
 * for an address that must not be sent to any server. */
int command_check_recipients(const struct caps *caps, struct envelope *e,
			     struct error *f);
/* After the two: does the transaction need SMTPUTF8? */
bool command_needs_smtputf8(const struct envelope *e,
			    const struct session_content *content);

#endif
