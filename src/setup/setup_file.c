/* setup_file.c - which configuration file is used, and its current contents. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "setup/setup_inside.h"

#define NAMES_MAX 1000 /* of one kind: NAME-2, NAME-3 ... */

/* ---- which file ---- */

static const char *usual_path(struct arena *a, const char *name)
{
	const char *directory = sysenv_env("XDG_CONFIG_HOME");
	const char *home = sysenv_home();

	if (directory && *directory == '/')
		return arena_format(a, "%s/%s", directory, name);
	return home ? arena_format(a, "%s/.config/%s", home, name) : NULL;
}

/* Follows links, so that the real file is replaced. */
static const char *real_path(struct arena *a, const char *path)
{
	char *real = realpath(path, NULL);
	const char *result = real ? arena_dup(a, real) : path;

	free(real);
	return result;
}

static const char *wanted_path(struct setup *s)
{
	if (s->request->config_path)
		return s->request->config_path;
	if (sysenv_env("MAILSEND_CONFIG"))
		return arena_dup(s->arena, sysenv_env("MAILSEND_CONFIG"));
	return NULL;
}

static int find_path(struct setup *s, struct error *f)
{
	const char *wanted = wanted_path(s);

	s->path = wanted ? wanted : usual_path(s->arena, "mailsend/config");
	if (!s->path)
		return error_set(f, ERROR_CONFIG,
				 "this user has no home directory for a "
				 "configuration: name a file with --config");
	s->path = real_path(s->arena, s->path);
	return 0;
}

/* ---- the existing file ---- */

static int read_old(struct setup *s, struct error *f)
{
	const struct config_query query = { .path = s->path };
	struct stat st;

	s->mode = 0600;
	/* neither can it be read as a file, nor may it be replaced */
	if (disk_stat(s->path, &st, f) > 0 && !S_ISREG(st.st_mode))
		return error_set(f, ERROR_CANTCREAT,
				 "%s is not a regular file: name another with "
				 "--config",
				 s->path);
	if (error_is_set(f))
		return -1;
	if (disk_read_file(s->path, &s->old, true, f) < 0)
		return error_is_set(f) ? -1 : 0;
	if (stat(s->path, &st) < 0)
		return error_errno(f, ERROR_NOINPUT, errno, "cannot stat %s",
				   s->path);
	s->mode = st.st_mode & 0777;
	s->is_there = true;
	return config_load(&s->before, s->arena, &query, f);
}

/* Before the other questions, not after them. */
static int check_directory(struct setup *s, struct error *f)
{
	const char *directory = disk_dirname(s->arena, s->path);

	while (access(directory, F_OK) < 0 && errno == ENOENT &&
	       strcmp(directory, disk_dirname(s->arena, directory)) != 0)
		directory = disk_dirname(s->arena, directory);
	if (access(directory, W_OK | X_OK) == 0)
		return 0;
	return error_errno(f, ERROR_CANTCREAT, errno,
			   "%s is not writable, because its directory %s is "
			   "not",
			   s->path, directory);
}

/* A file of msmtp's is only read if we have none. */
static int ask_about_msmtp(struct setup *s, struct error *f)
{
	const char *home = sysenv_home();
	const char *other =
		home ? arena_format(s->arena, "%s/.msmtprc", home) : NULL;
	int found, r;

	if (wanted_path(s) || s->is_there)
		return 0;
	found = other ? disk_exists(other, f) : 0;
	if (!found) {
		other = usual_path(s->arena, "msmtp/config");
		found = other ? disk_exists(other, f) : 0;
	}
	if (found <= 0)
		return found;
	r = setup_confirm(
		s,
		arena_format(s->arena,
			     "mailsend reads %s now. Create a new "
			     "configuration file that replaces it?",
			     other),
		false,
		"Only one of the two is read, and that of mailsend comes "
		"first. The other is left unchanged for msmtp; mailsend does "
		"not see its accounts unless you copy them.",
		f);
	if (r == 0)
		return error_set(f, ERROR_USAGE,
				 "%s is unchanged: nothing was written", other);
	return r < 0 ? -1 : 0;
}

static int ask_about_old(struct setup *s, struct error *f)
{
	static const char *const words[] = { "add", "replace", "quit", NULL };
	size_t choice;

	if (!s->is_there || !s->old.len)
		return 0;
	if (setup_choose(
		    s,
		    arena_format(s->arena,
				 "%s exists. Add an account to it, replace it, "
				 "or quit?",
				 s->path),
		    words, 0,
		    "add: append an account, and leave the rest unchanged. "
		    "replace: the file has only the new account. Either way "
		    "the old file is saved beside it.",
		    &choice, f) < 0)
		return -1;
	if (choice == 2)
		return error_set(f, ERROR_USAGE,
				 "%s is unchanged: nothing was written",
				 s->path);
	s->is_replaced = choice == 1;
	return 0;
}

int setup_look(struct setup *s, struct error *f)
{
	if (find_path(s, f) < 0 || check_directory(s, f) < 0 ||
	    read_old(s, f) < 0 || ask_about_msmtp(s, f) < 0)
		return -1;
	return ask_about_old(s, f);
}

/* ---- the account's name ---- */

static const struct account *find_account(const struct setup *s,
					  const char *name)
{
	if (s->is_replaced)
		return NULL;
	for (const struct account *a = s->before.accounts; a; a = a->next)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

static const char *judge_name(struct setup *s, const char *answer)
{
	if (answer[strspn(answer, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-")])
		return "a name consists of letters, digits and . _ -";
	if (find_account(s, answer))
		return "an account of that name exists already";
	return NULL;
}

/* "example" for example.org, or with the first free number after it. */
static const char *free_name(struct setup *s)
{
	const char *base =
		arena_dup_n(s->arena, s->domain, strcspn(s->domain, "."));
	const char *name;

	if (!*base || judge_name(s, base))
		base = find_account(s, base) ? base : "mail";
	name = base;
	for (int i = 2; find_account(s, name) && i < NAMES_MAX; i++)
		name = arena_format(s->arena, "%s-%d", base, i);
	return name;
}

/* Which account is the default: the new one if there was none before, or the
 * only old one, which was used so far without being declared. */
static int choose_default(struct setup *s, struct error *f)
{
	const struct account *first =
		s->is_replaced ? NULL : s->before.accounts;
	int r;

	s->fallback = NULL;
	if (find_account(s, "default"))
		return 0;
	if (!first) {
		s->fallback = s->account;
		return 0;
	}
	r = setup_confirm(
		s,
		arena_format(s->arena, "Make %s the default account?",
			     s->account),
		false,
		"An account is selected by --account, or by the sender; "
		"otherwise the default account is used.",
		f);
	if (r > 0)
		s->fallback = s->account;
	else if (r == 0 && !first->next)
		s->fallback = first->name;
	return r < 0 ? -1 : 0;
}

static int warn_of_twin(struct setup *s, struct error *f)
{
	const struct account *a = s->is_replaced ? NULL : s->before.accounts;

	while (a && !(a->from && ascii_equal(a->from, s->address)))
		a = a->next;
	if (!a)
		return 0;
	return setup_tell(
		s,
		arena_format(s->arena,
			     "Account %s already has that sender and comes "
			     "first: the new account is only used with "
			     "--account.",
			     a->name),
		f);
}

/* Absolute, because it is written to the configuration. */
static const char *free_password_path(struct setup *s)
{
	const char *directory = disk_dirname(s->arena, s->path);
	struct error unsure = ERROR_INIT;
	const char *path;
	char here[4096];

	if (*directory != '/' && getcwd(here, sizeof(here)))
		directory = arena_format(s->arena, "%s/%s", here, directory);
	path = arena_format(s->arena, "%s/%s.password", directory, s->account);
	/* errors are ignored: the file is created with O_EXCL */
	for (int i = 2; disk_exists(path, &unsure) != 0 && i < NAMES_MAX; i++)
		path = arena_format(s->arena, "%s/%s-%d.password", directory,
				    s->account, i);
	return path;
}

int setup_choose_name(struct setup *s, struct error *f)
{
	const struct setup_question q = {
		.text = "Name of the account",
		.fallback = free_name(s),
		.help = "The name for --account; a word without blanks.",
		.judge = judge_name,
	};

	s->account = s->request->account;
	if (s->account && judge_name(s, s->account))
		return error_set(f, ERROR_USAGE, "--account %s: %s", s->account,
				 judge_name(s, s->account));
	if (!s->account && (!s->is_there || s->is_replaced || !s->old.len))
		s->account = q.fallback;
	if (!s->account && setup_ask(s, &q, &s->account, f) < 0)
		return -1;
	s->password_path = free_password_path(s);
	return warn_of_twin(s, f) < 0 ? -1 : choose_default(s, f);
}
