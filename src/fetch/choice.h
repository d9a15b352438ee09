/* choice.h - which messages of a mailbox are meant. */
#ifndef FETCH_CHOICE_H
#define FETCH_CHOICE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "fetch/seen.h"
#include "store/mailbox.h"

struct choice {
	size_t *numbers; /* rising, each once */
	size_t count;
};

/* Words are "7", "3-9", "12-" (to the last), "last", "all".  With `seen` (or
 * NULL) those that were seen are left out.  ERROR_USAGE for a word that is none
 * or a number that the mailbox does not have. */
int choice_make(struct choice *c, struct arena *a, struct mailbox *m,
		const char *const *words, size_t count, struct seen *seen,
		struct error *f);
/* Is the word one of those above? */
bool choice_is_word(const char *word);

#endif
