/* progress.h - bytes, rate and time left, for a person who waits.
 *
 * One line on a terminal, written over; nothing elsewhere, and nothing for
 * what is done within a second. */
#ifndef FLOW_PROGRESS_H
#define FLOW_PROGRESS_H

#include <stdint.h>

#include "flow/sink.h"

struct progress {
	struct sink sink; /* passes on what it counts */
	const char *what; /* "sending" */
	uint64_t total;	  /* octets; 0: not known */
	uint64_t done;
	uint64_t start, shown; /* sysenv_ticks */
	uint64_t least;	       /* nothing is shown before so much is done */
	bool is_wanted;
	bool is_count; /* of things, not of octets */
};

void progress_init(struct progress *p, const char *what, uint64_t total);
/* The same, as a sink before `next`.  Close it by progress_end. */
void progress_sink(struct progress *p, struct sink *next, const char *what,
		   uint64_t total);
void progress_step(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

#endif
