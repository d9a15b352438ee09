/* local.c - into ~/Maildir, once however many of its names were given. */
#include "deliver/local.h"

#include <stdio.h>
#include <string.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/world.h"
#include "store/maildir.h"
#include "deliver/here.h"

bool local_is_caller(const char *address)
{
	const char *at = strrchr(address, '@');
	const char *user = world_user();
	size_t n = at ? (size_t)(at - address) : strlen(address);

	if (strlen(user) != n || memcmp(user, address, n) != 0)
		return false;
	return here_of(at ? at + 1 : "") != HERE_NOT;
}

static int no_smarthost(const struct composition *c, const char *address,
			struct fault *f)
{
	const char *where = c->request->config_path
				    ? c->request->config_path
				    : "~/.config/mailsend/config";

	return fault_set(
		f, FAULT_CONFIG,
		"no mail server is configured for %s; write these lines to %s: \"host smtp.example.org\", \"from you@example.org\", \"tls on\" (and \"auth on\", \"user NAME\", \"passwordeval COMMAND\" where it wants a log-in), or name one with --host",
		address, where);
}

static int deliver(struct composition *c, const char *recipient,
		   struct outcome *out, struct fault *f)
{
	const char *folder = c->account->maildir, *path;
	struct slice message = stage_slice(&c->stage);

	if (!folder && !world_home())
		return fault_set(
			f, FAULT_CONFIG,
			"there is no home folder for a Maildir; name one with --set maildir=FOLDER");
	if (!folder)
		folder = disk_expand_home(c->arena, "~/Maildir");
	if (maildir_deliver(c->arena, folder, c->envelope.reverse_path,
			    recipient, &message, &path, f) < 0)
		return -1;
	snprintf(out->reply, sizeof(out->reply), "delivered to %s", path);
	return 0;
}

int local_deliver(struct composition *c, struct outcome *out, struct fault *f)
{
	struct envelope *e = &c->envelope;
	bool is_delivered = false;

	for (size_t i = 0; i < e->count; i++) {
		struct recipient *r = &e->recipients[i];
		struct fault *verdict = &r->verdict;

		r->decided = true;
		if (!local_is_caller(r->address)) {
			no_smarthost(c, r->address, verdict);
		} else if (is_delivered ||
			   deliver(c, r->address, out, verdict) == 0) {
			is_delivered = true;
			snprintf(r->reply, sizeof(r->reply), "%s", out->reply);
		}
		if (fault_is_set(verdict) && !fault_is_set(f))
			*f = *verdict;
	}
	return fault_is_set(f) ? -1 : 0;
}
