/* clients.h - the connections that are served, and which one is closed when
 * places run out.
 *
 * The number of places is limited.  Another machine (with IPv6: a /64 network)
 * gets at most a quarter of them.  Programs of this machine all have the same
 * address, so they have no such limit; but a local user whom the kernel names
 * gets a quarter at most, too, even if other places are free.  Root has no
 * limit.  If no place is free for a new client, the least active connection is
 * closed:
 *
 *	has sent nothing yet			at any time, the oldest first
 *	between two mails			after 2 seconds
 *	in a mail, waiting for the client	after 20 seconds
 *	in a mail, processing			never
 *
 * If none can be closed, the new client is rejected.
 *
 * Each process reports its stage in shared memory.  It is asked to close by a
 * signal, and closes if its stage has not changed meanwhile. */
#ifndef SERVER_CLIENTS_H
#define SERVER_CLIENTS_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "server/listener.h"
#include "server/peer.h"

enum client_stage { CLIENT_NEW, CLIENT_IDLE, CLIENT_IN_MAIL, CLIENT_WORKING };

/* Shared with the process of the connection. */
struct client_state {
	_Atomic(int) stage; /* enum client_stage */
	_Atomic(uint64_t)
		since;		/* sysenv_ticks: we wait for it from there on */
	_Atomic(bool) is_asked; /* to go, if that is still so */
};

struct client {
	pid_t pid;		       /* 0: free */
	char from[LISTENER_NAME_SIZE]; /* for people */
	char share[LISTENER_NAME_SIZE];
	bool is_local;
	bool is_user; /* by the kernel's word: */
	struct peer peer;
	uint64_t asked; /* sysenv_ticks when it was asked to go; 0: not */
	struct client_state *state;
};

struct clients {
	struct client *all;
	size_t room;   /* a little more than the places: who is asked to go */
	size_t places; /* needs a moment */
	size_t count;
};

int clients_init(struct clients *c, struct arena *a, size_t places,
		 struct error *f);
/* Who it is. */
void client_name(struct client *one, const struct sockaddr *address,
		 socklen_t size);
/* The same of the other end of a socket in the file system.  One who is served
 * already costs no look into the password database. */
int client_name_user(const struct clients *c, struct client *one, int fd,
		     struct error *f);
/* Is it a user who has all the places that they may have? */
bool clients_has_share(const struct clients *c, const struct client *newcomer);
/* A place for it, after somebody was asked to go where that helps; NULL where
 * there is none.  It is occupied once its process has begun. */
struct client *clients_place(struct clients *c, const struct client *newcomer);
void clients_began(struct clients *c, struct client *place, pid_t pid);
/* Are there some who were asked to go, so that it is of use to wait a moment?
 */
bool clients_are_closing(const struct clients *c);
/* The process has ended. */
void clients_forget(struct clients *c, pid_t pid);
void clients_signal(const struct clients *c, int number);

/* In the process of the connection. */
void client_set_stage(struct client_state *s, enum client_stage stage,
		      uint64_t since);
/* Has it to go: was it asked to, and is it as it was? */
bool client_must_close(const struct client_state *s, uint64_t now);

#define CLIENT_CLOSE SIGUSR1 /* the signal that asks */

#endif
