/* filetype.c - mime.types a line at a time, then libmagic, then a short list.
 *
 * mime.types is read on each lookup: 70 kB and less than a millisecond, while
 * libmagic's database takes ten times that.  The first 64 kB of the content are
 * examined; the rest of the file is not read here. */
#include "mail/filetype.h"

#include <magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/library.h"

#define LINE_ROOM     4096
#define JUDGED_MAX    65536
#define ARMOUR_LENGTH 4096 /* ... and an armour header line */
#define SIGN_LENGTH                                                            \
	256 /* octets in which a message must have its first field */

static const char *const mime_types[] = {
	"/etc/mime.types",
	"/usr/local/etc/mime.types",
};

/* For a machine with neither mime.types nor libmagic. */
static const struct well_known {
	const char *extension, *type;
} well_known[] = {
	{ "txt", "text/plain" },	{ "log", "text/plain" },
	{ "csv", "text/csv" },		{ "htm", "text/html" },
	{ "html", "text/html" },	{ "jpg", "image/jpeg" },
	{ "jpeg", "image/jpeg" },	{ "png", "image/png" },
	{ "gif", "image/gif" },		{ "svg", "image/svg+xml" },
	{ "pdf", "application/pdf" },	{ "json", "application/json" },
	{ "xml", "application/xml" },	{ "zip", "application/zip" },
	{ "gz", "application/gzip" },	{ "tgz", "application/gzip" },
	{ "tar", "application/x-tar" }, { "xz", "application/x-xz" },
};

/* Does the name end in ".extension", with something before the dot? */
static bool has_extension(const char *name, const char *extension)
{
	size_t n = strlen(name), e = strlen(extension);

	return e && n > e + 1 && name[n - e - 1] == '.' &&
	       ascii_equal(name + n - e, extension);
}

struct found {
	char type[128];
	size_t length; /* of the matching extension */
};

/* One line of mime.types: a type and its extensions. */
static void read_entry(char *line, const char *name, struct found *found)
{
	char *rest = NULL;
	char *type = strtok_r(line, " \t\r\n", &rest), *word;

	if (!type || *type == '#' || strlen(type) >= sizeof(found->type))
		return;
	while ((word = strtok_r(NULL, " \t\r\n", &rest)) != NULL) {
		if (*word == '#')
			return;
		if (strlen(word) <= found->length || !has_extension(name, word))
			continue;
		found->length = strlen(word);
		snprintf(found->type, sizeof(found->type), "%s", type);
	}
}

static const char *type_copy(struct arena *a, const char *type)
{
	char *copy;

	if (!filetype_is_valid(type) || strchr(type, ';'))
		return NULL;
	copy = arena_dup(a, type);
	for (char *c = copy; *c; c++)
		*c = ascii_lower(*c);
	return copy;
}

const char *filetype_in(struct arena *a, const char *file, const char *name)
{
	struct found found = { .length = 0 };
	char line[LINE_ROOM];
	FILE *in = fopen(file, "re");

	if (!in)
		return NULL;
	name = disk_basename(name);
	while (fgets(line, sizeof(line), in)) {
		bool whole = strchr(line, '\n') != NULL;

		read_entry(line, name, &found);
		/* Longer lines are ignored. */
		while (!whole && fgets(line, sizeof(line), in))
			whole = strchr(line, '\n') != NULL;
	}
	fclose(in);
	return found.length ? type_copy(a, found.type) : NULL;
}

static const char *by_extension(struct arena *a, const char *name)
{
	const char *type = NULL;

	for (size_t i = 0;
	     !type && i < sizeof(mime_types) / sizeof(*mime_types); i++)
		type = filetype_in(a, mime_types[i], name);
	return type;
}

static const char *by_well_known(const char *name)
{
	name = disk_basename(name);
	for (size_t i = 0; i < sizeof(well_known) / sizeof(*well_known); i++)
		if (has_extension(name, well_known[i].extension))
			return well_known[i].type;
	return NULL;
}

static magic_t (*open_)(int flags);
static int (*load_)(magic_t cookie, const char *file);
static const char *(*buffer_)(magic_t cookie, const void *data, size_t n);
static void (*close_)(magic_t cookie);

static const struct library_symbol magic_symbols[] = {
	{ "magic_open", &open_ },
	{ "magic_load", &load_ },
	{ "magic_buffer", &buffer_ },
	{ "magic_close", &close_ },
	{ NULL, NULL },
};

static struct library magic = {
	.file = "libmagic.so.1",
	.package = "libmagic1",
	.symbols = magic_symbols,
};

/* Opened once and kept for the next attachment. */
static struct {
	magic_t cookie;
	bool is_tried;
} database;

static magic_t open_database(void)
{
	struct error f = ERROR_INIT;

	if (database.is_tried)
		return database.cookie;
	database.is_tried = true;
	if (library_load(&magic, &f) < 0)
		return NULL;
	database.cookie = open_(MAGIC_MIME_TYPE);
	if (database.cookie && load_(database.cookie, NULL) < 0)
		filetype_forget();
	return database.cookie;
}

void filetype_forget(void)
{
	if (database.cookie)
		close_(database.cookie);
	database.cookie = NULL;
	database.is_tried = false;
}

static const char *by_content(struct arena *a, const struct slice *content)
{
	struct error unread = ERROR_INIT;
	magic_t cookie = content->length ? open_database() : NULL;
	const char *said = NULL, *type = NULL;
	char *start;
	size_t n;

	if (!cookie)
		return NULL;
	start = memory_alloc(JUDGED_MAX);
	n = slice_start(content, start, JUDGED_MAX, &unread);
	if (n)
		said = buffer_(cookie, start, n);
	if (said)
		type = type_copy(a, said);
	free(start);
	return type;
}

/* Does it begin with a header field, as a message does? */
static bool looks_like_message(const struct slice *content)
{
	struct error unread = ERROR_INIT;
	char start[SIGN_LENGTH];
	size_t n = slice_start(content, start, sizeof(start), &unread), i = 0;

	while (i < n && start[i] > 32 && start[i] < 127 && start[i] != ':')
		i++;
	return i > 0 && i < n && start[i] == ':';
}

/* ".asc" can have armour of any kind (RFC 9580 6.2), or be text (AsciiDoc). */
static const char *by_armour(struct arena *a, const struct slice *content)
{
	static const struct {
		const char *line, *type;
	} armours[] = {
		{ "SIGNATURE", "application/pgp-signature" },
		{ "PUBLIC KEY BLOCK", "application/pgp-keys" },
		{ "PRIVATE KEY BLOCK", "application/pgp-keys" },
		{ "MESSAGE", "application/pgp-encrypted" },
		{ "SIGNED MESSAGE", "text/plain" },
	};
	static const char begin[] = "-----BEGIN PGP ";
	struct error unread = ERROR_INIT;
	char start[ARMOUR_LENGTH + 1];
	size_t n = slice_start(content, start, ARMOUR_LENGTH, &unread);
	const char *line = start, *type;

	start[n] = '\0';
	while (line && strncmp(line, begin, strlen(begin)) != 0) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	for (size_t i = 0; line && i < sizeof(armours) / sizeof(*armours); i++)
		if (ascii_begins(line + strlen(begin), armours[i].line))
			return armours[i].type;
	type = by_content(a, content);
	return type ? type : "text/plain";
}

const char *filetype_of(struct arena *a, const char *name,
			const struct slice *content)
{
	bool is_asc = has_extension(disk_basename(name), "asc");
	const char *type =
		is_asc ? by_armour(a, content) : by_extension(a, name);

	if (type && ascii_equal(type, "message/rfc822"))
		return looks_like_message(content) ? type : FILETYPE_UNKNOWN;
	if (!type)
		type = by_content(a, content);
	if (!type)
		type = by_well_known(name);
	if (!type || ascii_begins(type, "multipart/") ||
	    ascii_begins(type, "message/") || ascii_begins(type, "inode/"))
		return FILETYPE_UNKNOWN;
	return type;
}

/* RFC 2045 5.1 */
static size_t token_length(const char *p)
{
	size_t n = 0;

	while (p[n] > 32 && p[n] < 127 && !strchr("()<>@,;:\\\"/[]?=", p[n]))
		n++;
	return n;
}

static size_t quoted_length(const char *p)
{
	size_t n = 1;

	if (*p != '"')
		return 0;
	while (p[n] >= 32 && p[n] < 127 && p[n] != '"')
		n += p[n] == '\\' && p[n + 1] >= 32 && p[n + 1] < 127 ? 2 : 1;
	return p[n] == '"' ? n + 1 : 0;
}

/* "; name=value"; its length, or 0. */
static size_t parameter_length(const char *p)
{
	const char *start = p;
	size_t n;

	p += strspn(p, " ");
	if (*p++ != ';')
		return 0;
	p += strspn(p, " ");
	n = token_length(p);
	if (!n || p[n] != '=')
		return 0;
	p += n + 1;
	n = *p == '"' ? quoted_length(p) : token_length(p);
	return n ? (size_t)(p + n - start) : 0;
}

bool filetype_is_valid(const char *type)
{
	size_t n = token_length(type);

	if (!n || type[n] != '/' || strlen(type) > FILETYPE_MAX)
		return false;
	type += n + 1;
	n = token_length(type);
	while (n && type[n]) {
		type += n;
		n = parameter_length(type);
	}
	return n > 0;
}
