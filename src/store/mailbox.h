/* mailbox.h - mail that lies somewhere, to be listed, read and deleted.
 *
 * One face for files, directories of files, mbox, Maildir, standard input and,
 * by libcurl, POP3 and IMAP.  Messages have numbers from 1 in the order in
 * which the store has them, for as long as the mailbox is open.  Reading pushes
 * the message into a sink as it lies, with line ends made CRLF; nothing that it
 * says is believed, and memory is constant.
 *
 * Deleting marks; mailbox_close carries it out, whole or not at all where the
 * store can: an mbox is rewritten beside itself and renamed, POP3 deletes at
 * QUIT, IMAP expunges these messages alone, and in a Maildir or directory each
 * file goes for itself.  One file and standard input cannot delete.
 *
 * deliver/account_mailbox.h opens one in the name of an account: that is what
 * programs call, so that a password goes only to the host that it is meant for.
 * */
#ifndef STORE_MAILBOX_H
#define STORE_MAILBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/sink.h"

#define MAILBOX_MESSAGES_MAX 1000000

enum mailbox_kind {
	MAILBOX_FILE,	   /* one message */
	MAILBOX_DIRECTORY, /* of files, one message each, by name */
	MAILBOX_MBOX,
	MAILBOX_MAILDIR,
	MAILBOX_INPUT, /* standard input: a message or an mbox */
	MAILBOX_POP3,
	MAILBOX_IMAP,
};

struct mailbox_message {
	const char *id; /* NULL: not worked out yet, ask mailbox_id */
	uint64_t size;	/* octets as the store tells; 0: it does not */
	bool is_deleted;
	/* of the last reading, which failed: another program took it away; or
	 * it cannot be read, which is no error of the sink's */
	bool is_gone, is_unreadable;
};

struct trace;

/* How to reach a server; all of it borrowed, and by POP3 and IMAP until the
 * mailbox is closed.  NULL or 0: nothing special. */
struct mailbox_login {
	const char *user, *password; /* or the bearer token */
	const char *mechanism;	     /* of SASL, upper case; "APOP", and "LOGIN"
					is USER or IMAP's LOGIN where there is
					no SASL; NULL: the best that both have */
	bool no_tls; /* the person said so; else pop3:// and imap:// want STLS
			and STARTTLS.  No login without, but on this very
			machine */
	bool stays_out; /* of a conversation: there is no login */
	bool skip_certificate;
	const char *trust_file, *crl_file, *fingerprint, *ciphers;
	const char *cert_file, *key_file, *tls_host;
	const char *proxy, *source_address;
	unsigned timeout; /* seconds without a word from the server; 0: 120 */
	const struct trace *trace; /* of net/trace.h; or NULL */
};

struct mailbox;
struct mailbox_ops {
	int (*read)(struct mailbox *m, size_t number, struct sink *to,
		    struct error *f);
	/* The header and so many lines of the body; NULL: read is cut off. */
	int (*top)(struct mailbox *m, size_t number, unsigned lines,
		   struct sink *to, struct error *f);
	/* Carries out the deletions; NULL: this store cannot delete. */
	int (*commit)(struct mailbox *m, struct error *f);
	void (*free)(struct mailbox *m);
	bool is_remote;
};

struct mailbox {
	const struct mailbox_ops *ops;
	enum mailbox_kind kind;
	const char *name; /* as the user wrote it, without a password */
	struct arena *arena;
	struct mailbox_message *messages;
	size_t count;
	void *own;	    /* the kind's own state */
	const bool *enough; /* while mailbox_top lasts: no more is wanted */
	/* what mailbox_expect said, borrowed */
	const size_t *expected;
	size_t expected_count;
	int expected_lines;
};

/* What a source is, by its form and by looking: a URL, "-", a directory with
 * cur/ and new/, any other directory, a file that begins "From ", a
 * file.  `spool`, directories that end with a NULL, is for what can be read
 * only once: it is copied into an unnamed file there.  `login` may be NULL
 * where the source is no URL.
 * */
int mailbox_open(struct mailbox *m, struct arena *a, const char *source,
		 const struct mailbox_login *login, const char *const *spool,
		 struct error *f);
/* The id stays the same from one opening to the next: UIDL (unless two messages
 * have the same), UIDVALIDITY and UID, the name in a Maildir or directory, else
 * a digest, for which the message is read.  Any octets but NUL. */
const char *mailbox_id(struct mailbox *m, size_t number, struct error *f);
/* A hint, for what follows: these will be read next in this order, `lines` of
 * each by mailbox_top, or whole (-1).  A server is then asked for the next ones
 * while one is still coming.  `numbers` is borrowed until they were read. */
void mailbox_expect(struct mailbox *m, const size_t *numbers, size_t count,
		    int lines);
/* The sink is not closed.  A failure half-way is an error, never a short
 * message. */
int mailbox_read(struct mailbox *m, size_t number, struct sink *to,
		 struct error *f);
int mailbox_top(struct mailbox *m, size_t number, unsigned lines,
		struct sink *to, struct error *f);
/* -1, ERROR_USAGE, where the store cannot delete. */
int mailbox_delete(struct mailbox *m, size_t number, struct error *f);
/* Carries out what was marked, then ends; -1 when it was not carried out.  The
 * mailbox is closed either way. */
int mailbox_close(struct mailbox *m, struct error *f);
/* Ends without deleting anything. */
void mailbox_abandon(struct mailbox *m);

struct mailbox_url;
/* Logs in and out again, no more: for servers that take mail only from where
 * the user has just read theirs. */
int mailbox_sign_in(struct arena *a, const struct mailbox_url *url,
		    const struct mailbox_login *login, struct error *f);

/* "imaps://user@host:port/Folder" in its parts, percent-decoded; a password in
 * a URL is ERROR_USAGE: it would be seen by everyone on this machine. */
struct mailbox_url {
	enum mailbox_kind kind;
	bool is_implicit_tls;
	const char *user, *host, *folder; /* NULL: none */
	unsigned port;			  /* 0: the usual one */
};
bool mailbox_is_url(const char *source);
int mailbox_parse_url(struct arena *a, const char *source,
		      struct mailbox_url *out, struct error *f);

/* ---- the top of a message ---- */

/* Its header and so many lines of its body.  Takes CRLF lines; what follows the
 * last line that is wanted is dropped, and is_over then tells that nothing more
 * is needed. */

struct top_filter {
	struct sink sink;
	unsigned lines; /* of the body, that are still wanted */
	bool is_over;
	bool has_header, in_body;
	size_t column; /* octets of the line at hand that are no line end */
};

void top_filter_init(struct top_filter *s, struct sink *next, unsigned lines);

#endif
