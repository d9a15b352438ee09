/* finish.h - what a chosen account leaves open, worked out. */
#ifndef CONFIG_FINISH_H
#define CONFIG_FINISH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"

/* Replaces %U %H %C %M, and %F by the sender, in *text.  %F without a sender
 * makes it NULL.  Other uses of % stay as they are. */
int config_expand(struct arena *a, const char **text, const char *sender,
		  struct error *f);
/* ? * and [ make one of an address, as in the shell. */
bool config_is_pattern(const char *from);
bool config_pattern_fits(struct arena *a, const char *pattern,
			 const char *address);

/* Fills in and checks what belongs together; `sender` is NULL when the request
 * names none. */
int config_finish(struct arena *a, struct account *account, const char *sender,
		  struct error *f);

#endif
