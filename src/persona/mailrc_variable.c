/* mailrc_variable.c - what was set, and what s-nail would know besides. */
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "persona/mailrc.h"

static struct mailrc_variable *find(const struct mailrc *rc, const char *name)
{
	struct mailrc_variable *v = rc->variables;

	while (v && strcmp(v->name, name) != 0)
		v = v->next;
	return v;
}

const char *mailrc_get(const struct mailrc *rc, const char *name)
{
	const struct mailrc_variable *v = find(rc, name);

	return v ? v->value : NULL;
}

const char *mailrc_doubt(const struct mailrc *rc, const char *name)
{
	const struct mailrc_variable *v = find(rc, name);

	return v ? v->doubt : NULL;
}

/* Does s-nail set this variable by itself if the environment does not? */
static bool has_default(const char *name)
{
	static const char *const names[] = {
		"COLUMNS", "DEAD",    "EDITOR", "HOME",	  "LINES",
		"LISTER",  "LOGNAME", "MAIL",	"MAILRC", "MBOX",
		"NETRC",   "PAGER",   "PATH",	"SHELL",  "TERM",
		"TMPDIR",  "USER",    "VISUAL", NULL,
	};

	for (const char *p = name; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			return true;
	return ascii_is_among(name, names);
}

/* The environment as s-nail sees it: it knows the user even under cron. */
static const char *environment(const char *name)
{
	const char *value = sysenv_env(name);

	if (!value && (!strcmp(name, "USER") || !strcmp(name, "LOGNAME")))
		return sysenv_user();
	return !value && !strcmp(name, "HOME") ? sysenv_home() : value;
}

bool mailrc_look_up(const struct mailrc *rc, const char *name,
		    const char **value)
{
	const struct mailrc_variable *v = rc->typed;

	while (v && strcmp(v->name, name) != 0)
		v = v->next;
	v = v ? v : find(rc, name);
	*value = v ? v->value : environment(name);
	if (v)
		return !v->doubt;
	return *value || !has_default(name);
}

void mailrc_put(struct mailrc *rc, const char *name, const char *value,
		const char *file, const char *doubt)
{
	struct mailrc_variable *v = find(rc, name);

	if (!v) {
		v = arena_alloc(rc->arena, sizeof(*v));
		v->name = name;
		v->next = rc->variables;
		rc->variables = v;
	}
	v->doubt = doubt;
	if (doubt)
		return;
	v->value = value;
	v->file = file;
}
