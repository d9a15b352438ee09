/* setup_steps.h - what changes the system, one step at a time: for
 * --setup-queue and --setup-service.
 *
 * Each step is told on stdout as it is done; with `is_shown` all of them are
 * told, and none is done.  Each function returns -1 with the error in s->f. */
#ifndef CMD_SETUP_STEPS_H
#define CMD_SETUP_STEPS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/identity.h"

#define STEPS_TEXT_MAX 65536 /* octets of a file */

struct steps {
	struct arena *arena;
	const char *mark; /* what our files begin with: never other text */
	bool is_system;	  /* root's, for the whole machine */
	bool is_shown;	  /* and not done */
	bool tells_text;  /* files that all may read are shown first */
	struct error *f;
};

enum steps_found {
	STEPS_MISSING,
	STEPS_SAME,
	STEPS_OURS,
	STEPS_FOREIGN, /* not by us, or it cannot be read */
};

/* Path and text are as they are to be, the text with its mark. */
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
/* ERROR_CANTCREAT where it is foreign. */
int steps_refuse_foreign(struct steps *s, const struct steps_file *file);
/* Whole or not at all, with the directory above it; one that is the same
 * stays. */
int steps_write(struct steps *s, const struct steps_file *file);
/* One that is foreign stays. */
int steps_delete(struct steps *s, const struct steps_file *file);

/* ---- words ---- */

const char *steps_replace(struct arena *a, const char *text, const char *from,
			  const char *to);
/* Has it nothing that means something to a shell, cron or systemd? */
bool steps_is_plain(const char *word);
/* As one word of a command in a unit (systemd.service(5), "COMMAND LINES"). */
const char *steps_quote_unit(struct arena *a, const char *word);

/* ---- commands of the system, without a shell ---- */

#define STEPS_NO_PROGRAM 127 /* the status where there is no such command */

/* Looks along $PATH.  `input` may be NULL for nothing; what the command writes
 * is added to `out` and `err`, either of which may be NULL.  It may take
 * `seconds`, 0 for however long (base/command.h).  0 with its exit status, 128
 * and the number where a signal ended it; -1 when it could not be run. */
int steps_run(const char *const *argv, unsigned seconds,
	      const struct buf *input, struct buf *out, struct buf *err,
	      int *status, struct error *f);

/* The same as another user, of root; NULL: as we are. */
int steps_run_as(const struct identity *who, const char *const *argv,
		 unsigned seconds, const struct buf *input, struct buf *out,
		 struct buf *err, int *status, struct error *f);

/* ---- systemd ---- */

/* Does one run that we can talk to? */
bool steps_has_systemd(struct steps *s);
/* systemctl, with --user where it is the user's; `words` ends with NULL and has
 * five at most. */
int steps_systemctl(struct steps *s, const char *const *words);

/* ---- the files of contrib/, as they are there ---- */

/* The Makefile makes the strings.  What is replaced in each: the program, and
 * the queue's directory. */
#define SETUP_PROGRAM	   "/usr/local/bin/mailsend"
#define SETUP_QUEUE	   "%h/.local/state/mailsend/queue"
#define SETUP_QUEUE_SYSTEM "/var/spool/mailsend/0"

extern const char setup_file_systemd_mailsend_queue_service[];
extern const char setup_file_systemd_mailsend_queue_timer[];
extern const char setup_file_systemd_mailsend_queue_path[];
extern const char setup_file_systemd_system_mailsend_queue_path[];
extern const char setup_file_systemd_system_mailsend_submit_socket[];
extern const char setup_file_systemd_system_mailsend_submit_service[];
extern const char setup_file_mailsend_queue_cron[];

#endif
