/* identity.c - groups are changed before the uid, which takes the right to do
 * it.  A row of the password database is copied: the library reuses its own. */
#include "base/identity.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "base/arena.h"
#include "base/sysenv.h"

#define GROUPS_MAX 65536 /* of Linux, for one process */

/* ---- the password database ---- */

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

/* ---- another user's process ---- */

/* Those of the group database, as at a log-in. */
static int set_groups(const struct identity *who)
{
	int count = 0, r = -1;
	gid_t *groups;

	if (!who->name)
		return setgroups(0, NULL);
	getgrouplist(who->name, who->gid, NULL, &count);
	if (count < 0 || count > GROUPS_MAX) {
		errno = EINVAL;
		return -1;
	}
	groups = memory_alloc((size_t)(count + 1) * sizeof(*groups));
	if (getgrouplist(who->name, who->gid, groups, &count) >= 0)
		r = setgroups((size_t)count, groups);
	free(groups);
	return r;
}

/* capget(2), by hand: the kernel's headers are not everywhere. */
static int drop_capabilities(void)
{
#ifdef __linux__
	struct {
		uint32_t version;
		int pid;
	} head = { .version = 0x20080522 }; /* the third: 64 bits in two */
	struct {
		uint32_t effective, permitted, inheritable;
	} none[2] = { { 0 } };

	return (int)syscall(SYS_capset, &head, none);
#else
	return 0;
#endif
}

static bool is_complete(const struct identity *who)
{
	uid_t uids[3];
	gid_t gids[3];

	if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
	    getresgid(&gids[0], &gids[1], &gids[2]) < 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (uids[i] != who->uid || gids[i] != who->gid)
			return false;
	return true;
}

/* Each of these has to fail. */
static bool can_return(const struct identity *who)
{
	uid_t same_uid = (uid_t)-1;
	gid_t same_gid = (gid_t)-1;

	return (who->uid && setresuid(same_uid, 0, same_uid) == 0) ||
	       (who->gid && setresgid(same_gid, 0, same_gid) == 0) ||
	       setgroups(0, NULL) == 0;
}

static void hide(void)
{
#ifdef __linux__
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int identity_take(const struct identity *who, struct error *f)
{
	if (set_groups(who) < 0 ||
	    setresgid(who->gid, who->gid, who->gid) < 0 ||
	    setresuid(who->uid, who->uid, who->uid) < 0 ||
	    drop_capabilities() < 0)
		return error_errno(f, ERROR_PERMISSION, errno,
				   "cannot become the user %s (uid %u), which "
				   "needs CAP_SETUID and CAP_SETGID",
				   who->name ? who->name : "without a name",
				   who->uid);
	hide();
	if (!is_complete(who) || can_return(who))
		return error_set(f, ERROR_SOFTWARE,
				 "the rights of root could not be given up "
				 "for uid %u",
				 who->uid);
	return 0;
}

int identity_become(const struct identity *who, struct error *f)
{
	if (identity_take(who, f) < 0)
		return -1;
	sysenv_begin_user(who->name, who->home);
	return 0;
}

#ifdef __linux__

static int own_uid, own_gid; /* while it is another's */

/* Both calls return what was there before, also where they fail; with an id
 * that nobody can have they only tell it. */
bool identity_files_as(unsigned uid, unsigned gid)
{
	if (setgroups(0, NULL) < 0)
		return false;
	own_gid = setfsgid(gid);
	own_uid = setfsuid(uid);
	if ((unsigned)setfsgid((gid_t)-1) == gid &&
	    (unsigned)setfsuid((uid_t)-1) == uid)
		return true;
	identity_files_back();
	return false;
}

void identity_files_back(void)
{
	setfsuid((uid_t)own_uid);
	setfsgid((gid_t)own_gid);
}

#else

bool identity_files_as(unsigned uid, unsigned gid)
{
	(void)uid;
	(void)gid;
	return false;
}

void identity_files_back(void)
{
}

#endif
