/* queue_run.c - --setup-queue: systemd units or a crontab line, installed and
 * removed.
 *
 * The texts are those of contrib/, with the program and the queue of this
 * machine.  All files are checked before the first one is written. */
#include "install/install.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/command.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "install/steps.h"
#include "queue/queue.h"
#include "queue/spool.h"

/* the first line of installed units: do not change it */
#define MARK	    "# Made by mailsend --setup-queue; =remove takes it away.\n"
#define COMMAND	    SETUP_PROGRAM " --flush --due"
#define UNITS	    3
#define CRON_MARK   "# mailsend --setup-queue" /* the end of our line */
#define CRONTAB_MAX (1024 * 1024)
#define WORDS_MAX   4096

struct queue_run {
	struct steps steps;
	enum install_action action;
	const struct request *request;
	const char *program;
	const char *folder; /* of the queue */
	const char *config; /* the absolute path of --config; or NULL */
	struct steps_file units[UNITS];
};

/* ---- words ---- */

/* Quotes for the shell and for cron, in which % ends the command. */
static const char *quote_cron(struct arena *a, const char *word)
{
	if (steps_is_plain(word))
		return word;
	word = steps_replace(a, word, "'", "'\\''");
	return arena_format(a, "'%s'", steps_replace(a, word, "%", "\\%"));
}

/* The queue that a timer uses without our environment. */
static const char *plain_folder(struct queue_run *s)
{
	const char *home = sysenv_home();

	if (s->steps.is_system)
		return SETUP_QUEUE_SYSTEM;
	return arena_format(s->steps.arena, "%s/.local/state/mailsend/queue",
			    home ? home : "");
}

static const char *command(struct queue_run *s,
			   const char *(*quote)(struct arena *a,
						const char *word))
{
	const struct request *r = s->request;
	struct arena *a = s->steps.arena;
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

static const char *unit_folder(struct queue_run *s)
{
	const char *config = sysenv_env("XDG_CONFIG_HOME");
	const char *home = sysenv_home();

	if (s->steps.is_system)
		return "/etc/systemd/system";
	if (config && *config == '/')
		return arena_format(s->steps.arena, "%s/systemd/user", config);
	return home ? arena_format(s->steps.arena, "%s/.config/systemd/user",
				   home)
		    : NULL;
}

static const char *unit_text(struct queue_run *s, const char *text)
{
	const char *from =
		s->steps.is_system ? SETUP_QUEUE_SYSTEM : SETUP_QUEUE;

	text = arena_format(s->steps.arena, MARK "%s", text);
	text = steps_replace(s->steps.arena, text, COMMAND,
			     command(s, steps_quote_unit));
	if (strcmp(s->folder, plain_folder(s)) == 0)
		return text;
	return steps_replace(s->steps.arena, text, from,
			     steps_replace(s->steps.arena, s->folder, "%",
					   "%%"));
}

static int find_units(struct queue_run *s)
{
	const char *folder = unit_folder(s);
	const char *const texts[UNITS][2] = {
		{ "mailsend-queue.service",
		  install_file_systemd_mailsend_queue_service },
		{ "mailsend-queue.timer",
		  install_file_systemd_mailsend_queue_timer },
		{ "mailsend-queue.path",
		  s->steps.is_system
			  ? install_file_systemd_system_mailsend_queue_path
			  : install_file_systemd_mailsend_queue_path },
	};

	if (!folder) {
		error_set(s->steps.f, ERROR_CONFIG,
			  "this user has no home directory for systemd units");
		return -1;
	}
	for (size_t i = 0; i < UNITS; i++) {
		struct steps_file *u = &s->units[i];

		u->path = arena_format(s->steps.arena, "%s/%s", folder,
				       texts[i][0]);
		u->text = unit_text(s, texts[i][1]);
		u->mode = 0644;
		u->found = steps_find(&s->steps, u->path, u->text);
		if (s->action == INSTALL_DO &&
		    steps_refuse_foreign(&s->steps, u) < 0)
			return -1;
	}
	return 0;
}

static const char *const reload[] = { "daemon-reload", NULL };

static int install_units(struct queue_run *s)
{
	static const char *const enable[] = { "enable", "--now",
					      "mailsend-queue.timer",
					      "mailsend-queue.path", NULL };

	for (size_t i = 0; i < UNITS; i++)
		if (steps_write(&s->steps, &s->units[i]) < 0)
			return -1;
	if (steps_systemctl(&s->steps, reload) < 0 ||
	    steps_systemctl(&s->steps, enable) < 0)
		return -1;
	return s->steps.is_system
		       ? 0
		       : steps_say(&s->steps,
				   "it runs while you are logged in; "
				   "`loginctl enable-linger` lets it run "
				   "always\n");
}

static bool has_own_unit(const struct queue_run *s)
{
	for (size_t i = 0; i < UNITS; i++)
		if (s->units[i].found == STEPS_SAME ||
		    s->units[i].found == STEPS_OURS)
			return true;
	return false;
}

static int remove_units(struct queue_run *s, bool is_running)
{
	static const char *const disable[] = { "disable", "--now",
					       "mailsend-queue.timer",
					       "mailsend-queue.path", NULL };

	if (is_running && has_own_unit(s) &&
	    steps_systemctl(&s->steps, disable) < 0)
		return -1;
	for (size_t i = 0; i < UNITS; i++)
		if (steps_delete(&s->steps, &s->units[i]) < 0)
			return -1;
	return is_running && has_own_unit(s)
		       ? steps_systemctl(&s->steps, reload)
		       : 0;
}

/* ---- cron ----
 *
 * crontab(1) replaces all of a crontab, so what stands there must be known for
 * certain before anything is written: a list that failed for any reason but
 * "there is none" ends it.  Nobody's other line is touched. */

static bool is_ours(const char *line, size_t n)
{
	size_t mark = strlen(CRON_MARK);

	return n >= mark && memcmp(line + n - mark, CRON_MARK, mark) == 0;
}

/* The messages of Debian's cron, cronie and busybox. */
static bool says_none(const char *words)
{
	return strstr(words, "no crontab") ||
	       strstr(words, "No such file or directory");
}

static int failed(const char *what, int status, const struct buf *words,
		  struct error *f)
{
	if (status == STEPS_NO_PROGRAM)
		return error_set(f, ERROR_UNAVAILABLE,
				 "neither systemd nor crontab is available: "
				 "arrange for `mailsend --flush --due` every "
				 "few minutes");
	return error_set(f, ERROR_UNAVAILABLE, "%s failed: %.*s", what,
			 (int)strcspn(words->data, "\n"), words->data);
}

static int read_table(struct buf *table, struct error *f)
{
	static const char *const argv[] = { "crontab", "-l", NULL };
	struct buf words = BUF_INIT(WORDS_MAX);
	int status = 0,
	    r = steps_run(argv, COMMAND_LIMIT, NULL, table, &words, &status, f);

	if (r == 0 && status && says_none(words.data))
		buf_reset(table);
	else if (r == 0 && status)
		r = failed("crontab -l", status, &words, f);
	buf_free(&words);
	return r;
}

static int write_table(const struct buf *table, struct error *f)
{
	static const char *const argv[] = { "crontab", "-", NULL };
	struct buf words = BUF_INIT(WORDS_MAX);
	int status = 0,
	    r = steps_run(argv, COMMAND_LIMIT, table, NULL, &words, &status, f);

	if (r == 0 && status)
		r = failed("crontab -", status, &words, f);
	buf_free(&words);
	return r;
}

/* Copies all lines but ours. */
static void keep_others(const struct buf *table, struct buf *to)
{
	for (const char *p = table->data; *p;) {
		size_t n = strcspn(p, "\n");

		if (!is_ours(p, n)) {
			buf_put(to, p, n);
			buf_putc(to, '\n');
		}
		p += n;
		p += *p == '\n';
	}
}

/* Sets our line; with NULL removes it.  `line` has no line break. 1; 0 if
 * nothing changes; -1 with the error, ERROR_UNAVAILABLE if there is no
 * crontab(1).  With `try_only` nothing is written. */
static int change_crontab(const char *line, bool try_only, struct error *f)
{
	struct buf table = BUF_INIT(CRONTAB_MAX);
	struct buf new = BUF_INIT(CRONTAB_MAX + WORDS_MAX);
	int r = read_table(&table, f);

	if (r == 0 && memchr(table.data, '\0', table.len))
		r = error_set(f, ERROR_DATA, "the crontab has a NUL in it");
	if (r == 0) {
		keep_others(&table, &new);
		if (line)
			buf_printf(&new, "%s\n", line);
		r = new.overflow ? error_set(f, ERROR_DATA,
					     "the crontab is too long")
		    : new.len ==
				    table.len &&memcmp(new.data, table.data,
						       new.len) == 0
			    ? 0
			    : 1;
	}
	if (r > 0 && !try_only && write_table(&new, f) < 0)
		r = -1;
	buf_free(&table);
	buf_free(&new);
	return r;
}

static const char *cron_line(struct queue_run *s)
{
	const char *text = install_file_mailsend_queue_cron;

	text = arena_dup_n(s->steps.arena, text, strcspn(text, "\n"));
	return steps_replace(s->steps.arena, text, COMMAND,
			     command(s, quote_cron));
}

static int install_line(struct queue_run *s)
{
	const char *line = cron_line(s);
	int r = change_crontab(line, s->steps.is_shown, s->steps.f);

	if (r < 0)
		return -1;
	return steps_say(&s->steps, "%s the crontab: %s\n",
			 r == 0		     ? "already in"
			 : s->steps.is_shown ? "would write into"
					     : "wrote into",
			 line);
}

/* Without cron there is no line of ours. */
static int remove_line(struct queue_run *s)
{
	struct error trouble = ERROR_INIT;
	int r = change_crontab(NULL, false, &trouble);

	if (r > 0)
		return steps_say(&s->steps,
				 "removed the line from the crontab\n");
	if (r < 0)
		log_note("the crontab was not read: %s", trouble.text);
	return 0;
}

/* ---- all of it ---- */

/* A timer runs in another directory. */
static int find_config(struct queue_run *s)
{
	const char *named = s->request->config_path;
	char *path;

	if (!named)
		return 0;
	path = realpath(named, NULL);
	if (!path)
		return error_errno(s->steps.f, ERROR_NOINPUT, errno,
				   "cannot read %s", named);
	s->config = arena_dup(s->steps.arena, path);
	free(path);
	return 0;
}

static int begin(struct queue_run *s)
{
	s->program = sysenv_program();
	if (!s->program) {
		error_set(s->steps.f, ERROR_OS,
			  "the path of this program is unknown: add a crontab "
			  "line by hand, see contrib");
		return -1;
	}
	if (find_config(s) < 0)
		return -1;
	if (*s->folder != '/' || strpbrk(s->folder, "\r\n") ||
	    strpbrk(s->program, "\r\n"))
		return error_set(s->steps.f, ERROR_CONFIG,
				 "the queue's directory %s is not an absolute "
				 "path on one line",
				 s->folder);
	return 0;
}

/* The watched directory must exist. */
static int make_queue(struct queue_run *s)
{
	struct steps *steps = &s->steps;
	struct queue q;

	if (steps->is_shown)
		return 0;
	if (steps->is_system && spool_prepare(steps->arena, true, steps->f) < 0)
		return -1;
	return queue_open(&q, steps->arena, s->folder, true, steps->f);
}

int install_queue_run(struct arena *a, enum install_action action,
		      const struct request *r, const char *folder,
		      struct error *f)
{
	struct queue_run s = {
		.steps = { .arena = a,
			   .mark = MARK,
			   .is_system = sysenv_uid() == 0,
			   .is_shown = action == INSTALL_SHOW,
			   .f = f },
		.action = action,
		.request = r,
		.folder = folder,
	};
	bool is_running;

	if (begin(&s) < 0)
		return -1;
	is_running = steps_has_systemd(&s.steps);
	if ((is_running || action == INSTALL_UNDO) && find_units(&s) < 0)
		return -1;
	if (action == INSTALL_UNDO) {
		queue_forget_run(a, folder);
		if (strcmp(folder, SETUP_QUEUE_SYSTEM) == 0)
			spool_forget_run(a);
		return remove_units(&s, is_running) < 0 ? -1 : remove_line(&s);
	}
	if (make_queue(&s) < 0 ||
	    (is_running ? install_units(&s) : install_line(&s)) < 0)
		return -1;
	if (s.steps.is_shown)
		return 0;
	queue_note_run(a, folder, sysenv_now());
	if (strcmp(folder, SETUP_QUEUE_SYSTEM) == 0)
		spool_note_run(a, sysenv_now());
	return 0;
}
