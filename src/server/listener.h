/* listener.h - sockets that wait for clients, and who may reach them.
 *
 * "PORT", "ADDRESS:PORT", "NAME:PORT" or "[IPV6]:PORT"; without an address it
 * is loopback, "*" is every address, port 0 any free one.  Where systemd has
 * opened sockets for us (LISTEN_FDS), those are used instead. */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/socket.h>

#include "base/arena.h"
#include "base/error.h"

#define LISTENERS_MAX 16

struct listeners {
	int fds[LISTENERS_MAX];
	size_t count;
	bool is_local; /* only this machine reaches any of them */
};

/* Whether `text` is of the form; ERROR_USAGE. */
int listener_check(const char *text, struct error *f);
int listener_open(struct listeners *l, struct arena *a, const char *text,
		  struct error *f);
/* A note of each, for people. */
void listener_announce(const struct listeners *l);
void listener_close(struct listeners *l);

#define LISTENER_NAME_SIZE 80

/* "127.0.0.1:25", "[::1]:25"; the host alone without `port`. */
void listener_name(const struct sockaddr *address, socklen_t size, bool port,
		   char out[LISTENER_NAME_SIZE]);
/* Does it come from, or wait for, this machine alone? */
bool listener_is_local(const struct sockaddr *address);

#endif
