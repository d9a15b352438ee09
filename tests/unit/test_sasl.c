/* test_sasl.c - which mechanism is taken, what is response in it, what is
 * hidden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/base64.h"
#include "net/sasl.h"

static struct sasl_offer offer_of(const char *words)
{
	struct sasl_offer o = { .has_command = false };

	while (*words) {
		size_t n = strcspn(words, " ");

		sasl_offer_add(&o, words, n);
		words += n + (words[n] == ' ');
	}
	return o;
}

static void test_choice(void **state)
{
	static const struct {
		const char *offered, *named, *want;
		enum error_cause cause;
	} cases[] = {
		{ "LOGIN PLAIN", NULL, "PLAIN", 0 },
		{ "ntlm login cram-md5", NULL, "LOGIN", 0 },
		{ "PLAIN SCRAM-SHA-1 SCRAM-SHA-256", NULL, "SCRAM-SHA-256", 0 },
		{ "SCRAM-SHA-256-PLUS SCRAM-SHA-1", NULL, "SCRAM-SHA-1", 0 },
		{ "NTLM DIGEST-MD5 CRAM-MD5 GSSAPI", NULL, "CRAM-MD5", 0 },
		{ "NTLM DIGEST-MD5 XOAUTH2", NULL, "DIGEST-MD5", 0 },
		{ "PLAIN XOAUTH2", "XOAUTH2", "XOAUTH2", 0 },
		{ "PLAIN", "plain", "PLAIN", 0 },
		/* What needs more than a user and a password is for who asks.
		 */
		{ "NTLM XOAUTH2 GSSAPI", NULL, NULL, ERROR_UNAVAILABLE },
		{ "PLAIN", "CRAM-MD5", NULL, ERROR_CONFIG },
		{ "PLAIN", "BOGUS", NULL, ERROR_CONFIG },
		{ "PLAIN LOGIN", "PLAIN LOGIN", NULL, ERROR_CONFIG },
		{ "PLAIN", "APOP", NULL, ERROR_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct sasl_options o = { .mechanism = cases[i].named };
		struct sasl_offer offer = offer_of(cases[i].offered);
		struct error f = ERROR_INIT;
		const struct mechanism *m =
			sasl_choose(&offer, &o, "h:587", &f);

		if (cases[i].want) {
			assert_non_null(m);
			assert_string_equal(m->name, cases[i].want);
			continue;
		}
		assert_null(m);
		assert_int_equal(f.cause, cases[i].cause);
	}
}

/* Only with a TLS connection that they can be tied to. */
static void test_bound_choice(void **state)
{
	static const struct sasl_binding bound = { .octets = "AAAA" };
	static const struct {
		const char *offered, *named, *want, *unbound;
	} cases[] = {
		{ "SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS", NULL,
		  "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256" },
		{ "SCRAM-SHA-256 SCRAM-SHA-1-PLUS", NULL, "SCRAM-SHA-1-PLUS",
		  "SCRAM-SHA-256" },
		{ "SCRAM-SHA-256-PLUS PLAIN", NULL, "SCRAM-SHA-256-PLUS",
		  "PLAIN" },
		{ "SCRAM-SHA-256-PLUS SCRAM-SHA-256", "scram-sha-256",
		  "SCRAM-SHA-256", "SCRAM-SHA-256" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sasl_options o = { .mechanism = cases[i].named,
					  .binding = &bound };
		struct sasl_offer offer = offer_of(cases[i].offered);
		struct error f = ERROR_INIT;

		assert_string_equal(sasl_choose(&offer, &o, "h", &f)->name,
				    cases[i].want);
		o.binding = NULL;
		assert_string_equal(sasl_choose(&offer, &o, "h", &f)->name,
				    cases[i].unbound);
	}
}

/* Of a mailbox: its protocol's own commands. */
static void test_commands(void **state)
{
	struct sasl_offer offer = { .has_command = true, .has_apop = true };
	struct sasl_options o = { .mechanism = NULL };
	struct error f = ERROR_INIT;

	(void)state;
	assert_string_equal(sasl_choose(&offer, &o, "h", &f)->name, "USER");
	o.mechanism = "LOGIN";
	assert_string_equal(sasl_choose(&offer, &o, "h", &f)->name, "USER");
	o.mechanism = "APOP";
	assert_string_equal(sasl_choose(&offer, &o, "h", &f)->name, "APOP");
	offer.has_command = false;
	o.mechanism = NULL;
	assert_string_equal(sasl_choose(&offer, &o, "h", &f)->name, "APOP");
}

/* A server may name what it likes, at any length. */
static void test_flood(void **state)
{
	struct sasl_offer offer = offer_of("PLAIN plain LOGIN");
	char word[8] = "M-0000";

	(void)state;
	assert_string_equal(offer.names, "PLAIN LOGIN");
	for (int i = 0; i < 1000; i++) {
		word[2] = (char)('0' + i / 100);
		word[3] = (char)('0' + i / 10 % 10);
		word[4] = (char)('0' + i % 10);
		sasl_offer_add(&offer, word, strlen(word));
	}
	assert_true(sasl_is_offered(&offer, "PLAIN"));
	assert_true(sasl_is_offered(&offer, "M-0010"));
	assert_false(sasl_is_offered(&offer, "M-9990"));
	assert_false(sasl_is_offered(&offer, "M-001"));
	assert_false(sasl_is_offered(&offer, "LOG"));
}

/* ---- what is response ---- */

#define SAID_MAX 1000

struct script {
	const char *challenges[4]; /* base64 */
	bool refuses;
	size_t at;
	char response[SAID_MAX], shown[SAID_MAX];
};

static void append(char response[SAID_MAX], const char *line)
{
	size_t n = strlen(response);

	snprintf(response + n, SAID_MAX - n, "%s\n", line);
}

static int exchange(void *context, const char *line, const char *shown,
		    const char **challenge, struct error *f)
{
	struct script *s = context;

	append(s->response, line);
	append(s->shown, shown);
	*challenge = s->challenges[s->at];
	if (*challenge) {
		s->at++;
		return 1;
	}
	return s->refuses ? error_set(f, ERROR_PERMISSION, "535 no") : 0;
}

static int log_in(struct script *script, const char *mechanism,
		  const char *password, size_t line_max, struct error *f)
{
	const struct sasl_carrier carrier = { .command = "AUTH",
					      .line_max = line_max,
					      .exchange = exchange,
					      .context = script };
	const struct sasl_options o = { .user = "me",
					.password = password,
					.service = "smtp",
					.host = "h",
					.port = 587 };
	struct sasl s;
	int r = sasl_begin(&s, mechanism_find(mechanism), &o, f);

	if (r == 0)
		r = sasl_log_in(&s, &carrier, f);
	sasl_end(&s);
	return r;
}

static void test_words(void **state)
{
	static const struct {
		const char *name;
		size_t line_max;
		struct script script;
		const char *response;
	} cases[] = {
		{ "PLAIN", 512, { .refuses = false }, "AUTH PLAIN AG1lAHB3\n" },
		{ "PLAIN",
		  0,
		  { .challenges = { "" } },
		  "AUTH PLAIN\nAG1lAHB3\n" },
		{ "LOGIN",
		  512,
		  { .challenges = { "VXNlcm5hbWU6", "UGFzc3dvcmQ6" } },
		  "AUTH LOGIN\nbWU=\ncHc=\n" },
		{ "EXTERNAL",
		  512,
		  { .refuses = false },
		  "AUTH EXTERNAL bWU=\n" },
		{ "XOAUTH2",
		  512,
		  { .refuses = false },
		  "AUTH XOAUTH2 dXNlcj1tZQFhdXRoPUJlYXJlciBwdwEB\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct script script = cases[i].script;
		struct error f = ERROR_INIT;

		assert_int_equal(log_in(&script, cases[i].name, "pw",
					cases[i].line_max, &f),
				 0);
		assert_string_equal(script.response, cases[i].response);
		assert_null(strstr(script.shown, "cHc"));
	}
}

/* The example of RFC 2195. */
static void test_cram(void **state)
{
	static const char challenge[] =
		"PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
	const struct sasl_options o = { .user = "tim",
					.password = "tanstaaftanstaaf" };
	struct error f = ERROR_INIT;
	struct sasl s;

	(void)state;
	assert_int_equal(sasl_begin(&s, mechanism_find("cram-md5"), &o, &f), 0);
	assert_int_equal(sasl_answer(&s, challenge, &f), 0);
	assert_string_equal(s.response.data,
			    "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw");
	assert_int_equal(sasl_answer(&s, challenge, &f), -1);
	sasl_end(&s);
}

/* Why a token is refused is response before the refusal, and makes it clearer.
 */
static void test_token_refused(void **state)
{
	static const struct {
		const char *name, *end;
	} cases[] = { { "XOAUTH2", "\n\n" }, { "OAUTHBEARER", "\nAQ==\n" } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		/* {"status":"401"} */
		struct script script = { .challenges = { "eyJzdGF0dXMiOiI0MDEi"
							 "fQ==" },
					 .refuses = true };
		struct error f = ERROR_INIT;
		size_t n;

		assert_int_equal(log_in(&script, cases[i].name, "pw", 512, &f),
				 -1);
		assert_string_equal(f.text, "535 no ({\"status\":\"401\"})");
		n = strlen(script.response) - strlen(cases[i].end);
		assert_string_equal(script.response + n, cases[i].end);
	}
}

/* A token is too long for the command's line. */
static void test_long_token(void **state)
{
	char token[400];
	struct script script = { .challenges = { "" } };
	struct error f = ERROR_INIT;

	(void)state;
	memset(token, 'x', sizeof(token) - 1);
	token[sizeof(token) - 1] = '\0';
	assert_int_equal(log_in(&script, "OAUTHBEARER", token, 512, &f), 0);
	assert_int_equal(strncmp(script.response, "AUTH OAUTHBEARER\nbixhPW1l",
				 25),
			 0);
}

static void test_without_end(void **state)
{
	struct script script = { .challenges = { "eA==", "eA==", "eA==" } };
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(log_in(&script, "LOGIN", "pw", 512, &f), -1);
	assert_int_equal(f.cause, ERROR_PROTOCOL);
}

/* ---- SCRAM (RFC 5802, RFC 7677): GNU SASL's, and a server that lies ---- */

static void test_scram_refused_at_once(void **state)
{
	struct script script = { .refuses = true };
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(log_in(&script, "SCRAM-SHA-256", "pw", 512, &f),
			 SASL_UNTRIED);
}

static void test_scram_without_proof(void **state)
{
	struct script script = { .refuses = false };
	struct error f = ERROR_INIT;

	(void)state;
	assert_int_equal(log_in(&script, "SCRAM-SHA-256", "pw", 512, &f), -1);
	assert_int_equal(f.cause, ERROR_CONFIG);
	assert_false(f.temporary);
}

static const char *iterations;

static int lie(void *context, const char *line, const char *shown,
	       const char **challenge, struct error *f)
{
	static char text[400];
	struct buf response = BUF_INIT(400), out = BUF_INIT(400);
	unsigned *step = context;
	const char *nonce;

	(void)shown;
	(void)f;
	line = strrchr(line, ' ') ? strrchr(line, ' ') + 1 : line;
	assert_int_equal(unbase64_text(line, &response), 0);
	nonce = strstr(response.data, "r=");
	buf_printf(&out, "%ss,s=QSXCR+Q6sek8bf92,i=%s", nonce, iterations);
	if (++*step == 2) {
		buf_reset(&out);
		buf_puts(&out, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
	}
	text[base64_text(text, out.data, out.len)] = '\0';
	*challenge = text;
	buf_free(&out);
	buf_free(&response);
	return 1;
}

static void lied_to(const char *count, unsigned steps, enum error_cause cause)
{
	const struct sasl_options o = { .user = "me", .password = "pw" };
	unsigned step = 0;
	const struct sasl_carrier carrier = { .command = "AUTH",
					      .line_max = 512,
					      .exchange = lie,
					      .context = &step };
	struct error f = ERROR_INIT;
	struct sasl s;

	iterations = count;
	assert_int_equal(sasl_begin(&s, mechanism_find("SCRAM-SHA-1"), &o, &f),
			 0);
	assert_int_equal(sasl_log_in(&s, &carrier, &f), -1);
	assert_int_equal(step, steps);
	assert_int_equal(f.cause, cause);
	sasl_end(&s);
}

static void test_scram_signed_wrongly(void **state)
{
	(void)state;
	lied_to("4096", 2, ERROR_CONFIG);
	lied_to("4096,x=more", 2, ERROR_CONFIG);
}

/* One that would keep us busy for hours, and others that are none. */
static void test_scram_malformed(void **state)
{
	static const char *const counts[] = { "4294967295", "0", "-1", "4096x",
					      "" };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		lied_to(counts[i], 1, ERROR_PROTOCOL);
}

/* ---- once more, in clear ---- */

struct tries {
	size_t count;
	int results[2];
};

static int attempt(void *context, const struct mechanism *m, struct error *f)
{
	struct tries *t = context;
	int result = t->results[t->count++];

	if (result)
		error_set(f, ERROR_PERMISSION, "no %s", m->name);
	return result;
}

static void test_second_try(void **state)
{
	struct sasl_offer offer = offer_of("SCRAM-SHA-256 SCRAM-SHA-1 LOGIN");
	static const struct {
		const char *named;
		int results[2];
		size_t tries;
		const char *text; /* of the error */
	} cases[] = {
		{ NULL, { 0 }, 1, "" },
		{ NULL, { SASL_UNTRIED, 0 }, 2, "" },
		{ NULL, { SASL_UNTRIED, -1 }, 2, "h: no LOGIN" },
		{ NULL, { -1 }, 1, "h: no SCRAM-SHA-256" },
		{ "SCRAM-SHA-1", { SASL_UNTRIED }, 1, "h: no SCRAM-SHA-1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct sasl_options o = { .mechanism = cases[i].named };
		struct tries t = { .results = { cases[i].results[0],
						cases[i].results[1] } };
		struct error f = ERROR_INIT;
		int r = sasl_by_best(&offer, &o, "h", attempt, &t, &f);

		assert_int_equal(r, *cases[i].text ? -1 : 0);
		assert_int_equal(t.count, cases[i].tries);
		assert_string_equal(f.text, cases[i].text);
	}
}

static void test_hidden(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "no", "no" },
		{ "s3cr3t", "***" },
		{ "as3cr3tbs3cr3ts3cr3t", "a***b******" },
		{ "s3cr3 s3cr3", "s3cr3 s3cr3" },
		{ "<czNjcjN0>", "<***>" },
		{ "AG1lAHMzY3IzdA==", "***" },
		{ "response just now", "*** just now" },
	};
	const struct sasl_options o = { .user = "me", .password = "s3cr3t" };
	struct sasl s = { .options = &o, .response = BUF_INIT(100) };

	(void)state;
	buf_puts(&s.response, "response");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", cases[i].text);
		sasl_hide(&s, text);
		assert_string_equal(text, cases[i].want);
	}
	buf_free(&s.response);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_bound_choice),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_cram),
		cmocka_unit_test(test_token_refused),
		cmocka_unit_test(test_long_token),
		cmocka_unit_test(test_without_end),
		cmocka_unit_test(test_scram_refused_at_once),
		cmocka_unit_test(test_scram_without_proof),
		cmocka_unit_test(test_scram_signed_wrongly),
		cmocka_unit_test(test_scram_malformed),
		cmocka_unit_test(test_second_try),
		cmocka_unit_test(test_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
