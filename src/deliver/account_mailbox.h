/* account_mailbox.h - a mailbox, opened in the name of an account.
 *
 * A source that is not a URL needs no account.  For a URL it is the account
 * that was named, else the one that matches the URL: its host is the account's
 * host, or is the domain of the account's `from` or below it, and its user is
 * the account's, where the URL has one.  Where none matches, the password is
 * from ~/.netrc or the prompt: an account's password is never sent to a host
 * that the configuration does not name.
 *
 * An account whose smarthost has no TLS does not turn off TLS here: only the
 * override "tls off" on the command line does. */
#ifndef DELIVER_ACCOUNT_MAILBOX_H
#define DELIVER_ACCOUNT_MAILBOX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "config/config.h"
#include "store/converse.h"
#include "store/mailbox.h"

/* Kept from one opening for the next, so that no question is asked twice; to be
 * zeroed first and wiped last. */
struct account_mailbox_memory {
	bool is_known;
	char *user; /* or NULL */
	struct buf password;
};

/* All of it borrowed. */
struct account_mailbox_options {
	const char *source;
	struct account_mailbox_memory *memory; /* or NULL */
	const char *const *spool;	       /* as for mailbox_open */
	/* Read only when the source is a URL.  The override "user" takes
	 * precedence over the URL's. */
	const struct config_query *config;
	const char *user;	   /* before all others; or NULL */
	bool skips_login;	   /* of account_mailbox_converse: no login */
	const struct trace *trace; /* or NULL */
};

int account_mailbox_open(struct mailbox *m, struct arena *a,
			 const struct account_mailbox_options *options,
			 struct error *f);

void account_mailbox_forget(struct account_mailbox_memory *memory);

/* The same for a conversation by hand; the source is a URL.  NULL with the
 * error. */
struct converse *
account_mailbox_converse(struct arena *a,
			 const struct account_mailbox_options *options,
			 struct error *f);

/* The user and the password that the source would be opened with, or `user`'s
 * where it is not NULL. */
int account_mailbox_secret(struct arena *a,
			   const struct account_mailbox_options *options,
			   const char *user, const char **whose,
			   struct buf *password, struct error *f);

/* Logs in to the account's pop_before_smtp, and disconnects.  `user` and
 * `password` are those for the smarthost; without a password the account's is
 * looked up. */
int account_mailbox_sign_in(struct arena *a, const struct account *account,
			    const char *user, const char *password,
			    const struct trace *trace, struct error *f);

#endif
