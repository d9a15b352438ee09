/* cmdline.c - see cmdline.h. */
#include "persona/cmdline.h"

#include <string.h>

static const struct {
	const char *name;
	enum request_action action;
} commands[] = {
	[COMMAND_SEND] = { "sending", REQUEST_SEND },
	[COMMAND_PRINT] = { "--print", REQUEST_PRINT },
	[COMMAND_DRY_RUN] = { "--dry-run", REQUEST_DRY_RUN },
	[COMMAND_EXPLAIN] = { "--explain", REQUEST_EXPLAIN },
	[COMMAND_SHOW_CONFIG] = { "--show-config", REQUEST_NO_MAIL },
	[COMMAND_LIST_ACCOUNTS] = { "--show-config=accounts", REQUEST_NO_MAIL },
	[COMMAND_VERIFY] = { "-bv", REQUEST_NO_MAIL },
	[COMMAND_CHECK_ALIASES] = { "-bi", REQUEST_NO_MAIL },
	[COMMAND_LIST_QUEUE] = { "-bp", REQUEST_NO_MAIL },
	[COMMAND_RUN_QUEUE] = { "-q or --flush", REQUEST_NO_MAIL },
	[COMMAND_CHECK_QUEUE] = { "--check", REQUEST_NO_MAIL },
	[COMMAND_CHANGE_QUEUE] = { "--hold, --release, --retry or --delete",
				   REQUEST_NO_MAIL },
	[COMMAND_PRINT_QUEUED] = { "--print", REQUEST_NO_MAIL },
	[COMMAND_SETUP_QUEUE] = { "--setup-queue", REQUEST_NO_MAIL },
	[COMMAND_SETUP_SERVICE] = { "--setup-service", REQUEST_NO_MAIL },
	[COMMAND_SETUP] = { "--setup", REQUEST_NO_MAIL },
	[COMMAND_LOGIN] = { "--login", REQUEST_NO_MAIL },
	[COMMAND_LOGOUT] = { "--logout", REQUEST_NO_MAIL },
	[COMMAND_TOKEN] = { "--token", REQUEST_NO_MAIL },
	[COMMAND_TALK] = { "--talk", REQUEST_NO_MAIL },
	[COMMAND_CHECK] = { "--check", REQUEST_NO_MAIL },
	[COMMAND_ROUNDTRIP] = { "--roundtrip", REQUEST_NO_MAIL },
	[COMMAND_SERVE_STDIO] = { "-bs", REQUEST_NO_MAIL },
	[COMMAND_SERVE] = { "--serve", REQUEST_NO_MAIL },
	[COMMAND_RUN] = { "--run", REQUEST_NO_MAIL },
	[COMMAND_HELP] = { "--help", REQUEST_NO_MAIL },
	[COMMAND_HELP_ALL] = { "--help", REQUEST_NO_MAIL },
	[COMMAND_VERSION] = { "--version", REQUEST_NO_MAIL },
};

void cmdline_init(struct cmdline *c)
{
	memset(c, 0, sizeof(*c));
	request_init(&c->request);
	run_options_init(&c->run);
	c->check.warn_days = CHECK_WARN_DAYS;
	c->check.crit_days = CHECK_CRIT_DAYS;
}

void cmdline_become(struct cmdline *c, enum command_kind kind)
{
	c->kind = kind;
	c->request.action = commands[kind].action;
}

void cmdline_resume(struct cmdline *c, struct arena *a,
		    const struct cmdline *now)
{
	struct request *r = &c->request;
	const struct request *given = &now->request;

	c->series.resume = now->series.resume;
	c->series.again = now->series.again;
	c->series.parts = now->series.parts;
	if (now->series.connections)
		c->series.connections = now->series.connections;
	if (given->account)
		r->account = given->account;
	if (given->config_path)
		r->config_path = given->config_path;
	request_add_overrides(a, r, given->overrides);
	r->json = given->json;
	r->quiet = given->quiet;
	r->transcript = given->transcript;
	r->transcript_path = given->transcript_path;
}

const char *cmdline_name(enum command_kind kind)
{
	return commands[kind].name;
}
