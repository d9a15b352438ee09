/* provider.c - parses the blocks of lines, with a keyword on each. */
#include "setup/provider.h"

#include <fnmatch.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/text.h"

#define PATTERN_MAX	     256
#define AT(provider, member) ((const char **)((char *)(provider) + (member)))

struct reading {
	struct arena *arena;
	struct provider *first, **last, *now;
	unsigned line;
	struct error *f;
};

static int wrong(const struct reading *r, const char *why)
{
	return error_set(r->f, ERROR_SOFTWARE, "providers:%u: %s", r->line,
			 why);
}

/* The next word, cut from *at in place; NULL if there is none. */
static char *take_word(char **at)
{
	char *word = *at + strspn(*at, " \t");
	size_t n = strcspn(word, " \t");

	if (!n)
		return NULL;
	*at = word + n;
	if (**at)
		*(*at)++ = '\0';
	return word;
}

/* ---- keywords ---- */

static int begin(struct reading *r, char *rest)
{
	struct provider *p = arena_alloc(r->arena, sizeof(*p));

	*p = (struct provider){ .name = arena_dup(r->arena, rest),
				.domains = "",
				.mx = "",
				.hosts = "",
				.hint = "" };
	*r->last = p;
	r->last = &p->next;
	r->now = p;
	return 0;
}

/* Repeated lines of a keyword are joined. */
static int add(struct reading *r, const char **to, const char *rest)
{
	*to = *to && **to ? arena_format(r->arena, "%s %s", *to, rest)
			  : arena_dup(r->arena, rest);
	return 0;
}

static int read_server(struct reading *r, char *rest)
{
	struct provider *p = r->now;
	const char *host = take_word(&rest), *port = take_word(&rest);
	const char *tls = take_word(&rest);
	struct provider_server *s = &p->servers[p->server_count];
	uint64_t number = 0;

	if (p->server_count == PROVIDER_SERVERS_MAX)
		return wrong(r, "there are too many servers");
	if (!tls || take_word(&rest) || !text_number(port, 65535, &number) ||
	    !number)
		return wrong(r, "a server is HOST PORT TLS");
	if (strcmp(tls, "implicit") != 0 && strcmp(tls, "starttls") != 0)
		return wrong(r, "TLS is implicit or starttls");
	s->host = arena_dup(r->arena, host);
	s->port = (unsigned)number;
	s->is_implicit = strcmp(tls, "implicit") == 0;
	p->server_count++;
	return 0;
}

static int read_user(struct reading *r, char *rest)
{
	const char *how = take_word(&rest), *word = take_word(&rest);

	if (how && word && !strcmp(how, "fixed")) {
		r->now->user = PROVIDER_FIXED;
		r->now->fixed_user = arena_dup(r->arena, word);
		return 0;
	}
	if (!how || word)
		return wrong(r, "a user is address, local, ask or fixed NAME");
	if (!strcmp(how, "local"))
		r->now->user = PROVIDER_LOCAL;
	else if (!strcmp(how, "ask"))
		r->now->user = PROVIDER_ASK;
	else if (strcmp(how, "address") != 0)
		return wrong(r, "a user is address, local, ask or fixed NAME");
	return 0;
}

static int read_oauth(struct reading *r, char *rest)
{
	const char *name = take_word(&rest), *tenant = take_word(&rest);

	r->now->oauth = arena_dup(r->arena, name);
	r->now->tenant = tenant ? arena_dup(r->arena, tenant) : NULL;
	return 0;
}

static int read_line(struct reading *r, char *line)
{
	static const struct {
		const char *name;
		int (*read)(struct reading *r, char *rest);
		size_t text; /* the member that is set, unless `read` is */
	} keywords[] = {
		{ "provider", begin, 0 },
		{ "domains", NULL, offsetof(struct provider, domains) },
		{ "mx", NULL, offsetof(struct provider, mx) },
		{ "hosts", NULL, offsetof(struct provider, hosts) },
		{ "server", read_server, 0 },
		{ "user", read_user, 0 },
		{ "auth", NULL, offsetof(struct provider, auth) },
		{ "oauth", read_oauth, 0 },
		{ "hint", NULL, offsetof(struct provider, hint) },
	};
	char *rest = line;
	const char *name = take_word(&rest);

	if (!name || *name == '#')
		return 0;
	rest += strspn(rest, " \t");
	if (!*rest)
		return wrong(r, "the keyword needs a value");
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++) {
		if (strcmp(name, keywords[i].name) != 0)
			continue;
		if (i > 0 && !r->now)
			return wrong(r, "a block begins with its provider");
		if (keywords[i].read)
			return keywords[i].read(r, rest);
		return add(r, AT(r->now, keywords[i].text), rest);
	}
	return wrong(r, "the keyword is unknown");
}

struct provider *provider_read(struct arena *a, const char *text,
			       struct error *f)
{
	struct reading r = { .arena = a, .last = &r.first, .f = f };

	while (*text) {
		size_t n = strcspn(text, "\n");

		r.line++;
		if (read_line(&r, arena_dup_n(a, text, n)) < 0)
			return NULL;
		text += text[n] ? n + 1 : n;
	}
	return r.first;
}

/* ---- matching ---- */

static bool lower(char out[PATTERN_MAX], const char *text, size_t n)
{
	if (n >= PATTERN_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = ascii_lower(text[i]);
	out[n] = '\0';
	return true;
}

static bool fits(const char *patterns, const char *name)
{
	char pattern[PATTERN_MAX], wanted[PATTERN_MAX];

	if (!lower(wanted, name, strlen(name)))
		return false;
	while (*patterns) {
		size_t n = strcspn(patterns, " ");

		if (n && lower(pattern, patterns, n) &&
		    fnmatch(pattern, wanted, 0) == 0)
			return true;
		patterns += patterns[n] ? n + 1 : n;
	}
	return false;
}

const struct provider *provider_of_domain(const struct provider *all,
					  const char *domain)
{
	while (all && !fits(all->domains, domain))
		all = all->next;
	return all;
}

const struct provider *provider_of_mx(const struct provider *all,
				      const char *host)
{
	while (all && !fits(all->mx, host))
		all = all->next;
	return all;
}

/* On a loopback address any program may listen, so the port has to match. */
static bool has_server(const struct provider *p, const char *host,
		       unsigned port)
{
	for (size_t i = 0; i < p->server_count; i++)
		if (ascii_equal(p->servers[i].host, host) &&
		    (!ascii_begins(host, "127.") || p->servers[i].port == port))
			return true;
	return fits(p->hosts, host);
}

const struct provider *provider_of_host(const struct provider *all,
					const char *host, unsigned port)
{
	while (all && !has_server(all, host, port))
		all = all->next;
	return all;
}

/* "gmail" matches "Gmail, Google Workspace": a prefix of the letters is
 * enough. */
const struct provider *provider_named(const struct provider *all,
				      const char *name)
{
	while (all && (!*name || !ascii_begins(all->name, name) ||
		       ascii_is_letter(all->name[strlen(name)])))
		all = all->next;
	return all;
}
