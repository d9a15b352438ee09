/* verify.h - questions that are answered without a mail. */
#ifndef SUBMIT_VERIFY_H
#define SUBMIT_VERIFY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "compose/request.h"
#include "config/config.h"

/* One line for each address and what it stands for: the final address, the
 * account and the server it would go by.  No server is asked.  -1 with the
 * first error when one of them can go nowhere; the others are told anyway. */
int verify_recipients(struct arena *a, const struct request *r,
		      const struct account *account, struct buf *out,
		      struct error *f);
/* Reads the alias file through, as newaliases did: how many names it has, or
 * ERROR_CONFIG with FILE:LINE.  No file at all is none to complain of. */
int verify_aliases(struct arena *a, const struct account *account,
		   struct buf *out, struct error *f);

#endif
