/* conflicts.h - which options exclude each other, under which name. */
#ifndef PERSONA_CONFLICTS_H
#define PERSONA_CONFLICTS_H

#include "persona/options.h"

/* Under which name the command was called; a set of bits. */
enum conflicts_of {
	CONFLICTS_MAILSEND = 1,
	CONFLICTS_SENDMAIL = 2,
	CONFLICTS_MSMTP = 4,
	CONFLICTS_MAIL = 8, /* mail, mailx, mutt */
	CONFLICTS_MAILQ = 16,
	/* every name that sends, once it is known whether it is a draft */
	CONFLICTS_DRAFT = 32,
	CONFLICTS_RUN = 64,
};

/* ERROR_USAGE for the first row that matches. */
int conflicts_check(const struct options_run *run, enum conflicts_of name,
		    struct error *f);
#endif
