/* assistant.h - the command --setup. */
#ifndef CMD_ASSISTANT_H
#define CMD_ASSISTANT_H

#include "base/arena.h"
#include "base/error.h"
#include "persona/cmdline.h"

/* The exit status, or -1 with an error that is still to be told. */
int assistant_command(struct arena *a, const struct cmdline *c,
		      struct error *f);

#endif
