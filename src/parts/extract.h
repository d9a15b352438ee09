/* extract.h - the octets of a fragment, out of the message that carries it. */
#ifndef PARTS_EXTRACT_H
#define PARTS_EXTRACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "mail/fragment_label.h"
#include "mail/parse.h"
#include "parts/fragment.h"

/* What a text says besides the part of a file that it carries.
 *
 * A sink takes the text with LF line ends.  Lines of uuencode are the file's,
 * what is between "This is part N of M" and the label is ours, and what
 * is below a line of dashes or the like at the end is what a gateway or a
 * list writes below every mail.  All else a person wrote, and it is nowhere
 * but here. */

#define LEFTOVER_LINE_MAX   400
#define LEFTOVER_FOOTER_MAX 4096 /* octets; what is longer is no footer */

struct leftover {
	struct sink sink;
	bool has_text;		      /* after close */
	unsigned files;		      /* begin lines of uuencode */
	char name[LEFTOVER_LINE_MAX]; /* of the last of them */
	/* running state */
	enum { LEFTOVER_TEXT, LEFTOVER_OURS, LEFTOVER_LABEL } state;
	size_t footer; /* octets since the line of dashes; 0: there is none */
	bool is_long;
	size_t held;
	char line[LEFTOVER_LINE_MAX];
};

/* What one look at a text finds. */
struct extract_look {
	bool has_label;
	struct fragment_label label;
	bool has_uu, has_begin, has_end;
	enum fragment_way uu_way; /* of the uuencode */
	const char *uu_name;	  /* clean, or NULL */
	bool is_archive;
	unsigned part, of;
	bool has_next, is_over;
	const char *lock, *title;
};

/* `encoding` is what Content-Transfer-Encoding says, or NULL. */
bool extract_is_uu(const char *encoding);
bool extract_is_text(const struct entity *e, const char *type);
/* Where a part is expected, it is looked for below what was done to the text on
 * its way, too. */
int extract_look(struct extract_look *look, struct arena *a,
		 const struct slice *message, const struct entity *e,
		 bool is_expected, struct error *f);
/* What else it says, in `found`; `way` is how its uuencode is read. */
int extract_leftover(const struct slice *message, const struct entity *e,
		     enum fragment_way way, struct leftover *found,
		     struct error *f);
/* Every uuencoded file of a text: `open` names where it goes, `close` is called
 * with whether it is damaged or has no end. */
struct extract_files {
	int (*open)(void *context, const char *name, struct sink **to,
		    struct error *f);
	int (*close)(void *context, bool is_damaged, struct error *f);
	void *context;
};
int extract_put_files(const struct slice *message, const struct entity *e,
		      const struct extract_files *files, struct error *f);
/* 1 when the octets are in doubt. */
int extract_put(const struct slice *message, const struct entity *e,
		enum fragment_way way, bool is_text, struct sink *to);

/* ---- what is done to a text on its way, undone ---- */

/* A sink for a text with LF line ends.  A reply puts "> " before each line; a
 * gateway that passes texts through HTML writes "&lt;" for "<".  Whether that
 * is what happened the reader of the result has to know. */

enum unmangle_how { UNMANGLE_QUOTED, UNMANGLE_HTML };

struct unmangle {
	struct sink sink;
	enum unmangle_how how;
	bool is_amid; /* of a line */
	size_t held;
	char room[8]; /* what may be a mark, so far */
};

void unmangle_init(struct unmangle *s, struct sink *next,
		   enum unmangle_how how);

#endif
