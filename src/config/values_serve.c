/* values_serve.c - values about local users that the server sends for, and
 * about credentials of the service manager. */
#include "config/values.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

#define RATE_MAX   1000000
#define PERIOD_MAX (365 * 86400)

static int refuse(struct value *v, const char *why)
{
	v->why = why;
	return -1;
}

const char *value_next_word(struct arena *a, const char **list)
{
	static const char between[] = ", \t";
	const char *word = *list + strspn(*list, between);
	size_t n = strcspn(word, between);

	*list = word + n;
	return n ? arena_dup_n(a, word, n) : NULL;
}

/* It becomes part of a path. */
int value_credential(struct value *v, void *field)
{
	if (strchr(v->text, '/') || *v->text == '.')
		return refuse(v, "is not the name of a credential: it has no "
				 "slash, and does not begin with a dot");
	return value_word(v, field);
}

int value_size_or_off(struct value *v, void *field)
{
	if (strcmp(v->text, "off") != 0)
		return value_size(v, field);
	*(int *)field = 0;
	return 0;
}

int value_mode(struct value *v, void *field)
{
	const char *text = v->text;
	size_t n = strlen(text);

	if (n < 3 || n > 4 || strspn(text, "01234567") != n ||
	    (n == 4 && *text != '0'))
		return refuse(v, "is not a mode in octal, as in 0660");
	return value_text(v, field);
}

/* ---- lists ---- */

/* A valid name of a user or group, or a number. */
static bool is_name(const char *text)
{
	if (!*text || *text == '-')
		return false;
	for (; *text; text++)
		if (text_is_control(*text) || strchr(" :/,%*?[]", *text))
			return false;
	return true;
}

static bool is_who(const char *word)
{
	static const char user[] = "user:";

	return is_name(ascii_begins(word, user) ? word + strlen(user) : word);
}

int value_people(struct value *v, void *field)
{
	const char *rest = v->text, *word;

	*(const char **)field = NULL;
	if (strcmp(v->text, "any") == 0)
		return 0;
	while ((word = value_next_word(v->arena, &rest)))
		if (!is_who(word))
			return refuse(v, "is not a list of groups, and of "
					 "users as in user:www-data");
	return value_text(v, field);
}

static bool is_sender(struct arena *a, const char *word)
{
	const char *colon = strrchr(word, ':');

	if (colon && !is_who(arena_dup_n(a, word, (size_t)(colon - word))))
		return false;
	if (colon)
		word = colon + 1;
	return strcmp(word, "own") == 0 || strcmp(word, "any") == 0 ||
	       strchr(word, '@');
}

int value_senders(struct value *v, void *field)
{
	const char *rest = v->text, *word;

	if (!*v->text)
		return refuse(v, "needs own, any or a list of addresses");
	while ((word = value_next_word(v->arena, &rest)))
		if (!is_sender(v->arena, word))
			return refuse(v, "is not own, any or a list of "
					 "addresses, as in own, "
					 "user:www-data:*@example.org");
	return value_text(v, field);
}

/* ---- the rate ---- */

/* "h", "hour" or "10m"; 0 for others. */
static unsigned seconds_of(const char *text)
{
	char one[32];
	uint64_t n;

	text += strspn(text, " \t");
	snprintf(one, sizeof(one), "%s%s", ascii_is_digit(*text) ? "" : "1",
		 text);
	return text_read_time(one, PERIOD_MAX, &n) ? (unsigned)n : 0;
}

void value_read_rate(const char *text, unsigned *count, unsigned *seconds)
{
	uint64_t n = 0;
	size_t digits = text_digits(text, RATE_MAX, &n);
	const char *rest = text + digits + strspn(text + digits, " \t");

	*count = (unsigned)n;
	*seconds = digits && *rest == '/' ? seconds_of(rest + 1) : 0;
}

int value_rate(struct value *v, void *field)
{
	unsigned count, seconds;

	*(const char **)field = NULL;
	if (strcmp(v->text, "off") == 0)
		return 0;
	value_read_rate(v->text, &count, &seconds);
	if (!count || !seconds)
		return refuse(v, "is not off or a number of mails in a time, "
				 "as in 100/h, 20/10m, 1000/day");
	return value_text(v, field);
}
