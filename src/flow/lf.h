/* lf.h - CRLF in, LF out: for mail that is kept in a local file.
 *
 * Takes what crlf or a finished message has made: a CR that is not before an
 * LF passes as it is. */
#ifndef FLOW_LF_H
#define FLOW_LF_H

#include <stdbool.h>

#include "flow/sink.h"

struct lf {
	struct sink sink;
	bool cr; /* a CR is held back */
};

void lf_init(struct lf *s, struct sink *next);

#endif
