/* settings.c - the table of settings, and functions over it.
 *
 * An alias or an older name is a row of a second table: it is replaced by a
 * setting and a value ("keepbcc on" is "remove_bcc_headers off"), so no other
 * code knows it. */
#include "config/settings.h"

#include <stdint.h>
#include <string.h>

#include "base/disk.h"
#include "base/text.h"
#include "config/values.h"
#include "flow/content_scan.h"

#define ROW(name_, kind_, field_, read_, fallback_, unset_, flags_)            \
	{                                                                      \
		.name = (name_), .field = (field_), .read = (read_),           \
		.fallback = (fallback_), .unset = (unset_), .kind = (kind_),   \
		.flags = (flags_)                                              \
	}
#define AT(member) offsetof(struct account, member)
#define TEXT(member, read, unset, flags)                                       \
	ROW(#member, SETTING_TEXT, AT(member), read, NULL, unset, flags)
#define NUMBER(member, read, fallback, unset, flags)                           \
	ROW(#member, SETTING_NUMBER, AT(member), read, fallback, unset, flags)
#define SWITCH(member, fallback, flags)                                        \
	ROW(#member, SETTING_SWITCH, AT(member), value_switch, fallback, NULL, \
	    flags)
#define CHOICE(member, flags)                                                  \
	ROW(#member, SETTING_CHOICE, AT(member), value_choice, "auto", NULL,   \
	    flags)
#define NOTHING(name, read) ROW(name, SETTING_NONE, 0, read, NULL, NULL, 0)

#define FREE	SETTING_FREE
#define BYTES	(SETTING_FREE | SETTING_BYTES)
#define PRIVATE SETTING_PRIVATE
#define CLIENT	SETTING_CLIENT
/* of the password */
#define SOURCE (PRIVATE | SETTING_PASSWORD)

const struct setting settings[] = {
	TEXT(host, value_host, NULL, 0),
	NUMBER(port, value_port, NULL, NULL, 0),
	TEXT(socket, value_path, NULL, BYTES | PRIVATE),
	TEXT(source_ip, value_ip, NULL, 0),
	TEXT(proxy_host, value_proxy, NULL, 0),
	NUMBER(proxy_port, value_proxy_port, NULL, NULL, 0),
	NUMBER(timeout, value_seconds, NULL, "off", 0),
	NUMBER(command_timeout, value_seconds, "60", "off", 0),
	NOTHING("protocol", value_protocol),
	TEXT(domain, value_word, NULL, 0),
	TEXT(transport, value_transport, "smtp", BYTES | SETTING_COMMAND),

	SWITCH(tls, "off", 0),
	SWITCH(tls_starttls, "on", 0),
	SWITCH(tls_certcheck, "on", 0),
	TEXT(tls_trust_file, value_trust, "system", BYTES),
	TEXT(tls_crl_file, value_path, NULL, BYTES),
	TEXT(tls_fingerprint, value_fingerprint, NULL, 0),
	TEXT(tls_cert_file, value_path, NULL, BYTES),
	TEXT(tls_key_file, value_path, NULL, BYTES),
	TEXT(tls_priorities, value_text, NULL, FREE),
	TEXT(tls_host_override, value_word, NULL, 0),
	NOTHING("tls_min_dh_prime_bits", value_bits),
	NOTHING("tls_force_sslv3", value_anything),

	ROW("auth", SETTING_TEXT, AT(auth), value_auth, "off", NULL, 0),
	TEXT(user, value_text, NULL, FREE | PRIVATE),
	TEXT(password, value_text, NULL, BYTES | SETTING_SECRET | SOURCE),
	TEXT(passwordeval, value_text, NULL, BYTES | SETTING_COMMAND | SOURCE),
	TEXT(password_file, value_path, NULL, BYTES | SOURCE),
	TEXT(password_credential, value_credential, NULL, SOURCE),
	TEXT(password_env, value_variable, NULL, SOURCE),
	NUMBER(password_fd, value_descriptor, "", NULL, SOURCE),
	TEXT(ntlmdomain, value_text, NULL, FREE),
	TEXT(pop_before_smtp, value_word, NULL, 0),

	TEXT(oauth, value_oauth, NULL, 0),
	TEXT(oauth_client_id, value_word, NULL, 0),
	TEXT(oauth_tenant, value_word, NULL, 0),
	TEXT(oauth_scope, value_text, NULL, FREE),
	TEXT(oauth_client_secret_file, value_path, NULL, BYTES),
	TEXT(oauth_client_key, value_path, NULL, BYTES),
	TEXT(oauth_service_account, value_path, NULL, BYTES),
	ROW("oauth_flow", SETTING_TEXT, AT(oauth_flow), value_oauth_flow,
	    "browser", NULL, 0),
	TEXT(oauth_store_read, value_text, NULL, BYTES | SETTING_COMMAND),
	TEXT(oauth_store_write, value_text, NULL, BYTES | SETTING_COMMAND),

	TEXT(from, value_from, NULL, 0),
	TEXT(from_full_name, value_text, NULL, FREE),
	SWITCH(allow_from_override, "on", 0),
	SWITCH(auto_from, "off", 0),
	TEXT(qualify_domain, value_word, NULL, CLIENT),
	TEXT(maildomain, value_word, NULL, CLIENT),
	CHOICE(masquerade, 0),
	CHOICE(set_from_header, 0),
	CHOICE(set_date_header, CLIENT),
	CHOICE(set_msgid_header, CLIENT),
	ROW("set_to_header", SETTING_SWITCH, AT(set_to_header), value_to_header,
	    "off", NULL, 0),
	SWITCH(undisclosed_recipients, "off", 0),
	SWITCH(remove_bcc_headers, "on", CLIENT),
	SWITCH(auto_submitted, "on", CLIENT),
	TEXT(aliases, value_path_or_off, NULL, BYTES | CLIENT),

	TEXT(dsn_notify, value_notify, "off", CLIENT),
	TEXT(dsn_return, value_return, "off", CLIENT),
	TEXT(maildir, value_path, "~/Maildir", BYTES | PRIVATE),
	TEXT(dead_letter, value_path_or_off, "~/dead.letter", BYTES | PRIVATE),

	TEXT(fallback, value_accounts, NULL, FREE),
	ROW("queue", SETTING_TEXT, AT(queue), value_queue, "auto", NULL,
	    PRIVATE | CLIENT),
	TEXT(queue_folder, value_path, NULL, BYTES | PRIVATE),
	NUMBER(queue_retry, value_duration, "5m", NULL, CLIENT),
	NUMBER(queue_retry_max, value_duration, "4h", NULL, CLIENT),
	NUMBER(queue_lifetime, value_duration, "5d", NULL, CLIENT),
	NUMBER(queue_warning, value_duration_or_off, "4h", "off", CLIENT),
	ROW("queue_notice", SETTING_TEXT, AT(queue_notice), value_notice,
	    "auto", NULL, CLIENT),
	SWITCH(queue_flush, "on", CLIENT),
	NUMBER(limit_same, value_duration_or_off, NULL, "off", 0),
	NUMBER(limit_hour, value_count_or_off, NULL, "off", 0),

	TEXT(serve_cert, value_path, NULL, BYTES | PRIVATE),
	TEXT(serve_key, value_path, NULL, BYTES | PRIVATE),
	SWITCH(serve_tls_starttls, "on", 0),
	TEXT(serve_auth_command, value_text, NULL,
	     BYTES | SETTING_COMMAND | PRIVATE),
	NUMBER(serve_max_size, value_size, "100M", NULL, 0),
	NUMBER(serve_max_recipients, value_count, "1000", NULL, 0),
	NUMBER(serve_max_connections, value_count, "50", NULL, 0),
	TEXT(serve_user, value_word, NULL, PRIVATE),
	ROW("serve_socket_mode", SETTING_TEXT, AT(serve_socket_mode),
	    value_mode, "0666", NULL, PRIVATE),
	TEXT(serve_socket_group, value_word, NULL, PRIVATE),
	TEXT(serve_allow, value_people, NULL, FREE),
	ROW("serve_from", SETTING_TEXT, AT(serve_from), value_senders, "own",
	    NULL, FREE),
	TEXT(serve_rate, value_rate, "off", 0),
	NUMBER(serve_quota, value_size_or_off, NULL, "off", 0),
	NUMBER(serve_reserve, value_size, NULL, NULL, 0),

	TEXT(logfile, value_path, NULL, BYTES | PRIVATE),
	TEXT(logfile_time_format, value_text, NULL, FREE | PRIVATE),
	TEXT(syslog, value_syslog, "off", PRIVATE | CLIENT),
	NOTHING(NULL, NULL),
};

/* "name" with "given" becomes "now" with "value"; a NULL `given` is any. */
static const struct {
	const char *name, *given, *now, *value;
} older[] = {
	{ "connect_timeout", NULL, "timeout", NULL },
	{ "keepbcc", "", "remove_bcc_headers", "off" },
	{ "keepbcc", "on", "remove_bcc_headers", "off" },
	{ "keepbcc", "off", "remove_bcc_headers", "on" },
	{ "tls_nocertcheck", "", "tls_certcheck", "off" },
	{ "tls_nocertcheck", "on", "tls_certcheck", "off" },
	{ "tls_nocertcheck", "off", "tls_certcheck", "on" },
	{ "tls_nostarttls", "", "tls_starttls", "off" },
	{ "tls_nostarttls", "on", "tls_starttls", "off" },
	{ "tls_nostarttls", "off", "tls_starttls", "on" },
	{ "add_missing_from_header", "", "set_from_header", "auto" },
	{ "add_missing_from_header", "on", "set_from_header", "auto" },
	{ "add_missing_from_header", "off", "set_from_header", "off" },
	{ "add_missing_date_header", "", "set_date_header", "auto" },
	{ "add_missing_date_header", "on", "set_date_header", "auto" },
	{ "add_missing_date_header", "off", "set_date_header", "off" },
	/* msmtp has one setting of three values, we have two of two */
	{ "set_to_header", "undisclosed_recipients", "undisclosed_recipients",
	  "on" },
	{ NULL, NULL, NULL, NULL },
};

size_t setting_count(void)
{
	return sizeof(settings) / sizeof(settings[0]) - 1;
}

/* Most names of a table differ in the first letter. */
static bool is_same(const char *one, const char *other)
{
	return *one == *other && strcmp(one, other) == 0;
}

const struct setting *setting_find(const char *name)
{
	for (const struct setting *s = settings; s->name; s++)
		if (is_same(s->name, name))
			return s;
	return NULL;
}

static void set_default(struct arena *a, struct account *account,
			const struct setting *s)
{
	struct value v = { .arena = a, .setting = s, .text = s->fallback };

	account->origins[setting_row(s)].text = "default";
	if (s->fallback && s->kind != SETTING_NONE)
		s->read(&v, setting_field(account, s));
}

static struct account *new_account(struct arena *a, const char *name)
{
	struct account *account = arena_alloc(a, sizeof(*account));

	account->name = name;
	account->origins =
		arena_array(a, setting_count(), sizeof(*account->origins));
	return account;
}

struct account *setting_account(struct arena *a, const char *name)
{
	struct account *account = new_account(a, name);

	for (const struct setting *s = settings; s->name; s++)
		set_default(a, account, s);
	return account;
}

struct account *setting_account_like(struct arena *a, const char *name,
				     const struct account *other)
{
	struct account *account = new_account(a, name);

	setting_copy(account, other, false);
	return account;
}

const char *setting_words(struct arena *a, const struct setting *s)
{
	/* no setting accepts this */
	struct value v = { .arena = a, .setting = s, .text = "?" };

	s->read(&v, setting_field(setting_account(a, ""), s));
	return v.words;
}

bool setting_is_path(const struct setting *s)
{
	return s->read == value_path || s->read == value_path_or_off ||
	       s->read == value_trust;
}

/* ---- assigning ---- */

static int unknown(const char *name, const struct setting_place *at,
		   struct error *f)
{
	struct nearest n;

	nearest_init(&n, name);
	for (const struct setting *s = settings; s->name; s++)
		nearest_offer(&n, s->name);
	for (size_t i = 0; older[i].name; i++)
		nearest_offer(&n, older[i].name);
	if (at->cause == ERROR_CONFIG) {
		nearest_offer(&n, "account");
		nearest_offer(&n, "defaults");
		nearest_offer(&n, "eval");
	}
	return error_set(f, at->cause,
			 n.best ? "%s%s\"%.64s\" is not a setting; did you "
				  "mean \"%s\"?"
				: "%s%s\"%.64s\" is not a setting; "
				  "mailsend.conf(5) lists them%s",
			 at->text ? at->text : "", at->text ? ": " : "", name,
			 n.best ? n.best : "");
}

static int wrong(const struct value *v, const struct setting_place *at,
		 struct error *f)
{
	const char *head = at->text ? at->text : "";
	const char *colon = at->text ? ": " : "";
	const char *name = v->setting->name;

	if (v->setting->flags & (SETTING_SECRET | SETTING_COMMAND) || !*v->text)
		return error_set(f, at->cause, "%s%s%s %s", head, colon, name,
				 v->why);
	return error_set(f, at->cause, "%s%s%s \"%.200s\" %s", head, colon,
			 name, v->text, v->why);
}

static bool is_utf8(const char *text)
{
	struct error f = ERROR_INIT;
	struct content_scan s;

	content_scan_init(&s, NULL, &f);
	sink_put(&s.sink, text, strlen(text));
	sink_close(&s.sink);
	return s.utf8;
}

/* What is invalid in every value. */
static const char *bad_bytes(const struct value *v)
{
	for (const char *p = v->text; *p; p++)
		if (((unsigned char)*p < 32 && *p != '\t') || *p == 127)
			return "has a control character in it";
	if (!(v->setting->flags & SETTING_BYTES) && !is_utf8(v->text))
		return "is not UTF-8";
	return NULL;
}

static const char *bad_in_argv(const struct value *v)
{
	if (v->setting->flags & SETTING_SECRET && *v->text)
		return "on the command line can be read by everyone on this "
		       "machine; use passwordeval in the configuration, or "
		       "password_env or password_fd";
	if (v->setting->flags & SETTING_COMMAND && *v->text)
		return "is allowed in a configuration file only";
	return NULL;
}

static int assign_row(struct account *account, struct value *v,
		      const struct setting_place *at, struct error *f)
{
	size_t row = setting_row(v->setting);
	uint64_t unused = 0; /* for settings without a field */

	v->why = at->in_argv ? bad_in_argv(v) : NULL;
	if (!v->why)
		v->why = bad_bytes(v);
	if (v->why ||
	    v->setting->read(v, v->setting->kind == SETTING_NONE
					? (void *)&unused
					: setting_field(account, v->setting)))
		return wrong(v, at, f);
	account->origins[row].text = at->text ? at->text : "default";
	account->origins[row].own = true;
	return 0;
}

/* Where the name is an older spelling. */
static void translate(const char **name, const char **value)
{
	const char *given = *value;

	for (size_t i = 0; older[i].name; i++) {
		if (!is_same(older[i].name, *name) ||
		    (older[i].given && strcmp(older[i].given, given) != 0))
			continue;
		*name = older[i].now;
		if (older[i].value)
			*value = older[i].value;
		return;
	}
}

static bool is_older(const char *name)
{
	for (size_t i = 0; older[i].name; i++)
		if (strcmp(older[i].name, name) == 0)
			return true;
	return false;
}

static int wrong_older(const char *name, const char *value,
		       const struct setting_place *at, struct error *f)
{
	return error_set(f, at->cause, "%s%s%s \"%.200s\" is not on or off",
			 at->text ? at->text : "", at->text ? ": " : "", name,
			 value);
}

int setting_assign(struct arena *a, struct account *account, const char *name,
		   const char *value, const struct setting_place *at,
		   struct error *f)
{
	const char *now = name;
	struct value v = { .arena = a, .text = value ? value : "" };
	bool to_header = strcmp(name, "set_to_header") == 0;

	translate(&now, &v.text);
	v.setting = setting_find(now);
	if (!v.setting)
		return is_older(name) ? wrong_older(name, v.text, at, f)
				      : unknown(name, at, f);
	if (assign_row(account, &v, at, f) < 0)
		return -1;
	/* two rows for one setting of msmtp's: the last one wins */
	if (to_header && now == name)
		account->undisclosed_recipients = false;
	else if (to_header)
		account->set_to_header = false;
	return 0;
}

int setting_check(struct arena *a, const char *name, const char *value,
		  const struct setting_place *at, struct error *f)
{
	return setting_assign(a, new_account(a, ""), name, value, at, f);
}

/* ---- copying and showing ---- */

static size_t size_of(const struct setting *s)
{
	switch (s->kind) {
	case SETTING_TEXT:
		return sizeof(const char *);
	case SETTING_NUMBER:
		return sizeof(int);
	case SETTING_SWITCH:
		return sizeof(bool);
	case SETTING_CHOICE:
		return sizeof(enum config_choice);
	case SETTING_NONE:
		break;
	}
	return 0;
}

void setting_copy(struct account *to, const struct account *from, bool own_only)
{
	for (const struct setting *s = settings; s->name; s++) {
		const struct config_origin *origin =
			&from->origins[setting_row(s)];

		if (own_only && !origin->own)
			continue;
		memcpy(setting_field(to, s), (const char *)from + s->field,
		       size_of(s));
		to->origins[setting_row(s)] = *origin;
	}
}

void setting_reset(struct arena *a, struct account *account, const char *name)
{
	const struct setting *s = setting_find(name);
	const struct account *fresh = setting_account(a, "");

	memcpy(setting_field(account, s), (const char *)fresh + s->field,
	       size_of(s));
	account->origins[setting_row(s)] = fresh->origins[setting_row(s)];
}

static bool is_equal(const struct setting *s, const void *a, const void *b)
{
	const char *const *one = a, *const *other = b;

	switch (s->kind) {
	case SETTING_TEXT:
		return *one && *other ? strcmp(*one, *other) == 0
				      : *one == *other;
	case SETTING_NUMBER:
		return *(const int *)a == *(const int *)b;
	case SETTING_SWITCH:
		return *(const bool *)a == *(const bool *)b;
	case SETTING_CHOICE:
		return *(const enum config_choice *)a ==
		       *(const enum config_choice *)b;
	case SETTING_NONE:
		break;
	}
	return true;
}

bool setting_all_equal(const struct account *a, const struct account *b,
		       const char *const *except)
{
	for (const struct setting *s = settings; s->name; s++)
		if (!text_is_among(s->name, except) &&
		    !is_equal(s, (const char *)a + s->field,
			      (const char *)b + s->field))
			return false;
	return true;
}

void setting_forget_password(struct arena *a, struct account *account)
{
	const struct account *fresh = setting_account(a, "");

	for (const struct setting *s = settings; s->name; s++)
		if (s->flags & SETTING_PASSWORD)
			memcpy(setting_field(account, s),
			       (const char *)fresh + s->field, size_of(s));
}

const char *setting_password(const struct account *account)
{
	for (const struct setting *s = settings; s->name; s++)
		if (s->flags & SETTING_PASSWORD &&
		    setting_is_given(account, s->name))
			return s->name;
	return NULL;
}

bool setting_came_from(const struct account *account, const char *name,
		       const char *origin)
{
	const struct setting *s = setting_find(name);

	return s && account->origins[setting_row(s)].text == origin;
}

bool setting_is_given(const struct account *account, const char *name)
{
	size_t row = setting_row(setting_find(name));

	return strcmp(account->origins[row].text, "default") != 0;
}

const char *setting_text(struct arena *a, const struct setting *s,
			 const struct account *account)
{
	static const char *const choices[] = { "off", "on", "auto" };
	const void *field = (const char *)account + s->field;
	const char *text = NULL;

	switch (s->kind) {
	case SETTING_TEXT:
		text = *(const char *const *)field;
		break;
	case SETTING_NUMBER:
		if (*(const int *)field > 0)
			text = arena_format(a, "%d", *(const int *)field);
		break;
	case SETTING_SWITCH:
		text = choices[*(const bool *)field];
		break;
	case SETTING_CHOICE:
		text = choices[*(const enum config_choice *)field];
		break;
	case SETTING_NONE:
		break;
	}
	if (!text && s->unset)
		text = disk_expand_home(a, s->unset);
	return text;
}
