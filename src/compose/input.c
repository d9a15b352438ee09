/* input.c - opening is told from reading, so that a missing attachment is
 * found before a body is taken from a pipe. */
#include "compose/input_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "codec/dot.h"
#include "flow/progress.h"
#include "mail/rawfield.h"

#define TYPED_MAX 65536 /* octets that a person may have typed */
#define COPY_ROOM 65536

/* A file that is written to is copied when it was left alone so long, or as it
 * is after so many looks at it and others of the mail: a log never is. */
#define QUIET_MS    500
#define QUIET_LOOKS 20

/* The content of many files, one behind the other, in a file without a name. */
struct input_pool {
	int fd;
	uint64_t size;
	const char *folder;
};

bool input_is_standard(const char *path)
{
	static const char *const names[] = { "-", "/dev/stdin", "/dev/fd/0",
					     "/proc/self/fd/0", NULL };

	return path && text_is_among(path, names);
}

void inputs_free(struct inputs *all)
{
	for (struct input *in = all->first; in; in = in->next) {
		if (in->is_staged)
			stage_free(&in->stage);
		if (in->is_unwrapped)
			stage_free(&in->message);
		if (in->is_squeezed)
			stage_free(&in->squeezed);
		if (in->is_converted)
			stage_free(&in->text);
		if (in->fd >= 0 && !in->is_standard)
			close(in->fd);
	}
	if (all->pool)
		close(all->pool->fd); /* unnamed: its bytes go with it */
	all->first = NULL;
	all->pool = NULL;
	all->held = 0;
}

long inputs_descriptors(const struct inputs *all)
{
	long n = all->pool != NULL;

	for (const struct input *in = all->first; in; in = in->next) {
		n += in->fd >= 0 && !in->is_standard;
		n += in->is_staged && in->stage.fd >= 0;
		n += in->is_unwrapped && in->message.fd >= 0;
		n += in->is_squeezed && in->squeezed.fd >= 0;
		n += in->is_converted && in->text.fd >= 0;
	}
	return n;
}

/* Files of /proc and /sys tell a size of 0, or one that is not there. */
static bool has_its_size(const struct input *in)
{
	char last;

	return S_ISREG(in->st.st_mode) && in->st.st_size > 0 &&
	       pread(in->fd, &last, 1, in->st.st_size - 1) == 1;
}

static int examine(struct input *in, struct error *f)
{
	if (fstat(in->fd, &in->st) < 0)
		return error_errno(f, ERROR_NOINPUT, errno, "cannot read %s",
				   in->name);
	if (S_ISDIR(in->st.st_mode) && in->is_standard)
		return error_set(f, ERROR_NOINPUT,
				 "standard input is a directory: give it a "
				 "file with <FILE, or pack the directory with "
				 "tar and attach that");
	if (S_ISDIR(in->st.st_mode))
		return error_set(
			f, ERROR_NOINPUT,
			"%s is a directory; send it as an archive: tar cz %s | "
			"mailsend --attach -=%s.tgz ...",
			in->name, in->name, "NAME");
	in->is_plain = has_its_size(in);
	if (in->is_plain)
		slice_file_take(&in->file, in->fd, &in->st);
	return 0;
}

/* ---- more files than can be open ---- */

static struct input_pool *make_pool(const struct inputs *all, struct error *f)
{
	struct input_pool *pool = arena_alloc(all->arena, sizeof(*pool));

	pool->fd = -1;
	for (size_t i = 0; pool->fd < 0 && all->spool[i]; i++) {
		error_clear(f);
		pool->folder = all->spool[i];
		pool->fd = disk_open_unnamed(pool->folder, f);
	}
	if (pool->fd >= 0)
		return pool;
	error_set(f, ERROR_CANTCREAT,
		  "there is no directory for temporary files; set TMPDIR");
	return NULL;
}

/* The content is there then. */
static int copy_to_pool(struct inputs *all, struct input *in,
			struct slice *content, struct error *f)
{
	struct sink_fd out;
	int r;

	if (!all->pool)
		all->pool = make_pool(all, f);
	if (!all->pool)
		return -1;
	sink_fd_init(&out, all->pool->fd, all->pool->folder, f);
	r = pump_slice(content, &out.sink);
	if (r == 0)
		r = sink_close(&out.sink);
	sink_fd_free(&out);
	if (r < 0)
		return -1;
	*content = (struct slice){ .fd = all->pool->fd,
				   .offset = all->pool->size,
				   .length = content->length,
				   .name = in->name };
	all->pool->size += content->length;
	return 0;
}

static int move_to_pool(struct inputs *all, struct input *in, struct error *f)
{
	in->pooled = (struct slice){ .fd = in->fd,
				     .length = (uint64_t)in->st.st_size,
				     .name = in->name };
	if (copy_to_pool(all, in, &in->pooled, f) < 0)
		return -1;
	in->is_pooled = true;
	close(in->fd);
	in->fd = -1;
	return 0;
}

long inputs_descriptors_max(void)
{
	long most = sysconf(_SC_OPEN_MAX);

	return most > 0 ? (most + 1) / 2 : 0;
}

static bool is_one_too_many(struct inputs *all)
{
	long most = inputs_descriptors_max();

	return ++all->held > most && most;
}

int input_take_stage(struct inputs *all, struct input *in, struct stage *stage,
		     struct slice *out, struct error *f)
{
	*out = stage_slice(stage);
	if (stage->fd < 0 || in->is_standard || !is_one_too_many(all))
		return 0;
	if (copy_to_pool(all, in, out, f) < 0)
		return -1;
	stage_free(stage);
	return 1;
}

static const struct slice *find_known(const struct inputs *all,
				      const char *path)
{
	for (const struct input_known *x = all->known; x && x->path; x++)
		if (strcmp(x->path, path) == 0)
			return x->content;
	return NULL;
}

/* It is read where it lies. */
static struct input *open_known(struct inputs *all, struct input *in,
				const char *path)
{
	in->name = path;
	in->fd = -1;
	in->next = all->first;
	all->first = in;
	return in;
}

struct input *input_open(struct inputs *all, const char *path, struct error *f)
{
	struct input *in = arena_alloc(all->arena, sizeof(*in));

	in->known = find_known(all, path);
	if (in->known)
		return open_known(all, in, path);
	in->is_standard = input_is_standard(path);
	in->name = in->is_standard ? "standard input" : path;
	in->fd = in->is_standard ? STDIN_FILENO
				 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (in->fd < 0) {
		error_errno(f, ERROR_NOINPUT, errno, "cannot read %s", path);
		return NULL;
	}
	in->next = all->first;
	all->first = in;
	if (in->is_standard && all->standard)
		return in;
	if (examine(in, f) < 0 ||
	    (!in->is_standard && in->is_plain && is_one_too_many(all) &&
	     move_to_pool(all, in, f) < 0))
		return NULL;
	return in;
}

/* To its end, into `to`, past a person who may be waiting.  Nothing is drawn
 * among what is being typed, here or for a program before us in the pipe. */
static int read_through(struct inputs *all, struct input *in, struct sink *to)
{
	bool dot_ends = in->is_standard && all->dot_ends;
	bool has_comments = in->is_standard && all->has_comments;
	bool is_typed = sysenv_is_terminal(in->fd);
	struct template template;
	struct lonedot lonedot;
	struct progress p;
	struct source from;
	int r;

	if (in->is_standard && is_typed)
		log_note("type the message, end it with %s",
			 dot_ends ? "a dot alone on a line" : "Ctrl-D");
	source_of_stream(&from, in->fd, in->name);
	progress_sink(&p, to, "reading", 0);
	p.is_wanted &= !is_typed;
	p.least = TYPED_MAX;
	template_init(&template, &p.sink);
	lonedot_init(&lonedot, has_comments ? &template.sink : &p.sink);
	if (dot_ends)
		from.is_over = &lonedot.is_over;
	r = pump(&from, dot_ends ? &lonedot.sink : lonedot.sink.next);
	progress_end(&p);
	return r;
}

/* What was read before something went wrong stays, for a dead letter. */
static void cut_short(struct input *in, const struct error *why)
{
	error_clear(&in->error);
	sink_close(&in->stage.sink);
	in->is_cut = true;
	in->error = *why;
}

static int stage_input(struct inputs *all, struct input *in, struct error *f)
{
	struct error why;

	stage_init(&in->stage, all->spool, in->name, &in->error);
	in->is_staged = true;
	if (read_through(all, in, &in->stage.sink) == 0 &&
	    sink_close(&in->stage.sink) == 0) {
		in->is_read = true;
		return 0;
	}
	why = in->error;
	cut_short(in, &why);
	if (!error_is_set(f))
		*f = why;
	return -1;
}

int input_slice(struct inputs *all, struct input *in, bool copy,
		struct slice *out, struct error *f)
{
	off_t at = 0;
	int r;

	if (in->is_standard && all->standard) {
		*out = *all->standard;
		return 0;
	}
	if (in->known) {
		*out = *in->known;
		return 0;
	}
	if (in->is_pooled) {
		*out = in->pooled;
		return 0;
	}
	if (in->is_plain && in->is_standard) {
		at = lseek(in->fd, 0, SEEK_CUR);
		if (at < 0 || at > in->st.st_size)
			at = in->st.st_size;
	}
	if (!in->is_staged && in->is_plain && !copy) {
		*out = (struct slice){
			.fd = in->fd,
			.offset = (uint64_t)at,
			.length = (uint64_t)(in->st.st_size - at),
			.name = in->name,
		};
		in->is_in_place = true;
		in->place = *out;
		return 0;
	}
	if (in->is_cut)
		return error_set(f, in->error.cause, "%s", in->error.text);
	if (in->is_staged) {
		*out = stage_slice(&in->stage);
		return 0;
	}
	if (stage_input(all, in, f) < 0)
		return -1;
	r = input_take_stage(all, in, &in->stage, out, f);
	in->is_pooled = r > 0;
	in->pooled = *out;
	return r < 0 ? -1 : 0;
}

/* ---- a file that changes ---- */

void input_watch(struct input *in, struct slice *content)
{
	if (in->is_in_place && !content->memory && content->fd == in->fd)
		content->file = &in->file;
}

static bool is_same_state(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	       disk_is_same_time(&a->st_mtim, &b->st_mtim);
}

/* The new contents may still be being written: half of them is nobody's file.
 * After a signal there is no time. */
static void await_quiet(struct inputs *all, const struct input *in)
{
	struct stat before, now;

	if (fstat(in->fd, &before) < 0)
		return;
	while (all->looks < QUIET_LOOKS) {
		if (interrupt_sleep(QUIET_MS) < 0)
			all->looks = QUIET_LOOKS;
		else if (fstat(in->fd, &now) < 0 ||
			 is_same_state(&before, &now))
			return;
		else
			all->looks++;
		before = now;
	}
}

/* As much as it has by now, and no more where it grows on. */
static int copy_now(const struct input *in, struct sink *to)
{
	uint64_t at = in->place.offset, end;
	struct stat st;
	char *room;
	ssize_t n = 0;

	if (fstat(in->fd, &st) < 0)
		return error_errno(to->error, ERROR_IO, errno, "cannot read %s",
				   in->name);
	end = (uint64_t)st.st_size;
	room = memory_alloc(COPY_ROOM);
	while (at < end) {
		n = disk_pread_full(in->fd, room,
				    end - at < COPY_ROOM ? end - at : COPY_ROOM,
				    at, in->name, to->error);
		if (n <= 0 || sink_put(to, room, (size_t)n) < 0)
			break;
		at += (uint64_t)n;
	}
	free(room);
	return error_is_set(to->error) ? -1 : sink_close(to);
}

/* The copy is of one state of it, if it ever rests for that long. */
static int copy_quiet(struct inputs *all, struct input *in)
{
	struct slice_file state;
	struct stat st;

	for (;;) {
		stage_init(&in->stage, all->spool, in->name, &in->error);
		await_quiet(all, in);
		if (fstat(in->fd, &st) < 0)
			return error_errno(&in->error, ERROR_IO, errno,
					   "cannot read %s", in->name);
		slice_file_take(&state, in->fd, &st);
		if (copy_now(in, &in->stage.sink) < 0)
			return -1;
		if (all->looks >= QUIET_LOOKS ||
		    !slice_file_has_changed(&state, in->fd))
			return 0;
		all->looks++;
		stage_free(&in->stage);
	}
}

static struct input *find_watched(struct inputs *all, const struct slice *s)
{
	struct input *in = all->first;

	while (in && s->file != &in->file)
		in = in->next;
	return in;
}

int inputs_copy_changed(struct inputs *all, struct slice *content,
			struct error *f)
{
	struct input *in = content->file ? find_watched(all, content) : NULL;

	if (!in || !slice_file_has_changed(&in->file, in->fd))
		return 0;
	if (in->is_cut)
		return error_copy(f, &in->error);
	if (!in->is_staged) {
		in->is_staged = true;
		if (copy_quiet(all, in) < 0) {
			in->is_cut = true;
			return error_set(f, in->error.cause,
					 "%s changed while it was sent, and "
					 "could not be copied: %s",
					 in->name, in->error.text);
		}
	}
	*content = stage_slice(&in->stage);
	return 1;
}

/* ---- when something went wrong ---- */

/* A stage up to a limit, and nowhere behind it: there is no failing. */
struct keeper {
	struct sink sink;
	struct stage *stage;
	uint64_t room;
	bool is_over;
};

static int keeper_put(struct sink *sink, const void *data, size_t n)
{
	struct keeper *k = (struct keeper *)sink;

	k->is_over |= n > k->room;
	if (n > k->room)
		n = (size_t)k->room;
	k->room -= n;
	sink_put(&k->stage->sink, data, n); /* the stage remembers */
	return 0;
}

static const struct sink_ops keeper_ops = { .put = keeper_put };

static bool is_written_by_another(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

/* The rest of it, kept as far as there is room; after a signal, what has
 * arrived by now. */
static void take_rest(struct inputs *all, struct input *in, uint64_t room)
{
	struct error reading = ERROR_INIT, why = in->error;
	struct keeper keeper = {
		.sink = { .ops = &keeper_ops, .error = &reading },
		.stage = &in->stage,
		.room = room,
	};

	if (!is_written_by_another(in->fd))
		return;
	read_through(all, in, &keeper.sink);
	sink_close(&in->stage.sink);
	if (!error_is_set(&why) && keeper.is_over)
		error_set(&why, ERROR_DATA, "only %" PRIu64 " octets are saved",
			  INPUTS_KEPT_MAX);
	if (!error_is_set(&why))
		why = error_is_set(&in->error) ? in->error : reading;
	if (error_is_set(&why))
		cut_short(in, &why);
}

static struct input *standard_input(struct inputs *all)
{
	struct input *in;

	for (in = all->first; in; in = in->next)
		if (in->is_standard)
			return in;
	in = arena_alloc(all->arena, sizeof(*in));
	in->is_standard = true;
	in->name = "standard input";
	in->fd = STDIN_FILENO;
	in->next = all->first;
	all->first = in;
	return in;
}

bool inputs_rescue(struct inputs *all, struct slice *out, const char **cut)
{
	struct input *in = standard_input(all);

	if (all->standard || in->is_in_place)
		return false;
	if (!in->is_staged) {
		stage_init(&in->stage, all->spool, in->name, &in->error);
		in->is_staged = true;
		take_rest(all, in, INPUTS_KEPT_MAX);
	} else if (in->is_cut) {
		take_rest(all, in, 0);
	} else if (!in->is_read) { /* a signal ended us while it was read */
		if (in->stage.size)
			error_set(&in->error, ERROR_TEMPORARY,
				  "some octets of it may be missing");
		take_rest(all, in, INPUTS_KEPT_MAX);
	}
	*out = stage_slice(&in->stage);
	*cut = in->is_cut ? in->error.text : NULL;
	return out->length > 0;
}

bool inputs_read(const struct inputs *all, struct slice *out, bool *is_file)
{
	for (const struct input *in = all->first; in; in = in->next)
		if (in->is_standard && (in->is_staged || in->is_in_place)) {
			*out = in->is_staged ? stage_slice(&in->stage)
					     : in->place;
			*is_file = !in->is_staged && in->st.st_nlink > 0;
			return true;
		}
	return false;
}

unsigned input_mode(const struct input *in)
{
	return S_ISREG(in->st.st_mode) ? in->st.st_mode & 0777 : 0644;
}
