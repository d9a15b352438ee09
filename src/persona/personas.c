/* personas.c - the persona for the name we were called by. */
#include "persona/personas.h"

#include <string.h>

static const struct {
	const char *name;
	const struct persona *persona;
} names[] = {
	{ "mailsend", &persona_mailsend },     { "mail", &persona_mail },
	{ "mailx", &persona_mailx },	       { "mutt", &persona_mutt },
	{ "neomutt", &persona_neomutt },       { "msmtp", &persona_msmtp },
	{ "sendmail", &persona_sendmail },     { "mailq", &persona_mailq },
	{ "newaliases", &persona_newaliases },
};

const struct persona *persona_of(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *name = slash ? slash + 1 : argv0;

	for (size_t i = 0; name && i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].persona;
	return &persona_mailsend;
}

/* Commands that have options of their own. */
static const struct persona *persona_behind(const char *word)
{
	if (strcmp(word, "--mailq") == 0)
		return &persona_mailsend_mailq;
	if (strcmp(word, "--run") == 0)
		return &persona_mailsend_run;
	return NULL;
}

const struct persona *persona_choose(int *argc, char ***argv)
{
	const struct persona *p = persona_of(*argc > 0 ? (*argv)[0] : NULL);
	const struct persona *other = NULL;

	if (p == &persona_mailsend && *argc > 1)
		other = persona_behind((*argv)[1]);
	if (!other)
		return p;
	--*argc;
	++*argv;
	return other;
}
