/* test_cause.c - what was seen on the way, and what is concluded from it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check/check.h"
#include "config/settings.h"

static struct arena arena;
static struct check check;
static struct check_step step;

static void begin(const char *name)
{
	arena_free(&arena);
	memset(&check, 0, sizeof(check));
	memset(&step, 0, sizeof(step));
	check.arena = &arena;
	check.account = setting_account(&arena, "default");
	check.failed = &step;
	step.name = name;
	error_set(&check.error, ERROR_TEMPORARY, "it failed");
}

static void concludes(const char *name)
{
	check_find_cause(&check);
	assert_non_null(check.cause);
	assert_string_equal(check.cause, name);
	assert_non_null(check.why);
	assert_non_null(check.way_out);
}

static void address(int error)
{
	struct reach_address *one = &check.reach.addresses[check.reach.count++];

	one->error = error;
}

static void no_connection(void **state)
{
	static const struct {
		int port, first, second;
		unsigned other;
		const char *name;
	} rows[] = {
		{ 587, ECONNREFUSED, 0, 0, "refused" },
		{ 587, ETIMEDOUT, 0, 0, "no-answer" },
		{ 25, ETIMEDOUT, 0, 0, "port-25-no-answer" },
		{ 25, EHOSTUNREACH, 0, 587, "wrong-port" },
		{ 25, ECONNREFUSED, 0, 587, "wrong-port" },
		{ 25, ECONNREFUSED, 0, 0, "refused" },
		{ 26, ECONNREFUSED, 0, 465, "wrong-port" },
		{ 26, ETIMEDOUT, 0, 587, "wrong-port" },
		{ 587, EHOSTUNREACH, 0, 0, "unreachable" },
		{ 587, ENETUNREACH, ENETUNREACH, 0, "unreachable" },
		/* no IPv6 here says nothing of the server */
		{ 587, ECONNREFUSED, ENETUNREACH, 0, "refused" },
		{ 587, ENETUNREACH, ETIMEDOUT, 0, "no-answer" },
		{ 587, EPERM, 0, 0, "barred-here" },
		{ 25, EACCES, 0, 0, "barred-here" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin("connect");
		check.account->port = rows[i].port;
		address(rows[i].first);
		if (rows[i].second)
			address(rows[i].second);
		check.other_ports[0] = rows[i].other;
		concludes(rows[i].name);
		assert_true(check.settings_count > 0);
	}
	begin("connect");
	check.account->source_ip = "192.0.2.1";
	error_clear(&check.error);
	error_set(&check.error, ERROR_CONFIG, "none of ours");
	address(EADDRNOTAVAIL);
	concludes("source");
}

static void no_name(void **state)
{
	(void)state;
	begin("lookup");
	concludes("lookup");
	begin("lookup");
	error_clear(&check.error);
	error_set(&check.error, ERROR_NOHOST, "there is none");
	concludes("no-such-host");
}

static void certificates(void **state)
{
	static const struct {
		long verify;
		const char *name;
	} rows[] = {
		{ 0, "certificate-name" },
		{ 9, "certificate-not-yet" },
		{ 10, "certificate-expired" },
		{ 18, "certificate-self-signed" },
		{ 19, "certificate-unknown-ca" },
		{ 20, "certificate-unknown-ca" },
		{ 23, "certificate-revoked" },
		{ 7, "certificate-forged" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin("certificate");
		check.server.dial.conn.error =
			rows[i].verify ? CONN_CERTIFICATE : CONN_NAME;
		check.chain.verify = rows[i].verify;
		check.chain.is_accepted = !rows[i].verify;
		concludes(rows[i].name);
	}
	begin("certificate");
	check.server.dial.conn.error = CONN_CERTIFICATE;
	check.account->tls_fingerprint = "AB:CD";
	concludes("certificate-fingerprint");
	/* one that OpenSSL has and we have no words for */
	begin("certificate");
	check.server.dial.conn.error = CONN_CERTIFICATE;
	check.chain.verify = 66;
	check_find_cause(&check);
	assert_null(check.cause);
}

static void handshakes(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{ "no TLS with x: wrong version number; y", "tls-not-at-once" },
		{ "no TLS with x: tlsv1 alert protocol version; y",
		  "tls-too-old" },
		{ "no TLS with x: certificate required", "client-certificate" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin("tls");
		check.server.dial.conn.error = CONN_HANDSHAKE;
		error_clear(&check.error);
		error_set(&check.error, ERROR_PROTOCOL, "%s", rows[i].text);
		concludes(rows[i].name);
	}
	begin("tls");
	check.server.dial.conn.error = CONN_HANDSHAKE;
	check_find_cause(&check);
	assert_null(check.cause);
	/* our own guess is no observation */
	begin("tls");
	check.server.dial.conn.error = CONN_LOST;
	error_clear(&check.error);
	error_set(&check.error, ERROR_TEMPORARY,
		  "x closed the connection; if it wants a certificate of ours, "
		  "set tls_cert_file");
	check_find_cause(&check);
	assert_null(check.cause);
}

static void what_the_dial_saw(void **state)
{
	static const struct {
		enum conn_error kind;
		const char *step, *name; /* NULL: it cannot be told */
	} rows[] = {
		{ CONN_NO_LIBRARY, "library", "no-library" },
		{ CONN_INSECURE, "auth", "login-without-tls" },
		{ CONN_SILENT, "greeting", "tls-at-once" },
		{ CONN_LOST, "greeting", "no-greeting" },
		{ CONN_LOST, "auth", NULL },
		{ CONN_TIME, "greeting", NULL },
		{ CONN_REPLY, "greeting", "not-smtp" },
		{ CONN_NO_STARTTLS, "starttls", "no-starttls" },
		{ CONN_LOST, "starttls", NULL },
		{ CONN_NO_AUTH, "auth", "no-auth" },
		{ CONN_MECHANISM, "auth", "login" },
		{ CONN_LOGIN, "auth", NULL },
		{ CONN_OTHER, "auth", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		begin(rows[i].step);
		check.account->tls = check.account->tls_starttls = true;
		check.server.dial.conn.error = rows[i].kind;
		if (rows[i].name) {
			concludes(rows[i].name);
			continue;
		}
		check_find_cause(&check);
		assert_null(check.cause);
	}
}

/* A server's own words come before what we would guess. */
static void a_reply_is_more(void **state)
{
	(void)state;
	begin("auth");
	error_clear(&check.error);
	error_set(&check.error, ERROR_PERMISSION,
		  "the login was refused: 535 5.7.8 no");
	check.error.reply = 535;
	memcpy(check.error.esc, "5.7.8", 6);
	check.account->host = "smtp.gmail.com";
	concludes("gmail-password");
}

/* Where a password is said, and nothing of it. */
static void secrets_are_not_shown(void **state)
{
	struct setting_place at = { .text = "conf:7", .cause = ERROR_CONFIG };
	struct error f = ERROR_INIT;
	bool is_named = false;

	(void)state;
	begin("password");
	assert_int_equal(setting_assign(&arena, check.account, "password",
					"hush", &at, &f),
			 0);
	concludes("no-password");
	for (size_t i = 0; i < check.settings_count; i++) {
		const struct check_setting *s = &check.settings[i];

		if (strcmp(s->name, "password") != 0)
			continue;
		is_named = true;
		assert_null(s->value);
		assert_string_equal(s->origin, "conf:7");
	}
	assert_true(is_named);
}

static void without_an_account(void **state)
{
	(void)state;
	begin("configuration");
	check.account = NULL;
	check_find_cause(&check);
	assert_null(check.cause);
	assert_int_equal(check.settings_count, 0);
}

static int end(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_connection),
		cmocka_unit_test(no_name),
		cmocka_unit_test(certificates),
		cmocka_unit_test(handshakes),
		cmocka_unit_test(what_the_dial_saw),
		cmocka_unit_test(a_reply_is_more),
		cmocka_unit_test(secrets_are_not_shown),
		cmocka_unit_test(without_an_account),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
