/* choice.c - a mark for each message, then a list of those marked. */
#include "fetch/choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct range {
	size_t from, to; /* to is 0: the last */
};

/* "7-" is from there to the last. */
static bool read_range(const char *word, struct range *r)
{
	uint64_t from, to;
	size_t n;

	if (!strcmp(word, "all")) {
		*r = (struct range){ 1, 0 };
		return true;
	}
	n = text_digits(word, SIZE_MAX, &from);
	if (n && from && strcmp(word + n, "-") == 0)
		to = 0;
	else if (!n || word[text_range(word, SIZE_MAX, &from, &to)] || !from)
		return false;
	*r = (struct range){ (size_t)from, (size_t)to };
	return true;
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
