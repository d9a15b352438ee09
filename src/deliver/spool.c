/* spool.c - one queue for each user, wherever he calls from. */
#include "deliver/spool.h"

#include <errno.h>
#include <unistd.h>

#include "base/sysenv.h"

#define SYSTEM_QUEUE "/var/spool/mailsend"
#define PATH_OCTETS  4096

/* A run of the queue starts in another folder. */
static const char *absolute(struct arena *a, const char *path, struct error *f)
{
	char here[PATH_OCTETS];

	if (*path == '/')
		return path;
	if (!getcwd(here, sizeof(here))) {
		error_errno(f, ERROR_CONFIG, errno,
			    "the queue %s is below a directory that is not "
			    "known",
			    path);
		return NULL;
	}
	return arena_format(a, "%s/%s", here, path);
}

static const char *of_user(struct arena *a, struct error *f)
{
	const char *state = sysenv_state();

	if (state)
		return arena_format(a, "%s/queue", state);
	error_set(f, ERROR_CONFIG,
		  "there is no home directory for a queue; set one with --set "
		  "queue_folder=DIRECTORY");
	return NULL;
}

const char *spool_queue(struct arena *a, const struct account *account,
			struct error *f)
{
	const char *named = sysenv_env("MAILSEND_QUEUE");

	if (!named && account)
		named = account->queue_folder;
	if (named)
		return absolute(a, named, f);
	return sysenv_uid() == 0 ? SYSTEM_QUEUE : of_user(a, f);
}
