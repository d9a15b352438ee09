/* redirect.c - just enough of HTTP to show a page in the browser.
 *
 * A client that sends nothing occupies a slot for some seconds and blocks
 * nobody; of too many clients the oldest is closed. */
#include "login/login.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/sysenv.h"
#include "base/text.h"

#define CLIENTS	       8
#define CLIENT_SECONDS 15

struct client {
	int fd; /* -1: a free slot */
	uint64_t since;
	size_t length;
	char request[REDIRECT_MAX];
};

struct waiting {
	struct redirect *redirect;
	struct arena *arena;
	const char *state, *issuer;
	struct redirect_answer *answer;
	struct client *clients;
};

/* ---- the query ---- */

static void decode(char *text)
{
	char *to = text;

	for (const char *p = text; *p; p++) {
		int octet = *p == '%' ? text_hex_octet(p + 1) : -1;

		if (octet > 0) {
			*to++ = (char)octet;
			p += 2;
		} else {
			*to++ = *p == '+' ? ' ' : *p;
		}
	}
	*to = '\0';
}

/* NULL: missing; of several, the first. */
static const char *parameter(struct arena *a, const char *query,
			     const char *name)
{
	size_t n = strlen(name);

	while (*query) {
		size_t length = strcspn(query, "&#");

		if (length > n && query[n] == '=' && !strncmp(query, name, n)) {
			char *value =
				arena_dup_n(a, query + n + 1, length - n - 1);

			decode(value);
			return text_has_control(value) ? NULL : value;
		}
		query += length;
		if (*query == '#')
			break;
		query += *query == '&';
	}
	return NULL;
}

/* Takes the same time for any input (no timing side channel). */
static bool is_equal(const char *one, const char *other)
{
	size_t n = strlen(one);
	unsigned char differs = 0;

	if (strlen(other) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		differs |= (unsigned char)(one[i] ^ other[i]);
	return differs == 0;
}

int redirect_read(struct arena *a, const char *url, const char *state,
		  const char *issuer, struct redirect_answer *answer,
		  struct error *f)
{
	const char *query = strchr(url, '?');
	const char *told, *from;

	query = query ? query + 1 : url;
	told = parameter(a, query, "state");
	from = parameter(a, query, "iss");
	if (!told || !is_equal(told, state))
		return error_set(f, ERROR_DATA,
				 "that is not the answer to this login: its "
				 "\"state\" differs");
	if (from && issuer && strcmp(from, issuer) != 0)
		return error_set(f, ERROR_PROTOCOL,
				 "the answer comes from %s and not from %s",
				 text_dup_safe(a, from, strlen(from)), issuer);
	*answer = (struct redirect_answer){
		.code = parameter(a, query, "code"),
		.error = parameter(a, query, "error"),
		.described = parameter(a, query, "error_description"),
	};
	if (!answer->code && !answer->error)
		return error_set(f, ERROR_DATA, "the answer has no code");
	return 0;
}

/* ---- the port ---- */

static int listen_at(int family, unsigned *port)
{
	struct sockaddr_in four = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 six = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)*port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&four
						     : (struct sockaddr *)&six;
	socklen_t size = family == AF_INET ? sizeof(four) : sizeof(six);
	int one = 1, fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, address, size) == 0 && listen(fd, CLIENTS) == 0 &&
	    getsockname(fd, address, &size) == 0) {
		*port = ntohs(family == AF_INET ? four.sin_port
						: six.sin6_port);
		return fd;
	}
	close(fd);
	return -1;
}

int redirect_open(struct redirect *r, struct error *f)
{
	*r = (struct redirect){ .sockets = { -1, -1 } };
	r->sockets[0] = listen_at(AF_INET, &r->port);
	if (r->sockets[0] < 0)
		return error_errno(f, ERROR_OS, errno,
				   "cannot listen on 127.0.0.1 for the "
				   "browser; use --paste or --device");
	/* "localhost" may mean either address */
	r->sockets[1] = listen_at(AF_INET6, &r->port);
	return 0;
}

void redirect_close(struct redirect *r)
{
	for (size_t i = 0; i < 2; i++) {
		if (r->sockets[i] >= 0)
			close(r->sockets[i]);
		r->sockets[i] = -1;
	}
}

/* ---- clients ---- */

static void drop(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->length = 0;
}

static void reply(struct client *c, const char *status, const char *words)
{
	char page[1024];
	int n = snprintf(page, sizeof(page),
			 "HTTP/1.1 %s\r\nContent-Type: text/html; "
			 "charset=utf-8\r\nCache-Control: no-store\r\n"
			 "Referrer-Policy: no-referrer\r\n"
			 "Content-Security-Policy: default-src 'none'\r\n"
			 "Connection: close\r\n\r\n<!doctype html><title>"
			 "mailsend</title><p>%s</p>\n",
			 status, words);

	/* fits into the buffer of any socket; a client that has gone does not
	 * need it */
	if (n > 0)
		(void)!send(c->fd, page, (size_t)n, MSG_NOSIGNAL);
	shutdown(c->fd, SHUT_WR);
}

static void take_in(struct waiting *w, int socket)
{
	struct client *place = &w->clients[0];
	int fd = accept(socket, NULL, NULL);

	if (fd < 0)
		return;
	for (size_t i = 0; i < CLIENTS && place->fd >= 0; i++)
		if (w->clients[i].fd < 0 || w->clients[i].since < place->since)
			place = &w->clients[i];
	drop(place);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	place->fd = fd;
	place->since = sysenv_ticks();
}

/* 1 when the request was the reply that we wait for. */
static int judge(struct waiting *w, struct client *c, struct error *f)
{
	char *end = strstr(c->request, " HTTP/");
	struct error why = ERROR_INIT;

	if (strncmp(c->request, "GET /", 5) != 0 || !end ||
	    !memchr(c->request, '?', (size_t)(end - c->request))) {
		reply(c, "404 Not Found", "There is nothing here.");
		return 0;
	}
	*end = '\0';
	if (redirect_read(w->arena, c->request + 4, w->state, w->issuer,
			  w->answer, &why) == 0) {
		reply(c, "200 OK",
		      w->answer->code ? "mailsend has what it needs. You can "
					"close this window."
				      : "No access was granted. You can close "
					"this window.");
		return 1;
	}
	reply(c, "400 Bad Request", "This is not the answer to the login.");
	return why.cause == ERROR_PROTOCOL ? error_copy(f, &why) : 0;
}

static int read_client(struct waiting *w, struct client *c, struct error *f)
{
	ssize_t n = recv(c->fd, c->request + c->length,
			 sizeof(c->request) - 1 - c->length, 0);
	int r;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		drop(c);
		return 0;
	}
	c->length += (size_t)n;
	c->request[c->length] = '\0';
	if (strlen(c->request) != c->length ||
	    c->length == sizeof(c->request) - 1) {
		reply(c, "400 Bad Request", "This is not a request.");
		drop(c);
		return 0;
	}
	if (!strstr(c->request, "\r\n\r\n"))
		return 0;
	r = judge(w, c, f);
	drop(c);
	return r;
}

/* 1 with the reply. */
static int look(struct waiting *w, int milliseconds, struct error *f)
{
	struct pollfd p[2 + CLIENTS];
	uint64_t now;
	int r = 0;

	for (size_t i = 0; i < 2; i++)
		p[i] = (struct pollfd){ w->redirect->sockets[i], POLLIN, 0 };
	for (size_t i = 0; i < CLIENTS; i++)
		p[2 + i] = (struct pollfd){ w->clients[i].fd, POLLIN, 0 };
	if (interrupt_poll(p, 2 + CLIENTS, milliseconds) < 0)
		return interrupt_error(f);
	now = sysenv_ticks();
	for (size_t i = 0; i < CLIENTS && r == 0; i++) {
		struct client *c = &w->clients[i];

		if (c->fd >= 0 && p[2 + i].revents)
			r = read_client(w, c, f);
		else if (c->fd >= 0 && now - c->since > CLIENT_SECONDS * 1000)
			drop(c);
	}
	for (size_t i = 0; i < 2 && r == 0; i++)
		if (p[i].revents)
			take_in(w, p[i].fd);
	return r;
}

int redirect_wait(struct redirect *r, struct arena *a, const char *state,
		  const char *issuer, struct redirect_answer *answer,
		  struct error *f)
{
	struct waiting w = {
		.redirect = r,
		.arena = a,
		.state = state,
		.issuer = issuer,
		.answer = answer,
		.clients = arena_array(a, CLIENTS, sizeof(struct client)),
	};
	uint64_t end = sysenv_ticks() + REDIRECT_SECONDS * 1000;
	int result = 0;

	for (size_t i = 0; i < CLIENTS; i++)
		w.clients[i].fd = -1;
	while (result == 0 && sysenv_ticks() < end)
		result = look(&w, 1000, f);
	for (size_t i = 0; i < CLIENTS; i++)
		drop(&w.clients[i]);
	if (result == 0)
		return error_set(
			f, ERROR_DATA,
			"no answer came from the browser within %d "
			"minutes; use --paste where it runs on another "
			"machine",
			REDIRECT_SECONDS / 60);
	return result < 0 ? -1 : 0;
}
