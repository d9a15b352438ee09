/* tempfile.h - a file under a name of its own until it gets its place.
 *
 * "DIRECTORY/PREFIX.PID.HOST.XXXXXX", mode 0600, and locked (flock) while it is
 * open.  So anyone who finds one can see whether it is still in use: it is
 * abandoned when it is not locked and its process is gone.  Of a process on
 * another host (a directory that is shared) that cannot be seen: there a day
 * without a change is the criterion.
 *
 * SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGXFSZ, where they would end the
 * process at once, remove what it still has; a program that handles them
 * itself ends in its own time and drops its files, or calls tempfile_clean.
 * What SIGKILL leaves the next run finds (tempfile_tidy). */
#ifndef BASE_TEMPFILE_H
#define BASE_TEMPFILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define TEMPFILE_OLD                                                           \
	86400 /* seconds without a change, where no process is known */

/* Stays where it is from open to drop. */
struct tempfile {
	char *path; /* NULL: there is none (any more) */
	int fd;	    /* -1: closed */
	pid_t owner;
	struct tempfile *next;
};

/* ERROR_CANTCREAT.  The prefix begins with a dot and has no slash. */
int tempfile_open(struct tempfile *t, const char *directory, const char *prefix,
		  struct error *f);
/* No more is written.  It stays in use as long as the process lives. */
int tempfile_close(struct tempfile *t, struct error *f);
/* Its place, if nothing is there: 0; 1 when something is, and nothing was done;
 * -1 with the error.  link(2), since rename would go over what is there; where
 * a file system has no links, an empty file reserves the name first. */
int tempfile_place(struct tempfile *t, const char *path, struct error *f);
/* Its place, over what is there. */
int tempfile_replace(struct tempfile *t, const char *path, struct error *f);
/* As tempfile_place, but it is still one to be dropped, under the new name.
 * -1 with errno and no error; EEXIST when something is there. */
int tempfile_rename(struct tempfile *t, const char *path);
/* One that was made in another way, locked from now on. */
void tempfile_adopt(struct tempfile *t, int fd, const char *path);
/* Closes it and takes it away, unless it has its place or the name is another
 * file's by now.  Also after a failure, and again. */
void tempfile_drop(struct tempfile *t);

/* Removes what killed runs have left; what cannot be removed
 * stays, and is no failure. */
void tempfile_tidy(const char *directory, const char *prefix);
/* Is it a process of this host (sysenv_node), and gone? */
bool tempfile_is_dead(long pid, const char *host);

/* Takes away all that this process has; for a signal's handler. */
void tempfile_clean(void);

#endif
