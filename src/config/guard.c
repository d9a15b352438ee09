/* guard.c - see guard.h. */
#include "config/guard.h"

#include <string.h>

#include "base/sysenv.h"

/* Docker, Podman and Kubernetes mount secrets there; only if the directory is
 * root's alone. */
static bool is_of_container(const char *path)
{
	static const char *const places[] = { "/run/secrets/",
					      "/var/run/secrets/" };
	struct stat st;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (strncmp(path, places[i], strlen(places[i])) == 0 &&
		    !strstr(path, "/../"))
			return stat(places[i], &st) == 0 && st.st_uid == 0 &&
			       !(st.st_mode & (S_IWGRP | S_IWOTH));
	return false;
}

int guard_secret(const char *path, const struct stat *st,
		 enum guard_owner owner, const char *place, struct error *f)
{
	mode_t others = S_IRGRP | S_IROTH;

	if (!S_ISREG(st->st_mode)) /* only files have readers besides us */
		return 0;
	if (st->st_uid == 0 && (owner == GUARD_SYSTEM || sysenv_uid() != 0))
		return 0;
	if (st->st_uid != sysenv_uid())
		others = S_IROTH; /* we may be the group that it is for */
	if (!(st->st_mode & others) || is_of_container(path))
		return 0;
	return error_set(f, ERROR_CONFIG,
			 "%s: contains a password, and others can read it; "
			 "run: chmod 600 %s",
			 place, path);
}

int guard_commands(const char *path, const struct stat *st, const char *place,
		   struct error *f)
{
	if (st->st_uid != 0 && st->st_uid != sysenv_uid())
		return error_set(f, ERROR_CONFIG,
				 "%s: a command is run only from a file of "
				 "your own or of root's, and %s belongs to "
				 "user %u",
				 place, path, (unsigned)st->st_uid);
	if (S_ISREG(st->st_mode) && st->st_mode & S_IWOTH)
		return error_set(f, ERROR_CONFIG,
				 "%s: a command is not run from a file that "
				 "everyone can write; run: chmod o-w %s",
				 place, path);
	return 0;
}
