/* serve_inside.h - shared by the listening process (serve.c) and those of the
 * connections (serve_client.c). */
#ifndef SERVER_SERVE_INSIDE_H
#define SERVER_SERVE_INSIDE_H

#include <sys/types.h>

#include "server/clients.h"
#include "server/serve.h"
#include "server/workers.h"

/* How we call ourselves. */
const char *serve_name(const struct account *account);
/* For signals: neither end blocks, and no other program gets them. */
int serve_pipe(int ends[2], struct error *f);
void serve_drain(int fd);
/* A process for a connection, or -1; it can be asked to go (CLIENT_CLOSE) from
 * the first moment. */
pid_t serve_fork(struct error *f);
/* In that process: all of the connection, which is closed then, and those that
 * are handed to it afterwards. */
void serve_clients(const struct serve *s, const struct workers *w,
		   struct worker *one, int line, int fd, struct client *client);

#endif
