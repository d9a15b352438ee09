/* list.h - the known jobs: for people, for programs, for a monitor. */
#ifndef RUN_LIST_H
#define RUN_LIST_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "run/run.h"

#define LIST_MAX ((size_t)16 * 1024 * 1024)

struct list_job {
	const char *name;
	struct state state;
	const char *error; /* why its state could not be read; or NULL */
	bool is_running, is_missed;
	bool is_lost; /* the last run never ended */
};

struct list {
	struct list_job *jobs; /* by name */
	size_t count, room;
};

/* All jobs, or those named in the options.  -1 if the directory cannot be
 * read. */
int list_read(struct list *l, struct arena *a, const struct run_options *o,
	      struct error *f);
void list_text(const struct list *l, struct buf *out);
/* A line of a monitoring plugin, and its status: 0 all were run in time; 1 the
 * last run of one failed; 2 one was not run in time; 3 one is unknown. */
int list_monitor(const struct list *l, struct buf *out);

#endif
