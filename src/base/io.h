/* io.h - read and write, whatever the descriptor is like.
 *
 * An inherited descriptor may be shared with a program that made it
 * non-blocking: EAGAIN is waited for.  EINTR is retried; but at descriptors 0
 * to 2, whose other end may be slow, a signal that asks us to end (interrupt.h)
 * ends the call, with EINTR.  Nothing here has a deadline. */
#ifndef BASE_IO_H
#define BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* As read(2), pread(2) and write(2): some of it, -1 with errno. */
ssize_t io_read(int fd, void *data, size_t n);
/* All of it: 0, or -1 with errno. */
int io_write_all(int fd, const void *data, size_t n);
/* n octets, fewer only at the end; -1 with errno. */
ssize_t io_read_full(int fd, void *data, size_t n);
ssize_t io_pread_full(int fd, void *data, size_t n, uint64_t offset);

/* Appends a line without its end, octet by octet, so that the rest is left to
 * the next reader: 1, 0 at the end without any, -1 with errno.  What exceeds
 * the cap of `out` is read and dropped. */
int io_read_line(int fd, struct buf *out);

/* The error for an errno of these calls; -1.  A standard descriptor that is not
 * open for that is reported as such: the shell's line is wrong, not a disk. */
int io_read_error(int fd, int error, const char *name, struct error *f);
int io_write_error(int fd, int error, const char *name, struct error *f);

/* Waits for the child to end: 0 with waitpid's status, -1 with errno. */
int io_reap(pid_t child, int *status);
/* The same for as long as that; false, and 0 in *status, when it has not ended
 * by then: what waits for a dead file server cannot be killed. */
bool io_reap_within(pid_t child, unsigned milliseconds, int *status);

#endif
