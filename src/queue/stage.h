/* stage.h - where bytes wait: in memory while few, then in an unnamed file.
 *
 * A sink to write them once, a slice to read them as often as need be.  The
 * unnamed file (O_TMPFILE) is made in the first folder that takes one, and is
 * gone with the descriptor: there is nothing to clean up.  A full disk is a
 * temporary failure. */
#ifndef QUEUE_STAGE_H
#define QUEUE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "flow/sink.h"
#include "flow/source.h"

#define STAGE_MEMORY (256 * 1024) /* octets kept in memory at most */

struct stage {
	struct sink sink; /* write here, then sink_close */
	const char *const
		*folders; /* NULL-terminated, in order of preference */
	struct buf memory;
	int fd;		     /* -1 while in memory */
	struct sink_fd file; /* gathers what goes to fd */
	uint64_t size;
	const char *name;
};

/* The name is for faults ("standard input"). */
void stage_init(struct stage *s, const char *const *folders, const char *name,
		struct fault *f);
void stage_free(struct stage *s);
/* Borrows the stage; valid after close and until free. */
struct slice stage_slice(const struct stage *s);

#endif
