/* mail_filter.c - what mail/ makes of lines from standard input, for tests
 * that compare with other programs.
 *
 *	mail_filter header NAME   each line as the value of a field, CRLF out
 *	mail_filter address       each line as a list: name, envelope address
 *	                          and group between TABs, one a line; "." ends
 *	mail_filter date          each line as a date, written anew
 *
 * What is refused gives "! " and the sentence. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/sysenv.h"
#include "mail/address.h"
#include "mail/date.h"
#include "mail/header.h"

static void refused(const struct error *f)
{
	printf("! %s\n", f->text);
}

static void filter_header(const char *name, const char *line)
{
	struct error f = ERROR_INIT;
	struct buf out = BUF_INIT((size_t)1 << 28);
	struct sink_buf to;

	sink_buf_init(&to, &out, &f);
	if (header_write_field(&to.sink, name, line) < 0)
		refused(&f);
	else
		fwrite(out.data, 1, out.len, stdout);
	buf_free(&out);
}

static void filter_address(const char *line)
{
	struct arena a = ARENA_INIT;
	struct address_list list = { .items = NULL };
	struct error f = ERROR_INIT;

	if (address_parse_list(&a, line, &list, &f) < 0)
		refused(&f);
	for (size_t i = 0; i < list.count; i++) {
		const struct address *one = &list.items[i];

		printf("%s\t%s\t%s\n", one->name ? one->name : "", one->spec,
		       one->group ? one->group : "");
	}
	puts(".");
	arena_free(&a);
}

static void filter_date(const char *line)
{
	struct error f = ERROR_INIT;
	char text[DATE_SIZE];
	int64_t when;
	int zone;

	if (date_parse(line, &when, &zone, &f) < 0) {
		refused(&f);
		return;
	}
	date_format(text, when, zone);
	puts(text);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	sysenv_init();
	if (argc < 2 || (!strcmp(argv[1], "header") && argc < 3)) {
		fputs("usage: mail_filter address | header NAME | date\n",
		      stderr);
		return 2;
	}
	while ((n = getline(&line, &room, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (!strcmp(argv[1], "header"))
			filter_header(argv[2], line);
		else if (!strcmp(argv[1], "address"))
			filter_address(line);
		else
			filter_date(line);
	}
	free(line);
	return fflush(stdout) ? 1 : 0;
}
