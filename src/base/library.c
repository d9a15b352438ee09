/* library.c - load on first use, never unload. */
#include "base/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

/* The loader gives a text and no error number, with many texts for lack of
 * memory or descriptors, and few for permanent errors. */
static bool is_final(const char *why)
{
	static const int errors[] = { ENOENT, EACCES, EISDIR, ENOTDIR, ELOOP };
	static const char *const words[] = { "ELF", "undefined symbol",
					     "version `", "file too short" };

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (strstr(why, strerror(errors[i])))
			return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(why, words[i]))
			return true;
	return false;
}

static int not_loaded(const struct library *l, struct error *f)
{
	const char *why = dlerror();

	if (!why)
		why = "the loader does not say why";
	if (!is_final(why))
		return error_set(f, ERROR_TEMPORARY,
				 "%s cannot be loaded now: %s", l->file, why);
	return error_set(f, ERROR_UNAVAILABLE,
			 "%s cannot be loaded (%s); install the package %s",
			 l->file, why, l->package);
}

/* Lazily: functions that are never called are not looked up.  Symbol versions
 * are checked all the same. */
static void *open_library(const char *file)
{
	return dlopen(file, RTLD_LAZY | RTLD_LOCAL);
}

int library_load(struct library *l, struct error *f)
{
	void *handle;

	if (l->handle)
		return 0;
	/* if a missing one is needed, loading fails below */
	for (size_t i = 0; l->parts && l->parts[i]; i++)
		open_library(l->parts[i]);
	handle = open_library(l->file);
	if (!handle)
		return not_loaded(l, f);
	for (const struct library_symbol *s = l->symbols; s->name; s++) {
		void *address = dlsym(handle, s->name);

		if (!address) {
			error_set(f, ERROR_UNAVAILABLE,
				  "%s has no %s; install a newer %s", l->file,
				  s->name, l->package);
			dlclose(handle);
			return -1;
		}
		/* POSIX lets dlsym's pointer be a function's; C has no cast
		 * for it. */
		memcpy(s->slot, &address, sizeof(address));
	}
	l->handle = handle;
	return 0;
}
