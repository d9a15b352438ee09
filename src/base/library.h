/* library.h - shared libraries that are loaded when first needed.
 *
 * Loading libcurl takes 5 ms and libmagic more; `--help`, a queued mail and a
 * local delivery need neither.  A module lists the functions that it uses in a
 * table and calls them through the pointers that library_load fills. */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <stddef.h>

#include "base/error.h"

struct library_symbol {
	const char *name;
	void *slot; /* address of the function pointer to fill */
};

struct library {
	const char *file;    /* the soname: "libcurl.so.4" */
	const char *package; /* what to install when it is missing */
	const struct library_symbol *symbols; /* ends with a NULL name */
	void *handle; /* NULL until loaded; stays for the process */
	/* Those of its dependencies that have most names to look up, ends with
	 * NULL; NULL: none.  Each is loaded before it, so that its names are
	 * looked up in the few libraries that it needs itself, not in all. */
	const char *const *parts;
};

/* Loads once; a second call costs nothing.  ERROR_UNAVAILABLE when the file or
 * one of the names is missing.  ERROR_TEMPORARY when descriptors or memory ran
 * out. */
int library_load(struct library *l, struct error *f);

#endif
