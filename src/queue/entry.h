/* entry.h - what the queue knows of one mail, as a small text file.
 *
 * Lines of "name value", the recipients last, each with indented lines of its
 * own, and "end" after them all, so that a truncated file is recognized.  A
 * person may read it, and edit it while nothing runs.  It has no secret: the
 * account is stored by its name, never its password.  Names and values have no
 * control bytes: they are refused when the entry is written, except in a
 * server's reply, which must not keep us from recording the result: there they
 * become "?".  Everything else is read back unchanged.
 *
 * Each recipient has its own state, so that one bad address never sends the
 * mail again to the good ones:
 *
 *	waiting	not delivered yet; `next` is when it is tried
 *	sent	a server took it
 *	failed	permanently, and the sender does not know yet
 *	told	permanently, and the sender was told (or must not be)
 *
 * An entry with neither waiting nor failed recipients is finished.
 *
 * A mail that a limit of its account holds (queue_limit.h) names the limit and
 * the time until which it is held.  A digest of such mails lists them until
 * they have left the queue, and is not tried before. */
#ifndef QUEUE_ENTRY_H
#define QUEUE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define ENTRY_MAX	     (32 * 1024 * 1024) /* octets of the file */
#define ENTRY_RECIPIENTS_MAX 100000
#define ENTRY_SETTINGS_MAX   1000

enum entry_state { ENTRY_WAITING, ENTRY_SENT, ENTRY_FAILED, ENTRY_REPORTED };

struct entry_recipient {
	const char *address;
	bool needs_smtputf8;
	const char *dsn_notify, *dsn_orcpt; /* as in mail/envelope.h; or NULL */
	enum entry_state state;
	unsigned tries;
	int64_t next;		 /* while it waits; 0: now */
	int64_t tried;		 /* the last time; 0: never */
	struct small_error last; /* of the last try; ERROR_NONE before it */
	const char *reply;	 /* the server's last words, or "" */
	const char *host;	 /* the server that said them, or "" */
};

enum entry_kind {
	ENTRY_MAIL,
	ENTRY_FAILURE_NOTICE, /* ours, about mails that failed */
	ENTRY_DELAY_NOTICE,
};

/* A setting of the command line, laid over the account again. */
struct entry_setting {
	const char *name, *value;
	struct entry_setting *next;
};

struct entry {
	const char *id; /* set by queue_put; not in the text */
	enum entry_kind kind;
	int64_t arrived;
	bool is_held;
	bool is_warned;		/* of the delay */
	bool is_returned;	/* whole, with the notice of a failure */
	const char *message_id; /* with its <>, or NULL */
	uint64_t size;		/* of the message */
	bool has_8bit, has_8bit_header, prefers_smtputf8; /* smtp/session.h */

	/* the way */
	const char *account;	 /* by its name; NULL: whichever is chosen */
	const char *config_path; /* absolute; NULL: the usual files */
	struct entry_setting *settings;
	const char *syslog_tag; /* or NULL */
	const char *owner; /* "1000 alice": the uid and name of a user from whom
			      a service took it; NULL: the queue's own */

	/* the limits of the account */
	const char *limit_by; /* the setting that holds it; NULL: none */
	int64_t limit_until;
	const char *limit_set; /* of mails that are one: they are released
				  together, and are in no digest; or NULL */
	const char *members;   /* of a digest: ids, a blank between; or NULL */

	/* the envelope, as in mail/envelope.h */
	const char *reverse_path; /* "" is the null one */
	bool sender_needs_smtputf8;
	const char *dsn_notify, *dsn_ret, *dsn_envid; /* or NULL */
	struct entry_recipient *recipients;
	size_t count;
};

size_t entry_count(const struct entry *e, enum entry_state state);
/* The name in e->owner; NULL where there is none. */
static inline const char *entry_owner_name(const struct entry *e)
{
	const char *blank = e->owner ? strchr(e->owner, ' ') : NULL;

	return blank ? blank + 1 : NULL;
}
/* Replaces what is in `out`.  -1, ERROR_SOFTWARE, where a value has a control
 * byte, there is no recipient, or `out` is too small even without the server's
 * words. */
int entry_write(const struct entry *e, struct buf *out, struct error *f);
/* All of it in the arena.  ERROR_DATA names the line that is wrong.  A line
 * with an unknown name is wrong, too: ignoring it might send a mail that must
 * not be sent. */
int entry_read(struct arena *a, const char *text, size_t n, struct entry *e,
	       struct error *f);

#endif
