/* own_queues.c - each directory once, even if it has several names. */
#include "queuerun/own_queues.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/identity.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/process.h"
#include "base/sysenv.h"
#include "queue/spool.h"

struct places {
	struct arena *arena;
	struct own_queues *out;
	size_t room;
	struct file {
		dev_t device;
		ino_t inode;
	} * files; /* of each that is there */
	size_t file_count, file_room;
};

static bool is_known(struct places *p, const struct stat *st)
{
	for (size_t i = 0; i < p->file_count; i++)
		if (p->files[i].device == st->st_dev &&
		    p->files[i].inode == st->st_ino)
			return true;
	p->files = arena_grow(p->arena, p->files, p->file_count, &p->file_room,
			      sizeof(*p->files));
	p->files[p->file_count++] = (struct file){ st->st_dev, st->st_ino };
	return false;
}

/* Ignores a directory that we may not read, unless `always`. */
static void add(struct places *p, const char *folder, bool always)
{
	struct own_queues *out = p->out;
	struct error ignored = ERROR_INIT;
	struct stat st;
	int r;

	if (!folder || *folder != '/')
		return;
	r = disk_lstat(folder, &st, &ignored);
	if ((r > 0 && is_known(p, &st)) || (r <= 0 && !always))
		return;
	out->folders = arena_grow(p->arena, out->folders, out->count, &p->room,
				  sizeof(*out->folders));
	out->folders[out->count++] = folder;
}

/* ---- what the configuration says ---- */

bool own_queues_are_named(const struct config_query *query)
{
	return sysenv_env("MAILSEND_QUEUE") || query->path || query->account ||
	       override_find(query->overrides, "queue_folder");
}

/* NULL without an error when no account can be chosen: accepted mail is to be
 * listed and sent whatever has happened to the configuration since. */
static struct account *find_account(struct arena *a,
				    const struct config_query *query,
				    struct config *config, bool is_quiet,
				    struct error *error, struct error *f)
{
	struct account *account = NULL;
	struct error none = ERROR_INIT;

	*config = (struct config){ 0 };
	if (config_load(config, a, query, error) < 0)
		return NULL;
	config->is_told |= is_quiet;
	if (config_choose(config, query, &account, &none) < 0 && query->account)
		*f = none;
	return account;
}

static void warn_of(const struct error *error)
{
	if (error_is_set(error))
		log_warning("%s; looking for the queue without it",
			    error->text);
}

/* Where none is named. */
static void add_others(struct places *p, const struct config *config,
		       bool home_only)
{
	struct arena *a = p->arena;
	struct error ignored = ERROR_INIT;

	for (const struct account *account = config->accounts; account;
	     account = account->next)
		add(p, account->queue_folder, false);
	if (sysenv_uid() != 0)
		add(p, config_home_queue(a), false);
	if (home_only)
		return;
	add(p, config_spool_queue(a), false);
	for (const char **line = spool_registered(a, &ignored); *line; line++)
		add(p, *line, false);
}

int own_queues_find(struct arena *a, const struct config_query *query,
		    struct own_queues *out, struct error *f)
{
	struct places p = { .arena = a, .out = out };
	struct error error = ERROR_INIT;
	struct config config;
	struct account *account;
	const char *first;

	*out = (struct own_queues){ 0 };
	account = find_account(a, query, &config, false, &error, f);
	warn_of(&error);
	first = error_is_set(f) ? NULL : config_queue(a, account, f);
	if (!first)
		return -1;
	add(&p, first, true);
	if (!own_queues_are_named(query))
		add_others(&p, &config, false);
	return 0;
}

int own_queues_find_there(struct arena *a, bool home_only,
			  struct own_queues *out, struct error *f)
{
	const struct config_query query = { 0 };
	struct places p = { .arena = a, .out = out };
	struct error error = ERROR_INIT, none = ERROR_INIT;
	struct config config;
	struct account *account;

	*out = (struct own_queues){ 0 };
	account = find_account(a, &query, &config, true, &error, f);
	if (!home_only)
		add(&p, config_queue(a, account, &none), false);
	add_others(&p, &config, home_only);
	if (out->count)
		warn_of(&error);
	return error_is_set(f) ? -1 : 0;
}

/* Only root may be able to reach it by its name. */
void own_queues_find_here(struct arena *a, struct own_queues *out)
{
	struct places p = { .arena = a, .out = out };

	*out = (struct own_queues){ 0 };
	add(&p, "/proc/self/cwd/queue", false);
}

/* ---- users who have none ---- */

#define SLICES	   8	/* of the list, a process each */
#define VERDICT_MS 1000 /* a user that takes longer gets a process */
#define RESTARTS   3	/* after such a user */
#define ABSENT	   'a'
#define UNKNOWN	   '?'

struct slice {
	pid_t pid;
	int fd;		/* its verdicts, an octet for each user; -1: closed */
	size_t at, end; /* users whose verdict is still to come */
	uint64_t last_read;
	unsigned restarts;
};

/* May a user without a configuration still have a queue by the system's? */
static bool is_named_by_system(void)
{
	struct arena a = ARENA_INIT;
	struct error unknown = ERROR_INIT;
	struct config config;
	bool result = config_load_system(&config, &a, &unknown) < 0 ||
		      config.unreadable;

	for (const struct account *account = config.accounts; account;
	     account = account->next)
		result |= account->queue_folder != NULL;
	arena_free(&a);
	return result;
}

static bool has_nothing(const struct user *who)
{
	struct arena a = ARENA_INIT;
	bool result = false;

	if (who->state || !who->home || *who->home != '/' ||
	    who->uid == sysenv_file_uid() ||
	    !identity_files_as(who->uid, who->gid))
		return false;
	result = spool_is_unused(&a, who->uid) &&
		 config_home_is_unused(&a, who->home);
	identity_files_back();
	arena_free(&a);
	return result;
}

static noreturn void check_users(const struct users *users,
				 const struct slice *s, int fd)
{
	fd = process_detach(fd);
	for (size_t i = s->at; i < s->end; i++) {
		char verdict = has_nothing(&users->all[i]) ? ABSENT : UNKNOWN;

		if (io_write_all(fd, &verdict, 1) < 0)
			break;
	}
	process_end();
}

static void start_slice(const struct users *users, struct slice *s)
{
	int ends[2];

	s->fd = -1;
	s->last_read = sysenv_ticks();
	if (s->at == s->end || pipe2(ends, O_CLOEXEC) < 0)
		return;
	s->pid = fork();
	if (s->pid == 0)
		check_users(users, s, ends[1]);
	close(ends[1]);
	s->fd = ends[0];
}

static void end_slice(struct slice *s)
{
	int status;

	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		io_reap_within(s->pid, VERDICT_MS, &status);
	}
	s->pid = 0;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void read_verdicts(struct slice *s, bool *is_absent)
{
	char verdicts[512];
	ssize_t n = read(s->fd, verdicts, sizeof(verdicts));

	for (ssize_t i = 0; i < n && s->at < s->end; i++)
		is_absent[s->at++] = verdicts[i] == ABSENT;
	s->last_read = sysenv_ticks();
	if (n == 0 || (n < 0 && errno != EINTR) || s->at == s->end)
		end_slice(s);
}

/* Gives up the check of the current user, whose file server does not answer:
 * that user gets a process. */
static void skip_user(const struct users *users, struct slice *s)
{
	end_slice(s);
	if (s->at < s->end && s->restarts++ < RESTARTS) {
		s->at++;
		start_slice(users, s);
	}
}

/* Reads what has arrived; false when no more will come. */
static bool read_slices(const struct users *users, struct slice *slices,
			bool *is_absent)
{
	struct pollfd p[SLICES];
	bool is_open = false;

	for (size_t i = 0; i < SLICES; i++)
		p[i] = (struct pollfd){ .fd = slices[i].fd, .events = POLLIN };
	if (poll(p, SLICES, VERDICT_MS) < 0)
		return errno == EINTR && !interrupt_signal();
	for (size_t i = 0; i < SLICES; i++) {
		struct slice *s = &slices[i];

		if (s->fd >= 0 && p[i].revents)
			read_verdicts(s, is_absent);
		else if (s->fd >= 0 &&
			 sysenv_ticks() - s->last_read >= VERDICT_MS)
			skip_user(users, s);
		is_open |= s->fd >= 0;
	}
	return is_open;
}

void own_queues_narrow(struct users *users)
{
	struct slice slices[SLICES] = { { 0 } };
	bool *is_absent;
	size_t kept = 0;

	if (users->count < 2 || is_named_by_system())
		return;
	is_absent = memory_alloc(users->count * sizeof(*is_absent));
	memset(is_absent, false, users->count * sizeof(*is_absent));
	for (size_t i = 0; i < SLICES; i++) {
		slices[i].at = users->count * i / SLICES;
		slices[i].end = users->count * (i + 1) / SLICES;
		start_slice(users, &slices[i]);
	}
	while (read_slices(users, slices, is_absent))
		;
	for (size_t i = 0; i < SLICES; i++)
		end_slice(&slices[i]);
	for (size_t i = 0; i < users->count; i++)
		if (!is_absent[i])
			users->all[kept++] = users->all[i];
	users->count = kept;
	free(is_absent);
}
