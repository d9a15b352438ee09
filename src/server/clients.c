/* clients.c - a table in the listening process, and a page shared with the
 * processes of the connections. */
#include "server/clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/process.h"
#include "base/sysenv.h"

#define SHARE	   4	/* one other machine gets a 4th of the places */
#define PARTING_MS 3000 /* a client that was asked to go and has not stays */

/* Milliseconds that each is left alone. */
static const uint64_t patience[] = {
	[CLIENT_NEW] = 0,
	[CLIENT_IDLE] = 2000,
	[CLIENT_IN_MAIL] = 20000,
	[CLIENT_WORKING] = UINT64_MAX,
};

int clients_init(struct clients *c, struct arena *a, size_t places,
		 struct error *f)
{
	size_t room = places + places / 4 + 4;
	struct client_state *states = process_share(room * sizeof(*states), f);

	if (!states)
		return -1;
	*c = (struct clients){ .all = arena_array(a, room, sizeof(*c->all)),
			       .room = room,
			       .places = places };
	for (size_t i = 0; i < room; i++)
		c->all[i].state = states + i;
	return 0;
}

/* ---- who it is ---- */

/* The owner of one address of a /64 network has all of them. */
static void name_share(struct client *one, const struct sockaddr *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct sockaddr_in6 six;

	snprintf(one->share, sizeof(one->share), "%s", one->from);
	if (address->sa_family != AF_INET6)
		return;
	memcpy(&six, address, sizeof(six));
	if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr))
		return;
	memset(six.sin6_addr.s6_addr + 8, 0, 8);
	inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof(text));
	snprintf(one->share, sizeof(one->share), "%s/64", text);
}

void client_name(struct client *one, const struct sockaddr *address,
		 socklen_t size)
{
	one->is_local = listener_is_local(address);
	listener_name(address, size, false, one->from);
	name_share(one, address);
}

static const struct peer *find_user(const struct clients *c, unsigned uid)
{
	for (size_t i = 0; i < c->room; i++)
		if (c->all[i].pid && c->all[i].is_user &&
		    c->all[i].peer.uid == uid)
			return &c->all[i].peer;
	return NULL;
}

int client_name_user(const struct clients *c, struct client *one, int fd,
		     struct error *f)
{
	const struct peer *known;

	if (peer_read(&one->peer, fd, f) < 0)
		return -1;
	known = find_user(c, one->peer.uid);
	peer_name(&one->peer, known);
	one->is_user = true;
	one->is_local = one->peer.uid == 0;
	snprintf(one->from, sizeof(one->from), "%s", one->peer.label);
	snprintf(one->share, sizeof(one->share), "user %s", one->peer.share);
	return 0;
}

/* ---- what it is at ---- */

void client_set_stage(struct client_state *s, enum client_stage stage,
		      uint64_t since)
{
	if (!s)
		return;
	atomic_store(&s->since, since);
	atomic_store(&s->stage, (int)stage);
}

/* If places have run out. */
static bool may_go(const struct client_state *s, uint64_t now)
{
	int stage = atomic_load(&s->stage);
	uint64_t since = atomic_load(&s->since);

	return stage != CLIENT_WORKING &&
	       (now > since ? now - since : 0) >= patience[stage];
}

bool client_must_close(const struct client_state *s, uint64_t now)
{
	return atomic_load(&s->is_asked) && may_go(s, now);
}

/* ---- places ---- */

static bool is_going(const struct client *one, uint64_t now)
{
	return one->asked && now - one->asked < PARTING_MS;
}

static bool is_of(const struct client *one, const char *share)
{
	return one->pid && (!share || strcmp(one->share, share) == 0);
}

/* Places that are occupied and stay so; with `share` those of one machine. */
static size_t occupied(const struct clients *c, const char *share, uint64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < c->room; i++)
		n += is_of(&c->all[i], share) && !is_going(&c->all[i], now);
	return n;
}

/* The lower stage goes first, of one stage the one that we wait for longest. */
static bool goes_before(const struct client *one, const struct client *other)
{
	int a = atomic_load(&one->state->stage);
	int b = atomic_load(&other->state->stage);

	if (a != b)
		return a < b;
	return atomic_load(&one->state->since) <
	       atomic_load(&other->state->since);
}

static bool ask_to_go(struct clients *c, const char *share, uint64_t now)
{
	struct client *found = NULL;

	for (size_t i = 0; i < c->room; i++) {
		struct client *one = &c->all[i];

		if (is_of(one, share) && !is_going(one, now) &&
		    may_go(one->state, now) &&
		    (!found || goes_before(one, found)))
			found = one;
	}
	if (!found)
		return false;
	atomic_store(&found->state->is_asked, true);
	if (kill(found->pid, CLIENT_CLOSE) < 0)
		return false;
	found->asked = now;
	return true;
}

static size_t share_of(const struct clients *c)
{
	return (c->places + SHARE - 1) / SHARE;
}

/* Two at least, for one that has said goodbye may not have gone yet. */
bool clients_has_share(const struct clients *c, const struct client *newcomer)
{
	size_t most = share_of(c) > 1 ? share_of(c) : 2, n = 0;

	if (!newcomer->is_user || newcomer->is_local)
		return false;
	for (size_t i = 0; i < c->room; i++)
		n += is_of(&c->all[i], newcomer->share);
	return n >= most;
}

static bool make_room(struct clients *c, const struct client *newcomer)
{
	uint64_t now = sysenv_ticks();

	if (c->count >= c->room)
		return false;
	if (!newcomer->is_local && !newcomer->is_user &&
	    occupied(c, newcomer->share, now) >= share_of(c))
		return ask_to_go(c, newcomer->share, now);
	return occupied(c, NULL, now) < c->places || ask_to_go(c, NULL, now);
}

struct client *clients_place(struct clients *c, const struct client *newcomer)
{
	if (!make_room(c, newcomer))
		return NULL;
	for (size_t i = 0; i < c->room; i++) {
		struct client_state *state = c->all[i].state;

		if (c->all[i].pid)
			continue;
		c->all[i] = *newcomer;
		c->all[i].state = state;
		c->all[i].asked = 0;
		atomic_store(&state->is_asked, false);
		client_set_stage(state, CLIENT_NEW, sysenv_ticks());
		return &c->all[i];
	}
	return NULL;
}

void clients_began(struct clients *c, struct client *place, pid_t pid)
{
	place->pid = pid;
	c->count++;
}

bool clients_are_closing(const struct clients *c)
{
	uint64_t now = sysenv_ticks();

	for (size_t i = 0; i < c->room; i++)
		if (c->all[i].pid && is_going(&c->all[i], now))
			return true;
	return false;
}

void clients_forget(struct clients *c, pid_t pid)
{
	for (size_t i = 0; i < c->room; i++)
		if (c->all[i].pid == pid) {
			c->all[i].pid = 0;
			c->count--;
		}
}

void clients_signal(const struct clients *c, int number)
{
	for (size_t i = 0; i < c->room; i++)
		if (c->all[i].pid)
			kill(c->all[i].pid, number);
}
