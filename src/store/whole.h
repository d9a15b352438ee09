/* whole.h - a file that holds one message, opened without waiting and read
 * from its first byte to its last. */
#ifndef STORE_WHOLE_H
#define STORE_WHOLE_H

#include <stdbool.h>

#include "base/fault.h"
#include "flow/sink.h"
#include "store/mailbox.h"

/* A descriptor, or -1: FAULT_NOINPUT for what is no plain file; errno is
 * ENOENT where there is none. */
int whole_open(const char *path, bool follow_link, struct fault *f);
/* Message `number`, or as much of it as is wanted. */
int whole_push(struct mailbox *m, size_t number, int fd, const char *path,
	       struct sink *to, struct fault *f);

#endif
