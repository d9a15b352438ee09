/* input_inside.h - a file that the user named: how it is read (input.c), and
 * what is made of its content (input_content.c). */
#ifndef COMPOSE_INPUT_INSIDE_H
#define COMPOSE_INPUT_INSIDE_H

#include <sys/stat.h>

#include "compose/input.h"
#include "flow/stage.h"

struct input {
	const char *name;
	int fd;
	const struct slice *known; /* it was there already; or NULL */
	bool is_standard;
	bool is_plain; /* a regular file whose size can be believed */
	struct stat st;
	bool is_staged;
	struct stage stage;
	bool is_read;	    /* it has all there was */
	bool is_cut;	    /* the stage has only the beginning */
	struct error error; /* why */
	bool is_in_place;   /* it is read where it lies */
	struct slice place;
	struct slice_file file; /* as it was when it was opened */
	bool is_pooled;		/* it was copied, to there */
	struct slice pooled;
	bool is_unwrapped;
	struct stage message; /* that was in an mbox */
	bool is_squeezed;
	struct stage squeezed; /* the content, compressed */
	struct slice compressed;
	bool is_converted;
	struct stage text; /* the content, in UTF-8 */
	struct input *next;
};

/* The slice of what was staged; the stage may then be empty: where one more
 * file of its own would be too many, its bytes are moved to the file that
 * several inputs share (1 is returned; 0 otherwise, -1 with the error). */
int input_take_stage(struct inputs *all, struct input *in, struct stage *stage,
		     struct slice *out, struct error *f);

#endif
