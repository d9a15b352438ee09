/* output.c - see output.h. */
#include "output.h"

#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"

int output_put(const struct buf *text, struct error *f)
{
	if (text->overflow)
		return error_set(f, ERROR_SOFTWARE, "the output is too long");
	return disk_write_all(STDOUT_FILENO, text->data, text->len,
			      "standard output", f);
}

int output_puts(const char *text, struct error *f)
{
	return disk_write_all(STDOUT_FILENO, text, strlen(text),
			      "standard output", f);
}

int output_help(const struct persona *p, bool all, struct error *f)
{
	struct buf text = BUF_INIT(OUTPUT_MAX);
	int r = all ? options_help(p, &text) : options_help_common(p, &text);

	r = r < 0 ? error_set(f, ERROR_SOFTWARE, "the help cannot be printed")
		  : output_put(&text, f);
	buf_free(&text);
	return r;
}

void output_usage(const struct persona *p)
{
	struct buf text = BUF_INIT(256);

	if (options_usage(p, &text) == 0)
		log_line("", text.data, text.len - 1);
	buf_free(&text);
}
