/* queue_dir.h - the files of a queue, one at a time; queue's own.
 *
 * Internal to queue.h, for queue*.c alone.  Paths are in buffers of the caller:
 * a run over a large queue must not collect them in an arena. */
#ifndef QUEUE_QUEUE_DIR_H
#define QUEUE_QUEUE_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "queue/entry.h"
#include "queue/queue.h"

#define QUEUE_DIR_PATH_SIZE 4096
#define QUEUE_DIR_NAME_MAX  3800 /* octets of the queue's own path */
#define QUEUE_DIR_OLD	    3600 /* seconds after which leftovers are removed */

/* FOLDER/part/name; NULL leaves one out. */
const char *queue_dir_path(char room[QUEUE_DIR_PATH_SIZE],
			   const struct queue *q, const char *part,
			   const char *name);
const char *queue_dir_part(enum queue_place place);
/* [0-9a-z-], not first a "-", shorter than size. */
bool queue_dir_is_name(const char *name, size_t size);
int queue_dir_sync(const struct queue *q, const char *part, struct error *f);

/* Is there an entry anywhere? 1, 0, or -1 with the error: unknown, and nothing
 * may be done that a yes or a no would allow. */
int queue_dir_has_entry(const struct queue *q, const char *id, struct error *f);
/* 1; 0 when it is not there; -1 with the error, ERROR_DATA for its content. */
int queue_dir_read_entry(const struct queue *q, struct arena *a,
			 const char *part, const char *id, struct entry *e,
			 struct error *f);

/* What disk_lock locked. */
void queue_dir_unlock(int fd);

/* A new file in tmp/, locked against tidying. */
struct queue_dir_new {
	int fd;
	bool is_reserved; /* it has octets that queue_dir_fill replaces */
	char path[QUEUE_DIR_PATH_SIZE];
};
int queue_dir_begin(const struct queue *q, struct queue_dir_new *n,
		    struct error *f);
/* Reserves that many octets on the disk. */
int queue_dir_reserve(struct queue_dir_new *n, size_t size, struct error *f);
/* All on disk, still in tmp/. */
int queue_dir_fill(struct queue_dir_new *n, const void *data, size_t size,
		   struct error *f);
/* Renames it to its place, replacing what was there.  The directory is not
 * synced. */
int queue_dir_place(struct queue_dir_new *n, const struct queue *q,
		    const char *part, const char *name, struct error *f);
/* Removes its name in tmp/, when it has another; it stays locked. */
void queue_dir_unname(struct queue_dir_new *n);
/* Removes it; does nothing after queue_dir_place. */
void queue_dir_abandon(struct queue_dir_new *n);

#endif
