/* talk_inside.h - shared by the files of talk.h. */
#ifndef TALK_TALK_INSIDE_H
#define TALK_TALK_INSIDE_H

#include "talk/talk.h"

/* ---- talk_send.c: output ---- */

/* Shows a line of the dialogue on the screen and in the transcript: 'C', 'S',
 * '*'. Only on the screen: '=' for an explanation, ' ' for requested output. */
void talk_show(struct talk *t, char direction, const char *text, size_t n);
void talk_printf(struct talk *t, char direction, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
#define talk_remark(t, ...) talk_printf(t, '*', __VA_ARGS__)
/* Requested output, only on the screen. */
#define talk_tell(t, ...) talk_printf(t, ' ', __VA_ARGS__)
/* Text without changes, only on the screen. */
void talk_print(struct talk *t, const char *text);
/* A line of the server: a challenge is masked in the transcript, secrets
 * everywhere. */
void talk_show_received(struct talk *t, const char *line, size_t n);
/* Remembers a secret that was sent, to mask it wherever the server repeats it.
 * A SASL response is remembered decoded, too. */
void talk_remember(struct talk *t, const char *secret);
/* Removes remembered secrets from a text. */
void talk_hide(const struct talk *t, char *text);
void talk_forget(struct talk *t);

/* Sends a command, whatever it begins with. */
int talk_send_command(struct talk *t, const char *line, struct error *f);
/* Sends the next line unchanged; `shown` is displayed instead. */
int talk_send_line(struct talk *t, const char *line, const char *shown,
		   struct error *f);
/* Sends a file as the message that the server waits for, with the final dot. */
int talk_send_file(struct talk *t, const char *path, struct error *f);
/* The size of the file with CRLF, including a final line end; -1 with the
 * error. */
int talk_measure_file(const char *path, uint64_t *octets, struct error *f);

/* ---- talk_input.c ---- */

/* 1 if something was done, 0 if there is no more input. */
int talk_take_input(struct talk *t, struct error *f);
void talk_draw(struct talk *t);
void talk_break_off(struct talk *t);
void talk_complete(void *context, const char *word, struct buf *out);

/* ---- talk_login.c: \auth ---- */

int talk_login_begin(struct talk *t, const char *mechanism, const char *user,
		     struct error *f);
/* Keeps the challenge in a line of the server, until it is answered.  If that
 * is not possible, the exchange is cancelled, and the server sends its final
 * reply. */
void talk_login_challenge(struct talk *t, const char *line);
int talk_login_answer(struct talk *t, struct error *f);
/* After the final reply: a success without proof of the server is reported. */
void talk_login_confirm(struct talk *t);
void talk_login_end(struct talk *t);

#endif
