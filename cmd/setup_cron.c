/* setup_cron.c - crontab(1) replaces all of a crontab, so what stands there
 * must be known for certain before anything is written: a list that failed for
 * any reason but "there is none" ends it. */
#include "setup_cron.h"

#include <string.h>

#include "base/command.h"
#include "setup_run.h"

#define CRONTAB_MAX (1024 * 1024)
#define WORDS_MAX   4096

static bool is_ours(const char *line, size_t n)
{
	size_t mark = strlen(SETUP_CRON_MARK);

	return n >= mark && memcmp(line + n - mark, SETUP_CRON_MARK, mark) == 0;
}

/* Debian's and cronie's words, and busybox's. */
static bool says_none(const char *words)
{
	return strstr(words, "no crontab") ||
	       strstr(words, "No such file or directory");
}

static int failed(const char *what, int status, const struct buf *words,
		  struct error *f)
{
	if (status == SETUP_NO_PROGRAM)
		return error_set(f, ERROR_UNAVAILABLE,
				 "neither systemd nor crontab is available: "
				 "arrange for `mailsend --flush --due` every "
				 "few minutes");
	return error_set(f, ERROR_UNAVAILABLE, "%s failed: %.*s", what,
			 (int)strcspn(words->data, "\n"), words->data);
}

static int read_table(struct buf *table, struct error *f)
{
	static const char *const argv[] = { "crontab", "-l", NULL };
	struct buf words = BUF_INIT(WORDS_MAX);
	int status = 0,
	    r = setup_run(argv, COMMAND_LIMIT, NULL, table, &words, &status, f);

	if (r == 0 && status && says_none(words.data))
		buf_reset(table);
	else if (r == 0 && status)
		r = failed("crontab -l", status, &words, f);
	buf_free(&words);
	return r;
}

static int write_table(const struct buf *table, struct error *f)
{
	static const char *const argv[] = { "crontab", "-", NULL };
	struct buf words = BUF_INIT(WORDS_MAX);
	int status = 0,
	    r = setup_run(argv, COMMAND_LIMIT, table, NULL, &words, &status, f);

	if (r == 0 && status)
		r = failed("crontab -", status, &words, f);
	buf_free(&words);
	return r;
}

/* All but our lines. */
static void keep_others(const struct buf *table, struct buf *to)
{
	for (const char *p = table->data; *p;) {
		size_t n = strcspn(p, "\n");

		if (!is_ours(p, n)) {
			buf_put(to, p, n);
			buf_putc(to, '\n');
		}
		p += n;
		p += *p == '\n';
	}
}

int setup_cron(const char *line, bool try_only, struct error *f)
{
	struct buf table = BUF_INIT(CRONTAB_MAX);
	struct buf new = BUF_INIT(CRONTAB_MAX + WORDS_MAX);
	int r = read_table(&table, f);

	if (r == 0 && memchr(table.data, '\0', table.len))
		r = error_set(f, ERROR_DATA, "the crontab has a NUL in it");
	if (r == 0) {
		keep_others(&table, &new);
		if (line)
			buf_printf(&new, "%s\n", line);
		r = new.overflow ? error_set(f, ERROR_DATA,
					     "the crontab is too long")
		    : new.len ==
				    table.len &&memcmp(new.data, table.data,
						       new.len) == 0
			    ? 0
			    : 1;
	}
	if (r > 0 && !try_only && write_table(&new, f) < 0)
		r = -1;
	buf_free(&table);
	buf_free(&new);
	return r;
}
