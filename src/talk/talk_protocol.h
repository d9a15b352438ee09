/* talk_protocol.h - the differences between SMTP, POP3 and IMAP in an
 * interactive session.
 *
 * A protocol parses the lines of both sides and keeps a talk_state: whose turn
 * it is, what our next line is, which part of it is secret, and the result of
 * the last reply.  The I/O is in talk.h. */
#ifndef TALK_TALK_PROTOCOL_H
#define TALK_TALK_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "smtp/reply.h"

/* The kind of our next line. */
enum talk_input {
	TALK_COMMAND,
	TALK_BODY,   /* of a message, up to a lone dot */
	TALK_ANSWER, /* to a challenge: secret */
	TALK_OCTETS, /* `octets` more of a chunk or a literal */
	TALK_LINE,   /* requested by the server; sent unchanged */
};

enum talk_received {
	TALK_PART,    /* of an incomplete reply */
	TALK_REPLY,   /* its last line */
	TALK_UNASKED, /* unsolicited */
};

struct talk_state {
	enum talk_input input;
	bool is_awaited;   /* a reply is pending */
	bool ends_session; /* the last command ends the session */
	bool is_login;	   /* the last command is a login */
	bool is_challenge; /* the received line is one */
	char verb[16];	   /* of the last command, upper case */
	uint64_t octets;
	struct error refusal; /* of the last reply; ERROR_NONE: positive */

	struct reply reply; /* SMTP */
	bool is_whole;	    /* ... is complete */
	bool is_list;	    /* POP3: +OK is followed by lines up to a dot */
	bool is_in_list;
	char tag[32]; /* IMAP */
	unsigned tags;
	bool is_inside;	    /* in a response with a literal */
	bool is_content;    /* the received line is inside the literal */
	uint64_t literal;   /* remaining octets of the server's literal */
	bool has_announced; /* our command ends in {n} */
	uint64_t announced; /* that n */
};

struct talk_protocol {
	const char *name;	  /* as in the glossary */
	const char *quit_command; /* the command that ends a session */
	const char *login;	  /* the one of SASL */
	const char *service;	  /* ... and its service name */
	bool counts_exactly; /* surplus octets of the last line are cut off;
				otherwise the command continues there */
	/* A command without its line end: `out` gets what is sent, `shown` what
	 * may be displayed. */
	void (*parse_command)(struct talk_state *s, const char *line,
			      struct buf *out, struct buf *shown);
	/* A line without its end; with it, the line had `octets`. */
	enum talk_received (*parse_reply)(struct talk_state *s,
					  const char *line, size_t octets);
	/* The meaning of the line just received. */
	void (*explain)(const struct talk_state *s, const char *line,
			struct buf *out);
};

/* Calls reply_init; talk_state_free calls reply_free. */
void talk_state_init(struct talk_state *s);
void talk_state_free(struct talk_state *s);

extern const struct talk_protocol talk_smtp, talk_pop3, talk_imap;

/* Does the line end with a literal, "{12}" or "{12+}"?  *asks: the server sends
 * "+" first. */
bool talk_announces(const char *line, uint64_t *octets, bool *asks);
/* Copies the first word in upper case; returns the rest of the line. */
const char *talk_verb(const char *line, char *verb, size_t size);

#endif
