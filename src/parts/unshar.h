/* unshar.h - reads a shell archive without running it.
 *
 * A sink for the script, with LF line ends; of an archive in several parts, for
 * all of them in order.  It reads only here-documents of the commands that
 * archives use to restore files: "sed 's/^X//'", cat and uudecode, with output
 * to a file, to uudecode, or to a temporary file that is uudecoded later.  The
 * rest of the script is skipped.  Nothing is decompressed. */
#ifndef PARTS_UNSHAR_H
#define PARTS_UNSHAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "codec/uu.h"
#include "flow/digest.h"
#include "flow/sink.h"

#define UNSHAR_LINE_MAX	 4096
#define UNSHAR_WORD_MAX	 300
#define UNSHAR_FILES_MAX 1000

/* Receives the files.  One is open at a time; its name is not sanitized. */
struct unshar_target {
	int (*open)(void *context, const char *name, struct sink **to,
		    struct error *f);
	int (*close)(void *context, struct error *f);
	void *context;
};

struct unshar_stated; /* the size of a file, as the archive states it */
struct unshar {
	struct sink sink;

	/* results, valid for the input so far */
	bool is_archive;   /* begins as a script, and identifies itself as an
			      archive */
	unsigned part, of; /* 0: unknown */
	bool has_next;	   /* another part follows */
	bool is_over;	   /* "exit 0" was found */
	bool is_open;	   /* a file has begun and not ended */
	size_t files;	   /* that were begun */
	const char *lock;  /* the archive's temporary directory, or "" */
	const char *title;
	const char *problem; /* what is damaged, or NULL */

	/* running state */
	struct arena *arena;
	struct unshar_target target;
	struct unshar_stated *stated;
	size_t stated_count;
	bool is_script; /* past "#!" */
	enum {
		UNSHAR_SCRIPT,
		UNSHAR_SKIP,
		UNSHAR_FILE,
		UNSHAR_UU,
		UNSHAR_SUMS,
	} state;
	bool ends_file; /* the file ends with the here-document */
	char delimiter[UNSHAR_WORD_MAX], prefix[UNSHAR_WORD_MAX];
	char name[UNSHAR_WORD_MAX]; /* of the file that is open, or was */
	struct sink *to;	    /* the open file; NULL: none */
	uint64_t size;		    /* of it so far */
	bool holds_newline;
	bool has_sum;
	struct digest sum;
	char sum_hex[DIGEST_HEX_SIZE];
	struct unuu uu;
	bool has_uu;
	struct sink meter; /* counts and digests the output of unuu */
	bool is_mid_line;
	size_t held;
	char line[UNSHAR_LINE_MAX];
};

/* `target` NULL: only examine the script. */
void unshar_init(struct unshar *s, struct arena *a,
		 const struct unshar_target *target, struct error *f);
/* Copies the script from its first to its last line. */
void unshar_pass_on(struct unshar *s, struct sink *next);
/* After close, or instead of it. */
void unshar_free(struct unshar *s);

#endif
