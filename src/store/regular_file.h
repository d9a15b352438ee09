/* regular_file.h - a file that holds one message, opened without waiting and
 * read from its first byte to its last. */
#ifndef STORE_REGULAR_FILE_H
#define STORE_REGULAR_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "flow/sink.h"
#include "store/mailbox.h"

/* A descriptor, or -1: ERROR_NOINPUT for what is no plain file; errno is
 * ENOENT where there is none. */
int regular_file_open(const char *path, bool follow_link, struct error *f);
/* Message `number`, or as much of it as is wanted. */
int regular_file_push(struct mailbox *m, size_t number, int fd,
		      const char *path, struct sink *to, struct error *f);

#endif
