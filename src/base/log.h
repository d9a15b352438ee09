/* log.h - messages for a person at the terminal, or cron.
 *
 * The only place below cmd that writes to stderr.  Each line is "NAME: text";
 * control bytes never reach the terminal.  Quiet silences notes and warnings,
 * never errors. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `name` is borrowed for the life of the process. */
void log_open(const char *name);
void log_quiet(bool quiet);
/* No errors either; only transcripts. */
void log_silence(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line of a transcript, without the name in front. */
void log_line(const char *prefix, const char *text, size_t n);

/* A line that is overwritten: the progress of long work.  Shown only where
 * stderr is a terminal and not quiet; log_progress_end removes it (and so does
 * every other call here). */
bool log_has_progress(void);
/* Never in this process: others draw on the same terminal. */
void log_stop_progress(void);
void log_progress(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
void log_progress_end(void);
/* Shows what a longer wait is for: "waiting for PLACE to ACT ... 7 s".  Takes
 * the milliseconds that it has lasted; returns in how many milliseconds to call
 * again; UINT64_MAX: never. */
uint64_t log_waiting(const char *place, const char *act, uint64_t lasted);

/* Octets are written to stdout, which may be the same terminal: the progress
 * line is removed, and not drawn within an incomplete line. */
void log_output(const char *data, size_t n);

#endif
