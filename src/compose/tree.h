/* tree.h - the parts of a message, out of the files that a request names.
 *
 * All are opened before the first is read: what can fail without standard input
 * fails before it is read. */
#ifndef COMPOSE_TREE_H
#define COMPOSE_TREE_H

#include "compose/compose.h"

/* The files of a request between opening and reading. */
struct tree_files {
	struct input *include, *body, *html; /* NULL: not there */
	struct input **attachments;	     /* in the request's order */
};

int tree_open(struct composition *c, struct tree_files *o, struct error *f);
/* The request's own message: its root, its body and its attachments. */
int tree_build(struct composition *c, const struct tree_files *o,
	       struct error *f);
/* A text that is there, and the attachments. */
int tree_attach(struct composition *c, const struct tree_files *o,
		struct part *text, struct error *f);
/* Attachments whose file has changed since it was opened are copies from now
 * on, of what is there: 1 where there are any, and it has to be prepared again;
 * 0, -1. */
int tree_copy_changed(struct composition *c, struct part *root,
		      struct error *f);
struct part *tree_leaf(struct composition *c, const char *type,
		       const struct slice *content);

#endif
