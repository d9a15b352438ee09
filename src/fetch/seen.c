/* seen.c - sorted lines. */
#include "fetch/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "flow/atomic_file.h"
#include "flow/digest.h"
#include "flow/sink.h"

#define FILE_MAX    ((size_t)256 * 1024 * 1024)
#define SEEN_PREFIX ".seen"
#define SHOWN_MAX   60 /* octets of the source in the file's name */

/* ---- where ---- */

static const char *folder_of(struct arena *a, struct error *f)
{
	const char *state = sysenv_env("XDG_STATE_HOME");
	const char *home = sysenv_home();

	if (state && *state == '/')
		return arena_format(a, "%s/mailsend/seen", state);
	if (home)
		return arena_format(a, "%s/.local/state/mailsend/seen", home);
	error_set(f, ERROR_CONFIG,
		  "there is no home directory for the state of --new; set "
		  "XDG_STATE_HOME");
	return NULL;
}

/* Readable, and different for each mailbox. */
static const char *name_of(struct arena *a, const char *source, struct error *f)
{
	char *real = mailbox_is_url(source) ? NULL : realpath(source, NULL);
	const char *full = real ? real : source;
	char hex[DIGEST_HEX_SIZE], shown[SHOWN_MAX + 1];
	size_t n = 0;
	int r = digest_text(full, strlen(full), hex, f);

	for (; n < SHOWN_MAX && full[n]; n++)
		shown[n] = ascii_is_letter(full[n]) || ascii_is_digit(full[n])
				   ? full[n]
				   : '_';
	shown[n] = '\0';
	free(real);
	return r < 0 ? NULL : arena_format(a, "%s-%.16s", shown, hex);
}

/* ---- reading ---- */

static void put(struct seen *s, const char ***list, size_t *count, size_t *room,
		const char *id, size_t n)
{
	*list = memory_grow(*list, *count, room, sizeof(**list));
	(*list)[(*count)++] = arena_dup_n(s->arena, id, n);
}

static int by_text(const void *one, const void *other)
{
	const char *const *a = one, *const *b = other;

	return strcmp(*a, *b);
}

static int load(struct seen *s, struct error *f)
{
	struct buf text = BUF_INIT(FILE_MAX);
	int r = disk_read_file(s->path, &text, true, f);
	const char *p = text.data;

	if (r < 0 && !error_is_set(f))
		r = 0; /* nothing was seen yet */
	while (r == 0 && *p) {
		size_t n = strcspn(p, "\n");

		if (n)
			put(s, &s->ids, &s->count, &s->room, p, n);
		p += n + (p[n] == '\n');
	}
	buf_free(&text);
	if (s->count)
		qsort(s->ids, s->count, sizeof(*s->ids), by_text);
	return r;
}

static int take_lock(struct seen *s, struct error *f)
{
	const char *path = arena_format(s->arena, "%s.lock", s->path);

	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0)
		return error_errno(f, ERROR_CANTCREAT, errno,
				   "cannot create %s", path);
	while (flock(s->lock, LOCK_EX) < 0)
		if (errno != EINTR)
			return 0; /* a file system without locks */
	return 0;
}

int seen_open(struct seen *s, struct arena *a, const char *source,
	      struct error *f)
{
	const char *folder = folder_of(a, f), *name;

	*s = (struct seen){ .arena = a, .lock = -1 };
	if (!folder || disk_make_directory(folder, f) < 0)
		return -1;
	name = name_of(a, source, f);
	if (!name)
		return -1;
	s->path = arena_format(a, "%s/%s", folder, name);
	if (take_lock(s, f) == 0 && load(s, f) == 0)
		return 0;
	seen_close(s);
	return -1;
}

bool seen_has(const struct seen *s, const char *id)
{
	return s->count &&
	       bsearch(&id, s->ids, s->count, sizeof(*s->ids), by_text) != NULL;
}

int seen_add(struct seen *s, const char *id)
{
	if (!id)
		return -1;
	put(s, &s->added, &s->added_count, &s->added_room, id, strlen(id));
	return 0;
}

/* ---- writing ---- */

/* An id with a line end in it would be two; a Maildir may have such a name. */
static void put_line(struct sink *to, const char *id)
{
	if (strchr(id, '\n'))
		return;
	sink_puts(to, id);
	sink_put(to, "\n", 1);
}

static int write_ids(const struct seen *s, struct mailbox *m, struct sink *to,
		     struct error *f)
{
	for (size_t i = 1; i <= m->count; i++) {
		const char *id = mailbox_id(m, i, f);

		if (!id)
			return -1;
		if (seen_has(s, id))
			put_line(to, id);
	}
	for (size_t i = 0; i < s->added_count; i++)
		if (!seen_has(s, s->added[i]))
			put_line(to, s->added[i]);
	return 0;
}

int seen_keep(struct seen *s, struct mailbox *m, struct error *f)
{
	const char *folder = disk_dirname(s->arena, s->path);
	struct atomic_file file;
	int r;

	if (!s->added_count)
		return 0;
	tempfile_tidy(folder, SEEN_PREFIX);
	r = atomic_file_open(&file, s->arena, s->path, SEEN_PREFIX, true,
			     ATOMIC_FILE_PRIVATE, f);
	if (r == 0)
		r = write_ids(s, m, &file.out.sink, f);
	if (r == 0)
		r = atomic_file_commit(&file, f);
	atomic_file_free(&file);
	if (r == 1) /* made by somebody who keeps no lock */
		r = error_set(f, ERROR_TEMPORARY,
			      "%s was changed by another program", s->path);
	return r;
}

void seen_close(struct seen *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
	free(s->ids);
	free(s->added);
	s->ids = s->added = NULL;
	s->count = s->added_count = 0;
}
