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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/sysenv_frozen.h"

struct sysenv_frozen sysenv_frozen;

static struct {
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
		sysenv_frozen.clock = strtoll(value, NULL, 10);
		sysenv_frozen.has_clock = true;
	} else if (!strcmp(word, "zone")) {
		sysenv_frozen.zone = (int)strtol(value, NULL, 10);
		sysenv_frozen.has_zone = true;
	} else if (!strcmp(word, "seed")) {
		sysenv_frozen.seed = strtoull(value, NULL, 10);
		sysenv_frozen.has_seed = true;
	} else if (!strcmp(word, "uid")) {
		sysenv_frozen.uid = (unsigned)strtoul(value, NULL, 10);
		sysenv_frozen.has_uid = true;
	} else if (!strcmp(word, "tty")) {
		sysenv_frozen.tty = *value == '1';
		sysenv_frozen.has_tty = true;
	} else if (!strcmp(word, "dns")) {
		sysenv_frozen.dns = (unsigned)strtoul(value, NULL, 10) & 0xFFFF;
	} else if (!strcmp(word, "host")) {
		sysenv_frozen.host = value;
	} else if (!strcmp(word, "mailname")) {
		sysenv_frozen.mailname = *value ? value : NULL;
	} else if (!strcmp(word, "aliases")) {
		sysenv_frozen.aliases = value;
	} else if (!strcmp(word, "spare")) {
		sysenv_frozen.spare = value;
	} else if (!strcmp(word, "spool")) {
		sysenv_frozen.spool = value;
	} else if (!strcmp(word, "user")) {
		sysenv_frozen.user = value;
	} else if (!strcmp(word, "home")) {
		sysenv_frozen.home = value;
	} else if (!strcmp(word, "charset")) {
		sysenv_frozen.charset = value;
	} else if (!strcmp(word, "gecos")) {
		sysenv_frozen.gecos = value;
		for (; *value; value++)
			if (*value == '_')
				*value = ' ';
	}
}

void sysenv_init(void)
{
	static char text[2048];
	const char *value = sysenv_env("MAILSEND_FROZEN");
	char *save = NULL;

	if (!value)
		return;
	snprintf(text, sizeof(text), "%s", value);
	for (char *w = strtok_r(text, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		freeze_word(w);
}

int64_t sysenv_now(void)
{
	return sysenv_frozen.has_clock ? sysenv_frozen.clock
				       : (int64_t)time(NULL);
}

int64_t sysenv_now_exact(unsigned *microseconds)
{
	struct timespec t = { .tv_sec = sysenv_frozen.clock };

	if (!sysenv_frozen.has_clock)
		clock_gettime(CLOCK_REALTIME, &t);
	*microseconds = (unsigned)(t.tv_nsec / 1000);
	return t.tv_sec;
}

int sysenv_zone(int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	if (sysenv_frozen.has_zone)
		return sysenv_frozen.zone;
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

/* splitmix64: only when the environment is sysenv_frozen. */
static uint64_t frozen_random(void)
{
	uint64_t z = sysenv_frozen.seed += 0x9E3779B97F4A7C15u;

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

	while (n && sysenv_frozen.has_seed) {
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

const char *sysenv_spool(void)
{
	if (sysenv_frozen.spool || sysenv_frozen.host || sysenv_frozen.home)
		return sysenv_frozen.spool;
	return "/var/spool/mailsend";
}

const char *const *sysenv_spare(void)
{
	static const char *directories[SYSENV_SPARE + 1] = { "/var/tmp",
							     "/tmp" };

	if (sysenv_frozen.spare) {
		directories[0] = sysenv_frozen.spare;
		directories[1] = NULL;
	}
	return directories;
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
	if (sysenv_frozen.mailname || sysenv_frozen.host)
		return sysenv_frozen.mailname;
	if (!facts.have_mailname)
		first_line("/etc/mailname", facts.mailname,
			   sizeof(facts.mailname));
	facts.have_mailname = true;
	return facts.mailname[0] ? facts.mailname : NULL;
}

const char *sysenv_alias_file(void)
{
	if (sysenv_frozen.aliases || sysenv_frozen.host)
		return sysenv_frozen.aliases;
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
	if (sysenv_frozen.host)
		return sysenv_frozen.host;
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
	const char *name = sysenv_frozen.charset ? sysenv_frozen.charset
						 : locale_charset();

	if (!*name || !strcasecmp(name, "ANSI_X3.4-1968") ||
	    !strcasecmp(name, "us-ascii") || !strcasecmp(name, "ASCII"))
		return "us-ascii";
	return strcasecmp(name, "UTF-8") ? name : "utf-8";
}

bool sysenv_has_terminal(void)
{
	int fd;

	if (sysenv_frozen.has_tty)
		return sysenv_frozen.tty;
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
	return sysenv_frozen.dns;
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
