/* state.c - a table of the lines, and locks that end with the process. */
#include "run/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "base/tempfile.h"
#include "base/text.h"
#include "flow/atomic_file.h"

#define STATE_MAX  8192 /* octets of the file */
#define FIRST_LINE "mailsend-run 1"
#define LAST_LINE  "end"
#define SUFFIX	   ".state"
#define LOCK_MS	   10000 /* for a lock that is only held briefly */

/* ---- the lines ---- */

enum kind { TIME, COUNT, NUMBER, SIZE, SWITCH, WORD };

#define FIELD(name, kind, member)                                              \
	{                                                                      \
		name, kind, offsetof(struct state, member),                    \
			sizeof(((struct state *)0)->member)                    \
	}
static const struct field {
	const char *name;
	enum kind kind;
	size_t at, size;
} fields[] = {
	FIELD("started", TIME, started),
	FIELD("ended", TIME, ended),
	FIELD("pid", NUMBER, pid),
	FIELD("host", WORD, host),
	FIELD("exit", COUNT, exit),
	FIELD("status", WORD, status),
	FIELD("milliseconds", SIZE, milliseconds),
	FIELD("digest", WORD, digest),
	FIELD("failures", COUNT, failures),
	FIELD("failed-since", TIME, failed_since),
	FIELD("succeeded", TIME, succeeded),
	FIELD("reported", SWITCH, is_reported),
	FIELD("mailed", TIME, mailed),
	FIELD("alert", WORD, alert),
	FIELD("next", TIME, next),
	FIELD("suppressed", SIZE, suppressed),
	FIELD("suppressed-since", TIME, suppressed_since),
};
#define FIELDS (sizeof(fields) / sizeof(*fields))

/* Handles all kinds of numbers; the field determines the type. */
static uint64_t get_number(const struct field *x, const struct state *s)
{
	const char *at = (const char *)s + x->at;
	uint64_t wide = 0;
	unsigned narrow = 0;
	bool flag = false;

	if (x->kind == SWITCH) {
		memcpy(&flag, at, sizeof(flag));
		return flag;
	}
	if (x->size == sizeof(narrow)) {
		memcpy(&narrow, at, sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, at, sizeof(wide));
	return wide;
}

static void set_number(const struct field *x, struct state *s, uint64_t number)
{
	char *at = (char *)s + x->at;
	unsigned narrow = (unsigned)number;
	bool flag = number != 0;

	if (x->kind == SWITCH)
		memcpy(at, &flag, sizeof(flag));
	else if (x->size == sizeof(narrow))
		memcpy(at, &narrow, sizeof(narrow));
	else
		memcpy(at, &number, sizeof(number));
}

static bool set_field(struct state *s, const char *name, const char *value)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const struct field *x = &fields[i];
		uint64_t most = x->size == sizeof(unsigned) ? INT32_MAX
				: x->kind == SWITCH	    ? 1
							    : INT64_MAX;
		uint64_t number;

		if (strcmp(x->name, name) != 0)
			continue;
		if (x->kind == WORD) {
			if (strlen(value) >= x->size || text_has_control(value))
				return false;
			memcpy((char *)s + x->at, value, strlen(value) + 1);
			return true;
		}
		if (!text_number(value, most, &number))
			return false;
		set_number(x, s, number);
		return true;
	}
	return true; /* written by a later version */
}

/* In place. */
static bool parse(char *text, struct state *s)
{
	char *save = NULL;
	const char *line = strtok_r(text, "\n", &save);
	bool is_whole = false;

	if (!line || strcmp(line, FIRST_LINE) != 0)
		return false;
	while ((line = strtok_r(NULL, "\n", &save))) {
		char *blank = strchr(line, ' ');

		is_whole = strcmp(line, LAST_LINE) == 0;
		if (is_whole)
			break;
		if (!blank)
			return false;
		*blank = '\0';
		if (!set_field(s, line, blank + 1))
			return false;
	}
	return is_whole;
}

/* Opening a FIFO would block; a symbolic link may lead to another user's
 * file. */
static int look(const char *path, struct error *f)
{
	struct stat st;
	int r = disk_lstat(path, &st, f);

	if (r > 0 && !S_ISREG(st.st_mode))
		return error_set(f, ERROR_DATA,
				 "%s, the record of earlier runs, is not a "
				 "regular file; remove it",
				 path);
	return r < 0 ? -1 : 0;
}

int state_read(const char *path, struct state *s, struct error *f)
{
	struct buf text = BUF_INIT(STATE_MAX);
	int r;

	*s = (struct state){ .is_known = false };
	errno = 0;
	r = look(path, f);
	if (r == 0)
		r = disk_read_file(path, &text, true, f);
	if (r < 0 && !error_is_set(f)) {
		s->is_known = true; /* this is the first run */
		r = 0;
	} else if (r == 0 && strlen(text.data) == text.len &&
		   parse(text.data, s)) {
		s->is_known = true;
	} else if (r == 0) {
		*s = (struct state){ .is_known = false };
		r = error_set(f, ERROR_DATA,
			      "%s, the record of earlier runs, is damaged and "
			      "begins anew",
			      path);
	}
	buf_free(&text);
	return r;
}

int state_write(const struct state_entry *e, struct arena *a,
		const struct state *s, struct error *f)
{
	struct atomic_file w;
	int r = look(e->path, f);

	if (r == 0)
		r = atomic_file_open(&w, a, e->path, ".run", true,
				     ATOMIC_FILE_PRIVATE, f);
	if (r == 0) {
		sink_puts(&w.out.sink, FIRST_LINE "\n");
		for (size_t i = 0; i < FIELDS; i++) {
			const struct field *x = &fields[i];

			if (x->kind == WORD)
				sink_printf(&w.out.sink, "%s %s\n", x->name,
					    (const char *)s + x->at);
			else
				sink_printf(&w.out.sink, "%s %" PRIu64 "\n",
					    x->name, get_number(x, s));
		}
		sink_puts(&w.out.sink, LAST_LINE "\n");
		r = atomic_file_commit(&w, f);
		atomic_file_free(&w);
	}
	if (r > 0)
		r = error_set(f, ERROR_CANTCREAT,
			      "%s is not a file that can be written", e->path);
	return r;
}

/* ---- the directory ---- */

/* Created if necessary; NULL with the error. */
static const char *make_directory(struct arena *a, struct error *f)
{
	const char *state = sysenv_state(), *path;

	if (!state) {
		error_set(f, ERROR_CANTCREAT,
			  "there is no home directory for the record of "
			  "earlier runs; set HOME or XDG_STATE_HOME");
		return NULL;
	}
	path = arena_format(a, "%s/run", state);
	return disk_make_directory(path, f) < 0 ? NULL : path;
}

static const char *encode(struct arena *a, const char *name)
{
	struct buf out = BUF_INIT(3 * STATE_NAME_MAX);
	const char *encoded;

	for (const char *p = name; *p; p++)
		if (ascii_is_letter(*p) || ascii_is_digit(*p) ||
		    (strchr("._-", *p) && (p > name || *p != '.')))
			buf_putc(&out, *p);
		else
			buf_printf(&out, "%%%02X", (unsigned char)*p);
	encoded = arena_dup(a, out.data);
	buf_free(&out);
	return encoded;
}

int state_open(struct state_entry *e, struct arena *a, const char *name,
	       struct error *f)
{
	const char *base;

	*e = (struct state_entry){ .lock = -1, .run = -1 };
	e->directory = make_directory(a, f);
	if (!e->directory)
		return -1;
	base = arena_format(a, "%s/%s", e->directory, encode(a, name));
	e->path = arena_format(a, "%s" SUFFIX, base);
	e->lock_path = arena_format(a, "%s.lock", base);
	e->run_path = arena_format(a, "%s.run", base);
	return 0;
}

void state_close(struct state_entry *e)
{
	state_unlock(e);
	if (e->run >= 0)
		close(e->run); /* nothing was written */
	e->run = -1;
}

/* ---- locks ---- */

/* 1: *fd holds it; 0: another process has it; -1 with the error. */
static int take_lock(int *fd, const char *path, uint64_t patience,
		     struct error *f)
{
	int r;

	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", path);
	r = disk_lock(*fd, patience, path, f);
	if (r <= 0) {
		close(*fd); /* nothing was written */
		*fd = -1;
	}
	return r;
}

int state_lock(struct state_entry *e, struct error *f)
{
	int r = take_lock(&e->lock, e->lock_path, LOCK_MS, f);

	if (r)
		return r < 0 ? -1 : 0;
	return error_set(f, ERROR_TEMPORARY,
			 "another process holds %s for too long", e->lock_path);
}

void state_unlock(struct state_entry *e)
{
	if (e->lock >= 0)
		close(e->lock); /* nothing was written */
	e->lock = -1;
}

int state_lock_run(struct state_entry *e, bool waits, struct error *f)
{
	return take_lock(&e->run, e->run_path, waits ? DISK_LOCK_EVER : 0, f);
}

bool state_is_running(const struct state *s)
{
	return s->pid && !tempfile_is_dead(s->pid, s->host);
}

/* ---- listing ---- */

struct state_walk {
	struct arena *arena;
	struct directory directory;
};

struct state_walk *state_walk_open(struct arena *a, struct error *f)
{
	struct state_walk *w = arena_alloc(a, sizeof(*w));
	const char *path = make_directory(a, f);

	w->arena = a;
	if (!path || directory_open(&w->directory, path, f) < 0)
		return NULL;
	return w;
}

static const char *decode(struct arena *a, const char *name, size_t n)
{
	char *out = arena_dup_n(a, name, n), *to = out;

	for (const char *p = out; *p; p++) {
		int octet = *p == '%' ? text_hex_octet(p + 1) : -1;

		*to++ = octet > 0 ? (char)octet : *p;
		p += octet > 0 ? 2 : 0;
	}
	*to = '\0';
	return out;
}

const char *state_walk_next(struct state_walk *w, struct error *f)
{
	const char *name;

	while ((name = directory_next(&w->directory, f))) {
		size_t n = strlen(name), suffix = strlen(SUFFIX);

		if (n > suffix && *name != '.' &&
		    strcmp(name + n - suffix, SUFFIX) == 0)
			return decode(w->arena, name, n - suffix);
	}
	return NULL;
}

void state_walk_close(struct state_walk *w)
{
	directory_close(&w->directory);
}
