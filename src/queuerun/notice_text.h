/* notice_text.h - other people's words, made fit to stand in a notice. */
#ifndef QUEUERUN_NOTICE_TEXT_H
#define QUEUERUN_NOTICE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "flow/sink.h"

/* Appends the text in one line: what is not safe (base/text.h), and with
 * `ascii` all that is not ASCII, becomes \xNN.  More than `max` octets
 * are cut on a character's boundary, with "..." behind. */
void notice_text_put(struct buf *out, const char *text, bool ascii, size_t max);
bool notice_text_is_ascii(const char *text);
/* "in 2 hours" style durations are for people: "4 hours", "5 days". */
void notice_text_put_span(struct buf *out, long long seconds);
/* One paragraph, indented, broken at spaces to fit a screen.  The text is a
 * line as notice_text_put makes it. */
int notice_text_wrap(struct sink *to, size_t indent, const char *text);

#endif
