/* mechanism.c - the table. */
#include "config/mechanism.h"

#include "base/ascii.h"

static const struct mechanism mechanisms[] = {
	{ "SCRAM-SHA-256-PLUS",
	  MECHANISM_BEGINS | MECHANISM_BY_LIBRARY | MECHANISM_IS_BOUND, 3 },
	{ "SCRAM-SHA-1-PLUS",
	  MECHANISM_BEGINS | MECHANISM_BY_LIBRARY | MECHANISM_IS_BOUND, 3 },
	{ "SCRAM-SHA-256", MECHANISM_BEGINS | MECHANISM_BY_LIBRARY, 3 },
	{ "SCRAM-SHA-1", MECHANISM_BEGINS | MECHANISM_BY_LIBRARY, 3 },
	{ "PLAIN", MECHANISM_IS_CLEAR | MECHANISM_BEGINS, 1 },
	{ "LOGIN", MECHANISM_IS_CLEAR, 2 },
	{ "USER", MECHANISM_IS_CLEAR | MECHANISM_IS_COMMAND, 2 },
	{ "CRAM-MD5", 0, 2 },
	{ "DIGEST-MD5", MECHANISM_BY_LIBRARY, 3 },
	{ "APOP", MECHANISM_IS_COMMAND, 1 },
	{ "NTLM", MECHANISM_BY_NAME | MECHANISM_BEGINS | MECHANISM_BY_LIBRARY,
	  2 },
	{ "GSSAPI",
	  MECHANISM_BY_NAME | MECHANISM_NO_PASSWORD | MECHANISM_BEGINS |
		  MECHANISM_BY_LIBRARY,
	  3 },
	{ "EXTERNAL",
	  MECHANISM_BY_NAME | MECHANISM_NO_PASSWORD | MECHANISM_BEGINS, 1 },
	{ "OAUTHBEARER",
	  MECHANISM_BY_NAME | MECHANISM_BEARER | MECHANISM_BEGINS, 1 },
	{ "XOAUTH2", MECHANISM_BY_NAME | MECHANISM_BEARER | MECHANISM_BEGINS,
	  1 },
	{ "OAUTH", MECHANISM_BY_NAME | MECHANISM_BEARER | MECHANISM_IS_CHOICE,
	  1 },
};
#define COUNT (sizeof(mechanisms) / sizeof(*mechanisms))

const struct mechanism *mechanism_at(size_t i)
{
	return i < COUNT ? &mechanisms[i] : NULL;
}

const struct mechanism *mechanism_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (ascii_equal(mechanisms[i].name, name))
			return &mechanisms[i];
	return NULL;
}

static const char *in_lower_case(struct arena *a, const char *name)
{
	char *copy = arena_dup(a, name);

	for (char *p = copy; *p; p++)
		*p = ascii_lower(*p);
	return copy;
}

const char *mechanism_names(struct arena *a)
{
	const char *names = "", *last = NULL;

	for (size_t i = 0; i < COUNT; i++) {
		if (mechanisms[i].flags & MECHANISM_IS_COMMAND)
			continue;
		if (last)
			names = arena_format(a, "%s%s%s", names,
					     *names ? ", " : "", last);
		last = in_lower_case(a, mechanisms[i].name);
	}
	return arena_format(a, "%s or %s", names, last);
}

bool mechanism_needs_password(const char *auth)
{
	const struct mechanism *m = mechanism_find(auth);

	return !m || !(m->flags & MECHANISM_NO_PASSWORD);
}
