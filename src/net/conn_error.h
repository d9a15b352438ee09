/* conn_error.h - why a dial failed, in a sentence with a way out.
 *
 * What might be otherwise tomorrow is temporary, and what nobody but the user
 * can mend is not. */
#ifndef NET_CONN_ERROR_H
#define NET_CONN_ERROR_H

#include "net/handle.h"

/* Sets c->error, too; -1. */
int conn_explain(struct conn *c, CURLcode code, struct error *f);

#endif
