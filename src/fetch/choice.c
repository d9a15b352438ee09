/* choice.c - a mark for each message, then a list of those marked. */
#include "fetch/choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

struct range {
	size_t from, to; /* to is 0: the last */
};

/* Digits that are no more than a mailbox can have. */
static bool read_number(const char **p, size_t *n)
{
	const char *from = *p;

	*n = 0;
	for (; ascii_is_digit(**p); ++*p)
		if (*n <= MAILBOX_MESSAGES_MAX)
			*n = *n * 10 + (size_t)(**p - '0');
	return *p > from && *n;
}

static bool read_range(const char *word, struct range *r)
{
	if (!strcmp(word, "all")) {
		*r = (struct range){ 1, 0 };
		return true;
	}
	if (!read_number(&word, &r->from))
		return false;
	r->to = r->from;
	if (!*word)
		return true;
	if (*word++ != '-')
		return false;
	r->to = 0;
	return !*word ||
	       (read_number(&word, &r->to) && !*word && r->to >= r->from);
}

bool choice_is_word(const char *word)
{
	struct range r;

	return !strcmp(word, "last") || read_range(word, &r);
}

static int mark(const struct mailbox *m, char *marks, const char *word,
		struct error *f)
{
	struct range r;

	if (!strcmp(word, "last"))
		r = (struct range){ m->count, m->count };
	else if (!read_range(word, &r))
		return error_set(f, ERROR_USAGE,
				 "\"%s\" is not a message: write a number, "
				 "3-9, last or all",
				 word);
	if (strcmp(word, "all") != 0 &&
	    (!r.from || r.from > m->count || r.to > m->count))
		return error_set(f, ERROR_NOINPUT,
				 "there is no message %s in %s: it has %zu",
				 word, m->name, m->count);
	for (size_t i = r.from; i <= (r.to ? r.to : m->count); i++)
		marks[i - 1] = 1;
	return 0;
}

static int collect(struct choice *c, struct mailbox *m, const char *marks,
		   struct seen *seen, struct error *f)
{
	for (size_t i = 1; i <= m->count; i++) {
		if (!marks[i - 1])
			continue;
		if (seen) {
			const char *id = mailbox_id(m, i, f);

			if (!id)
				return -1;
			if (seen_has(seen, id))
				continue;
		}
		c->numbers[c->count++] = i;
	}
	return 0;
}

int choice_make(struct choice *c, struct arena *a, struct mailbox *m,
		const char *const *words, size_t count, struct seen *seen,
		struct error *f)
{
	char *marks = arena_alloc(a, m->count + 1);

	*c = (struct choice){
		.numbers = arena_array(a, m->count + 1, sizeof(*c->numbers)),
	};
	if (!count)
		memset(marks, 1, m->count);
	for (size_t i = 0; i < count; i++)
		if (mark(m, marks, words[i], f) < 0)
			return -1;
	return collect(c, m, marks, seen, f);
}
