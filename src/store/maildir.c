/* maildir.c - tmp, fsync, link to new, fsync the folder.
 *
 *	a crash after     leaves                       the sender is told
 *	open in tmp       a stray file in tmp          nothing: not delivered
 *	fsync             the same                     nothing: not delivered
 *	link into new     the mail in new and in tmp   nothing: may come twice
 *	fsync of new      the same                     delivered
 *	(it fails: the mail is taken out of new again, or it would come twice)
 *	unlink of tmp     the mail in new              delivered
 *
 * Strays in tmp that are older than 36 hours are for the reader's mail
 * program to remove, as maildir(5) says. */
#include "store/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/sysenv.h"
#include "flow/crlf.h"

static int make_folders(struct arena *a, const char *folder, struct error *f)
{
	static const char *const parts[] = { "tmp", "new", "cur" };

	for (int i = 0; i < 3; i++)
		if (disk_make_directory(arena_format(a, "%s/%s", folder,
						     parts[i]),
					f) < 0)
			return -1;
	return 0;
}

/* "seconds.RrandomPpid.host", without the bytes that mean something. */
static const char *unique_name(struct arena *a)
{
	uint64_t random;
	char *name;

	sysenv_random(&random, sizeof(random));
	name = arena_format(a, "%" PRId64 ".R%016" PRIx64 "P%u.%s",
			    sysenv_now(), random, sysenv_pid(), sysenv_host());
	for (char *p = name; *p; p++)
		if (*p == '/' || *p == ':')
			*p = '_';
	return name;
}

static int write_message(int fd, const char *name, const char *reverse_path,
			 const char *recipient, const struct slice *message,
			 struct error *f)
{
	struct sink_fd out;
	struct lf lf;

	sink_fd_init(&out, fd, name, f);
	lf_init(&lf, &out.sink);
	/* The first failure sticks in f: one look at the end is enough. */
	sink_puts(&out.sink, "Return-Path: <");
	sink_puts(&out.sink, reverse_path);
	sink_puts(&out.sink, ">\nDelivered-To: ");
	sink_puts(&out.sink, recipient);
	sink_puts(&out.sink, "\n");
	pump_slice(message, &lf.sink);
	sink_close(&lf.sink);
	sink_close(&out.sink);
	sink_fd_free(&out);
	if (error_is_set(f))
		return -1;
	return disk_sync(fd, name, f);
}

int maildir_deliver(struct arena *a, const char *folder,
		    const char *reverse_path, const char *recipient,
		    const struct slice *message, const char **path,
		    struct error *f)
{
	const char *name = unique_name(a);
	const char *tmp = arena_format(a, "%s/tmp/%s", folder, name);
	const char *new = arena_format(a, "%s/new/%s", folder, name);
	int fd, r;

	if (make_folders(a, folder, f) < 0)
		return -1;
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", tmp);
	r = write_message(fd, tmp, reverse_path, recipient, message, f);
	if (disk_close(fd, tmp, f) < 0)
		r = -1;
	if (r == 0 && link(tmp, new) < 0)
		r = error_errno(f, ERROR_CANTCREAT, errno, "cannot create %s",
				new);
	if (r == 0) {
		r = disk_sync_directory(arena_format(a, "%s/new", folder), f);
		if (r < 0)
			unlink(new);
	}
	unlink(tmp);
	*path = new;
	return r;
}
