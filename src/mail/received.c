/* received.c - a Received field as words and comments, clause by clause.
 *
 *	from WORD (comment) by WORD (comment) via WORD with WORD... id WORD
 *	for WORD; date
 *
 * TLS is described in a comment after any of them, as "tls CIPHER" (Exim), or
 * in the name of the protocol. */
#include "mail/received.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"
#include "mail/date.h"

#define SLACK 1 /* times are whole seconds, and clocks differ a little */

const char *received_clean(struct arena *a, const char *text, size_t n)
{
	bool is_cut = n > RECEIVED_TEXT_MAX;
	char *copy;

	if (is_cut)
		n = RECEIVED_TEXT_MAX;
	copy = arena_format(a, "%.*s%s", (int)n, text, is_cut ? "..." : "");
	for (char *p = copy; *p; p++)
		if (*p == '\t' || *p == '\r' || *p == '\n')
			*p = ' ';
		else if (*p < 32 || *p > 126)
			*p = '?';
	return copy;
}

/* ---- words ---- */

enum token { TOKEN_END, TOKEN_WORD, TOKEN_COMMENT, TOKEN_SEMICOLON };

struct lexer {
	const char *p;
	const char *text; /* of the token; of a comment, its content */
	size_t length;
};

/* Where the comment that begins here ends: at its ')' or the end. */
static const char *comment_end(const char *p)
{
	unsigned depth = 0;

	for (; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			break;
	}
	return p;
}

static const char *word_end(const char *p)
{
	bool is_quoted = false;

	for (; *p; p++) {
		if (*p == '"')
			is_quoted = !is_quoted;
		else if (!is_quoted && (text_is_space(*p) || strchr("(;", *p)))
			break;
	}
	return p;
}

static enum token next(struct lexer *l)
{
	const char *end;

	while (text_is_space(*l->p))
		l->p++;
	if (!*l->p)
		return TOKEN_END;
	if (*l->p == ';') {
		l->text = l->p++;
		l->length = 1;
		return TOKEN_SEMICOLON;
	}
	if (*l->p != '(') {
		end = word_end(l->p);
		l->text = l->p;
		l->length = (size_t)(end - l->p);
		l->p = end;
		return TOKEN_WORD;
	}
	end = comment_end(l->p);
	l->text = l->p + 1;
	l->length = (size_t)(end - l->text);
	l->p = *end ? end + 1 : end;
	return TOKEN_COMMENT;
}

static bool begins(const char *text, size_t n, const char *word)
{
	size_t i = 0;

	while (i < n && word[i] && ascii_lower(text[i]) == word[i])
		i++;
	return !word[i];
}

/* ---- TLS ---- */

/* "TLSv1.3", "TLS1_2", "TLS1.2", "SSLv3": its length, 0 if it is not one. */
static size_t version_length(const char *p, size_t n)
{
	size_t i = 3;

	if (!begins(p, n, "tls") && !begins(p, n, "ssl"))
		return 0;
	if (i < n && ascii_lower(p[i]) == 'v')
		i++;
	if (i >= n || !ascii_is_digit(p[i]))
		return 0;
	i++;
	if (i + 1 < n && (p[i] == '.' || p[i] == '_') &&
	    ascii_is_digit(p[i + 1]))
		i += 2;
	return i < n && (ascii_is_alnum(p[i]) || strchr("._-", p[i])) ? 0 : i;
}

static const char *version_name(struct arena *a, const char *p, size_t n)
{
	const char *digits = p + 3;
	char minor = '\0';

	if (ascii_lower(*digits) == 'v')
		digits++;
	if ((size_t)(digits - p) + 2 < n)
		minor = digits[2];
	if (minor)
		return arena_format(a, "%.3sv%c.%c", p, *digits, minor);
	return arena_format(a, "%.3sv%c", p, *digits);
}

static size_t cipher_length(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && (ascii_is_alnum(p[i]) || strchr("_-", p[i])) && p[i])
		i++;
	return i;
}

static void take_cipher(struct arena *a, struct hop *h, const char *p, size_t n)
{
	size_t length = cipher_length(p, n);

	if (!*h->cipher && length > 3)
		h->cipher = received_clean(a, p, length);
}

/* In a comment, or a word of the clause "tls". */
static void scan_tls(struct arena *a, struct hop *h, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *at = p + i;
		size_t left = n - i, length;

		if (i && ascii_is_alnum(at[-1]))
			continue;
		length = version_length(at, left);
		if (length) {
			if (!*h->tls_version)
				h->tls_version = version_name(a, at, length);
			h->tls = HOP_TLS_USED;
			if (length < left && at[length] == ':')
				take_cipher(a, h, at + length + 1,
					    left - length - 1);
		} else if (begins(at, left, "cipher=") ||
			   begins(at, left, "cipher ")) {
			take_cipher(a, h, at + 7, left - 7);
		} else if (begins(at, left, "tls_")) {
			take_cipher(a, h, at, left);
		}
	}
}

/* RFC 3848, 4017, 6531: a trailing S means TLS, A means authenticated. */
static void judge_protocol(struct hop *h)
{
	static const char *const names[] = { "smtp",	 "esmtp",    "lmtp",
					     "utf8smtp", "utf8lmtp", "asmtp",
					     "smtpsvc" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t n = strlen(names[i]);
		const char *rest = h->with + n;

		if (!ascii_begins(h->with, names[i]))
			continue;
		if (ascii_equal(rest, "S") || ascii_equal(rest, "SA"))
			h->tls = HOP_TLS_USED;
		else if ((!*rest || ascii_equal(rest, "A")) &&
			 h->tls == HOP_TLS_UNTOLD)
			h->tls = HOP_TLS_NONE;
		if (ascii_equal(rest, "A") || ascii_equal(rest, "SA"))
			h->is_login = true;
	}
}

/* ---- clauses ---- */

enum clause {
	CLAUSE_NONE,
	CLAUSE_FROM,
	CLAUSE_BY,
	CLAUSE_VIA,
	CLAUSE_WITH,
	CLAUSE_ID,
	CLAUSE_FOR,
	CLAUSE_TLS,
};

struct reading {
	struct arena *arena;
	struct hop *hop;
	enum clause clause;
	unsigned words; /* of the clause */
	bool is_broken; /* a comment followed them */
};

static enum clause clause_of(const char *text, size_t n)
{
	static const char *const words[] = {
		[CLAUSE_FROM] = "from", [CLAUSE_BY] = "by",
		[CLAUSE_VIA] = "via",	[CLAUSE_WITH] = "with",
		[CLAUSE_ID] = "id",	[CLAUSE_FOR] = "for",
		[CLAUSE_TLS] = "tls",
	};

	for (size_t i = CLAUSE_FROM; i <= CLAUSE_TLS; i++)
		if (ascii_is_word(text, n, words[i]))
			return (enum clause)i;
	return CLAUSE_NONE;
}

static void append_with(struct reading *r, const char *text)
{
	struct hop *h = r->hop;

	if (r->is_broken || r->words > 8)
		return;
	h->with = *h->with ? arena_format(r->arena, "%s %s", h->with, text)
			   : text;
}

static void take_word(struct reading *r, const char *text, size_t n)
{
	/* a keyword ends a clause, but is its value if it has none yet */
	enum clause begun = r->clause == CLAUSE_NONE || r->words
				    ? clause_of(text, n)
				    : CLAUSE_NONE;
	struct hop *h = r->hop;

	if (begun != CLAUSE_NONE) {
		r->clause = begun;
		r->words = 0;
		r->is_broken = begun == CLAUSE_WITH && *h->with;
		return;
	}
	r->words++;
	if (r->clause == CLAUSE_FROM && !*h->from)
		h->from = received_clean(r->arena, text, n);
	else if (r->clause == CLAUSE_BY && !*h->by)
		h->by = received_clean(r->arena, text, n);
	else if (r->clause == CLAUSE_WITH)
		append_with(r, received_clean(r->arena, text, n));
	else if (r->clause == CLAUSE_TLS) {
		h->tls = HOP_TLS_USED;
		scan_tls(r->arena, h, text, n);
		if (!memchr(text, '=', n))
			take_cipher(r->arena, h, text, n);
	}
}

static void take_comment(struct reading *r, const char *text, size_t n)
{
	struct hop *h = r->hop;

	r->is_broken = true;
	if (!*h->note)
		h->note = received_clean(r->arena, text, n);
	if (begins(text, n, "authenticated sender"))
		h->is_login = true;
	scan_tls(r->arena, h, text, n);
}

/* The name of the zone may follow: "+0000 (UTC)". */
static void take_date(struct reading *r, const char *text)
{
	struct error unused = ERROR_INIT;
	char *copy;
	int zone;

	text += strspn(text, " \t");
	copy = arena_dup_n(r->arena, text, strcspn(text, "("));
	/* "@1" is for options, not for mail */
	r->hop->has_date = *copy && *copy != '@' &&
			   date_parse(copy, &r->hop->when, &zone, &unused) == 0;
}

/* The text after the last semicolon; some have another before it. */
static const char *find_date(const char *value)
{
	struct lexer l = { .p = value };
	const char *date = NULL;
	enum token token;

	while ((token = next(&l)) != TOKEN_END)
		if (token == TOKEN_SEMICOLON)
			date = l.p;
	return date;
}

void hop_read(struct arena *a, const char *value, struct hop *out)
{
	const char *date = find_date(value);
	struct lexer l = { .p = value };
	struct reading r = { .arena = a, .hop = out };
	enum token token;

	*out = (struct hop){ .from = "",
			     .by = "",
			     .with = "",
			     .note = "",
			     .tls_version = "",
			     .cipher = "" };
	while (l.p != date && (token = next(&l)) != TOKEN_END) {
		if (token == TOKEN_COMMENT)
			take_comment(&r, l.text, l.length);
		else if (token == TOKEN_WORD)
			take_word(&r, l.text, l.length);
	}
	judge_protocol(out);
	if (date)
		take_date(&r, date);
}

/* ---- all of them ---- */

void received_add(struct received *h, struct arena *a, const char *value)
{
	struct hop one;

	if (h->count == RECEIVED_MAX) {
		h->left_off++;
		return;
	}
	if (!h->items)
		h->items = arena_array(a, RECEIVED_MAX, sizeof(*h->items));
	hop_read(a, value, &one);
	memmove(h->items + 1, h->items, h->count * sizeof(*h->items));
	h->items[0] = one;
	h->count++;
}

/* How far a time is outside the period between sending and arrival. */
static int64_t outside(int64_t when, int64_t sent, int64_t arrived)
{
	if (when < sent - SLACK)
		return when - sent;
	return when > arrived + SLACK ? when - arrived : 0;
}

/* If all times are outside, our own clock differs: any of them will do, so the
 * first. */
static int64_t own_offset(const struct received *h, int64_t sent,
			  int64_t arrived)
{
	const struct hop *first = NULL;

	for (size_t i = 0; i < h->count; i++) {
		if (!h->items[i].has_date)
			continue;
		if (!outside(h->items[i].when, sent, arrived))
			return 0;
		if (!first)
			first = &h->items[i];
	}
	return first ? first->when - sent : 0;
}

void received_time(struct received *h, int64_t sent, int64_t arrived)
{
	int64_t offset = own_offset(h, sent, arrived);
	int64_t before = sent + offset;
	bool is_first = true;

	for (size_t i = 0; i < h->count; i++) {
		struct hop *one = &h->items[i];

		if (!one->has_date)
			continue;
		one->skew = offset + outside(one->when - offset, sent, arrived);
		/* for the first there is nothing to compare with */
		if (one->skew == offset && !(offset && is_first)) {
			one->has_delay = true;
			one->delay =
				one->when > before ? one->when - before : 0;
		}
		if (one->skew == offset && one->when > before)
			before = one->when;
		is_first = false;
	}
}

/* ---- Authentication-Results ---- */

/* Comments are removed, the rest is words between semicolons:
 *
 *	ID [VERSION]; METHOD[/VERSION]=RESULT TYPE.PROPERTY=VALUE...; ... */

/* Without comments, white space reduced to one blank, none around
 * punctuation. */
static char *plain(struct arena *a, const char *value)
{
	char *copy = arena_alloc(a, strlen(value) + 1), *out = copy;
	bool is_quoted = false;
	unsigned depth = 0;

	for (const char *p = value; *p; p++) {
		bool is_space = text_is_space(*p) || depth || *p == '(';

		if (!is_quoted && *p == '(')
			depth++;
		else if (!is_quoted && depth && *p == ')')
			depth--;
		else if (!depth && *p == '"')
			is_quoted = !is_quoted;
		if (*p == '\\' && p[1] && depth)
			p++;
		if (!is_quoted && is_space) {
			if (out > copy && !strchr(" =;/", out[-1]))
				*out++ = ' ';
			continue;
		}
		if (!is_quoted && strchr("=;/", *p) && out > copy &&
		    out[-1] == ' ')
			out--;
		*out++ = *p;
	}
	*out = '\0';
	return copy;
}

/* Octets up to the next semicolon outside of quotes. */
static size_t segment_length(const char *p)
{
	bool is_quoted = false;
	size_t n = 0;

	for (; p[n] && (is_quoted || p[n] != ';'); n++)
		if (p[n] == '"')
			is_quoted = !is_quoted;
	return n;
}

static const char *lower(struct arena *a, const char *text, size_t n)
{
	return text_lower(a, received_clean(a, text, n));
}

static void take_result(struct authres *r, struct arena *a, const char *text,
			size_t n)
{
	size_t word = 0, sign = 0, method, rest;
	struct authres_result *one;

	while (word < n && text[word] != ' ')
		word++;
	while (sign < word && text[sign] != '=')
		sign++;
	if (sign == 0 || sign + 1 >= word || r->count == AUTHRES_MAX)
		return; /* "none", or unknown */
	for (method = 0; method < sign && text[method] != '/'; method++)
		;
	if (!r->results)
		r->results = arena_array(a, AUTHRES_MAX, sizeof(*r->results));
	one = &r->results[r->count++];
	rest = word < n ? word + 1 : n;
	one->method = lower(a, text, method);
	one->result = lower(a, text + sign + 1, word - sign - 1);
	one->detail = received_clean(a, text + rest, n - rest);
}

void authres_add(struct authres *r, struct arena *a, const char *value)
{
	const char *text = plain(a, value);
	size_t n, word = 0;
	const char *server;
	bool has_name;

	text += *text == ' ';
	n = segment_length(text);
	while (word < n && text[word] != ' ')
		word++;
	has_name = !memchr(text, '=', word);
	server = has_name ? received_clean(a, text, word) : "";
	if (r->server && !ascii_equal(r->server, server)) {
		r->ignored++;
		return;
	}
	r->server = server;
	for (bool is_name = has_name;; is_name = false) {
		if (!is_name)
			take_result(r, a, text, n);
		text += n;
		if (!*text)
			break;
		text++;
		text += *text == ' ';
		n = segment_length(text);
	}
}
