/* notice_fields.c - RFC 3464's groups of fields.
 *
 * A digest is about many messages where the RFC knows one, so what it has
 * about the message stands with each recipient, in fields of our own. */
#include "queuerun/notice_fields.h"

#include <string.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/sysenv.h"
#include "codec/xtext.h"
#include "mail/date.h"
#include "queuerun/notice_text.h"

#define VALUE_MAX 900 /* octets: one word of them still fits a line */
#define ROOM	  4096
#define TYPE_MAX  32 /* octets of an address type */

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

/* What would not be printable stays as it came. */
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

	/* the name alone: no port, and a socket's path is none */
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
	bool is_utf8 = !notice_text_is_ascii(one->address);

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

bool notice_fields_are_global(const struct notice_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct entry *e = r->mails[i].entry;

		for (size_t j = 0; j < e->count; j++) {
			const struct entry_recipient *one = &e->recipients[j];

			if (notice_report_concerns(e, one, r->kind) &&
			    !notice_text_is_ascii(one->address))
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

int notice_fields_write(const struct notice_report *r, struct sink *to)
{
	struct fields x = { .to = to,
			    .is_global = notice_fields_are_global(r),
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
