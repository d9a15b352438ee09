/* patterns.c - reads line by line; a line longer than LINE_OCTETS in pieces. */
#include "run/patterns.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/sysenv.h"
#include "flow/sink.h"

#define LINE_OCTETS 65536
#define GROUPS	    33 /* with the whole match */
#define MASKED_MAX  (1024 * 1024)

int patterns_check(const char *pattern, struct error *f)
{
	char why[256];
	regex_t r;
	int code;

	sysenv_use_locale();
	code = regcomp(&r, pattern, REG_EXTENDED);
	if (!code) {
		size_t groups = r.re_nsub;

		regfree(&r);
		return groups < GROUPS
			       ? 0
			       : error_set(f, ERROR_USAGE,
					   "'%s' has more than %d groups",
					   pattern, GROUPS - 1);
	}
	regerror(code, &r, why, sizeof(why));
	return error_set(f, ERROR_USAGE, "'%s' is not a regular expression: %s",
			 pattern, why);
}

/* Already validated: one that cannot be compiled now (no memory) matches
 * nothing. */
static size_t compile(const struct patterns *p, regex_t *all)
{
	size_t count = 0;

	sysenv_use_locale();
	for (size_t i = 0; i < p->count; i++)
		if (regcomp(&all[count], p->items[i], REG_EXTENDED) == 0)
			count++;
	return count;
}

static void free_all(regex_t *all, size_t count)
{
	while (count)
		regfree(&all[--count]);
}

/* ---- masking ---- */

static void mask_match(struct buf *out, const char *text,
		       const regmatch_t match[GROUPS])
{
	size_t at = 0, end = (size_t)match[0].rm_eo;
	bool has_group = false;

	for (size_t i = 1; i < GROUPS; i++) {
		if (match[i].rm_so < 0 || (size_t)match[i].rm_so < at)
			continue;
		buf_put(out, text + at, (size_t)match[i].rm_so - at);
		buf_puts(out, "***");
		at = (size_t)match[i].rm_eo;
		has_group = true;
	}
	if (has_group) {
		buf_put(out, text + at, end - at);
		return;
	}
	buf_put(out, text, (size_t)match[0].rm_so);
	buf_puts(out, "***");
}

static const char *mask_one(const regex_t *r, struct arena *a, const char *text)
{
	struct buf out = BUF_INIT(MASKED_MAX);
	regmatch_t match[GROUPS];
	const char *result;
	int flags = 0;

	while (*text && regexec(r, text, GROUPS, match, flags) == 0) {
		size_t n = (size_t)match[0].rm_eo;

		if (match[0].rm_so < match[0].rm_eo) {
			mask_match(&out, text, match);
		} else { /* of nothing: go on behind the next octet */
			n += text[n] != '\0';
			buf_put(&out, text, n);
		}
		text += n;
		flags = REG_NOTBOL;
	}
	buf_puts(&out, text);
	/* on failure nothing is shown */
	result = arena_dup(a, out.overflow ? "***" : out.data);
	buf_free(&out);
	return result;
}

const char *patterns_mask(const struct patterns *p, struct arena *a,
			  const char *text)
{
	regex_t all[PATTERNS_MAX];
	size_t count = compile(p, all);

	if (count < p->count)
		text = "***";
	for (size_t i = 0; i < count; i++)
		text = mask_one(&all[i], a, text);
	free_all(all, count);
	return text;
}

/* ---- the digest ---- */

struct filter {
	struct sink sink;
	regex_t all[PATTERNS_MAX];
	size_t count;
	char line[LINE_OCTETS + 1];
	size_t held;
};

/* Modifies the line in place. */
static void cut_matches(const regex_t *r, char *line)
{
	int flags = 0;
	regmatch_t match;

	while (*line && regexec(r, line, 1, &match, flags) == 0) {
		bool is_empty = match.rm_eo == match.rm_so;

		memmove(line + match.rm_so, line + match.rm_eo,
			strlen(line + match.rm_eo) + 1);
		line += match.rm_so;
		line += is_empty && *line; /* behind the next octet */
		flags = REG_NOTBOL;
	}
}

static int put_line(struct filter *x)
{
	/* a NUL would end the string */
	for (size_t i = 0; i < x->held; i++)
		if (!x->line[i])
			x->line[i] = ' ';
	x->line[x->held] = '\0';
	for (size_t i = 0; i < x->count; i++)
		cut_matches(&x->all[i], x->line);
	x->held = 0;
	return sink_put(x->sink.next, x->line, strlen(x->line));
}

static int filter_put(struct sink *sink, const void *data, size_t n)
{
	struct filter *x = (struct filter *)sink;
	const char *p = data;

	for (; n; p++, n--) {
		if (x->held == LINE_OCTETS && put_line(x) < 0)
			return -1;
		if (*p != '\n')
			x->line[x->held++] = *p;
		else if (put_line(x) < 0 || sink_put(sink->next, p, 1) < 0)
			return -1;
	}
	return 0;
}

static int filter_close(struct sink *sink)
{
	return put_line((struct filter *)sink);
}

static const struct sink_ops filter_ops = { .put = filter_put,
					    .close = filter_close };

int patterns_digest(const struct patterns *p, const struct slice *content,
		    char hex[DIGEST_HEX_SIZE], struct error *f)
{
	struct filter *x;
	struct digest d;
	int r;

	if (!p->count)
		return digest_slice(content, hex, f);
	x = memory_alloc(sizeof(*x));
	digest_init(&d, NULL, f);
	x->sink = (struct sink){ .ops = &filter_ops,
				 .next = &d.sink,
				 .error = f };
	x->held = 0;
	x->count = compile(p, x->all);
	r = pump_slice(content, &x->sink);
	if (r == 0)
		r = sink_close(&x->sink);
	if (r == 0)
		r = sink_close(&d.sink);
	if (r == 0)
		memcpy(hex, d.hex, DIGEST_HEX_SIZE);
	free_all(x->all, x->count);
	digest_free(&d);
	free(x);
	return r;
}
