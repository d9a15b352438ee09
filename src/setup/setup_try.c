/* setup_try.c - the account to be, dialled as it will be for a mail. */
#include <string.h>

#include "deliver/smarthost.h"
#include "net/chain.h"
#include "net/glossary.h"
#include "setup/setup_inside.h"

/* What was typed, from wherever it will be read later. */
static void use_password(const struct setup *s, struct account *account)
{
	if (!s->password.len)
		return;
	account->password = s->password.data;
	account->passwordeval = account->password_file = NULL;
	account->password_env = NULL;
}

static int tell_good(struct setup *s, const struct dial *d, struct error *f)
{
	return setup_say(s, f, "  good: %s, %s%s\n",
			 d->conn.is_tls ? d->conn.tls_version : "no TLS",
			 s->user ? "logged in as " : "no log-in",
			 s->user ? s->user : "");
}

static int tell_bad(struct setup *s, const struct error *trouble,
		    const struct chain *chain, struct error *f)
{
	struct advice advice;

	if (setup_tell(s, trouble->text, f) < 0)
		return -1;
	if (chain->count && !chain->is_accepted &&
	    setup_tell(s,
		       arena_format(s->arena,
				    "The certificate it showed is of %s, "
				    "fingerprint %s",
				    chain->certificates[0].subject,
				    chain->certificates[0].sha256),
		       f) < 0)
		return -1;
	if (!glossary_advice_of(trouble, s->server.host, &advice))
		return 0;
	return setup_tell(s,
			  arena_format(s->arena, "That is: %s. %s: %s.",
				       advice.why, "The way out",
				       advice.way_out),
			  f);
}

/* The file that it was read from has no name that would tell anything. */
static void cut_place(struct error *trouble)
{
	const char *end = strstr(trouble->text, ": ");

	if (strncmp(trouble->text, "/dev/fd/", 8) == 0 && end)
		memmove(trouble->text, end + 2, strlen(end + 2) + 1);
}

int setup_try(struct setup *s, struct error *trouble, struct error *f)
{
	struct chain chain = { .arena = s->arena };
	struct account *account;
	struct smarthost h;
	int r;

	error_clear(trouble);
	if (setup_say(s, f, "Trying %s:%u ...\n", s->server.host,
		      s->server.port) < 0)
		return -1;
	s->is_untrusted = false;
	if (setup_load(s, &account, trouble) < 0) {
		cut_place(trouble);
		return tell_bad(s, trouble, &chain, f) < 0 ? -1 : 1;
	}
	use_password(s, account);
	smarthost_init(&h, s->arena, account, s->hands->trace);
	h.chain = &chain;
	r = smarthost_open(&h, trouble);
	if (r == 0)
		r = tell_good(s, &h.dial, f);
	else
		r = tell_bad(s, trouble, &chain, f) < 0 ? -1 : 1;
	s->is_untrusted = chain.count && !chain.is_accepted;
	smarthost_close(&h);
	return r;
}
