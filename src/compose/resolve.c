/* resolve.c - alias, domain, masquerade: each is loaded when the first address
 * needs it.  Most mails need none. */
#include "compose/resolve.h"

#include <string.h>

#include "base/ascii.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "config/settings.h"
#include "deliver/local.h"
#include "deliver/smarthost.h"
#include "deliver/transport.h"
#include "mail/domain.h"

/* Is the smarthost this machine, which has its own "localhost"? */
static bool server_is_here(const struct account *account)
{
	const char *host = account->host;

	return account->socket ||
	       (host && (local_domain_of(host) != LOCAL_DOMAIN_NOT ||
			 !strcmp(host, "::1") || ascii_begins(host, "127.")));
}

void resolver_init(struct resolver *r, struct arena *a,
		   const struct account *account, bool skip_aliases)
{
	*r = (struct resolver){
		.arena = a,
		.account = account,
		.skip_aliases = skip_aliases,
	};
	r->aliases.server_is_here = server_is_here(account);
	if (!transport_leads_out(account))
		r->aliases.own_user = sysenv_user();
}

/* ---- the domain -----------------------------------------------------------
 */

/* From a setting; *out is unchanged if it is not set. */
static int configured(struct resolver *r, const char *setting,
		      const char *value, const char **out, struct error *f)
{
	struct error wrong = ERROR_INIT;

	if (*out || !value)
		return 0;
	*out = domain_to_ascii(r->arena, value, &wrong);
	if (*out)
		return 0;
	return error_set(f, ERROR_CONFIG, "%s: %s", setting, wrong.text);
}

static const char *of_from(struct resolver *r)
{
	struct error unused = ERROR_INIT;
	struct address from;

	if (!r->account->from || address_parse(r->arena, r->account->from,
					       false, &from, &unused) < 0)
		return NULL;
	return local_domain_of(from.domain) == LOCAL_DOMAIN_BARE ? NULL
								 : from.domain;
}

/* Without a dot it is a host name, and the host has a better one. */
static const char *of_mailname(struct resolver *r)
{
	const char *name = sysenv_mailname();
	struct error unused = ERROR_INIT;

	if (!name || !strchr(name, '.') ||
	    local_domain_of(name) == LOCAL_DOMAIN_BARE)
		return NULL;
	return domain_to_ascii(r->arena, name, &unused);
}

const char *resolver_domain(struct resolver *r, struct error *f)
{
	const struct account *account = r->account;

	if (configured(r, "qualify_domain", account->qualify_domain, &r->domain,
		       f) < 0 ||
	    configured(r, "maildomain", account->maildomain, &r->domain, f) < 0)
		return NULL;
	if (!r->domain)
		r->domain = of_from(r);
	if (!r->domain)
		r->domain = of_mailname(r);
	if (!r->domain)
		r->domain = sysenv_host();
	return r->domain;
}

bool resolver_is_bare(const struct resolver *r, const struct address *one)
{
	if (one->group_only || !*one->local)
		return false;
	return !*one->domain ||
	       (local_domain_of(one->domain) == LOCAL_DOMAIN_BARE &&
		!r->aliases.server_is_here);
}

static void put_domain(struct resolver *r, struct address *one,
		       const char *domain)
{
	one->domain = domain;
	address_respell(r->arena, one);
}

int resolve_domain(struct resolver *r, struct address *one, struct error *f)
{
	const char *domain;

	if (!resolver_is_bare(r, one))
		return 0;
	domain = resolver_domain(r, f);
	if (!domain)
		return -1;
	put_domain(r, one, domain);
	return 0;
}

/* ---- recipients -----------------------------------------------------------
 */

/* Without a server mail is local: a user is at this host whatever the domain.
 */
static bool is_own_user(const struct resolver *r, const struct address *one)
{
	return r->aliases.own_user &&
	       strcmp(one->local, r->aliases.own_user) == 0 &&
	       local_domain_of(one->domain) != LOCAL_DOMAIN_NOT;
}

/* The system's alias file may be unreadable: that is a warning and does not
 * stop the mail. */
static int load_aliases(struct resolver *r, struct error *f)
{
	const struct account *account = r->account;
	bool is_system = !setting_is_given(account, "aliases");
	struct error found = ERROR_INIT;

	if (r->has_aliases)
		return 0;
	r->has_aliases = is_system;
	if (r->skip_aliases || !account->aliases ||
	    strcmp(account->aliases, "off") == 0)
		return 0;
	if (aliases_load(r->arena, account->aliases, &r->aliases, &found) ==
	    0) {
		r->has_aliases = true;
		return 0;
	}
	/* the same for the next name */
	if (!is_system)
		return error_set(f, found.cause, "aliases: %s", found.text);
	log_warning("no alias is known: %s", found.text);
	r->aliases.first = NULL;
	return 0;
}

/* A target keeps its own display name. */
static void take_over(struct address *to, const struct address *from)
{
	if (!to->name)
		to->name = from->name;
	to->group = from->group;
}

/* Qualifies a recipient. */
static int place(struct resolver *r, struct address *one, struct error *f)
{
	if (!is_own_user(r, one) || !resolver_is_bare(r, one))
		return resolve_domain(r, one, f);
	put_domain(r, one, sysenv_host());
	return 0;
}

int resolve_address(struct resolver *r, const struct address *one,
		    struct resolution *out, struct error *f)
{
	struct address_list *found = &out->expansion.list;

	out->qualified = *one;
	if (place(r, &out->qualified, f) < 0)
		return -1;
	if (!one->group_only &&
	    local_domain_of(one->domain) != LOCAL_DOMAIN_NOT &&
	    load_aliases(r, f) < 0)
		return -1;
	if (aliases_expand(r->arena, &r->aliases, one, &out->expansion, f) < 0)
		return -1;
	r->has_discarded |= out->expansion.is_discarded;
	for (size_t i = 0; i < found->count; i++) {
		struct address final = found->items[i];

		take_over(&final, one);
		if (place(r, &final, f) < 0)
			return -1;
		address_append(r->arena, &out->final, &final);
	}
	return 0;
}

/* Two names may have one mailbox: it is shown once. */
static void show(struct resolver *r, struct address_list *shown,
		 struct address_index *index, const struct resolution *found)
{
	bool is_alias = found->expansion.is_alias;

	if (found->expansion.is_list || !found->final.count) {
		address_append(r->arena, shown, &found->qualified);
		return;
	}
	for (size_t i = 0; i < found->final.count; i++)
		if (is_alias)
			address_append_once(r->arena, shown, index,
					    &found->final.items[i]);
		else
			address_append(r->arena, shown, &found->final.items[i]);
}

/* Most addresses: nothing changes. */
static bool is_settled(const struct address *one)
{
	return one->group_only ||
	       local_domain_of(one->domain) == LOCAL_DOMAIN_NOT;
}

static int resolve_one(struct resolver *r, const struct address *one,
		       struct address_list *shown, struct address_index *index,
		       struct address_list *envelope, struct error *f)
{
	struct resolution found = { .final = { .count = 0 } };

	if (resolve_address(r, one, &found, f) < 0)
		return -1;
	if (shown)
		show(r, shown, index, &found);
	if (envelope)
		address_append_all(r->arena, envelope, &found.final);
	return 0;
}

int resolve_recipients(struct resolver *r, const struct address_list *list,
		       struct address_list *shown,
		       struct address_list *envelope, struct error *f)
{
	struct address_list named = { 0 };
	struct address_index index = { 0 };

	if (r->nicknames && (r->nicknames->first || r->nicknames->missing)) {
		if (personal_aliases_expand(r->arena, r->nicknames, list,
					    &named, f) < 0)
			return -1;
		list = &named;
	}
	if (shown)
		address_reserve(r->arena, shown, list->count);
	if (envelope)
		address_reserve(r->arena, envelope, list->count);
	for (size_t i = 0; i < list->count; i++) {
		const struct address *one = &list->items[i];

		if (!is_settled(one)) {
			if (resolve_one(r, one, shown, &index, envelope, f) < 0)
				return -1;
			continue;
		}
		if (shown)
			address_append(r->arena, shown, one);
		if (envelope && !one->group_only)
			address_append(r->arena, envelope, one);
	}
	return 0;
}

/* ---- senders --------------------------------------------------------------
 */

const char *resolver_own(struct resolver *r)
{
	const struct account *account = r->account;
	struct error unused = ERROR_INIT;
	struct address user;

	if (account->from)
		return account->from;
	if (!account->user || !strchr(account->user, '@') ||
	    address_parse(r->arena, account->user, false, &user, &unused) < 0 ||
	    resolver_is_bare(r, &user))
		return NULL;
	return account->user;
}

static bool is_to_masquerade(struct resolver *r, const struct address *one)
{
	const struct account *account = r->account;

	if (!resolver_own(r) || account->masquerade == CONFIG_OFF)
		return false;
	return resolver_is_bare(r, one) ||
	       (account->masquerade == CONFIG_ON &&
		local_domain_of(one->domain) != LOCAL_DOMAIN_NOT);
}

/* "root on web1"; "Cron Daemon (root on web1)". */
static const char *masquerade_name(struct resolver *r,
				   const struct address *one)
{
	int n;
	const char *host = local_domain_name(&n);

	if (one->name && *one->name)
		return arena_format(r->arena, "%s (%s on %.*s)", one->name,
				    one->local, n, host);
	return arena_format(r->arena, "%s on %.*s", one->local, n, host);
}

int resolve_sender(struct resolver *r, struct address *one, struct error *f)
{
	bool is_masked = *one->local && is_to_masquerade(r, one);
	struct address from, was = *one;

	if (resolve_domain(r, one, f) < 0)
		return -1;
	if (!is_masked)
		return 0;
	if (address_parse(r->arena, resolver_own(r), false, &from, f) < 0 ||
	    resolve_domain(r, &from, f) < 0)
		return -1;
	if (address_equal(&from, one))
		return 0;
	from.name = masquerade_name(r, &was);
	from.group = one->group;
	*one = from;
	return 0;
}
