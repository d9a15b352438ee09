/* personas.c - by which name we were called. */
#include "persona/personas.h"

#include <string.h>

static const struct persona *const personas[] = { &persona_mailsend, NULL };

const struct persona *persona_of(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *name = slash ? slash + 1 : argv0;

	for (size_t i = 0; name && personas[i]; i++)
		if (strcmp(personas[i]->name, name) == 0)
			return personas[i];
	return &persona_mailsend;
}
