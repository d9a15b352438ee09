/* validate.c - see validate.h. */
#include "persona/validate.h"

#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/text.h"
#include "compose/input.h"
#include "mail/charset.h"
#include "mail/parameter.h"
#include "persona/attach.h"
#include "persona/conflicts.h"
#include "persona/setters.h"

/* ---- recipients ---- */

/* "-a *.pdf ops@example.org" makes addresses of all files but the first. */
static int is_stray_file(const char *value, struct error *f)
{
	struct stat st;

	if (strchr(value, '@') || !strpbrk(value, "./"))
		return 0;
	return disk_stat(value, &st, f);
}

static int empty_address(const struct options_run *run, struct error *f)
{
	return error_set(f, ERROR_USAGE,
			 "argument %d is an empty address: is a variable not "
			 "set?",
			 run->at - 1);
}

int validate_recipient(struct options_run *run, const char *value,
		       struct error *f)
{
	int stray;

	if (!*value)
		return empty_address(run, f);
	if (strcmp(value, "-") == 0)
		return error_set(f, ERROR_USAGE,
				 "'-' is not an address: standard input is the "
				 "text already, --attach - attaches it");
	stray = is_stray_file(value, f);
	if (stray < 0)
		return -1;
	if (stray)
		return error_set(
			f, ERROR_USAGE,
			"'%s' is a file, not an address: write --attach "
			"before each file",
			value);
	return address_parse_list(run->arena, value, &run->request->to, f);
}

int validate_envelope_recipient(struct options_run *run, const char *value,
				struct error *f)
{
	struct address_list *bcc = &run->request->bcc;
	struct address user;

	if (!*value)
		return empty_address(run, f);
	if (!address_parse_quoted_user(run->arena, value, &user))
		return address_parse_list(run->arena, value, bcc, f);
	address_append(run->arena, bcc, &user);
	return 0;
}

/* ---- standard input ---- */

struct reader {
	const char *first; /* the option that reads it */
	const char *second;
};

static void note_reader(struct reader *reader, const char *path,
			const char *option)
{
	if (!input_is_standard(path))
		return;
	if (!reader->first)
		reader->first = option;
	else
		reader->second = option;
}

static int settle_standard_input(struct request *r, struct error *f)
{
	struct reader reader = { 0 };

	note_reader(&reader, r->draft_path, "--draft");
	note_reader(&reader, r->body_path, "--body");
	note_reader(&reader, r->html_path, "--html");
	for (const struct attachment *a = r->attachments; a; a = a->next)
		note_reader(&reader, a->path,
			    a->is_inline ? "--inline" : "--attach");
	if (reader.second)
		return error_set(f, ERROR_USAGE,
				 "standard input can be read once, and both %s "
				 "and %s name it: give one of them a file",
				 reader.first, reader.second);
	if (!reader.first && !r->body_path && !r->draft_path)
		r->body_path = "-";
	return 0;
}

int validate_message(struct options_run *run, struct error *f)
{
	if (conflicts_check(run, CONFLICTS_DRAFT, f) < 0)
		return -1;
	return settle_standard_input(run->request, f);
}

/* ---- the type of the text ---- */

/* Is it detected from the text anyway? */
static bool is_found_anyway(const char *charset)
{
	return ascii_equal(charset, "utf-8") || ascii_equal(charset, "utf8") ||
	       ascii_equal(charset, "us-ascii");
}

int validate_body_type(struct options_run *run, const char *value,
		       struct error *f)
{
	static const struct option_row row = { .name = "charset" };
	struct request *r = run->request;
	struct buf charset = BUF_INIT(256);
	const char *unused;
	int result = 0;

	if (!attach_type(run->arena,
			 arena_dup_n(run->arena, value, parameter_main(value)),
			 f))
		return -1;
	r->body_type = attach_spell_type(run->arena, value, "charset");
	/* programs write "unknown-8bit" and the like there: their mail is not
	 * refused */
	if (parameter_get(&charset, value, "charset") &&
	    !is_found_anyway(charset.data) &&
	    charset_is_known(charset.data, &unused))
		result = set_charset(run, &row,
				     arena_dup(run->arena, charset.data), f);
	buf_free(&charset);
	return result;
}

static bool is_identity(const char *encoding)
{
	return ascii_equal(encoding, "7bit") || ascii_equal(encoding, "8bit") ||
	       ascii_equal(encoding, "binary");
}

int validate_content_field(struct options_run *run, const char *name,
			   const char *value, struct error *f)
{
	if (ascii_equal(name, "Content-Type"))
		return validate_body_type(run, value, f) < 0 ? -1 : 1;
	/* these are the defaults */
	if (ascii_equal(name, "MIME-Version") ||
	    (ascii_equal(name, "Content-Disposition") &&
	     ascii_begins(value, "inline")))
		return 1;
	if (!ascii_equal(name, "Content-Transfer-Encoding"))
		return 0;
	if (is_identity(value))
		return 1;
	return error_set(f, ERROR_USAGE,
			 "the text is encoded as needed: pass it unencoded, "
			 "and leave %s out",
			 name);
}

/* ---- the server ---- */

static int split_host(struct options_run *run, char *host, struct error *f)
{
	char *end = *host == '[' ? strchr(host, ']') : NULL;
	char *port = strchr(end ? end : host, ':');

	if (port)
		*port++ = '\0';
	if (end) {
		*end = '\0';
		host++;
	}
	if (port && *port && override_setting(run, "port", port, f) < 0)
		return -1;
	return override_setting(run, "host", host, f);
}

int validate_octet(const char *p)
{
	return *p == '%' ? text_hex_octet(p + 1) : -1;
}

void validate_percent_decode(char *text)
{
	char *out = text;

	for (const char *p = text; *p; p++) {
		int octet = validate_octet(p);

		*out++ = octet < 0 ? *p : (char)octet;
		p += octet < 0 ? 0 : 2;
	}
	*out = '\0';
}

static int take_user(struct options_run *run, char *user, struct error *f)
{
	/* all users of a machine can read the arguments of all programs */
	if (strchr(user, ':'))
		return error_set(f, ERROR_USAGE,
				 "a password on the command line can be read "
				 "by others: leave it out of the URL and put "
				 "it into the configuration");
	validate_percent_decode(user);
	return override_setting(run, "user", user, f);
}

int validate_server(struct options_run *run, const char *url, bool *is_implicit,
		    bool *has_scheme, struct error *f)
{
	const char *sign = strstr(url, "://");
	const char *start = sign ? sign + 3 : url;
	char *rest = arena_dup(run->arena, start);
	char *at;

	*has_scheme = sign != NULL;
	*is_implicit = ascii_begins(url, "smtps://") ||
		       ascii_begins(url, "submissions://");
	if (sign && !*is_implicit && !ascii_begins(url, "smtp://") &&
	    !ascii_begins(url, "submission://"))
		return error_set(f, ERROR_USAGE,
				 "'%.*s' is not a scheme for a mail server: "
				 "write it as in smtp://mail.example.org:587",
				 (int)(sign - url), url);
	if (ascii_begins(url, "submission://") &&
	    override_setting(run, "port", "587", f) < 0)
		return -1;
	rest[strcspn(rest, "/")] = '\0';
	at = strrchr(rest, '@');
	if (at) {
		*at = '\0';
		if (take_user(run, rest, f) < 0)
			return -1;
		rest = at + 1;
	}
	return split_host(run, rest, f);
}
