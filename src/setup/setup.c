/* setup.c - the questions in their order, and the way back after a failed try.
 *
 *	address -> which file -> server -> user -> where the password is kept
 *	-> password -> the try, until it is good -> "Write it?" -> the file
 *	-> a mail to oneself -> the queue */
#include "setup/setup.h"

#include <string.h>

#include "base/sysenv.h"
#include "config/settings.h"
#include "deliver/smarthost.h"
#include "mail/address.h"
#include "net/chain.h"
#include "net/glossary.h"
#include "setup/setup_inside.h"

/* ---- the address ---- */

static const char *judge_address(struct setup *s, const char *answer)
{
	struct error f = ERROR_INIT;
	struct address one;

	if (address_parse(s->arena, answer, false, &one, &f) < 0)
		return arena_dup(s->arena, f.text);
	if (!*one.domain || *one.domain == '[')
		return "a mail address needs a domain, as in joe@example.org";
	return NULL;
}

static void take_address(struct setup *s, const struct address *one)
{
	s->address = one->spec;
	s->local = one->local;
	s->domain = one->domain;
}

static int ask_address(struct setup *s, struct error *f)
{
	const struct setup_question q = {
		.text = "Your email address",
		.help = "The sender address of your mail, such as "
			"joe@example.org; the servers are looked up by its "
			"domain.",
		.judge = judge_address,
	};
	const struct address_list *given = &s->request->to;
	struct address one;
	const char *answer;

	if (given->count) {
		take_address(s, &given->items[0]);
		if (!*s->domain || *s->domain == '[')
			return error_set(f, ERROR_USAGE,
					 "'%s' is not an address with a domain",
					 s->address);
		return 0;
	}
	if (setup_ask(s, &q, &answer, f) < 0 ||
	    address_parse(s->arena, answer, false, &one, f) < 0)
		return -1;
	take_address(s, &one);
	return 0;
}

/* ---- the test: the account connects as it will for a mail ---- */

/* The password that was entered, from wherever it will be read later. */
static void use_password(const struct setup *s, struct account *account)
{
	if (!s->password.len)
		return;
	setting_forget_password(s->arena, account);
	account->password = s->password.data;
}

static int tell_good(struct setup *s, const struct dial *d, struct error *f)
{
	return setup_say(s, f, "  good: %s, %s%s\n",
			 d->conn.is_tls ? d->conn.tls_version : "no TLS",
			 s->user ? "logged in as " : "no login",
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
			  arena_format(s->arena, "Why: %s.\nDo: %s.",
				       advice.why, advice.way_out),
			  f);
}

/* Removes the name of the temporary file from the message. */
static void cut_place(struct error *trouble)
{
	const char *end = strstr(trouble->text, ": ");

	if (strncmp(trouble->text, "/dev/fd/", 8) == 0 && end)
		memmove(trouble->text, end + 2, strlen(end + 2) + 1);
}

/* 0 logged in, 1 failed, with the reason in *trouble; both are reported. */
static int try(struct setup *s, struct error *trouble, struct error *f)
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

/* ---- testing until it works ---- */

static int ask_way(struct setup *s, struct error *f)
{
	if (setup_choose_server(s, f) < 0 || setup_choose_user(s, f) < 0 ||
	    setup_choose_place(s, f) < 0)
		return -1;
	return setup_type_password(s, f);
}

enum remedy {
	TYPE_PASSWORD,
	OTHER_USER,
	OTHER_SERVER,
	OTHER_TRUST,
	AGAIN,
	AS_IT_IS,
	GIVE_UP,
};

static const char remedies_help[] =
	"password: enter it again, or another command. user: another login "
	"name. server: the next candidate, or one that you enter. certificate: "
	"trust it. again: try again. write: save the configuration although it "
	"does not work now. quit: save nothing.";

static enum remedy likely(const struct setup *s, const struct error *trouble)
{
	if (trouble->cause == ERROR_PERMISSION && s->user)
		return TYPE_PASSWORD;
	if (s->is_untrusted)
		return OTHER_TRUST;
	if (trouble->cause == ERROR_NOHOST || s->next < s->count)
		return OTHER_SERVER;
	return trouble->temporary ? AGAIN : GIVE_UP;
}

static int type_anew(struct setup *s, struct error *f)
{
	if (s->place == SETUP_COMMAND || !s->user)
		return setup_choose_place(s, f) < 0 ? -1
						    : setup_type_password(s, f);
	return setup_type_password(s, f);
}

/* 1: write it although it does not work. */
static int correct(struct setup *s, const struct error *trouble,
		   struct error *f)
{
	static const char *const words[] = { "password",    "user",  "server",
					     "certificate", "again", "write",
					     "quit",	    NULL };
	size_t choice;

	if (setup_choose(s,
			 "Next step: password, user, server, certificate, "
			 "again, write or quit",
			 words, likely(s, trouble), remedies_help, &choice,
			 f) < 0)
		return -1;
	s->is_corrected = true;
	switch ((enum remedy)choice) {
	case TYPE_PASSWORD:
		return type_anew(s, f);
	case OTHER_USER:
		return setup_choose_user(s, f) < 0 ||
				       setup_choose_place(s, f) < 0
			       ? -1
			       : setup_type_password(s, f);
	case OTHER_SERVER:
		return setup_choose_server(s, f) < 0 ||
				       setup_choose_user(s, f) < 0 ||
				       setup_choose_place(s, f) < 0
			       ? -1
			       : setup_type_password(s, f);
	case OTHER_TRUST:
		return setup_choose_trust(s, f);
	case AGAIN:
		return 0;
	case AS_IT_IS:
		return 1;
	case GIVE_UP:
		break;
	}
	return error_set(f, ERROR_USAGE, "ended: nothing was written");
}

/* If the user stops after a failed test, that error is returned. */
static int try_until_good(struct setup *s, struct error *f)
{
	struct error trouble = ERROR_INIT;
	int r = try(s, &trouble, f);

	while (r == 1) {
		r = correct(s, &trouble, f);
		if (r == 1)
			return 0;
		if (r < 0 && f->cause == ERROR_USAGE)
			*f = trouble;
		if (r == 0)
			r = try(s, &trouble, f);
	}
	return r;
}

/* ---- the file ---- */

static int show_and_ask(struct setup *s, struct error *f)
{
	struct buf text = BUF_INIT(CONFIG_FILE_MAX);
	int r;

	setup_block(s, &text);
	r = setup_say(s, f, "\n%s\n", text.data);
	buf_free(&text);
	if (r < 0)
		return -1;
	r = setup_confirm(s, arena_format(s->arena, "Write it to %s?", s->path),
			  true,
			  "Nothing has been written yet. With no, nothing is "
			  "changed.",
			  f);
	if (r == 0)
		return error_set(f, ERROR_USAGE, "nothing was written");
	return r < 0 ? -1 : 0;
}

static int write_it(struct setup *s, struct error *f)
{
	if (show_and_ask(s, f) < 0 || setup_store(s, f) < 0 ||
	    setup_write(s, f) < 0)
		return -1;
	if (s->backup &&
	    setup_say(s, f, "Saved the old one as %s.\n", s->backup) < 0)
		return -1;
	return setup_say(s, f, "Wrote %s, account %s.\n", s->path, s->account);
}

/* ---- the next steps ---- */

/* The file is already written, so the end of the input means no. */
static int confirm_or_end(struct setup *s, const char *text, bool fallback,
			  const char *help, struct error *f)
{
	struct error ended = ERROR_INIT;
	int r = setup_confirm(s, text, fallback, help, &ended);

	if (r >= 0)
		return r;
	if (ended.cause == ERROR_USAGE)
		return 0;
	*f = ended;
	return -1;
}

/* 0 after the login, 1 if it is postponed: no mail can be sent until then. */
static int log_in(struct setup *s, const struct setup_result *result,
		  struct error *f)
{
	bool has_client =
		s->client_id || setup_given(s, "oauth_client_id") != NULL;
	int r = 0;

	if (has_client)
		r = confirm_or_end(
			s, "Log in at the provider now (--login)?", true,
			"A browser opens, or an address is shown for "
			"one. `mailsend --login` can do it later as "
			"well.",
			f);
	if (r > 0)
		return s->hands->login(s->hands->context, result, f);
	if (r < 0)
		return -1;
	return setup_say(s, f, "%sun: mailsend --login %s\n",
			 has_client ? "R" : "Set oauth_client_id, then r",
			 s->account) < 0
		       ? -1
		       : 1;
}

static int finish(struct setup *s, const struct setup_result *result,
		  struct error *f)
{
	const struct setup_hands *h = s->hands;
	int status = 0, r = setup_is_oauth(s) ? log_in(s, result, f) : 0;

	if (r < 0)
		return -1;
	if (r == 0 && (result->has_password || h->is_interactive))
		r = confirm_or_end(
			s,
			arena_format(s->arena, "Send a test mail to %s?",
				     s->address),
			true,
			"A short mail to yourself through the new account "
			"shows that everything works.",
			f);
	else
		r = 0;
	if (r > 0)
		r = status = h->send(h->context, result, f);
	if (r < 0)
		return -1;
	r = confirm_or_end(
		s, "Install a timer that retries queued mail (--setup-queue)?",
		true,
		"Mail is queued on a temporary failure. This installs a "
		"systemd timer, or a crontab line, that retries it every few "
		"minutes. `mailsend --setup-queue` can do it later as well.",
		f);
	if (r > 0)
		r = h->queue(h->context, f);
	return r < 0 ? -1 : status ? status : r;
}

static int greet(struct setup *s, struct error *f)
{
	return setup_say(s, f,
			 "This creates a configuration for mailsend. Enter "
			 "accepts the default in\n"
			 "brackets, ? shows help, "
			 "and nothing is written "
			 "before the end.\n"
			 "\n");
}

static int run(struct setup *s, struct error *f)
{
	struct setup_result result;

	s->providers = provider_read(s->arena, provider_text, f);
	if (!s->providers || greet(s, f) < 0 || ask_address(s, f) < 0 ||
	    setup_look(s, f) < 0 || setup_choose_name(s, f) < 0)
		return -1;
	if (!setup_given(s, "host") && setup_find(s, f) < 0)
		return -1;
	if (ask_way(s, f) < 0)
		return -1;
	/* no token exists yet to test with */
	if (!setup_is_oauth(s) && try_until_good(s, f) < 0)
		return -1;
	if (write_it(s, f) < 0)
		return -1;
	result = (struct setup_result){
		.path = s->path,
		.account = s->account,
		.address = s->address,
		.has_password = !s->user || s->place != SETUP_NONE,
	};
	return finish(s, &result, f);
}

int setup_account(struct arena *a, const struct request *r,
		  const struct setup_hands *hands, struct error *f)
{
	struct setup s = {
		.arena = a,
		.request = r,
		.hands = hands,
		.password = BUF_INIT(SETUP_PASSWORD_MAX),
		.old = BUF_INIT(CONFIG_FILE_MAX),
	};
	int result = run(&s, f);

	buf_wipe(&s.password);
	buf_wipe(&s.old);
	return result;
}
