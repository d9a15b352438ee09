/* plain.h - what others wrote, fit to be shown.
 *
 * Whole UTF-8 stays; controls, C1's among them, marks that turn the direction
 * of writing, and octets that are no UTF-8 become '?', so that no terminal
 * obeys them, nobody is shown another line than there is and no JSON breaks. */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

#define PLAIN_MAX 8192 /* octets that plain_dup keeps */

/* Octets of the character at `text` where it is one that only prints, else 0.
 */
size_t plain_step(const char *text, size_t n);
void plain_put(struct buf *out, const char *text, size_t n);
const char *plain_dup(struct arena *a, const char *text, size_t n);
/* Characters of a text that is plain: columns, as far as that can be told. */
size_t plain_width(const char *text, size_t n);

#endif
