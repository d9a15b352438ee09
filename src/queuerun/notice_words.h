/* notice_words.h - what a notice says to a person. */
#ifndef QUEUERUN_NOTICE_WORDS_H
#define QUEUERUN_NOTICE_WORDS_H

#include "base/buf.h"
#include "queuerun/notice_report.h"

/* The subject, UTF-8. */
void notice_words_subject(const struct notice_report *r, struct buf *out);
/* Which mail, to whom, why in the server's own words, and what can be done.
 * Of many recipients the first ones; the fields have them all.  UTF-8. */
int notice_words_write(const struct notice_report *r, struct sink *to);

#endif
