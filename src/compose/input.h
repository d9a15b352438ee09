/* input.h - what the user named, as slices that can be read twice.
 *
 * A regular file is read where it lies, also while it is sent; a pipe, a
 * terminal or a file that hides its size (/proc) is staged first, and so is
 * anything that has to be looked at before it is written, since it may change
 * in between. */
#ifndef COMPOSE_INPUT_H
#define COMPOSE_INPUT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "codec/compress.h"
#include "flow/source.h"
#include "mail/cid_links.h"

struct input;
/* What is there already, by the path that the request names it by. */
struct input_known {
	const char *path;
	const struct slice *content;
};
struct inputs {
	struct arena *arena;
	const char *const *spool; /* folders for staging */
	bool dot_ends;		  /* standard input, alone on a line */
	bool has_comments;	  /* a header on standard input (template.h) */
	const struct slice *standard; /* it was read already; NULL: read it */
	const struct input_known *known; /* up to a NULL path; NULL: nothing */
	struct input *first;
	long held;		 /* files, and copies in a file of their own */
	struct input_pool *pool; /* NULL while they are few */
	unsigned looks;		 /* at those that changed, until they rest */
};

/* "-", or one of the names by which the system calls standard input; NULL is
 * none. */
bool input_is_standard(const char *path);
void inputs_free(struct inputs *all);
/* How many descriptors it holds open. */
long inputs_descriptors(const struct inputs *all);
/* Half of what a process may have open, which leaves the rest for all else; 0:
 * there is no limit. */
long inputs_descriptors_max(void);
/* "-" is standard input.  The slice lives until inputs_free.  Opening does
 * not read: a pipe is read by input_slice.  Of more files than
 * inputs_descriptors_max each is copied into one that they share, and closed;
 * and so are copies, compressed or not. */
struct input *input_open(struct inputs *all, const char *path, struct error *f);
/* `copy`: stage it though it is a plain file. */
int input_slice(struct inputs *all, struct input *in, bool copy,
		struct slice *out, struct error *f);
/* Of an attachment: where the content is read from a file in place, it is an
 * error from now on to read it once the file has changed (flow/slice.h).  Such
 * content is then a copy of what is in the file by now, and the result 1; 0
 * where it is none. */
void input_watch(struct input *in, struct slice *content);
int inputs_copy_changed(struct inputs *all, struct slice *content,
			struct error *f);
/* A whole message: where the input is an mbox, the one that is in it. */
int input_message(struct inputs *all, struct input *in, struct slice *out,
		  struct error *f);
/* The same compressed, unless it is already: then *out stays and the result is
 * 0; 1 when *out is the compressed content. */
int input_compress(struct inputs *all, struct input *in,
		   enum compression method, struct slice *out, struct error *f);
/* The same for people to read, which must be text that mail can say the charset
 * of: UTF-16 and UTF-32 become UTF-8, and so does UTF-8 that is broken in a few
 * places.  `told` is the charset by name, or NULL.  1 when *out is the text
 * made so, in UTF-8; 0 when it stays as it was. */
int input_text(struct inputs *all, struct input *in, const char *told,
	       struct slice *out, struct error *f);
/* HTML likewise; links to one of the names become links to its id. */
int input_html(struct inputs *all, struct input *in,
	       const struct cid_name *names, struct slice *out,
	       struct error *f);
/* A message that an editor has put a byte order mark before, or all of it into
 * UTF-16: without it, and in UTF-8. */
int input_drop_mark(struct inputs *all, struct input *in, struct slice *out,
		    struct error *f);
bool input_is_mbox(const struct input *in);
/* What there is of standard input, for a dead letter, when something went
 * wrong; *cut is why that is not all of it, or NULL.  Where it is a pipe or a
 * socket that was not read, or not to its end, it is read now, so that whoever
 * writes to it can go on: INPUTS_KEPT_MAX octets are kept, what follows is
 * dropped.  False where there is nothing, or where it was a file, which is
 * there still. */
bool inputs_rescue(struct inputs *all, struct slice *out, const char **cut);
#define INPUTS_KEPT_MAX ((uint64_t)100 * 1024 * 1024)
/* All that standard input was, also where that was nothing; false when nobody
 * read it.  With `is_file` it is a file that has a name. */
bool inputs_read(const struct inputs *all, struct slice *out, bool *is_file);
/* Permission bits of the file, 0644 for a stream. */
unsigned input_mode(const struct input *in);

#endif
