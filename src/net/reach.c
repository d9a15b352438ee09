/* reach.c - getaddrinfo, then as many sockets as there are addresses. */
#include "net/reach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "mail/domain.h"
#include "net/verdict.h"

/* ---- the name ---- */

static bool is_ascii(const char *s)
{
	while (*s && !((unsigned char)*s & 0x80))
		s++;
	return !*s;
}

/* As a resolver wants it: no brackets, A-labels. */
static int spell_host(const char *host, char *out, size_t size, struct error *f)
{
	struct arena a = ARENA_INIT;
	size_t n = strlen(host);
	const char *ascii = host;

	if (!is_ascii(host))
		ascii = domain_to_ascii(&a, host, f);
	else if (host[0] == '[' && n > 2 && host[n - 1] == ']')
		ascii = arena_dup_n(&a, host + 1, n - 2);
	if (ascii)
		snprintf(out, size, "%s", ascii);
	arena_free(&a);
	return ascii ? 0 : -1;
}

static bool is_known(const struct reach *r, const struct addrinfo *one)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->addresses[i].length == one->ai_addrlen &&
		    !memcmp(&r->addresses[i].place, one->ai_addr,
			    one->ai_addrlen))
			return true;
	return false;
}

static void add(struct reach *r, const struct addrinfo *one)
{
	struct reach_address *to;

	if (one->ai_addrlen > sizeof(to->place) || is_known(r, one))
		return;
	if (r->count == REACH_MAX) {
		r->more++;
		return;
	}
	to = &r->addresses[r->count++];
	memcpy(&to->place, one->ai_addr, one->ai_addrlen);
	to->length = one->ai_addrlen;
	if (getnameinfo(one->ai_addr, one->ai_addrlen, to->text,
			sizeof(to->text), NULL, 0, NI_NUMERICHOST))
		snprintf(to->text, sizeof(to->text), "?");
}

int reach_look_up(struct reach *r, const char *host, unsigned port,
		  struct error *f)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_CANONNAME };
	struct addrinfo *found = NULL;
	char name[256];
	int error;

	*r = (struct reach){ .count = 0 };
	snprintf(r->host, sizeof(r->host), "%s", host);
	if (spell_host(host, name, sizeof(name), f) < 0)
		return -1;
	error = getaddrinfo(name, NULL, &hints, &found);
	if (error)
		return verdict_lookup(name, "check the setting host",
				      gai_strerror(error), f);
	if (found->ai_canonname && strcasecmp(found->ai_canonname, name) != 0)
		snprintf(r->canonical, sizeof(r->canonical), "%s",
			 found->ai_canonname);
	for (struct addrinfo *one = found; one; one = one->ai_next)
		add(r, one);
	freeaddrinfo(found);
	reach_set_port(r, port);
	return 0;
}

void reach_set_port(struct reach *r, unsigned port)
{
	in_port_t number = htons((in_port_t)port);

	r->port = port;
	for (size_t i = 0; i < r->count; i++) {
		struct reach_address *one = &r->addresses[i];

		if (one->place.ss_family == AF_INET6)
			((struct sockaddr_in6 *)&one->place)->sin6_port =
				number;
		else
			((struct sockaddr_in *)&one->place)->sin_port = number;
	}
}

/* ---- the connections ---- */

static bool bind_to(int fd, int family, const char *source)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };

	if (family == AF_INET6)
		return inet_pton(AF_INET6, source, &six.sin6_addr) == 1 &&
		       bind(fd, (struct sockaddr *)&six, sizeof(six)) == 0;
	return inet_pton(AF_INET, source, &four.sin_addr) == 1 &&
	       bind(fd, (struct sockaddr *)&four, sizeof(four)) == 0;
}

/* The socket, or -1 where there is an answer already. */
static int begin(struct reach_address *one, const char *source)
{
	int family = one->place.ss_family;
	int fd = socket(family, SOCK_STREAM, 0);

	one->is_open = one->no_source = false;
	one->error = errno;
	if (fd < 0)
		return -1;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	errno = EADDRNOTAVAIL;
	if (!source || bind_to(fd, family, source)) {
		if (connect(fd, (struct sockaddr *)&one->place, one->length) ==
		    0) {
			one->is_open = true;
			errno = 0;
		} else if (errno == EINPROGRESS) {
			one->error = ETIMEDOUT;
			return fd;
		}
	} else {
		one->no_source = errno == EADDRNOTAVAIL;
	}
	one->error = errno;
	close(fd);
	return -1;
}

static void end(struct reach_address *one, struct pollfd *p)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	one->error = error;
	one->is_open = !error;
	close(p->fd);
	p->fd = -1;
}

static bool is_waiting(const struct pollfd *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].fd >= 0)
			return true;
	return false;
}

/* Until the time is up, or there is something new to tell whoever looks on. */
static int timeout_of(const struct reach *r, uint64_t lasted, uint64_t left)
{
	char place[sizeof(r->host) + 8];
	uint64_t next;

	snprintf(place, sizeof(place), "%s:%u", r->host, r->port);
	next = log_waiting(place, "be reached", lasted);
	return (int)(next < left ? next : left);
}

size_t reach_connect(struct reach *r, const char *source, unsigned milliseconds)
{
	struct pollfd p[REACH_MAX];
	uint64_t start = sysenv_ticks(), now = start;
	uint64_t stop = start + milliseconds;
	size_t open = 0;

	for (size_t i = 0; i < r->count; i++) {
		p[i] = (struct pollfd){ .events = POLLOUT };
		p[i].fd = begin(&r->addresses[i], source);
		r->addresses[i].milliseconds = p[i].fd < 0 ? 0 : milliseconds;
	}
	while (is_waiting(p, r->count) && now < stop) {
		int ready = poll(p, r->count,
				 timeout_of(r, now - start, stop - now));

		now = sysenv_ticks();
		for (size_t i = 0; ready > 0 && i < r->count; i++) {
			if (p[i].fd < 0 || !p[i].revents)
				continue;
			end(&r->addresses[i], &p[i]);
			r->addresses[i].milliseconds = (unsigned)(now - start);
		}
	}
	log_progress_end();
	for (size_t i = 0; i < r->count; i++) {
		if (p[i].fd >= 0)
			close(p[i].fd);
		open += r->addresses[i].is_open;
	}
	return open;
}
