/* setup.c - units of systemd or a line of the crontab, and back.
 *
 * The texts are those of contrib/, with the program and the queue's folder as
 * they are here.  All files are looked at before the first one is written. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/command.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "flow/atomic_file.h"
#include "queue/queue.h"
#include "setup_cron.h"
#include "setup_files.h"
#include "setup_run.h"

#define UNIT_MAX  16384
#define WORDS_MAX 4096
/* what units that were installed begin with: never another text */
#define MARK	"# Made by mailsend --setup-queue; =remove takes it away.\n"
#define COMMAND SETUP_PROGRAM " --flush --due"

struct unit {
	const char *name;
	const char *path, *text; /* as they are to be */
	enum { UNIT_MISSING, UNIT_SAME, UNIT_OURS, UNIT_FOREIGN } found;
};
#define UNITS	    3
#define UNIT_PREFIX ".mailsend-unit"

struct setup {
	struct arena *arena;
	const struct cmdline *cmdline;
	const char *program;
	const char *folder; /* of the queue */
	const char *config; /* the file that was named, absolute; or NULL */
	bool is_system;	    /* root's, for the whole machine */
	bool is_shown;	    /* and not done */
	const char *unit_folder;
	struct unit units[UNITS];
	struct error *f;
};

static int say(struct setup *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static int say(struct setup *s, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = arena_vformat(s->arena, format, ap);
	va_end(ap);
	return disk_write_all(STDOUT_FILENO, text, strlen(text),
			      "standard output", s->f);
}

/* ---- words ---- */

static const char *replace(struct arena *a, const char *text, const char *from,
			   const char *to)
{
	struct buf out = BUF_INIT(UNIT_MAX);
	const char *found, *result;

	while ((found = strstr(text, from))) {
		buf_put(&out, text, (size_t)(found - text));
		buf_puts(&out, to);
		text = found + strlen(from);
	}
	buf_puts(&out, text);
	result = arena_dup(a, out.data);
	buf_free(&out);
	return result;
}

static bool is_plain(const char *word)
{
	return *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789/._-+=:,@")];
}

/* systemd.service(5), "COMMAND LINES". */
static const char *quote_unit(struct arena *a, const char *word)
{
	struct buf out = BUF_INIT(UNIT_MAX);
	const char *result;

	if (is_plain(word))
		return word;
	buf_putc(&out, '"');
	for (; *word; word++) {
		if (strchr("\"\\", *word))
			buf_putc(&out, '\\');
		if (strchr("%$", *word))
			buf_putc(&out, *word);
		buf_putc(&out, *word);
	}
	buf_putc(&out, '"');
	result = arena_dup(a, out.data);
	buf_free(&out);
	return result;
}

/* For the shell, and for cron, which takes a % for the end of the line. */
static const char *quote_cron(struct arena *a, const char *word)
{
	if (is_plain(word))
		return word;
	word = replace(a, word, "'", "'\\''");
	return arena_format(a, "'%s'", replace(a, word, "%", "\\%"));
}

/* Where a run looks that has nothing of our environment. */
static const char *plain_folder(struct setup *s)
{
	const char *home = sysenv_home();

	if (s->is_system)
		return SETUP_QUEUE_SYSTEM;
	return arena_format(s->arena, "%s/.local/state/mailsend/queue",
			    home ? home : "");
}

static const char *command(struct setup *s,
			   const char *(*quote)(struct arena *a,
						const char *word))
{
	const struct request *r = &s->cmdline->request;
	struct arena *a = s->arena;
	const char *line =
		arena_format(a, "%s --flush --due", quote(a, s->program));
	bool is_ours_alone =
		sysenv_env("MAILSEND_QUEUE") || sysenv_env("XDG_STATE_HOME");

	if (s->config)
		line = arena_format(a, "%s --config %s", line,
				    quote(a, s->config));
	if (r->account)
		line = arena_format(a, "%s --account %s", line,
				    quote(a, r->account));
	if (is_ours_alone && strcmp(s->folder, plain_folder(s)) != 0)
		line = arena_format(a, "%s --set %s", line,
				    quote(a, arena_format(a, "queue_folder=%s",
							  s->folder)));
	return line;
}

/* ---- units ---- */

static const char *unit_folder(struct setup *s)
{
	const char *config = sysenv_env("XDG_CONFIG_HOME");
	const char *home = sysenv_home();

	if (s->is_system)
		return "/etc/systemd/system";
	if (config && *config == '/')
		return arena_format(s->arena, "%s/systemd/user", config);
	return home ? arena_format(s->arena, "%s/.config/systemd/user", home)
		    : NULL;
}

static const char *unit_text(struct setup *s, const char *text)
{
	const char *from = s->is_system ? SETUP_QUEUE_SYSTEM : SETUP_QUEUE;

	text = arena_format(s->arena, MARK "%s", text);
	text = replace(s->arena, text, COMMAND, command(s, quote_unit));
	if (strcmp(s->folder, plain_folder(s)) == 0)
		return text;
	return replace(s->arena, text, from,
		       replace(s->arena, s->folder, "%", "%%"));
}

static int look_at(struct setup *s, struct unit *u)
{
	struct buf there = BUF_INIT(UNIT_MAX);
	struct error unread = ERROR_INIT;

	if (disk_read_file(u->path, &there, true, &unread) < 0)
		u->found = error_is_set(&unread) ? UNIT_FOREIGN : UNIT_MISSING;
	else if (strcmp(there.data, u->text) == 0)
		u->found = UNIT_SAME;
	else if (strncmp(there.data, MARK, strlen(MARK)) == 0)
		u->found = UNIT_OURS;
	else
		u->found = UNIT_FOREIGN;
	buf_free(&there);
	if (u->found != UNIT_FOREIGN ||
	    strcmp(s->cmdline->queue.setup, "on") != 0)
		return 0;
	return error_set(s->f, ERROR_CANTCREAT,
			 "%s exists and was not created by this command: move "
			 "it away first",
			 u->path);
}

static int find_units(struct setup *s)
{
	const char *const texts[UNITS][2] = {
		{ "mailsend-queue.service",
		  setup_file_systemd_mailsend_queue_service },
		{ "mailsend-queue.timer",
		  setup_file_systemd_mailsend_queue_timer },
		{ "mailsend-queue.path",
		  s->is_system ? setup_file_systemd_system_mailsend_queue_path
			       : setup_file_systemd_mailsend_queue_path },
	};

	s->unit_folder = unit_folder(s);
	if (!s->unit_folder) {
		error_set(s->f, ERROR_CONFIG,
			  "this user has no home directory for systemd units");
		return -1;
	}
	for (size_t i = 0; i < UNITS; i++) {
		struct unit *u = &s->units[i];

		u->name = texts[i][0];
		u->path = arena_format(s->arena, "%s/%s", s->unit_folder,
				       u->name);
		u->text = unit_text(s, texts[i][1]);
		if (look_at(s, u) < 0)
			return -1;
	}
	return 0;
}

static int replace_file(struct arena *a, const char *path, const char *text,
			struct error *f)
{
	struct atomic_file file;
	int r;

	tempfile_tidy(disk_dirname(a, path), UNIT_PREFIX);
	r = atomic_file_open(&file, a, path, UNIT_PREFIX, true,
			     ATOMIC_FILE_SHARED, f);
	if (r == 0)
		r = sink_puts(&file.out.sink, text);
	if (r == 0)
		r = atomic_file_commit(&file, f);
	atomic_file_free(&file);
	return r > 0 ? error_set(f, ERROR_CANTCREAT,
				 "%s was created by another program "
				 "meanwhile",
				 path)
		     : r;
}

static int write_unit(struct setup *s, const struct unit *u)
{
	if (s->is_shown)
		return say(s, "would write %s:\n%s\n", u->path, u->text);
	if (u->found == UNIT_SAME)
		return say(s, "%s exists already\n", u->path);
	if (disk_make_directory(s->unit_folder, s->f) < 0 ||
	    replace_file(s->arena, u->path, u->text, s->f) < 0)
		return -1;
	return say(s, "wrote %s\n", u->path);
}

static int delete_unit(struct setup *s, const struct unit *u)
{
	if (u->found == UNIT_MISSING)
		return 0;
	if (u->found == UNIT_FOREIGN)
		return say(s,
			   "left %s, which was not created by "
			   "mailsend\n",
			   u->path);
	if (unlink(u->path) < 0)
		return error_errno(s->f, ERROR_CANTCREAT, errno,
				   "cannot remove %s", u->path);
	return say(s, "removed %s\n", u->path);
}

/* ---- systemctl ---- */

#define SYSTEMCTL_WORDS 8

/* systemctl, --user where it is the user's, and up to five words; ends with
 * NULL. */
static void put_words(struct setup *s, const char *argv[SYSTEMCTL_WORDS],
		      const char *const *words)
{
	size_t n = 0;

	argv[n++] = "systemctl";
	if (!s->is_system)
		argv[n++] = "--user";
	while (*words && n < SYSTEMCTL_WORDS - 1)
		argv[n++] = *words++;
	argv[n] = NULL;
}

static const char *in_one(struct setup *s, const char *const *argv)
{
	const char *line = *argv;

	while (*++argv)
		line = arena_format(s->arena, "%s %s", line, *argv);
	return line;
}

/* Told as a step, or shown instead. */
static int systemctl(struct setup *s, const char *const *words)
{
	const char *argv[SYSTEMCTL_WORDS];
	struct buf err = BUF_INIT(WORDS_MAX);
	const char *line;
	int status = 0, r;

	put_words(s, argv, words);
	line = in_one(s, argv);
	if (s->is_shown)
		return say(s, "would run %s\n", line);
	r = setup_run(argv, COMMAND_LIMIT, NULL, NULL, &err, &status, s->f);
	if (r == 0 && status)
		r = error_set(s->f, ERROR_UNAVAILABLE, "`%s` failed: %.*s",
			      line, (int)strcspn(err.data, "\n"), err.data);
	buf_free(&err);
	return r < 0 ? -1 : say(s, "ran %s\n", line);
}

/* Does one run that we can talk to? */
static bool has_systemd(struct setup *s)
{
	static const char *const words[] = { "show", "--property=Version",
					     NULL };
	const char *argv[SYSTEMCTL_WORDS];
	struct error unused = ERROR_INIT;
	int status = 0;

	put_words(s, argv, words);
	return setup_run(argv, COMMAND_LIMIT, NULL, NULL, NULL, &status,
			 &unused) == 0 &&
	       status == 0;
}

static const char *const reload[] = { "daemon-reload", NULL };

static int install_units(struct setup *s)
{
	static const char *const enable[] = { "enable", "--now",
					      "mailsend-queue.timer",
					      "mailsend-queue.path", NULL };

	for (size_t i = 0; i < UNITS; i++)
		if (write_unit(s, &s->units[i]) < 0)
			return -1;
	if (systemctl(s, reload) < 0 || systemctl(s, enable) < 0)
		return -1;
	return s->is_system ? 0
			    : say(s, "it runs while you are logged in; "
				     "`loginctl enable-linger` lets it run "
				     "always\n");
}

static bool has_own_unit(const struct setup *s)
{
	for (size_t i = 0; i < UNITS; i++)
		if (s->units[i].found == UNIT_SAME ||
		    s->units[i].found == UNIT_OURS)
			return true;
	return false;
}

static int remove_units(struct setup *s, bool is_running)
{
	static const char *const disable[] = { "disable", "--now",
					       "mailsend-queue.timer",
					       "mailsend-queue.path", NULL };

	if (is_running && has_own_unit(s) && systemctl(s, disable) < 0)
		return -1;
	for (size_t i = 0; i < UNITS; i++)
		if (delete_unit(s, &s->units[i]) < 0)
			return -1;
	return is_running && has_own_unit(s) ? systemctl(s, reload) : 0;
}

/* ---- cron ---- */

static const char *cron_line(struct setup *s)
{
	const char *text = setup_file_mailsend_queue_cron;

	text = arena_dup_n(s->arena, text, strcspn(text, "\n"));
	return replace(s->arena, text, COMMAND, command(s, quote_cron));
}

static int install_line(struct setup *s)
{
	const char *line = cron_line(s);
	int r = setup_cron(line, s->is_shown, s->f);

	if (r < 0)
		return -1;
	return say(s, "%s the crontab: %s\n",
		   r == 0	 ? "already in"
		   : s->is_shown ? "would write into"
				 : "wrote into",
		   line);
}

/* Where there is no cron there is no line of ours. */
static int remove_line(struct setup *s)
{
	struct error trouble = ERROR_INIT;
	int r = setup_cron(NULL, false, &trouble);

	if (r > 0)
		return say(s, "removed the line from the crontab\n");
	if (r < 0)
		log_note("the crontab was not read: %s", trouble.text);
	return 0;
}

/* ---- all of it ---- */

/* A run starts in another folder. */
static int find_config(struct setup *s)
{
	const char *named = s->cmdline->request.config_path;
	char *path;

	if (!named)
		return 0;
	path = realpath(named, NULL);
	if (!path)
		return error_errno(s->f, ERROR_NOINPUT, errno, "cannot read %s",
				   named);
	s->config = arena_dup(s->arena, path);
	free(path);
	return 0;
}

static int begin(struct setup *s)
{
	s->program = sysenv_program();
	if (!s->program) {
		error_set(s->f, ERROR_OS,
			  "the path of this program is unknown: add a crontab "
			  "line by hand, see contrib");
		return -1;
	}
	if (find_config(s) < 0)
		return -1;
	if (*s->folder != '/' || strpbrk(s->folder, "\r\n") ||
	    strpbrk(s->program, "\r\n"))
		return error_set(s->f, ERROR_CONFIG,
				 "the queue's directory %s is not an absolute "
				 "path on one line",
				 s->folder);
	return 0;
}

/* What is watched has to be there. */
static int make_queue(struct setup *s)
{
	struct queue q;

	return s->is_shown ? 0
			   : queue_open(&q, s->arena, s->folder, true, s->f);
}

int setup_queue(struct arena *a, const struct cmdline *c, const char *folder,
		struct error *f)
{
	bool is_removed = strcmp(c->queue.setup, "remove") == 0;
	struct setup s = {
		.arena = a,
		.cmdline = c,
		.folder = folder,
		.is_system = sysenv_uid() == 0,
		.is_shown = strcmp(c->queue.setup, "show") == 0,
		.f = f,
	};
	bool is_running;

	if (begin(&s) < 0)
		return -1;
	is_running = has_systemd(&s);
	if ((is_running || is_removed) && find_units(&s) < 0)
		return -1;
	if (is_removed) {
		queue_forget_run(a, folder);
		return remove_units(&s, is_running) < 0 ? -1 : remove_line(&s);
	}
	if (make_queue(&s) < 0 ||
	    (is_running ? install_units(&s) : install_line(&s)) < 0)
		return -1;
	if (!s.is_shown)
		queue_note_run(a, folder, sysenv_now());
	return 0;
}
