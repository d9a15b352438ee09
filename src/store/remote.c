/* remote.c - the connection options for the login to a mailbox. */
#include "store/remote.h"

#include <inttypes.h>
#include <string.h>

#define USUAL_SECONDS 120

void remote_init(struct remote *r, struct arena *a,
		 const struct mailbox_url *url,
		 const struct mailbox_login *login)
{
	*r = (struct remote){ .arena = a, .url = *url, .login = login };
}

int remote_open(struct remote *r, struct conn *c,
		const struct conn_protocol *protocol, void *context,
		struct error *f)
{
	const struct mailbox_login *l = r->login;
	const struct conn_options o = {
		.protocol = protocol,
		.context = context,
		.host = r->url.host,
		.port = r->url.port,
		.tls = r->url.is_implicit_tls ? CONN_TLS_IMPLICIT
		       : l->no_tls	      ? CONN_TLS_NONE
					      : CONN_TLS_STARTTLS,
		.check_certificate = !l->skip_certificate,
		.trust_file = l->trust_file,
		.crl_file = l->crl_file,
		.fingerprint = l->fingerprint,
		.cert_file = l->cert_file,
		.key_file = l->key_file,
		.tls_host = l->tls_host,
		.ciphers = l->ciphers,
		.proxy = l->proxy,
		.source_address = l->source_address,
		.seconds = l->timeout ? l->timeout : USUAL_SECONDS,
	};

	r->options = (struct sasl_options){
		.mechanism = l->mechanism,
		.user = l->user ? l->user : "",
		.password = l->password ? l->password : "",
		.service = r->url.kind == MAILBOX_POP3 ? "pop" : "imap",
		.host = r->url.host,
		.port = conn_port(&o),
		.binding = &c->binding,
		.offer = &r->offer,
	};
	return conn_open(c, &o, l->trace, f);
}

static bool is_line(const char *text)
{
	return text && !text[strcspn(text, "\r\n")];
}

static int check(const struct remote *r, const struct conn *c, struct error *f)
{
	const struct mailbox_login *l = r->login;

	if (l->mechanism && !mechanism_needs_password(l->mechanism))
		return 0;
	if (!is_line(l->user) || !is_line(l->password))
		return error_set(
			f, ERROR_CONFIG,
			"%s requires a user and a password of one line "
			"each; name the user in the URL or by --user",
			c->place);
	return 0;
}

int remote_log_in(struct remote *r, const struct conn *c,
		  int (*by)(void *context, const struct mechanism *m,
			    struct error *f),
		  void *context, struct error *f)
{
	if (check(r, c, f) < 0)
		return -1;
	if (!c->is_tls && !c->is_local)
		return error_set(
			f, ERROR_CONFIG,
			"no login at %s without TLS, since others "
			"could read or take over the connection; leave "
			"tls on",
			c->place);
	return sasl_by_best(&r->offer, &r->options, c->place, by, context, f);
}

int remote_by_sasl(const struct remote *r, struct conn *c,
		   const struct mechanism *m,
		   const struct sasl_carrier *carrier, struct error *f)
{
	struct sasl s;
	int done = sasl_begin(&s, m, &r->options, f);

	c->sasl = &s;
	if (done == 0)
		done = sasl_log_in(&s, carrier, f);
	c->sasl = NULL;
	sasl_end(&s);
	return done;
}

uint64_t remote_message_max(uint64_t announced)
{
	if (!announced || announced > REMOTE_MESSAGE_MAX / 2)
		return REMOTE_MESSAGE_MAX;
	return 2 * announced + REMOTE_MESSAGE_SLACK;
}

int remote_too_long(struct conn *c, uint64_t announced, struct error *f)
{
	c->is_broken = true;
	return error_set(f, ERROR_PROTOCOL,
			 "%s sends a message that is far longer than the "
			 "%" PRIu64 " octets that %s",
			 c->place, announced ? announced : REMOTE_MESSAGE_MAX,
			 announced ? "it announced" : "are the most");
}

/* ---- messages requested in advance ---- */

bool prefetch_is_next(const struct prefetch *a, const struct mailbox *m,
		      size_t number, int lines)
{
	return prefetch_pending(a) && a->lines == lines &&
	       (a->list == &a->one || a->list == m->expected) &&
	       a->list[a->answered] == number;
}

/* Usually the one after the last; skipped ones are not requested. */
static size_t find(const struct prefetch *a, const struct mailbox *m,
		   size_t number)
{
	size_t at = a->list == m->expected ? a->asked : 0;

	while (at < m->expected_count && m->expected[at] != number)
		at++;
	return at;
}

void prefetch_begin(struct prefetch *a, const struct mailbox *m, size_t number,
		    int lines)
{
	size_t at = m->expected_count;

	if (m->expected && m->expected_lines == lines)
		at = find(a, m, number);
	if (at < m->expected_count) {
		*a = (struct prefetch){ .list = m->expected,
					.count = m->expected_count,
					.answered = at,
					.asked = at };
	} else {
		*a = (struct prefetch){ .one = number, .count = 1 };
		a->list = &a->one;
	}
	a->lines = lines;
}

bool prefetch_is_low(const struct prefetch *a, size_t window)
{
	return prefetch_pending(a) <= window / 2 && a->asked < a->count;
}

size_t prefetch_take(struct prefetch *a, size_t window)
{
	if (a->asked == a->count || prefetch_pending(a) >= window)
		return 0;
	return a->list[a->asked++];
}
