/* notice_report.c - the tree of a notice, and what it reads from the mails.
 *
 *	multipart/report; report-type=delivery-status
 *	    text/plain			notice_text
 *	    message/delivery-status	fields; message/global-... where
 *					an address is not ASCII
 *	    message/rfc822		the mail, or
 *	    text/rfc822-headers		its header; message/global and
 *					message/global-headers where that is
 *					UTF-8 (RFC 6532, RFC 6533)
 *
 * The sender is the account's own address under another name, since many
 * submission servers accept no other; Auto-Submitted tells that a program wrote
 * it (RFC 3834 5).
 *
 * The fields are RFC 3464's groups.  A digest is about several messages, and
 * the RFC only knows one, so the fields about a message are repeated for each
 * recipient, with names of our own. */
#include "queuerun/notice_report.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/sysenv.h"
#include "mail/address.h"
#include "mail/date.h"
#include "mail/encoded.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "mail/rawfield.h"

/* ---- fields for programs (RFC 3464 2, RFC 6533 4) ---- */

#define VALUE_MAX                                                              \
	900 /* octets: one word of that length still fits in a line            \
	     */
#define ROOM	 4096
#define TYPE_MAX 32 /* octets of an address type */

struct fields {
	struct sink *to;
	bool is_global;
	struct buf value;
};

/* "Name: type; text", the type may be NULL. */
static int put_field(struct fields *x, const char *name, const char *type,
		     const char *text)
{
	buf_reset(&x->value);
	if (type)
		buf_printf(&x->value, "%s; ", type);
	notice_text_put(&x->value, text, !x->is_global, VALUE_MAX);
	return header_write_encoded(x->to, name, x->value.data);
}

static int put_date(struct fields *x, const char *name, int64_t when)
{
	char date[DATE_SIZE];

	date_format(date, when, sysenv_zone(when));
	return put_field(x, name, NULL, date);
}

/* Escapes of unprintable characters are kept. */
static void put_xtext(struct buf *out, const char *text)
{
	struct arena a = ARENA_INIT;
	const char *plain = xtext_decode(&a, text), *p = plain;

	while (p && *p > 32 && *p < 127)
		p++;
	buf_puts(out, p && !*p ? plain : text);
	arena_free(&a);
}

/* "rfc822;bob+2Bx@example.org", as the sender gave it. */
static int put_original(struct fields *x, const char *orcpt)
{
	struct buf plain = BUF_INIT(ROOM);
	size_t type = strcspn(orcpt, ";");
	int r = 0;

	if (type < TYPE_MAX && orcpt[type]) {
		buf_put(&plain, orcpt, type);
		buf_puts(&plain, "; ");
		if (ascii_begins(orcpt, "rfc822;"))
			put_xtext(&plain, orcpt + type + 1);
		else
			buf_puts(&plain, orcpt + type + 1);
		r = put_field(x, "Original-Recipient", NULL, plain.data);
	}
	buf_free(&plain);
	return r;
}

/* RFC 3463: class, subject, detail. */
static bool is_status(const char *esc, char class)
{
	size_t dots = 0, digits = 0;

	if (*esc != class || esc[1] != '.')
		return false;
	for (; *esc; esc++) {
		digits = *esc == '.' ? 0 : digits + 1;
		dots += *esc == '.';
		if ((*esc != '.' && !ascii_is_digit(*esc)) || digits > 3 ||
		    (*esc == '.' && !ascii_is_digit(esc[1])))
			return false;
	}
	return dots == 2;
}

static const char *status_of(const struct notice_report *r,
			     const struct entry_recipient *one)
{
	if (r->kind == NOTICE_DELAYED)
		return is_status(one->last.esc, '4') ? one->last.esc : "4.0.0";
	if (one->last.temporary)
		return "4.4.7"; /* it was tried for too long */
	return is_status(one->last.esc, '5') ? one->last.esc : "5.0.0";
}

static bool begins_with_code(const char *reply)
{
	return ascii_is_digit(reply[0]) && ascii_is_digit(reply[1]) &&
	       ascii_is_digit(reply[2]) && !ascii_is_digit(reply[3]);
}

static void put_server(struct fields *x, const struct entry_recipient *one)
{
	const char *host = one->host ? one->host : "";
	const char *reply = one->reply ? one->reply : "";
	const char *sentence = small_error_text(&one->last);
	struct buf name = BUF_INIT(ROOM);

	/* only the name: no port, and not the path of a socket */
	if (*host && *host != '/') {
		const char *colon = strchr(host, ':');
		bool has_port = colon && !strchr(colon + 1, ':');

		buf_put(&name, host,
			has_port ? (size_t)(colon - host) : strlen(host));
		put_field(x, "Remote-MTA", "dns", name.data);
	}
	if (begins_with_code(reply))
		put_field(x, "Diagnostic-Code", "smtp", reply);
	else if (*reply || *sentence)
		put_field(x, "Diagnostic-Code", "x-mailsend",
			  *reply ? reply : sentence);
	buf_free(&name);
}

/* Which mail of a digest it was. */
static void put_mail(struct fields *x, const struct notice_mail *mail)
{
	const struct entry *e = mail->entry;

	put_field(x, "X-Mailsend-Queue-Id", NULL, e->id);
	if (mail->message_id)
		put_field(x, "X-Original-Message-ID", NULL, mail->message_id);
	if (e->dsn_envid)
		put_field(x, "X-Original-Envelope-Id", NULL, e->dsn_envid);
	put_date(x, "X-Original-Arrival-Date", e->arrived);
}

static int put_recipient(struct fields *x, const struct notice_report *r,
			 const struct notice_mail *mail,
			 const struct entry_recipient *one)
{
	bool is_utf8 = !ascii_is_all(one->address);

	sink_puts(x->to, "\r\n");
	if (one->dsn_orcpt)
		put_original(x, one->dsn_orcpt);
	put_field(x, "Final-Recipient", is_utf8 ? "utf-8" : "rfc822",
		  one->address);
	put_field(x, "Action", NULL,
		  r->kind == NOTICE_DELAYED ? "delayed" : "failed");
	put_field(x, "Status", NULL, status_of(r, one));
	put_server(x, one);
	if (one->tried > 0)
		put_date(x, "Last-Attempt-Date", one->tried);
	if (r->kind == NOTICE_DELAYED)
		put_date(x, "Will-Retry-Until",
			 mail->entry->arrived + r->account->queue_lifetime);
	if (r->count > 1)
		put_mail(x, mail);
	return error_is_set(x->to->error) ? -1 : 0;
}

/* Is there an address that only message/global-delivery-status can hold? */
static bool fields_are_global(const struct notice_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct entry *e = r->mails[i].entry;

		for (size_t j = 0; j < e->count; j++) {
			const struct entry_recipient *one = &e->recipients[j];

			if (notice_report_concerns(e, one, r->kind) &&
			    !ascii_is_all(one->address))
				return true;
		}
	}
	return false;
}

static void put_message_group(struct fields *x, const struct notice_report *r)
{
	const struct entry *e = r->mails[0].entry;

	put_field(x, "Reporting-MTA", "dns", sysenv_host());
	if (r->count > 1)
		return;
	if (e->dsn_envid)
		put_field(x, "Original-Envelope-Id", NULL, e->dsn_envid);
	put_date(x, "Arrival-Date", e->arrived);
	put_field(x, "X-Mailsend-Queue-Id", NULL, e->id);
}

/* A group about the mail, and one for each recipient; of a digest, each names
 * its mail in fields that begin with X-.  Ends without an empty line. */
static int fields_write(const struct notice_report *r, struct sink *to)
{
	struct fields x = { .to = to,
			    .is_global = fields_are_global(r),
			    .value = BUF_INIT(ROOM) };

	put_message_group(&x, r);
	for (size_t i = 0; i < r->count; i++) {
		const struct entry *e = r->mails[i].entry;

		for (size_t j = 0; j < e->count; j++)
			if (notice_report_concerns(e, &e->recipients[j],
						   r->kind) &&
			    put_recipient(&x, r, &r->mails[i],
					  &e->recipients[j]) < 0)
				break;
	}
	buf_free(&x.value);
	return error_is_set(to->error) ? -1 : 0;
}

#define HEADER_MAX  (256 * 1024) /* octets of a mail's header that are read */
#define SUBJECT_MAX 998
#define SENDER_NAME "Mail Delivery System"

/* ---- whom it is about ---- */

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (; *list; list += strspn(list, ", ")) {
		size_t length = strcspn(list, ", ");

		if (length == n && ascii_begins(list, word))
			return true;
		list += length;
	}
	return false;
}

bool notice_report_may(const struct entry *e, const struct entry_recipient *r,
		       enum notice_kind kind)
{
	const char *notify = r->dsn_notify ? r->dsn_notify : e->dsn_notify;

	return !notify ||
	       has_word(notify, kind == NOTICE_FAILED ? "failure" : "delay");
}

bool notice_report_concerns(const struct entry *e,
			    const struct entry_recipient *r,
			    enum notice_kind kind)
{
	enum entry_state state =
		kind == NOTICE_FAILED ? ENTRY_FAILED : ENTRY_WAITING;

	return r->state == state && notice_report_may(e, r, kind);
}

size_t notice_report_count(const struct entry *e, enum notice_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < e->count; i++)
		n += notice_report_concerns(e, &e->recipients[i], kind);
	return n;
}

/* ---- the mail's own header ---- */

/* Octets of the header, without the empty line; one that is longer than what
 * was read ends with its last whole line. */
static size_t header_end(const struct buf *text)
{
	const char *at = text->data, *end = at + text->len;

	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));

		if (!line || *at == '\n' || (*at == '\r' && at + 1 == line))
			break;
		at = line + 1;
	}
	return (size_t)(at - text->data);
}

static bool has_header(const struct buf *text)
{
	const char *at = text->data + header_end(text);

	return *at == '\n' || (*at == '\r' && at[1] == '\n');
}

static int read_start(const struct slice *message, struct buf *out,
		      struct error *f)
{
	struct source from;
	char room[16384];
	ssize_t n;

	source_of_slice(&from, message);
	while (out->len < HEADER_MAX && !has_header(out)) {
		size_t want = HEADER_MAX - out->len;

		n = source_read(&from, room,
				want < sizeof(room) ? want : sizeof(room), f);
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		buf_put(out, room, (size_t)n);
	}
	return 0;
}

static const char *decode(struct arena *a, const char *text)
{
	struct buf out = BUF_INIT(HEADER_MAX);
	const char *meaning;

	encoded_decode(&out, text);
	meaning = arena_dup_n(a, out.data,
			      strnlen(out.data, (size_t)SUBJECT_MAX));
	buf_free(&out);
	return meaning;
}

static int read_mail(struct arena *a, struct notice_mail *mail, struct error *f)
{
	struct buf text = BUF_INIT(HEADER_MAX);
	struct arena scratch = ARENA_INIT;
	const char *id = mail->entry->message_id, *at;
	struct rawfield x;
	size_t left;
	int r = read_start(&mail->message, &text, f);

	mail->subject = "";
	mail->header = left = r < 0 ? 0 : header_end(&text);
	for (at = text.data; rawfield_read(at, left, &x);
	     at += x.length, left -= x.length) {
		if (rawfield_is(&x, "Subject"))
			mail->subject = decode(a, rawfield_text(&scratch, &x));
		else if (!id && rawfield_is(&x, "Message-ID"))
			id = arena_dup(a, rawfield_text(&scratch, &x));
	}
	mail->message_id = id && msgid_is_valid(id) ? id : NULL;
	arena_free(&scratch);
	buf_free(&text);
	return r;
}

/* RFC 3461 4.3: what the sender asked for goes before our own setting. */
static bool comes_back_whole(const struct notice_report *r)
{
	const struct entry *e = r->mails[0].entry;
	const char *notice = r->account->queue_notice;

	if (r->kind == NOTICE_DELAYED || r->count > 1)
		return false;
	if (e->dsn_ret)
		return ascii_equal(e->dsn_ret, "full");
	if (notice && strcmp(notice, "auto") != 0)
		return strcmp(notice, "full") == 0;
	return r->mails[0].message.length <= NOTICE_FULL_MAX;
}

/* ---- the header ---- */

/* "NAME <address>" where that can be parsed, else NULL. A name without a domain
 * means nothing to the recipient. */
static const char *mailbox(struct notice_report *r, const char *name,
			   const char *address)
{
	struct error unused = ERROR_INIT;
	struct address one;
	const char *text;

	if (!address || !*address)
		return NULL;
	text = *name ? arena_format(r->arena, "%s <%s>", name, address)
		     : address;
	if (address_parse(r->arena, text, false, &one, &unused) < 0)
		return NULL;
	r->has_8bit_header = r->has_8bit_header || one.needs_smtputf8;
	return *one.domain ? text
			   : arena_format(r->arena, "%s <%s@%s>", name,
					  one.spec, sysenv_domain());
}

static const char *from_of(struct notice_report *r)
{
	const char *from = mailbox(r, SENDER_NAME, r->account->from);

	if (!from)
		from = mailbox(r, SENDER_NAME, r->mails[0].entry->reverse_path);
	return from ? from
		    : arena_format(r->arena, SENDER_NAME " <MAILER-DAEMON@%s>",
				   sysenv_domain());
}

/* In the sender's own domain, as in their mails. */
static const char *make_id(const struct notice_report *r)
{
	const char *at = strrchr(r->mails[0].entry->reverse_path, '@');
	const char *id = NULL;

	if (at && strchr(at, '.') && at[1] != '[')
		id = msgid_make(r->arena, at + 1);
	return id && msgid_is_valid(id) ? id : msgid_make(r->arena, NULL);
}

static int add_header(struct notice_report *r, struct header *h,
		      struct error *f)
{
	const char *to = mailbox(r, "", r->mails[0].entry->reverse_path);
	const char *about = r->count > 1 ? NULL : r->mails[0].message_id;
	struct arena *a = r->arena;
	struct buf subject = BUF_INIT(SUBJECT_MAX);
	char date[DATE_SIZE];
	int rc;

	date_format(date, sysenv_now(), sysenv_zone(sysenv_now()));
	r->message_id = make_id(r);
	notice_text_subject(r, &subject);
	rc = header_add(a, h, "Date", date, f);
	rc |= header_add(a, h, "From", from_of(r), f);
	rc |= header_add(a, h, "To", to ? to : "undisclosed-recipients:;", f);
	rc |= header_add(a, h, "Subject", subject.data, f);
	rc |= header_add(a, h, "Message-ID", r->message_id, f);
	if (about) {
		rc |= header_add(a, h, "In-Reply-To", about, f);
		rc |= header_add(a, h, "References", about, f);
	}
	rc |= header_add(a, h, "Auto-Submitted", "auto-replied", f);
	buf_free(&subject);
	return rc;
}

/* ---- the parts ---- */

struct report_tree {
	struct message message;
	struct part root, words, fields, mail;
	struct piece pieces[3];
	struct stage stages[2];
};

static int stage_words(const struct notice_report *r, struct stage *s,
		       struct error *f)
{
	stage_init(s, r->folders, "the words of a notice", f);
	notice_text_write(r, &s->sink);
	return sink_close(&s->sink);
}

static int stage_fields(const struct notice_report *r, struct stage *s,
			struct error *f)
{
	stage_init(s, r->folders, "the fields of a notice", f);
	fields_write(r, &s->sink);
	return sink_close(&s->sink);
}

static void set_part(struct report_tree *t, struct part *p, struct piece *piece,
		     const char *type, struct slice content)
{
	*piece = (struct piece){ .content = content };
	p->type = type;
	p->pieces = piece;
	header_init(&p->extra);
	for (struct part **at = &t->root.children;; at = &(*at)->next)
		if (!*at) {
			*at = p;
			break;
		}
}

static void set_mail(const struct notice_report *r, struct report_tree *t)
{
	const struct notice_mail *mail = &r->mails[0];
	bool is_global = mail->entry->has_8bit_header;
	struct slice content = mail->message;

	if (!r->is_whole)
		content.length = mail->header;
	if (r->is_whole) {
		set_part(t, &t->mail, &t->pieces[2],
			 is_global ? "message/global" : "message/rfc822",
			 content);
	} else {
		set_part(t, &t->mail, &t->pieces[2],
			 is_global ? "message/global-headers"
				   : "text/rfc822-headers",
			 content);
		t->mail.is_body = !is_global;
	}
}

/* What mail programs show as the name of each part. */
static int describe(struct notice_report *r, struct report_tree *t,
		    struct error *f)
{
	static const char field[] = "Content-Description";
	int rc =
		header_add(r->arena, &t->words.extra, field, "Notification", f);

	rc |= header_add(r->arena, &t->fields.extra, field, "Delivery report",
			 f);
	if (t->fields.next)
		rc |= header_add(r->arena, &t->mail.extra, field,
				 r->is_whole ? "Undelivered message"
					     : "Header of the message",
				 f);
	return rc;
}

static int build(struct notice_report *r, struct report_tree *t,
		 struct error *f)
{
	header_init(&t->message.header);
	header_init(&t->root.extra);
	t->message.root = &t->root;
	t->root.kind = PART_MULTIPART;
	t->root.type = "multipart/report; report-type=delivery-status";
	if (add_header(r, &t->message.header, f) < 0 ||
	    stage_words(r, &t->stages[0], f) < 0 ||
	    stage_fields(r, &t->stages[1], f) < 0)
		return -1;
	set_part(t, &t->words, &t->pieces[0], "text/plain",
		 stage_slice(&t->stages[0]));
	t->words.is_body = true;
	set_part(t, &t->fields, &t->pieces[1],
		 fields_are_global(r) ? "message/global-delivery-status"
				      : "message/delivery-status",
		 stage_slice(&t->stages[1]));
	if (r->count == 1)
		set_mail(r, t);
	return describe(r, t, f);
}

static int write_tree(struct notice_report *r, struct report_tree *t,
		      struct sink *to, struct error *f)
{
	if (message_prepare(r->arena, &t->message, true, f) < 0)
		return -1;
	for (const struct part *p = t->root.children; p; p = p->next)
		r->has_8bit = r->has_8bit || p->encoding == ENCODING_8BIT;
	message_write(&t->message, to);
	return sink_close(to);
}

int notice_report_write(struct notice_report *r, struct sink *to,
			struct error *f)
{
	struct report_tree t = { .stages = { { .fd = -1 }, { .fd = -1 } } };
	int rc = 0;

	for (size_t i = 0; i < r->count && rc == 0; i++)
		rc = read_mail(r->arena, &r->mails[i], f);
	if (rc == 0) {
		r->is_whole = comes_back_whole(r);
		rc = build(r, &t, f);
	}
	if (rc == 0)
		rc = write_tree(r, &t, to, f);
	stage_free(&t.stages[0]);
	stage_free(&t.stages[1]);
	return rc;
}
