/* entry_rows.h - the lines of an entry's file; entry's own.
 *
 * The same rows write and read, so that what is written can be read.  A field
 * that has nothing to say has no line. */
#ifndef QUEUE_ENTRY_ROWS_H
#define QUEUE_ENTRY_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#define ENTRY_FIRST_LINE "mailsend-queue 1"

enum row_type {
	ROW_TEXT,  /* const char *; NULL: no line */
	ROW_WORDS, /* const char *, a server's; "" or NULL: no line */
	ROW_CHARS, /* char[size], a server's; "": no line */
	ROW_PATH,  /* const char *, in <> */
	ROW_YES,   /* bool; false: no line */
	ROW_TIME,  /* int64_t; 0: no line */
	ROW_SIZE,  /* uint64_t */
	ROW_TALLY, /* unsigned; 0: no line */
	ROW_CODE,  /* int, a reply code; 0: no line */
	ROW_KIND,
	ROW_STATE,
	ROW_CAUSE, /* ERROR_NONE: no line */
};

struct row {
	const char *name;
	enum row_type type;
	size_t at, size;
	bool is_required;
};

extern const struct row entry_rows[], recipient_rows[];
extern const size_t entry_row_count, recipient_row_count;

/* By number, each list ends in NULL. */
extern const char *const entry_kind_words[], *const entry_state_words[];

#endif
