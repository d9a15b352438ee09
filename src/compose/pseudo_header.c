/* pseudo_header.c - field by field (mutt's manual, "Special Features of
 * Edit-Headers mode"; postpone.c). */
#include "compose/pseudo_header.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/log.h"
#include "base/text.h"
#include "store/maildir.h"
#include "store/mbox.h"

struct pseudo_header_copy {
	const char *path;
	bool is_maildir;
	struct pseudo_header_copy *next;
};

/* "Attach: file\ name description": a file's blanks have a backslash. */
static int take_attachment(struct composition *c, const char *value,
			   struct request *to, struct error *f)
{
	char *path = arena_alloc(c->arena, strlen(value) + 1), *end = path;
	struct attachment *new;

	(void)f;
	while (*value && !text_is_blank(*value)) {
		value += *value == '\\' && value[1];
		*end++ = *value++;
	}
	*end = '\0';
	value += strspn(value, " \t");
	/* "-" is a file name here */
	new = request_attach(c->arena, to,
			     strcmp(path, "-") == 0
				     ? "./-"
				     : disk_expand_home(c->arena, path));
	if (*value)
		new->description = value;
	return 0;
}

static int cannot_copy(const char *path, const char *why, struct error *f)
{
	return error_set(f, ERROR_USAGE,
			 "Fcc: no copy can be saved in %s: %s; remove the "
			 "field, or add yourself with -b",
			 path, why);
}

/* A folder in mutt's notation; NULL if it is not on this disk. */
static const char *queue_dir_path(struct composition *c, const char *value)
{
	struct arena *a = c->arena;
	const char *folder = c->request->mutt_folder;

	if (*value == '=' || *value == '+')
		return arena_format(a, "%s/%s",
				    folder ? folder
					   : disk_expand_home(a, "~/Mail"),
				    value + 1);
	if (strstr(value, "://") || strchr("!<>^-@", *value))
		return NULL;
	value = disk_expand_home(a, value);
	return *value == '~' ? NULL : value;
}

/* `wanted` is the user's name for it. */
static int check_writable(const char *path, const char *wanted, struct error *f)
{
	if (access(path, W_OK) == 0)
		return 0;
	if (errno == EIO || errno == ENOMEM)
		return error_errno(f, ERROR_IO, errno, "cannot stat %s", path);
	return cannot_copy(wanted, strerror(errno), f);
}

static int take_copy(struct composition *c, const char *value, struct error *f)
{
	const char *path = queue_dir_path(c, value), *slash;
	struct pseudo_header_copy *new;
	struct stat st;
	int there;

	if (!path)
		return cannot_copy(value,
				   "it is not a file or directory "
				   "here",
				   f);
	if (disk_is_null(path))
		return 0; /* no copy, in mutt */
	new = arena_alloc(c->arena, sizeof(*new));
	new->path = path;
	new->next = c->copies;
	there = disk_stat(path, &st, f);
	if (there > 0 && S_ISDIR(st.st_mode)) {
		new->is_maildir = true;
		path = arena_format(c->arena, "%s/cur", path);
		there = disk_stat(path, &st, f);
		if (there == 0)
			return cannot_copy(new->path, "it is not a Maildir", f);
	} else if (there > 0) {
		if (!S_ISREG(st.st_mode))
			return cannot_copy(path, "it is not a file", f);
		there = check_writable(path, path, f);
	} else if (there == 0) {
		slash = strrchr(path, '/');
		path = slash ? arena_dup_n(c->arena, path,
					   (size_t)(slash - path) + 1)
			     : ".";
		there = check_writable(path, new->path, f);
	}
	if (there < 0)
		return -1;
	c->copies = new;
	return 0;
}

/* Sign or encrypt; a key is in <>. */
static bool wants_crypt(const char *value)
{
	for (; *value; value++) {
		if (*value == '<')
			value += strcspn(value, ">");
		if (!*value)
			break;
		if (strchr("ESes", *value))
			return true;
	}
	return false;
}

static int take_crypt(const char *name, const char *value, struct error *f)
{
	if (!wants_crypt(value))
		return 0;
	return error_set(f, ERROR_USAGE,
			 "%s: %s: signing and encryption are not supported, so "
			 "nothing was sent",
			 name, value);
}

enum word { NONE, ATTACH, COPY, CRYPT, DROPPED };

static enum word word_of(const struct field *x)
{
	static const struct {
		const char *name;
		enum word word;
	} words[] = {
		{ "Attach", ATTACH },	   { "Fcc", COPY },
		{ "X-Mutt-Fcc", COPY },	   { "Pgp", CRYPT },
		{ "Smime", CRYPT },	   { "X-Mutt-PGP", CRYPT },
		{ "X-Mutt-SMIME", CRYPT }, { "X-Mutt-Mix", CRYPT },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (ascii_equal(words[i].name, x->name))
			return words[i].word;
	/* Autocrypt is also a field of mail */
	if (ascii_equal(x->name, "Autocrypt") && !strchr(x->value, '='))
		return CRYPT;
	return ascii_begins(x->name, "X-Mutt-") ? DROPPED : NONE;
}

static int take_field(struct composition *c, struct request *own,
		      const struct field *x, struct error *f)
{
	const char *value = x->value + strspn(x->value, " \t");

	if (!*value)
		return 0;
	switch (word_of(x)) {
	case ATTACH:
		return take_attachment(c, value, own, f);
	case COPY:
		return take_copy(c, value, f);
	case CRYPT:
		if (ascii_equal(x->name, "X-Mutt-Mix"))
			value = "S";
		return take_crypt(x->name, value, f);
	case DROPPED:
	case NONE:
		break;
	}
	return 0;
}

static void drop_fields(struct header *h)
{
	struct field *next;

	for (struct field *x = h->first; x; x = next) {
		next = x->next;
		if (word_of(x) != NONE) {
			header_remove(h, x->name);
			next = h->first;
		}
	}
}

int pseudo_header_take(struct composition *c, struct error *f)
{
	struct request *own = request_copy(c->arena, c->request);
	struct header *h = &c->draft.header;

	for (struct field *x = h->first; x; x = x->next)
		if (take_field(c, own, x, f) < 0)
			return -1;
	drop_fields(h);
	c->request = own;
	return 0;
}

static bool wants_action(const struct field *x)
{
	const char *value = x->value + strspn(x->value, " \t");
	enum word word = word_of(x);

	if (word == COPY)
		return *value && !disk_is_null(value);
	return word == CRYPT ? wants_crypt(value) : word == ATTACH && *value;
}

int pseudo_header_refuse(struct composition *c, struct error *f)
{
	struct header *h = &c->draft.header;

	if (c->draft.dkim)
		return 0;
	for (const struct field *x = h->first; x; x = x->next)
		if (wants_action(x))
			return error_set(
				f, ERROR_DATA,
				"the draft has mutt's field \"%s\", so "
				"nothing was sent: send it with `mutt -H "
				"FILE` of mailsend, or remove the field and "
				"attach files with --attach",
				x->name);
	drop_fields(h);
	return 0;
}

void pseudo_header_keep(struct composition *c)
{
	struct slice message = stage_slice(&c->stage);
	struct header none;

	header_init(&none);
	for (const struct pseudo_header_copy *x = c->copies; x; x = x->next) {
		const char *sender = c->envelope.reverse_path, *unused;
		struct error f = ERROR_INIT;

		if ((x->is_maildir
			     ? maildir_deliver(c->arena, x->path, sender,
					       sender, &message, &unused, &f)
			     : mbox_append(x->path, sender, &none, &message,
					   &f)) < 0)
			log_warning("Fcc: the mail was sent, but no copy could "
				    "be saved in %s: %s",
				    x->path, f.text);
	}
}
