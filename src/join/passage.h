/* passage.h - the octets of a fragment, out of the message that carries it. */
#ifndef JOIN_PASSAGE_H
#define JOIN_PASSAGE_H

#include <stdbool.h>

#include "base/arena.h"
#include "flow/sink.h"
#include "flow/source.h"
#include "join/fragment.h"
#include "join/leftover.h"
#include "mail/fragment_label.h"
#include "mail/parse.h"

/* What one look at a text finds. */
struct passage_look {
	bool has_label;
	struct fragment_label label;
	bool has_uu, has_begin, has_end;
	bool is_mangled; /* its uuencode is quoted-printable, and not said so */
	const char *uu_name; /* clean, or NULL */
	bool is_archive;
	unsigned part, of;
	bool has_next, is_over;
	const char *lock, *title;
};

/* `encoding` is what Content-Transfer-Encoding says, or NULL. */
bool passage_is_uu(const char *encoding);
bool passage_is_text(const struct entity *e, const char *type);
int passage_look(struct passage_look *look, struct arena *a,
		 const struct slice *message, const struct entity *e,
		 struct fault *f);
/* What else it says, in `found`. */
int passage_leftover(const struct slice *message, const struct entity *e,
		     struct leftover *found, struct fault *f);
/* Every uuencoded file of a text: `open` names where it goes, `close` is called
 * with whether it is damaged or has no end. */
struct passage_files {
	int (*open)(void *context, const char *name, struct sink **to,
		    struct fault *f);
	int (*close)(void *context, bool is_damaged, struct fault *f);
	void *context;
};
int passage_put_files(const struct slice *message, const struct entity *e,
		      const struct passage_files *files, struct fault *f);
/* 1 when the octets are in doubt. */
int passage_put(const struct slice *message, const struct entity *e,
		enum fragment_way way, bool is_text, struct sink *to);

#endif
