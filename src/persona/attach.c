/* attach.c - parsing "FILE=NAME;type=TYPE" from its end.
 *
 * Before each cut the rest of the text is looked up as a file; it is cut at '='
 * only where the left side exists.  So a missing "a=b.txt" is reported by the
 * name that was typed. */
#include "persona/attach.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "codec/words.h"
#include "compose/input.h"
#include "mail/charset.h"
#include "mail/filetype.h"
#include "mail/parameter.h"

#define TYPE_MAX 255 /* octets of a media type (RFC 6838 4.2: 127 twice) */
#define TYPE	 ";type="
#define CID	 ";cid="

/* 1 or 0; -1 where a disk does not tell: a wrong guess would look for another
 * file, or take standard input for none. */
static int is_there(const char *path, struct error *f)
{
	struct stat st;

	if (input_is_standard(path) || stat(path, &st) == 0)
		return 1;
	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case ENAMETOOLONG:
		return 0;
	case EACCES: /* no search permission hides the files of a directory */
	case ELOOP:
	case EOVERFLOW:
		return 1;
	default:
		return error_errno(f, ERROR_IO, errno, "cannot look for '%s'",
				   path);
	}
}

const char *attach_spell_type(struct arena *a, const char *type,
			      const char *without)
{
	size_t main = parameter_main(type);
	struct parameter p = { .next = type + main };
	struct buf out = BUF_INIT(8 * FILETYPE_MAX + strlen(type));
	const char *spelled;

	for (size_t i = 0; i < main; i++)
		buf_putc(&out, ascii_lower(type[i]));
	while (parameter_next(&p)) {
		struct buf name = BUF_INIT(FILETYPE_MAX);
		struct buf value = BUF_INIT(strlen(type));

		buf_put(&name, p.name, p.name_length);
		parameter_put_value(&value, &p);
		if (!without || !parameter_is(&p, without))
			words_put_parameter(&out, name.data, value.data);
		buf_free(&name);
		buf_free(&value);
	}
	spelled = arena_dup_n(a, out.data, out.len);
	buf_free(&out);
	return spelled;
}

const char *attach_type(struct arena *a, const char *type, struct error *f)
{
	if (!filetype_is_valid(type) || parameter_main(type) > TYPE_MAX) {
		error_set(f, ERROR_USAGE,
			  "'%s' is not a media type: write one as in text/csv, "
			  "or 'text/calendar; method=REQUEST'",
			  type);
		return NULL;
	}
	if (ascii_begins(type, "multipart/")) {
		error_set(f, ERROR_USAGE,
			  "'%s' is not a type for a file: send a complete "
			  "message with --draft",
			  type);
		return NULL;
	}
	return attach_spell_type(a, type, NULL);
}

/* A Content-ID that a cid: link can refer to (RFC 2392). */
static const char *content_id(const char *id, struct error *f)
{
	size_t n = strlen(id);

	/* the <> are added in the header field */
	for (size_t i = 0; i < n; i++)
		if (id[i] <= 32 || id[i] >= 127 || strchr("<>\"\\()", id[i]))
			n = 0;
	if (n == 0) {
		error_set(f, ERROR_USAGE,
			  "';cid=%s' is not a content id: use letters, digits, "
			  "'.', '-', '_' and '@'",
			  id);
		return NULL;
	}
	return id;
}

/* The last occurrence of the key. */
static char *find_last(char *text, const char *key)
{
	char *found = NULL;

	for (char *at = strstr(text, key); at; at = strstr(at + 1, key))
		found = at;
	return found;
}

static int cut_content_id(char *text, char *semicolon, struct attachment *one,
			  struct error *f)
{
	if (!one->is_inline)
		return error_set(f, ERROR_USAGE,
				 "';cid=' names a part of an HTML text: "
				 "write --inline instead of --attach");
	one->content_id = content_id(semicolon + strlen(CID), f);
	if (!one->content_id)
		return -1;
	*semicolon = '\0';
	return *text ? 1 : 0;
}

/* Removes one ";cid=ID" or ";type=TYPE" from the end of the text; the type may
 * have parameters. 1 if there was one, else 0. */
static int cut_parameter(struct arena *a, char *text, struct attachment *one,
			 struct error *f)
{
	char *last = strrchr(text, ';'), *type = find_last(text, TYPE);

	if (last && last != text && strncmp(last, CID, strlen(CID)) == 0)
		return cut_content_id(text, last, one, f);
	if (!type || type == text)
		return 0;
	one->type = attach_type(a, type + strlen(TYPE), f);
	if (!one->type)
		return -1;
	*type = '\0';
	return 1;
}

static const char *as_utf8(struct arena *a, const char *octets)
{
	return charset_to_utf8(a, octets, NULL);
}

/* The name shown to the receiver if none was given. */
static const char *own_name(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return input_is_standard(path) || !*name ? NULL : as_utf8(a, name);
}

static int cut_name(struct arena *a, char *text, struct attachment *one,
		    struct error *f)
{
	char *equals = strrchr(text, '=');
	int there;

	if (!equals || equals == text || !equals[1] || strchr(equals, '/'))
		return 0;
	*equals = '\0';
	there = is_there(text, f);
	if (there > 0)
		one->name = as_utf8(a, equals + 1);
	else
		*equals = '=';
	return there < 0 ? -1 : 0;
}

/* Cuts `text` down to the path. */
static int parse(struct arena *a, char *text, struct attachment *read,
		 struct error *f)
{
	int there, cut = 0;

	while ((there = is_there(text, f)) == 0 &&
	       (cut = cut_parameter(a, text, read, f)) > 0)
		;
	if (there < 0 || cut < 0)
		return -1;
	return there ? 0 : cut_name(a, text, read, f);
}

/* For the dead letter: what was piped in by "-=NAME;..." is saved, and a file
 * is listed as missing. */
static void keep_wrong(struct arena *a, struct request *r, const char *text)
{
	struct attachment *one;

	if (text[0] != '-' || !text[1] || !strchr("=;", text[1])) {
		request_attach(a, r, text);
		return;
	}
	one = request_attach(a, r, "-");
	if (text[1] == '=' && text[2])
		one->name = as_utf8(a, arena_dup_n(a, text + 2,
						   strcspn(text + 2, ";")));
}

int attach_parse(struct arena *a, struct request *r, const char *text,
		 bool is_inline, struct error *f)
{
	struct attachment read = { .is_inline = is_inline };
	struct attachment *one;
	char *rest = arena_dup(a, text);

	if (parse(a, rest, &read, f) < 0) {
		keep_wrong(a, r, text);
		return -1;
	}
	one = request_attach(a, r, rest);
	one->name = read.name ? read.name : own_name(a, rest);
	one->type = read.type;
	one->content_id = read.content_id;
	one->is_inline = is_inline;
	return 0;
}
