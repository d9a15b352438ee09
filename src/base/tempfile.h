/* tempfile.h - a file with a temporary name until it gets its final one.
 *
 * "DIRECTORY/PREFIX.PID.HOST.XXXXXX", mode 0600, and locked (flock) while it is
 * open.  So anyone who finds one can see whether it is still in use: it is
 * abandoned when it is not locked and its process is gone.  For a process on
 * another host (in a shared directory) that is unknown: then it is abandoned
 * after a day without a change.
 *
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGXFSZ, where they would end the
 * process at once, remove the files of this process; a program that handles the
 * signals drops its files itself, or calls tempfile_clean.  What SIGKILL leaves
 * is removed by the next run (tempfile_tidy). */
#ifndef BASE_TEMPFILE_H
#define BASE_TEMPFILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define TEMPFILE_OLD                                                           \
	86400 /* seconds without a change, where no process is known */

/* Must not be moved in memory from open to drop. */
struct tempfile {
	char *path; /* NULL: there is none (any more) */
	int fd;	    /* -1: closed */
	pid_t owner;
	struct tempfile *next;
};

/* ERROR_CANTCREAT.  The prefix begins with a dot and has no slash. */
int tempfile_open(struct tempfile *t, const char *directory, const char *prefix,
		  struct error *f);
/* Nothing more is written.  It stays in use as long as the process lives. */
int tempfile_close(struct tempfile *t, struct error *f);
/* Gives it its final name, unless that exists: 0; 1 when it does, and nothing
 * was done; -1 with the error.  By link(2), since rename would replace an
 * existing file; where a file system has no links, an empty file reserves the
 * name first. */
int tempfile_place(struct tempfile *t, const char *path, struct error *f);
/* Gives it its final name, replacing what is there. */
int tempfile_replace(struct tempfile *t, const char *path, struct error *f);
/* As tempfile_place, but it is still temporary, under the new name. -1 with
 * errno and no error; EEXIST when something is there. */
int tempfile_rename(struct tempfile *t, const char *path);
/* For a file that was created in another way; locked from now on. */
void tempfile_adopt(struct tempfile *t, int fd, const char *path);
/* Closes and removes it, unless it has its final name or the name now belongs
 * to another file.  Also after a failure, and repeatedly. */
void tempfile_drop(struct tempfile *t);

/* Removes what killed runs have left; what cannot be removed
 * stays, and is no failure. */
void tempfile_tidy(const char *directory, const char *prefix);
/* Is it a process of this host (sysenv_node), and gone? */
bool tempfile_is_dead(long pid, const char *host);

/* Removes all files of this process; for a signal handler. */
void tempfile_clean(void);

#endif
