/* talk_protocol.h - what differs between SMTP, POP3 and IMAP for a person
 * that talks to a server by hand.
 *
 * A protocol looks at what is said and heard, line by line, and keeps a
 * talk_state: whose turn it is, what the next line of ours is, what of it is
 * secret, how the last reply was.  It moves no octets: talk.h does. */
#ifndef TALK_TALK_PROTOCOL_H
#define TALK_TALK_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "smtp/reply.h"

/* What the next line of ours is. */
enum talk_input {
	TALK_COMMAND,
	TALK_BODY,   /* of a message, up to a lone dot */
	TALK_ANSWER, /* to a challenge: secret */
	TALK_OCTETS, /* `octets` more of a chunk or a literal */
	TALK_LINE,   /* what the server waits for; as it is */
};

enum talk_heard {
	TALK_PART,    /* of the reply that is arriving */
	TALK_REPLY,   /* its end */
	TALK_UNASKED, /* not asked for */
};

struct talk_state {
	enum talk_input input;
	bool is_awaited;   /* a reply is due */
	bool is_farewell;  /* the last command ends the session */
	bool is_login;	   /* the last command is one: it failed or not */
	bool is_challenge; /* the line that was heard is one */
	char verb[16];	   /* of the last command, upper case */
	uint64_t octets;
	struct error refusal; /* of the last reply; ERROR_NONE: it was a yes */

	struct reply reply; /* SMTP */
	bool is_whole;	    /* ... has all its lines */
	bool is_list;	    /* POP3: lines up to a dot follow a +OK */
	bool is_in_list;
	char tag[32]; /* IMAP */
	unsigned tags;
	bool is_inside;	    /* a response that has a literal */
	bool is_content;    /* the line that was heard is in one */
	uint64_t literal;   /* octets of theirs that are still to come */
	bool has_announced; /* our command ends in {n} */
	uint64_t announced; /* that n */
};

struct talk_protocol {
	const char *name;     /* the glossary's, too */
	const char *farewell; /* the command that ends a session */
	const char *login;    /* the one of SASL */
	const char *service;  /* ... and what that calls it */
	bool counts_exactly;  /* what is over in the last line of so many octets
				 is cut off; else the command goes on there */
	/* A command: `out` gets it as it goes, without its line end, `shown`
	 * what of it may be seen. */
	void (*say)(struct talk_state *s, const char *line, struct buf *out,
		    struct buf *shown);
	/* A line, without its end; with that it had `octets`. */
	enum talk_heard (*hear)(struct talk_state *s, const char *line,
				size_t octets);
	/* What the line that was just heard means. */
	void (*gloss)(const struct talk_state *s, const char *line,
		      struct buf *out);
};

/* A reply_init and a reply_free of it. */
void talk_state_init(struct talk_state *s);
void talk_state_free(struct talk_state *s);

extern const struct talk_protocol talk_smtp, talk_pop3, talk_imap;

/* Does the line end in a literal, "{12}" or "{12+}"?  *asks: the server is to
 * say "+" first. */
bool talk_announces(const char *line, uint64_t *octets, bool *asks);
/* Copies the line's first word in upper case; what follows it. */
const char *talk_verb(const char *line, char *verb, size_t size);

#endif
