/* sysenv.c - the one place that asks the system; tests can override it.
 *
 * Facts are found when first asked for and then kept: most runs need few. */
#include "base/sysenv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static struct {
	bool on;
	bool has_clock, has_zone, has_seed, has_uid, has_tty;
	int64_t clock;
	int zone;
	uint64_t seed;
	unsigned uid;
	bool tty;
	unsigned dns;
	char *host, *user, *gecos, *home, *charset, *mailname, *aliases;
	char *spare, *spool;
} frozen;

static struct {
	bool have_user, have_home, is_memory_out;
	char user[64], home[1024], home_note[1280], full_name[256];
	char state_note[6000];
	bool have_host, have_mailname;
	char host[256], mailname[256];
} facts;

/* One "name=value" of MAILSEND_FROZEN. */
static void freeze_word(char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		return;
	*value++ = '\0';
	if (!strcmp(word, "clock")) {
		frozen.clock = strtoll(value, NULL, 10);
		frozen.has_clock = true;
	} else if (!strcmp(word, "zone")) {
		frozen.zone = (int)strtol(value, NULL, 10);
		frozen.has_zone = true;
	} else if (!strcmp(word, "seed")) {
		frozen.seed = strtoull(value, NULL, 10);
		frozen.has_seed = true;
	} else if (!strcmp(word, "uid")) {
		frozen.uid = (unsigned)strtoul(value, NULL, 10);
		frozen.has_uid = true;
	} else if (!strcmp(word, "tty")) {
		frozen.tty = *value == '1';
		frozen.has_tty = true;
	} else if (!strcmp(word, "dns")) {
		frozen.dns = (unsigned)strtoul(value, NULL, 10) & 0xFFFF;
	} else if (!strcmp(word, "host")) {
		frozen.host = value;
	} else if (!strcmp(word, "mailname")) {
		frozen.mailname = *value ? value : NULL;
	} else if (!strcmp(word, "aliases")) {
		frozen.aliases = value;
	} else if (!strcmp(word, "spare")) {
		frozen.spare = value;
	} else if (!strcmp(word, "spool")) {
		frozen.spool = value;
	} else if (!strcmp(word, "user")) {
		frozen.user = value;
	} else if (!strcmp(word, "home")) {
		frozen.home = value;
	} else if (!strcmp(word, "charset")) {
		frozen.charset = value;
	} else if (!strcmp(word, "gecos")) {
		frozen.gecos = value;
		for (; *value; value++)
			if (*value == '_')
				*value = ' ';
	}
}

void sysenv_init(void)
{
	static char text[2048];
	const char *wish = sysenv_env("MAILSEND_FROZEN");
	char *save = NULL;

	if (!wish)
		return;
	snprintf(text, sizeof(text), "%s", wish);
	for (char *w = strtok_r(text, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		freeze_word(w);
}

int64_t sysenv_now(void)
{
	return frozen.has_clock ? frozen.clock : (int64_t)time(NULL);
}

int sysenv_zone(int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	if (frozen.has_zone)
		return frozen.zone;
	if (!localtime_r(&t, &tm))
		return 0;
	return (int)(tm.tm_gmtoff / 60);
}

uint64_t sysenv_ticks(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* splitmix64: only when the environment is frozen. */
static uint64_t frozen_random(void)
{
	uint64_t z = frozen.seed += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

static ssize_t device_random(unsigned char *p, size_t n)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t r;

	if (fd < 0)
		return -1;
	r = read(fd, p, n);
	close(fd);
	return r;
}

void sysenv_random(void *bytes, size_t n)
{
	unsigned char *p = bytes;

	while (n && frozen.has_seed) {
		*p++ = (unsigned char)frozen_random();
		n--;
	}
	while (n) {
		ssize_t r = getrandom(p, n, 0);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			r = device_random(p, n);
		if (r <= 0)
			abort(); /* a guessable boundary or id is worse */
		p += r;
		n -= (size_t)r;
	}
}

const char *sysenv_env(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

unsigned sysenv_uid(void)
{
	return frozen.has_uid ? frozen.uid : (unsigned)getuid();
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
	frozen.has_uid = false;
	frozen.user = frozen.gecos = frozen.home = NULL;
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
	if (frozen.user)
		return frozen.user;
	if (!facts.have_user)
		find_user();
	return facts.user;
}

const char *sysenv_home(void)
{
	if (frozen.home)
		return frozen.home;
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

const char *sysenv_spool(void)
{
	if (frozen.spool || frozen.host || frozen.home)
		return frozen.spool;
	return "/var/spool/mailsend";
}

const char *const *sysenv_spare(void)
{
	static const char *directories[SYSENV_SPARE + 1] = { "/var/tmp",
							     "/tmp" };

	if (frozen.spare) {
		directories[0] = frozen.spare;
		directories[1] = NULL;
	}
	return directories;
}

const char *sysenv_full_name(void)
{
	if (frozen.gecos)
		return frozen.gecos;
	if (!facts.have_user)
		find_user();
	return facts.full_name;
}

static bool first_line(const char *path, char *out, size_t size)
{
	FILE *file = fopen(path, "re");
	bool ok;

	if (!file)
		return false;
	ok = fgets(out, (int)size, file) != NULL;
	fclose(file);
	if (ok)
		out[strcspn(out, " \t\r\n")] = '\0';
	return ok && out[0];
}

/* The canonical name that /etc/hosts has for us.  The network is not asked:
 * a dead name server must not hold up a mail that can be queued. */
static bool name_from_hosts(const char *host, char *out, size_t size)
{
	char line[1024];
	FILE *file = fopen("/etc/hosts", "re");
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		char *save = NULL, *word, *dotted = NULL;
		bool ours = false;

		line[strcspn(line, "#\r\n")] = '\0';
		strtok_r(line, " \t", &save); /* the address */
		while ((word = strtok_r(NULL, " \t", &save))) {
			if (!strcasecmp(word, host))
				ours = true;
			if (!dotted && strchr(word, '.') &&
			    strncasecmp(word, "localhost", 9) != 0)
				dotted = word;
		}
		if (ours && dotted) {
			snprintf(out, size, "%s", dotted);
			found = true;
		}
	}
	if (file)
		fclose(file);
	return found;
}

const char *sysenv_mailname(void)
{
	if (frozen.mailname || frozen.host)
		return frozen.mailname;
	if (!facts.have_mailname)
		first_line("/etc/mailname", facts.mailname,
			   sizeof(facts.mailname));
	facts.have_mailname = true;
	return facts.mailname[0] ? facts.mailname : NULL;
}

const char *sysenv_alias_file(void)
{
	if (frozen.aliases || frozen.host)
		return frozen.aliases;
	return "/etc/aliases";
}

static void find_host(void)
{
	char name[256] = "localhost", dotted[256];

	facts.have_host = true;
	if (gethostname(name, sizeof(name) - 1) < 0 || !name[0])
		snprintf(name, sizeof(name), "localhost");
	if (!strchr(name, '.') &&
	    (name_from_hosts(name, dotted, sizeof(dotted)) ||
	     (first_line("/etc/mailname", dotted, sizeof(dotted)) &&
	      strchr(dotted, '.'))))
		snprintf(name, sizeof(name), "%s", dotted);
	snprintf(facts.host, sizeof(facts.host), "%s", name);
}

const char *sysenv_node(void)
{
	static struct utsname name;

	if (!name.nodename[0] && uname(&name) < 0)
		return "localhost";
	return name.nodename;
}

const char *sysenv_host(void)
{
	if (frozen.host)
		return frozen.host;
	if (!facts.have_host)
		find_host();
	return facts.host;
}

const char *sysenv_domain(void)
{
	const char *host = sysenv_host();

	return strchr(host, '.') ? host : "localhost";
}

void sysenv_use_locale(void)
{
	static bool is_used;

	if (!is_used)
		setlocale(LC_CTYPE, "");
	is_used = true;
}

static const char *locale_charset(void)
{
	sysenv_use_locale();
	return nl_langinfo(CODESET);
}

const char *sysenv_charset(void)
{
	const char *name = frozen.charset ? frozen.charset : locale_charset();

	if (!*name || !strcasecmp(name, "ANSI_X3.4-1968") ||
	    !strcasecmp(name, "us-ascii") || !strcasecmp(name, "ASCII"))
		return "us-ascii";
	return strcasecmp(name, "UTF-8") ? name : "utf-8";
}

bool sysenv_has_terminal(void)
{
	int fd;

	if (frozen.has_tty)
		return frozen.tty;
	fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

bool sysenv_is_terminal(int fd)
{
	return isatty(fd) == 1;
}

unsigned sysenv_dns_port(void)
{
	return frozen.dns;
}

unsigned sysenv_pid(void)
{
	return (unsigned)getpid();
}

const char *sysenv_program(void)
{
	static char path[4096];
	struct stat st;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0 || (size_t)n >= sizeof(path) - 1)
		return NULL;
	path[n] = '\0';
	/* " (deleted)" follows one that was replaced */
	return stat(path, &st) == 0 ? path : NULL;
}
