/* journal.h - what of a series of mails has been sent, so that it can be
 * resumed.
 *
 *	PARENT/ID/command  the command line, its folder and the name it was
 *			   called by, one word a line
 *	PARENT/ID/done	   a line for each mail that a server or the queue has,
 *			   and facts that must not change ("=name value")
 *	PARENT/ID/input	   what came from standard input: until all is done,
 *			   and as long as the journal where it is small
 *
 * It is made as PARENT/.ID and renamed once the command is in it: a series that
 * exists can be read.  A line is synced before its mail is reported as sent.  A
 * line that a crash cut short does not count: that mail is sent twice, with the
 * same Message-ID. One process at a time, with its children, uses a journal.
 * Journals are kept for JOURNAL_DAYS, so that a part can be sent again.  Folder
 * 0700, files 0600. */
#ifndef QUEUE_JOURNAL_H
#define QUEUE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "flow/source.h"

#define JOURNAL_DAYS	    30
#define JOURNAL_KEY_MAX	    2048
#define JOURNAL_COMMAND_MAX (4 * 1024 * 1024) /* octets */
#define JOURNAL_DONE_MAX    (64 * 1024 * 1024)
#define JOURNAL_INPUT_KEPT  (1024 * 1024) /* octets, when all is done */

struct journal_command {
	const char *folder; /* absolute */
	int argc;
	char **argv; /* as main has it */
};

struct journal {
	struct arena *arena;
	const char *id;
	const char *path, *done_path; /* NULL: journal_without */
	int fd;			      /* of `done`, -1: closed */
	char **done; /* sorted, as they were when it was opened */
	size_t count;
};

/* `id` is of [0-9a-f].  Removes journals older than JOURNAL_DAYS. */
int journal_begin(struct journal *j, struct arena *a, const char *parent,
		  const char *id, const struct journal_command *command,
		  struct error *f);
/* For a series without a journal: nothing is recorded, and the series cannot be
 * resumed. */
void journal_without(struct journal *j, struct arena *a, const char *id);
bool journal_is_there(const struct journal *j);
/* ERROR_NOINPUT when there is none of that id; temporary while another process
 * uses it.  To be closed by journal_close, also after a failure. */
int journal_open(struct journal *j, struct arena *a, const char *parent,
		 const char *id, struct journal_command *command,
		 struct error *f);
/* Was it done before this journal was opened?  A key has no control bytes and
 * no
 * '=' in front, and JOURNAL_KEY_MAX octets at most. */
bool journal_has(const struct journal *j, const char *key);
/* On disk once journal_sync has returned 0: one for several. */
int journal_put(struct journal *j, const char *key, struct error *f);
int journal_sync(struct journal *j, struct error *f);
/* A fact about the series: recorded the first time; later ERROR_DATA where it
 * differs, with `what` as its name for people. */
int journal_fact(struct journal *j, const char *name, const char *value,
		 const char *what, struct error *f);
/* What was recorded when the journal was opened; or NULL. */
const char *journal_value(const struct journal *j, const char *name);
/* Keeps the input, so that the series can be resumed without the pipe: linked
 * where it is an unnamed file of the same file system, else copied. */
int journal_keep_input(struct journal *j, const struct slice *input,
		       struct error *f);
/* A descriptor of what was kept, -1 without an error when nothing was. */
int journal_input(const struct journal *j, struct error *f);
/* 1, 0, or -1 with the error. */
int journal_has_input(const struct journal *j, struct error *f);
/* All of it was sent: an input that is not small is removed. */
int journal_complete(struct journal *j, struct error *f);
bool journal_is_complete(const struct journal *j);
void journal_close(struct journal *j);
/* Closes and removes a journal of which nothing was sent. */
void journal_discard(struct journal *j);

#endif
