/* roundtrip.h - `mailsend --roundtrip SOURCE ADDRESS`. */
#ifndef CMD_ROUNDTRIP_H
#define CMD_ROUNDTRIP_H

#include "probe/roundtrip.h"

/* The exit status; -1 with a fault that is still to be told. */
int roundtrip_command(struct arena *a, const struct roundtrip_wish *wish,
		      struct fault *f);

#endif
