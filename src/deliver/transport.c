/* transport.c - which of them, and what its verdict is for the recipients. */
#include "deliver/transport.h"

#include <string.h>

#include "base/ascii.h"
#include "deliver/smarthost.h"
#include "net/http.h"

#define COMMAND "command "

bool transport_is_set(const struct account *account)
{
	return account->transport != NULL;
}

bool transport_leads_out(const struct account *account)
{
	return transport_is_set(account) || smarthost_is_set(account);
}

/* NULL: it is none. */
static const char *command_of(const struct account *account)
{
	return ascii_begins(account->transport, COMMAND)
		       ? account->transport + strlen(COMMAND)
		       : NULL;
}

const char *transport_name(struct arena *a, const struct account *account)
{
	char host[256];

	if (!transport_is_set(account))
		return smarthost_name(a, account);
	if (command_of(account))
		return arena_format(a, "the command of account %s",
				    account->name);
	http_host(graph_url(a, account), host, sizeof(host));
	return arena_dup(a, host);
}

uint64_t transport_size(const struct account *account)
{
	return command_of(account) ? 0 : GRAPH_SIZE_MAX;
}

static void accept_all(struct envelope *e, const char *reply)
{
	const struct error none = ERROR_INIT;

	for (size_t i = 0; i < e->count; i++) {
		struct recipient *r = &e->recipients[i];

		if (r->decided)
			continue;
		r->decided = true;
		envelope_judge(e, r, &none);
		envelope_quote(e, r, reply);
	}
}

int transport_send(struct arena *a, const struct account *account,
		   struct envelope *e, const struct slice *message,
		   struct outcome *out, struct error *f)
{
	const char *command = command_of(account);
	bool is_asked = false;
	int r = command ? pipe_command_send(a, account, command, e, message,
					    out, &is_asked, f)
			: graph_send(a, account, e, message, out, &is_asked, f);

	if (r == 0)
		accept_all(e, out->reply);
	else if (is_asked)
		envelope_decide_rest(e, f);
	return r == 0 || is_asked ? 0 : -1;
}
