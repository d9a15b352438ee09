/* show.c - --show-config: each value and where it was set.
 *
 * The output can be read as a file, so a free value is quoted, with its origin
 * as a comment after it. */
#include <string.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "config/config.h"
#include "config/settings.h"

#define COLUMN 44 /* the column of the origins, if the value is not longer */

/* "echo hunter2": a password in a command. */
static bool tells_secret(const struct setting *s, const char *text)
{
	if (s->flags & SETTING_SECRET)
		return true;
	return s->flags & SETTING_COMMAND &&
	       (ascii_begins(text, "echo ") || ascii_begins(text, "printf "));
}

static int put_line(struct buf *out, size_t start, const char *origin)
{
	size_t used = out->len - start;
	int pad = used < COLUMN ? (int)(COLUMN - used) : 1;

	return buf_printf(out, "%*s# %s\n", pad, "", origin);
}

static int show_setting(const struct setting *s, struct arena *a,
			const struct account *account, struct buf *out)
{
	const char *text = setting_text(a, s, account);
	const char *origin = account->origins[setting_row(s)].text;
	size_t start = out->len;

	if (!text)
		buf_printf(out, "# %s", s->name);
	else if (tells_secret(s, text))
		buf_printf(out, "# %-20s ***", s->name);
	else if (s->flags & SETTING_FREE)
		buf_printf(out, "%-22s \"%s\"", s->name, text);
	else
		buf_printf(out, "%-22s %s", s->name, text);
	return put_line(out, start, origin);
}

const char *config_shown(struct arena *a, const struct setting *s,
			 const struct account *account)
{
	const char *text = setting_text(a, s, account);

	return text && tells_secret(s, text) ? "***" : text;
}

/* The owner explains why a file in it is ignored or cannot be written. */
static void show_home(struct buf *out)
{
	struct error unused = ERROR_INIT;
	const char *home = sysenv_home();
	struct stat st;

	if (sysenv_home_note())
		buf_printf(out, "# %s\n", sysenv_home_note());
	if (home && disk_stat(home, &st, &unused) > 0 &&
	    st.st_uid != sysenv_uid())
		buf_printf(out,
			   "# the home directory %s is used, which belongs to "
			   "another user (uid %u)\n",
			   home, (unsigned)st.st_uid);
	if (sysenv_state_note())
		buf_printf(out, "# %s\n", sysenv_state_note());
}

int config_show(const struct config *c, const struct account *chosen,
		struct buf *out)
{
	struct arena a = ARENA_INIT;
	size_t start;

	for (int i = 0; i < 2; i++)
		if (c->files[i])
			buf_printf(out, "# read: %s\n", c->files[i]);
	if (!c->files[0] && !c->files[1])
		buf_puts(out, "# no configuration file was found\n");
	show_home(out);
	start = out->len;
	buf_printf(out, "%-22s %s", "account", chosen->name);
	put_line(out, start, chosen->origin);
	for (const struct setting *s = settings; s->name; s++)
		if (s->kind != SETTING_NONE)
			show_setting(s, &a, chosen, out);
	arena_free(&a);
	return out->overflow ? -1 : 0;
}
