/* raw.h - the protocol by hand: what a telnet to port 110 was used for.
 *
 * Lines of standard input are commands, replies go to standard output as they
 * come, with LF.  TLS and the log-in are done before the first; USER, PASS and
 * their like, which old recipes begin with, are passed over.  The end of the
 * input without QUIT deletes nothing, as when a telnet ended. */
#ifndef FETCH_RAW_H
#define FETCH_RAW_H

#include "base/arena.h"
#include "fetch/order.h"

/* ERROR_UNAVAILABLE where a command was refused, once all were tried. */
int raw_run(struct arena *a, const struct fetch_order *o, struct error *f);

#endif
