/* setup_server.c - which server: those that were found, the best first, one
 * after the other or by number, or one that the user enters.
 *
 * First the domain's own SRV records (RFC 6186), implicit TLS before STARTTLS
 * (RFC 8314 section 5.1); then the known provider, by the domain or its mail
 * exchangers; then, if neither exists, common names, if a server answers there.
 * RFC 6186 section 6: no server that was found is used without being shown. */
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/domain.h"
#include "net/reach.h"
#include "setup/setup_inside.h"

#define GUESS_MILLISECONDS 4000

static bool is_known(const struct setup *s, const struct setup_server *one)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->found[i].port == one->port &&
		    s->found[i].tls == one->tls &&
		    ascii_equal(s->found[i].host, one->host))
			return true;
	return false;
}

static void add(struct setup *s, const struct setup_server *one)
{
	if (s->count < SETUP_SERVERS_MAX && !is_known(s, one))
		s->found[s->count++] = *one;
}

static bool is_below(const char *host, const char *domain)
{
	return domain_is_above(domain, strlen(domain), host);
}

/* ---- SRV records ---- */

/* The number of queries without an answer. */
static int ask_domain(struct setup *s, const char *service, enum conn_tls tls)
{
	const char *name = arena_format(s->arena, "%s.%s", service, s->domain);
	struct error silent = ERROR_INIT;
	struct srv_list list;

	if (srv_look_up(&list, name, SRV_SRV, &silent) < 0)
		return 1;
	for (size_t i = 0; i < list.count; i++) {
		const char *host = list.targets[i].host;

		add(s, &(struct setup_server){
			       .host = arena_dup(s->arena, host),
			       .port = list.targets[i].port,
			       .tls = tls,
			       .origin = arena_format(s->arena,
						      "from the DNS of %s",
						      s->domain),
			       .is_elsewhere =
				       !is_below(host, s->domain) &&
				       !provider_of_host(s->providers, host,
							 list.targets[i].port),
		       });
	}
	return 0;
}

/* ---- the provider ---- */

static void add_provider(struct setup *s, const struct provider *p)
{
	s->provider = p;
	for (size_t i = 0; i < p->server_count; i++)
		add(s, &(struct setup_server){
			       .host = p->servers[i].host,
			       .port = p->servers[i].port,
			       .tls = p->servers[i].is_implicit
					      ? CONN_TLS_IMPLICIT
					      : CONN_TLS_STARTTLS,
			       .origin = p->name,
		       });
}

/* If no name server answers, only the name of the domain is compared. */
static int find_provider(struct setup *s, bool is_silent)
{
	struct error silent = ERROR_INIT;
	struct srv_list list;

	s->provider = provider_of_domain(s->providers, s->domain);
	if (s->provider || is_silent)
		return is_silent;
	if (srv_look_up(&list, s->domain, SRV_MX, &silent) < 0)
		return 1;
	for (size_t i = 0; i < list.count && !s->provider; i++)
		s->provider =
			provider_of_mx(s->providers, list.targets[i].host);
	if (list.count)
		s->exchanger = arena_dup(s->arena, list.targets[0].host);
	return 0;
}

/* ---- guesses ---- */

static void guess(struct setup *s, const char *host)
{
	static const struct {
		unsigned port;
		enum conn_tls tls;
	} ports[] = { { 465, CONN_TLS_IMPLICIT }, { 587, CONN_TLS_STARTTLS } };
	struct error unused = ERROR_INIT;
	struct reach reach;

	if (reach_look_up(&reach, host, ports[0].port, &unused) < 0)
		return;
	for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
		reach_set_port(&reach, ports[i].port);
		if (!reach_connect(&reach, setup_given(s, "source_ip"),
				   GUESS_MILLISECONDS))
			continue;
		add(s, &(struct setup_server){
			       .host = host,
			       .port = ports[i].port,
			       .tls = ports[i].tls,
			       .origin = "a guess; it responds",
			       .is_elsewhere = !is_below(host, s->domain) });
	}
}

/* ---- all of them ---- */

static int explain_silence(struct setup *s, struct error *f)
{
	return setup_tell(s,
			  "No name server responds. Is this machine connected, "
			  "and does /etc/resolv.conf name a reachable one? "
			  "Only built-in knowledge is used; the login can be "
			  "tested once the network works.",
			  f);
}

int setup_find(struct setup *s, struct error *f)
{
	int silent;

	if (setup_say(s, f, "Looking for the mail servers of %s ...\n",
		      s->domain) < 0)
		return -1;
	silent = ask_domain(s, "_submissions._tcp", CONN_TLS_IMPLICIT);
	if (!silent) /* then it will not answer the other queries */
		silent = ask_domain(s, "_submission._tcp", CONN_TLS_STARTTLS);
	silent = find_provider(s, silent);
	if (s->provider)
		add_provider(s, s->provider);
	if (!s->count && !silent && !s->provider) {
		guess(s, arena_format(s->arena, "smtp.%s", s->domain));
		guess(s, arena_format(s->arena, "mail.%s", s->domain));
		/* on small sites it often handles submission as well */
		if (s->exchanger)
			guess(s, s->exchanger);
	}
	if (silent && explain_silence(s, f) < 0)
		return -1;
	if (!s->count && !silent && !s->provider)
		return setup_tell(s, "Nothing was found.", f);
	return 0;
}

/* ---- the question ---- */

const char *setup_tls_words(enum conn_tls tls)
{
	return tls == CONN_TLS_IMPLICIT ? "implicit TLS"
	       : tls == CONN_TLS_NONE	? "without TLS"
					: "STARTTLS";
}

static unsigned usual_port(enum conn_tls tls)
{
	return tls == CONN_TLS_IMPLICIT ? 465 : tls == CONN_TLS_NONE ? 25 : 587;
}

static const char *judge_port(struct setup *s, const char *answer)
{
	uint64_t port;

	(void)s;
	return text_number(answer, 65535, &port) && port
		       ? NULL
		       : "a port is a number up to 65535";
}

/* Of "HOST", "HOST:PORT", "[HOST]" and "[HOST]:PORT"; more than one colon
 * without brackets is an IPv6 address.  *port is NULL without a port; 0 if the
 * text is none of these. */
static size_t host_length(const char *text, const char **port)
{
	const char *colon = strchr(text, ':');
	size_t n;

	*port = NULL;
	if (*text == '[') {
		n = strcspn(text, "]");
		if (n < 2 || !text[n] || (text[n + 1] && text[n + 1] != ':'))
			return 0;
		*port = text[n + 1] ? text + n + 2 : NULL;
		return n - 1;
	}
	if (!colon || strchr(colon + 1, ':'))
		return strlen(text);
	*port = colon + 1;
	return (size_t)(colon - text);
}

static const char *judge_host(struct setup *s, const char *answer)
{
	const char *port = NULL;

	if (provider_named(s->providers, answer))
		return NULL;
	if (answer[strcspn(answer, " \t#\"'@/\\,;")] || *answer == '-' ||
	    !host_length(answer, &port))
		return "a server is a name like smtp.example.org";
	return port ? judge_port(s, port) : NULL;
}

static enum conn_tls given_tls(const struct setup *s, enum conn_tls otherwise)
{
	const char *tls = setup_given(s, "tls");
	const char *starttls = setup_given(s, "tls_starttls");

	if (tls && strcmp(tls, "off") == 0)
		return CONN_TLS_NONE;
	if (!starttls)
		return otherwise;
	return strcmp(starttls, "off") == 0 ? CONN_TLS_IMPLICIT
					    : CONN_TLS_STARTTLS;
}

static int ask_tls(struct setup *s, struct error *f)
{
	static const char *const words[] = { "implicit", "starttls", "off",
					     NULL };
	static const enum conn_tls kinds[] = { CONN_TLS_IMPLICIT,
					       CONN_TLS_STARTTLS,
					       CONN_TLS_NONE };
	const char *port = setup_given(s, "port");
	size_t choice =
		s->port ? s->port != 465 : port && strcmp(port, "587") == 0;

	if (setup_given(s, "tls") || setup_given(s, "tls_starttls")) {
		s->server.tls = given_tls(s, CONN_TLS_STARTTLS);
		return 0;
	}
	if (setup_choose(s, "TLS: implicit, starttls or off", words, choice,
			 "implicit: TLS from the start of the connection, "
			 "usually on port 465. starttls: TLS after STARTTLS, "
			 "usually on port 587. off: only for a relay on this "
			 "machine or in your network; login requires TLS.",
			 &choice, f) < 0)
		return -1;
	s->server.tls = kinds[choice];
	return 0;
}

static int ask_port(struct setup *s, struct error *f)
{
	struct setup_question q = {
		.text = "Port",
		.fallback =
			arena_format(s->arena, "%u", usual_port(s->server.tls)),
		.help = "465 for implicit TLS, 587 for STARTTLS, 25 for relays "
			"that "
			"accept mail from this machine.",
		.judge = judge_port,
	};
	const char *answer = setup_given(s, "port");

	if (!answer && s->port)
		answer = arena_format(s->arena, "%u", s->port);
	if (!answer && setup_ask(s, &q, &answer, f) < 0)
		return -1;
	s->server.port = (unsigned)strtoul(answer, NULL, 10);
	return 0;
}

/* A server that the user entered; may be "host:port". */
static int describe_server(struct setup *s, const char *host, struct error *f)
{
	const char *port;
	size_t n = host_length(host, &port);

	s->port = port ? (unsigned)strtoul(port, NULL, 10) : 0;
	host = arena_dup_n(s->arena, host + (*host == '['), n);
	s->server =
		(struct setup_server){ .host = host, .origin = "as you say" };
	return ask_tls(s, f) < 0 ? -1 : ask_port(s, f);
}

/* 1: the name of a provider, whose servers are proposed. */
static int ask_server(struct setup *s, struct error *f)
{
	struct setup_question q = {
		.text = "Server",
		.help = "The server for outgoing mail; your provider's "
			"documentation calls it \"SMTP\" or \"outgoing mail\": "
			"smtp.example.org. Or the name of a large provider: "
			"gmail, fastmail, sendgrid, mailgun, \"amazon ses\".",
		.judge = judge_host,
	};
	const struct provider *named;
	const char *answer;

	if (setup_ask(s, &q, &answer, f) < 0)
		return -1;
	named = provider_named(s->providers, answer);
	if (!named)
		return describe_server(s, answer, f);
	s->count = s->next = 0;
	add_provider(s, named);
	return 1;
}

static int tell_provider(struct setup *s, struct error *f)
{
	const struct provider *known =
		provider_of_host(s->providers, s->server.host, s->server.port);

	if (!s->provider || known)
		s->provider = known;
	if (!s->provider || !*s->provider->hint)
		return 0;
	return setup_tell(s,
			  arena_format(s->arena, "%s: %s.", s->provider->name,
				       s->provider->hint),
			  f);
}

/* Lists all that were found, if there are several; the best is first. */
static int list_servers(struct setup *s, struct error *f)
{
	if (s->count < 2)
		return 0;
	if (setup_say(s, f, "Candidates:\n") < 0)
		return -1;
	for (size_t i = 0; i < s->count; i++) {
		const struct setup_server *one = &s->found[i];

		if (setup_say(s, f, "  %zu  %s, port %u, %s (%s)\n", i + 1,
			      one->host, one->port, setup_tls_words(one->tls),
			      one->origin) < 0)
			return -1;
	}
	return 0;
}

static int warn_of(struct setup *s, const struct setup_server *one,
		   struct error *f)
{
	if (!one->is_elsewhere)
		return 0;
	s->warned = one->host;
	return setup_tell(s,
			  arena_format(s->arena,
				       "%s is not below %s, and DNS can be "
				       "forged: accept it only if you know it.",
				       one->host, s->domain),
			  f);
}

/* Was the user warned about the server, if necessary? */
static bool may_be_taken(const struct setup *s, const struct setup_server *one)
{
	return !one->is_elsewhere ||
	       (s->warned && ascii_equal(s->warned, one->host));
}

enum { TAKE_NOT, TAKE_IT, TAKE_FIRST }; /* ... and so on, by their numbers */

/* Proposes one of them; the answer may be the number of another. */
static int ask_about(struct setup *s, const struct setup_server *one,
		     size_t *choice, struct error *f)
{
	const char *words[TAKE_FIRST + SETUP_SERVERS_MAX + 1] = { "no", "yes" };
	bool is_choice = s->count > 1;

	for (size_t i = 0; is_choice && i < s->count; i++)
		words[TAKE_FIRST + i] = arena_format(s->arena, "%zu", i + 1);
	return setup_choose(
		s,
		arena_format(s->arena, "Use %s, port %u, %s (%s)%s?", one->host,
			     one->port, setup_tls_words(one->tls), one->origin,
			     is_choice ? ", or the number of another" : ""),
		words, one->is_elsewhere ? TAKE_NOT : TAKE_IT,
		"Your mail and your password are sent to this server, after "
		"its certificate was verified. no: the next candidate is "
		"proposed, or you are asked; a number selects that one from "
		"the list.",
		choice, f);
}

/* 1 accepted, 0 none of them. */
static int propose(struct setup *s, struct error *f)
{
	if (s->next < s->count && list_servers(s, f) < 0)
		return -1;
	while (s->next < s->count) {
		const struct setup_server *one = &s->found[s->next++];
		size_t choice;

		if (warn_of(s, one, f) < 0 || ask_about(s, one, &choice, f) < 0)
			return -1;
		if (choice >= TAKE_FIRST) {
			s->next = choice - TAKE_FIRST;
			if (!may_be_taken(s, &s->found[s->next]))
				continue; /* with the warning */
			one = &s->found[s->next++];
		} else if (choice == TAKE_NOT) {
			continue;
		}
		s->server = *one;
		return 1;
	}
	return 0;
}

static int find_server(struct setup *s, struct error *f)
{
	int r = 1;

	if (s->provider && !s->provider->server_count &&
	    setup_tell(s, s->provider->hint, f) < 0)
		return -1;
	while (r == 1) {
		r = propose(s, f);
		if (r != 0)
			return r < 0 ? -1 : 0;
		r = ask_server(s, f);
	}
	return r;
}

int setup_choose_server(struct setup *s, struct error *f)
{
	const char *host = setup_given(s, "host");

	if (host ? describe_server(s, host, f) : find_server(s, f))
		return -1;
	return tell_provider(s, f);
}
