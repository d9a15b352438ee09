/* setters.c - see setters.h. */
#include "persona/setters.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/text.h"
#include "codec/compress.h"
#include "config/config.h"
#include "config/values.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "persona/attach.h"

#define CHARSET_MAX 40	/* octets of a charset's name (RFC 2978 2.3) */
#define ENVID_MAX   100 /* octets of the ENVID value as xtext (RFC 3461 4.4) */

/* ---- who ---- */

static struct address_list *list_of(struct request *r, int which)
{
	switch (which) {
	case LIST_CC:
		return &r->cc;
	case LIST_BCC:
		return &r->bcc;
	case LIST_REPLY_TO:
		return &r->reply_to;
	default:
		return &r->to;
	}
}

SETTER(set_list)
{
	struct address_list *list = list_of(run->request, row->value);

	/* an empty Cc is allowed, but a mail to nobody would be lost */
	if (!*value && row->value == LIST_TO)
		return error_set(
			f, ERROR_USAGE,
			"the address is empty: is a variable not set?");
	return address_parse_list(run->arena, value, list, f);
}

SETTER(set_from)
{
	(void)row;
	if (address_parse(run->arena, value, false, &run->request->from, f) < 0)
		return -1;
	run->request->has_from = true;
	return 0;
}

SETTER(set_envelope_from)
{
	struct request *r = run->request;

	(void)row;
	if (!*value)
		value = "<>";
	if (address_parse(run->arena, value, true, &r->envelope_from, f) < 0)
		return -1;
	r->has_envelope_from = true;
	return 0;
}

/* ---- the header ---- */

SETTER(set_date)
{
	int64_t when;
	int zone;

	(void)row;
	if (date_parse(value, &when, &zone, f) < 0)
		return -1;
	run->request->date = value;
	return 0;
}

SETTER(set_message_id)
{
	(void)row;
	if (*value != '<')
		value = arena_format(run->arena, "<%s>", value);
	if (!msgid_is_valid(value))
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a message id: write one as in "
				 "<20261122.1@host.example.org>",
				 value);
	run->request->message_id = value;
	return 0;
}

static SETTER(set_subject)
{
	(void)row;
	(void)f;
	run->request->subject = value;
	return 0;
}

/* The fields that have options. */
static const struct option_row own_fields[] = {
	{ .name = "From", .set = set_from },
	{ .name = "To", .set = set_list, .value = LIST_TO },
	{ .name = "Cc", .set = set_list, .value = LIST_CC },
	{ .name = "Bcc", .set = set_list, .value = LIST_BCC },
	{ .name = "Reply-To", .set = set_list, .value = LIST_REPLY_TO },
	{ .name = "Subject", .set = set_subject },
	{ .name = "Date", .set = set_date },
	{ .name = "Message-ID", .set = set_message_id },
};

static const struct {
	const char *name, *instead;
} refused_fields[] = {
	{ "Content-Type", "--type, --charset or --html, or a complete message "
			  "with --draft" },
	{ "Content-Transfer-Encoding", "--encoding, or a complete message "
				       "with --draft" },
	{ "Content-", "--attach, --inline and --type, or a complete message "
		      "with --draft" },
	{ "MIME-Version", "a complete message with --draft" },
	{ "Resent-Bcc", "--bcc" },
	{ "Return-Path", "--envelope-from" },
};

static int refuse_field(const char *name, struct error *f)
{
	for (size_t i = 0; i < sizeof(refused_fields) / sizeof(*refused_fields);
	     i++) {
		const char *refused = refused_fields[i].name;
		size_t n = strlen(refused);

		/* "Content-" matches all that begin so */
		if (strncasecmp(name, refused, n) == 0 &&
		    (!name[n] || refused[n - 1] == '-'))
			return error_set(f, ERROR_USAGE,
					 "%s cannot be set by hand: use %s",
					 name, refused_fields[i].instead);
	}
	return 0;
}

SETTER(set_header)
{
	struct header read;
	const struct field *field;

	(void)row;
	header_init(&read);
	if (header_add_line(run->arena, &read, value, f) < 0)
		return -1;
	field = read.first;
	if (refuse_field(field->name, f) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(own_fields) / sizeof(*own_fields); i++)
		if (strcasecmp(field->name, own_fields[i].name) == 0)
			return own_fields[i].set(run, &own_fields[i],
						 field->value, f);
	return header_add(run->arena, &run->request->extra, field->name,
			  field->value, f);
}

/* ---- content ---- */

SETTER(set_attach)
{
	return attach_parse(run->arena, run->request, value, row->value != 0,
			    f);
}

SETTER(set_type)
{
	struct attachment *last = request_last_attachment(run->request);

	(void)row;
	if (!last)
		return error_set(f, ERROR_USAGE,
				 "no attachment before it: write --attach "
				 "FILE --type TYPE");
	last->type = attach_type(run->arena, value, f);
	return last->type ? 0 : -1;
}

SETTER(set_encoding)
{
	int encoding = encoding_parse(value);

	(void)row;
	if (encoding < 0)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not an encoding: auto, 7bit, 8bit, "
				 "quoted-printable, base64 or uuencode",
				 value);
	run->request->encoding = (enum encoding)encoding;
	return 0;
}

int refuse_words(struct options_run *run, const char *value, const char *words,
		 struct error *f)
{
	const char *last = strrchr(words, ' ');
	size_t n = strcspn(words, " ");
	const char *told = arena_dup_n(run->arena, words, n);

	for (words += n; words < last; words += 1 + n) {
		n = strcspn(words + 1, " ");
		told = arena_format(run->arena, "%s, %.*s", told, (int)n,
				    words + 1);
	}
	return error_set(f, ERROR_USAGE, "'%s' is not %s or%s", value, told,
			 last);
}

SETTER(set_compression)
{
	int method = compression_parse(value);

	(void)row;
	if (method < 0)
		return refuse_words(run, value, COMPRESSIONS, f);
	run->request->compression = (enum compression)method;
	return 0;
}

SETTER(set_charset)
{
	size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789-_.:+");
	const char *nearest, *name;

	(void)row;
	if (n == 0 || n > CHARSET_MAX || value[n])
		return error_set(f, ERROR_USAGE,
				 "'%s' is not the name of a character set: "
				 "write one as in utf-8",
				 value);
	if (!charset_is_known(value, &nearest))
		return error_set(f, ERROR_USAGE,
				 "the character set '%s' is unknown: write "
				 "%s, or leave the option out and it is "
				 "detected",
				 value, nearest ? nearest : "one as in utf-8");
	if (!charset_is_text(value))
		return error_set(f, ERROR_USAGE,
				 "a text cannot be sent in '%s': convert it "
				 "with iconv -f %s -t utf-8",
				 value, value);
	name = charset_mime_name(value);
	/* pure ASCII is detected from the text */
	run->request->body_charset =
		ascii_equal(name, "us-ascii") ? NULL : name;
	return 0;
}

/* ---- delivery status ---- */

static const char *const notify_words[] = { "failure", "delay", "success" };

/* The bit of a word; 0 for an unknown one. */
static unsigned notify_bit(const char *word, size_t n)
{
	for (unsigned i = 0; i < 3; i++)
		if (strlen(notify_words[i]) == n &&
		    strncasecmp(word, notify_words[i], n) == 0)
			return 1u << i;
	return 0;
}

SETTER(set_dsn_notify)
{
	unsigned set = 0;
	struct buf list = BUF_INIT(64);

	(void)row;
	if (strcasecmp(value, "never") == 0) {
		run->request->dsn_notify = "never";
		return 0;
	}
	for (const char *p = value;; p++) {
		size_t n = strcspn(p, ",");
		unsigned bit = notify_bit(p, n);

		if (!bit)
			return error_set(
				f, ERROR_USAGE,
				"'%s' is not never, or a list of failure, "
				"delay, success",
				value);
		set |= bit;
		p += n;
		if (!*p)
			break;
	}
	for (unsigned i = 0; i < 3; i++)
		if (set & 1u << i)
			buf_printf(&list, "%s%s", list.len ? "," : "",
				   notify_words[i]);
	run->request->dsn_notify = arena_dup(run->arena, list.data);
	buf_free(&list);
	return 0;
}

SETTER(set_dsn_ret)
{
	(void)row;
	if (strcasecmp(value, "full") == 0)
		run->request->dsn_ret = "full";
	else if (strcasecmp(value, "hdrs") == 0 ||
		 strcasecmp(value, "headers") == 0)
		run->request->dsn_ret = "hdrs";
	else
		return error_set(f, ERROR_USAGE, "'%s' is not full or headers",
				 value);
	return 0;
}

SETTER(set_dsn_envid)
{
	size_t size = 0;

	(void)row;
	for (const char *p = value; *p; p++) {
		if (*p < 32 || *p > 126)
			return error_set(f, ERROR_USAGE,
					 "'%s' has characters that are not "
					 "printable ASCII",
					 value);
		size += *p == ' ' || *p == '+' || *p == '=' ? 3 : 1;
	}
	if (size == 0 || size > ENVID_MAX)
		return error_set(f, ERROR_USAGE,
				 "an envelope id has 1 to %d octets",
				 ENVID_MAX);
	run->request->dsn_envid = value;
	return 0;
}

/* ---- settings ---- */

static int override(struct options_run *run, const char *name,
		    const char *value, bool is_weak, struct error *f)
{
	struct error found = ERROR_INIT;
	struct override *new;

	if (config_check(name, value, &found) < 0)
		return error_set(f, ERROR_USAGE, "%s", found.text);
	new = request_override(run->arena, run->request, name, value);
	new->origin = run->shown;
	new->is_weak = is_weak;
	return 0;
}

int override_setting(struct options_run *run, const char *name,
		     const char *value, struct error *f)
{
	return override(run, name, value, false, f);
}

int override_weak(struct options_run *run, const char *name, const char *value,
		  struct error *f)
{
	return override(run, name, value, true, f);
}

static const char *setting_name(struct arena *a, const char *name, size_t n)
{
	char *copy = arena_dup_n(a, name, n);

	for (char *p = copy; *p; p++)
		if (*p == '-')
			*p = '_';
	return copy;
}

/* "port "x" is not ...": the option is named already. */
static void drop_name(const char *name, struct error *f)
{
	size_t n = strlen(name);

	if (strncmp(f->text, name, n) == 0 && f->text[n] == ' ')
		memmove(f->text, f->text + n + 1, strlen(f->text + n));
}

SETTER(set_setting)
{
	const char *name =
		setting_name(run->arena, row->name, strlen(row->name));

	if (override_setting(run, name, value, f) == 0)
		return 0;
	drop_name(name, f);
	return -1;
}

SETTER(set_any)
{
	const char *equals = strchr(value, '=');
	const char *name;

	(void)row;
	if (!equals || equals == value)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not NAME=VALUE, as in --set tls=on",
				 equals ? "" : value);
	name = setting_name(run->arena, value, (size_t)(equals - value));
	/* all users of a machine can read the arguments of all programs */
	if (strcmp(name, "password") == 0)
		return error_set(f, ERROR_USAGE,
				 "a password on the command line can be read "
				 "by others: put it into the configuration, or "
				 "use --set password_env=NAME");
	return override_setting(run, name, equals + 1, f);
}

SETTER(set_tls)
{
	const char *starttls = NULL;

	(void)row;
	if (!value || strcasecmp(value, "on") == 0) {
		value = "on";
	} else if (strcasecmp(value, "off") == 0) {
		value = "off";
	} else if (strcasecmp(value, "starttls") == 0) {
		value = starttls = "on";
	} else if (strcasecmp(value, "implicit") == 0) {
		value = "on";
		starttls = "off";
	} else {
		return error_set(f, ERROR_USAGE,
				 "'%s' is not on, off, starttls or implicit",
				 value);
	}
	if (starttls && override_setting(run, "tls_starttls", starttls, f) < 0)
		return -1;
	return override_setting(run, "tls", value, f);
}

/* ---- numbers ---- */

SETTER(set_number)
{
	uint64_t n;
	unsigned result;

	if (!text_number(value, row->most, &n) || n < row->least)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a number from %u to %u", value,
				 row->least, row->most);
	result = (unsigned)n;
	memcpy((char *)run->cmdline + (row->field - 1), &result,
	       sizeof(result));
	return 0;
}

int read_time(struct options_run *run, const char *text, int *seconds,
	      struct error *f)
{
	struct value v = { .arena = run->arena, .text = text };

	if (value_duration(&v, seconds) < 0)
		return error_set(f, ERROR_USAGE, "'%s' %s", text, v.why);
	return 0;
}

SETTER(set_time)
{
	int seconds;

	if (read_time(run, value, &seconds, f) < 0)
		return -1;
	memcpy((char *)run->cmdline + (row->field - 1), &seconds,
	       sizeof(seconds));
	return 0;
}

/* ---- what to do ---- */

SETTER(set_nothing)
{
	(void)run;
	(void)row;
	(void)value;
	(void)f;
	return 0;
}

SETTER(set_command)
{
	enum command_kind now = run->cmdline->kind;
	enum command_kind new = (enum command_kind)row->value;

	(void)value;
	if (new == COMMAND_HELP || new == COMMAND_HELP_ALL ||
	    new == COMMAND_VERSION)
		run->done = true;
	else if (now != COMMAND_SEND && now != new)
		return error_set(f, ERROR_USAGE,
				 "cannot be done together with %s",
				 cmdline_name(now));
	cmdline_become(run->cmdline, new);
	return 0;
}

/* "--help all", too; nothing else may follow. */
SETTER(set_help)
{
	struct option_row all = *row;

	if (!value && run->at < run->argc &&
	    strcmp(run->argv[run->at], "all") == 0)
		value = "all";
	if (value && strcmp(value, "all") != 0)
		return error_set(f, ERROR_USAGE,
				 "'%s' is not a help topic: use --help or "
				 "--help all",
				 value);
	all.value = value ? COMMAND_HELP_ALL : COMMAND_HELP;
	return set_command(run, &all, NULL, f);
}
