/* whole.h - a file that holds one message, opened without waiting and read
 * from its first byte to its last. */
#ifndef STORE_WHOLE_H
#define STORE_WHOLE_H

#include <stdbool.h>

#include "base/fault.h"
#include "flow/sink.h"

/* A descriptor, or -1: FAULT_NOINPUT for what is no plain file; errno is
 * ENOENT where there is none. */
int whole_open(const char *path, bool follow_link, struct fault *f);
/* `enough`: NULL, or reading ends once it is true. */
int whole_push(int fd, const char *path, const bool *enough, struct sink *to,
	       struct fault *f);

#endif
