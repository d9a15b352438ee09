/* srv.c - a question by libc's resolver, its answer read here (RFC 1035 4.1).
 *
 * A compressed name (4.1.4) points back, always before where it began to be
 * read last: so it ends.  Records of other types, as of a CNAME on the way, are
 * passed over. */
#include "net/srv.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ascii.h"
#include "base/sysenv.h"

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
	return ascii_is_letter((char)c) || ascii_is_digit((char)c) ||
	       c == '-' || c == '_';
}

/* One label to the end of a name; false when it is none of a host's. */
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

/* Reads on behind the name in any case but NAME_BROKEN. */
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

/* RFC 2782: the lowest priority first; of one priority we take the heaviest,
 * where a program that dials by itself would draw lots. */
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
	if (verdict == NAME_GOOD && !one.host[0])
		list->is_none = true;
	else if (verdict == NAME_GOOD && (one.port || type == SRV_MX) &&
		 list->count < SRV_MAX)
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
	p->at += 4; /* how long it may be kept */
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

/* ---- the question ---- */

#ifdef __GLIBC__
/* The name server of a frozen world is one of a test's, on this machine. */
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
/* Where the resolver has one state for all. */
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
