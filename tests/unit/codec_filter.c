/* codec_filter.c - one codec between standard input and output, for tests
 * that compare with other programs.
 *
 *	codec_filter CODEC [PIECE]
 *
 * feeds in pieces of PIECE octets (0 or absent: as they are read). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "codec/words.h"
#include "codecs.h"
#include "flow/source.h"

static struct sink *open_qp_binary(struct sink *end)
{
	qp_init(&room.qp, end, true);
	return &room.qp.sink;
}

static struct sink *open_unqp(struct sink *end)
{
	unqp_init(&room.unqp, end, false);
	return &room.unqp.sink;
}

static struct sink *open_survey(struct sink *end)
{
	content_scan_init(&room.scan, end, end->error);
	return &room.scan.sink;
}

static const struct codec {
	const char *name;
	struct sink *(*open)(struct sink *end);
} codecs[] = {
	{ "base64", open_base64 },	 { "qp", open_qp },
	{ "qp-binary", open_qp_binary }, { "uu", open_uu },
	{ "unbase64", open_unbase64 },	 { "unqp", open_unqp },
	{ "unuu", open_unuu },		 { "dot", open_dot },
	{ "crlf", open_crlf },		 { "survey", open_survey },
};

static int put_parameter(struct buf *out, const char *text)
{
	return words_put_parameter(out, "filename", text);
}

/* These take each line of the input by itself. */
static const struct words {
	const char *name;
	int (*put)(struct buf *out, const char *text);
} words[] = {
	{ "text", words_put_text },
	{ "phrase", words_put_phrase },
	{ "parameter", put_parameter },
	{ "fallback", words_put_fallback },
};

static int filter(const struct codec *codec, size_t piece, struct error *f)
{
	static char data[65536];
	struct source from;
	struct sink_fd end;
	struct sink *first;
	ssize_t n;
	int result;

	sink_fd_init(&end, 1, "standard output", f);
	source_of_stream(&from, 0, "standard input");
	first = codec->open(&end.sink);
	if (!piece || piece > sizeof(data))
		piece = sizeof(data);
	while ((n = source_read(&from, data, sizeof(data), f)) > 0) {
		size_t at, now;

		for (at = 0; at < (size_t)n; at += now) {
			now = (size_t)n - at < piece ? (size_t)n - at : piece;
			sink_put(first, data + at, now);
		}
	}
	sink_close(first);
	result = sink_close(&end.sink);
	sink_fd_free(&end);
	return result;
}

static int each_line(const struct words *w)
{
	struct buf out = BUF_INIT(1 << 20);
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int result = 0;

	while ((n = getline(&line, &size, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = 0;
		buf_reset(&out);
		result |= w->put(&out, line);
		puts(out.data);
	}
	free(line);
	buf_free(&out);
	return result;
}

static int run(const char *name, size_t piece)
{
	struct error f = ERROR_INIT;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(name, words[i].name))
			return each_line(&words[i]) < 0;
	}
	for (i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		if (strcmp(name, codecs[i].name))
			continue;
		if (filter(&codecs[i], piece, &f) < 0) {
			fprintf(stderr, "codec_filter: %s\n", f.text);
			return error_exit(&f);
		}
		return 0;
	}
	fprintf(stderr, "codec_filter: no codec %s\n", name);
	return 64;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 64;
	return run(argv[1], argc > 2 ? strtoul(argv[2], NULL, 10) : 0);
}
