/* protocol_inside.h - shared by the files of protocol.h. */
#ifndef SERVER_PROTOCOL_INSIDE_H
#define SERVER_PROTOCOL_INSIDE_H

#include "server/protocol.h"

/* ---- response.c: replies of a session ---- */

void server_reply(struct server *s, const struct response *a, bool more);
void server_say(struct server *s, int code, const char *esc, const char *format,
		...) __attribute__((format(printf, 4, 5)));
/* Counts against the session. */
void server_error(struct server *s, int code, const char *esc,
		  const char *text);
/* Counts a command that leads to no message; a hundred are allowed. */
void server_junk(struct server *s);
/* A message was: what was wrong before it is forgiven. */
void server_accepted(struct server *s);
/* 521 and the end: a line ended in something else than CR LF. */
void server_refuse_lone(struct server *s);

/* ---- content.c: DATA and BDAT ---- */

struct server_mail *server_mail_new(void);

void server_data(struct server *s, const char *argument);
void server_bdat(struct server *s, const char *argument);
/* Return how many octets belong to them. */
size_t server_feed_data(struct server *s, const char *data, size_t n);
size_t server_feed_chunk(struct server *s, const char *data, size_t n);
/* Ends the transaction. */
void server_forget(struct server *s);

#endif
