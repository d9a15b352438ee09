/* finish.c - substitutions, defaults that depend on other settings, and
 * conflicts of settings.
 *
 * An account from a file of msmtp's has msmtp's defaults; otherwise a host, a
 * user and a password are enough for submission with TLS on port 587. */
#include "config/config.h"

#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/sysenv.h"
#include "base/text.h"
#include "config/settings.h"
#include "mail/address.h"

#define EXPANDED_MAX 4096
#define SOCKS_PORT   1080 /* libcurl's for HTTP proxies too */
#define PORT_SMTP    25
#define PORT_SMTPS   465
#define PORT_SUBMIT  587

/* ---- substitution ---- */

static int put_mailname(struct buf *out, struct error *f)
{
	const char *name = sysenv_mailname();

	if (name)
		return buf_puts(out, name);
	return error_set(f, ERROR_CONFIG,
			 "%%M stands for the name in /etc/mailname, and there "
			 "is none");
}

/* 0 if c is not such a letter, and nothing was appended. */
static int put_letter(char c, const char *sender, struct buf *out,
		      struct error *f)
{
	if (c == 'U')
		buf_puts(out, sysenv_user());
	else if (c == 'H' || c == 'C')
		buf_puts(out, sysenv_host());
	else if (c == 'F')
		buf_puts(out, sender);
	else if (c != 'M')
		return 0;
	else if (put_mailname(out, f) < 0)
		return -1;
	return 1;
}

int config_expand(struct arena *a, const char **text, const char *sender,
		  struct error *f)
{
	struct buf out = BUF_INIT(EXPANDED_MAX);
	int r = 0;

	if (!*text || !strchr(*text, '%'))
		return 0;
	if (strstr(*text, "%F") && (!sender || !*sender)) {
		*text = NULL;
		return 0;
	}
	for (const char *p = *text; *p && r >= 0; p++) {
		r = *p == '%' ? put_letter(p[1], sender, &out, f) : 0;
		if (r > 0)
			p++;
		else if (r == 0)
			buf_putc(&out, *p);
	}
	if (r >= 0 && out.overflow)
		r = error_set(f, ERROR_CONFIG, "%.64s... is too long", *text);
	if (r >= 0)
		*text = arena_dup(a, out.data);
	buf_free(&out);
	return r < 0 ? -1 : 0;
}

bool config_is_pattern(const char *from)
{
	return from[strcspn(from, "?*[")] != '\0';
}

bool config_pattern_fits(struct arena *a, const char *pattern,
			 const char *address)
{
	sysenv_use_locale();
	return fnmatch(text_lower(a, pattern), text_lower(a, address), 0) == 0;
}

static int expand(struct arena *a, struct account *account, const char *name,
		  const char *sender, struct error *f)
{
	const struct setting *s = setting_find(name);
	const char **text = setting_field(account, s);
	struct error found = ERROR_INIT;

	if (config_expand(a, text, sender, &found) == 0)
		return 0;
	return error_set(f, found.cause, "%s: %s: %s",
			 account->origins[setting_row(s)].text, name,
			 found.text);
}

/* Checks `from` after its substitution. */
static int check_from(const struct account *account, struct error *f)
{
	const struct setting *s = setting_find("from");
	struct arena a = ARENA_INIT;
	struct error bad = ERROR_INIT;
	struct address unused;
	int r = address_parse(&a, account->from, false, &unused, &bad);

	if (r < 0)
		error_set(f, ERROR_CONFIG, "%s: from: %s",
			  account->origins[setting_row(s)].text, bad.text);
	arena_free(&a);
	return r;
}

/* A pattern is no address: `from` is the sender that matches it. */
static int finish_from(struct arena *a, struct account *account,
		       const char *sender, struct error *f)
{
	if (account->auto_from) {
		account->from = NULL;
		if (account->maildomain)
			account->from = arena_format(a, "%s@%s", sysenv_user(),
						     account->maildomain);
		return 0;
	}
	if (expand(a, account, "from", sender, f) < 0)
		return -1;
	if (!account->from)
		return 0;
	if (!config_is_pattern(account->from))
		return check_from(account, f);
	if (!sender || !config_pattern_fits(a, account->from, sender))
		sender = NULL;
	account->from = sender ? arena_dup(a, sender) : NULL;
	return 0;
}

/* ---- what goes together ---- */

static int wrong(const struct account *account, const char *name,
		 const char *why, struct error *f)
{
	size_t row = setting_row(setting_find(name));

	return error_set(f, ERROR_CONFIG, "%s: %s %s",
			 account->origins[row].text, name, why);
}

static int check_tls(struct account *account, struct error *f)
{
	const char *trust = account->tls_trust_file;

	if (trust && !*trust) {
		if (account->tls && account->tls_certcheck &&
		    !account->tls_fingerprint)
			return wrong(account, "tls_trust_file",
				     "is empty, so no CA is trusted: name a "
				     "file, or \"system\", or pin the "
				     "certificate with tls_fingerprint",
				     f);
		account->tls_trust_file = NULL;
	}
	if (account->tls_key_file && !account->tls_cert_file)
		return wrong(account, "tls_key_file",
			     "needs the certificate in tls_cert_file too", f);
	return 0;
}

/* Priority strings of GnuTLS have no meaning in OpenSSL, which has TLS 1.2 and
 * good ciphers by default. */
static void drop_foreign_priorities(struct arena *a, struct account *account)
{
	static const char *const gnutls[] = {
		"NORMAL", "SECURE", "PERFORMANCE", "PFS",      "SUITEB",
		"LEGACY", "NONE",   "SYSTEM",	   "@",	       "%",
		"-VERS",  "+VERS",  "PROTOCOLS=",  "CIPHERS=", "ECDHECURVES=",
	};
	const char *value = account->tls_priorities;
	size_t row = setting_row(setting_find("tls_priorities"));
	struct config_origin *origin = &account->origins[row];

	for (size_t i = 0; value && i < sizeof(gnutls) / sizeof(*gnutls); i++) {
		if (!ascii_begins(value, gnutls[i]))
			continue;
		origin->text =
			arena_format(a, "%s, for another library: not used",
				     origin->text);
		account->tls_priorities = NULL;
		return;
	}
}

/* NTLM takes the domain from the user name. */
static void add_ntlm_domain(struct arena *a, struct account *account)
{
	if (account->ntlmdomain && account->user &&
	    strcmp(account->auth, "NTLM") == 0 && !strchr(account->user, '\\'))
		account->user = arena_format(a, "%s\\%s", account->ntlmdomain,
					     account->user);
}

/* ---- what was left open ---- */

/* Port 465 is implicit TLS (RFC 8314 3.3): with STARTTLS, the default in files
 * of msmtp's, both sides would wait forever. */
static void fill_starttls(struct account *account)
{
	if (account->port == PORT_SMTPS &&
	    !setting_is_given(account, "tls_starttls"))
		account->tls_starttls = false;
}

static void fill_security(struct account *account)
{
	if (account->is_msmtp) {
		fill_starttls(account);
		return;
	}
	if (account->user && !setting_is_given(account, "auth"))
		account->auth = "on";
	if (!setting_is_given(account, "tls"))
		account->tls = !account->socket;
	fill_starttls(account);
}

static void fill_ports(struct account *account)
{
	if (!account->port && account->tls && !account->tls_starttls)
		account->port = PORT_SMTPS;
	if (!account->port && !account->is_msmtp &&
	    strcmp(account->auth, "off") != 0)
		account->port = PORT_SUBMIT;
	if (!account->port)
		account->port = PORT_SMTP;
	if (account->proxy_host && !account->proxy_port)
		account->proxy_port = SOCKS_PORT;
}

/* The system's file by default, if it exists; it is read only for a bare name.
 */
static int fill_aliases(struct account *account, struct error *f)
{
	const char *path = sysenv_alias_file();
	struct stat st;
	int r;

	if (setting_is_given(account, "aliases") || !path)
		return 0;
	r = disk_stat(path, &st, f);
	if (r > 0)
		account->aliases = path;
	return r < 0 ? -1 : 0;
}

int config_finish(struct arena *a, struct account *account, const char *sender,
		  struct error *f)
{
	if (finish_from(a, account, sender, f) < 0 ||
	    expand(a, account, "domain", "", f) < 0 ||
	    expand(a, account, "qualify_domain", "", f) < 0)
		return -1;
	if (fill_aliases(account, f) < 0)
		return -1;
	drop_foreign_priorities(a, account);
	add_ntlm_domain(a, account);
	fill_security(account);
	fill_ports(account);
	if (check_tls(account, f) < 0)
		return -1;
	if (!account->domain)
		account->domain = account->maildomain ? account->maildomain
						      : sysenv_domain();
	if (account->socket && !account->host)
		account->host = "localhost";
	return 0;
}
