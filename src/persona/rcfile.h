/* rcfile.h - what the start-up files of mailx and mutt have in common: lines,
 * words and conditions.
 *
 * One command on each line, continued by a backslash at its end, words with
 * '...', "..." and \x (in quotes for the quote alone), comments from # on. Text
 * is converted to UTF-8.  Such a file was written for another program, so
 * nothing in it is an error here: what is not understood is ignored.  A
 * condition about something that only that program knows is MAYBE. */
#ifndef PERSONA_RCFILE_H
#define PERSONA_RCFILE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

#define RCFILE_MAX   ((size_t)1024 * 1024)
#define RCFILE_DEPTH 8 /* nested files */

enum truth { NO, YES, MAYBE };

enum truth truth_of(bool b);
enum truth truth_not(enum truth t);
enum truth truth_and(enum truth one, enum truth other);
enum truth truth_or(enum truth one, enum truth other);
/* Does an extended regular expression match?  MAYBE for one that is not
 * valid.  The flags are those of regcomp. */
enum truth truth_matches(const char *text, const char *pattern, int flags);

/* NULL if there is no such file; with a warning and the error if it cannot be
 * read.  "~" is the home directory. */
char *rcfile_read(struct arena *a, const char *path, struct error *f);
/* The next line that is not empty or a comment, without surrounding blanks;
 * NULL at the end.  Modifies the text. */
char *rcfile_line(char **at);
/* The next word without its quotes; NULL if there is none or it begins with one
 * of `ends`, which also end a word and are not consumed. */
const char *rcfile_word(struct arena *a, const char **at, const char *ends);

#endif
