/* sysenv_frozen.h - the values of MAILSEND_FROZEN, for sysenv*.c alone. */
#ifndef BASE_SYSENV_FROZEN_H
#define BASE_SYSENV_FROZEN_H

#include <stdbool.h>
#include <stdint.h>

/* NULL, 0 and false: not frozen. */
struct sysenv_frozen {
	bool has_clock, has_zone, has_seed, has_uid, has_tty;
	int64_t clock;
	int zone;
	uint64_t seed;
	unsigned uid;
	bool tty;
	unsigned dns;
	char *host, *user, *gecos, *home, *charset, *mailname, *aliases;
	char *spare, *spool;
};

extern struct sysenv_frozen sysenv_frozen;

#endif
