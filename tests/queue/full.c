/* full.c - a disk that is full, quotas that are reached, cables that are loose:
 * preloaded, it fails the n-th call that changes anything below a folder.
 *
 *	FULL_BELOW	the folder
 *	FULL_STATE	a file of 64 octets, shared by all processes: how many
 *			such calls there were, how many failed
 *	FULL_AT		which one fails, from 1; 0: none
 *	FULL_ERRNO	how, a number
 *	FULL_STAYS	and so does every later one that takes room; a write is
 *			cut in its middle first
 *
 * A close that fails has closed.
 *
 * Or any call of one kind, wherever it leads (tests/errors), for what cannot be
 * made to fail from outside the process:
 *
 *	FULL_CALL	"malloc" (with calloc, realloc and the like) or "close",
 *			instead of FULL_BELOW
 *
 * The state's name is then the library that called. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

struct state {
	uint32_t calls, failed;
	char first[56]; /* the call that failed first */
};

static struct state *state;
static const char *below;
static const char *only; /* FULL_CALL; NULL: whatever changes the folder */
static unsigned at;
static int error;
static bool stays;

static __attribute__((constructor)) void full_init(void)
{
	const char *path = getenv("FULL_STATE");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct state *shared;

	below = getenv("FULL_BELOW");
	only = getenv("FULL_CALL");
	if ((!below && !only) || fd < 0)
		return;
	at = (unsigned)atoi(getenv("FULL_AT"));
	error = atoi(getenv("FULL_ERRNO"));
	stays = getenv("FULL_STAYS") != NULL;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	close(fd);
	if (shared != MAP_FAILED)
		state = shared;
}

static bool is_below(const char *path)
{
	size_t n = strlen(below);

	return !strncmp(path, below, n) && (!path[n] || path[n] == '/');
}

static bool fd_is_below(int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return is_below(path);
}

static bool path_is_below(int folder, const char *path)
{
	if (path[0] == '/')
		return is_below(path);
	return folder != AT_FDCWD && fd_is_below(folder);
}

/* Counts the call; does it fail? */
static bool strikes(const char *call, bool takes_room)
{
	unsigned number =
		__atomic_add_fetch(&state->calls, 1, __ATOMIC_SEQ_CST);

	if (!at || number < at || (number > at && !(stays && takes_room)))
		return false;
	if (__atomic_add_fetch(&state->failed, 1, __ATOMIC_SEQ_CST) == 1)
		snprintf(state->first, sizeof(state->first), "%s", call);
	errno = error;
	return true;
}

#define ROOM	true
#define NO_ROOM false
#define FAILS_AT(folder, path, call, room)                                     \
	(state && below && path_is_below(folder, path) && strikes(call, room))
#define FAILS_ON(fd, call, room)                                               \
	(state && below && fd_is_below(fd) && strikes(call, room))
#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

/* Does a call of the one kind fail, which `caller' made? */
static bool fails_of(const char *call, void *caller)
{
	Dl_info where;
	unsigned number;
	const char *name;

	if (!state || !only || strcmp(only, call) != 0)
		return false;
	number = __atomic_add_fetch(&state->calls, 1, __ATOMIC_SEQ_CST);
	if (number != at)
		return false;
	state->failed = 1;
	if (dladdr(caller, &where) && where.dli_fname) {
		name = strrchr(where.dli_fname, '/');
		snprintf(state->first, sizeof(state->first), "%s",
			 name ? name + 1 : where.dli_fname);
	}
	errno = error;
	return true;
}

/* What is there already needs no room. */
static bool is_new(int folder, const char *path)
{
	struct stat st;

	return fstatat(folder, path, &st, AT_SYMLINK_NOFOLLOW) < 0;
}

static bool makes(int folder, const char *path, int flags)
{
	if ((flags & O_TMPFILE) == O_TMPFILE)
		return true;
	return (flags & O_CREAT) && is_new(folder, path);
}

#define MODE_OF(flags)                                                         \
	mode_t mode = 0;                                                       \
	va_list more;                                                          \
	va_start(more, flags);                                                 \
	if ((flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))                  \
		mode = va_arg(more, mode_t);                                   \
	va_end(more)

int open(const char *path, int flags, ...)
{
	MODE_OF(flags);
	if (makes(AT_FDCWD, path, flags) &&
	    FAILS_AT(AT_FDCWD, path, "open", ROOM))
		return -1;
	return REAL(open)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	MODE_OF(flags);
	if (makes(folder, path, flags) &&
	    FAILS_AT(folder, path, "openat", ROOM))
		return -1;
	return REAL(openat)(folder, path, flags, mode);
}

ssize_t write(int fd, const void *data, size_t n)
{
	if (!FAILS_ON(fd, "write", ROOM))
		return REAL(write)(fd, data, n);
	if (stays && state->failed == 1 && n > 1)
		return REAL(write)(fd, data, n / 2);
	return -1;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t offset)
{
	if (!FAILS_ON(fd, "pwrite", ROOM))
		return REAL(pwrite)(fd, data, n, offset);
	if (stays && state->failed == 1 && n > 1)
		return REAL(pwrite)(fd, data, n / 2, offset);
	return -1;
}

int ftruncate(int fd, off_t size)
{
	return FAILS_ON(fd, "ftruncate", ROOM) ? -1 : REAL(ftruncate)(fd, size);
}

int fsync(int fd)
{
	return FAILS_ON(fd, "fsync", NO_ROOM) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
	return FAILS_ON(fd, "fdatasync", NO_ROOM) ? -1 : REAL(fdatasync)(fd);
}

int close(int fd)
{
	int failed = errno;

	if (fails_of("close", __builtin_return_address(0))) {
		failed = errno;
		REAL(close)(fd);
		errno = failed;
		return -1;
	}
	/* What was only read has nothing to say. */
	if (!state || !below || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY ||
	    !FAILS_ON(fd, "close", NO_ROOM)) {
		errno = failed;
		return REAL(close)(fd);
	}
	failed = errno;
	REAL(close)(fd);
	errno = failed;
	return -1;
}

int link(const char *from, const char *to)
{
	return FAILS_AT(AT_FDCWD, to, "link", ROOM) ? -1 : REAL(link)(from, to);
}

int linkat(int from_folder, const char *from, int folder, const char *to,
	   int flags)
{
	if (FAILS_AT(folder, to, "linkat", ROOM))
		return -1;
	return REAL(linkat)(from_folder, from, folder, to, flags);
}

int rename(const char *from, const char *to)
{
	return FAILS_AT(AT_FDCWD, to, "rename", NO_ROOM)
		       ? -1
		       : REAL(rename)(from, to);
}

int renameat(int from_folder, const char *from, int folder, const char *to)
{
	if (FAILS_AT(folder, to, "renameat", NO_ROOM))
		return -1;
	return REAL(renameat)(from_folder, from, folder, to);
}

int unlink(const char *path)
{
	return FAILS_AT(AT_FDCWD, path, "unlink", NO_ROOM) ? -1
							   : REAL(unlink)(path);
}

int unlinkat(int folder, const char *path, int flags)
{
	if (FAILS_AT(folder, path, "unlinkat", NO_ROOM))
		return -1;
	return REAL(unlinkat)(folder, path, flags);
}

int mkdir(const char *path, mode_t mode)
{
	if (is_new(AT_FDCWD, path) && FAILS_AT(AT_FDCWD, path, "mkdir", ROOM))
		return -1;
	return REAL(mkdir)(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
	if (is_new(folder, path) && FAILS_AT(folder, path, "mkdirat", ROOM))
		return -1;
	return REAL(mkdirat)(folder, path, mode);
}

/* ---- memory, by the names that glibc has for its own -------------------- */

#ifdef __GLIBC__

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

#define NO_MEMORY fails_of("malloc", __builtin_return_address(0))

void *malloc(size_t n)
{
	return NO_MEMORY ? NULL : __libc_malloc(n);
}

void *calloc(size_t count, size_t n)
{
	return NO_MEMORY ? NULL : __libc_calloc(count, n);
}

void *realloc(void *old, size_t n)
{
	return NO_MEMORY ? NULL : __libc_realloc(old, n);
}

void *aligned_alloc(size_t alignment, size_t n)
{
	return NO_MEMORY ? NULL : __libc_memalign(alignment, n);
}

int posix_memalign(void **result, size_t alignment, size_t n)
{
	void *made = NO_MEMORY ? NULL : __libc_memalign(alignment, n);

	if (!made)
		return ENOMEM;
	*result = made;
	return 0;
}

#endif
