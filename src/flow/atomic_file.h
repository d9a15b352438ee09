/* atomic_file.h - a file that is there whole or not at all.
 *
 * Written beside its place (base/tempfile.h), synced, then given its name: by
 * link(2) where nothing may be there yet, by rename(2) over a file that is to
 * be replaced, which keeps its mode and, where we may give it away, its owner.
 *
 * Only a regular file is ever replaced.  What else has the name (a device, a
 * FIFO, /dev/stdout) is opened and written, as by cp(1): the octets go there as
 * they come, and nothing is renamed, synced or given another mode.  A FIFO
 * waits for its reader.  A block device counts as something that is there.
 *
 * A symbolic link is followed when what it leads to is to be replaced, as by
 * git, and stays a link; one to nowhere is refused.  In a directory where
 * others may make names it is followed only when it is ours, root's or the
 * directory's owner's, as Linux has it (fs.protected_symlinks). */
#ifndef FLOW_ATOMIC_FILE_H
#define FLOW_ATOMIC_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/tempfile.h"
#include "flow/sink.h"

enum atomic_file_mode {
	ATOMIC_FILE_PRIVATE, /* 0600 */
	ATOMIC_FILE_SHARED,  /* as the umask says */
};

struct atomic_file {
	struct sink_fd out; /* write to out.sink */
	struct arena *arena;
	const char *directory,
		*path; /* path: NULL where it is said at the end */
	enum atomic_file_mode mode;
	bool is_replacing, is_direct, is_finished;
	struct stat old; /* of what is replaced */
	int fd;		 /* of what is written directly, else -1 */
	struct tempfile file;
	/* after commit: it has its name, and it is not sure that it would keep
	 * it in a power failure; a warning has said so */
	bool is_unsafe;
};

/* The name is said at the end; the directory is there.  `prefix` as in
 * tempfile.h. */
int atomic_file_begin(struct atomic_file *w, struct arena *a,
		      const char *directory, const char *prefix,
		      enum atomic_file_mode mode, struct error *f);
/* The name is `path`: 1 when something is there that is not to be replaced, and
 * nothing was done. */
int atomic_file_open(struct atomic_file *w, struct arena *a, const char *path,
		     const char *prefix, bool replace,
		     enum atomic_file_mode mode, struct error *f);
/* Is it what /proc and /dev call a file and is a descriptor of ours?  It is
 * never replaced, whatever is behind it. */
bool atomic_file_is_descriptor(const char *path);
/* All was written: flushed, synced and closed.  commit does it where it was not
 * done. */
int atomic_file_finish(struct atomic_file *w, struct error *f);
/* Gives it the name that it was opened with; 1 when another process took it
 * meanwhile. */
int atomic_file_commit(struct atomic_file *w, struct error *f);
/* Gives it a name in its directory.  1 when something of that name is there,
 * and another can be tried; a regular file is replaced with `replace`.  A link
 * is neither followed nor replaced: the name may be another's choice. The
 * directory is not synced: see atomic_file_sync. */
int atomic_file_commit_as(struct atomic_file *w, const char *name, bool replace,
			  struct error *f);
/* Are the names in the directory safe?  Else a warning says so. */
bool atomic_file_sync(const char *directory);
/* After commit, or instead of it, or after a failure. */
void atomic_file_free(struct atomic_file *w);

#endif
