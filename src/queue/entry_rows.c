/* entry_rows.c - two tables, one for the mail and one for a recipient. */
#include "queue/entry_rows.h"

#include "queue/entry.h"

#define SIZE_OF(type, field) sizeof(((struct type *)NULL)->field)
#define ROW(name, type, of, field, required)                                   \
	{                                                                      \
		name, type, offsetof(struct of, field), SIZE_OF(of, field),    \
			required                                               \
	}

#define MAIL(name, type, field, required)                                      \
	ROW(name, type, entry, field, required)
#define RCPT(name, type, field, required)                                      \
	ROW(name, type, entry_recipient, field, required)

const struct row entry_rows[] = {
	MAIL("kind", ROW_KIND, kind, true),
	MAIL("arrived", ROW_TIME, arrived, true),
	MAIL("size", ROW_SIZE, size, true),
	MAIL("message-id", ROW_TEXT, message_id, false),
	MAIL("held", ROW_YES, is_held, false),
	MAIL("warned", ROW_YES, is_warned, false),
	MAIL("returned", ROW_YES, is_returned, false),
	MAIL("8bit", ROW_YES, has_8bit, false),
	MAIL("8bit-header", ROW_YES, has_8bit_header, false),
	MAIL("prefers-smtputf8", ROW_YES, prefers_smtputf8, false),
	MAIL("account", ROW_TEXT, account, false),
	MAIL("config", ROW_TEXT, config_path, false),
	MAIL("syslog-tag", ROW_TEXT, syslog_tag, false),
	MAIL("dsn-notify", ROW_TEXT, dsn_notify, false),
	MAIL("dsn-ret", ROW_TEXT, dsn_ret, false),
	MAIL("dsn-envid", ROW_TEXT, dsn_envid, false),
	MAIL("from", ROW_PATH, reverse_path, true),
	MAIL("from-smtputf8", ROW_YES, sender_needs_smtputf8, false),
};

/* The first one begins a recipient. */
const struct row recipient_rows[] = {
	RCPT("to", ROW_PATH, address, true),
	RCPT("state", ROW_STATE, state, true),
	RCPT("smtputf8", ROW_YES, needs_smtputf8, false),
	RCPT("notify", ROW_TEXT, dsn_notify, false),
	RCPT("orcpt", ROW_TEXT, dsn_orcpt, false),
	RCPT("tries", ROW_TALLY, tries, false),
	RCPT("tried", ROW_TIME, tried, false),
	RCPT("next", ROW_TIME, next, false),
	RCPT("cause", ROW_CAUSE, last.cause, false),
	RCPT("temporary", ROW_YES, last.temporary, false),
	RCPT("code", ROW_CODE, last.reply, false),
	RCPT("status", ROW_CHARS, last.esc, false),
	/* the word of the queues that are there */
	RCPT("fault", ROW_WORDS, last.text, false),
	RCPT("host", ROW_WORDS, host, false),
	RCPT("reply", ROW_WORDS, reply, false),
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
_Static_assert(COUNT(entry_rows) < 32 && COUNT(recipient_rows) < 32,
	       "the rows that were seen fit a word");
const size_t entry_row_count = COUNT(entry_rows);
const size_t recipient_row_count = COUNT(recipient_rows);

const char *const entry_kind_words[] = {
	[ENTRY_MAIL] = "mail",
	[ENTRY_FAILURE_NOTICE] = "failure-notice",
	[ENTRY_DELAY_NOTICE] = "delay-notice",
	NULL,
};

const char *const entry_state_words[] = {
	[ENTRY_WAITING] = "waiting",
	[ENTRY_SENT] = "sent",
	[ENTRY_FAILED] = "failed",
	[ENTRY_TOLD] = "told",
	NULL,
};
