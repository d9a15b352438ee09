/* assemble.h - sets of fragments, and the files that they give.
 *
 * Each fragment is added once, in any order, and kept in the part store until
 * its set is whole; the same one again changes nothing, and another one of the
 * same number is a conflict, which makes the set corrupt.  A slice is looked at
 * against its digest before it counts.  A set is joined when all of it is
 * there: written, looked at against the digest of the whole, named, and taken
 * out of the part store.
 *
 * Formats that tell less are whole when their numbers, marks of begin and end,
 * and sizes agree; where no part tells how many there are, the last must be
 * shorter than the others, which are all alike, or the person tells.
 *
 * Memory grows with the number of parts that have come, never with what they
 * hold or claim. */
#ifndef JOIN_ASSEMBLE_H
#define JOIN_ASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "join/output.h"
#include "join/part_store.h"
#include "parts/fragment.h"

#define ASSEMBLY_SETS_MAX  20000
#define ASSEMBLY_NOTES_MAX 100 /* said of one set */

enum set_state {
	SET_INCOMPLETE,
	SET_READY, /* all parts are there */
	SET_JOINED,
	SET_CORRUPT,
};

struct set_part {
	struct part_store_part part;
	struct set_part *next;	  /* of the set */
	struct set_part *in_slot; /* of those with the same remainder */
};

struct set_note {
	const char *text;
	struct set_note *next;
};

struct set {
	char id[FRAGMENT_SET_SIZE];
	struct about about;
	bool is_touched;  /* something of it came in this run */
	bool is_on_shelf; /* it has been described there */
	bool is_unsynced; /* of what is there something came in this run */
	bool was_there;	  /* the file, before anything was joined */
	bool is_sure;	  /* JOINED, and how many parts there are was told */
	bool is_verified; /* JOINED, and by a digest of what it gave */
	bool has_conflict;
	bool is_spoiled;      /* joining it has shown that it is CORRUPT */
	enum set_state state; /* as assembly_judge found it */
	unsigned of;	      /* parts, as far as is known; 0: not */
	uint64_t size;	      /* octets of the parts that are there */
	size_t count;	      /* of them */
	struct set_part *parts;
	struct set_part **slots;
	size_t slot_count;
	unsigned damaged;   /* parts that came and were not what they said */
	const char **paths; /* JOINED: ends with NULL */
	struct set_note *notes, **last_note;
	size_t note_count;
	struct set *next;    /* in the order in which they were found */
	struct set *in_slot; /* of the assembly */
};

struct assembly {
	struct arena *arena;
	struct part_store store;
	const char *const *spool;
	struct join_output_place place;
	bool is_forced;
	unsigned of;	  /* parts where no part tells; 0: none does */
	const char *only; /* the set's id, or its beginning; NULL: all */
	struct set *sets, **last;
	size_t set_count;
	struct set *slots[1024];
};

enum verdict {
	VERDICT_ADDED,
	VERDICT_KNOWN,	  /* the same is there */
	VERDICT_DAMAGED,  /* not what it says */
	VERDICT_CONFLICT, /* another of its number is there */
	VERDICT_OTHER,	  /* of no set that is wanted */
};

/* `state` is the part store's directory; everything else is set by the caller
 * before something is added. */
int assembly_open(struct assembly *s, struct arena *a, const char *state,
		  bool is_dry, struct error *f);
void assembly_close(struct assembly *s);
/* Is it one that `only` means? */
bool assembly_wants(const struct assembly *s, const char *set);
struct set *assembly_find(const struct assembly *s, const char *set);

/* *set is the one it belongs to, NULL for VERDICT_OTHER. */
int assembly_add(struct assembly *s, const struct fragments *from,
		 const struct fragment *x, enum verdict *verdict,
		 struct set **set, struct error *f);
/* Would a slice with this label be known?  Touches its set. */
bool assembly_knows(struct assembly *s, const struct fragment_label *label,
		    struct set **set);

/* Finds out the state of a set and how many parts it has. */
void assembly_judge(struct assembly *s, struct set *set);
/* Joins a set that is READY, and tidies up where it was JOINED; what is wrong
 * with the set itself makes it CORRUPT, or INCOMPLETE, with a note and no
 * error. */
int assembly_join(struct assembly *s, struct set *set, struct error *f);

/* What was added and not joined stays, whatever happens to the machine. */
int assembly_sync(struct assembly *s, struct error *f);

/* Numbers as people count them: of NUMBERED, those of the files' names. */
unsigned set_first(const struct set *set);
unsigned set_shown(const struct set *set, unsigned n);
bool set_has(const struct set *set, unsigned n);
/* Its parts by their numbers: free it; NULL when there are none. */
const struct part_store_part **set_in_order(const struct set *set);
void set_note(struct assembly *s, struct set *set, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
