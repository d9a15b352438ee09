/* slice.h - a run of bytes that can be read more than once.
 *
 * Memory; a part of a file, by offset; or segments of other slices, some of
 * which are encoded as they are read, so that what lies in a file already need
 * not be copied to be sent.  It borrows what it reads. */
#ifndef FLOW_SLICE_H
#define FLOW_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "base/error.h"

struct segments;
struct slice {
	const char *memory; /* or NULL: then from fd */
	int fd;
	uint64_t offset; /* in the memory, the file or the segments */
	uint64_t length;
	const char *name;	 /* for errors: the file as the user wrote it */
	struct slice_file *file; /* NULL: nobody else writes to it */
	const struct segments *segments; /* or NULL; else in place of both */
};

struct slice slice_of_memory(const char *data, size_t n);
/* n octets from `offset` on, or as many as there are. */
struct slice slice_part(const struct slice *whole, uint64_t offset, uint64_t n);

/* Some of its octets from `at` on: of memory or a file as many as were asked
 * for and are left, of segments at least one; 0 at its end.  A file that has
 * become shorter than its slice is an error (ERROR_IO, temporary), since what
 * was announced must come; and so is one that has changed (slice_file), once
 * the octets were read and before they are handed on. */
ssize_t slice_read(const struct slice *s, uint64_t at, void *data, size_t n,
		   struct error *f);

/* ---- a file that others may write to while it is read ---- */

#define SLICE_SAMPLE 256 /* octets */

/* How it was when its size was taken.  One that only grows is as good as one
 * that stays: its first octets are those that were there.  It has changed when
 * it was written to without growing, is shorter than it was seen before, or is
 * larger and another file by what it begins with, or by what its end was.  The
 * time that is compared is that of the last modification, so that a new name,
 * owner or mode is no change. */
struct slice_file {
	uint64_t size;
	size_t sampled; /* octets of each of them */
	char first[SLICE_SAMPLE], last[SLICE_SAMPLE];
	/* when it was looked at last */
	uint64_t seen_size;
	struct timespec seen_modified;
	bool has_changed; /* and stays so */
};

void slice_file_take(struct slice_file *file, int fd, const struct stat *st);
/* Has it changed?  Also where that cannot be found out. */
bool slice_file_has_changed(struct slice_file *file, int fd);

/* ---- several, one behind the other ---- */

/* Bytes that are made of others as they are read, each by itself, where it is
 * known before how many they are. */
struct encoder {
	uint64_t (*size)(uint64_t n); /* of n octets, encoded */
	/* As slice_read, of the encoded octets.  All of the n octets at `data`
	 * may be written to, whatever is returned. */
	ssize_t (*read)(const struct slice *from, uint64_t at, void *data,
			size_t n, struct error *f);
};

struct segment {
	uint64_t at; /* where it begins in the whole */
	struct slice from;
	const struct encoder *encoder; /* NULL: as it is */
};

struct segments {
	struct segment *all;
	size_t count, room;
	uint64_t size; /* of the whole */
};

/* Empty ones are left out.  What the slice borrows has to stay. */
void segments_add(struct segments *s, const struct slice *from,
		  const struct encoder *encoder);
void segments_free(struct segments *s);

#endif
