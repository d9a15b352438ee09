/* values.c - the types of values.
 *
 * A value is stored in normal form (mechanisms in upper case, DSN words in
 * lower case, "~" expanded), so that no other code handles spelling. */
#include "config/values.h"

#include <arpa/inet.h>
#include <limits.h>
#include <string.h>

#include "base/ascii.h"
#include "base/disk.h"
#include "base/text.h"
#include "config/mechanism.h"
#include "mail/address.h"

static int refuse(struct value *v, const char *why)
{
	v->why = why;
	return -1;
}

/* It must be one of these, as `why` and `words` say. */
static int refuse_word(struct value *v, const char *const *words)
{
	const char *why =
		arena_format(v->arena, *v->text ? "is not %s" : "needs %s",
			     *words);

	v->words = *words;
	while (*++words) {
		why = arena_format(v->arena, "%s%s %s", why,
				   words[1] ? "," : " or", *words);
		v->words = arena_format(v->arena, "%s %s", v->words, *words);
	}
	return refuse(v, why);
}

/* The same for a value that may be something else, too. */
static int refuse_and(struct value *v, const char *words, const char *why)
{
	v->words = words;
	return refuse(v, why);
}

static int one_of(struct value *v, void *field, const char *const *words)
{
	for (const char *const *word = words; *word; word++)
		if (ascii_equal(v->text, *word)) {
			*(const char **)field = *word;
			return 0;
		}
	return refuse_word(v, words);
}

static bool has_blank(const char *text)
{
	return text[strcspn(text, " \t")] != '\0';
}

int value_text(struct value *v, void *field)
{
	*(const char **)field = *v->text ? arena_dup(v->arena, v->text) : NULL;
	return 0;
}

int value_word(struct value *v, void *field)
{
	if (has_blank(v->text))
		return refuse(v, "must be one word");
	return value_text(v, field);
}

int value_path(struct value *v, void *field)
{
	if (!*v->text)
		return value_text(v, field);
	*(const char **)field =
		disk_expand_home(v->arena, arena_dup(v->arena, v->text));
	return 0;
}

int value_path_or_off(struct value *v, void *field)
{
	if (strcmp(v->text, "off") == 0)
		return value_text(v, field);
	return value_path(v, field);
}

static int read_switch(struct value *v, const char *const *words, void *field)
{
	bool on = !*v->text || strcmp(v->text, "on") == 0;

	if (!on && strcmp(v->text, "off") != 0)
		return refuse_word(v, words);
	*(bool *)field = on;
	return 0;
}

int value_switch(struct value *v, void *field)
{
	static const char *const words[] = { "on", "off", NULL };

	return read_switch(v, words, field);
}

/* The third word is a setting of its own (settings.c). */
int value_to_header(struct value *v, void *field)
{
	static const char *const words[] = { "on", "off",
					     "undisclosed_recipients", NULL };

	return read_switch(v, words, field);
}

int value_choice(struct value *v, void *field)
{
	static const char *const words[] = { "auto", "on", "off", NULL };
	enum config_choice *choice = field;

	/* alone, as in msmtp, it is auto and not on */
	if (!*v->text || strcmp(v->text, "auto") == 0)
		*choice = CONFIG_AUTO;
	else if (strcmp(v->text, "on") == 0)
		*choice = CONFIG_ON;
	else if (strcmp(v->text, "off") == 0)
		*choice = CONFIG_OFF;
	else
		return refuse_word(v, words);
	return 0;
}

/* ---- numbers ---- */

static int read_number(struct value *v, int least, int most, const char *why,
		       int *out)
{
	uint64_t n;

	if (!text_number(v->text, (uint64_t)most, &n) || n < (uint64_t)least)
		return refuse(v, why);
	*out = (int)n;
	return 0;
}

static int read_time(struct value *v, uint64_t most, const char *why, int *out)
{
	uint64_t n;

	if (!text_read_time(v->text, most, &n) || n < 1)
		return refuse(v, why);
	*out = (int)n;
	return 0;
}

int value_port(struct value *v, void *field)
{
	return read_number(v, 1, 65535,
			   *v->text ? "is not a number from 1 to 65535"
				    : "needs a number from 1 to 65535",
			   field);
}

int value_proxy_port(struct value *v, void *field)
{
	if (*v->text)
		return value_port(v, field);
	*(int *)field = 0;
	return 0;
}

int value_seconds(struct value *v, void *field)
{
	if (strcmp(v->text, "off") == 0) {
		*(int *)field = 0;
		return 0;
	}
	return read_time(v, 86400,
			 *v->text ? "is not off or a time up to 24h: seconds, "
				    "or as in 2m, 1h30m"
				  : "needs a time, in seconds or as in 2m, or "
				    "off",
			 field);
}

int value_descriptor(struct value *v, void *field)
{
	if (*v->text)
		return read_number(v, 3, 65535,
				   "is not the number of a descriptor, 3 or "
				   "higher",
				   field);
	*(int *)field = -1;
	return 0;
}

int value_count(struct value *v, void *field)
{
	return read_number(v, 1, 10000, "is not a number from 1 to 10000",
			   field);
}

int value_count_or_off(struct value *v, void *field)
{
	if (strcmp(v->text, "off") != 0 && strcmp(v->text, "0") != 0)
		return read_number(v, 1, 10000,
				   "is not off or a number from 1 to 10000",
				   field);
	*(int *)field = 0;
	return 0;
}

int value_size(struct value *v, void *field)
{
	uint64_t n;

	if (!text_read_size(v->text, INT_MAX, &n) || n < 1)
		return refuse(v, "is not a size below 2G, as in 500k, 100M");
	*(int *)field = (int)n;
	return 0;
}

int value_duration(struct value *v, void *field)
{
	return read_time(v, 365 * 86400,
			 "is not a time up to 365d, as in 90s, 5m, 1h30m, 5d",
			 field);
}

int value_duration_or_off(struct value *v, void *field)
{
	if (strcmp(v->text, "off") != 0 && strcmp(v->text, "0") != 0)
		return value_duration(v, field);
	*(int *)field = 0;
	return 0;
}

int value_bits(struct value *v, void *field)
{
	int bits;

	(void)field;
	if (!*v->text)
		return 0;
	return read_number(v, 1, 1000000, "is not a number", &bits);
}

/* ---- hosts ---- */

static bool is_ip(const char *text, int family)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(family, text, bytes) == 1;
}

/* "[::1]" is "::1". */
static const char *without_brackets(struct arena *a, const char *text)
{
	size_t n = strlen(text);

	if (n > 2 && text[0] == '[' && text[n - 1] == ']')
		return arena_dup_n(a, text + 1, n - 2);
	return text;
}

static const char *bad_host(const char *host)
{
	if (strstr(host, "://"))
		return "must be a name or an address, without a scheme";
	if (host[strcspn(host, " \t/@\"\\")])
		return "is not the name or address of a host";
	/* a zone may follow: fe80::1%eth0 */
	if (strchr(host, ':') && strchr(host, ':') == strrchr(host, ':'))
		return "must be a name or an address alone; the port has a "
		       "line of its own";
	return NULL;
}

int value_host(struct value *v, void *field)
{
	const char *host = without_brackets(v->arena, v->text);

	v->why = *host ? bad_host(host) : "needs the name of a server";
	if (v->why)
		return -1;
	*(const char **)field = arena_dup(v->arena, host);
	return 0;
}

int value_proxy(struct value *v, void *field)
{
	static const char *const schemes[] = { "socks5://", "socks5h://",
					       "http://", "https://" };
	const char *host = v->text;

	if (!*host)
		return value_text(v, field);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (ascii_begins(v->text, schemes[i]))
			host = v->text + strlen(schemes[i]);
	v->why = bad_host(host);
	if (v->why || !*host)
		return refuse(v, v->why ? v->why : "names no host");
	return value_text(v, field);
}

int value_ip(struct value *v, void *field)
{
	if (*v->text && !is_ip(v->text, AF_INET) && !is_ip(v->text, AF_INET6))
		return refuse(v, "is not an IP address");
	return value_text(v, field);
}

/* ---- TLS and AUTH ---- */

/* "" stays: no CA is trusted, which config_choose checks. */
int value_trust(struct value *v, void *field)
{
	if (strcmp(v->text, "system") == 0) {
		*(const char **)field = NULL;
		return 0;
	}
	if (*v->text)
		return value_path(v, field);
	*(const char **)field = "";
	return 0;
}

/* Stored as AA:BB:... in any notation. */
int value_fingerprint(struct value *v, void *field)
{
	static const char why[] =
		"is not a fingerprint: 32 (SHA-256), 20 (SHA-1) or 16 (MD5) "
		"octets in hex, as in 01:23:45:67...";
	char hex[3 * 32 + 1];
	size_t digits = 0, n = 0;

	if (!*v->text)
		return value_text(v, field);
	for (const char *p = v->text; *p; p++) {
		if (*p == ':' && digits && digits % 2 == 0 && p[1] &&
		    p[-1] != ':')
			continue;
		if (text_hex_value(*p) < 0 || digits == 64)
			return refuse(v, why);
		if (digits && digits % 2 == 0)
			hex[n++] = ':';
		hex[n++] = *p >= 'a' ? (char)(*p - 'a' + 'A') : *p;
		digits++;
	}
	if (digits != 64 && digits != 40 && digits != 32)
		return refuse(v, why);
	*(const char **)field = arena_dup_n(v->arena, hex, n);
	return 0;
}

static const char *auth_words(struct arena *a)
{
	const char *words = "on off";
	const struct mechanism *m;

	for (size_t i = 0; (m = mechanism_at(i)); i++)
		if (!(m->flags & MECHANISM_IS_COMMAND))
			words = arena_format(a, "%s %s", words,
					     text_lower(a, m->name));
	return words;
}

int value_auth(struct value *v, void *field)
{
	const struct mechanism *m = mechanism_find(v->text);
	const char **auth = field;

	*auth = "on";
	if (!*v->text || strcmp(v->text, "on") == 0)
		return 0;
	*auth = "off";
	if (strcmp(v->text, "off") == 0)
		return 0;
	if (!m)
		return refuse_and(v, auth_words(v->arena),
				  arena_format(v->arena, "is not on, off, %s",
					       mechanism_names(v->arena)));
	*auth = m->name;
	return 0;
}

int value_transport(struct value *v, void *field)
{
	static const char command[] = "command ";

	*(const char **)field = NULL;
	if (!*v->text || ascii_equal(v->text, "smtp"))
		return 0;
	if (!ascii_equal(v->text, "graph") &&
	    (!ascii_begins(v->text, command) ||
	     !v->text[strspn(v->text + sizeof(command) - 1, " \t") +
		      sizeof(command) - 1]))
		return refuse_and(v, "smtp graph",
				  "is not smtp, graph or \"command\" with a "
				  "command");
	return value_text(v, field);
}

/* The host of an issuer is checked before a request (net/http.h). */
int value_oauth(struct value *v, void *field)
{
	static const char *const names[] = { "google", "microsoft", "fastmail",
					     "yahoo" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (ascii_equal(v->text, names[i])) {
			*(const char **)field = names[i];
			return 0;
		}
	if (*v->text && !ascii_begins(v->text, "https://") &&
	    !ascii_begins(v->text, "http://"))
		return refuse_and(v, "google microsoft fastmail yahoo",
				  "is not google, microsoft, fastmail, yahoo "
				  "or the https address of an issuer");
	return value_word(v, field);
}

int value_oauth_flow(struct value *v, void *field)
{
	static const char *const flows[] = { "browser", "device", "app", NULL };

	return one_of(v, field, flows);
}

int value_variable(struct value *v, void *field)
{
	for (const char *p = v->text; *p; p++)
		if (*p != '_' && !ascii_is_letter(*p) &&
		    (p == v->text || !ascii_is_digit(*p)))
			return refuse(v, "is not the name of an environment "
					 "variable");
	return value_text(v, field);
}

/* ---- the sender, DSN, syslog ---- */

/* Addresses are parsed where they are used: it may be a pattern here. */
int value_from(struct value *v, void *field)
{
	struct error wrong = ERROR_INIT;
	struct address unused;

	if (v->text[strcspn(v->text, "<> \t")])
		return refuse(v, "must be the bare address; the name goes "
				 "into from_full_name");
	if (v->text[strcspn(v->text, ",;")])
		return refuse(v, "must be one address");
	/* substitutions are checked in each run */
	if (*v->text && !v->text[strcspn(v->text, "%?*[")] &&
	    address_parse(v->arena, v->text, false, &unused, &wrong) < 0)
		return refuse(v,
			      arena_format(v->arena, "cannot be the sender: %s",
					   wrong.text));
	return value_text(v, field);
}

static bool is_condition(const char *word, size_t n, unsigned *seen)
{
	static const char *const conditions[] = { "failure", "delay",
						  "success" };

	for (unsigned i = 0; i < 3; i++)
		if (strlen(conditions[i]) == n &&
		    ascii_begins(word, conditions[i]) && !(*seen & 1u << i)) {
			*seen |= 1u << i;
			return true;
		}
	return false;
}

int value_notify(struct value *v, void *field)
{
	const char **notify = field;
	const char *p = v->text;
	unsigned seen = 0;

	*notify = NULL;
	if (strcmp(v->text, "off") == 0)
		return 0;
	while (!ascii_equal(v->text, "never")) {
		size_t n = strcspn(p, ",");

		if (!is_condition(p, n, &seen))
			return refuse_and(v, "off never failure delay success",
					  "is not off, never, or some of "
					  "failure,delay,success with commas");
		if (!p[n])
			break;
		p += n + 1;
	}
	*notify = text_lower(v->arena, v->text);
	return 0;
}

int value_return(struct value *v, void *field)
{
	static const char *const words[] = { "off", "headers", "full", NULL };
	const char **amount = field;

	*amount = NULL;
	if (strcmp(v->text, "off") == 0)
		return 0;
	if (ascii_equal(v->text, "headers") || ascii_equal(v->text, "hdrs"))
		*amount = "hdrs";
	else if (ascii_equal(v->text, "full"))
		*amount = "full";
	else
		return refuse_word(v, words);
	return 0;
}

int value_syslog(struct value *v, void *field)
{
	const char *name = v->text;
	const char **facility = field;

	*facility = NULL;
	if (strcmp(name, "off") == 0)
		return 0;
	if (!*name || strcmp(name, "on") == 0)
		name = "user";
	if (ascii_begins(name, "LOG_"))
		name += 4;
	if (!ascii_equal(name, "user") && !ascii_equal(name, "mail") &&
	    !ascii_equal(name, "daemon") &&
	    !(ascii_begins(name, "local") && name[5] >= '0' && name[5] <= '7' &&
	      !name[6]))
		return refuse_and(v, "on off LOG_USER LOG_MAIL LOG_DAEMON",
				  "is not on, off, LOG_USER, LOG_MAIL, "
				  "LOG_DAEMON or LOG_LOCAL0 to LOG_LOCAL7");
	*facility = text_lower(v->arena, name);
	return 0;
}

int value_queue(struct value *v, void *field)
{
	static const char *const words[] = { "auto", "never", "only",
					     "background", NULL };

	return one_of(v, field, words);
}

int value_notice(struct value *v, void *field)
{
	static const char *const words[] = { "auto", "full", "headers", "off",
					     NULL };

	return one_of(v, field, words);
}

int value_accounts(struct value *v, void *field)
{
	if (strcmp(v->text, "off") != 0 && *v->text)
		return value_text(v, field);
	*(const char **)field = NULL;
	return 0;
}

/* ---- of no effect here ---- */

int value_protocol(struct value *v, void *field)
{
	(void)field;
	if (strcmp(v->text, "smtp") == 0)
		return 0;
	if (strcmp(v->text, "lmtp") == 0)
		return refuse(v, "is not supported: only smtp is");
	return refuse(v, *v->text ? "is not smtp" : "needs a name: smtp");
}

int value_anything(struct value *v, void *field)
{
	(void)v;
	(void)field;
	return 0;
}
