/* listener.h - sockets that wait for clients, and who may connect to them.
 *
 * "PORT", "ADDRESS:PORT", "NAME:PORT" or "[IPV6]:PORT"; without an address it
 * is loopback, "*" is every address, port 0 any free one.  "unix:PATH" is a
 * socket in the file system, for users of this machine, whom the kernel names
 * (server/peer.h).  If systemd has opened sockets for us (LISTEN_FDS), those
 * are used instead.
 *
 * The last directory of the path is made if it is missing.  A new socket is
 * renamed to its name after it has its mode and group and listens, so nobody
 * can connect before.  A socket that a dead process left behind is replaced;
 * any other file of that name, or a socket where somebody answers, is not. */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"

#define LISTENERS_MAX	   16
#define LISTENER_NAME_SIZE 120

struct listeners {
	int fds[LISTENERS_MAX];
	char names[LISTENERS_MAX][LISTENER_NAME_SIZE]; /* listener_name's */
	size_t count;
	bool is_local;	   /* only this machine reaches any of them */
	bool has_unix;	   /* one of them is in the file system */
	const char *path;  /* of the one that we made there; or NULL */
	struct stat named; /* what has that name */
};

/* Whether `text` is of the form; ERROR_USAGE. */
int listener_check(const char *text, struct error *f);
/* `account` says which mode and group a socket in the file system has. */
int listener_open(struct listeners *l, struct arena *a, const char *text,
		  const struct account *account, struct error *f);
/* A note of each, for people. */
void listener_announce(const struct listeners *l);
/* In the process of a connection: the name stays. */
void listener_close(struct listeners *l);
/* Does the account send by one of them?  Then a mail would come back for ever:
 * ERROR_CONFIG.  After listener_close, too. */
int listener_check_way(const struct listeners *l, const struct account *account,
		       struct error *f);
/* Takes the name of a socket in the file system away, where it is still ours
 * and we may. */
void listener_unlink(const struct listeners *l);

/* "127.0.0.1:25", "[::1]:25", "/run/mailsend/submit"; the host alone without
 * `port`. */
void listener_name(const struct sockaddr *address, socklen_t size, bool port,
		   char out[LISTENER_NAME_SIZE]);
/* Does it come from, or wait for, this machine alone? */
bool listener_is_local(const struct sockaddr *address);

#endif
