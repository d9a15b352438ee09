/* list.h - the jobs that are known: for people, for programs, for a monitor. */
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
	const char *trouble; /* why nothing is known of it; or NULL */
	bool is_running, is_missed;
};

struct list {
	struct list_job *jobs; /* by name */
	size_t count, room;
};

/* All, or those that the options name.  -1 where the directory cannot be read.
 */
int list_read(struct list *l, struct arena *a, const struct run_options *o,
	      struct error *f);
void list_text(const struct list *l, struct buf *out);
/* A line of a monitoring plugin, and its status: 0 all have run in time; 1 the
 * last run of one failed; 2 one has not run in time; 3 one is not known. */
int list_monitor(const struct list *l, struct buf *out);

#endif
