/* own_queues.c - each place once, whatever names lead there. */
#include "queuerun/own_queues.h"

#include <string.h>
#include <sys/stat.h>

#include "base/disk.h"
#include "base/log.h"
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

/* Where we may not look there is nothing of ours. */
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

bool own_queues_are_named(const struct config_wish *wish)
{
	return sysenv_env("MAILSEND_QUEUE") || wish->path || wish->account ||
	       override_find(wish->overrides, "queue_folder");
}

/* NULL without an error when no account can be told: mail that was accepted is
 * to be seen and sent whatever has happened to the configuration since. */
static struct account *find_account(struct arena *a,
				    const struct config_wish *wish,
				    struct config *config, bool is_quiet,
				    struct error *trouble, struct error *f)
{
	struct account *account = NULL;
	struct error none = ERROR_INIT;

	*config = (struct config){ 0 };
	if (config_load(config, a, wish, trouble) < 0)
		return NULL;
	config->is_told |= is_quiet;
	if (config_choose(config, wish, &account, &none) < 0 && wish->account)
		*f = none;
	return account;
}

static void tell(const struct error *trouble)
{
	if (error_is_set(trouble))
		log_warning("%s; looking for the queue without it",
			    trouble->text);
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

int own_queues_find(struct arena *a, const struct config_wish *wish,
		    struct own_queues *out, struct error *f)
{
	struct places p = { .arena = a, .out = out };
	struct error trouble = ERROR_INIT;
	struct config config;
	struct account *account;
	const char *first;

	*out = (struct own_queues){ 0 };
	account = find_account(a, wish, &config, false, &trouble, f);
	tell(&trouble);
	first = error_is_set(f) ? NULL : config_queue(a, account, f);
	if (!first)
		return -1;
	add(&p, first, true);
	if (!own_queues_are_named(wish))
		add_others(&p, &config, false);
	return 0;
}

int own_queues_find_there(struct arena *a, bool home_only,
			  struct own_queues *out, struct error *f)
{
	const struct config_wish wish = { 0 };
	struct places p = { .arena = a, .out = out };
	struct error trouble = ERROR_INIT, none = ERROR_INIT;
	struct config config;
	struct account *account;

	*out = (struct own_queues){ 0 };
	account = find_account(a, &wish, &config, true, &trouble, f);
	if (!home_only)
		add(&p, config_queue(a, account, &none), false);
	add_others(&p, &config, home_only);
	if (out->count)
		tell(&trouble);
	return error_is_set(f) ? -1 : 0;
}

/* The way there by its name may be root's alone. */
void own_queues_find_here(struct arena *a, struct own_queues *out)
{
	struct places p = { .arena = a, .out = out };

	*out = (struct own_queues){ 0 };
	add(&p, "/proc/self/cwd/queue", false);
}
