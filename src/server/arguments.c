/* arguments.c - finds the end of the path, then reads the address in it, then
 * the parameters by two tables. */
#include "server/arguments.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/envelope.h"

#define PATH_MAX_OCTETS	 998
#define ENVID_MAX_OCTETS 100 /* RFC 3461 4.4 */
#define ORCPT_MAX_OCTETS 500 /* RFC 3461 4.2 */

struct reading {
	struct arena *arena;
	const char *at;
	unsigned seen; /* rows of the table that had their turn */
	void *out;
	struct response *why;
};

struct parameter {
	const char *keyword;
	bool has_value;
	/* -1: the value is no good, or the answer says more */
	int (*read)(struct reading *r, const char *value);
};

/* ---- the path ---- */

/* Octets up to the '>' that is in no quotes, or SIZE_MAX. */
static size_t path_length(const char *p)
{
	bool quoted = false;

	for (size_t i = 0; p[i]; i++) {
		if (quoted && p[i] == '\\' && p[i + 1])
			i++;
		else if (p[i] == '"')
			quoted = !quoted;
		else if (p[i] == '>' && !quoted)
			return i;
	}
	return SIZE_MAX;
}

/* "@one,@two:user@host" is user@host (RFC 5321 appendix C). */
static const char *without_route(const char *path)
{
	const char *colon;

	if (*path != '@')
		return path;
	colon = strchr(path, ':');
	return colon ? colon + 1 : path;
}

/* What no path has, though an address in a header may. */
static const char *bad_path(const char *path, bool is_utf8)
{
	bool quoted = false;

	if (strlen(path) > PATH_MAX_OCTETS)
		return "it is too long";
	for (const char *p = path; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 32 || c == 127)
			return "it has a control character in it";
		if (c > 127 && !is_utf8)
			return "it is not ASCII, and SMTPUTF8 was not asked "
			       "for";
		if (quoted && c == '\\' && p[1])
			p++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && strchr(" <>(),;", c))
			return "it is not one address";
	}
	return quoted ? "a quote has no end" : NULL;
}

/* The path with its blanks and <> away; r->at is after it. */
static int take_path(struct reading *r, const char *keyword, const char **path)
{
	size_t n;

	if (!ascii_begins(r->at, keyword))
		return response_set(r->why, 501, "5.5.4", "write %s<user@host>",
				    keyword);
	r->at += strlen(keyword);
	r->at += strspn(r->at, " \t");
	if (*r->at == '<') {
		n = path_length(++r->at);
		if (n == SIZE_MAX || !strchr(" \t", r->at[n + 1]))
			return response_set(r->why, 501, "5.1.3",
					    "the address has no >");
		*path = arena_dup_n(r->arena, r->at, n);
		r->at += n + 1;
		return 0;
	}
	n = strcspn(r->at, " \t");
	if (!n)
		return response_set(r->why, 501, "5.5.4", "write %s<user@host>",
				    keyword);
	*path = arena_dup_n(r->arena, r->at, n);
	r->at += n;
	return 0;
}

static int read_address(struct reading *r, const char *path, bool is_utf8,
			struct address *out)
{
	struct error f = ERROR_INIT;
	const char *esc = r->why->esc[0] ? r->why->esc : "5.1.3";
	const char *bad;

	path = without_route(path);
	bad = bad_path(path, is_utf8);
	if (bad)
		return response_set(r->why, 553, "5.1.3", "bad address: %s",
				    bad);
	if (!*path) {
		*out = (struct address){ .local = "",
					 .domain = "",
					 .spec = "" };
		return 0;
	}
	if (address_parse(r->arena, path, false, out, &f) < 0)
		return response_set(r->why, 553, esc, "%s", f.text);
	return 0;
}

/* ---- parameters ---- */

/* What it stands for is printable ASCII here.  NULL: it is not. */
static const char *from_xtext(struct arena *a, const char *text)
{
	const char *out = xtext_decode(a, text);

	for (const char *p = out; p && *p; p++)
		if (*p < 32 || *p > 126)
			return NULL;
	return out;
}

static int read_size(struct reading *r, const char *value)
{
	struct arguments_mail *m = r->out;

	return text_number(value, UINT64_MAX, &m->size) ? 0 : -1;
}

static int read_body(struct reading *r, const char *value)
{
	struct arguments_mail *m = r->out;

	m->is_8bit = ascii_equal(value, "8BITMIME");
	return m->is_8bit || ascii_equal(value, "7BIT") ? 0 : -1;
}

static int read_utf8(struct reading *r, const char *value)
{
	(void)value;
	((struct arguments_mail *)r->out)->is_utf8 = true;
	return 0;
}

static int read_ret(struct reading *r, const char *value)
{
	struct arguments_mail *m = r->out;

	if (ascii_equal(value, "FULL"))
		m->ret = "full";
	else if (ascii_equal(value, "HDRS"))
		m->ret = "hdrs";
	return m->ret ? 0 : -1;
}

static int read_envid(struct reading *r, const char *value)
{
	struct arguments_mail *m = r->out;

	if (!*value || strlen(value) > ENVID_MAX_OCTETS)
		return -1;
	m->envid = from_xtext(r->arena, value);
	return m->envid ? 0 : -1;
}

/* Who wrote it first (RFC 4954 5): nobody is trusted to know. */
static int read_auth(struct reading *r, const char *value)
{
	(void)r;
	return *value ? 0 : -1;
}

static int read_notify(struct reading *r, const char *value)
{
	static const char *const words[] = { "failure", "delay", "success" };
	struct arguments_rcpt *to = r->out;
	unsigned set = 0;

	if (ascii_equal(value, "NEVER")) {
		to->notify = "never";
		return 0;
	}
	for (const char *p = value;; p++) {
		const char *word = arena_dup_n(r->arena, p, strcspn(p, ","));
		unsigned bit = 0;

		for (unsigned i = 0; i < 3; i++)
			if (ascii_equal(word, words[i]))
				bit = 1u << i;
		if (!bit)
			return -1;
		set |= bit;
		p += strlen(word);
		if (!*p)
			break;
	}
	to->notify = "";
	for (unsigned i = 0; i < 3; i++)
		if (set & 1u << i)
			to->notify =
				arena_format(r->arena, "%s%s%s", to->notify,
					     *to->notify ? "," : "", words[i]);
	return 0;
}

/* "type;xtext"; passed on as it is, so it must be what it should be. */
static int read_orcpt(struct reading *r, const char *value)
{
	size_t type = strcspn(value, ";");

	if (!type || !value[type] || !value[type + 1] ||
	    strlen(value) > ORCPT_MAX_OCTETS)
		return -1;
	for (size_t i = 0; i < type; i++)
		if (!ascii_is_letter(value[i]) && !ascii_is_digit(value[i]) &&
		    value[i] != '-')
			return -1;
	if (!from_xtext(r->arena, value + type + 1))
		return -1;
	((struct arguments_rcpt *)r->out)->orcpt = arena_dup(r->arena, value);
	return 0;
}

static const struct parameter of_mail[] = {
	{ "SIZE", true, read_size },
	{ "BODY", true, read_body },
	{ "SMTPUTF8", false, read_utf8 },
	{ "RET", true, read_ret },
	{ "ENVID", true, read_envid },
	{ "AUTH", true, read_auth },
	{ NULL, false, NULL },
};

static const struct parameter of_rcpt[] = {
	{ "NOTIFY", true, read_notify },
	{ "ORCPT", true, read_orcpt },
	{ NULL, false, NULL },
};

static int take_parameter(struct reading *r, const struct parameter *rows,
			  const char *keyword, const char *value)
{
	for (unsigned i = 0; rows[i].keyword; i++) {
		if (!ascii_equal(rows[i].keyword, keyword))
			continue;
		if (r->seen & 1u << i)
			return response_set(r->why, 501, "5.5.4",
					    "%s stands there twice", keyword);
		r->seen |= 1u << i;
		if (rows[i].has_value == (value != NULL) &&
		    rows[i].read(r, value) == 0)
			return 0;
		return response_set(r->why, 501, "5.5.4",
				    "the value of %s is no good", keyword);
	}
	return response_set(r->why, 555, "5.5.4", "%.60s is not offered here",
			    keyword);
}

static int take_parameters(struct reading *r, const struct parameter *rows)
{
	for (;;) {
		const char *value = NULL;
		char *word, *equals;
		size_t n;

		r->at += strspn(r->at, " \t");
		n = strcspn(r->at, " \t");
		if (!n)
			return 0;
		word = arena_dup_n(r->arena, r->at, n);
		r->at += n;
		equals = strchr(word, '=');
		if (equals) {
			*equals = '\0';
			value = equals + 1;
		}
		if (take_parameter(r, rows, word, value) < 0)
			return -1;
	}
}

/* ---- the commands ---- */

int arguments_read_mail(struct arena *a, const char *text,
			struct arguments_mail *out, struct response *why)
{
	struct reading r = { .arena = a, .at = text, .out = out, .why = why };
	const char *path = "";

	*out = (struct arguments_mail){ 0 };
	*why = (struct response){ .esc = "5.1.7" };
	/* SMTPUTF8 stands after the path that needs it. */
	if (take_path(&r, "FROM:", &path) < 0 ||
	    take_parameters(&r, of_mail) < 0)
		return -1;
	return read_address(&r, path, out->is_utf8, &out->sender);
}

int arguments_read_rcpt(struct arena *a, const char *text, bool is_utf8,
			struct arguments_rcpt *out, struct response *why)
{
	struct reading r = { .arena = a, .at = text, .out = out, .why = why };
	const char *path = "";

	*out = (struct arguments_rcpt){ 0 };
	*why = (struct response){ 0 };
	if (take_path(&r, "TO:", &path) < 0 ||
	    take_parameters(&r, of_rcpt) < 0 ||
	    read_address(&r, path, is_utf8, &out->address) < 0)
		return -1;
	if (!*out->address.spec)
		return response_set(why, 553, "5.1.3",
				    "the address of a recipient is empty");
	return 0;
}
