/* login.h - --login, --logout, --token: a person or another program, and the
 * tokens of an account. */
#ifndef CMD_LOGIN_H
#define CMD_LOGIN_H

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"
#include "persona/cmdline.h"

/* The exit status, or -1 with an error that is still to be told. */
int login_command(struct arena *a, const struct cmdline *c,
		  const struct account *account, struct error *f);

#endif
