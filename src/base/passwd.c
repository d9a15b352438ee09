/* passwd.c - copies out of what the library keeps for its own. */
#include "base/passwd.h"

#include <pwd.h>

static bool copy(struct arena *a, const struct passwd *pw,
		 struct passwd_row *out)
{
	if (!pw)
		return false;
	*out = (struct passwd_row){
		.uid = pw->pw_uid,
		.gid = pw->pw_gid,
		.name = arena_dup(a, pw->pw_name),
		.home = pw->pw_dir && pw->pw_dir[0] == '/'
				? arena_dup(a, pw->pw_dir)
				: NULL,
	};
	return true;
}

bool passwd_by_name(struct arena *a, const char *name, struct passwd_row *out)
{
	return copy(a, getpwnam(name), out);
}

bool passwd_by_uid(struct arena *a, unsigned uid, struct passwd_row *out)
{
	return copy(a, getpwuid(uid), out);
}

void passwd_rewind(void)
{
	setpwent();
}

bool passwd_next(struct arena *a, struct passwd_row *out)
{
	return copy(a, getpwent(), out);
}

void passwd_end(void)
{
	endpwent();
}
