/* request.h - what a mail is to be, as data.
 *
 * A persona's option table fills it; after that it is read-only.  Text is UTF-8
 * and free of CR, LF and NUL (checked when it was read); the differences
 * between the programs that we replace are named booleans, and nothing here
 * depends on the name we were called by.  All of it lives in the arena of the
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

/* What is done with the mail. */
enum request_action {
	REQUEST_SEND,
	REQUEST_PRINT,	 /* the finished message on stdout */
	REQUEST_DRY_RUN, /* what would be done, nothing sent */
	REQUEST_EXPLAIN, /* ... and why */
	REQUEST_NO_MAIL, /* no mail: a tool uses the addresses, or nothing */
};

struct attachment {
	/* "-" is standard input; not converted to UTF-8 */
	const char *path;
	/* the file name shown to the receiver; NULL: none */
	const char *name;
	const char *type; /* media type; NULL: detected */
	bool is_inline;
	const char *description; /* Content-Description; or NULL */
	const char *content_id;	 /* for an inline one; NULL: its name */
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
	bool from_is_default;	/* from a start-up file: a draft's own wins */
	struct header extra;	/* -H */
	const char *date;	/* as typed, valid; NULL: now */
	const char *message_id; /* with its <>; NULL: a new one */
	const char *message_id_left; /* of a new one, before the "@"; NULL: it
					is unique */
	const char *boundary_tag;    /* in the boundaries; NULL: a new one */
	const char *body_path; /* "-" is standard input, the default if nothing
				  else reads it; NULL: no text */
	const char *include_path; /* put before the text; NULL: nothing */
	const char *body_type;	  /* media type; NULL: text/plain */
	const char *html_path;
	const char *draft_path;
	bool input_is_messages;	  /* complete messages on standard input */
	const char *body_charset; /* NULL: detected */
	struct attachment *attachments, **last_attachment;
	enum encoding encoding;	      /* of attachments */
	enum compression compression; /* unless they are compressed */
	bool skip_empty; /* do not send an empty text without attachments */

	/* the envelope */
	/* A recipient who cannot be resolved is an error; otherwise only they
	 * fail, like one that the server refuses. */
	bool fails_whole;
	struct address envelope_from; /* "" spec is the null sender */
	bool has_envelope_from;
	const char *dsn_notify, *dsn_ret, *dsn_envid;

	/* habits */
	bool caller_retries; /* on a temporary failure the caller tries again:
				do not queue unless configured */
	bool mails_errors;   /* send a bounce on failure */
	bool exits_zero_if_mailed; /* exit status 0 if a bounce was sent */
	bool dot_ends_input;	   /* a line with a lone dot ends the input */
	const char *full_name;	   /* of the sender, for a generated From */
	/* from the draft, in addition to those named */
	bool recipients_from_header;
	/* The draft is a complete message of another program: one message
	 * whatever it begins with; only missing fields are added, and the
	 * envelope sender is the default From. */
	bool is_from_program;
	/* ... that runs as another user, whose senders are restricted; or NULL
	 */
	const struct owner *owner;
	/* The draft's Subject and From override those of the command;
	 * recipients of the command are added to its To and Cc; its From is the
	 * default envelope sender. */
	bool draft_overrides;
	bool extends_header;
	bool draft_is_from_mutt; /* its header may have mutt's pseudo-header
				    fields */
	const char *mutt_folder; /* for "=" in them; NULL: ~/Mail */
	bool draft_has_comments; /* its header has comments, on standard input
				  */
	bool reverse_path_from_header;
	struct personal_aliases nicknames; /* used before all aliases */
	bool skip_aliases;
	bool prefers_smtputf8; /* if the server supports it */

	/* the way */
	const char *account;
	const char *config_path;
	struct override *overrides, **last_override;
	bool rc_overrides; /* see config.h */

	/* output */
	bool transcript;
	const char *transcript_path; /* a file for it, or NULL */
	bool json;
	bool quiet;
	bool silent;		/* print nothing: only the exit status */
	const char *syslog_tag; /* NULL: the program's name */
};

/* It contains pointers into itself: do not move it. */
void request_init(struct request *r);
/* Each appends and returns the new one, to be completed; strings are borrowed.
 * An override's origin is "--set" until changed. */
struct attachment *request_attach(struct arena *a, struct request *r,
				  const char *path);
struct override *request_override(struct arena *a, struct request *r,
				  const char *name, const char *value);
/* The last one, NULL if there is none. */
struct attachment *request_last_attachment(const struct request *r);
/* Its query for config.h; borrows from the request. */
struct config_query request_config(const struct request *r);
/* A copy in `a` that may be changed. */
struct request *request_copy(struct arena *a, const struct request *r);
/* Appends copies of `from`, which override earlier ones. */
void request_add_overrides(struct arena *a, struct request *r,
			   const struct override *from);
/* Is standard input the text, the message or an attachment? */
bool request_reads_input(const struct request *r);
/* The number of mailboxes in To, Cc and Bcc. */
size_t request_recipients(const struct request *r);

#endif
