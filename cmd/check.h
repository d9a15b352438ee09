/* check.h - the command --check, and msmtp's --serverinfo. */
#ifndef CMD_CHECK_H
#define CMD_CHECK_H

#include "base/arena.h"
#include "base/fault.h"
#include "submit/request.h"

/* The exit status, or -1 with a fault that is still to be told. */
int check_command(struct arena *a, const struct request *r, struct fault *f);

#endif
