/* sealed.c - PGP signs the decoded text, DKIM the transferred octets (RFC 6376
 * 3.7). */
#include "mail/sealed.h"

#include <inttypes.h>
#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "codec/base64.h"
#include "codec/qp.h"
#include "mail/message.h"
#include "mail/rawfield.h"

static struct slice range(const struct draft *d, uint64_t from, uint64_t to)
{
	struct slice part = d->content;

	part.offset += from;
	part.length = to - from;
	return part;
}

static int pump_through(const struct slice *text, struct sink *decoder)
{
	if (pump_slice(text, decoder) < 0)
		return -1;
	return sink_close(decoder);
}

static int find_line(const struct draft *d, struct entity *e, const char *line,
		     struct error *f)
{
	const struct slice text = range(d, e->body, e->end);
	struct boundary_search search;
	struct unbase64 base64;
	struct unqp qp;
	int rc;

	/* the search adds the two dashes before it */
	boundary_search_init(&search, line + 2, f);
	if (e->label == LABEL_BASE64) {
		unbase64_init(&base64, &search.sink);
		rc = pump_through(&text, &base64.sink);
	} else {
		unqp_init(&qp, &search.sink, true);
		rc = pump_through(&text, &qp.sink);
	}
	if (search.found)
		e->is_sealed = true;
	return rc;
}

static int find_armour(const struct draft *d, struct entity *e, struct error *f)
{
	int rc = find_line(d, e, ENTITY_SIGNED, f);

	return rc < 0 || e->is_sealed ? rc
				      : find_line(d, e, ENTITY_ENCRYPTED, f);
}

bool sealed_has_header(const struct entity *e)
{
	return e->is_sealed && e->has_dkim && e->parent;
}

static bool is_encoded_text(const struct entity *e)
{
	return e->kind == ENTITY_LEAF && e->type <= TYPE_TEXT &&
	       !e->is_sealed &&
	       (e->label == LABEL_BASE64 || e->label == LABEL_QUOTED_PRINTABLE);
}

/* RFC 5321 restricts the lines of a body, not their content. */
static int judge_header(const struct draft *d, struct entity *e,
			struct error *f)
{
	const struct slice header = range(d, e->header, e->body);
	struct content_scan s;

	if (content_scan_slice(&s, &header, f) < 0)
		return -1;
	e->is_fit = !s.nuls && !s.bare_cr && s.longest <= RAWFIELD_LINE_MAX;
	return 0;
}

int sealed_find(struct draft *d, struct error *f)
{
	int rc = 0;

	for (struct entity *e = d->entities; e && rc == 0; e = e->next) {
		if (e->is_attached && !e->is_fit && e->kind != ENTITY_CLOSE)
			rc = judge_header(d, e, f);
		if (!d->keeps_signed || rc < 0) {
			continue;
		} else if (is_encoded_text(e)) {
			rc = find_armour(d, e, f);
		} else if (sealed_has_header(e)) {
			const struct slice all = range(d, e->header, e->end);

			rc = content_scan_slice(&e->scan, &all, f);
		}
	}
	return rc;
}

/* ---- why it cannot be sent
 * ---------------------------------------------------
 */

/* A message with a broken signature must not be sent. */
static int refuse(uint64_t line, const char *what, struct error *f)
{
	return error_set(
		f, ERROR_DATA,
		"the part at line %" PRIu64 " of the message is signed or "
		"encrypted and has %s; any other form would break that, so it "
		"was not sent: encode it as quoted-printable or base64 before "
		"it is signed",
		line, what);
}

int draft_check_7bit(const struct draft *d, struct error *f)
{
	if (!d->fixed_8bit)
		return 0;
	return refuse(d->fixed_8bit,
		      "octets over 127, and the server does not offer 8BITMIME",
		      f);
}

int sealed_refuse(const struct draft *d, const struct entity *e,
		  struct error *f)
{
	const struct content_scan *s = &e->scan;

	if (s->nuls)
		return refuse(e->line, "NUL octets", f);
	if (s->bare_cr)
		return refuse(e->line, "a CR that ends no line", f);
	if (s->longest > RAWFIELD_LINE_MAX)
		return refuse(e->line, "lines over 998 octets", f);
	return draft_check_7bit(d, f);
}

/* ---- the fields that DKIM covers ---- */

/* The list is kept as ":from:to:", in lower case; names may be repeated. */

#define FIELDS_MAX (1024 * 1024)

/* The value of the tag h of a "tag=value; tag=value" list. */
static const char *find_names(const char *p)
{
	while (*p) {
		p += strspn(p, " \t;");
		if (ascii_lower(*p) == 'h') {
			const char *at = p + 1 + strspn(p + 1, " \t");

			if (*at == '=')
				return at + 1;
		}
		p += strcspn(p, ";");
	}
	return "";
}

static void put_names(struct buf *out, const char *p)
{
	for (; *p && *p != ';'; p++)
		if (*p != ' ' && *p != '\t')
			buf_putc(out, ascii_lower(*p));
	buf_putc(out, ':');
}

/* In ARC (RFC 8617 5.1.1) the fields of the set are signed as well. */
static bool put_signature(struct buf *out, const char *name)
{
	if (ascii_equal(name, "DKIM-Signature"))
		return buf_puts(out, ":dkim-signature:") == 0;
	if (ascii_equal(name, "ARC-Message-Signature"))
		return buf_puts(out, ":arc-message-signature:arc-seal:"
				     "arc-authentication-results:") == 0;
	return false;
}

const char *dkim_fields(struct arena *a, const struct header *h)
{
	struct buf out = BUF_INIT(FIELDS_MAX);
	const char *fields = NULL;

	for (const struct field *x = h->first; x; x = x->next) {
		if (put_signature(&out, x->name))
			put_names(&out, find_names(x->value));
	}
	if (out.len)
		fields = arena_dup_n(a, out.data, out.len);
	buf_free(&out);
	return fields;
}

bool dkim_covers(const char *fields, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = fields; p && (p = strchr(p, ':'));) {
		p++;
		if (ascii_begins(p, name) && p[n] == ':')
			return true;
	}
	return false;
}
