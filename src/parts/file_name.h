/* file_name.h - the name of a file, as a mail gives it, made harmless.
 *
 * What follows the last slash or backslash, valid UTF-8 without control
 * characters or those that turn the direction of writing; no dot, dash or
 * blank at its start; at most 255 octets. */
#ifndef PARTS_FILE_NAME_H
#define PARTS_FILE_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define FILE_NAME_OCTETS_MAX 240 /* leaves room for what we put before it */

/* NULL where nothing of it is left. */
const char *file_name_clean(struct arena *a, const char *text);
/* For people: a subject, an id; on one line, cut at 200 octets. */
const char *file_name_show(struct arena *a, const char *text);
/* "logs.tgz.003": the number after the last dot, of three digits or more; -1
 * when it ends otherwise.  *stem is what precedes, in octets. */
int file_name_number(const char *name, size_t *stem);

#endif
