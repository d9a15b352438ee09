/* advice.c - see advice.h; what providers say changes, the table is where to
 * change it too. */
#include "smtp/advice.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"

#define GOOGLE	  "gmail.com|googlemail.com|google.com"
#define MICROSOFT "office365.com|outlook.com|hotmail.com|office.com"
#define YAHOO	  "yahoo.com|yahoodns.net|aol.com|att.net|verizon.net|sky.com"
#define APPLE	  "me.com|icloud.com|mac.com"
#define AMAZON	  "amazonaws.com"
#define PASSWORD  "user password passwordeval password_file"
#define SENDER	  "from allow_from_override"

const struct advice advice_rows[] = {
	/* ---- Gmail */
	{ "gmail-app-password", 534, "5.7.9", NULL, GOOGLE,
	  "Google takes no account's own password from a program where two "
	  "steps are needed to log in",
	  "make an app password at https://myaccount.google.com/apppasswords "
	  "and put its 16 letters in the place of the password",
	  PASSWORD, true },
	{ "gmail-browser", 534, "5.7.14", NULL, GOOGLE,
	  "Google holds this log-in for somebody else's until the owner has "
	  "confirmed it",
	  "log in to the account with a browser once and confirm, or use an "
	  "app password from https://myaccount.google.com/apppasswords",
	  PASSWORD, true },
	{ "gmail-password", 535, "5.7.8", NULL, GOOGLE,
	  "Google does not take this user and password; the account's own "
	  "password never works from a program",
	  "let user be the whole address, turn on 2-step verification and use "
	  "an app password from https://myaccount.google.com/apppasswords",
	  PASSWORD, true },
	{ "gmail-attempts", 454, "4.7.0", "too many login", GOOGLE,
	  "there were too many log-ins in a short time",
	  "wait some minutes, and see which program logs in so often", "",
	  true },
	{ "gmail-relay", 550, "5.7.0", "relay denied", GOOGLE,
	  "Google's relay does not know this machine's address",
	  "let the domain's administrator add it to the SMTP relay service, or "
	  "log in at smtp.gmail.com",
	  "host user", true },
	{ "sending-limit", 550, "5.4.5", "limit", NULL,
	  "the account has sent as many mails as it may in a day",
	  "wait a day, or send large numbers by a service that is made for it",
	  "", true },
	{ "unauthenticated-dmarc", 550, "5.7.26", "dmarc", NULL,
	  "the sender's domain has a DMARC policy, and this mail passes "
	  "neither its SPF nor its DKIM",
	  "send by the server of the sender's own domain, or let that domain's "
	  "SPF record include this one",
	  "host from", true },
	{ "unauthenticated-spf", 550, "5.7.26", NULL, NULL,
	  "the receiver wants SPF or DKIM to show that the sender's domain "
	  "sends by this server, and neither does",
	  "send by the server of the sender's own domain, or add this server "
	  "to that domain's SPF record and sign with DKIM",
	  "host from", true },
	{ "gmail-direct", 550, "5.7.1", "not authorized to send email directly",
	  NULL, "addresses of private lines may not deliver mail by themselves",
	  "send by the mail server of the provider, with a log-in", "host user",
	  true },
	{ "no-ptr", 0, "5.7.25", NULL, NULL,
	  "this machine's address has no name in the DNS, or one that does not "
	  "lead back to it",
	  "send by the provider's server, or have a PTR record set that fits "
	  "the machine's name",
	  "host domain", true },
	{ "no-ptr", 0, "4.7.25", NULL, NULL,
	  "this machine's address has no name in the DNS, or one that does not "
	  "lead back to it",
	  "send by the provider's server, or have a PTR record set that fits "
	  "the machine's name",
	  "host domain", true },
	{ "no-ptr", 0, NULL, "ptr record|reverse hostname|reverse dns|rdns",
	  NULL,
	  "this machine's address has no name in the DNS, or one that does not "
	  "lead back to it",
	  "send by the provider's server, or have a PTR record set that fits "
	  "the machine's name",
	  "host domain", true },
	{ "gmail-blocked-content", 552, "5.7.0", NULL, NULL,
	  "the receiver takes no attachments of that kind, programs above all",
	  "leave the file out and send a link to it", "", true },
	{ "rate", 421, "4.7.0", "unusual rate|unsolicited|tss04|complaints",
	  NULL,
	  "the receiver slows down mail from this address, as it has seen much "
	  "that looked like spam",
	  "send less and slower for a day or two; what waits in the queue "
	  "goes out by itself",
	  "", true },

	/* ---- Microsoft */
	{ "microsoft-smtp-auth-off", 535, "5.7.139",
	  "smtpclientauthentication|basic authentication is disabled", NULL,
	  "logging in by SMTP is turned off for this mailbox or for the whole "
	  "organization",
	  "let the Microsoft 365 administrator turn on \"Authenticated SMTP\" "
	  "for the mailbox (and the organization), or set auth xoauth2 with a "
	  "token",
	  "auth passwordeval", true },
	{ "microsoft-policy", 535, "5.7.139", NULL, NULL,
	  "the password is wrong, or a rule of the organization (security "
	  "defaults, conditional access, two steps) forbids a log-in with one",
	  "check the password in a browser; then let the administrator allow "
	  "Authenticated SMTP for this mailbox, or set auth xoauth2 with a "
	  "token",
	  PASSWORD " auth", true },
	{ "microsoft-password", 535, "5.7.3", NULL, NULL,
	  "the server does not take this user and password",
	  "let user be the whole address; with two steps an app password is "
	  "needed, and the mailbox has to allow Authenticated SMTP",
	  PASSWORD " auth", true },
	{ "microsoft-not-logged-in", 0, "5.7.57", NULL, NULL,
	  "nobody has logged in, and without that this server takes no mail",
	  "set auth on and a user; if it is on, the mailbox has to allow "
	  "Authenticated SMTP",
	  "auth user", true },
	{ "microsoft-send-as", 0, "5.7.60", NULL, NULL,
	  "the mailbox that logged in may not send in this sender's name",
	  "let from be the address of that mailbox, or have the administrator "
	  "grant it \"Send as\"",
	  SENDER " user", true },
	{ "microsoft-send-as", 0, "5.2.252", NULL, NULL,
	  "the mailbox that logged in may not send in this sender's name",
	  "let from be the address of that mailbox, or have the administrator "
	  "grant it \"Send as\"",
	  SENDER " user", true },
	{ "microsoft-tenant-blocked", 550, "5.7.708", NULL, NULL,
	  "Microsoft takes no mail from this address for the organization, "
	  "most often as the organization is new or on trial",
	  "let the administrator ask Microsoft's support to let it through", "",
	  true },
	{ "microsoft-tenant-limit", 550, "5.7.705", NULL, NULL,
	  "the organization has sent so much that Microsoft stopped it",
	  "let the administrator find what sends so much, and ask Microsoft's "
	  "support",
	  "", true },
	{ "microsoft-bad-sender", 550, "5.1.8", "bad outbound sender", NULL,
	  "the account is barred, as too much spam came from it",
	  "change its password and let the administrator take it off the "
	  "restricted users",
	  PASSWORD, true },
	{ "microsoft-relay", 550, "5.7.64", NULL, NULL,
	  "no connector of the organization knows this machine",
	  "log in at smtp.office365.com, port 587, or let the administrator "
	  "make a connector for this machine's address",
	  "host port auth", true },
	{ "microsoft-dmarc", 550, "5.7.509", NULL, NULL,
	  "the sender's domain has a DMARC policy that this mail does not pass",
	  "send by the server of the sender's own domain", "host from", true },
	{ "microsoft-authentication", 550, "5.7.515", NULL, NULL,
	  "the receiver wants SPF, DKIM and DMARC of the sender's domain",
	  "send by the server of the sender's own domain and let its "
	  "administrator set all three up",
	  "host from", true },
	{ "microsoft-unknown-user", 550, "5.4.1", "recipient address rejected",
	  NULL, "there is no such mailbox at the recipient's domain",
	  "look for a slip in the address, and whether the person has left", "",
	  false },
	{ "microsoft-many-connections", 432, "4.3.2", NULL, NULL,
	  "the mailbox has too many connections at a time",
	  "let fewer programs send at once; it will pass", "", true },

	/* ---- Yahoo, AOL, iCloud and others */
	{ "yahoo-app-password", 535, NULL, NULL, YAHOO,
	  "Yahoo and AOL take no account's own password from a program",
	  "make an app password in the account's security settings and put it "
	  "in the place of the password; user is the whole address",
	  PASSWORD, true },
	{ "icloud-app-password", 535, NULL, NULL, APPLE,
	  "iCloud takes no account's own password from a program",
	  "make an app-specific password at https://account.apple.com and put "
	  "it in the place of the password; user is the iCloud address",
	  PASSWORD, true },
	{ "icloud-sender", 550, NULL, "not one of your addresses", APPLE,
	  "the sender is not an address of the account that logged in",
	  "let from be the iCloud address or one of its aliases", SENDER,
	  true },
	{ "gmx-access", 535, NULL, NULL,
	  "gmx.net|gmx.com|gmx.de|web.de|mail.com",
	  "GMX, WEB.DE and mail.com let programs in only where the owner has "
	  "allowed it",
	  "turn on access by POP3 and IMAP in the mailbox's settings, which "
	  "stands for sending too; with two steps an app password is needed",
	  PASSWORD, true },
	{ "app-password", 535, NULL, NULL,
	  "fastmail.com|messagingengine.com|zoho.com|zoho.eu|yandex.com|"
	  "yandex.ru|mailbox.org",
	  "this provider wants a password made for the program alone",
	  "make an app password in the account's security settings and put it "
	  "in the place of the password; user is the whole address",
	  PASSWORD, true },
	{ "ses-sandbox", 554, NULL, "email address is not verified", NULL,
	  "Amazon SES knows the sender not, or, in its sandbox, not the "
	  "recipient",
	  "verify the address or its domain in the SES console of that region, "
	  "or ask there to leave the sandbox",
	  "from host", true },
	{ "ses-rate", 454, NULL, "throttling failure", NULL,
	  "the account has sent as much as Amazon SES lets it for now",
	  "send slower, or ask for a higher quota", "", true },
	{ "ses-credentials", 535, NULL, NULL, AMAZON,
	  "Amazon SES has SMTP credentials of its own, for each region; the "
	  "keys of the account are not those",
	  "make SMTP credentials in the SES console of the host's region",
	  PASSWORD " host", true },
	{ "sendgrid-apikey", 535, NULL, NULL, "sendgrid.net",
	  "SendGrid's user is always the word apikey, and the password the key",
	  "set user apikey and put a key that may send in the place of the "
	  "password",
	  PASSWORD, true },
	{ "sendgrid-sender", 550, NULL, "verified sender identity", NULL,
	  "SendGrid does not know the sender",
	  "verify the address or its domain there, or let from be one that is",
	  SENDER, true },

	/* ---- the log-in, anywhere */
	{ "tls-first", 530, NULL, "starttls", NULL,
	  "the server says nothing more without TLS",
	  "set tls on and tls_starttls on", "tls tls_starttls", true },
	{ "tls-first", 538, NULL, NULL, NULL,
	  "the server takes a password by TLS alone",
	  "set tls on and tls_starttls on", "tls tls_starttls", true },
	{ "authentication-required", 530, NULL, NULL, NULL,
	  "the server takes mail only from those who log in",
	  "set auth on, a user and where its password is", "auth user", true },
	{ "weak-mechanism", 534, NULL, NULL, NULL,
	  "the server wants a stronger way to log in",
	  "name one that it offers in the setting auth", "auth", false },
	{ "log-in-later", 454, "4.7.", "auth", NULL,
	  "the server cannot look passwords up at the moment",
	  "try again later; nothing is wrong here", "", false },
	{ "wrong-password", 535, NULL, NULL, NULL,
	  "user or password is not what the server has",
	  "see whether user is to be the whole address, whether the password "
	  "has changed, and whether the provider wants an app password",
	  PASSWORD, false },
	{ "not-logged-in", 0, NULL,
	  "not logged in|authentication required|must authenticate|"
	  "authenticate first|must issue an auth",
	  NULL, "the server takes such mail only from those who log in",
	  "set auth on, a user and where its password is", "auth user", true },

	/* ---- who sends */
	{ "sender-not-owned", 0, NULL,
	  "not owned by user|not owned by auth|not permitted to send as|"
	  "sender address is not allowed|not allowed to send as|"
	  "not authorised to send from|not authorized to send from|"
	  "relaying disallowed as",
	  NULL, "who logged in may not use this sender",
	  "let from be the address of that user, or have the provider allow "
	  "the other one",
	  SENDER " user", true },
	{ "sender-domain", 0, NULL,
	  "sender address rejected: domain not found|sender verify failed|"
	  "domain of sender address",
	  NULL,
	  "the server finds no domain that the sender's answers could go to",
	  "let from be an address that can get mail", SENDER " maildomain",
	  true },
	{ "helo", 0, NULL,
	  "helo command rejected|invalid helo|ehlo argument|"
	  "helo argument|invalid domain name",
	  NULL,
	  "the server does not like the name by which this machine greets",
	  "set domain to the machine's full name, as in host.example.org",
	  "domain", true },

	/* ---- who may use the server */
	{ "blocklist", 0, NULL,
	  "spamhaus|spamcop|barracuda|sorbs|uceprotect|blocked using|"
	  "block list|blocklist|blacklist|dnsbl|rbl|banned sending ip",
	  NULL,
	  "this machine's address is on a list of those from which spam came, "
	  "or from which no mail is expected",
	  "send by a server to which you log in (port 587); the reply names "
	  "the list that can take the address off",
	  "host port auth", true },
	{ "relay", 0, NULL,
	  "relay access denied|relaying denied|relay not permitted|"
	  "relay denied|unable to relay|not permitted to relay|"
	  "relaying not allowed|not a relay",
	  NULL,
	  "the server takes mail to other domains only from those it knows: "
	  "nobody logged in, or it is the server of the recipient's domain "
	  "alone",
	  "set auth on and a user, and let host be your provider's server for "
	  "sending",
	  "auth user host port", true },
	{ "client-refused", 0, NULL,
	  "client host rejected|not accepted from this ip", NULL,
	  "the server does not take mail from this machine's address",
	  "log in (auth on, port 587), or ask its administrator to let this "
	  "machine in",
	  "auth host port", false },

	/* ---- who is to get it */
	{ "unknown-user", 0, "5.1.1", NULL, NULL,
	  "there is no such mailbox at the recipient's domain",
	  "look for a slip in the address, and whether the person has left", "",
	  false },
	{ "unknown-domain", 0, "5.1.2", NULL, NULL,
	  "the recipient's domain gets no mail, or there is none of that name",
	  "look for a slip behind the @", "", false },
	{ "null-mx", 556, NULL, NULL, NULL,
	  "the recipient's domain says that it takes no mail at all",
	  "look for a slip behind the @", "", false },
	{ "mailbox-full", 0, "5.2.2", NULL, NULL,
	  "the recipient's mailbox is full", "reach the recipient another way",
	  "", false },
	{ "mailbox-full", 0, "4.2.2", NULL, NULL,
	  "the recipient's mailbox is full",
	  "nothing but to wait: it is tried again by the queue", "", false },
	{ "mailbox-full", 0, NULL,
	  "over quota|mailbox full|mailbox is full|quota exceeded", NULL,
	  "the recipient's mailbox is full", "reach the recipient another way",
	  "", false },

	/* ---- the mail itself */
	{ "too-large", 0, "5.3.4", NULL, NULL,
	  "the mail is larger than the server takes",
	  "send files over several mails with --split auto, or a link", "",
	  true },
	{ "too-large", 552, NULL, "size|too large|too big", NULL,
	  "the mail is larger than the server takes",
	  "send files over several mails with --split auto, or a link", "",
	  true },
	{ "spam", 0, NULL, "spam|unsolicited", NULL,
	  "the content looks like spam to the server",
	  "say more in text and less in links and attachments, and send from "
	  "an address of a domain with SPF and DKIM",
	  "from", false },
	{ "policy-dmarc", 0, NULL, "dmarc", NULL,
	  "the sender's domain has a DMARC policy that this mail does not pass",
	  "send by the server of the sender's own domain", "host from", true },
	{ "policy-spf", 0, NULL, "spf", NULL,
	  "the sender's domain does not name this server in its SPF record",
	  "send by the server of the sender's own domain, or add this one to "
	  "the record",
	  "host from", true },

	/* ---- not now */
	{ "greylisting", 0, NULL,
	  "greylist|graylist|grey-list|gray-list|postgrey", NULL,
	  "the server takes nothing from strangers at the first try",
	  "nothing: it is tried again in some minutes and goes then, as long "
	  "as the queue is not turned off",
	  "queue", true },
	{ "storage", 452, NULL, "storage|disk", NULL,
	  "the server's disk is full", "nothing but to wait", "", false },
	{ "too-many-recipients", 452, NULL, "too many", NULL,
	  "the server takes no more recipients at once",
	  "nothing: the rest go by themselves", "", false },
	{ "too-many-connections", 421, NULL,
	  "too many|connections|concurrent|rate limit", NULL,
	  "there are more connections from this machine than the server wants",
	  "send less at a time (--connections), and wait some minutes", "",
	  true },
	{ "server-busy", 421, NULL, NULL, NULL,
	  "the server has no time, or is about to stop",
	  "try again later; mail waits in the queue until then", "queue",
	  false },
	{ "server-trouble", 451, "4.3.", NULL, NULL,
	  "the server has trouble of its own",
	  "try again later; if it stays, its administrator has to know", "",
	  false },
	{ "later", 450, NULL, NULL, NULL,
	  "the mailbox cannot be reached now, or the server wants to see us "
	  "again",
	  "it is tried again by the queue", "queue", false },
	{ "later", 451, NULL, NULL, NULL,
	  "the server cannot now, or wants to see us again",
	  "it is tried again by the queue", "queue", false },

	/* ---- the language */
	{ "bad-sequence", 503, NULL, NULL, NULL,
	  "the server waits for another command first: most often for a "
	  "log-in, or for TLS",
	  "set auth on, and tls on", "auth tls", false },
	{ 0 },
};

/* ---- the look-up ---- */

static bool begins(const char *text, const char *word, size_t n)
{
	size_t i = 0;

	while (i < n && ascii_lower(text[i]) == ascii_lower(word[i]))
		i++;
	return i == n;
}

/* At the beginning of a word of the text: no RBL is in a marble. */
static bool contains(const char *text, const char *word, size_t n)
{
	bool is_inside = false;

	for (; *text; text++) {
		if (!is_inside && begins(text, word, n))
			return true;
		is_inside = ascii_is_letter(*text) || ascii_is_digit(*text);
	}
	return false;
}

static bool has_word(const char *text, const char *words)
{
	for (;; words++) {
		size_t n = strcspn(words, "|");

		if (contains(text, words, n))
			return true;
		words += n;
		if (!*words)
			return false;
	}
}

/* The domain itself, or a host below it. */
static bool is_below(const char *host, const char *domains)
{
	size_t length = strlen(host);

	for (;; domains++) {
		size_t n = strcspn(domains, "|");

		if (length >= n && begins(host + (length - n), domains, n) &&
		    (length == n || host[length - n - 1] == '.'))
			return true;
		domains += n;
		if (!*domains)
			return false;
	}
}

static bool fits_esc(const char *wanted, const char *esc)
{
	size_t n = strlen(wanted);

	return wanted[n - 1] == '.' ? !strncmp(esc, wanted, n)
				    : !strcmp(esc, wanted);
}

const struct advice *advice_find(int code, const char *esc, const char *text,
				 const char *host)
{
	for (const struct advice *a = advice_rows; a->name; a++)
		if ((!a->code || a->code == code) &&
		    (!a->esc || fits_esc(a->esc, esc)) &&
		    (!a->hosts || (host && is_below(host, a->hosts))) &&
		    (!a->words || has_word(text, a->words)))
			return a;
	return NULL;
}

/* An address or a host's name in the sentence is not the server's word. */
const struct advice *advice_of(const struct fault *f, const char *host)
{
	char code[16];
	const char *words;

	if (f->reply < 400)
		return NULL;
	snprintf(code, sizeof(code), ": %d", f->reply);
	words = strstr(f->text, code);
	return words ? advice_find(f->reply, f->esc, words + 5, host) : NULL;
}
