/* test_glossary.c - the form of all of contrib/glossary, nothing in it twice;
 * real replies, the row that each has to reach, and none that is hidden behind
 * another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ascii.h"
#include "config/settings.h"
#include "net/glossary.h"

static const struct {
	int code;
	const char *esc, *text, *host, *name;
} replies[] = {
#define GMAIL  "smtp.gmail.com"
#define OFFICE "smtp.office365.com"
	{ 534, "5.7.9",
	  "Application-specific password required. For more information, go to "
	  "https://support.google.com/mail/?p=InvalidSecondFactor - gsmtp",
	  GMAIL, "gmail-app-password" },
	{ 534, "5.7.14",
	  "Please log in via your web browser and then try again. - gsmtp",
	  GMAIL, "gmail-browser" },
	{ 535, "5.7.8",
	  "Username and Password not accepted. For more information, go to "
	  "https://support.google.com/mail/?p=BadCredentials - gsmtp",
	  GMAIL, "gmail-password" },
	{ 535, "5.7.8", "Username and Password not accepted.",
	  "smtp.googlemail.com", "gmail-password" },
	{ 454, "4.7.0", "Too many login attempts, please try again later.",
	  GMAIL, "gmail-attempts" },
	{ 550, "5.7.0", "Mail relay denied [192.0.2.1]. Invalid credentials",
	  "smtp-relay.gmail.com", "gmail-relay" },
	{ 550, "5.4.5", "Daily user sending limit exceeded.", GMAIL,
	  "sending-limit" },
	{ 550, "5.7.26",
	  "Unauthenticated email from example.org is not accepted due to "
	  "domain's DMARC policy.",
	  NULL, "unauthenticated-dmarc" },
	{ 550, "5.7.26",
	  "This mail has been blocked because the sender is unauthenticated. "
	  "Gmail requires all senders to authenticate with either SPF or DKIM.",
	  NULL, "unauthenticated-spf" },
	{ 550, "5.7.1",
	  "[192.0.2.1] The IP you're using to send mail is not authorized to "
	  "send email directly to our servers.",
	  NULL, "gmail-direct" },
	{ 550, "5.7.25",
	  "[192.0.2.1] The IP address sending this message does not have a PTR "
	  "record setup",
	  NULL, "no-ptr" },
	{ 450, "4.7.25",
	  "Client host rejected: cannot find your hostname, [192.0.2.1]", NULL,
	  "no-ptr" },
	{ 450, "4.7.1",
	  "Client host rejected: cannot find your reverse hostname, "
	  "[192.0.2.1]",
	  NULL, "no-ptr" },
	{ 552, "5.7.0",
	  "This message was blocked because its content presents a potential "
	  "security issue.",
	  NULL, "gmail-blocked-content" },
	{ 421, "4.7.0",
	  "[192.0.2.1] Our system has detected an unusual rate of unsolicited "
	  "mail originating from your IP address.",
	  NULL, "rate" },
	{ 421, "4.7.0",
	  "[TSS04] Messages from 192.0.2.1 temporarily deferred due to user "
	  "complaints",
	  NULL, "rate" },

	{ 535, "5.7.139",
	  "Authentication unsuccessful, SmtpClientAuthentication is disabled "
	  "for the Tenant. Visit https://aka.ms/smtp_auth_disabled",
	  OFFICE, "microsoft-smtp-auth-off" },
	{ 535, "5.7.139",
	  "Authentication unsuccessful, basic authentication is disabled.",
	  "smtp-mail.outlook.com", "microsoft-smtp-auth-off" },
	{ 535, "5.7.139",
	  "Authentication unsuccessful, the request did not meet the criteria "
	  "to be authenticated successfully. Contact your administrator.",
	  OFFICE, "microsoft-policy" },
	{ 535, "5.7.3", "Authentication unsuccessful", OFFICE,
	  "microsoft-password" },
	{ 530, "5.7.57",
	  "Client not authenticated to send mail. [AM0PR01.example]", OFFICE,
	  "microsoft-not-logged-in" },
	{ 550, "5.7.60",
	  "SMTP; Client does not have permissions to send as this sender",
	  OFFICE, "microsoft-send-as" },
	{ 554, "5.2.252",
	  "SendAsDenied; a@example.org not allowed to send as b@example.org",
	  OFFICE, "microsoft-send-as" },
	{ 550, "5.7.708",
	  "Service unavailable. Access denied, traffic not accepted from this "
	  "IP.",
	  OFFICE, "microsoft-tenant-blocked" },
	{ 550, "5.7.705",
	  "Service unavailable. Access denied, tenant has exceeded threshold.",
	  OFFICE, "microsoft-tenant-limit" },
	{ 550, "5.1.8", "Access denied, bad outbound sender AS(42004)", OFFICE,
	  "microsoft-bad-sender" },
	{ 550, "5.7.64", "TenantAttribution; Relay Access Denied",
	  "example.mail.protection.outlook.com", "microsoft-relay" },
	{ 550, "5.7.509",
	  "Access denied, sending domain example.org does not pass DMARC "
	  "verification",
	  NULL, "microsoft-dmarc" },
	{ 550, "5.7.515",
	  "Access denied, sending domain example.org doesn't meet the required "
	  "authentication level.",
	  NULL, "microsoft-authentication" },
	{ 550, "5.4.1", "Recipient address rejected: Access denied.", NULL,
	  "microsoft-unknown-user" },
	{ 432, "4.3.2",
	  "Concurrent connections limit exceeded. Visit "
	  "https://aka.ms/concurrent_sending",
	  OFFICE, "microsoft-many-connections" },

	{ 535, "5.7.0", "(#AUTH005) Too many bad auth attempts.",
	  "smtp.mail.yahoo.com", "yahoo-app-password" },
	{ 535, "5.7.0", "(#MBR1212) Incorrect username or password.",
	  "smtp.aol.com", "yahoo-app-password" },
	{ 535, "5.7.8", "Error: authentication failed:", "smtp.mail.me.com",
	  "icloud-app-password" },
	{ 550, "5.7.0", "From address is not one of your addresses",
	  "smtp.mail.me.com", "icloud-sender" },
	{ 535, "", "Authentication credentials invalid", "mail.gmx.net",
	  "gmx-access" },
	{ 535, "5.7.0", "Incorrect username or password", "smtp.fastmail.com",
	  "app-password" },
	{ 535, "", "Authentication Failed", "smtp.zoho.eu", "app-password" },
	{ 554, "",
	  "Message rejected: Email address is not verified. The following "
	  "identities failed the check in region EU-WEST-1: a@example.org",
	  "email-smtp.eu-west-1.amazonaws.com", "ses-sandbox" },
	{ 454, "", "Throttling failure: Maximum sending rate exceeded.",
	  "email-smtp.eu-west-1.amazonaws.com", "ses-rate" },
	{ 535, "", "Authentication Credentials Invalid",
	  "email-smtp.eu-west-1.amazonaws.com", "ses-credentials" },
	{ 535, "", "Authentication failed: Bad username / password",
	  "smtp.sendgrid.net", "sendgrid-apikey" },
	{ 550, "",
	  "The from address does not match a verified Sender Identity. Mail "
	  "cannot be sent until this error is resolved.",
	  "smtp.sendgrid.net", "sendgrid-sender" },

	{ 530, "5.7.0", "Must issue a STARTTLS command first", NULL,
	  "tls-first" },
	{ 538, "5.7.11",
	  "Encryption required for requested authentication mechanism", NULL,
	  "tls-first" },
	{ 530, "5.7.0", "Authentication Required.", NULL,
	  "authentication-required" },
	{ 534, "5.7.9", "Authentication mechanism is too weak", NULL,
	  "weak-mechanism" },
	{ 454, "4.7.0", "Temporary authentication failure", NULL,
	  "log-in-later" },
	{ 535, "5.7.8", "Error: authentication failed: (reason unavailable)",
	  "mail.example.org", "wrong-password" },
	{ 535, "", "Incorrect authentication data", NULL, "wrong-password" },
	{ 553, "5.7.1",
	  "<a@example.org>: Sender address rejected: not logged in", NULL,
	  "not-logged-in" },
	{ 550, "", "authentication required", NULL, "not-logged-in" },

	{ 553, "5.7.1",
	  "<a@example.org>: Sender address rejected: not owned by user b", NULL,
	  "sender-not-owned" },
	{ 551, "5.7.1", "Not authorised to send from this header address",
	  "smtp.fastmail.com", "sender-not-owned" },
	{ 550, "", "Sender address is not allowed.", "mail.gmx.net",
	  "sender-not-owned" },
	{ 450, "4.1.8",
	  "<a@example.invalid>: Sender address rejected: Domain not found",
	  NULL, "sender-domain" },
	{ 550, "", "Sender verify failed", NULL, "sender-domain" },
	{ 504, "5.5.2",
	  "<localhost>: Helo command rejected: need fully-qualified hostname",
	  NULL, "helo" },
	{ 501, "", "Syntactically invalid HELO argument(s)", NULL, "helo" },

	{ 554, "5.7.1",
	  "Service unavailable; Client host [192.0.2.1] blocked using "
	  "zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1",
	  NULL, "blocklist" },
	{ 550, "5.7.606", "Access denied, banned sending IP [192.0.2.1].", NULL,
	  "blocklist" },
	{ 554, "5.7.1", "<b@example.net>: Relay access denied", NULL, "relay" },
	{ 454, "4.7.1", "<b@example.net>: Relay access denied", NULL, "relay" },
	{ 550, "5.7.1", "Unable to relay", NULL, "relay" },
	{ 550, "", "relay not permitted", NULL, "relay" },
	{ 554, "5.7.1",
	  "<unknown[192.0.2.1]>: Client host rejected: Access denied", NULL,
	  "client-refused" },

	{ 550, "5.1.1",
	  "<b@example.org>: Recipient address rejected: User unknown in "
	  "virtual mailbox table",
	  NULL, "unknown-user" },
	{ 550, "5.1.2", "Bad destination system address", NULL,
	  "unknown-domain" },
	{ 556, "", "Domain does not accept mail", NULL, "null-mx" },
	{ 552, "5.2.2",
	  "The email account that you tried to reach is over quota.", NULL,
	  "mailbox-full" },
	{ 452, "4.2.2", "The recipient's inbox is out of storage space.", NULL,
	  "mailbox-full" },
	{ 550, "", "Mailbox is full / Blocks limit exceeded", NULL,
	  "mailbox-full" },

	{ 552, "5.3.4", "Message size exceeds fixed limit", NULL, "too-large" },
	{ 552, "", "message too large", NULL, "too-large" },
	{ 554, "5.7.1", "Message rejected as spam", NULL, "spam" },
	{ 550, "5.7.1", "Email rejected per DMARC policy for example.org", NULL,
	  "policy-dmarc" },
	{ 550, "5.7.23", "SPF check failed: 192.0.2.1 is not allowed", NULL,
	  "policy-spf" },

	{ 451, "4.7.1", "Greylisting in action, please come back later", NULL,
	  "greylisting" },
	{ 450, "4.2.0",
	  "<b@example.org>: Recipient address rejected: Greylisted, see "
	  "http://postgrey.example.org/help/example.org.html",
	  NULL, "greylisting" },
	{ 452, "4.3.1", "Insufficient system storage", NULL, "storage" },
	{ 452, "4.5.3", "Error: too many recipients", NULL,
	  "too-many-recipients" },
	{ 421, "4.7.0",
	  "mx.example.org Error: too many connections from "
	  "192.0.2.1",
	  NULL, "too-many-connections" },
	{ 421, "4.3.2", "Service not available, closing transmission channel",
	  NULL, "server-busy" },
	{ 451, "4.3.5", "Server configuration error", NULL, "server-trouble" },
	{ 450, "4.1.1",
	  "<b@example.org>: Recipient address rejected: unverified address",
	  NULL, "later" },
	{ 451, "", "Temporary local problem - please try later", NULL,
	  "later" },
	{ 503, "5.5.1", "Error: need MAIL command", NULL, "bad-sequence" },
};
#define COUNT (sizeof(replies) / sizeof(*replies))

static void each_reply_has_its_row(void **state)
{
	struct advice a;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		if (!glossary_advice_find(replies[i].code, replies[i].esc,
					  replies[i].text, replies[i].host,
					  &a) ||
		    strcmp(a.name, replies[i].name) != 0)
			fail_msg("%d %s %s: not %s", replies[i].code,
				 replies[i].esc, replies[i].text,
				 replies[i].name);
	}
}

static void no_row_is_hidden(void **state)
{
	struct advice a;

	(void)state;
	for (const char *const *l = glossary_lines; *l; l++) {
		size_t hits = 0;

		if (strncmp(*l, " reply ", 7) != 0)
			continue;
		for (size_t i = 0; i < COUNT; i++)
			hits += glossary_advice_find(replies[i].code,
						     replies[i].esc,
						     replies[i].text,
						     replies[i].host, &a) &&
				a.row == *l + 7;
		if (!hits)
			fail_msg("no reply of this test reaches %s", *l);
	}
}

static void what_explains_itself_has_none(void **state)
{
	struct advice a;

	(void)state;
	assert_false(
		glossary_advice_find(554, "", "Transaction failed", NULL, &a));
	assert_false(
		glossary_advice_find(550, "", "no", "mail.example.org", &a));
	assert_false(glossary_advice_find(550, "", "we take marbles alone",
					  NULL, &a));
}

static void a_host_is_a_whole_name(void **state)
{
	static const struct {
		const char *host, *name;
	} rows[] = {
		{ "notgmail.com", "wrong-password" },
		{ "SMTP.GMail.com", "gmail-password" },
		{ "com", "wrong-password" },
	};
	struct advice a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_true(glossary_advice_find(535, "5.7.8", "no",
						 rows[i].host, &a));
		assert_string_equal(a.name, rows[i].name);
	}
}

/* An address in the sentence is nobody's word. */
static void of_a_error(void **state)
{
	struct error f = ERROR_INIT;
	struct advice a;

	(void)state;
	error_set(&f, ERROR_NOUSER,
		  "recipient spamhaus@example.org was refused: 550 5.1.1 no");
	f.reply = 550;
	memcpy(f.esc, "5.1.1", 6);
	assert_true(glossary_advice_of(&f, "x", &a));
	assert_string_equal(a.name, "unknown-user");
	f.reply = 0;
	assert_false(glossary_advice_of(&f, "x", &a));
	f.reply = 551;
	assert_false(glossary_advice_of(&f, "x", &a));
}

static void of_what_no_server_said(void **state)
{
	struct advice a;

	(void)state;
	assert_true(glossary_cause("port-25-no-answer", &a));
	assert_non_null(strstr(a.settings, "port"));
	assert_false(glossary_cause("port-25", &a));
	assert_true(glossary_cause_of_chain(20, &a));
	assert_string_equal(a.name, "certificate-unknown-ca");
	assert_false(glossary_cause_of_chain(0, &a));
	assert_true(glossary_cause_of_handshake("x: Wrong Version Number", &a));
	assert_string_equal(a.name, "tls-not-at-once");
}

/* ---- words ---- */

static void replies_in_words(void **state)
{
	static const struct {
		int code;
		const char *esc, *word;
	} cases[] = {
		{ 354, "", "lone dot" },
		{ 250, "2.1.0", "done" },
		{ 550, "5.1.1", "no such mailbox" },
		{ 450, "4.2.2", "full" },
		{ 421, "", "later" },
		{ 599, "", "refused" },
		{ 550, "5.99.99", "refused" },
		{ 550, "5.7.1", "relay" },
		{ 550, "5.7.13", "refused" },
		{ 535, "", "password" },
	};
	struct buf out = BUF_INIT(1024);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_reset(&out);
		glossary_reply(cases[i].code, cases[i].esc, &out);
		assert_non_null(strstr(out.data, cases[i].word));
	}
	buf_reset(&out);
	glossary_reply(199, "", &out);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void words_of_a_protocol(void **state)
{
	struct glossary_verb v;

	(void)state;
	assert_non_null(strstr(glossary_response("NO [OVERQUOTA] x"), "full"));
	assert_null(glossary_response("NO OVERQUOTA"));
	assert_non_null(strstr(glossary_extension("smtp", "size 10"), "1870"));
	assert_non_null(glossary_extension("smtp", "AUTH=LOGIN"));
	assert_non_null(glossary_extension("IMAP", "UTF8=ACCEPT"));
	assert_null(glossary_extension("smtp", "XSIZE"));
	assert_null(glossary_extension("smtp", ""));
	assert_true(glossary_is_unused("smtp", "ETRN"));
	assert_false(glossary_is_unused("smtp", "SIZE 1"));
	assert_true(glossary_verb("SMTP", "rcpt to", 4, &v));
	assert_string_equal(v.name, "RCPT");
	assert_string_equal(v.source, "RFC 5321 4.1.1.3");
	assert_false(glossary_verb("smtp", "RCP", 3, NULL));
	assert_false(glossary_verb("pop3", "RCPT", 4, NULL));
	assert_true(glossary_verb_near("smtp", "RCTP", 4, &v));
	assert_string_equal(v.name, "RCPT");
	assert_false(glossary_verb_near("smtp", "XYZZYPLUGH", 10, &v));
	assert_non_null(strstr(glossary_word("smtp", "5.1.1"), "mailbox"));
	assert_non_null(glossary_word("smtp", "550"));
	assert_non_null(glossary_word("pop3", "overquota"));
	assert_null(glossary_word("smtp", "1.1.1.1"));
}

/* ---- the form ---- */

static const struct kind {
	const char *name;
	const char *attributes; /* those it may have */
	size_t words;		/* of its name */
	bool has_text;
} kinds[] = {
	{ "code", "", 1, true },
	{ "detail", "", 1, true },
	{ "response", "", 1, true },
	{ "extension", "missing unused", 2, true },
	{ "verb", "form see", 2, true },
	{ "advice", "reply at why do settings sure", 1, false },
	{ "cause", "verify tls why do settings", 1, false },
};

static bool is_listed(const char *list, const char *word, size_t n)
{
	for (size_t k; *list; list += k + (list[k] == ' ')) {
		k = strcspn(list, " ");
		if (k == n && !memcmp(list, word, n))
			return true;
	}
	return false;
}

static const struct kind *kind_of(const char *line)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcspn(line, " ") == strlen(kinds[i].name) &&
		    !strncmp(line, kinds[i].name, strlen(kinds[i].name)))
			return &kinds[i];
	fail_msg("no kind: %s", line);
	return NULL;
}

/* Octets of the kind and the name. */
static size_t key_length(const struct kind *k, const char *line)
{
	size_t n = strcspn(line, " ");

	for (size_t i = 0; i < k->words; i++) {
		if (!line[n] || line[n + 1] == ' ')
			fail_msg("no name: %s", line);
		n += 1 + strcspn(line + n + 1, " ");
	}
	return n;
}

/* Half a sentence, in ASCII, without what a terminal would obey. */
static void check_text(const char *line, const char *text)
{
	size_t n = strlen(text);

	if (!n || text[n - 1] == '.' || text[n - 1] == ' ' || *text == ' ' ||
	    strstr(text, "  "))
		fail_msg("not half a sentence: %s", line);
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] > '~')
			fail_msg("not plain text: %s", line);
}

static void check_settings(const char *line, const char *names)
{
	for (size_t n; *names; names += n + (names[n] == ' ')) {
		char name[64];

		n = strcspn(names, " ");
		snprintf(name, sizeof(name), "%.*s", (int)n, names);
		if (!setting_find(name))
			fail_msg("no setting %s: %s", name, line);
	}
}

/* "535 5.7.8 words": a code or *, a code or a beginning of one or *. */
static void check_reply(const char *line, const char *row)
{
	size_t code = strcspn(row, " "), esc;

	if (!(code == 1 && *row == '*') &&
	    !(code == 3 && strspn(row, "0123456789") == 3 && *row >= '4'))
		fail_msg("no code: %s", line);
	row += code + (row[code] == ' ');
	esc = strcspn(row, " ");
	if (!(esc == 1 && *row == '*') &&
	    !(esc >= 4 && strspn(row, "0123456789.") == esc && row[1] == '.'))
		fail_msg("no enhanced code: %s", line);
	row += esc + (row[esc] == ' ');
	if (code == 1 && esc == 1 && !*row)
		fail_msg("anything would fit: %s", line);
	if (strstr(row, "||") || strstr(row, " |") || strstr(row, "| "))
		fail_msg("an empty word: %s", line);
}

static void check_attribute(const struct kind *k, const char *line)
{
	size_t n = strcspn(line + 1, " ");
	const char *value = line + 1 + n + (line[1 + n] == ' ');

	if (!is_listed(k->attributes, line + 1, n))
		fail_msg("a %s has no such line: %s", k->name, line);
	if (is_listed("unused sure", line + 1, n) != !*value)
		fail_msg("a value too many, or none: %s", line);
	if (*value && !is_listed("form reply", line + 1, n))
		check_text(line, value);
	if (is_listed("settings", line + 1, n))
		check_settings(line, value);
	if (is_listed("reply", line + 1, n))
		check_reply(line, value);
}

static void every_line_has_its_form(void **state)
{
	const struct kind *k = NULL;
	size_t entries = 0;

	(void)state;
	for (const char *const *l = glossary_lines + 1; *l; l++) {
		if (**l == ' ') {
			assert_non_null(k);
			check_attribute(k, *l);
			continue;
		}
		k = kind_of(*l);
		entries++;
		if (k->has_text)
			check_text(*l, *l + key_length(k, *l) + 1);
		else if ((*l)[key_length(k, *l)])
			fail_msg("a name is one word: %s", *l);
	}
	assert_true(entries > 250);
}

/* Advice may come by one name with other words; nothing else is there twice. */
static void nothing_stands_there_twice(void **state)
{
	(void)state;
	for (const char *const *l = glossary_lines + 1; *l; l++) {
		const struct kind *k;
		size_t n;

		if (**l == ' ' || !strncmp(*l, "advice ", 7))
			continue;
		k = kind_of(*l);
		n = key_length(k, *l);
		for (const char *const *m = l + 1; *m; m++)
			if (!strncmp(*l, *m, n) && (!(*m)[n] || (*m)[n] == ' '))
				fail_msg("twice: %s", *m);
	}
}

static bool has_line(const char *const *entry, const char *name)
{
	while (*++entry && **entry == ' ')
		if (is_listed(name, *entry + 1, strcspn(*entry + 1, " ")))
			return true;
	return false;
}

static void entries_are_whole(void **state)
{
	(void)state;
	for (const char *const *l = glossary_lines + 1; *l; l++) {
		bool is_advice = !strncmp(*l, "advice ", 7);

		if (is_advice && !has_line(l, "reply"))
			fail_msg("it never applies: %s", *l);
		if ((is_advice || !strncmp(*l, "cause ", 6)) &&
		    (!has_line(l, "why") || !has_line(l, "do")))
			fail_msg("no why or do: %s", *l);
		if (!strncmp(*l, "verb ", 5) && !has_line(l, "see"))
			fail_msg("no RFC: %s", *l);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_has_its_form),
		cmocka_unit_test(nothing_stands_there_twice),
		cmocka_unit_test(entries_are_whole),
		cmocka_unit_test(each_reply_has_its_row),
		cmocka_unit_test(no_row_is_hidden),
		cmocka_unit_test(what_explains_itself_has_none),
		cmocka_unit_test(a_host_is_a_whole_name),
		cmocka_unit_test(of_a_error),
		cmocka_unit_test(of_what_no_server_said),
		cmocka_unit_test(replies_in_words),
		cmocka_unit_test(words_of_a_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
