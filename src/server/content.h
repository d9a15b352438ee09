/* content.h - DATA and BDAT, the part of server.c that takes content.
 *
 * For server.c alone; the model is server.h's. */
#ifndef SERVER_CONTENT_H
#define SERVER_CONTENT_H

#include "server/protocol.h"

/* The commands. */
void server_data(struct server *s, const char *argument);
void server_bdat(struct server *s, const char *argument);
/* Octets taken of what belongs to them. */
size_t server_feed_data(struct server *s, const char *data, size_t n);
size_t server_feed_chunk(struct server *s, const char *data, size_t n);

/* What they need of server.c. */
void server_reply(struct server *s, const struct response *a, bool more);
void server_error(struct server *s, int code, const char *esc,
		  const char *text);
void server_forget(struct server *s);
/* One more that brings no message on its way; a hundred are one too many. */
void server_junk(struct server *s);
/* 521 and the end: a line ended in something else than CR LF. */
void server_refuse_lone(struct server *s);

#endif
