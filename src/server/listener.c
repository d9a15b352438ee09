/* listener.c - getaddrinfo knows the addresses, we know what they mean. */
#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"

#define FIRST_PASSED 3 /* sd_listen_fds(3) */
#define BACKLOG	     128

struct place {
	const char *host; /* NULL: every address */
	const char *port;
};

static bool is_number(const char *text, uint64_t most)
{
	uint64_t n;

	return text_number(text, most, &n);
}

static int read_place(struct arena *a, const char *text, struct place *out,
		      struct error *f)
{
	const char *colon = strrchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	const char *host = arena_dup_n(a, text, n);

	out->port = colon ? colon + 1 : text;
	if (n > 2 && host[0] == '[' && host[n - 1] == ']')
		host = arena_dup_n(a, host + 1, n - 2);
	else if (strchr(host, ':'))
		out->port = "";
	out->host = strcmp(host, "*") == 0 ? NULL : *host ? host : "localhost";
	if (is_number(out->port, 65535))
		return 0;
	return error_set(f, ERROR_USAGE,
			 "'%s' is not an address and a port: write one as in "
			 "127.0.0.1:2525, [::1]:2525 or 2525",
			 text);
}

int listener_check(const char *text, struct error *f)
{
	struct arena a = ARENA_INIT;
	struct place place;
	int r = read_place(&a, text, &place, f);

	arena_free(&a);
	return r;
}

/* ---- names ---- */

void listener_name(const struct sockaddr *address, socklen_t size, bool port,
		   char out[LISTENER_NAME_SIZE])
{
	char host[56], service[8];

	if (getnameinfo(address, size, host, sizeof(host), service,
			sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, LISTENER_NAME_SIZE, "a local socket");
	else if (!port)
		snprintf(out, LISTENER_NAME_SIZE, "%s", host);
	else
		snprintf(out, LISTENER_NAME_SIZE,
			 strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
			 service);
}

bool listener_is_local(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in four;

		memcpy(&four, address, sizeof(four));
		return ntohl(four.sin_addr.s_addr) >> 24 == 127;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 six;

		memcpy(&six, address, sizeof(six));
		return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) ||
		       (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr) &&
			six.sin6_addr.s6_addr[12] == 127);
	}
	return true; /* a socket in the file system has an owner and a mode */
}

/* ---- opening ---- */

static void set_up(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
}

static int add(struct listeners *l, int fd, struct error *f)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	socklen_t size = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return error_errno(f, ERROR_OS, errno,
				   "descriptor %d is no socket", fd);
	set_up(fd);
	l->fds[l->count++] = fd;
	if (!listener_is_local((struct sockaddr *)&address))
		l->is_local = false;
	return 0;
}

static int open_one(const struct addrinfo *info)
{
	int on = 1, fd;

	fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	on = errno;
	close(fd);
	errno = on;
	return -1;
}

/* Some machines have no IPv6: one address of a name's is enough. */
static int open_all(struct listeners *l, const char *text,
		    const struct addrinfo *all, struct error *f)
{
	int error = 0;

	for (; all && l->count < LISTENERS_MAX; all = all->ai_next) {
		int fd = open_one(all);

		if (fd < 0)
			error = error ? error : errno;
		else if (add(l, fd, f) < 0)
			return -1;
	}
	if (l->count && error != EADDRINUSE && error != EACCES)
		return 0;
	return error_errno(f, ERROR_UNAVAILABLE, error, "cannot listen on %s",
			   text);
}

/* Those that were opened for us, and for no process that we were before. */
static int take_passed(struct listeners *l, struct error *f)
{
	const char *pid = sysenv_env("LISTEN_PID");
	const char *count = sysenv_env("LISTEN_FDS");
	long n = count ? strtol(count, NULL, 10) : 0;

	if (!pid || strtol(pid, NULL, 10) != (long)sysenv_pid())
		return 0;
	for (long i = 0; i < n && i < LISTENERS_MAX; i++)
		if (add(l, FIRST_PASSED + (int)i, f) < 0)
			return -1;
	return 0;
}

int listener_open(struct listeners *l, struct arena *a, const char *text,
		  struct error *f)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_PASSIVE };
	struct addrinfo *all = NULL;
	struct place place;
	int r;

	*l = (struct listeners){ .is_local = true };
	if (read_place(a, text, &place, f) < 0 || take_passed(l, f) < 0)
		return -1;
	if (l->count)
		return 0;
	r = getaddrinfo(place.host, place.port, &hints, &all);
	if (r != 0)
		return error_set(f, ERROR_NOHOST, "cannot listen on %s: %s",
				 text, gai_strerror(r));
	r = open_all(l, text, all, f);
	freeaddrinfo(all);
	return r;
}

void listener_announce(const struct listeners *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
		socklen_t size = sizeof(address);
		char name[LISTENER_NAME_SIZE];

		getsockname(l->fds[i], (struct sockaddr *)&address, &size);
		listener_name((struct sockaddr *)&address, size, true, name);
		log_note("listening on %s", name);
	}
}

void listener_close(struct listeners *l)
{
	for (size_t i = 0; i < l->count; i++)
		close(l->fds[i]);
	l->count = 0;
}
