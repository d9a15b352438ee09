/* stage.h - where bytes wait: in memory while few, then in an unnamed file.
 *
 * A sink to write them once, a slice to read them as often as need be.  The
 * unnamed file (O_TMPFILE) is made in the first folder that takes one, and is
 * gone with the descriptor: there is nothing to clean up.  When the disk is
 * full it moves to the next folder; that none has room is a failure, after
 * which the stage holds the beginning, as far as it was written.
 *
 * What can be read again where it lies need not be copied: a stage that refers
 * keeps such a slice in the place of its bytes (sink_refer). */
#ifndef FLOW_STAGE_H
#define FLOW_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "flow/sink.h"
#include "flow/source.h"

#define STAGE_MEMORY	(256 * 1024) /* octets kept in memory at most */
#define STAGE_REFER_MIN (16 * 1024)  /* fewer are copied */

struct stage {
	struct sink sink; /* write here, then sink_close */
	const char *const
		*folders;	   /* NULL-terminated, in order of preference */
	const char *const *folder; /* where the file is; NULL: none yet */
	struct buf memory; /* all of it, or what goes to the file next */
	int fd;		   /* -1 while in memory */
	uint64_t written;  /* octets of the file */
	uint64_t stored;   /* in memory and in the file */
	uint64_t size;	   /* of all that was put */
	const char *name;
	bool refers; /* set it after stage_init */
	/* where it refers to something: all of it, and how much of what is
	 * stored is in there */
	struct segments segments;
	uint64_t segmented;
};

/* The name is for errors ("standard input"). */
void stage_init(struct stage *s, const char *const *folders, const char *name,
		struct error *f);
void stage_free(struct stage *s);
/* Borrows the stage, which then stays where it is; valid after close and until
 * free. */
struct slice stage_slice(const struct stage *s);

#endif
