/* check.h - the command --check, and msmtp's --serverinfo. */
#ifndef CMD_CHECK_H
#define CMD_CHECK_H

#include "base/arena.h"
#include "base/error.h"
#include "persona/cmdline.h"

/* The exit status, or -1 with an error that is still to be told. */
int check_command(struct arena *a, const struct cmdline *cmdline,
		  struct error *f);

#endif
