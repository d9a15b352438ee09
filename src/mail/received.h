/* received.h - the route of a mail, by its Received fields (RFC 5321 4.4).
 *
 * Servers write them freely: those of Postfix, Exim, OpenSMTPD, Sendmail,
 * qmail, Gmail and Microsoft are understood, of others what can be.  Nothing is
 * believed: text is cut, and free of whatever a terminal would take for an
 * order.
 *
 * A delay is reported only where clocks allow it.  What was stamped before the
 * mail was sent or after it arrived, both by our clock, is that server's wrong
 * clock, and no delay. */
#ifndef MAIL_RECEIVED_H
#define MAIL_RECEIVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define RECEIVED_MAX	  100 /* more are counted and not examined */
#define RECEIVED_TEXT_MAX 200 /* octets of one word of a field */

enum hop_tls {
	HOP_TLS_UNTOLD, /* it went by something else than SMTP */
	HOP_TLS_NONE,	/* by the protocol's name (RFC 3848) */
	HOP_TLS_USED,
};

struct hop {
	const char *from, *by, *with; /* "" where it does not say */
	const char *note;	      /* a comment, of one that says nothing */
	enum hop_tls tls;
	const char *tls_version, *cipher; /* "TLSv1.3"; "" */
	bool is_login;			  /* the client had logged in */
	bool has_date;
	int64_t when;
	/* by received_time */
	bool has_delay;
	int64_t delay; /* seconds since the hop before, never negative */
	int64_t skew;  /* seconds that its clock is ahead of ours, at least;
			  negative: behind */
};

struct received {
	struct hop *items; /* oldest first, once all were added */
	size_t count;
	size_t left_off;
};

/* One field's value, unfolded; all of it lives in the arena. */
void hop_read(struct arena *a, const char *value, struct hop *out);
/* To be called for each field from the topmost on, then once for the times;
 * `sent` and `arrived` are sysenv_now(). */
void received_add(struct received *h, struct arena *a, const char *value);
void received_time(struct received *h, int64_t sent, int64_t arrived);

/* Foreign text for people: ASCII, one line, cut. */
const char *received_clean(struct arena *a, const char *text, size_t n);

/* ---- Authentication-Results ---- */

/* What a receiver found out about a mail's sender (RFC 8601).
 *
 * Anyone can write such a field: only the topmost server's are examined, and
 * who it is must be reported with what it says.  Microsoft's have no name of
 * a server.  Text is cut and clean (received_clean). */

#define AUTHRES_MAX 32 /* results; more are not examined */

struct authres_result {
	const char *method; /* "spf", lower case */
	const char *result; /* "pass", lower case */
	const char *detail; /* "smtp.mailfrom=example.org", or "" */
};

struct authres {
	const char *server; /* NULL: no field yet; "": it gives no name */
	struct authres_result *results;
	size_t count;
	size_t ignored; /* fields of others */
};

/* The value of one field, unfolded; to be called from the topmost on. */
void authres_add(struct authres *r, struct arena *a, const char *value);

#endif
