/* file.h - reads one configuration file into accounts.
 *
 * The format is msmtp's: a keyword and its argument on each line, quotes "..."
 * around the argument are removed, # at the start of a line is a comment.  In
 * addition, a comment may follow the closing quote and any value that cannot
 * have a blank. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"
#include "config/guard.h"

/* Appends the file's accounts to c. 1 if it was read, 0 if it does not exist
 * (or is a system file that we may not read) and `missing_ok`. */
int config_file_read(struct config *c, const char *path, enum guard_owner owner,
		     bool missing_ok, struct error *f);

#endif
