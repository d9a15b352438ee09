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
/* a whole number, into an unsigned, and a time as in 30m, into an int of
 * seconds */
#define NUMBER(c, word, from, to, offset, ...)                                 \
	TEXT(c, word, "N", .set = set_number, .field = (offset),               \
	     .least = (from), .most = (to), __VA_ARGS__)
#define TIME(c, word, offset, ...)                                             \
	TEXT(c, word, "TIME", .set = set_time, .field = (offset), __VA_ARGS__)
/* an argument only if it is joined to the option */
#define OPTIONAL(c, word, what, ...)                                           \
	{                                                                      \
		.kind = OPTION_OPTIONAL, .letter = c, .name = word,            \
		.argument = what, __VA_ARGS__                                  \
	}
/* accepted without effect */
#define IGNORED_FLAG(c) FLAG(c, NULL, .set = set_nothing, .help = "ignored")
#define IGNORED_TEXT(c, what)                                                  \
	TEXT(c, NULL, what, .set = set_nothing, .help = "ignored")
#define IGNORED_OPTIONAL(c, what)                                              \
	OPTIONAL(c, NULL, what, .set = set_nothing, .help = "ignored")
/* not supported: `why` is the error */
#define REFUSED_FLAG(c, why, does)                                             \
	FLAG(c, NULL, .refusal = (why), .help = (does))
#define REFUSED_TEXT(c, what, why, does)                                       \
	TEXT(c, NULL, what, .refusal = (why), .help = (does))
/* the rows of another table */
#define GROUP(table)                                                           \
	{                                                                      \
		.kind = OPTION_GROUP, .group = (table)                         \
	}
#define ROWS_END                                                               \
	{                                                                      \
		.kind = OPTION_FLAG                                            \
	}

#define ROWS_MESSAGE(for_subject, for_cc, for_bcc, for_from, for_header)       \
	TEXT(for_subject, "subject", "TEXT", .field = OPTION_FIELD(subject),   \
	     .help = "subject of the message"),                                \
		TEXT(0, "to", "LIST", .set = set_list, .value = LIST_TO,       \
		     .help = "recipients, like address arguments"),            \
		TEXT(for_cc, "cc", "LIST", .set = set_list, .value = LIST_CC,  \
		     .help = "carbon copy recipients"),                        \
		TEXT(for_bcc, "bcc", "LIST", .set = set_list,                  \
		     .value = LIST_BCC,                                        \
		     .help = "blind carbon copy recipients"),                  \
		TEXT(for_from, "from", "ADDRESS", .set = set_from,             \
		     .help = "author of the message: 'Name <user@host>'"),     \
		TEXT(0, "reply-to", "LIST", .set = set_list,                   \
		     .value = LIST_REPLY_TO, .help = "addresses for replies"), \
		TEXT(for_header, "header", "FIELD", .set = set_header,         \
		     .help = "add a header field, 'Name: value'"),             \
		TEXT(0, "date", "DATE", .set = set_date,                       \
		     .help = "date of the message instead of the "             \
			     "current time: RFC 5322, ISO 8601 or "            \
			     "@SECONDS"),                                      \
		TEXT(0, "message-id", "ID", .set = set_message_id,             \
		     .help = "Message-ID instead of a generated one")

#define ROWS_CONTENT(for_attach, or_attach, for_body, for_empty)                 \
	{ .kind = OPTION_FILE,                                                   \
	  .letter = (for_attach),                                                \
	  .other_letter = (or_attach),                                           \
	  .name = "attach",                                                      \
	  .argument = "FILE[=NAME]",                                             \
	  .set = set_attach,                                                     \
	  .help = "attach a file; '-' is stdin" },                               \
		TEXT(0, "type", "TYPE", .set = set_type,                         \
		     .help = "media type of the preceding attachment, "          \
			     "as in FILE;type=TYPE"),                            \
		TEXT(0, "encoding", "NAME", .set = set_encoding,                 \
		     .words = "auto 7bit 8bit quoted-printable base64 "          \
			      "uuencode",                                        \
		     .help = "encoding of attachments: auto, 7bit, "             \
			     "8bit, quoted-printable, base64, uuencode"),        \
		FILE_NAME(for_body, "body", "FILE",                              \
			  .field = OPTION_FIELD(body_path),                      \
			  .help = "read the text from FILE instead of stdin"),   \
		FILE_NAME(                                                       \
			0, "html", "FILE", .field = OPTION_FIELD(html_path),     \
			.help = "add the text as HTML (multipart/alternative)"), \
		FILE_NAME(0, "inline", "FILE[=NAME]", .set = set_attach,         \
			  .value = 1,                                            \
			  .help = "embed a file that the HTML refers to as "     \
				  "'cid:NAME'; ;cid=ID sets another "            \
				  "Content-ID"),                                 \
		TEXT(0, "charset", "NAME", .set = set_charset,                   \
		     .words = "utf-8 iso-8859-1 iso-8859-15 windows-1252",       \
		     .help = "character set of the text; detected by default"),  \
		FLAG(for_empty, "skip-empty",                                    \
		     .field = OPTION_FIELD(skip_empty),                          \
		     .help = "send nothing if the text is empty"),               \
		FILE_NAME(0, "draft", "FILE",                                    \
			  .field = OPTION_FIELD(draft_path),                     \
			  .help = "send a complete message; missing fields "     \
				  "are added")

#define ROWS_ENVELOPE(for_sender)                                                 \
	TEXT(for_sender, "envelope-from", "ADDRESS", .set = set_envelope_from,    \
	     .help = "envelope sender, which receives "                           \
		     "bounces; '' is the null sender"),                           \
		TEXT(0, "dsn-notify", "WHEN", .set = set_dsn_notify,              \
		     .words = "never failure delay success",                      \
		     .help = "request delivery reports: never, or a "             \
			     "list of failure, delay, success"),                  \
		TEXT(0, "dsn-ret", "WHAT", .set = set_dsn_ret,                    \
		     .words = "headers full",                                     \
		     .help = "what a delivery report includes: headers or full"), \
		TEXT(0, "dsn-envid", "ID", .set = set_dsn_envid,                  \
		     .help = "envelope ID that delivery reports quote")

#define ROWS_OUTPUT(verbose)                                                   \
	OPTIONAL(0, "transcript", "FILE", .set = set_transcript,               \
		 .help = "log the dialogue with the server to "                \
			 "stderr, or append it to FILE; secrets "              \
			 "are masked"),                                        \
		FLAG(verbose, "verbose", .field = OPTION_FIELD(transcript),    \
		     .help = "show the dialogue with the server on stderr"),   \
		FLAG(0, "json", .field = OPTION_FIELD(json),                   \
		     .help = "print the result as a JSON object on stdout"),   \
		FLAG(0, "quiet", .field = OPTION_FIELD(quiet),                 \
		     .help = "print errors only")

#define ROWS_CONNECTION(by_account, by_file)                                       \
	TEXT(by_account, "account", "NAME", .field = OPTION_FIELD(account),        \
	     .help = "account to use; default: that of the sender"),               \
		FILE_NAME(                                                         \
			by_file, "config", "FILE",                                 \
			.field = OPTION_FIELD(config_path),                        \
			.help = "read FILE instead of the default configuration"), \
		TEXT(0, "host", "HOST", .set = set_setting,                        \
		     .help = "server to connect to"),                              \
		TEXT(0, "port", "PORT", .set = set_setting,                        \
		     .help = "port; default: 25, 465 or 587, depending on TLS"),   \
		TEXT(0, "tls", "HOW", .set = set_tls,                              \
		     .words = "on off starttls implicit",                          \
		     .help = "on (default), off, starttls or implicit"),           \
		TEXT(0, "user", "NAME", .set = set_setting,                        \
		     .help = "login name; the password is never an option"),       \
		TEXT(0, "auth", "METHOD", .set = set_setting,                      \
		     .help = "on, off, or an authentication mechanism"),           \
		TEXT(0, "timeout", "TIME", .set = set_setting,                     \
		     .help = "timeout for each reply of the server"),              \
		TEXT(0, "queue", "HOW", .set = set_setting,                        \
		     .help = "auto (queue on temporary failure), "                 \
			     "never, only (queue without trying) or "              \
			     "background"),                                        \
		TEXT(0, "set", "NAME=VALUE", .set = set_any,                       \
		     .help = "override any setting of the configuration")

/* for the programs that read mailboxes */
#define ROWS_MAILBOX(by_account, by_file, by_user)                                 \
	TEXT(by_account, "account", "NAME", .field = OPTION_FIELD(account),        \
	     .help = "account to use; default: the one that matches the URL"),     \
		FILE_NAME(                                                         \
			by_file, "config", "FILE",                                 \
			.field = OPTION_FIELD(config_path),                        \
			.help = "read FILE instead of the default configuration"), \
		TEXT(by_user, "user", "NAME", .set = set_setting,                  \
		     .help = "login name; the password is never an option"),       \
		TEXT(0, "auth", "METHOD", .set = set_setting,                      \
		     .help = "on, off, or a mechanism: PLAIN, CRAM-MD5, APOP..."), \
		TEXT(0, "timeout", "TIME", .set = set_setting,                     \
		     .help = "timeout for each reply of the server")

#define ROWS_OTHER(for_help)                                                   \
	OPTIONAL(for_help, "help", "all", .set = set_help,                     \
		 .help = "show the common options, or all options"),           \
		FLAG(0, "version", .set = set_command,                         \
		     .value = COMMAND_VERSION,                                 \
		     .help = "show version, libraries and features")

/* The options of each tool, and of series (tool_options.c). */
extern const struct option_row options_instead[];
extern const struct option_row options_check[];
extern const struct option_row options_roundtrip[];
extern const struct option_row options_talk[];
extern const struct option_row options_login[];
extern const struct option_row options_queue[];
extern const struct option_row options_serve[];
extern const struct option_row options_split[];
extern const struct option_row options_series[];

#endif
