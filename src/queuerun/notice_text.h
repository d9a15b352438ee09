/* notice_text.h - what a notice says to a person, and other people's words,
 * made fit to stand in it. */
#ifndef QUEUERUN_NOTICE_TEXT_H
#define QUEUERUN_NOTICE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "flow/sink.h"
#include "queuerun/notice_report.h"

/* Appends the text in one line: what is not safe (base/text.h), and with
 * `ascii` all that is not ASCII, becomes \xNN.  More than `max` octets
 * are cut on a character's boundary, with "..." behind. */
void notice_text_put(struct buf *out, const char *text, bool ascii, size_t max);
/* One paragraph, indented, broken at spaces to fit a screen.  The text is a
 * line as notice_text_put makes it. */
int notice_text_wrap(struct sink *to, size_t indent, const char *text);

/* The subject, UTF-8. */
void notice_text_subject(const struct notice_report *r, struct buf *out);
/* Which mail, to whom, why in the server's own words, and what can be done.
 * Of many recipients the first ones; the fields have them all.  UTF-8. */
int notice_text_write(const struct notice_report *r, struct sink *to);

#endif
