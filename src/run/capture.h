/* capture.h - what a job wrote: all of it, in the order in which it came.
 *
 * Both streams are one sequence of octets in a stage (flow/stage.h: memory,
 * then a file without a name), and a second one of marks tells which octets
 * came by which stream.  Memory does not grow with it.  Where no file takes any
 * more, or CAPTURE_MAX is reached, the job goes on: the beginning stays, and
 * the last CAPTURE_BLOCK octets are in memory, since the end tells most. */
#ifndef RUN_CAPTURE_H
#define RUN_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "flow/source.h"
#include "flow/stage.h"
#include "run/job.h"

#define CAPTURE_BLOCK 65536
#define CAPTURE_MAX   ((uint64_t)4 * 1024 * 1024 * 1024)

struct capture {
	struct stage all, marks;
	struct error trouble;	    /* why not all is there, or none */
	struct error marks_trouble; /* ... of the marks */
	uint64_t most;		    /* octets that are kept: CAPTURE_MAX */
	uint64_t size;		    /* of all, kept or not */
	uint64_t lines;		    /* the last one may lack its end */
	uint64_t of[JOB_STREAMS];
	bool has_begun, is_full, is_amid_line;
	enum job_stream last; /* whose octets came last */
	char *end;	      /* a ring of CAPTURE_BLOCK, or NULL */
	size_t end_at, end_size;
};

/* `spool` as for a stage; borrowed. */
void capture_init(struct capture *o, const char *const *spool);
void capture_put(struct capture *o, enum job_stream stream, const void *data,
		 size_t n);
/* All was put: now it can be read. */
void capture_finish(struct capture *o);
void capture_free(struct capture *o);

/* Is something missing between the beginning and the end? */
bool capture_is_cut(const struct capture *o);
/* What was kept from the beginning on. */
struct slice capture_slice(const struct capture *o);
/* Up to n octets from `offset` on, of the beginning or of the end; fewer where
 * they are not there; -1 with the error. */
ssize_t capture_read(const struct capture *o, uint64_t offset, char *data,
		     size_t n, struct error *f);
/* Where the part begins that is there up to the end. */
uint64_t capture_end_from(const struct capture *o);
/* By which stream came the octet at `offset`, and where does another one
 * follow?  Without marks all of it is one. */
enum job_stream capture_stream(const struct capture *o, uint64_t offset,
			       uint64_t *until);

#endif
