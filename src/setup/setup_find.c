/* setup_find.c - servers to propose, the likeliest first.
 *
 * What the domain itself says (RFC 6186), with TLS from the first byte before
 * STARTTLS (RFC 8314 section 5.1); then what is known of the provider, by the
 * domain's name or its mail exchangers; then, where neither says anything,
 * names that are usual, if something answers there.  RFC 6186 section 6:
 * nothing that is found is used without being shown. */
#include <string.h>

#include "base/ascii.h"
#include "net/reach.h"
#include "net/srv.h"
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
	size_t n = strlen(host), m = strlen(domain);

	return n >= m && ascii_equal(host + n - m, domain) &&
	       (n == m || host[n - m - 1] == '.');
}

/* ---- the domain's own word ---- */

/* How many name servers had no answer. */
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
						      "so says the DNS of %s",
						      s->domain),
			       .is_elsewhere =
				       !is_below(host, s->domain) &&
				       !provider_of_host(s->providers, host),
		       });
	}
	return 0;
}

/* ---- the provider ---- */

void setup_propose(struct setup *s, const struct provider *p)
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

/* Where no name server answers, the name of the domain has to do. */
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
			       .origin = "a guess; it "
					 "answers there",
			       .is_elsewhere = !is_below(host, s->domain) });
	}
}

/* ---- all of it ---- */

static int explain_silence(struct setup *s, struct error *f)
{
	return setup_tell(s,
			  "No name server answers. Is this machine connected, "
			  "and does /etc/resolv.conf name one that can be "
			  "reached? What is known without it is proposed; the "
			  "log-in can be tried when the network is there.",
			  f);
}

int setup_find(struct setup *s, struct error *f)
{
	int silent;

	if (setup_say(s, f, "Looking for the mail servers of %s ...\n",
		      s->domain) < 0)
		return -1;
	silent = ask_domain(s, "_submissions._tcp", CONN_TLS_IMPLICIT);
	if (!silent) /* it will not answer the others either */
		silent = ask_domain(s, "_submission._tcp", CONN_TLS_STARTTLS);
	silent = find_provider(s, silent);
	if (s->provider)
		setup_propose(s, s->provider);
	if (!s->count && !silent && !s->provider) {
		guess(s, arena_format(s->arena, "smtp.%s", s->domain));
		guess(s, arena_format(s->arena, "mail.%s", s->domain));
		/* in small houses it takes both */
		if (s->exchanger)
			guess(s, s->exchanger);
	}
	if (silent && explain_silence(s, f) < 0)
		return -1;
	if (!s->count && !silent && !s->provider)
		return setup_tell(s, "Nothing was found.", f);
	return 0;
}
