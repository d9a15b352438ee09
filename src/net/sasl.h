/* sasl.h - logging in, the client's side (RFC 4422), for every protocol.
 *
 * config/mechanism.h says which mechanisms there are.  The plain ones and
 * CRAM-MD5 are in sasl.c, SCRAM in scram.c; the others are GNU SASL's, which is
 * loaded when one of them, or SCRAM, is used.  The protocol carries lines of
 * base64: sasl_log_in does the whole login over callbacks that send a line and
 * read the answer; sasl_answer is for callers that get each challenge
 * elsewhere. */
#ifndef NET_SASL_H
#define NET_SASL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "config/mechanism.h"

#define SASL_LINE_MAX	12288	    /* octets of an answer (RFC 4954 4) */
#define SASL_SECRET_MAX (64 * 1024) /* ... before it is base64 */

/* What a server offers. */
struct sasl_offer {
	char names[512];  /* upper case, " " between */
	bool has_command; /* USER and PASS, or IMAP's LOGIN */
	bool has_apop;
};
/* Adds a word; one that does not fit is dropped. */
void sasl_offer_add(struct sasl_offer *o, const char *word, size_t n);
bool sasl_is_offered(const struct sasl_offer *o, const char *name);

/* Channel binding (RFC 5056), known only to the two ends of a TLS connection: a
 * login with it excludes a host in between. */
struct sasl_binding {
	bool is_exporter; /* tls-exporter (RFC 9266), else tls-unique */
	char octets[64];  /* of it, as base64; "": none is to be had */
};

/* Who logs in where; borrowed. */
struct sasl_options {
	const char *mechanism; /* NULL: the best that both have */
	const char *user, *password;
	const char *service, *host; /* "smtp", "pop", "imap" */
	unsigned port;
	const struct sasl_binding *binding; /* NULL: none is to be had */
	const struct sasl_offer *offer;	    /* NULL: it is not known */
};

/* NULL with ERROR_CONFIG or ERROR_UNAVAILABLE where there is none; `place` is
 * the server's. */
const struct mechanism *sasl_choose(const struct sasl_offer *offer,
				    const struct sasl_options *o,
				    const char *place, struct error *f);
/* Refused before the password could be right or wrong. */
#define SASL_UNTRIED (-2)
/* Logs in by the chosen mechanism and, where none was named and that one was
 * SASL_UNTRIED, by a weaker one: without channel binding, since there are
 * several kinds of it, and by the plain password, since servers offer
 * mechanisms that the stored form of their passwords does not allow.  A wrong
 * password is never tried twice, since accounts get locked that way. */
int sasl_by_best(const struct sasl_offer *offer, const struct sasl_options *o,
		 const char *place,
		 int (*by)(void *context, const struct mechanism *m,
			   struct error *f),
		 void *context, struct error *f);

/* One login. */
struct sasl {
	const struct mechanism *mechanism;
	const struct sasl_options *options;
	unsigned step;
	bool is_done;	     /* complete, and the server proved what it must */
	struct buf response; /* the last one */
	struct buf reason;   /* why it was refused, from a challenge */
	void *session;	     /* of scram.c or GNU SASL's */
};

int sasl_begin(struct sasl *s, const struct mechanism *m,
	       const struct sasl_options *o, struct error *f);
/* Puts the response to a challenge into s->response; both are base64.  NULL:
 * the initial response.  -1 when there is none. */
int sasl_answer(struct sasl *s, const char *challenge, struct error *f);
/* After the server's success: -1 when it has not proved what it must. */
int sasl_confirm(const struct sasl *s, struct error *f);
void sasl_end(struct sasl *s);
/* Does the challenge tell why the token, or a login by SCRAM, is refused?  Then
 * that reason, sanitized. */
bool sasl_reason(const struct sasl *s, const char *challenge, struct buf *out);
/* Removes our secrets from a server's text: some repeat a rejected line. */
void sasl_hide(const struct sasl *s, char *text);

/* How a protocol carries it. */
struct sasl_carrier {
	const char *command; /* "AUTH", "m3 AUTHENTICATE" */
	size_t line_max;     /* of one with an initial response; 0: none */
	bool login_begins;   /* LOGIN's user goes along, too */
	/* Sends a line, shown as `shown`, and reads the answer: 1 with the
	 * server's challenge, 0 when the login is done, -1 with its refusal. */
	int (*exchange)(void *context, const char *line, const char *shown,
			const char **challenge, struct error *f);
	void *context;
};
/* 0, -1 or SASL_UNTRIED. */
int sasl_log_in(struct sasl *s, const struct sasl_carrier *carrier,
		struct error *f);

/* ---- scram.c and gnu_sasl.c, for one another and sasl.c alone ---- */

void sasl_put_name(struct buf *raw, const char *name);

int scram_begin(struct sasl *s, struct error *f);
int scram_answer(struct sasl *s, const char *challenge, struct error *f);
void scram_end(struct sasl *s);

int gnu_sasl_load(struct error *f);
int gnu_sasl_begin(struct sasl *s, struct error *f);
int gnu_sasl_answer(struct sasl *s, const char *challenge, struct error *f);
void gnu_sasl_end(struct sasl *s);
/* A name as RFC 4013 has it. */
int gnu_sasl_prepare(const struct sasl *s, const char *name, struct buf *out,
		     struct error *f);
#define SCRAM_KEY_MAX 32
/* Those of SCRAM, of the password; each has room for SCRAM_KEY_MAX. */
int gnu_sasl_keys(const struct sasl *s, unsigned iterations,
		  const struct buf *salt, unsigned char *client,
		  unsigned char *stored, unsigned char *server,
		  struct error *f);

#endif
