/* order.h - what is asked of a mailbox.
 *
 * Pure data, frozen once the command line was read: what to do, with which
 * messages, and where what comes of it goes. */
#ifndef FETCH_ORDER_H
#define FETCH_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"

/* Files that are being written are called so until they are whole. */
#define FETCH_PREFIX ".mailget"

enum fetch_action {
	FETCH_LIST,
	FETCH_SHOW,	   /* one message, on standard output */
	FETCH_TOP,	   /* its header and some lines */
	FETCH_SAVE,	   /* one message, in a file */
	FETCH_ATTACHMENTS, /* of some messages, in a folder */
	FETCH_DELETE,
	FETCH_KEEP, /* "fetch": every message a file of a folder, once each */
	FETCH_RAW,  /* commands from standard input */
};

struct fetch_order {
	const char *source;
	enum fetch_action action;
	const char *const *words; /* of numbers; "all" where there is none */
	size_t word_count;
	unsigned lines;	  /* of FETCH_TOP */
	const char *path; /* of the file or folder; "-" is standard output */
	bool only_new, yes, force, json, is_maildir;
	bool goes_inside; /* of a mail that is attached: its attachments */
	const char *const *spool;
	const struct trace *trace; /* or NULL */
	const struct config_wish *config;
};

/* The exit status, or -1 with the error that is still to be told. */
int fetch_run(struct arena *a, const struct fetch_order *o, struct error *f);

#endif
