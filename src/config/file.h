/* file.h - one configuration file, read into accounts.
 *
 * The format is msmtp's: a keyword and its argument on each line, "..." taken
 * off an argument that has them at both ends, # at the start of a line a
 * comment.  Ours in addition: a comment may also follow the closing quote, and
 * any value that can have no blank in it. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"
#include "config/guard.h"

/* Appends the file's accounts to c.  1 when it was read, 0 when it is not
 * there (or, a system's file, may not be read) and `missing_ok`. */
int config_file_read(struct config *c, const char *path, enum guard_owner owner,
		     bool missing_ok, struct error *f);

#endif
