/* uu.h - uuencode (POSIX uuencode, historical algorithm).
 *
 * "begin MODE NAME", lines of 45 octets, "`", "end", all ended by CRLF.  Zero
 * is written as a backquote, so that no line ends in a space. */
#ifndef CODEC_UU_H
#define CODEC_UU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/base64.h"
#include "flow/sink.h"

#define UU_LINE 45

struct uu {
	struct sink sink;
	size_t held;
	bool is_last; /* the end is in this section */
	unsigned char rest[UU_LINE];
};

/* Writes the begin line at once.  `name` has no control bytes.  Of a file that
 * is split over several messages only the first section has the begin line, and
 * only the last has the end; all but the last have a multiple of UU_LINE
 * octets. */
void uu_init(struct uu *s, struct sink *next, const char *name, unsigned mode,
	     bool is_first, bool is_last);

/* Decodes uuencode in a text with other content.
 *
 * The data is between "begin MODE NAME" and "end"; begin-base64 is supported
 * too.  In a file that was split over several messages a section may have
 * neither: there it begins at the first full line of 45 octets, or at a shorter
 * one just before the end.  Lines are data only if their length matches their
 * first character.  One file is read, the first; with `is_many` all of them,
 * each between a call of `began` and one of `ended`. */

#define UNUU_NAME_SIZE 256
#define UNUU_LINE_MAX  400 /* longer lines are not data */

struct unuu {
	struct sink sink;
	/* Called once, after a begin line was read; may change sink.next. May
	 * be NULL. */
	int (*began)(struct unuu *s);
	/* With is_many; has_end and is_damaged are the file's. */
	int (*ended)(struct unuu *s);
	bool is_many;
	void *context;

	bool has_begin, has_data, has_end;
	bool is_damaged;	   /* lines are missing or were changed */
	char name[UNUU_NAME_SIZE]; /* of the begin line, not sanitized */

	/* running state */
	bool is_section;
	enum { UNUU_SEEK, UNUU_DATA, UNUU_BASE64, UNUU_DONE } state;
	bool is_pending;  /* begun, and began was not called yet */
	bool was_broken;  /* data ended at an invalid line */
	bool has_spaces;  /* zero is written as a space */
	bool was_nothing; /* the previous line had no octets */
	size_t candidate; /* octets of a short line that may be data */
	char candidate_line[96];
	struct unbase64 base64;
	size_t held; /* of a line; more than UNUU_LINE_MAX: it is too long */
	char line[UNUU_LINE_MAX];
	size_t filled;
	char room[2048];
};

/* next may be NULL, to examine the text only. */
void unuu_init(struct unuu *s, struct sink *next, bool is_section,
	       struct error *f);

/* The name in a line that begins a file ("begin 644 x"); NULL for any other. */
const char *unuu_begins(const char *line, size_t n);
/* Can the line (without its line end) belong to a file: begin, data, end? */
bool unuu_is_line(const char *line, size_t n);

#endif
