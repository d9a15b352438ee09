/* library.c - dlopen, once, for good. */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

int library_load(struct library *l, struct fault *f)
{
	void *handle;

	if (l->handle)
		return 0;
	handle = dlopen(l->file, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		fault_set(f, FAULT_UNAVAILABLE,
			  "%s cannot be loaded (%s); install the package %s",
			  l->file, dlerror(), l->package);
		f->temporary = true;
		return -1;
	}
	for (const struct library_symbol *s = l->symbols; s->name; s++) {
		void *address = dlsym(handle, s->name);

		if (!address) {
			fault_set(f, FAULT_UNAVAILABLE,
				  "%s has no %s; install a newer %s", l->file,
				  s->name, l->package);
			f->temporary = true;
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
