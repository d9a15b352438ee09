/* file_name.h - makes a file name from a mail safe to use.
 *
 * Keeps what follows the last slash or backslash, as valid UTF-8 without
 * control and bidirectional characters; no leading dot, dash or blank; at most
 * FILE_NAME_OCTETS_MAX octets. */
#ifndef PARTS_FILE_NAME_H
#define PARTS_FILE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define FILE_NAME_OCTETS_MAX 240 /* leaves room for what we put before it */

/* NULL if nothing is left. */
const char *file_name_clean(struct arena *a, const char *text);
/* For display: a subject, an id; on one line, truncated to 200 octets. */
const char *file_name_show(struct arena *a, const char *text);
/* "logs.tgz.003": the number after the last dot, of three digits or more; -1
 * without one.  *stem is the length of the text before it. */
int file_name_number(const char *name, size_t *stem);

#endif
