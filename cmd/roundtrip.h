/* roundtrip.h - `mailsend --roundtrip SOURCE ADDRESS`. */
#ifndef CMD_ROUNDTRIP_H
#define CMD_ROUNDTRIP_H

#include "roundtrip/roundtrip.h"

/* The exit status; -1 with an error that is still to be told. */
int roundtrip_command(struct arena *a, const struct roundtrip_wish *wish,
		      struct error *f);

#endif
