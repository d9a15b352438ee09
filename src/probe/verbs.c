/* verbs.c - the tables.  An enhanced code says more than the three digits, so
 * it is looked up first; where it is not known its class still says who is at
 * fault (RFC 3463 2, 3). */
#include "probe/verbs.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/nearest.h"

const struct verb verbs_smtp[] = {
	{ "EHLO", "NAME", "says who we are, and asks what the server can do",
	  "RFC 5321 4.1.1.1" },
	{ "HELO", "NAME", "the same of old, without the list",
	  "RFC 5321 4.1.1.1" },
	{ "MAIL", "FROM:<ADDRESS> [SIZE=N] [BODY=8BITMIME] [SMTPUTF8]",
	  "begins a mail; the address is where failures are reported, <> is "
	  "nowhere",
	  "RFC 5321 4.1.1.2" },
	{ "RCPT", "TO:<ADDRESS> [NOTIFY=...]",
	  "one who is to get it; once for each", "RFC 5321 4.1.1.3" },
	{ "DATA", "", "the message follows, up to a lone dot",
	  "RFC 5321 4.1.1.4" },
	{ "BDAT", "OCTETS [LAST]",
	  "so many octets of the message follow, without dots", "RFC 3030 2" },
	{ "RSET", "", "forgets the mail that was begun", "RFC 5321 4.1.1.5" },
	{ "NOOP", "[TEXT]", "nothing: is the server still there?",
	  "RFC 5321 4.1.1.9" },
	{ "QUIT", "", "ends the session", "RFC 5321 4.1.1.10" },
	{ "VRFY", "NAME", "is there such a mailbox? most servers do not tell",
	  "RFC 5321 4.1.1.6" },
	{ "EXPN", "LIST", "who is on that list? most servers do not tell",
	  "RFC 5321 4.1.1.7" },
	{ "HELP", "[VERB]", "asks the server for help", "RFC 5321 4.1.1.8" },
	{ "AUTH", "MECHANISM [INITIAL-RESPONSE]",
	  "logs in; \\auth does it for you", "RFC 4954 4" },
	{ "STARTTLS", "",
	  "turns encryption on; here it is done before the talk begins",
	  "RFC 3207 4" },
	{ "ETRN", "DOMAIN", "asks for the mail that waits for a domain",
	  "RFC 1985 5" },
	{ NULL, NULL, NULL, NULL },
};

const struct verb verbs_pop3[] = {
	{ "USER", "NAME", "who logs in", "RFC 1939 7" },
	{ "PASS", "PASSWORD", "his password; \\auth does both, unseen",
	  "RFC 1939 7" },
	{ "APOP", "NAME DIGEST", "logs in without saying the password",
	  "RFC 1939 7" },
	{ "AUTH", "[MECHANISM]", "logs in by SASL; \\auth does it for you",
	  "RFC 5034 4" },
	{ "CAPA", "", "what the server can do", "RFC 2449 5" },
	{ "STLS", "",
	  "turns encryption on; here it is done before the talk begins",
	  "RFC 2595 4" },
	{ "STAT", "", "how many messages and octets there are", "RFC 1939 5" },
	{ "LIST", "[NUMBER]", "the size of one message, or of each",
	  "RFC 1939 5" },
	{ "UIDL", "[NUMBER]", "the lasting name of one message, or of each",
	  "RFC 1939 7" },
	{ "RETR", "NUMBER", "the message", "RFC 1939 5" },
	{ "TOP", "NUMBER LINES", "its header and so many lines", "RFC 1939 7" },
	{ "DELE", "NUMBER", "marks it; QUIT carries that out", "RFC 1939 5" },
	{ "RSET", "", "takes all marks back", "RFC 1939 5" },
	{ "NOOP", "", "nothing: is the server still there?", "RFC 1939 5" },
	{ "QUIT", "", "deletes what is marked and ends the session",
	  "RFC 1939 6" },
	{ NULL, NULL, NULL, NULL },
};

const struct verb verbs_imap[] = {
	{ "CAPABILITY", "", "what the server can do", "RFC 3501 6.1.1" },
	{ "NOOP", "", "nothing; the server may tell news", "RFC 3501 6.1.2" },
	{ "LOGOUT", "", "ends the session", "RFC 3501 6.1.3" },
	{ "STARTTLS", "",
	  "turns encryption on; here it is done before the talk begins",
	  "RFC 3501 6.2.1" },
	{ "AUTHENTICATE", "MECHANISM",
	  "logs in by SASL; \\auth does it for you", "RFC 3501 6.2.2" },
	{ "LOGIN", "USER PASSWORD", "logs in; \\auth does it unseen",
	  "RFC 3501 6.2.3" },
	{ "ENABLE", "EXTENSION...", "turns extensions on", "RFC 5161 3.1" },
	{ "SELECT", "MAILBOX", "opens a mailbox", "RFC 3501 6.3.1" },
	{ "EXAMINE", "MAILBOX", "opens it for reading only", "RFC 3501 6.3.2" },
	{ "CREATE", "MAILBOX", "makes a mailbox", "RFC 3501 6.3.3" },
	{ "DELETE", "MAILBOX", "deletes a mailbox and all in it",
	  "RFC 3501 6.3.4" },
	{ "RENAME", "OLD NEW", "gives it another name", "RFC 3501 6.3.5" },
	{ "SUBSCRIBE", "MAILBOX", "puts it on the list of LSUB",
	  "RFC 3501 6.3.6" },
	{ "UNSUBSCRIBE", "MAILBOX", "takes it off that list",
	  "RFC 3501 6.3.7" },
	{ "LIST", "REFERENCE PATTERN", "which mailboxes there are: LIST \"\" *",
	  "RFC 3501 6.3.8" },
	{ "LSUB", "REFERENCE PATTERN", "those that are subscribed",
	  "RFC 3501 6.3.9" },
	{ "STATUS", "MAILBOX (ITEMS)",
	  "of one that is not open: (MESSAGES UNSEEN UIDNEXT)",
	  "RFC 3501 6.3.10" },
	{ "APPEND", "MAILBOX [(FLAGS)] {OCTETS}",
	  "puts a message there; \\file F MAILBOX does it for you",
	  "RFC 3501 6.3.11" },
	{ "NAMESPACE", "", "how mailboxes are named", "RFC 2342 5" },
	{ "IDLE", "", "tells news as they come, until DONE", "RFC 2177 3" },
	{ "DONE", "", "ends IDLE", "RFC 2177 3" },
	{ "CHECK", "", "lets the server tidy up", "RFC 3501 6.4.1" },
	{ "CLOSE", "", "deletes what is marked and closes the mailbox",
	  "RFC 3501 6.4.2" },
	{ "UNSELECT", "", "closes it and deletes nothing", "RFC 3691 2" },
	{ "EXPUNGE", "", "deletes what is marked", "RFC 3501 6.4.3" },
	{ "SEARCH", "CRITERIA", "numbers of messages: UNSEEN FROM bob",
	  "RFC 3501 6.4.4" },
	{ "FETCH", "NUMBERS ITEMS",
	  "parts of messages: 1:3 (FLAGS BODY[HEADER])", "RFC 3501 6.4.5" },
	{ "STORE", "NUMBERS FLAGS", "changes flags: 1 +FLAGS (\\Deleted)",
	  "RFC 3501 6.4.6" },
	{ "COPY", "NUMBERS MAILBOX", "copies messages", "RFC 3501 6.4.7" },
	{ "MOVE", "NUMBERS MAILBOX", "moves messages", "RFC 6851 3.1" },
	{ "UID", "FETCH|SEARCH|STORE|COPY ...", "the same by lasting numbers",
	  "RFC 3501 6.4.8" },
	{ "ID", "NIL", "which program the server is", "RFC 2971 3.1" },
	{ "GETQUOTAROOT", "MAILBOX", "how full it is", "RFC 9208 4.1.3" },
	{ NULL, NULL, NULL, NULL },
};

const struct verb *verbs_find(const struct verb *table, const char *word,
			      size_t n)
{
	for (; table->name; table++)
		if (strlen(table->name) == n && ascii_begins(word, table->name))
			return table;
	return NULL;
}

const struct verb *verbs_nearest(const struct verb *table, const char *word,
				 size_t n)
{
	struct nearest nearest;
	char text[32];

	if (n == 0 || n >= sizeof(text))
		return NULL;
	snprintf(text, sizeof(text), "%.*s", (int)n, word);
	nearest_init(&nearest, text);
	for (const struct verb *v = table; v->name; v++)
		nearest_offer(&nearest, v->name);
	if (!nearest.best)
		return NULL;
	return verbs_find(table, nearest.best, strlen(nearest.best));
}

/* ---- replies ---- */

static const struct {
	int code;
	const char *about;
} codes[] = {
	{ 211, "help, or the system's state" },
	{ 214, "help" },
	{ 220, "the server is ready" },
	{ 221, "the server closes the connection" },
	{ 235, "you are logged in" },
	{ 250, "done" },
	{ 251, "not here, but it will be sent on" },
	{ 252, "the server does not say whether there is such a mailbox, and "
	       "would try" },
	{ 334, "the server asks for more of the log-in" },
	{ 354, "now the message; a lone dot ends it" },
	{ 421, "not now: the server closes the connection; try again later" },
	{ 432, "the password has to be changed first" },
	{ 450, "not now: the mailbox is busy, or greylisting; try again "
	       "later" },
	{ 451, "not now: trouble at the server, or greylisting; try again "
	       "later" },
	{ 452, "not now: no room, or too many recipients at once" },
	{ 454, "not now: TLS or the log-in does not work at the moment" },
	{ 455, "not now: these parameters cannot be had at the moment" },
	{ 500, "the server does not know that command" },
	{ 501, "there is a mistake in what stands behind the command" },
	{ 502, "the server has that command and does not carry it out" },
	{ 503, "the commands came in the wrong order" },
	{ 504, "the server does not know that parameter or mechanism" },
	{ 521, "the server takes no mail at all" },
	{ 523, "too large, or not encrypted enough" },
	{ 530, "log in first, or turn TLS on" },
	{ 534, "that mechanism is too weak, or wants an app password" },
	{ 535, "the user or the password is wrong" },
	{ 538, "that mechanism needs TLS" },
	{ 550, "refused: no such mailbox, or policy" },
	{ 551, "not here: the text tells where" },
	{ 552, "too large, or the mailbox is full" },
	{ 553, "that address cannot be" },
	{ 554, "refused" },
	{ 555, "the server does not know these parameters" },
	{ 556, "that domain takes no mail" },
};

/* Subject and detail of RFC 3463, RFC 7505, RFC 7372, RFC 4954. */
static const struct {
	const char *detail;
	const char *about;
} details[] = {
	{ "1.0", "an address" },
	{ "1.1", "there is no such mailbox" },
	{ "1.2", "there is no such domain" },
	{ "1.3", "that is not an address" },
	{ "1.4", "the address could be two" },
	{ "1.5", "the address is fine" },
	{ "1.6", "the mailbox has moved" },
	{ "1.7", "the sender's address is not one" },
	{ "1.8", "the sender's domain is not one" },
	{ "1.10", "that domain takes no mail" },
	{ "2.0", "the mailbox" },
	{ "2.1", "the mailbox is turned off" },
	{ "2.2", "the mailbox is full" },
	{ "2.3", "larger than that mailbox takes" },
	{ "2.4", "the mailing list could not be expanded" },
	{ "3.1", "the server's disk is full" },
	{ "3.2", "the server takes no mail just now" },
	{ "3.4", "larger than the server takes" },
	{ "4.1", "the next server does not answer" },
	{ "4.2", "the connection broke" },
	{ "4.4", "no way to that domain" },
	{ "4.6", "the mail goes round in a loop" },
	{ "4.7", "it took too long" },
	{ "5.0", "" },
	{ "5.1", "no command for this moment" },
	{ "5.2", "a mistake in the command" },
	{ "5.3", "too many recipients at once" },
	{ "5.4", "parameters that the server does not know" },
	{ "5.6", "the log-in is too long" },
	{ "6.0", "something in the message" },
	{ "6.1", "that kind of content" },
	{ "6.7", "an address that is not ASCII" },
	{ "7.0", "" },
	{ "7.1", "the server does not allow it: relaying, or its policy" },
	{ "7.2", "you may not write to that list" },
	{ "7.8", "the user or the password is wrong" },
	{ "7.9", "that mechanism is too weak" },
	{ "7.11", "only with encryption" },
	{ "7.14", "sign in by a browser first" },
	{ "7.20", "no DKIM signature that holds" },
	{ "7.23", "SPF does not allow this machine for that domain" },
	{ "7.25", "this machine's address has no name" },
	{ "7.26", "neither SPF nor DKIM hold for that domain" },
	{ "7.139", "the account may not log in by a password" },
};

static const char *about_code(int code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].code == code)
			return codes[i].about;
	switch (code / 100) {
	case 2:
		return "done";
	case 3:
		return "go on";
	case 4:
		return "not now; try again later";
	case 5:
		return "refused for good";
	default:
		return NULL;
	}
}

static const char *about_detail(const char *esc)
{
	if (strlen(esc) < 5 || esc[1] != '.')
		return "";
	for (size_t i = 0; i < sizeof(details) / sizeof(*details); i++)
		if (!strcmp(details[i].detail, esc + 2))
			return details[i].about;
	return "";
}

void verbs_gloss_code(int code, const char *esc, struct buf *out)
{
	const char *detail = about_detail(esc);
	const char *about = about_code(code);

	if (!about)
		return;
	if (code < 400 || !*detail)
		buf_puts(out, about);
	else
		buf_printf(out, "%s: %s",
			   code < 500 ? "not now, try again later"
				      : "refused for good",
			   detail);
}

static const struct {
	const char *name, *about;
} capabilities[] = {
	{ "8BITMIME", "text need not be made 7-bit (RFC 6152)" },
	{ "AUTH", "ways to log in (RFC 4954)" },
	{ "BINARYMIME", "content may be binary (RFC 3030)" },
	{ "CHUNKING", "BDAT instead of DATA (RFC 3030)" },
	{ "DELIVERBY", "by when a mail is to be there (RFC 2852)" },
	{ "DSN", "reports of delivery can be asked for (RFC 3461)" },
	{ "ENHANCEDSTATUSCODES", "replies have codes as 5.1.1 (RFC 2034)" },
	{ "ETRN", "mail that waits can be asked for (RFC 1985)" },
	{ "FUTURERELEASE", "a mail can be held for later (RFC 4865)" },
	{ "LIMITS", "how much of what the server takes (RFC 9422)" },
	{ "MT-PRIORITY", "a mail can be urgent (RFC 6710)" },
	{ "PIPELINING", "commands may go in one flight (RFC 2920)" },
	{ "REQUIRETLS", "TLS on the whole way can be asked for (RFC 8689)" },
	{ "SIZE", "the largest message, in octets (RFC 1870)" },
	{ "SMTPUTF8", "addresses may be UTF-8 (RFC 6531)" },
	{ "STARTTLS", "encryption can be turned on (RFC 3207)" },
	{ "VRFY", "a mailbox can be asked for" },
	{ "XCLIENT", "for proxies (Postfix)" },
};

void verbs_gloss_capability(const char *line, struct buf *out)
{
	size_t n = strcspn(line, " =");

	for (size_t i = 0; i < sizeof(capabilities) / sizeof(*capabilities);
	     i++)
		if (strlen(capabilities[i].name) == n &&
		    ascii_begins(line, capabilities[i].name))
			buf_puts(out, capabilities[i].about);
}

/* RFC 2449 8.1, RFC 3206, RFC 5530, RFC 3501 7.1. */
static const struct {
	const char *name, *about;
} brackets[] = {
	{ "ALERT", "to be shown to the person" },
	{ "ALREADYEXISTS", "there is one of that name" },
	{ "APPENDUID", "it lies there under that number" },
	{ "AUTH", "the user or the password is wrong" },
	{ "AUTHENTICATIONFAILED", "the user or the password is wrong" },
	{ "AUTHORIZATIONFAILED", "that user may not act for the other" },
	{ "BADCHARSET", "it does not know that character set" },
	{ "CANNOT", "that can never be done here" },
	{ "CAPABILITY", "what it can do, from here on" },
	{ "CLIENTBUG", "that made no sense to the server" },
	{ "CONTACTADMIN", "only the server's people can help" },
	{ "EXPIRED", "the password is too old" },
	{ "IN-USE", "another program has the mailbox open; try again later" },
	{ "INUSE", "another program has it open; try again later" },
	{ "LIMIT", "one too many" },
	{ "LOGIN-DELAY", "too soon after the last log-in" },
	{ "NONEXISTENT", "there is no such mailbox" },
	{ "NOPERM", "you may not do that" },
	{ "OVERQUOTA", "the mailbox is full" },
	{ "PRIVACYREQUIRED", "only with encryption" },
	{ "READ-ONLY", "nothing can be changed in it" },
	{ "READ-WRITE", "it can be changed" },
	{ "SERVERBUG", "a fault of the server's" },
	{ "SYS/PERM", "trouble at the server that will stay" },
	{ "SYS/TEMP", "trouble at the server; try again later" },
	{ "TRYCREATE", "there is no such mailbox: CREATE makes it" },
	{ "UIDNEXT", "the number that the next message gets" },
	{ "UIDVALIDITY", "the lasting numbers hold as long as this does" },
	{ "UNAVAILABLE", "trouble behind the server; try again later" },
	{ "UNSEEN", "the first message that nobody has read" },
};

void verbs_gloss_bracket(const char *line, struct buf *out)
{
	const char *open = strchr(line, '[');
	size_t n;

	if (!open)
		return;
	n = strcspn(++open, " ]");
	for (size_t i = 0; i < sizeof(brackets) / sizeof(*brackets); i++)
		if (strlen(brackets[i].name) == n &&
		    ascii_begins(open, brackets[i].name))
			buf_puts(out, brackets[i].about);
}
