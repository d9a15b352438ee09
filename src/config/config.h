/* config.h - settings and accounts: msmtp's file format, and ours.
 *
 * One table (settings.c) names every setting, its type and where it lies in
 * struct account; the parser, --set, --show-config and the suggestion for a
 * mistyped keyword all read that table.  --config names the only file that is
 * read.  Without it the user's own is the first of $MAILSEND_CONFIG,
 * ~/.config/mailsend/config (or below $XDG_CONFIG_HOME), ~/.msmtprc and
 * ~/.config/msmtp/config; the system's the first of /etc/mailsend.conf and
 * /etc/msmtprc.  Both are read, as msmtp does: the user's accounts come
 * first, the system's after them.
 *
 * Errors in a file are ERROR_CONFIG and begin "FILE:LINE: "; a file that was
 * named and cannot be read is ERROR_NOINPUT; a wrong override ERROR_USAGE. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define CONFIG_FILE_MAX	    ((size_t)1024 * 1024)
#define CONFIG_ACCOUNTS_MAX 1000

/* A setting that the command line lays over the account. */
struct override {
	const char *name, *value;
	const char *origin; /* as the caller knows it: "--set", "--host" */
	bool is_weak;	    /* of a program: lifts no "never" */
	/* Of another mailer's start-up file, about the server and its log-in:
	 * the configuration's own server comes before, unless `rc_overrides`,
	 * and none of its log-in goes to another. */
	bool is_rc;
	struct override *next;
};

/* The one for this setting that holds, of two the later; or NULL. */
const struct override *override_find(const struct override *list,
				     const char *name);

/* What the caller wants of the configuration; all of it borrowed. */
struct config_query {
	const char *path;    /* the only file to read; NULL: the usual ones */
	const char *account; /* by its name; NULL: by the sender */
	const char *sender;  /* an address, or NULL */
	const struct override *overrides; /* of two for one setting the later
					     one holds */
	bool rc_overrides;
};

enum config_choice { CONFIG_OFF, CONFIG_ON, CONFIG_AUTO };

/* Where a value came from: "/etc/msmtprc:12", "--host", "default". */
struct config_origin {
	const char *text;
	bool own; /* said of this very account, not by "defaults" */
};

/* Why config_choose took an account. */
enum config_reason {
	CONFIG_BY_NOTHING, /* there is none */
	CONFIG_BY_NAME,
	CONFIG_BY_SENDER, /* the address is its `from` */
	CONFIG_BY_DETAIL, /* ... without its +detail */
	CONFIG_BY_PATTERN,
	CONFIG_BY_DEFAULT, /* it is called so */
	CONFIG_BY_LACK,	   /* of any other */
};

/* The settings of one account, all filled in (inherited or default).
 * Strings are UTF-8 or NULL; paths have their ~ expanded. */
struct account {
	const char *name;
	const char *origin; /* where it was begun: "FILE:LINE", "default" */
	bool is_msmtp;	    /* from a file of msmtp's: its defaults hold */
	enum config_reason reason;

	/* the smarthost */
	const char *host; /* NULL: none is configured */
	int port;	  /* 0 in the file; filled in by config_choose */
	const char *socket;
	const char *source_ip;
	const char *proxy_host;
	int proxy_port;
	int timeout; /* seconds for connecting and each answer; 0: ours */
	int command_timeout;   /* seconds that a command may take; 0: any */
	const char *domain;    /* for EHLO */
	const char *transport; /* "graph", "command LINE"; NULL: SMTP */

	/* TLS */
	bool tls, tls_starttls, tls_certcheck;
	const char *tls_trust_file, *tls_crl_file, *tls_fingerprint;
	const char *tls_cert_file, *tls_key_file;
	const char *tls_priorities, *tls_host_override;

	/* AUTH */
	const char *auth; /* "off", "on", or a mechanism in upper case */
	const char *user;
	const char *password, *passwordeval;
	const char *password_env;	 /* name of an environment variable */
	int password_fd;		 /* -1: none */
	const char *password_file;	 /* its first line */
	const char *password_credential; /* a file in $CREDENTIALS_DIRECTORY */
	const char *ntlmdomain; /* in `user` too, as config_choose left it */

	const char *pop_before_smtp; /* a mailbox to log in at first */

	/* OAuth 2 */
	const char *tokens; /* whose are used, an account's name: its own, or
			       those of one that it repeats */
	const char
		*oauth; /* a provider's name or an issuer's URL; NULL: none */
	const char *oauth_client_id, *oauth_tenant, *oauth_scope;
	const char *oauth_client_secret_file, *oauth_client_key;
	const char *oauth_service_account;
	const char *oauth_flow; /* "browser", "device", "app" */
	const char *oauth_store_read, *oauth_store_write; /* commands */

	/* the sender and the header */
	const char *from, *from_full_name;
	bool allow_from_override;
	bool auto_from; /* `from` is made up, as config_choose left it */
	enum config_choice set_from_header, set_date_header, set_msgid_header;
	bool remove_bcc_headers, undisclosed_recipients;
	bool set_to_header;	    /* To names all recipients, Cc is dropped */
	bool auto_submitted;	    /* mark what no person sent */
	const char *qualify_domain; /* of bare names; NULL: maildomain */
	const char *maildomain;	    /* of auto_from; NULL: from's domain */
	enum config_choice masquerade; /* which senders `from` replaces:
					  nobody, this machine's users by any
					  name, by a bare one (auto) */
	const char *aliases; /* as config_choose left it, the system's where
				nothing was said; "off" or NULL: none */

	/* delivery */
	const char *dsn_notify, *dsn_return;
	const char *maildir;	 /* local mail; NULL: ~/Maildir */
	const char *dead_letter; /* NULL: ~/dead.letter; "off": none */

	/* the queue; times in seconds */
	const char *fallback;	  /* names of accounts, with commas; or NULL */
	const char *queue;	  /* "auto", "never", "only", "background" */
	const char *queue_folder; /* NULL: the user's own */
	int queue_retry, queue_retry_max; /* between tries */
	int queue_lifetime;		  /* then the mail bounces */
	int queue_warning;		  /* of a delay; 0: none */
	const char *queue_notice; /* how much of a mail that failed comes back:
				     "full", "headers", "auto" (full while it
				     is small) or "off": no notice */
	bool queue_flush;	  /* what is due goes after a mail that went */
	int limit_same; /* seconds between two mails of a kind; 0: off */
	int limit_hour; /* mails in an hour; 0: any number */

	/* serving */
	const char *serve_cert, *serve_key;
	bool serve_tls_starttls; /* off: TLS begins at once */
	const char *serve_auth_command;
	int serve_max_size;	   /* octets of a message */
	int serve_max_recipients;  /* of a message */
	int serve_max_connections; /* at a time */
	/* ... users of this machine, by a unix socket (values.h) */
	const char *serve_user; /* that root becomes; NULL: "mailsend" */
	const char *serve_socket_mode, *serve_socket_group;
	const char *serve_allow; /* groups and users; NULL: all */
	const char *serve_from;	 /* "own", "any" and patterns of addresses */
	const char *serve_rate;	 /* "100/h"; NULL: any */
	int serve_quota;	 /* octets in the queue; 0: any */
	int serve_reserve;	 /* octets that stay free; 0: ours */

	/* the log */
	const char *logfile, *logfile_time_format;
	const char *syslog; /* facility in lower case, or NULL */

	/* one for each row of the settings table, same order */
	struct config_origin *origins;
	const struct error *flaw; /* the first line of it that is wrong: the
				     account cannot be used; NULL */
	struct account *next;
};

struct config {
	struct account *accounts;
	const char *files[2];	/* the user's, the system's; NULL where none */
	const char *unreadable; /* a system's file that we may not read */
	/* What is odd in the files and stops nobody, "FILE:LINE: ..."; NULL at
	 * its end.  config_choose reports it once, unless `is_told`. */
	const char **remarks;
	size_t remark_count;
	bool is_told;
	struct arena *arena;
};

/* Reads what there is; no file at all is not an error.  The config and all
 * that comes from it live as long as the arena. */
int config_load(struct config *c, struct arena *a,
		const struct config_query *query, struct error *f);
/* The same of the system's alone. */
int config_load_system(struct config *c, struct arena *a, struct error *f);
/* By its name, else by the sender: one whose `from` is that address, or is it
 * without its +detail, or is a pattern that fits; else "default"; else the only
 * one there is.  The overrides are laid over a copy, and what was left open is
 * filled in: port, domain, proxy_port; for an account that is not from a file
 * of msmtp's also auth (on with a user), tls (on, but for a socket),
 * tls_starttls (off on port 465).  `from` is an address or NULL, never a
 * pattern.  With no file and no overrides the account is "default" and has no
 * host.  *out is new, in the arena.  An account with a flaw is that error. */
int config_choose(struct config *c, const struct config_query *query,
		  struct account **out, struct error *f);
/* An account of no configuration: what the command line lays over it, and not
 * finished (config_finish). */
int config_blank(struct arena *a, const struct config_query *w,
		 struct account **out, struct error *f);
/* For the readers of files. */
void config_remark(struct config *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Is it a setting, and one that an override may have?  For --set while
 * options are read: ERROR_USAGE, which suggests the nearest name or says what
 * the value may be. */
int config_check(const char *name, const char *value, struct error *f);
/* "name value    # origin" lines that can be read as a file again; a setting
 * without a value is a comment, a password "***". */
int config_show(const struct config *c, const struct account *chosen,
		struct buf *out);
/* The account's proxy as a URL, in the arena; NULL where it has none. */
const char *config_proxy(struct arena *a, const struct account *account);
/* One value for people, in the arena: "***" for a secret; NULL: none. */
struct setting;
const char *config_shown(struct arena *a, const struct setting *s,
			 const struct account *account);

/* Where the queue is: $MAILSEND_QUEUE, else the account's queue_folder, else
 * /var/spool/mailsend/0 for root and $XDG_STATE_HOME/mailsend/queue
 * (~/.local/state) for other users; /var/spool/mailsend/UID where nothing can
 * be written there.  NULL with ERROR_CONFIG when there is no directory at all.
 * `account` may be NULL.  The path is absolute. */
const char *config_queue(struct arena *a, const struct account *account,
			 struct error *f);
/* The two places for one of the user's own, which need not be there; in the
 * arena; NULL where there is no such place. */
const char *config_home_queue(struct arena *a);
const char *config_spool_queue(struct arena *a);
/* Of a user with this home, whose environment names no other place, there is
 * surely neither a configuration nor a queue there.  Opens nothing. */
bool config_home_is_unused(struct arena *a, const char *home);

/* ---- finish.c: what a chosen account leaves open ---- */

/* Replaces %U %H %C %M, and %F by the sender, in *text.  %F without a sender
 * makes it NULL.  Other uses of % stay as they are. */
int config_expand(struct arena *a, const char **text, const char *sender,
		  struct error *f);
/* ? * and [ make one of an address, as in the shell. */
bool config_is_pattern(const char *from);
bool config_pattern_fits(struct arena *a, const char *pattern,
			 const char *address);

/* Fills in and checks what belongs together; `sender` is NULL when the request
 * names none. */
int config_finish(struct arena *a, struct account *account, const char *sender,
		  struct error *f);

#endif
