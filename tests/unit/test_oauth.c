/* test_oauth.c - the parts of a log-in that need no provider. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/settings.h"
#include "login/login.h"
#include "net/http.h"
#include "net/jwt.h"
#include "net/oauth.h"
#include "net/oauth_grant.h"

/* RFC 7636 appendix B. */
static void a_challenge_is_the_verifiers_digest(void **state)
{
	static const unsigned char octets[] = {
		116, 24,  223, 180, 151, 153, 224, 37,	79,  250, 96,
		125, 216, 173, 187, 186, 22,  212, 37,	77,  105, 214,
		191, 240, 91,  88,  5,	 88,  83,  132, 141, 121
	};
	struct buf verifier = BUF_INIT(64), challenge = BUF_INIT(64);
	struct error f = ERROR_INIT;

	(void)state;
	jwt_base64url(&verifier, octets, sizeof(octets));
	assert_string_equal(verifier.data,
			    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
	assert_int_equal(jwt_sha256(&challenge, verifier.data, verifier.len,
				    &f),
			 0);
	assert_string_equal(challenge.data,
			    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
	buf_free(&verifier);
	buf_free(&challenge);
}

static void secrets_go_to_https_or_to_this_machine(void **state)
{
	static const char *const good[] = {
		"https://login.example.org/token",
		"HTTPS://x",
		"http://127.0.0.1:8080/token",
		"http://localhost",
		"http://[::1]:1/",
	};
	static const char *const bad[] = {
		"http://example.org/token",
		"http://127.0.0.1.example.org/",
		"http://localhost.example.org",
		"http://127.0.0.1@example.org/",
		"https://",
		"ftp://127.0.0.1/",
		"https://a b",
		"https://a\nb",
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(http_is_safe(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (http_is_safe(bad[i]))
			fail_msg("taken: %s", bad[i]);
}

static void a_form_is_url_encoded(void **state)
{
	struct buf form = BUF_INIT(256);

	(void)state;
	oauth_put(&form, "grant_type", "refresh_token");
	oauth_put(&form, "nothing", NULL);
	oauth_put(&form, "refresh_token", "a+/=&b \xc3\xa9~");
	assert_string_equal(form.data, "grant_type=refresh_token&refresh_token="
				       "a%2B%2F%3D%26b%20%C3%A9~");
	buf_free(&form);
}

static void an_answer_is_ours_by_its_state(void **state)
{
	static const struct {
		const char *url;
		enum error_cause cause;
		const char *code, *error;
	} rows[] = {
		{ "http://127.0.0.1:1/?code=a%2Fb&state=s1", ERROR_NONE, "a/b",
		  NULL },
		{ "code=x+y&state=s1&code=z", ERROR_NONE, "x y", NULL },
		{ "/?state=s1&error=access_denied", ERROR_NONE, NULL,
		  "access_denied" },
		{ "/?code=x&state=s1&iss=https%3A%2F%2Fa", ERROR_NONE, "x",
		  NULL },
		{ "/?code=x&state=s1&iss=https%3A%2F%2Fb", ERROR_PROTOCOL, NULL,
		  NULL },
		{ "/?code=x&state=s2", ERROR_DATA, NULL, NULL },
		{ "/?code=x&state=s11", ERROR_DATA, NULL, NULL },
		{ "/?code=x&state=", ERROR_DATA, NULL, NULL },
		{ "/?code=x", ERROR_DATA, NULL, NULL },
		{ "/?state=s1", ERROR_DATA, NULL, NULL },
		{ "/?code=a%0Ab&state=s1", ERROR_DATA, NULL, NULL },
		{ "/?x=1#code=x&state=s1", ERROR_DATA, NULL, NULL },
		{ "", ERROR_DATA, NULL, NULL },
	};
	struct arena a = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct redirect_answer answer = { .code = NULL };
		struct error f = ERROR_INIT;

		redirect_read(&a, rows[i].url, "s1", "https://a", &answer, &f);
		if (f.cause != rows[i].cause)
			fail_msg("%s: %s", rows[i].url, f.text);
		if (rows[i].code)
			assert_string_equal(answer.code, rows[i].code);
		if (rows[i].error)
			assert_string_equal(answer.error, rows[i].error);
	}
	arena_free(&a);
}

static void a_tenant_stands_in_the_endpoints(void **state)
{
	struct arena a = ARENA_INIT;
	struct account *account = setting_account(&a, "x");
	struct oauth_provider p;
	struct error f = ERROR_INIT;

	(void)state;
	account->oauth = "microsoft";
	assert_int_equal(oauth_provider_find(&a, account, &p, &f), 0);
	assert_string_equal(p.token, "https://login.microsoftonline.com/common/"
				     "oauth2/v2.0/token");
	account->oauth_tenant = "example.com";
	assert_int_equal(oauth_provider_find(&a, account, &p, &f), 0);
	assert_string_equal(p.device,
			    "https://login.microsoftonline.com/example.com/"
			    "oauth2/v2.0/devicecode");
	account->oauth_tenant = "../../evil?x=";
	assert_int_equal(oauth_provider_find(&a, account, &p, &f), -1);
	assert_int_equal(f.cause, ERROR_CONFIG);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_challenge_is_the_verifiers_digest),
		cmocka_unit_test(secrets_go_to_https_or_to_this_machine),
		cmocka_unit_test(a_form_is_url_encoded),
		cmocka_unit_test(an_answer_is_ours_by_its_state),
		cmocka_unit_test(a_tenant_stands_in_the_endpoints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
