/* talk_inside.h - what the files of talk.h have among themselves. */
#ifndef TALK_TALK_INSIDE_H
#define TALK_TALK_INSIDE_H

#include "talk/talk.h"

/* ---- talk_say.c: what is seen, and what goes out ---- */

/* A line of the conversation, to the screen and the transcript: 'C', 'S', '*'.
 * For the screen alone: '=' is an explanation, ' ' what was asked for. */
void talk_show(struct talk *t, char direction, const char *text, size_t n);
void talk_printf(struct talk *t, char direction, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define talk_remark(t, ...) talk_printf(t, '*', __VA_ARGS__)
/* What was asked for, on the screen alone. */
#define talk_tell(t, ...) talk_printf(t, ' ', __VA_ARGS__)
/* Text as it is, for the screen alone. */
void talk_print(struct talk *t, const char *text);
/* The server's: a challenge is masked in the transcript, secrets everywhere. */
void talk_show_heard(struct talk *t, const char *line, size_t n);
/* What was said and is not to be seen, wherever the server repeats it.  An
 * answer of SASL is remembered decoded, too. */
void talk_remember(struct talk *t, const char *secret);
/* Takes what is remembered out of a text. */
void talk_hide(const struct talk *t, char *text);
void talk_forget(struct talk *t);

/* A command, whatever it begins with. */
int talk_say(struct talk *t, const char *line, struct error *f);
/* The next line, as it is: `shown` stands for it. */
int talk_say_line(struct talk *t, const char *line, const char *shown,
		  struct error *f);
/* A file as the message that the server waits for, with its end. */
int talk_send_file(struct talk *t, const char *path, struct error *f);
/* Its octets with CRLF, a last line end included; -1 the error. */
int talk_measure_file(const char *path, uint64_t *octets, struct error *f);

/* ---- talk_input.c ---- */

/* 1 when something was done, 0 when there is nothing more to look at. */
int talk_take_input(struct talk *t, struct error *f);
void talk_draw(struct talk *t);
void talk_break_off(struct talk *t);
void talk_complete(void *context, const char *word, struct buf *out);

/* ---- talk.c: \auth ---- */

int talk_login_begin(struct talk *t, const char *mechanism, const char *user,
		     struct error *f);
void talk_login_end(struct talk *t);

#endif
