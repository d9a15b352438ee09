/* reach.c - getaddrinfo, then a socket for each address, all at the same
 * time. */
#include "net/reach.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "mail/domain.h"
#include "net/verdict.h"

/* ---- the name ---- */

/* For the resolver: no brackets, A-labels. */
static int spell_host(const char *host, char *out, size_t size, struct error *f)
{
	struct arena a = ARENA_INIT;
	size_t n = strlen(host);
	const char *ascii = host;

	if (!ascii_is_all(host))
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

/* The socket, or -1 if the result is already known. */
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

/* Until the timeout, or the next update of the progress line. */
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

/* ---- SRV and MX ---- */

/* A query by libc's resolver; the answer is parsed here (RFC 1035 4.1).
 *
 * A compression pointer (4.1.4) has to point before the place where reading
 * last began, so following pointers ends.  Records of other types, such as a
 * CNAME, are skipped. */

#define HEADER	     12
#define CLASS_IN     1
#define PACKET_MAX   65535
#define LABEL_MAX    63
#define TRIES	     2
#define TRY_SECONDS  3
#define IS_POINTER   0xC0
#define POINTER_BITS 0x3F

/* ---- the packet ---- */

struct packet {
	const unsigned char *data;
	size_t size, at;
};

static bool has(const struct packet *p, size_t n)
{
	return p->size - p->at >= n;
}

static unsigned take16(struct packet *p)
{
	const unsigned char *d = p->data + p->at;

	p->at += 2;
	return (unsigned)d[0] << 8 | d[1];
}

static bool is_host_letter(unsigned char c)
{
	return ascii_is_alnum((char)c) || c == '-' || c == '_';
}

/* Appends a label to the name; false when it is not valid in a host name. */
static bool put_label(char *name, size_t *used, const unsigned char *label,
		      size_t n)
{
	if (n > LABEL_MAX || *used + n + 1 >= SRV_NAME_MAX)
		return false;
	if (*used)
		name[(*used)++] = '.';
	for (size_t i = 0; i < n; i++) {
		if (!is_host_letter(label[i]))
			return false;
		name[(*used)++] = ascii_lower((char)label[i]);
	}
	name[*used] = '\0';
	return true;
}

enum name_verdict { NAME_BROKEN, NAME_ODD, NAME_GOOD };

/* Continues after the name, except for NAME_BROKEN. */
static enum name_verdict take_name(struct packet *p, char name[SRV_NAME_MAX])
{
	size_t at = p->at, limit = p->at, used = 0;
	bool is_away = false, is_good = true;

	name[0] = '\0';
	for (;;) {
		size_t n;

		if (at >= p->size)
			return NAME_BROKEN;
		n = p->data[at];
		if ((n & IS_POINTER) == IS_POINTER) {
			if (at + 1 >= p->size)
				return NAME_BROKEN;
			if (!is_away)
				p->at = at + 2;
			is_away = true;
			at = (n & POINTER_BITS) << 8 | p->data[at + 1];
			if (at >= limit)
				return NAME_BROKEN;
			limit = at;
			continue;
		}
		if (n > LABEL_MAX || at + 1 + n > p->size)
			return NAME_BROKEN;
		if (!n)
			break;
		is_good =
			is_good && put_label(name, &used, p->data + at + 1, n);
		at += 1 + n;
	}
	if (!is_away)
		p->at = at + 1;
	return is_good ? NAME_GOOD : NAME_ODD;
}

/* ---- the records ---- */

/* RFC 2782: the lowest priority first; of the same priority, the highest
 * weight, where a program that connects by itself would choose at random. */
static int compare(const void *one, const void *other)
{
	const struct srv_target *a = one, *b = other;

	if (a->priority != b->priority)
		return a->priority < b->priority ? -1 : 1;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return strcmp(a->host, b->host);
}

static int take_target(struct srv_list *list, struct packet *p,
		       enum srv_type type)
{
	struct srv_target one = { .priority = 0 };
	enum name_verdict verdict;

	if (!has(p, type == SRV_SRV ? 6 : 2))
		return -1;
	one.priority = take16(p);
	if (type == SRV_SRV) {
		one.weight = take16(p);
		one.port = take16(p);
	}
	verdict = take_name(p, one.host);
	if (verdict == NAME_BROKEN)
		return -1;
	/* the target "." says that there is no such service */
	if (verdict == NAME_GOOD && one.host[0] &&
	    (one.port || type == SRV_MX) && list->count < SRV_MAX)
		list->targets[list->count++] = one;
	return 0;
}

static int take_record(struct srv_list *list, struct packet *p,
		       enum srv_type type)
{
	char owner[SRV_NAME_MAX];
	struct packet data = *p;
	unsigned is, class, length;

	if (take_name(p, owner) == NAME_BROKEN || !has(p, 10))
		return -1;
	is = take16(p);
	class = take16(p);
	p->at += 4; /* the TTL */
	length = take16(p);
	if (!has(p, length))
		return -1;
	data.at = p->at;
	data.size = p->at + length;
	p->at += length;
	if (is != (unsigned)type || class != CLASS_IN)
		return 0;
	return take_target(list, &data, type);
}

static int take_all(struct srv_list *list, struct packet *p, enum srv_type type)
{
	char name[SRV_NAME_MAX];
	unsigned questions, answers;

	if (p->size < HEADER)
		return -1;
	p->at = 4;
	questions = take16(p);
	answers = take16(p);
	p->at = HEADER;
	while (questions--) {
		if (take_name(p, name) == NAME_BROKEN || !has(p, 4))
			return -1;
		p->at += 4;
	}
	while (answers--)
		if (take_record(list, p, type) < 0)
			return -1;
	return 0;
}

int srv_parse(struct srv_list *list, const unsigned char *packet, size_t n,
	      enum srv_type type)
{
	struct packet p = { .data = packet, .size = n };
	int r;

	*list = (struct srv_list){ .count = 0 };
	r = take_all(list, &p, type);
	qsort(list->targets, list->count, sizeof(list->targets[0]), compare);
	return r;
}

/* ---- the query ---- */

#ifdef __GLIBC__
/* In a test, the name server is one on this machine. */
static void set_server(struct __res_state *state)
{
	unsigned port = sysenv_dns_port();

	if (!port)
		return;
	state->nscount = 1;
	state->nsaddr_list[0] = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* The size of the answer; -1 with h_errno. */
static int ask(const char *name, enum srv_type type, unsigned char *answer,
	       int size)
{
	struct __res_state state;
	int n;

	memset(&state, 0, sizeof(state));
	if (res_ninit(&state) < 0) {
		h_errno = TRY_AGAIN;
		return -1;
	}
	state.retry = TRIES;
	state.retrans = TRY_SECONDS;
	set_server(&state);
	n = res_nquery(&state, name, CLASS_IN, type, answer, size);
	if (n < 0)
		h_errno = state.res_h_errno;
	res_nclose(&state);
	return n;
}

#else
/* For a resolver with one global state. */
static int ask(const char *name, enum srv_type type, unsigned char *answer,
	       int size)
{
	return res_query(name, CLASS_IN, type, answer, size);
}
#endif

int srv_look_up(struct srv_list *list, const char *name, enum srv_type type,
		struct error *f)
{
	unsigned char *answer = memory_alloc(PACKET_MAX);
	int n = ask(name, type, answer, PACKET_MAX);
	int why = h_errno, r = 0;

	*list = (struct srv_list){ .count = 0 };
	if (n > PACKET_MAX)
		n = PACKET_MAX;
	if (n >= 0)
		srv_parse(list, answer, (size_t)n, type);
	else if (why != HOST_NOT_FOUND && why != NO_DATA)
		r = error_set(f, ERROR_TEMPORARY,
			      "no name server answers about %s", name);
	free(answer);
	return r;
}
