/* assemble.h - joins sets of fragments to files.
 *
 * Each fragment is added once, in any order, and kept in the part store until
 * its set is complete; a duplicate changes nothing, and a different one with
 * the same number is a conflict, which makes the set corrupt.  The digest of a
 * slice is verified before it is accepted.  A complete set is joined: it is
 * written to a temporary file, the digest of the whole file is verified, the
 * file gets its name, and the parts are removed from the part store.
 *
 * Formats with less information are complete when their numbers, begin and end
 * lines, and sizes agree; if no part has the number of parts, the last must be
 * shorter than the others, which have equal sizes, or the user gives the
 * number.
 *
 * Memory grows with the number of received parts, not with their size or with
 * what they claim. */
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
#define ASSEMBLY_NOTES_MAX 100 /* notes for one set */

enum set_state {
	SET_INCOMPLETE,
	SET_READY, /* all parts were received */
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
	bool is_touched;   /* a part was received in this run */
	bool is_described; /* its description was written */
	bool is_unsynced;  /* a part in the store is from this run */
	bool was_there;	   /* the file existed before anything was joined */
	bool is_sure;	   /* JOINED, and the number of parts was known */
	bool is_verified;  /* JOINED, and verified by a digest */
	bool has_conflict;
	bool is_corrupt;      /* joining it failed: it is CORRUPT */
	enum set_state state; /* result of assembly_judge */
	unsigned of;	      /* number of parts; 0: unknown */
	uint64_t size;	      /* octets of the received parts */
	size_t count;	      /* of them */
	struct set_part *parts;
	struct set_part **slots;
	size_t slot_count;
	unsigned damaged;   /* received parts that did not match their label */
	const char **paths; /* JOINED: NULL-terminated */
	struct set_note *notes, **last_note;
	size_t note_count;
	struct set *next;    /* in the order of discovery */
	struct set *in_slot; /* of the assembly */
};

struct assembly {
	struct arena *arena;
	struct part_store store;
	const char *const *spool;
	struct join_output_place place;
	bool is_forced;
	unsigned of;	  /* number of parts, if no part has it; 0: unknown */
	const char *only; /* the set's id, or its beginning; NULL: all */
	struct set *sets, **last;
	size_t set_count;
	struct set *slots[1024];
};

enum verdict {
	VERDICT_ADDED,
	VERDICT_KNOWN,	  /* a duplicate */
	VERDICT_DAMAGED,  /* does not match its label */
	VERDICT_CONFLICT, /* a different one has its number */
	VERDICT_OTHER,	  /* of a set that is not wanted */
};

/* `state` is the part store's directory; the caller sets everything else before
 * anything is added. */
int assembly_open(struct assembly *s, struct arena *a, const char *state,
		  bool is_dry, struct error *f);
void assembly_close(struct assembly *s);
/* Does `only` select it? */
bool assembly_wants(const struct assembly *s, const char *set);
struct set *assembly_find(const struct assembly *s, const char *set);

/* *set is its set, NULL for VERDICT_OTHER. */
int assembly_add(struct assembly *s, const struct fragments *from,
		 const struct fragment *x, enum verdict *verdict,
		 struct set **set, struct error *f);
/* Would a slice with this label be a duplicate?  Marks its set as touched. */
bool assembly_knows(struct assembly *s, const struct fragment_label *label,
		    struct set **set);

/* Determines the state and the number of parts of a set. */
void assembly_judge(struct assembly *s, struct set *set);
/* Joins a set that is READY, and cleans up one that was JOINED; problems of the
 * set itself make it CORRUPT, or INCOMPLETE, with a note and no error. */
int assembly_join(struct assembly *s, struct set *set, struct error *f);

/* Makes parts that were added and not joined survive a power failure. */
int assembly_sync(struct assembly *s, struct error *f);

/* Part numbers for display: for NUMBERED, those in the file names. */
unsigned set_first(const struct set *set);
unsigned set_shown(const struct set *set, unsigned n);
bool set_has(const struct set *set, unsigned n);
/* Its parts by their numbers; the caller frees it; NULL when there are none. */
const struct part_store_part **set_in_order(const struct set *set);
void set_note(struct assembly *s, struct set *set, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
