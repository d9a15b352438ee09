/* capture.h - the complete output of a job, in the order in which it arrived.
 *
 * Both streams are one sequence of octets in a stage (flow/stage.h: memory,
 * then an unnamed file); a second stage of marks records which octets came from
 * which stream.  Memory use is constant.  If no file has space left, or
 * CAPTURE_MAX is reached, the job continues: the beginning is kept, and the
 * last CAPTURE_BLOCK octets are kept in memory, because the end is the most
 * useful part. */
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
	struct error error;	    /* why the output is incomplete, or none */
	struct error marks_trouble; /* ... of the marks */
	uint64_t most;		    /* maximum octets to keep: CAPTURE_MAX */
	uint64_t size;		    /* of the output, kept or not */
	uint64_t lines;		    /* the last one may be incomplete */
	uint64_t of[JOB_STREAMS];
	bool has_begun, is_full, is_amid_line;
	enum job_stream last; /* the stream of the last octets */
	char *end;	      /* a ring buffer of CAPTURE_BLOCK, or NULL */
	size_t end_at, end_size;
};

/* `spool` as for a stage; borrowed. */
void capture_init(struct capture *o, const char *const *spool);
void capture_put(struct capture *o, enum job_stream stream, const void *data,
		 size_t n);
/* Ends writing; after that it can be read. */
void capture_finish(struct capture *o);
void capture_free(struct capture *o);

/* Is something missing between the beginning and the end? */
bool capture_is_cut(const struct capture *o);
/* The part that was kept from the beginning. */
struct slice capture_slice(const struct capture *o);
/* Up to n octets from `offset`, in the beginning or the end; fewer if they were
 * not kept; -1 with the error. */
ssize_t capture_read(const struct capture *o, uint64_t offset, char *data,
		     size_t n, struct error *f);
/* Where the kept end begins. */
uint64_t capture_end_from(const struct capture *o);
/* Which stream wrote the octet at `offset`, and where does the other one
 * follow?  Without marks, all of it is one stream. */
enum job_stream capture_stream(const struct capture *o, uint64_t offset,
			       uint64_t *until);

#endif
