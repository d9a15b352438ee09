/* talk_login.c - \auth: answers each challenge, for all protocols. */
#include <stdlib.h>
#include <string.h>

#include "talk/talk_inside.h"

void talk_login_end(struct talk *t)
{
	struct talk_login *l = &t->login;

	if (l->is_on)
		sasl_end(&l->sasl);
	free(l->user);
	buf_wipe(&l->password);
	buf_wipe(&l->challenge);
	*l = (struct talk_login){ .is_on = false };
	buf_init(&l->password, 0);
	buf_init(&l->challenge, TALK_LINE_MAX);
}

static const struct mechanism *choose(const struct talk_line *line,
				      const char *name, struct error *f)
{
	const struct sasl_options o = { .mechanism = name };
	const struct mechanism *m = mechanism_find(name);
	struct arena a = ARENA_INIT;

	if (m && m->flags & MECHANISM_IS_CHOICE)
		return sasl_choose(line->offer, &o, line->place, f);
	if (m && !(m->flags & MECHANISM_IS_COMMAND))
		return m;
	error_set(f, ERROR_USAGE, "\\auth knows %s, not '%s'",
		  mechanism_names(&a), name);
	arena_free(&a);
	return NULL;
}

static int find_password(struct talk *t, const char *user, struct error *f)
{
	struct talk_login *l = &t->login;
	const char *whose = user; /* a certificate or a ticket has no user */

	if (!(l->sasl.mechanism->flags & MECHANISM_NO_PASSWORD) &&
	    t->options->credentials(t->options->context, user, &whose,
				    &l->password, f) < 0)
		return -1;
	l->user = memory_dup(whose ? whose : "");
	l->options = (struct sasl_options){
		.user = l->user,
		.password = l->password.data,
		.service = t->options->protocol->service,
		.host = t->line->host,
		.port = t->line->port,
		.binding = t->line->binding,
		.offer = t->line->offer,
	};
	talk_remember(t, l->password.data);
	return 0;
}

int talk_login_begin(struct talk *t, const char *mechanism, const char *user,
		     struct error *f)
{
	struct talk_login *l = &t->login;
	struct buf command = BUF_INIT(128);
	int r;

	talk_login_end(t);
	if (!t->line->is_safe)
		return error_set(
			f, ERROR_CONFIG,
			"no login without TLS, since others could read "
			"or take over the connection");
	l->sasl.mechanism = choose(t->line, mechanism, f);
	if (!l->sasl.mechanism || find_password(t, user, f) < 0)
		return -1;
	l->is_on = true;
	if (sasl_begin(&l->sasl, l->sasl.mechanism, &l->options, f) < 0)
		return -1;
	buf_printf(&command, "%s %s", t->options->protocol->login,
		   l->sasl.mechanism->name);
	r = talk_send_command(t, command.data, f);
	buf_free(&command);
	return r;
}

int talk_login_answer(struct talk *t, struct error *f)
{
	struct talk_login *l = &t->login;
	struct error why = ERROR_INIT;
	const char *response = "*";

	if (sasl_answer(&l->sasl, l->challenge.data, &why) < 0)
		talk_remark(t, "%s", why.text);
	else
		response = l->sasl.response.data;
	if (l->sasl.reason.len)
		talk_remark(t, "its reason: %s", l->sasl.reason.data);
	talk_remember(t, response);
	return talk_send_line(t, response, "***", f);
}

void talk_login_confirm(struct talk *t)
{
	struct error why = ERROR_INIT;

	if (t->login.is_on && !error_is_set(&t->state.refusal) &&
	    sasl_confirm(&t->login.sasl, &why) < 0)
		talk_remark(t, "%s", why.text);
	talk_login_end(t);
}

void talk_login_challenge(struct talk *t, const char *line)
{
	if (!t->state.is_challenge || !t->login.is_on)
		return;
	line += strcspn(line, " ");
	buf_reset(&t->login.challenge);
	buf_puts(&t->login.challenge, line + (*line == ' '));
}
