/* folder.h - the files of a queue, one at a time; queue's own.
 *
 * The inside of queue.h, for queue*.c alone.  Paths stand in rooms of the
 * caller's: a run over a large queue must not gather them in an arena. */
#ifndef QUEUE_FOLDER_H
#define QUEUE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fault.h"
#include "queue/entry.h"
#include "queue/queue.h"

#define FOLDER_PATH_SIZE 4096
#define FOLDER_NAME_MAX	 3800 /* octets of the queue's own path */
#define FOLDER_OLD	 3600 /* seconds after which rubbish is taken away */

/* FOLDER/part/name; NULL leaves one out. */
const char *folder_path(char room[FOLDER_PATH_SIZE], const struct queue *q,
			const char *part, const char *name);
const char *folder_part(enum queue_place place);
/* [0-9a-z-], not first a "-", shorter than size. */
bool folder_is_name(const char *name, size_t size);
int folder_sync(const struct queue *q, const char *part, struct fault *f);

/* Is there an entry, wherever?  1, 0, or -1 with the fault: it cannot be told,
 * and nothing may be done that a yes or a no would allow. */
int folder_has_entry(const struct queue *q, const char *id, struct fault *f);
/* 1; 0 when it is not there; -1 with the fault, FAULT_DATA for its content. */
int folder_read_entry(const struct queue *q, struct arena *a, const char *part,
		      const char *id, struct entry *e, struct fault *f);

/* 1 held; 0 somebody else has it; -1 with the fault.  Until the descriptor is
 * closed, or folder_unlock. */
int folder_lock(int fd, const char *name, struct fault *f);
void folder_unlock(int fd);

/* A new file in tmp/, locked against tidying. */
struct folder_new {
	int fd;
	bool is_reserved; /* it holds octets that folder_fill replaces */
	char path[FOLDER_PATH_SIZE];
};
int folder_begin(const struct queue *q, struct folder_new *n, struct fault *f);
/* Takes the room for so many octets from the disk. */
int folder_reserve(struct folder_new *n, size_t size, struct fault *f);
/* All on disk, still in tmp/. */
int folder_fill(struct folder_new *n, const void *data, size_t size,
		struct fault *f);
/* Puts it in its place, over what was there.  The folder is not synced. */
int folder_place(struct folder_new *n, const struct queue *q, const char *part,
		 const char *name, struct fault *f);
/* Takes its name in tmp/ away, where it got another; it stays locked. */
void folder_unname(struct folder_new *n);
/* Takes it away; nothing after folder_place. */
void folder_abandon(struct folder_new *n);

#endif
