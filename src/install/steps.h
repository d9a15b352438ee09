/* steps.h - changes to the system, step by step: for --setup-queue and
 * --setup-service.
 *
 * Each step is printed as it is done; with `is_shown` it is printed only.  Each
 * function returns -1 with the error in s->f. */
#ifndef INSTALL_STEPS_H
#define INSTALL_STEPS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/identity.h"

#define STEPS_TEXT_MAX 65536 /* octets of a file */

struct steps {
	struct arena *arena;
	const char *mark; /* the first line of our files: do not change it */
	bool is_system;	  /* root's, for the whole machine */
	bool is_shown;	  /* print only */
	bool tells_text;  /* print public files before they are written */
	struct error *f;
};

enum steps_found {
	STEPS_MISSING,
	STEPS_SAME,
	STEPS_OURS,
	STEPS_FOREIGN, /* not ours, or unreadable */
};

/* The text includes the mark. */
struct steps_file {
	const char *path, *text;
	mode_t mode;
	enum steps_found found;
};

int steps_say(struct steps *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- files ---- */

enum steps_found steps_find(struct steps *s, const char *path,
			    const char *text);
/* ERROR_CANTCREAT if it is foreign. */
int steps_refuse_foreign(struct steps *s, const struct steps_file *file);
/* Atomic, with its directory; an unchanged file is not written. */
int steps_write(struct steps *s, const struct steps_file *file);
/* A foreign file is kept. */
int steps_delete(struct steps *s, const struct steps_file *file);

/* ---- words ---- */

const char *steps_replace(struct arena *a, const char *text, const char *from,
			  const char *to);
/* Is it without special characters of shell, cron and systemd? */
bool steps_is_plain(const char *word);
/* As one word of a command in a unit (systemd.service(5), "COMMAND LINES"). */
const char *steps_quote_unit(struct arena *a, const char *word);

/* ---- commands of the system, without a shell ---- */

#define STEPS_NO_PROGRAM 127 /* the status where there is no such command */

/* Searches $PATH.  `input` may be NULL; output is appended to `out` and `err`,
 * either of which may be NULL.  `seconds` is its limit, 0 for none
 * (base/command.h). 0 with its exit status, or 128 and the signal's number; -1
 * if it could not be run. */
int steps_run(const char *const *argv, unsigned seconds,
	      const struct buf *input, struct buf *out, struct buf *err,
	      int *status, struct error *f);

/* The same as another user; NULL: as ourselves. */
int steps_run_as(const struct identity *who, const char *const *argv,
		 unsigned seconds, const struct buf *input, struct buf *out,
		 struct buf *err, int *status, struct error *f);

/* ---- systemd ---- */

/* Is there a running systemd that we can reach? */
bool steps_has_systemd(struct steps *s);
/* systemctl, with --user for a user; `words` ends with NULL and has at most
 * five. */
int steps_systemctl(struct steps *s, const char *const *words);

/* ---- the files of contrib/, as they are there ---- */

/* The Makefile generates the strings.  What is replaced in them: the program,
 * and the queue's directory. */
#define SETUP_PROGRAM	   "/usr/local/bin/mailsend"
#define SETUP_QUEUE	   "%h/.local/state/mailsend/queue"
#define SETUP_QUEUE_SYSTEM "/var/spool/mailsend/0"

extern const char install_file_systemd_mailsend_queue_service[];
extern const char install_file_systemd_mailsend_queue_timer[];
extern const char install_file_systemd_mailsend_queue_path[];
extern const char install_file_systemd_system_mailsend_queue_path[];
extern const char install_file_systemd_system_mailsend_submit_socket[];
extern const char install_file_systemd_system_mailsend_submit_service[];
extern const char install_file_mailsend_queue_cron[];

#endif
