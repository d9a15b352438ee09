/* conflicts.c - the table of options that exclude each other.
 *
 * A command line has a set of traits, which is derived from the parsed command
 * and not from the options, as there are several ways to say the same: -H
 * "Subject: x" is a subject.  A row matches if the command is one of its own,
 * any trait of `one` is set, and any of `other`, unless that is empty. */
#include "persona/conflicts.h"

#include <string.h>

#include "base/buf.h"

/* In the order in which a message names the first. */
enum trait {
	RECIPIENTS,
	SEVERAL, /* several recipients, or one in Cc or Bcc */
	TO_HEADER,
	SUBJECT,
	DRAFT,
	BODY,
	INCLUDE,
	HTML,
	ATTACHMENT,
	INLINE,
	ENCODING,
	UUENCODE,
	CHARSET,
	BODY_TYPE,
	SKIP_EMPTY,
	EXTRA,
	FROM,
	ENVELOPE_FROM,
	MESSAGE_ID,
	ACCOUNT,
	HOST,
	EACH,
	BATCH,
	SPLIT,
	CONNECTIONS,
	RESUME,
	PARTS,
	JSON,
	TRANSCRIPT,
	NAGIOS,
	WARN_DAYS,
	CRIT_DAYS,
	KEEP,
	WARN,
	CRIT,
	WAIT,
	NO_AUTH,
	DUE,
	SENDER,
	RECIPIENT,
	IDS,
	WARN_COUNT,
	CRIT_COUNT,
	WARN_AGE,
	CRIT_AGE,
	OPEN,
	LOGIN_WAY,
	TEE,
	LOOKS_AT_JOBS,
	TRAITS
};

/* Of the traits that a message names. */
static const char *const names[TRAITS] = {
	[BODY] = "--body",
	[INCLUDE] = "--body",
	[HTML] = "--html",
	[INLINE] = "--inline",
	[ENCODING] = "--encoding",
	[CHARSET] = "--charset",
	[BODY_TYPE] = "the type of the text",
	[SKIP_EMPTY] = "--skip-empty",
	[NAGIOS] = "--nagios",
	[WARN_DAYS] = "--warn-days",
	[CRIT_DAYS] = "--crit-days",
	[KEEP] = "--keep",
	[WARN] = "--warn",
	[CRIT] = "--crit",
	[WAIT] = "--wait",
	[DUE] = "--due",
	[SENDER] = "--sender",
	[RECIPIENT] = "--recipient",
	[WARN_COUNT] = "--warn-count",
	[CRIT_COUNT] = "--crit-count",
	[WARN_AGE] = "--warn-age",
	[CRIT_AGE] = "--crit-age",
};

#define T(trait) (UINT64_C(1) << (trait))
#define CONTENT	 (T(SUBJECT) | T(DRAFT) | T(BODY) | T(HTML) | T(ATTACHMENT))
#define MANY	 (T(EACH) | T(BATCH) | T(SPLIT))
#define SENDING	 (T(EXTRA) | T(FROM) | T(ENVELOPE_FROM))

#define C(kind)	   (UINT32_C(1) << COMMAND_##kind)
#define MAIL	   (C(SEND) | C(PRINT) | C(DRY_RUN) | C(EXPLAIN))
#define SERVING	   (C(SERVE) | C(SERVE_STDIO))
#define ANY	   UINT32_MAX
#define BUT(kinds) (~(kinds))

#define MAILSEND CONFLICTS_MAILSEND
#define SENDMAIL CONFLICTS_SENDMAIL
#define MAILQ	 CONFLICTS_MAILQ
#define RUN	 CONFLICTS_RUN
#define SENDERS                                                                \
	(CONFLICTS_MAILSEND | CONFLICTS_MAIL | CONFLICTS_SENDMAIL |            \
	 CONFLICTS_MSMTP)

static const struct conflict {
	unsigned names; /* enum conflicts_of */
	uint32_t commands;
	uint64_t one, other;
	const char *sentence; /* "%s" is the first of `one` */
} conflicts[] = {
	/* output */
	{ SENDERS, BUT(C(SEND) | C(EXPLAIN) | C(CHECK) | C(ROUNDTRIP)), T(JSON),
	  0,
	  "--json applies to sending, --check and --roundtrip: leave it out" },
	{ MAILSEND, C(CHECK) | C(ROUNDTRIP), T(NAGIOS), T(JSON),
	  "--nagios and --json are two output formats: use one of them" },

	/* the tools and their options */
	{ MAILSEND, BUT(C(CHECK) | C(ROUNDTRIP)),
	  T(NAGIOS) | T(WARN_DAYS) | T(CRIT_DAYS), 0, "%s requires --check" },
	{ MAILSEND, C(CHECK), CONTENT | MANY, 0,
	  "--check sends no mail: leave subject and content out" },
	{ MAILSEND, BUT(C(ROUNDTRIP)), T(KEEP) | T(WARN) | T(CRIT) | T(WAIT), 0,
	  "%s requires --roundtrip" },
	{ MAILSEND, C(ROUNDTRIP), CONTENT | MANY, 0,
	  "--roundtrip sends a mail of its own: leave subject and content "
	  "out" },
	{ MAILSEND, BUT(C(TALK)), T(NO_AUTH), 0,
	  "--no-auth requires --talk: for a mail, use --auth off" },
	{ MAILSEND, C(TALK), T(RECIPIENTS) | CONTENT | MANY, 0,
	  "--talk is an interactive session: leave recipients and content "
	  "out; a server comes after it, as in --talk "
	  "smtp://mail.example.org:587" },
	{ MAILSEND, C(TALK), T(TRANSCRIPT), 0,
	  "--talk shows the session anyway: name a file, as in "
	  "--transcript=FILE" },
	{ MAILSEND, C(RUN_QUEUE), T(RECIPIENTS) | CONTENT, 0,
	  "this command is about the queue and sends no new mail: leave "
	  "recipients and content out, and give ids after --flush" },
	{ MAILSEND, BUT(C(RUN_QUEUE)), T(DUE) | T(SENDER) | T(RECIPIENT), 0,
	  "%s requires --flush: for a new mail, use --from and --to" },
	{ MAILSEND, C(SETUP_QUEUE), T(RECIPIENTS) | CONTENT, 0,
	  "this command is about the queue and sends no new mail: leave "
	  "recipients and content out" },
	{ MAILSEND, C(SETUP_SERVICE), T(SEVERAL) | CONTENT | SENDING | MANY, 0,
	  "--setup-service takes one address, for its test mail, and no "
	  "options of a mail" },
	{ MAILSEND, C(SETUP), T(SEVERAL) | CONTENT | SENDING | MANY, 0,
	  "--setup takes one address, your own, and no options of a mail" },
	{ MAILSEND, SERVING, T(RECIPIENTS) | CONTENT | SENDING, 0,
	  "--serve receives mail from clients: leave the options of a mail out" },
	{ MAILSEND, BUT(SERVING), T(OPEN), 0,
	  "--serve-anyone requires --serve" },
	{ MAILSEND, BUT(C(LOGIN)), T(LOGIN_WAY), 0,
	  "--device and --paste require --login" },
	{ MAILSEND, C(LOGIN) | C(LOGOUT) | C(TOKEN),
	  T(RECIPIENTS) | CONTENT | SENDING | MANY, 0,
	  "this command takes the name of an account, and no options of a mail" },

	/* series */
	{ MAILSEND, C(PRINT) | C(DRY_RUN) | C(EXPLAIN), T(RESUME), 0,
	  "--resume and --resend continue a series: only a new command can be "
	  "explained or printed" },
	{ MAILSEND, MAIL, T(RESUME),
	  T(RECIPIENTS) | T(SUBJECT) | T(BODY) | T(ATTACHMENT) | MANY,
	  "a series is continued with its original options: give only its id "
	  "and --parts" },
	{ MAILSEND, MAIL, T(PARTS), 0,
	  "--parts requires --resend or --resume" },
	{ MAILSEND, MAIL, T(EACH) | T(BATCH), T(SPLIT),
	  "--split applies to one mail: use it for each file separately" },
	{ MAILSEND, MAIL, T(BATCH), T(CONNECTIONS),
	  "--batch reads one mail after the other: leave --connections out" },
	{ MAILSEND, MAIL, T(EACH), T(DRAFT),
	  "--each composes mails and --draft has a complete one: use one of "
	  "them" },
	{ MAILSEND, MAIL, T(EACH) | T(BATCH), T(MESSAGE_ID),
	  "many mails cannot have one Message-ID" },
	{ MAILSEND, C(PRINT), MANY, 0,
	  "--print shows one mail, and this is a series: use --dry-run" },
	{ MAILSEND, MAIL, T(BATCH), CONTENT,
	  "--batch sends complete messages: leave subject and content out" },

	/* mailq */
	{ MAILQ, BUT(C(LIST_QUEUE)), T(JSON), 0,
	  "--json is a format of the list: leave it out" },
	{ MAILQ, BUT(C(LIST_QUEUE)), T(SENDER) | T(RECIPIENT), 0,
	  "this command takes ids: `mailq --sender ADDRESS` lists them" },
	{ MAILQ, BUT(C(CHECK_QUEUE)),
	  T(WARN_COUNT) | T(CRIT_COUNT) | T(WARN_AGE) | T(CRIT_AGE), 0,
	  "%s requires --check" },
	{ MAILQ, C(CHECK_QUEUE), T(IDS), 0,
	  "--check looks at the whole queue: leave the ids out" },

	/* jobs */
	{ RUN, C(RUN), T(TEE), T(JSON),
	  "--tee and --json both write to stdout: use one of them" },
	{ RUN, C(RUN), T(LOOKS_AT_JOBS), T(RECIPIENTS) | CONTENT | SENDING,
	  "--list and --missed take names of jobs, and no options of a mail" },

	/* modes of sendmail, and msmtp */
	{ SENDMAIL, C(VERIFY), T(TO_HEADER), 0,
	  "-bv resolves the addresses that are given as arguments: leave -t "
	  "out" },
	{ SENDMAIL, C(SERVE_STDIO), T(RECIPIENTS), 0,
	  "-bs gets its recipients in the SMTP dialogue: leave them out" },
	{ SENDMAIL, C(CHECK_ALIASES) | C(LIST_QUEUE) | C(RUN_QUEUE),
	  T(RECIPIENTS) | T(TO_HEADER), 0,
	  "this mode sends no mail: leave -t and the recipients out, or the "
	  "mode" },
	{ CONFLICTS_MSMTP, ANY, T(HOST), T(ACCOUNT),
	  "--host names a server and --account a configured one: leave one out" },

	/* A draft has its text: files can be attached, another text cannot be
	 * added. */
	{ CONFLICTS_DRAFT, MAIL,
	  T(BODY) | T(INCLUDE) | T(HTML) | T(INLINE) | T(ENCODING) |
		  T(CHARSET) | T(BODY_TYPE) | T(SKIP_EMPTY),
	  T(DRAFT), "--draft is a complete message: leave %s out" },
	{ CONFLICTS_DRAFT, MAIL, T(INLINE) | T(HTML), T(UUENCODE),
	  "--encoding uuencode produces a single plain text: leave %s out" },
};

/* ---- what is there ---- */

static uint64_t when(bool is_there, enum trait trait)
{
	return is_there ? T(trait) : 0;
}

static uint64_t of_attachments(const struct request *r)
{
	uint64_t have = when(r->attachments, ATTACHMENT);

	for (const struct attachment *a = r->attachments; a; a = a->next)
		have |= when(a->is_inline, INLINE);
	return have;
}

static uint64_t of_mail(const struct request *r)
{
	size_t recipients = request_recipients(r);

	return when(recipients > 0, RECIPIENTS) |
	       when(recipients > 1 || recipients != r->to.count, SEVERAL) |
	       when(r->recipients_from_header, TO_HEADER) |
	       when(r->subject, SUBJECT) | when(r->draft_path, DRAFT) |
	       when(r->body_path, BODY) | when(r->include_path, INCLUDE) |
	       when(r->html_path, HTML) | of_attachments(r) |
	       when(r->encoding != ENCODING_AUTO, ENCODING) |
	       when(r->encoding == ENCODING_UUENCODE, UUENCODE) |
	       when(r->body_charset, CHARSET) | when(r->body_type, BODY_TYPE) |
	       when(r->skip_empty, SKIP_EMPTY) | when(r->extra.first, EXTRA) |
	       when(r->has_from, FROM) |
	       when(r->has_envelope_from, ENVELOPE_FROM) |
	       when(r->message_id, MESSAGE_ID) | when(r->account, ACCOUNT) |
	       when(override_find(r->overrides, "host"), HOST) |
	       when(r->json, JSON) | when(r->transcript, TRANSCRIPT);
}

static uint64_t of_series(const struct series_options *o)
{
	return when(o->source == SERIES_EACH, EACH) |
	       when(o->source == SERIES_BATCH, BATCH) |
	       when(o->connections > 1, CONNECTIONS) | when(o->resume, RESUME) |
	       when(o->parts && !o->resume, PARTS);
}

static uint64_t of_queue(const struct cmdline_queue *q)
{
	const struct mailq_limits *l = &q->limits;

	return when(q->due_only, DUE) | when(q->choice.senders.count, SENDER) |
	       when(q->choice.recipients.count, RECIPIENT) |
	       when(q->choice.ids.count, IDS) |
	       when(l->warn_count, WARN_COUNT) |
	       when(l->crit_count, CRIT_COUNT) | when(l->warn_age, WARN_AGE) |
	       when(l->crit_age, CRIT_AGE);
}

static uint64_t of_tools(const struct cmdline *c)
{
	return when(split_is_wanted(&c->split), SPLIT) |
	       when(c->nagios, NAGIOS) |
	       when(c->check.warn_days != CHECK_WARN_DAYS, WARN_DAYS) |
	       when(c->check.crit_days != CHECK_CRIT_DAYS, CRIT_DAYS) |
	       when(c->roundtrip.keeps, KEEP) | when(c->roundtrip.warn, WARN) |
	       when(c->roundtrip.crit, CRIT) | when(c->roundtrip.wait, WAIT) |
	       when(c->talk.skips_login, NO_AUTH) |
	       when(c->login != LOGIN_AS_SET, LOGIN_WAY) |
	       when(c->run.tee, TEE) |
	       when(c->run.kind == RUN_LIST || c->run.kind == RUN_MISSED,
		    LOOKS_AT_JOBS) |
	       when(c->serve.is_open, OPEN);
}

/* ---- the table, read ---- */

static int refuse(const struct conflict *row, uint64_t have, struct error *f)
{
	const char *place = strstr(row->sentence, "%s");
	enum trait first = 0;

	if (!place)
		return error_set(f, ERROR_USAGE, "%s", row->sentence);
	while (!(row->one & have & T(first)))
		first++;
	return error_set(f, ERROR_USAGE, "%.*s%s%s",
			 (int)(place - row->sentence), row->sentence,
			 names[first], place + 2);
}

int conflicts_check(const struct options_run *run, enum conflicts_of name,
		    struct error *f)
{
	const struct cmdline *c = run->cmdline;
	const struct conflict *row = conflicts;
	uint64_t have = of_mail(&c->request) | of_series(&c->series) |
			of_queue(&c->queue) | of_tools(c);

	for (size_t i = 0; i < sizeof(conflicts) / sizeof(*row); i++, row++)
		if ((row->names & name) &&
		    (row->commands & UINT32_C(1) << c->kind) &&
		    (row->one & have) && (!row->other || row->other & have))
			return refuse(row, have, f);
	return 0;
}
