/* personas.c - by which name we were called. */
#include "persona/personas.h"

#include <string.h>

static const struct {
	const char *name;
	const struct persona *persona;
} names[] = {
	{ "mailsend", &persona_mailsend },
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
