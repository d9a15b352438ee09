/* sysenv.h - all that is not determined by the input: clock, random, host,
 * user, environment, terminal.
 *
 * Nothing else asks the system for these, so that a run can be frozen and its
 * output compared byte for byte.  `MAILSEND_FROZEN` in the environment does
 * that, for tests: `clock=UNIX_SECONDS zone=MINUTES seed=N host=FQDN user=NAME
 * uid=N gecos=NAME home=DIR charset=NAME tty=0|1 mailname=NAME aliases=FILE
 * spare=DIR spool=DIR dns=PORT`, separated by spaces, each optional ("_" in a
 * gecos is a space; an empty home is none).  What is left out is real, except
 * mailname, aliases and spool: with a frozen host or home these exist only when
 * they are named. */
#ifndef BASE_SYSENV_H
#define BASE_SYSENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads MAILSEND_FROZEN; call first in main. */
void sysenv_init(void);

/* Seconds since 1970; the local zone's offset then, minutes east of UTC. */
int64_t sysenv_now(void);
/* With the millionths of that second. */
int64_t sysenv_now_exact(unsigned *microseconds);
int sysenv_zone(int64_t when);
/* Milliseconds on a clock that never jumps, from any start.  Never frozen. */
uint64_t sysenv_ticks(void);

/* Filled with what cannot be guessed. */
void sysenv_random(void *bytes, size_t n);

/* Strings live as long as the process. */
const char *sysenv_env(const char *name); /* NULL when unset or empty */
unsigned sysenv_uid(void);
/* Do we run with rights that the caller does not have (set-user-id)? */
bool sysenv_is_privileged(void);
/* Gives them up permanently; false when that failed. */
bool sysenv_drop_privileges(void);
/* The process has become another user's (base/identity.h): only the language
 * and the time zone are left of the environment, HOME, USER and LOGNAME are
 * theirs, PATH is the usual one, and what was known of the user is forgotten.
 * `name` and `home` may be NULL. */
void sysenv_begin_user(const char *name, const char *home);
/* The same for a service that root started for that user: its environment is
 * kept, except for what names root and its directories. */
void sysenv_begin_service(const char *name, const char *home);
unsigned sysenv_file_uid(void); /* whose the files are that we make; never
				   frozen */
/* By the uid first: under cron neither $USER nor $HOME can be trusted.  $HOME
 * is used when it is the uid's own, or another user's that nobody else can
 * write to and that we can read. */
const char *sysenv_user(void);
const char *sysenv_home(void); /* NULL when there is none */
/* Out of memory: the name service, which may then end the process, is not asked
 * any more, and an unknown user's name is the uid. */
void sysenv_memory_out(void);
/* "HOME=/x is not used: ..." where it was ignored; NULL. */
const char *sysenv_home_note(void);
/* The directory of our state: $XDG_STATE_HOME/mailsend, else
 * ~/.local/state/mailsend; of a service of systemd's whose home cannot be
 * written to, $STATE_DIRECTORY; NULL where there is none of them. */
const char *sysenv_state(void);
/* "state is kept in /x ..." for $STATE_DIRECTORY; NULL. */
const char *sysenv_state_note(void);
/* /var/spool/mailsend, which all users of the machine share and which need not
 * be there; NULL: there is none. */
const char *sysenv_spool(void);
/* Directories of last resort, NULL-terminated: /var/tmp, whose files survive a
 * reboot, then /tmp.  Frozen: the one named. */
#define SYSENV_SPARE 2
const char *const *sysenv_spare(void);
/* The person's name from the password file, "" when there is none. */
const char *sysenv_full_name(void);
/* This machine's name, fully qualified where it can be had without asking the
 * network: /etc/hosts, /etc/mailname's domain; at worst the bare host name. */
const char *sysenv_host(void);
/* The kernel's name of this machine, to tell whether a process with a host name
 * is local.  Never frozen. */
const char *sysenv_node(void);
/* What /etc/mailname says, the domain of this machine's mail; NULL when there
 * is none. */
const char *sysenv_mailname(void);
/* The system's alias file, which need not be there; NULL when there is none. */
const char *sysenv_alias_file(void);
/* The part that a Message-ID and EHLO can use: has a dot, else "localhost". */
const char *sysenv_domain(void);
/* Character set of the user's locale by its MIME name, "us-ascii" in "C". */
const char *sysenv_charset(void);
/* The C library is in the "C" locale until then: it costs a dozen system calls
 * to be in the user's.  Call before what follows it where characters are not
 * ASCII: regcomp, fnmatch, wcwidth, a library that reads them. */
void sysenv_use_locale(void);
/* Does the process have a controlling terminal, and so a person? */
bool sysenv_has_terminal(void);
bool sysenv_is_terminal(int fd);
/* Of 127.0.0.1, where the name server of a frozen environment is; 0: the
 * system's. */
unsigned sysenv_dns_port(void);
unsigned sysenv_pid(void);
/* The file that this program is, absolute; NULL when that is unknown. */
const char *sysenv_program(void);

#endif
