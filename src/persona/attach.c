/* attach.c - taking "FILE=NAME;type=TYPE" apart from its end.
 *
 * The rest of the text is asked for as a file before each cut; the cut at '='
 * is made only where it helps, that is where the left side exists.  So a
 * missing "a=b.txt" is reported by the name that was typed. */
#include "persona/attach.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/world.h"
#include "mail/charset.h"

#define TYPE_MAX 127 /* octets of a media type (RFC 6838 4.2) */

static bool is_there(const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0 || stat(path, &st) == 0)
		return true;
	/* a folder that may not be searched hides what it has */
	return errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG;
}

/* RFC 2045 5.1 */
static bool is_token_char(char c)
{
	return c > 32 && c < 127 && !strchr("()<>@,;:\\\"/[]?=", c);
}

const char *attach_type(struct arena *a, const char *type, struct fault *f)
{
	const char *slash = strchr(type, '/');
	char *lower = arena_dup(a, type);
	bool good =
		slash && slash > type && slash[1] && strlen(type) <= TYPE_MAX;

	for (char *p = lower; good && *p; p++) {
		good = is_token_char(*p) || p - lower == slash - type;
		*p = (char)tolower((unsigned char)*p);
	}
	if (!good) {
		fault_set(f, FAULT_USAGE,
			  "'%s' is not a media type: write one as in text/csv",
			  type);
		return NULL;
	}
	if (strncmp(lower, "multipart/", 10) == 0) {
		fault_set(f, FAULT_USAGE,
			  "'%s' is no type for a file: a message that is ready "
			  "is sent by --draft",
			  type);
		return NULL;
	}
	return lower;
}

/* What a cid: link can name (RFC 2392), as it is written there. */
static const char *content_id(const char *id, struct fault *f)
{
	size_t n = strlen(id);

	/* the <> of the header field are not part of it */
	for (size_t i = 0; i < n; i++)
		if (id[i] <= 32 || id[i] >= 127 || strchr("<>\"\\()", id[i]))
			n = 0;
	if (n == 0) {
		fault_set(f, FAULT_USAGE,
			  "';cid=%s' is not a content id: use letters, digits, "
			  "'.', '-', '_' and '@'",
			  id);
		return NULL;
	}
	return id;
}

/* Takes one ";key=value" off the end of the text.  1: it was one of ours, 0:
 * it was not. */
static int cut_parameter(struct arena *a, char *text, struct attachment *one,
			 struct fault *f)
{
	char *semicolon = strrchr(text, ';');

	if (!semicolon || semicolon == text)
		return 0;
	if (strncmp(semicolon, ";type=", 6) == 0) {
		one->type = attach_type(a, semicolon + 6, f);
		if (!one->type)
			return -1;
	} else if (strncmp(semicolon, ";cid=", 5) == 0) {
		if (!one->is_inline)
			return fault_set(
				f, FAULT_USAGE,
				"';cid=' names a part of an HTML text: "
				"write --inline instead of --attach");
		one->content_id = content_id(semicolon + 5, f);
		if (!one->content_id)
			return -1;
	} else {
		return 0;
	}
	*semicolon = '\0';
	return 1;
}

static const char *as_utf8(struct arena *a, const char *octets)
{
	return charset_to_utf8(a, octets, world_charset());
}

/* The name that the receiver sees, when none was given. */
static const char *own_name(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return strcmp(path, "-") == 0 || !*name ? NULL : as_utf8(a, name);
}

static void cut_name(struct arena *a, char *text, struct attachment *one)
{
	char *equals = strrchr(text, '=');

	if (!equals || equals == text || !equals[1] || strchr(equals, '/'))
		return;
	*equals = '\0';
	if (is_there(text))
		one->name = as_utf8(a, equals + 1);
	else
		*equals = '=';
}

int attach_parse(struct arena *a, struct request *r, const char *text,
		 bool is_inline, struct fault *f)
{
	struct attachment read = { .is_inline = is_inline };
	struct attachment *one;
	char *rest = arena_dup(a, text);

	while (!is_there(rest)) {
		int cut = cut_parameter(a, rest, &read, f);

		if (cut < 0)
			return -1;
		if (cut == 0) {
			cut_name(a, rest, &read);
			break;
		}
	}
	one = request_attach(a, r, rest);
	one->name = read.name ? read.name : own_name(a, rest);
	one->type = read.type;
	one->content_id = read.content_id;
	one->is_inline = is_inline;
	return 0;
}
