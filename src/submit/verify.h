/* verify.h - checks of addresses and aliases without a mail. */
#ifndef SUBMIT_VERIFY_H
#define SUBMIT_VERIFY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "compose/request.h"
#include "config/config.h"

/* One line for each address and what it expands to: the final address, the
 * account and the server.  No server is contacted.  -1 with the first error
 * when one of them is undeliverable; the others are printed all the same. */
int verify_recipients(struct arena *a, const struct request *r,
		      const struct account *account, struct buf *out,
		      struct error *f);
/* Checks the alias file, as newaliases does: tells how many names it has, or
 * ERROR_CONFIG with FILE:LINE.  In the system's own file such a line is only a
 * warning, since it may be meant for another program.  No file is no error. */
int verify_aliases(struct arena *a, const struct account *account,
		   struct buf *out, struct error *f);

#endif
