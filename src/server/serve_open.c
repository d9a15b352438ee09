/* serve_open.c - what has to be right before anybody comes. */
#include <string.h>

#include "server/client_stream.h"
#include "server/serve.h"
#include "server/service.h"

static int check_settings(const struct account *account, struct error *f)
{
	const char *cert = account->serve_cert;

	if (account->serve_key && !cert)
		return error_set(f, ERROR_CONFIG,
				 "serve_key needs a certificate: set "
				 "serve_cert too");
	if (account->serve_auth_command && !cert)
		return error_set(f, ERROR_CONFIG,
				 "login requires TLS: with serve_auth_command "
				 "set serve_cert and serve_key too");
	if (!account->serve_tls_starttls && !cert)
		return error_set(f, ERROR_CONFIG,
				 "serve_tls_starttls off is TLS from the "
				 "start, which needs a certificate: set "
				 "serve_cert and serve_key too");
	if (!cert)
		return 0;
	return client_stream_check_identity(
		cert, account->serve_key ? account->serve_key : cert, f);
}

static int check_reach(const struct serve *s, struct error *f)
{
	const struct listeners *l = &s->sockets;

	if (listener_check_way(l, s->account, f) < 0)
		return -1;
	if (l->is_local || s->account->serve_auth_command ||
	    s->options->is_open)
		return 0;
	return error_set(f, ERROR_CONFIG,
			 "other machines can reach %s, and without a login "
			 "they could send mail in your name: set "
			 "serve_auth_command, or say --serve-anyone",
			 s->options->address);
}

int serve_open(struct serve *s, struct error *f)
{
	int r;

	if (check_settings(s->account, f) < 0)
		return -1;
	r = listener_open(&s->sockets, s->arena, s->options->address,
			  s->account, f);
	if (r == 0)
		r = check_reach(s, f);
	if (r == 0)
		r = service_become(s->arena, s->account, s->sockets.has_unix,
				   f);
	if (r < 0) {
		listener_unlink(&s->sockets);
		listener_close(&s->sockets);
	}
	return r;
}
