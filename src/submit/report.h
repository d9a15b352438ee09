/* report.h - the result of a mail, for people and for programs. */
#ifndef SUBMIT_REPORT_H
#define SUBMIT_REPORT_H

#include "base/buf.h"
#include "compose/compose.h"
#include "deliver/outcome.h"
#include "submit/series.h"

#define REPORT_MAX (64 * 1024 * 1024)

/* Messages on standard error: each recipient that was refused with the server's
 * reply, the error of the whole, where the message was saved; and, as a
 * warning, which recipients are queued after a temporary failure, or in a queue
 * that nothing runs.  Nothing for a mail that was sent. */
void report_outcome(const struct outcome *out, const struct error *f);
/* The message for a queue that nothing is known to run. */
extern const char report_no_runner[];
/* One JSON object and a newline; `f` may be ERROR_NONE. */
int report_json(const struct outcome *out, const struct error *f,
		struct buf *to);
/* One mail of a series, as a line. */
int report_series_json(const struct series_verdict *v, struct buf *to);
/* What would be done: account, server, envelope, size, commands. */
int report_dry_run(const struct composition *c, struct buf *to);
/* Parts of it: server, fallback, queue and user; sender, recipients and size;
 * the commands to the server, nothing where there is none. */
void report_way(const struct composition *c, struct buf *to);
void report_envelope(const struct composition *c, struct buf *to);
void report_commands(const struct composition *c, struct buf *to);
/* "STARTTLS", "TLS from the start", "no TLS". */
const char *report_tls(const struct account *account);

#endif
