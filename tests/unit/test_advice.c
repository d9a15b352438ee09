/* test_advice.c - real replies, the row that each has to reach, and none that
 * is hidden behind another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "smtp/advice.h"

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
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		const struct advice *a =
			advice_find(replies[i].code, replies[i].esc,
				    replies[i].text, replies[i].host);

		if (!a || strcmp(a->name, replies[i].name) != 0)
			print_message("%d %s %s\n", replies[i].code,
				      replies[i].esc, replies[i].text);
		assert_non_null(a);
		assert_string_equal(a->name, replies[i].name);
	}
}

static void no_row_is_hidden(void **state)
{
	(void)state;
	for (const struct advice *a = advice_rows; a->name; a++) {
		size_t hits = 0;

		for (size_t i = 0; i < COUNT; i++)
			hits += advice_find(replies[i].code, replies[i].esc,
					    replies[i].text,
					    replies[i].host) == a;
		if (!hits)
			print_message("no reply reaches %s (%s)\n", a->name,
				      a->words ? a->words : "any words");
		assert_true(hits > 0);
	}
}

static void rows_are_whole(void **state)
{
	(void)state;
	for (const struct advice *a = advice_rows; a->name; a++) {
		assert_non_null(a->why);
		assert_non_null(a->way_out);
		assert_non_null(a->settings);
		assert_true(a->code || a->esc || a->words);
		/* clauses: they stand behind others */
		assert_true(strchr(a->why, '\0')[-1] != '.');
		assert_true(strchr(a->way_out, '\0')[-1] != '.');
	}
}

static void what_explains_itself_has_none(void **state)
{
	(void)state;
	assert_null(advice_find(554, "", "Transaction failed", NULL));
	assert_null(advice_find(550, "", "no", "mail.example.org"));
	assert_null(advice_find(550, "", "we take marbles alone", NULL));
}

static void a_host_is_a_whole_name(void **state)
{
	(void)state;
	assert_string_equal(
		advice_find(535, "5.7.8", "no", "notgmail.com")->name,
		"wrong-password");
	assert_string_equal(
		advice_find(535, "5.7.8", "no", "SMTP.GMail.com")->name,
		"gmail-password");
	assert_string_equal(advice_find(535, "5.7.8", "no", "com")->name,
			    "wrong-password");
}

/* An address in the sentence is nobody's word. */
static void of_a_fault(void **state)
{
	struct fault f = FAULT_INIT;

	(void)state;
	fault_set(&f, FAULT_NOUSER,
		  "recipient spamhaus@example.org was refused: 550 5.1.1 no");
	f.reply = 550;
	memcpy(f.esc, "5.1.1", 6);
	assert_string_equal(advice_of(&f, "x")->name, "unknown-user");
	f.reply = 0;
	assert_null(advice_of(&f, "x"));
	f.reply = 551;
	assert_null(advice_of(&f, "x"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reply_has_its_row),
		cmocka_unit_test(no_row_is_hidden),
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(what_explains_itself_has_none),
		cmocka_unit_test(a_host_is_a_whole_name),
		cmocka_unit_test(of_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
