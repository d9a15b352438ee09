/* setup_secrets.c - see setup_secrets.h. */
#include "setup_secrets.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/command.h"
#include "base/disk.h"
#include "setup_run.h"

/* By what systemd has for it; false where it has nothing, or cannot. */
static bool encrypt(struct steps *s, const struct shared_credential *c,
		    struct buf *out)
{
	const char *argv[] = { "systemd-creds",
			       "encrypt",
			       arena_format(s->arena, "--name=%s", c->name),
			       "-",
			       "-",
			       NULL };
	struct error unused = ERROR_INIT;
	int status = 0;

	return setup_run(argv, COMMAND_LIMIT, &c->secret, out, NULL, &status,
			 &unused) == 0 &&
	       status == 0 && out->len && !out->overflow;
}

/* ---- which are ours ---- */

/* "" where there is none, or it cannot be read. */
static const char *read_list(struct arena *a)
{
	struct buf list = BUF_INIT(STEPS_TEXT_MAX);
	struct error unused = ERROR_INIT;
	const char *text = "";

	if (disk_read_file(SECRETS_LIST, &list, true, &unused) == 0)
		text = arena_dup(a, list.data);
	buf_free(&list);
	return text;
}

static bool is_listed(struct arena *a, const char *list, const char *path)
{
	return strstr(arena_format(a, "\n%s", list),
		      arena_format(a, "\n%s\n", path)) != NULL;
}

static const char *path_of(struct arena *a, const struct shared_credential *c,
			   bool is_sealed)
{
	return arena_format(a, SECRETS "/%s%s", c->name,
			    is_sealed ? ".cred" : "");
}

/* What will be written is on the list before it is there. */
static int note_paths(struct steps *s, const struct shared *p)
{
	const char *before = read_list(s->arena), *list = before;
	struct steps_file file = { .path = SECRETS_LIST, .mode = 0600 };

	for (size_t i = 0; i < 2 * p->count; i++) {
		const struct shared_credential *c = &p->credentials[i / 2];
		const char *path = path_of(s->arena, c, i % 2);

		if (c->path || is_listed(s->arena, before, path))
			continue;
		if (disk_exists(path, s->f) > 0)
			error_set(s->f, ERROR_CANTCREAT,
				  "%s exists and was not created by this "
				  "command: move it away first",
				  path);
		if (error_is_set(s->f))
			return -1;
		list = arena_format(s->arena, "%s%s\n", list, path);
	}
	file.text = list;
	file.found = strcmp(list, before) == 0 ? STEPS_SAME : STEPS_OURS;
	return *list && file.found != STEPS_SAME ? steps_write(s, &file) : 0;
}

/* ---- as files ---- */

/* It replaces what is there: that is ours. */
static int write_secret(struct steps *s, const char *path, const char *text)
{
	const struct steps_file file = {
		.path = path, .text = text, .mode = 0600, .found = STEPS_OURS
	};

	return steps_write(s, &file);
}

static const char *line(struct steps *s, const char *key, const char *name,
			const char *path)
{
	return arena_format(s->arena, "%s=%s:%s\n", key, name,
			    steps_replace(s->arena, path, "%", "%%"));
}

/* Its line in the unit, in *out. */
static int keep(struct steps *s, struct shared_credential *c, const char **out)
{
	struct buf sealed = BUF_INIT(STEPS_TEXT_MAX);
	const char *path = path_of(s->arena, c, false);
	const char *sealed_path = path_of(s->arena, c, true);
	int r;

	if (encrypt(s, c, &sealed)) {
		r = write_secret(s, sealed_path, sealed.data);
		*out = line(s, "LoadCredentialEncrypted", c->name, sealed_path);
	} else {
		buf_putc(&c->secret, '\n');
		r = write_secret(s, path, c->secret.data);
		*out = line(s, "LoadCredential", c->name, path);
	}
	buf_wipe(&sealed);
	return r;
}

static int show(struct steps *s, const struct shared_credential *c,
		const char **out)
{
	*out = line(s, "LoadCredential", c->name, path_of(s->arena, c, false));
	return steps_say(s,
			 "would write the secret %s into " SECRETS
			 ", for root alone, encrypted where systemd-creds "
			 "can\n",
			 c->name);
}

int secrets_keep(struct steps *s, struct shared *p, const char **lines)
{
	*lines = "";
	if (!s->is_shown && note_paths(s, p) < 0)
		return -1;
	for (size_t i = 0; i < p->count; i++) {
		struct shared_credential *c = &p->credentials[i];
		const char *own = "";
		int r = 0;

		if (c->path)
			own = line(s, "LoadCredential", c->name, c->path);
		else
			r = s->is_shown ? show(s, c, &own) : keep(s, c, &own);
		if (r < 0)
			return -1;
		*lines = arena_format(s->arena, "%s%s", *lines, own);
	}
	return 0;
}

const char *secrets_lines(struct arena *a, const char *unit)
{
	const char *lines = "";

	for (const char *p = unit; (p = strstr(p, "\nLoadCredential"));) {
		size_t n = strcspn(++p, "\n");

		if (!strstr(arena_dup_n(a, p, n), "=service.conf:"))
			lines = arena_format(a, "%s%.*s\n", lines, (int)n, p);
	}
	return lines;
}

int secrets_delete(struct steps *s)
{
	const char *list = read_list(s->arena);

	for (size_t n; (n = strcspn(list, "\n")); list += n + (list[n] != 0)) {
		const char *path = arena_dup_n(s->arena, list, n);

		if (unlink(path) == 0) {
			if (steps_say(s, "removed %s\n", path) < 0)
				return -1;
		} else if (errno != ENOENT) {
			return error_errno(s->f, ERROR_CANTCREAT, errno,
					   "cannot remove %s", path);
		}
	}
	if (unlink(SECRETS_LIST) < 0 && errno != ENOENT)
		return error_errno(s->f, ERROR_CANTCREAT, errno,
				   "cannot remove " SECRETS_LIST);
	return 0;
}
