/* nearest.h - the word that was probably meant.
 *
 * Offer every word that would have been right, one after the other; the one
 * with the fewest edits (insert, delete, replace, swap of neighbours, case
 * aside) is kept, unless it is so far off that it would be no help. */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *word; /* borrowed, what was typed */
	const char *best; /* of those offered, or NULL; borrowed */
	size_t edits;
};

void nearest_init(struct nearest *n, const char *word);
void nearest_offer(struct nearest *n, const char *candidate);

#endif
