/* sysenv_user.c - who the user is: name, home, state directory, privileges.
 *
 * The name service is asked only when it must be: it may end the process when
 * memory is short. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sysenv.h"
#include "base/sysenv_frozen.h"

static struct {
	bool have_user, have_home, is_memory_out;
	char user[64], home[1024], home_note[1280], full_name[256];
	char state_note[6000];
} facts;

unsigned sysenv_uid(void)
{
	return sysenv_frozen.has_uid ? sysenv_frozen.uid : (unsigned)getuid();
}

bool sysenv_is_privileged(void)
{
	return getuid() != geteuid() || getgid() != getegid();
}

bool sysenv_drop_privileges(void)
{
	gid_t gid = getgid();
	uid_t uid = getuid();

	return setregid(gid, gid) == 0 && setreuid(uid, uid) == 0 &&
	       !sysenv_is_privileged();
}

/* What a user's process may keep of the environment. */
static const char *const language[] = { "LANG",	   "LC_ALL",	  "LC_CTYPE",
					"LC_TIME", "LC_MESSAGES", "TZ",
					NULL };

static void keep_language(void)
{
	char *kept[sizeof(language) / sizeof(*language)] = { NULL };

	for (size_t i = 0; language[i]; i++) {
		const char *value = getenv(language[i]);

		kept[i] = value ? strdup(value) : NULL;
	}
	clearenv();
	for (size_t i = 0; language[i]; i++) {
		if (kept[i])
			setenv(language[i], kept[i], 1);
		free(kept[i]);
	}
}

static void forget_user(const char *name, const char *home)
{
	if (home)
		setenv("HOME", home, 1);
	if (name) {
		setenv("USER", name, 1);
		setenv("LOGNAME", name, 1);
	}
	sysenv_frozen.has_uid = false;
	sysenv_frozen.user = sysenv_frozen.gecos = sysenv_frozen.home = NULL;
	facts.have_user = facts.have_home = false;
	facts.home_note[0] = facts.state_note[0] = '\0';
}

void sysenv_begin_user(const char *name, const char *home)
{
	keep_language();
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	setenv("SHELL", "/bin/sh", 1);
	forget_user(name, home);
}

void sysenv_begin_service(const char *name, const char *home)
{
	static const char *const theirs[] = {
		"HOME",
		"USER",
		"LOGNAME",
		"MAIL",
		"XDG_CONFIG_HOME",
		"XDG_STATE_HOME",
		"XDG_CACHE_HOME",
		"XDG_RUNTIME_DIR",
	};

	for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++)
		unsetenv(theirs[i]);
	forget_user(name, home);
}

unsigned sysenv_file_uid(void)
{
	return (unsigned)geteuid();
}

/* NULL, or why $HOME is not used.  Another user's is used where only that user
 * and root can put files into it: in a container, or with `sudo -E`. */
static const char *why_not(const char *home, const struct passwd *pw)
{
	struct stat st;

	if (pw && !strcmp(home, pw->pw_dir))
		return NULL;
	if (home[0] != '/')
		return "it is not an absolute path";
	if (stat(home, &st) < 0)
		return strerror(errno);
	if (!S_ISDIR(st.st_mode))
		return "it is not a directory";
	if (st.st_uid == getuid())
		return NULL;
	if (st.st_mode & S_IWOTH || (st.st_mode & S_IWGRP && st.st_gid != 0))
		return "it is another user's, and others can write to it";
	if (access(home, R_OK | X_OK) < 0)
		return "it is another user's and cannot be read";
	return NULL;
}

/* What is known without the name service, which may end the process when
 * memory is short: code that keeps a mail then (base/interrupt.h) must not ask
 * it again. */
static void guess_user(void)
{
	const char *home = sysenv_env("HOME");

	snprintf(facts.user, sizeof(facts.user), "%u", sysenv_uid());
	if (home && !why_not(home, NULL))
		snprintf(facts.home, sizeof(facts.home), "%s", home);
	facts.have_user = facts.have_home = true;
}

void sysenv_memory_out(void)
{
	facts.is_memory_out = true;
}

static struct passwd *ask_for_user(void)
{
	struct passwd *pw;

	errno = 0;
	pw = getpwuid(getuid());
	return pw || errno != ENOMEM ? pw : getpwuid(getuid());
}

static void find_user(void)
{
	const char *home = sysenv_env("HOME"), *why, *gecos;
	struct passwd *pw;

	guess_user();
	if (facts.is_memory_out)
		return;
	pw = ask_for_user();
	gecos = pw && pw->pw_gecos ? pw->pw_gecos : "";
	if (pw)
		snprintf(facts.user, sizeof(facts.user), "%s", pw->pw_name);
	why = home ? why_not(home, pw) : NULL;
	if (why) {
		snprintf(facts.home_note, sizeof(facts.home_note),
			 "HOME=%s is not used: %s", home, why);
		home = NULL;
	}
	if (!home)
		home = pw ? pw->pw_dir : "";
	snprintf(facts.home, sizeof(facts.home), "%s", home);
	snprintf(facts.full_name, sizeof(facts.full_name), "%.*s",
		 (int)strcspn(gecos, ","), gecos);
}

/* The name service is asked only where $HOME cannot be used. */
static void find_home(void)
{
	const char *home = sysenv_env("HOME");

	if (!home || why_not(home, NULL)) {
		find_user();
		return;
	}
	snprintf(facts.home, sizeof(facts.home), "%s", home);
	facts.have_home = true;
}

const char *sysenv_user(void)
{
	if (sysenv_frozen.user)
		return sysenv_frozen.user;
	if (!facts.have_user)
		find_user();
	return facts.user;
}

const char *sysenv_home(void)
{
	if (sysenv_frozen.home)
		return *sysenv_frozen.home ? sysenv_frozen.home : NULL;
	if (!facts.have_home)
		find_home();
	return facts.home[0] ? facts.home : NULL;
}

const char *sysenv_home_note(void)
{
	sysenv_home();
	return facts.home_note[0] ? facts.home_note : NULL;
}

/* The first of systemd's, where a home cannot be written to, as that of a user
 * that exists only as long as its service (DynamicUser), or one behind
 * ProtectHome. */
static const char *service_state(const char *home)
{
	static char path[4096];
	const char *given = sysenv_env("STATE_DIRECTORY");
	int n;

	if (!given || *given != '/' ||
	    (home && strcmp(home, "/") != 0 && access(home, W_OK | X_OK) == 0))
		return NULL;
	n = snprintf(path, sizeof(path), "%.*s", (int)strcspn(given, ":"),
		     given);
	if (n <= 0 || (size_t)n >= sizeof(path))
		return NULL;
	snprintf(facts.state_note, sizeof(facts.state_note),
		 "state is kept in %s (STATE_DIRECTORY), since the home "
		 "directory %s cannot be written to",
		 path, home ? home : "(none)");
	return path;
}

const char *sysenv_state(void)
{
	static char path[4096];
	const char *state = sysenv_env("XDG_STATE_HOME");
	const char *home = sysenv_home(), *service;
	int n;

	service = state ? NULL : service_state(home);
	if (service)
		return service;
	if (state && *state == '/')
		n = snprintf(path, sizeof(path), "%s/mailsend", state);
	else if (home)
		n = snprintf(path, sizeof(path), "%s/.local/state/mailsend",
			     home);
	else
		return NULL;
	return n > 0 && (size_t)n < sizeof(path) ? path : NULL;
}

const char *sysenv_state_note(void)
{
	sysenv_state();
	return facts.state_note[0] ? facts.state_note : NULL;
}

const char *sysenv_full_name(void)
{
	if (sysenv_frozen.gecos)
		return sysenv_frozen.gecos;
	if (!facts.have_user)
		find_user();
	return facts.full_name;
}
