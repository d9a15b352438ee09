/* verify.c - shows how addresses are resolved (resolve.h). */
#include "submit/verify.h"

#include <string.h>

#include "base/sysenv.h"
#include "compose/resolve.h"
#include "deliver/local.h"
#include "deliver/smarthost.h"
#include "deliver/transport.h"

static const char *as_typed(const struct address *one)
{
	return one->spec && *one->spec ? one->spec : one->local;
}

/* Where one final address would go; false: nowhere. */
static bool put_way(struct arena *a, const struct account *account,
		    const char *address, struct buf *out)
{
	bool has_server = transport_leads_out(account);

	if (has_server)
		buf_printf(out, "by account %s and server %s", account->name,
			   transport_name(a, account));
	else if (local_is_caller(address))
		buf_puts(out, "into the Maildir of its user on this machine");
	else
		buf_puts(out, "nowhere: no mail server is configured");
	return has_server || local_is_caller(address);
}

static int verify_one(struct resolver *resolver, const struct address *one,
		      struct buf *out, struct error *f)
{
	const struct account *account = resolver->account;
	struct resolution found = { .final = { .count = 0 } };
	struct error wrong = ERROR_INIT;

	if (resolve_address(resolver, one, &found, &wrong) < 0) {
		buf_printf(out, "%s: nowhere: %s\n", as_typed(one), wrong.text);
		return error_set(f, wrong.cause, "%s: %s", as_typed(one),
				 wrong.text);
	}
	if (!found.final.count)
		buf_printf(out, "%s: nowhere: the aliases discard it\n",
			   as_typed(one));
	for (size_t i = 0; i < found.final.count; i++) {
		const char *address = found.final.items[i].spec;

		if (found.final.items[i].group_only)
			continue;
		buf_printf(out, "%s: <%s>, ", as_typed(one), address);
		if (!put_way(resolver->arena, account, address, out))
			error_set(f, ERROR_CONFIG,
				  "no mail server is configured for %s",
				  address);
		buf_putc(out, '\n');
	}
	return error_is_set(f) ? -1 : 0;
}

int verify_recipients(struct arena *a, const struct request *r,
		      const struct account *account, struct buf *out,
		      struct error *f)
{
	const struct address_list *lists[] = { &r->to, &r->cc, &r->bcc };
	struct resolver resolver;

	resolver_init(&resolver, a, account, r->skip_aliases);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < lists[i]->count; k++)
			if (!lists[i]->items[k].group_only)
				verify_one(&resolver, &lists[i]->items[k], out,
					   f);
	return error_is_set(f) ? -1 : 0;
}

int verify_aliases(struct arena *a, const struct account *account,
		   struct buf *out, struct error *f)
{
	const char *path = account->aliases;
	struct error wrong = ERROR_INIT;
	unsigned count;

	if (!path || strcmp(path, "off") == 0)
		return buf_puts(out, "no alias file is configured\n");
	if (aliases_check(a, path, &count, &wrong) < 0) {
		/* Packages run this, and the system's file may have lines for
		 * other programs.  As with Postfix, those are a warning. */
		if (sysenv_alias_file() && !strcmp(path, sysenv_alias_file()))
			return buf_printf(out, "warning: %s\n", wrong.text);
		*f = wrong;
		return -1;
	}
	return buf_printf(out, "%s: %u aliases\n", path, count);
}
