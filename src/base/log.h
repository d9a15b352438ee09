/* log.h - messages for a person at the terminal, or cron.
 *
 * The only place below cmd that writes to stderr.  Each line is
 * "NAME: text"; control bytes are shown, never sent to the terminal raw.
 * Quiet silences notes and warnings, never errors. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `name` is borrowed for the life of the process. */
void log_open(const char *name);
void log_quiet(bool quiet);
/* Not even errors; transcripts alone. */
void log_silence(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line of a transcript, without the name in front. */
void log_line(const char *prefix, const char *text, size_t n);

/* A line that is written over: the progress of long work.  Shown only where
 * stderr is a terminal and not quiet; log_progress_end takes it away
 * (every other call here does so too). */
bool log_has_progress(void);
/* Never in this process: others draw on the same terminal. */
void log_stop_progress(void);
void log_progress(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
void log_progress_end(void);
/* What a wait is for, once it is longer than a moment: "waiting for PLACE to
 * ACT ... 7 s".  Milliseconds that it has lasted; the answer is when to come
 * again, in milliseconds from now; UINT64_MAX: never. */
uint64_t log_waiting(const char *place, const char *act, uint64_t lasted);

/* Octets go to stdout, which may be the same terminal: the line of
 * progress makes way, and none is drawn after the half of a line. */
void log_output(const char *data, size_t n);

#endif
