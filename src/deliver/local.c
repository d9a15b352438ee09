/* local.c - delivery to ~/Maildir, once even if the caller is named several
 * times. */
#include "deliver/local.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "mail/domain.h"
#include "store/maildir.h"

bool local_is_caller(const char *address)
{
	const char *at = strrchr(address, '@');
	const char *user = sysenv_user();
	size_t n = at ? (size_t)(at - address) : strlen(address);

	if (strlen(user) != n || memcmp(user, address, n) != 0)
		return false;
	return local_domain_of(at ? at + 1 : "") != LOCAL_DOMAIN_NOT;
}

static int no_smarthost(const char *config_path, const char *address,
			struct error *f)
{
	const char *note = sysenv_home_note();

	return error_set(
		f, ERROR_CONFIG,
		"no mail server is configured for %s%s%s%s; run mailsend "
		"--setup, give a server with --host, or write to %s: \"host "
		"smtp.example.org\", \"from you@example.org\", \"tls on\" (and "
		"\"auth on\", \"user NAME\", \"passwordeval COMMAND\" for a "
		"login)",
		address, note ? " (" : "", note ? note : "", note ? ")" : "",
		config_path ? config_path : "~/.config/mailsend/config");
}

static int deliver(struct arena *a, const struct account *account,
		   const struct envelope *e, const char *recipient,
		   const struct slice *message, struct outcome *out,
		   struct error *f)
{
	const char *directory = account->maildir, *path;

	if (!directory && !sysenv_home())
		return error_set(
			f, ERROR_CONFIG,
			"there is no home directory for a Maildir; set one "
			"with --set maildir=DIRECTORY");
	if (!directory)
		directory = disk_expand_home(a, "~/Maildir");
	if (maildir_deliver(a, directory, e->reverse_path, recipient, message,
			    &path, f) < 0)
		return -1;
	snprintf(out->reply, sizeof(out->reply), "delivered to %s", path);
	return 0;
}

int local_deliver(struct arena *a, const struct account *account,
		  const char *config_path, struct envelope *e,
		  const struct slice *message, struct outcome *out,
		  struct error *f)
{
	bool is_delivered = false;

	for (size_t i = 0; i < e->count; i++) {
		struct recipient *r = &e->recipients[i];
		struct error verdict = ERROR_INIT;

		if (r->decided)
			continue;
		r->decided = true;
		if (!local_is_caller(r->address)) {
			no_smarthost(config_path, r->address, &verdict);
		} else if (is_delivered ||
			   deliver(a, account, e, r->address, message, out,
				   &verdict) == 0) {
			is_delivered = true;
			envelope_quote(e, r, out->reply);
		}
		envelope_judge(e, r, &verdict);
	}
	return envelope_sum_up(e, f);
}

/* ---- which domains are local, without asking the network ---- */

const char *local_domain_name(int *n)
{
	const char *host = sysenv_host();

	*n = (int)strcspn(host, ".");
	return host;
}

enum local_domain local_domain_of(const char *domain)
{
	int n;
	const char *host = local_domain_name(&n);

	/* "alice@box" on box.example.org */
	if (!*domain || domain_equal(domain, "localhost") ||
	    domain_equal(domain, "localhost.localdomain") ||
	    ((int)strlen(domain) == n && ascii_begins(host, domain)))
		return LOCAL_DOMAIN_BARE;
	return domain_equal(domain, host) ? LOCAL_DOMAIN_FULL
					  : LOCAL_DOMAIN_NOT;
}
