/* request.h - what the caller wants, as data.
 *
 * A persona's option table fills it; after that it is frozen and everything
 * below takes it const.  Text is UTF-8 and free of CR, LF and NUL (checked as
 * it was read), each habit of a persona is a named boolean, and nothing here
 * tells by which name we were called.  All of it lives in the arena of the
 * run. */
#ifndef COMPOSE_REQUEST_H
#define COMPOSE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "codec/compress.h"
#include "compose/personal_aliases.h"
#include "config/config.h"
#include "mail/address.h"
#include "mail/header.h"
#include "mail/message.h"

/* What becomes of the mail. */
enum request_action {
	REQUEST_SEND,
	REQUEST_PRINT,	 /* the finished message on stdout */
	REQUEST_DRY_RUN, /* what would be done, nothing sent */
	REQUEST_EXPLAIN, /* ... and why */
	REQUEST_NO_MAIL, /* none is made: a tool reads the addresses, or none */
};

struct attachment {
	/* "-" is standard input; octets as the system has them, where all
	 * else here is UTF-8 */
	const char *path;
	/* base name that the receiver sees; NULL: standard input, unnamed */
	const char *name;
	const char *type; /* media type; NULL: found out */
	bool is_inline;
	const char *description; /* for people; or NULL */
	const char *content_id;	 /* of an inline one; NULL: its name */
	struct attachment *next;
};

struct owner; /* compose/owner.h */

struct request {
	enum request_action action;

	/* the message */
	const char *subject; /* NULL: none was given */
	struct address_list to, cc, bcc, reply_to;
	struct address from; /* spec NULL when not given */
	bool has_from;
	bool from_is_default;	/* by a start-up file: a draft's own holds */
	struct header extra;	/* -H */
	const char *date;	/* as typed, checked; NULL: now */
	const char *message_id; /* with its <>; NULL: a new one */
	const char *message_id_left; /* of a new one, before the "@"; NULL: it
					is unique */
	const char *boundary_tag;    /* in the boundaries; NULL: a new one */
	const char *body_path; /* "-" is standard input, which the persona names
				  when nothing else reads it; NULL: no body */
	const char *include_path; /* stands before the body; NULL: nothing */
	const char *body_type;	  /* media type; NULL: text/plain */
	const char *html_path;
	const char *draft_path;
	bool input_is_messages;	  /* standard input, each a mail of its own */
	const char *body_charset; /* NULL: from the bytes */
	struct attachment *attachments, **last_attachment;
	enum encoding encoding;	      /* of attachments */
	enum compression compression; /* of those that are not yet */
	bool skip_empty; /* an empty body without attachments: no mail */

	/* the envelope */
	/* A recipient who cannot be resolved is an error; otherwise they fail
	 * alone, as one whom the server refuses. */
	bool fails_whole;
	struct address envelope_from; /* "" spec is the null sender */
	bool has_envelope_from;
	const char *dsn_notify, *dsn_ret, *dsn_envid;

	/* habits */
	bool caller_retries; /* a mail that cannot go now stays the caller's,
			    who tries again: no queue that nobody asked for */
	bool mails_errors;   /* a failure is told to the sender by mail */
	bool exits_zero_if_mailed; /* once it was, the exit status is 0 */
	bool dot_ends_input;	   /* a lone dot on a line is the end of it */
	const char *full_name; /* of the sender, where the header has none */
	/* of a draft; those that were named get it too */
	bool recipients_from_header;
	/* The draft is another program's mail: one message whatever it begins
	 * with, to which only what is missing is added; a From that is
	 * missing is the envelope's sender. */
	bool is_from_program;
	/* ... of another user than the one that we run as, who is held to what
	 * they may say of themselves; or NULL */
	const struct owner *owner;
	/* Of a draft: its own Subject and From stand, whatever was named; To
	 * and Cc take up those who were named; the From is the reverse-path,
	 * where none was named. */
	bool draft_overrides;
	bool extends_header;
	bool draft_is_from_mutt; /* its header has words of mutt's own */
	const char *mutt_folder; /* that "=" stands for in them; NULL: ~/Mail */
	bool draft_has_comments; /* in its header, on standard input */
	bool reverse_path_from_header;
	struct personal_aliases nicknames; /* come before all aliases */
	bool skip_aliases;
	bool prefers_smtputf8; /* where the server has it */

	/* the way */
	const char *account;
	const char *config_path;
	struct override *overrides, **last_override;
	bool rc_overrides; /* of config.h */

	/* what is told */
	bool transcript;
	const char *transcript_path; /* a file for it, or NULL */
	bool json;
	bool quiet;
	bool silent;		/* not even errors: the exit status tells */
	const char *syslog_tag; /* NULL: the program's name */
};

/* A request points into itself: it stays where it was made. */
void request_init(struct request *r);
/* Each appends and returns the new one, for what else there is to say of it;
 * strings are borrowed.  An override's origin is "--set" until changed. */
struct attachment *request_attach(struct arena *a, struct request *r,
				  const char *path);
struct override *request_override(struct arena *a, struct request *r,
				  const char *name, const char *value);
/* The one that was named last, NULL when there is none. */
struct attachment *request_last_attachment(const struct request *r);
/* What it says about the configuration; borrows from the request. */
struct config_query request_config(const struct request *r);
/* Another of its own, in `a`, that may be changed. */
struct request *request_copy(struct arena *a, const struct request *r);
/* Appends copies of all of `from`, which later ones override. */
void request_add_overrides(struct arena *a, struct request *r,
			   const struct override *from);
/* Is standard input the text, the message or a file of it? */
bool request_reads_input(const struct request *r);
/* Mailboxes in To, Cc and Bcc together. */
size_t request_recipients(const struct request *r);

#endif
