/* content.h - a message's octets onto the line, as BDAT or DATA wants them.
 *
 * In constant memory, whatever the message's size.  The caller has said the
 * command and says what is owed afterwards; a failure, of the source too,
 * leaves the content unfinished, so that no server can take it for whole. */
#ifndef SMTP_CONTENT_H
#define SMTP_CONTENT_H

#include "base/error.h"
#include "flow/source.h"
#include "smtp/pipeline.h"

struct session_progress; /* session.h; NULL where nobody watches */

/* As it is (RFC 3030 2). */
int content_put_raw(struct pipeline *fl, const struct slice *bytes,
		    const struct session_progress *progress, struct error *f);
/* With dots, up to the last (RFC 5321 4.5.2). */
int content_put_dotted(struct pipeline *fl, const struct slice *bytes,
		       const struct session_progress *progress,
		       struct error *f);

#endif
