/* notice_text.c - for readers who do not know mail: first what happened,
 * then the server's reply, then what to do.
 *
 * Foreign text is sanitized first, then wrapped. */
#include "queuerun/notice_report.h"

#include <inttypes.h>
#include <string.h>

#include "base/sysenv.h"
#include "base/text.h"
#include "mail/charset.h"
#include "mail/date.h"

/* ---- other people's words ---- */

#define WIDTH 72 /* columns; a character counts as one */

static void put_octets(struct buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\t')
			buf_putc(out, ' ');
		else
			buf_printf(out, "\\x%02X", (unsigned char)text[i]);
}

void notice_text_put(struct buf *out, const char *text, bool ascii, size_t max)
{
	size_t start = out->len;

	for (size_t n; *text; text += n) {
		size_t whole = text_safe_step(text, strlen(text));
		bool escaped = !whole || (ascii && whole > 1);

		n = whole ? whole : 1;
		if (out->len - start + (escaped ? 4 * n : n) + 3 > max) {
			buf_puts(out, "...");
			return;
		}
		if (escaped)
			put_octets(out, text, n);
		else
			buf_put(out, text, n);
	}
}

int notice_text_wrap(struct sink *to, size_t indent, const char *text)
{
	size_t column = 0;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t n = strcspn(text, " "), width = text_width(text, n);

		if (column && column + 1 + width > WIDTH) {
			sink_puts(to, "\r\n");
			column = 0;
		}
		if (column)
			sink_puts(to, " ");
		else
			sink_printf(to, "%*s", (int)indent, "");
		column = column ? column + 1 + width : indent + width;
		if (sink_put(to, text, n) < 0)
			return -1;
		text += n;
	}
	return sink_puts(to, "\r\n");
}

/* ---- ours ---- */

#define RECIPIENTS_SHOWN	20
#define RECIPIENTS_SHOWN_DIGEST 5
#define SUBJECT_MAX		150
#define REPLY_MAX		600
#define ROOM			8192

struct words {
	const struct notice_report *report;
	struct sink *to;
	struct buf line;
};

/* Writes the line as one paragraph, and empties it. */
static void put_line(struct words *w, size_t indent)
{
	notice_text_wrap(w->to, indent, w->line.data);
	buf_reset(&w->line);
}

static void put_paragraph(struct words *w, const char *text)
{
	buf_puts(&w->line, text);
	put_line(w, 0);
	sink_puts(w->to, "\r\n");
}

static void add(struct words *w, const char *text, size_t max)
{
	notice_text_put(&w->line, text, false, max);
}

static void add_date(struct words *w, int64_t when)
{
	char date[DATE_SIZE];

	date_format(date, when, sysenv_zone(when));
	buf_puts(&w->line, date);
}

/* "the mail "Subject" of DATE" */
static void add_mail(struct words *w, const struct notice_mail *mail)
{
	if (*mail->subject) {
		buf_putc(&w->line, '"');
		add(w, mail->subject, SUBJECT_MAX);
		buf_puts(&w->line, "\" of ");
	} else {
		buf_puts(&w->line, "without a subject, of ");
	}
	add_date(w, mail->entry->arrived);
}

/* ---- who, and why ---- */

static void put_reason(struct words *w, const struct entry_recipient *one)
{
	const char *host = one->host ? one->host : "";
	const char *reply = one->reply ? one->reply : "";

	if (*reply) {
		add(w, *host ? host : "the server", REPLY_MAX);
		buf_puts(&w->line, " said: ");
		add(w, reply, REPLY_MAX);
	} else if (*small_error_text(&one->last)) {
		add(w, small_error_text(&one->last), REPLY_MAX);
	} else {
		buf_puts(&w->line, "no server gave a reason");
	}
	put_line(w, 6);
	if (w->report->kind == NOTICE_DELAYED || !one->last.temporary)
		return;
	buf_puts(&w->line, "given up");
	if (one->tries > 0)
		buf_printf(&w->line, " after %u %s", one->tries,
			   one->tries > 1 ? "tries" : "try");
	if (one->tried > 0) {
		buf_puts(&w->line, ", the last on ");
		add_date(w, one->tried);
	}
	put_line(w, 6);
}

static void put_recipients(struct words *w, const struct entry *e)
{
	size_t most = w->report->count > 1 ? RECIPIENTS_SHOWN_DIGEST
					   : RECIPIENTS_SHOWN;
	size_t shown = 0;

	for (size_t i = 0; i < e->count; i++) {
		const struct entry_recipient *one = &e->recipients[i];

		if (!notice_report_concerns(e, one, w->report->kind))
			continue;
		if (shown++ >= most)
			continue;
		add(w, one->address, REPLY_MAX);
		put_line(w, 4);
		put_reason(w, one);
	}
	if (shown > most) {
		buf_printf(&w->line,
			   "and %zu more; the next part of this message "
			   "lists them all",
			   shown - most);
		put_line(w, 4);
	}
}

/* Those that this report is not about. */
static void put_others(struct words *w, const struct entry *e)
{
	size_t sent = entry_count(e, ENTRY_SENT);
	size_t waiting = entry_count(e, ENTRY_WAITING);

	if (sent) {
		buf_printf(&w->line, "It was sent to %zu other recipient%s.",
			   sent, sent > 1 ? "s" : "");
		put_paragraph(w, "");
	}
	if (waiting && w->report->kind == NOTICE_FAILED) {
		buf_printf(&w->line,
			   "For %zu other recipient%s it is still being tried.",
			   waiting, waiting > 1 ? "s" : "");
		put_paragraph(w, "");
	}
}

/* ---- what can be done ---- */

static void put_commands(struct words *w, const char *id, bool is_kept)
{
	sink_printf(w->to, "    mailsend --mailq --print %s\r\n", id);
	if (is_kept)
		sink_printf(w->to, "    mailsend --mailq --retry %s\r\n", id);
	sink_printf(w->to, "    mailsend --mailq --delete %s\r\n\r\n", id);
}

static bool has_refusal(const struct entry *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (notice_report_concerns(e, &e->recipients[i],
					   NOTICE_FAILED) &&
		    !e->recipients[i].last.temporary)
			return true;
	return false;
}

static void put_advice(struct words *w, const struct entry *e)
{
	if (has_refusal(e))
		put_paragraph(
			w, "What was refused is not tried again. Check the "
			   "address, fix what the server complains about, and "
			   "send the mail once more.");
	else
		put_paragraph(
			w,
			"It is not tried any more. Ask the people who run that "
			"server, reach the recipient in another way, or send "
			"the mail again later.");
}

static void put_returned(struct words *w, const struct entry *e)
{
	bool waits = entry_count(e, ENTRY_WAITING) > 0;

	if (w->report->is_whole) {
		put_paragraph(w, "Your mail comes back with this message.");
		return;
	}
	put_paragraph(w, waits ? "Only its header comes back with this message."
			       : "Only its header comes back with this "
				 "message; the mail itself is stored on that "
				 "machine. These commands show it, retry it, "
				 "or delete it:");
	if (!waits)
		put_commands(w, e->id, true);
}

/* ---- one mail ---- */

static void put_facts(struct words *w, const struct notice_mail *mail)
{
	buf_puts(&w->line, "Queue id: ");
	add(w, mail->entry->id, REPLY_MAX);
	put_line(w, 0);
	if (mail->message_id) {
		buf_puts(&w->line, "Message-ID: ");
		add(w, mail->message_id, REPLY_MAX);
		put_line(w, 0);
	}
}

static void put_failed(struct words *w, const struct notice_mail *mail)
{
	const struct entry *e = mail->entry;
	size_t n = notice_report_count(e, NOTICE_FAILED);

	buf_puts(&w->line, "Your mail ");
	add_mail(w, mail);
	buf_printf(&w->line, " could not be delivered to %s:",
		   n > 1 ? "these recipients" : "this recipient");
	put_paragraph(w, "");
	put_recipients(w, e);
	sink_puts(w->to, "\r\n");
	put_others(w, e);
	put_advice(w, e);
	put_returned(w, e);
	put_facts(w, mail);
}

static void put_delayed(struct words *w, const struct notice_mail *mail)
{
	const struct entry *e = mail->entry;
	size_t n = notice_report_count(e, NOTICE_DELAYED);

	buf_puts(&w->line, "Your mail ");
	add_mail(w, mail);
	buf_printf(&w->line,
		   " has not been delivered yet to %s. You do not "
		   "have to do anything:",
		   n > 1 ? "these recipients" : "this recipient");
	put_paragraph(w, "");
	put_recipients(w, e);
	sink_puts(w->to, "\r\n");
	put_others(w, e);
	buf_puts(&w->line, "It is tried again until ");
	add_date(w, e->arrived + w->report->account->queue_lifetime);
	buf_puts(&w->line, " (for ");
	text_put_span(&w->line, w->report->account->queue_lifetime);
	put_paragraph(w, " in all); you will be told if that fails. These "
			 "commands show it, or delete it:");
	put_commands(w, e->id, false);
	put_facts(w, mail);
}

/* ---- many ---- */

static void put_one_of_many(struct words *w, const struct notice_mail *mail,
			    size_t number)
{
	size_t waiting = entry_count(mail->entry, ENTRY_WAITING);

	buf_printf(&w->line, "%zu. ", number);
	add_mail(w, mail);
	buf_puts(&w->line, ", queue id ");
	add(w, mail->entry->id, REPLY_MAX);
	put_line(w, 0);
	put_recipients(w, mail->entry);
	if (waiting) {
		buf_printf(&w->line,
			   "(for %zu other recipient%s it is still being "
			   "tried)",
			   waiting, waiting > 1 ? "s" : "");
		put_line(w, 4);
	}
	sink_puts(w->to, "\r\n");
}

static void put_digest(struct words *w)
{
	const struct notice_report *r = w->report;

	buf_printf(&w->line, "%zu of your mails could not be delivered.",
		   r->count);
	if (r->more)
		buf_printf(&w->line,
			   " (%zu more have failed; another message will tell "
			   "of them.)",
			   r->more);
	put_paragraph(w, "");
	for (size_t i = 0; i < r->count; i++)
		put_one_of_many(w, &r->mails[i], i + 1);
	put_paragraph(w, "None of them comes back with this message: they are "
			 "stored on that machine, where mailq lists them. With "
			 "the id of one of them, these commands show it, retry "
			 "it, or delete it:");
	put_commands(w, "ID", true);
}

int notice_text_write(const struct notice_report *r, struct sink *to)
{
	struct words w = { .report = r, .to = to, .line = BUF_INIT(ROOM) };

	buf_puts(&w.line, "This is the mail program mailsend on ");
	add(&w, sysenv_host(), REPLY_MAX);
	put_paragraph(&w, ".");
	if (r->kind == NOTICE_DELAYED)
		put_delayed(&w, &r->mails[0]);
	else if (r->count > 1)
		put_digest(&w);
	else
		put_failed(&w, &r->mails[0]);
	buf_free(&w.line);
	return error_is_set(to->error) ? -1 : 0;
}

void notice_text_subject(const struct notice_report *r, struct buf *out)
{
	if (r->count > 1) {
		buf_printf(out, "Mail delivery failed: %zu mails", r->count);
		return;
	}
	buf_puts(out, r->kind == NOTICE_DELAYED ? "Mail delivery delayed"
						: "Mail delivery failed");
	if (*r->mails[0].subject) {
		buf_puts(out, ": ");
		notice_text_put(out, r->mails[0].subject, false, SUBJECT_MAX);
	}
}
