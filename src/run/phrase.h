/* phrase.h - durations, times, a status, a command: a run as text, for its
 * mail, for lists and for its state. */
#ifndef RUN_PHRASE_H
#define RUN_PHRASE_H

#include <stdint.h>

#include "base/buf.h"
#include "run/run.h"

/* "0.3 s", "3 min 12 s", "2 h 5 min". */
void phrase_span(struct buf *out, uint64_t milliseconds);
/* Allocated in the run's arena; times are formatted by date_format_short. */
const char *phrase_span_of(const struct run_record *run, uint64_t milliseconds);
const char *phrase_time_of(const struct run_record *run, int64_t when);
/* "SIGTERM" */
const char *phrase_signal(const struct run_record *run, int number);
/* "failed (exit 2)", "killed by SIGKILL", "timed out", "ok": the value of
 * {status}. */
const char *phrase_status(const struct run_record *run);
/* The command line, masked. */
const char *phrase_command(const struct run_record *run);
/* From the request's template, or the default. */
const char *phrase_subject(const struct run_record *run);

#endif
