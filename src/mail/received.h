/* received.h - the route of a mail, by its Received fields (RFC 5321 4.4).
 *
 * Their format varies: those of Postfix, Exim, OpenSMTPD, Sendmail, qmail,
 * Gmail and Microsoft are understood, others as far as possible.  They are not
 * trusted: text is truncated and sanitized for a terminal.
 *
 * A delay is reported only if the clocks allow it.  A time before the mail was
 * sent or after it arrived, both by our clock, means that the server's clock is
 * wrong, and is not a delay. */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define RECEIVED_MAX	  100 /* more are counted and not examined */
#define RECEIVED_TEXT_MAX 200 /* octets of a word */

enum hop_tls {
	HOP_TLS_UNTOLD, /* another protocol than SMTP */
	HOP_TLS_NONE,	/* by the protocol's name (RFC 3848) */
	HOP_TLS_USED,
};

struct hop {
	const char *from, *by, *with; /* "" if not given */
	const char *note;	      /* a comment, if there is nothing else */
	enum hop_tls tls;
	const char *tls_version, *cipher; /* "TLSv1.3"; "" */
	bool is_login;			  /* the client had logged in */
	bool has_date;
	int64_t when;
	/* by received_time */
	bool has_delay;
	int64_t delay; /* seconds since the hop before, never negative */
	int64_t skew;  /* seconds, at least, that its clock is ahead of ours;
			  negative: behind */
};

struct received {
	struct hop *items; /* oldest first, after received_times */
	size_t count;
	size_t left_off;
};

/* Parses one field's value, unfolded; the result is in the arena. */
void hop_read(struct arena *a, const char *value, struct hop *out);
/* Call received_add for each field, topmost first, then received_time once;
 * `sent` and `arrived` are sysenv_now(). */
void received_add(struct received *h, struct arena *a, const char *value);
void received_time(struct received *h, int64_t sent, int64_t arrived);

/* Foreign text for display: ASCII, one line, truncated. */
const char *received_clean(struct arena *a, const char *text, size_t n);

/* ---- Authentication-Results ---- */

/* The receiver's checks of a mail's sender (RFC 8601).
 *
 * Anyone can write such a field: only those of the topmost server are examined,
 * and its name must be reported with the results.  Microsoft's have no server
 * name.  Text is truncated and sanitized (received_clean). */

#define AUTHRES_MAX 32 /* results; more are not examined */

struct authres_result {
	const char *method; /* "spf", lower case */
	const char *result; /* "pass", lower case */
	const char *detail; /* "smtp.mailfrom=example.org", or "" */
};

struct authres {
	const char *server; /* NULL: no field yet; "": without a name */
	struct authres_result *results;
	size_t count;
	size_t ignored; /* fields of other servers */
};

/* Adds the value of one field, unfolded; call it for the topmost first. */
void authres_add(struct authres *r, struct arena *a, const char *value);

#endif
