/* directory.h - the names in a directory, all of them or an error.
 *
 * A read that fails half-way is not the end of the directory: a caller with
 * half of the names would assume that the others are gone.  "." and ".." are
 * left out, other names that begin with a dot are not.  In no order; a name
 * that is made, moved or removed meanwhile may be seen or not, one that stays
 * is seen. */
#ifndef BASE_DIRECTORY_H
#define BASE_DIRECTORY_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

struct directory {
	DIR *dir; /* NULL: closed, or it is not there */
	const char *path;
};

/* 1; 0 when there is none, and then there are no names in it; -1 with the
 * error: ERROR_NOINPUT where we may not read it or it is something else, else
 * ERROR_IO.  Borrows the path. */
int directory_open(struct directory *d, const char *path, struct error *f);
/* The next name, until the next call; NULL after the last, or with the
 * error. */
const char *directory_next(struct directory *d, struct error *f);
/* 1 and *st; 0 when the name is gone by now, or is a link to nowhere that was
 * to be followed; -1 with the error. */
int directory_stat(const struct directory *d, const char *name,
		   bool follow_link, struct stat *st, struct error *f);
/* Also after a failure, and again. */
void directory_close(struct directory *d);

#endif
