/* notice_text.h - the text of a notice for people, and how foreign text is put
 * into it. */
#ifndef QUEUERUN_NOTICE_TEXT_H
#define QUEUERUN_NOTICE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "flow/sink.h"
#include "queuerun/notice_report.h"

/* Appends the text in one line: what is not safe (base/text.h), and with
 * `ascii` all that is not ASCII, becomes \xNN.  More than `max` octets are cut
 * at a character's boundary, with "..." at the end. */
void notice_text_put(struct buf *out, const char *text, bool ascii, size_t max);
/* One paragraph, indented and wrapped at spaces.  The text is a line as made by
 * notice_text_put. */
int notice_text_wrap(struct sink *to, size_t indent, const char *text);

/* The subject, UTF-8. */
void notice_text_subject(const struct notice_report *r, struct buf *out);
/* Which mail, to which recipients, the server's reply, and what can be done.
 * Of many recipients only the first ones; the fields have them all.  UTF-8. */
int notice_text_write(const struct notice_report *r, struct sink *to);

#endif
