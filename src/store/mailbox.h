/* mailbox.h - lists, reads and deletes mail in any kind of mailbox.
 *
 * One interface for files, directories of files, mbox, Maildir, standard input
 * and, through libcurl, POP3 and IMAP.  Messages are numbered from 1 in the
 * order of the store while the mailbox is open.  Reading writes the message to
 * a sink, unchanged except that line ends become CRLF; the content is not
 * trusted, and memory is constant.
 *
 * Deleting only marks; mailbox_close does it, all or nothing where the store
 * can: an mbox is written to a temporary file and renamed, POP3 deletes at
 * QUIT, IMAP expunges only these messages, and in a Maildir or directory the
 * files are removed one by one.  A single file and standard input cannot
 * delete.
 *
 * Programs open mailboxes with deliver/account_mailbox.h, so that an account's
 * password is sent only to the host that it is for. */
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
	const char *id; /* NULL: not known yet, call mailbox_id */
	uint64_t size;	/* octets as reported by the store; 0: unknown */
	bool is_deleted;
	/* why the last read failed: another program removed it; or it cannot be
	 * read, as opposed to an error of the sink */
	bool is_gone, is_unreadable;
};

struct trace;

/* How to connect to a server; borrowed, by POP3 and IMAP until the mailbox is
 * closed.  NULL or 0: the default. */
struct mailbox_login {
	const char *user, *password; /* or the bearer token */
	const char *mechanism; /* SASL mechanism, upper case; "APOP"; "LOGIN"
				  means USER or IMAP's LOGIN without SASL; NULL:
				  the best that both sides support */
	bool no_tls; /* allowed by the user; else pop3:// and imap:// require
			STLS and STARTTLS.  Without TLS no login, except on this
			machine */
	bool skips_login; /* for a conversation without login */
	bool skip_certificate;
	const char *trust_file, *crl_file, *fingerprint, *ciphers;
	const char *cert_file, *key_file, *tls_host;
	const char *proxy, *source_address;
	unsigned timeout; /* seconds without data from the server; 0: 120 */
	const struct trace *trace; /* see net/trace.h; or NULL */
};

struct mailbox;
struct mailbox_ops {
	int (*read)(struct mailbox *m, size_t number, struct sink *to,
		    struct error *f);
	/* The header and that many lines of the body; NULL: read is used and
	 * truncated. */
	int (*top)(struct mailbox *m, size_t number, unsigned lines,
		   struct sink *to, struct error *f);
	/* Deletes the marked messages; NULL: this store cannot delete. */
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
	void *own;	    /* private state of the kind */
	const bool *enough; /* during mailbox_top: no more is needed */
	/* from mailbox_expect, borrowed */
	const size_t *expected;
	size_t expected_count;
	int expected_lines;
};

/* Opens a source, which is, by its form and content, a URL, "-", a directory
 * with cur/ and new/, any other directory, a file that begins "From ", a file.
 * `spool` is a NULL-terminated list of directories, for input that can be read
 * only once: it is copied to an unnamed file there.  `login` may be NULL if the
 * source is not a URL. */
int mailbox_open(struct mailbox *m, struct arena *a, const char *source,
		 const struct mailbox_login *login, const char *const *spool,
		 struct error *f);
/* The id is the same each time the mailbox is opened: UIDL (unless two messages
 * share it), UIDVALIDITY and UID, the name in a Maildir or directory, else a
 * digest, for which the message is read.  Any octets but NUL. */
const char *mailbox_id(struct mailbox *m, size_t number, struct error *f);
/* A hint: these messages will be read next in this order, `lines` of each with
 * mailbox_top, or complete (-1).  A server is then sent the next requests while
 * a message is being received.  `numbers` is borrowed until all were read. */
void mailbox_expect(struct mailbox *m, const size_t *numbers, size_t count,
		    int lines);
/* The sink is not closed.  An incomplete message is always an error. */
int mailbox_read(struct mailbox *m, size_t number, struct sink *to,
		 struct error *f);
int mailbox_top(struct mailbox *m, size_t number, unsigned lines,
		struct sink *to, struct error *f);
/* -1, ERROR_USAGE, if the store cannot delete. */
int mailbox_delete(struct mailbox *m, size_t number, struct error *f);
/* Deletes the marked messages, then closes; -1 when deleting failed.  The
 * mailbox is closed either way. */
int mailbox_close(struct mailbox *m, struct error *f);
/* Closes without deleting anything. */
void mailbox_abandon(struct mailbox *m);

struct mailbox_url;
/* Only logs in and out: for servers that require POP before SMTP. */
int mailbox_sign_in(struct arena *a, const struct mailbox_url *url,
		    const struct mailbox_login *login, struct error *f);

/* Parses "imaps://user@host:port/Folder" and percent-decodes the parts; a
 * password in a URL is ERROR_USAGE, since every user of this machine could see
 * it. */
struct mailbox_url {
	enum mailbox_kind kind;
	bool is_implicit_tls;
	const char *user, *host, *folder; /* NULL: none */
	unsigned port;			  /* 0: the default */
};
bool mailbox_is_url(const char *source);
int mailbox_parse_url(struct arena *a, const char *source,
		      struct mailbox_url *out, struct error *f);

/* ---- the top of a message ---- */

/* A filter for the header and that many lines of the body.  Input has CRLF;
 * what follows the last line is dropped, and is_over then tells that no more
 * input is needed. */

struct top_filter {
	struct sink sink;
	unsigned lines; /* of the body, remaining */
	bool is_over;
	bool has_header, in_body;
	size_t column; /* octets of the current line without its line end */
};

void top_filter_init(struct top_filter *s, struct sink *next, unsigned lines);

#endif
