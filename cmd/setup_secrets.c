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
	const char *path = arena_format(s->arena, SECRETS "/%s", c->name);
	const char *sealed_path = arena_format(s->arena, "%s.cred", path);
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
	*out = line(s, "LoadCredential", c->name,
		    arena_format(s->arena, SECRETS "/%s", c->name));
	return steps_say(s,
			 "would write the secret %s into " SECRETS
			 ", for root alone, encrypted where systemd-creds "
			 "can\n",
			 c->name);
}

int secrets_keep(struct steps *s, struct shared *p, const char **lines)
{
	*lines = "";
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
	struct directory d;
	const char *name;
	int r = directory_open(&d, SECRETS, s->f);

	while (r >= 0 && (name = directory_next(&d, s->f))) {
		const char *path = arena_format(s->arena, SECRETS "/%s", name);

		r = unlink(path) < 0 && errno != ENOENT
			    ? error_errno(s->f, ERROR_CANTCREAT, errno,
					  "cannot remove %s", path)
			    : steps_say(s, "removed %s\n", path);
	}
	directory_close(&d);
	return error_is_set(s->f) ? -1 : r;
}
