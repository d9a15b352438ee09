/* heading.h - who writes to whom: the header and the envelope.
 *
 * One rule says what an address becomes, in header and envelope alike:
 * resolve.h.  Bcc goes into the envelope and never into the header. */
#ifndef SUBMIT_HEADING_H
#define SUBMIT_HEADING_H

#include "base/fault.h"

struct composition;

/* Fills message.header and envelope from the request. */
int heading_of_message(struct composition *c, struct fault *f);
/* Adds to draft.header what is missing, and reads the recipients from it. */
int heading_of_draft(struct composition *c, struct fault *f);

#endif
