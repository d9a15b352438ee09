/* peer.h - the user at the other end of a socket in the file system.
 *
 * The kernel reports the user who connected (SO_PEERCRED), which is as good as
 * a login.  A program that passes its connected socket to another passes its
 * identity, too.
 *
 * A user without a name in the password database is called "uid1000".  All of
 * them count as one user for limits, since one person may have many uids
 * (subuid(5)).  Groups are those of the process (SO_PEERGROUPS); kernels before
 * 4.13 do not report them, and then the group database is used. */
#ifndef SERVER_PEER_H
#define SERVER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

#define PEER_NAME_SIZE 64

struct peer {
	unsigned uid, gid;
	bool has_name;
	char name[PEER_NAME_SIZE]; /* fit for an address and for a comment */
	char label[PEER_NAME_SIZE + 24]; /* "alice, uid 1000" */
	char share[24]; /* whose limits count: "1000", "nameless" */
	gid_t *groups;	/* in the arena */
	size_t count;
};

/* Their number; ERROR_OS where the kernel does not tell. */
int peer_read(struct peer *p, int fd, struct error *f);
/* ... their name, which another of that number may have already (or NULL), ...
 */
void peer_name(struct peer *p, const struct peer *known);
/* ... and their groups. */
int peer_read_groups(struct peer *p, struct arena *a, int fd, struct error *f);
/* Is it they whom "GROUP" or "user:NAME" names?  Numbers will do. */
bool peer_is(const struct peer *p, const char *who);
/* Warns of each name in such a list that this machine does not know. */
void peer_check_list(struct arena *a, const char *list);
/* Are they among those of a list (serve_allow)?  NULL: all are; root is in any
 * case. */
bool peer_is_allowed(const struct peer *p, struct arena *a, const char *list);

#endif
