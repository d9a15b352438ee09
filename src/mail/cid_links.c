/* cid_links.c - finds "cid:" and the text up to the end of the link. */
#include "mail/cid_links.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/text.h"
#include "codec/words.h"

#define ID_MAX (4 * CID_LINK_MAX)

static const char scheme[] = "cid:";
#define SCHEME_LENGTH (sizeof(scheme) - 1)

const char *cid_of(struct arena *a, const char *name, const char *domain)
{
	struct buf out = BUF_INIT(ID_MAX);
	const char *id;

	words_put_fallback(&out, name);
	for (size_t i = 0; i < out.len; i++)
		if (strchr(" \t<>()[]\\,;:\"", out.data[i]))
			out.data[i] = '_';
	if (!strchr(out.data, '@'))
		buf_printf(&out, "@%s", domain);
	id = arena_dup_n(a, out.data, out.len);
	buf_free(&out);
	return id;
}

/* Characters that end a link, in an attribute or in url() of a style sheet. */
static bool ends_link(char c)
{
	return (unsigned char)c <= 32 || strchr("\"'<>()&", c) != NULL;
}

/* A link is percent-encoded: "my%20logo.png". */
static bool link_is(const char *link, const char *name)
{
	for (; *link && *name; name++) {
		int octet = *link == '%' ? text_hex_octet(link + 1) : -1;

		if ((unsigned char)*name !=
		    (octet < 0 ? (unsigned char)*link : (unsigned)octet))
			return false;
		link += octet < 0 ? 1 : 3;
	}
	return !*link && !*name;
}

static bool names_part(const char *link, const struct cid_name *x)
{
	size_t n = strcspn(x->id, "@");

	return link_is(link, x->name) ||
	       (strlen(link) == n && memcmp(link, x->id, n) == 0);
}

static void put_id(struct sink *to, const char *id)
{
	for (; *id; id++) {
		if (ascii_is_alnum(*id) || strchr("-._~@!$*+=", *id))
			sink_put(to, id, 1);
		else
			sink_printf(to, "%%%02X", (unsigned char)*id);
	}
}

static void end_link(struct cid_links *s)
{
	const struct cid_name *x = s->names;

	s->link[s->length] = '\0';
	while (x && !names_part(s->link, x))
		x = x->next;
	/* A failure stays in the error of the chain. */
	if (x && s->length)
		put_id(s->sink.next, x->id);
	else
		sink_put(s->sink.next, s->link, s->length);
	s->length = s->matched = 0;
}

static void take_link_octet(struct cid_links *s, char c)
{
	if (s->length == CID_LINK_MAX || ends_link(c)) {
		end_link(s);
		sink_put(s->sink.next, &c, 1);
		return;
	}
	s->link[s->length++] = c;
}

/* Octets from p that belong neither to a link nor to its scheme. */
static size_t plain_run(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && *p != 'c' && *p != 'C')
		p++;
	return (size_t)(p - start);
}

static int cid_links_put(struct sink *sink, const void *data, size_t n)
{
	struct cid_links *s = (struct cid_links *)sink;
	const char *p = data, *end = p + n;

	while (p < end && !error_is_set(sink->error)) {
		size_t run = s->matched ? 0 : plain_run(p, end);

		if (run) {
			sink_put(sink->next, p, run);
			p += run;
		} else if (s->matched == SCHEME_LENGTH) {
			take_link_octet(s, *p++);
		} else if (ascii_lower(*p) == scheme[s->matched]) {
			s->matched++;
			sink_put(sink->next, p++, 1);
		} else {
			/* the same octet may begin another one */
			s->matched = 0;
			if (ascii_lower(*p) != *scheme)
				sink_put(sink->next, p++, 1);
		}
	}
	return error_is_set(sink->error) ? -1 : 0;
}

static int cid_links_close(struct sink *sink)
{
	struct cid_links *s = (struct cid_links *)sink;

	if (s->matched == SCHEME_LENGTH)
		end_link(s);
	return error_is_set(sink->error) ? -1 : 0;
}

static const struct sink_ops cid_links_ops = { .put = cid_links_put,
					       .close = cid_links_close };

void cid_links_init(struct cid_links *s, struct sink *next,
		    const struct cid_name *names)
{
	s->sink = (struct sink){ .ops = &cid_links_ops,
				 .next = next,
				 .error = next->error };
	s->names = names;
	s->matched = s->length = 0;
}
