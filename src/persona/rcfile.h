/* rcfile.h - the start-up files of other mailers, as lines and words.
 *
 * A command a line, continued by a backslash at its end, words with '...',
 * "..." and \x (in quotes for the quote alone), comments from # on.  Text comes
 * out in UTF-8.  Such a file was written for another program, so nothing in it
 * is an error here: what is not understood is passed over. */
#ifndef PERSONA_RCFILE_H
#define PERSONA_RCFILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

#define RCFILE_MAX   ((size_t)1024 * 1024)
#define RCFILE_DEPTH 8 /* files that read files */

/* NULL when it is not there; one that cannot be read is warned of, and NULL
 * with the error.  "~" is the home folder. */
char *rcfile_read(struct arena *a, const char *path, struct error *f);
/* The next line that says something, without the blanks around it; NULL at the
 * end.  Cuts the text up. */
char *rcfile_line(char **at);
/* The next word, its quotes taken away; NULL when there is none, or when it
 * would begin with one of `ends`, which end a word too and are not read. */
const char *rcfile_word(struct arena *a, const char **at, const char *ends);

#endif
