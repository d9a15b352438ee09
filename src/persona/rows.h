/* rows.h - shorthand for the rows of an option table.
 *
 * FLAG(letter, "name", .field or .set ..., .help = ...); a letter of 0 or a
 * NULL name means none.  A table ends with ROWS_END.  ROWS_... are groups that
 * are the same under every name; what they take are letters.  They need
 * setters.h. */
#ifndef PERSONA_ROWS_H
#define PERSONA_ROWS_H

#include "persona/options.h"

#define HEADING(text)                                                          \
	{                                                                      \
		.kind = OPTION_HEADING, .help = (text)                         \
	}
#define FLAG(c, word, ...)                                                     \
	{                                                                      \
		.kind = OPTION_FLAG, .letter = c, .name = word, __VA_ARGS__    \
	}
#define TEXT(c, word, what, ...)                                               \
	{                                                                      \
		.kind = OPTION_TEXT, .letter = c, .name = word,                \
		.argument = what, __VA_ARGS__                                  \
	}
#define FILE_NAME(c, word, what, ...)                                          \
	{                                                                      \
		.kind = OPTION_FILE, .letter = c, .name = word,                \
		.argument = what, __VA_ARGS__                                  \
	}
/* an argument only when it is joined to it */
#define OPTIONAL(c, word, what, ...)                                           \
	{                                                                      \
		.kind = OPTION_OPTIONAL, .letter = c, .name = word,            \
		.argument = what, __VA_ARGS__                                  \
	}
#define ROWS_END                                                               \
	{                                                                      \
		.kind = OPTION_FLAG                                            \
	}

#define ROWS_MESSAGE(for_subject, for_cc, for_bcc, for_from, for_header)       \
	TEXT(for_subject, "subject", "TEXT", .field = OPTION_FIELD(subject),   \
	     .help = "what it is about"),                                      \
		TEXT(0, "to", "LIST", .set = set_list, .value = LIST_TO,       \
		     .help = "recipients, as bare addresses are"),             \
		TEXT(for_cc, "cc", "LIST", .set = set_list, .value = LIST_CC,  \
		     .help = "recipients of a copy"),                          \
		TEXT(for_bcc, "bcc", "LIST", .set = set_list,                  \
		     .value = LIST_BCC,                                        \
		     .help = "recipients that the others do not see"),         \
		TEXT(for_from, "from", "ADDRESS", .set = set_from,             \
		     .help = "who writes: 'Name <user@host>'"),                \
		TEXT(0, "reply-to", "LIST", .set = set_list,                   \
		     .value = LIST_REPLY_TO, .help = "where answers go"),      \
		TEXT(for_header, "header", "FIELD", .set = set_header,         \
		     .help = "one more header field, 'Name: value'"),          \
		TEXT(0, "date", "DATE", .set = set_date,                       \
		     .help = "instead of now: as in a header, ISO 8601 or "    \
			     "@SECONDS"),                                      \
		TEXT(0, "message-id", "ID", .set = set_message_id,             \
		     .help = "instead of a new one")

#define ROWS_CONTENT(for_attach, or_attach, for_body, for_empty)               \
	{ .kind = OPTION_FILE,                                                 \
	  .letter = (for_attach),                                              \
	  .other_letter = (or_attach),                                         \
	  .name = "attach",                                                    \
	  .argument = "FILE[=NAME]",                                           \
	  .set = set_attach,                                                   \
	  .help = "attach a file, under another name; '-' is "                 \
		  "standard input" },                                          \
		TEXT(0, "type", "TYPE", .set = set_type,                       \
		     .help = "media type of the attachment named "             \
			     "before, as FILE;type=TYPE"),                     \
		TEXT(0, "encoding", "NAME", .set = set_encoding,               \
		     .help = "of attachments: auto, 7bit, 8bit, "              \
			     "quoted-printable, base64, uuencode"),            \
		FILE_NAME(for_body, "body", "FILE",                            \
			  .field = OPTION_FIELD(body_path),                    \
			  .help = "the text, instead of standard "             \
				  "input"),                                    \
		FILE_NAME(0, "html", "FILE", .field = OPTION_FIELD(html_path), \
			  .help = "the text as HTML, beside the plain "        \
				  "one"),                                      \
		FILE_NAME(0, "inline", "FILE[=NAME]", .set = set_attach,       \
			  .value = 1,                                          \
			  .help = "a file that the HTML shows by "             \
				  "'cid:NAME'; another id with "               \
				  ";cid=ID"),                                  \
		TEXT(0, "charset", "NAME", .set = set_charset,                 \
		     .help = "of the text, instead of what its bytes "         \
			     "tell"),                                          \
		FLAG(for_empty, "skip-empty",                                  \
		     .field = OPTION_FIELD(skip_empty),                        \
		     .help = "send nothing when the text is empty and "        \
			     "nothing is attached"),                           \
		FILE_NAME(0, "draft", "FILE",                                  \
			  .field = OPTION_FIELD(draft_path),                   \
			  .help = "a ready message: its header is kept, "      \
				  "what is missing is added")

#define ROWS_ENVELOPE(for_sender)                                              \
	TEXT(for_sender, "envelope-from", "ADDRESS", .set = set_envelope_from, \
	     .help = "where failures are reported; '' for nowhere"),           \
		TEXT(0, "dsn-notify", "WHEN", .set = set_dsn_notify,           \
		     .help = "never, or a list of failure, delay, "            \
			     "success"),                                       \
		TEXT(0, "dsn-ret", "WHAT", .set = set_dsn_ret,                 \
		     .help = "what a report has of the message: "              \
			     "headers or full"),                               \
		TEXT(0, "dsn-envid", "ID", .set = set_dsn_envid,               \
		     .help = "an id that reports repeat")

#define ROWS_INSTEAD                                                           \
	FLAG(0, "print", .set = set_action, .value = REQUEST_PRINT,            \
	     .help = "the finished message on standard output"),               \
		FLAG(0, "dry-run", .set = set_action,                          \
		     .value = REQUEST_DRY_RUN,                                 \
		     .help = "which account, recipients and size it would "    \
			     "be"),                                            \
		FLAG(0, "explain", .set = set_action,                          \
		     .value = REQUEST_EXPLAIN,                                 \
		     .help = "the same and why: account, settings, rewritten " \
			     "addresses, parts, round trips"),                 \
		FLAG(0, "show-config", .set = set_action,                      \
		     .value = REQUEST_SHOW_CONFIG,                             \
		     .help = "each setting and where it came from")

#define ROWS_CHECK                                                              \
	FLAG(0, "check", .set = set_action, .value = REQUEST_CHECK,             \
	     .help = "the way to the server, step by step, with the addresses " \
		     "that are named; no mail is sent"),                        \
		FLAG(0, "nagios", .field = OPTION_FIELD(check.nagios),          \
		     .help = "with --check and --roundtrip: one line for a "    \
			     "monitor, and its status"),                        \
		TEXT(0, "warn-days", "N", .set = set_days,                      \
		     .value = (int)offsetof(struct request_check, warn_days),   \
		     .help = "a warning when the certificate lasts less: 21"),  \
		TEXT(0, "crit-days", "N", .set = set_days,                      \
		     .value = (int)offsetof(struct request_check, crit_days),   \
		     .help = "critical when it lasts less: 7")

#define ROWS_ROUNDTRIP                                                         \
	FILE_NAME(0, "roundtrip", "SOURCE", .set = set_roundtrip,              \
		  .help = "send a small mail to the address and look for it "  \
			  "there: a Maildir, mbox, imaps://USER@HOST, "        \
			  "pop3s://USER@HOST"),                                \
		TEXT(0, "wait", "TIME", .set = set_span,                       \
		     .value = (int)offsetof(struct request_roundtrip, wait),   \
		     .help = "for it to arrive: 5m"),                          \
		FLAG(0, "keep", .field = OPTION_FIELD(roundtrip.keeps),        \
		     .help = "it is not deleted there"),                       \
		TEXT(0, "warn", "TIME", .set = set_span,                       \
		     .value = (int)offsetof(struct request_roundtrip, warn),   \
		     .help = "with --nagios: a warning when it took longer"),  \
		TEXT(0, "crit", "TIME", .set = set_span,                       \
		     .value = (int)offsetof(struct request_roundtrip, crit),   \
		     .help = "critical when it took longer")

#define ROWS_TOLD(verbose)                                                     \
	OPTIONAL(0, "transcript", "FILE", .set = set_transcript,               \
		 .help = "the conversation with the server, on standard "      \
			 "error or in a file"),                                \
		FLAG(verbose, "verbose", .field = OPTION_FIELD(transcript),    \
		     .help = "the same, on standard error"),                   \
		FLAG(0, "json", .field = OPTION_FIELD(json),                   \
		     .help = "the outcome as one JSON object, on standard "    \
			     "output"),                                        \
		FLAG(0, "quiet", .field = OPTION_FIELD(quiet),                 \
		     .help = "errors only")

#define ROWS_WAY(by_account, by_file)                                          \
	TEXT(by_account, "account", "NAME", .field = OPTION_FIELD(account),    \
	     .help = "of the configuration; else by the sender, else "         \
		     "'default'"),                                             \
		FILE_NAME(by_file, "config", "FILE",                           \
			  .field = OPTION_FIELD(config_path),                  \
			  .help = "instead of the usual configuration "        \
				  "files"),                                    \
		TEXT(0, "host", "HOST", .set = set_setting,                    \
		     .help = "the server"),                                    \
		TEXT(0, "port", "PORT", .set = set_setting,                    \
		     .help = "its port: 25, 465 or 587, as TLS goes"),         \
		TEXT(0, "tls", "HOW", .set = set_tls,                          \
		     .help = "on (as it is), off, starttls or implicit"),      \
		TEXT(0, "user", "NAME", .set = set_setting,                    \
		     .help = "log in as; the password is never an option"),    \
		TEXT(0, "auth", "METHOD", .set = set_setting,                  \
		     .help = "on, off, or the way to log in"),                 \
		TEXT(0, "timeout", "SECONDS", .set = set_setting,              \
		     .help = "for each answer of the server"),                 \
		TEXT(0, "queue", "HOW", .set = set_setting,                    \
		     .help = "auto (keep what cannot go now), never, only "    \
			     "(keep, send later) or background"),              \
		TEXT(0, "set", "NAME=VALUE", .set = set_any,                   \
		     .help = "any setting of the configuration")

#define ROWS_QUEUE                                                             \
	FLAG(0, "flush", .set = set_flush,                                     \
	     .help = "send what waits in the queue; with ids behind it, "      \
		     "these alone"),                                           \
		FLAG(0, "due", .field = OPTION_FIELD(queue.due_only),          \
		     .help = "with --flush: only what it is time for, "        \
			     "without a word"),                                \
		TEXT(0, "sender", "ADDRESS", .set = set_words,                 \
		     .value = WORDS_SENDERS,                                   \
		     .help = "with --flush: only what is from him; "           \
			     "'@domain' is anybody there"),                    \
		TEXT(0, "recipient", "ADDRESS", .set = set_words,              \
		     .value = WORDS_RECIPIENTS,                                \
		     .help = "with --flush: only what is for him"),            \
		OPTIONAL(0, "setup-queue", "remove|show",                      \
			 .set = set_setup_queue,                               \
			 .help = "have the system flush the queue every few "  \
				 "minutes; no more; show what would be done")

#define ROWS_SPLIT                                                             \
	TEXT(0, "split", "SIZE", .set = set_split,                             \
	     .help = "files over several mails, none over SIZE: 5M, or auto "  \
		     "for what the server takes"),                             \
		TEXT(0, "format", "NAME", .set = set_split_format,             \
		     .help = "of the parts: parts, uuencode, partial or "      \
			     "shar"),                                          \
		TEXT(0, "compress", "NAME", .set = set_compression,            \
		     .help = "attachments that are not yet: gzip, xz, zstd"),  \
		TEXT(0, "connections", "N", .set = set_connections,            \
		     .help = "so many at once")

#define ROWS_SERIES                                                            \
	FILE_NAME(0, "each", "FILE...", .set = set_sources,                    \
		  .value = REQUEST_EACH,                                       \
		  .help = "each file as a mail of its own, up to the next "    \
			  "option; {name}, {n} and {of} in the subject"),      \
		FILE_NAME(0, "batch", "SOURCE...", .set = set_sources,         \
			  .value = REQUEST_BATCH,                              \
			  .help = "ready messages: files, folders, mbox, "     \
				  "Maildir, '-'"),                             \
		TEXT(0, "resume", "SERIES", .set = set_series,                 \
		     .help = "go on with what was begun"),                     \
		TEXT(0, "resend", "SERIES", .set = set_series, .value = 1,     \
		     .help = "once more"),                                     \
		TEXT(0, "parts", "LIST", .set = set_parts,                     \
		     .help = "these alone, as 4,7-9")

#define ROWS_OTHER                                                             \
	FLAG(0, "help", .set = set_action, .value = REQUEST_HELP,              \
	     .help = "this text"),                                             \
		FLAG(0, "version", .set = set_action,                          \
		     .value = REQUEST_VERSION, .help = "the version")

#endif
