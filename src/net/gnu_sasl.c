/* gnu_sasl.c - challenge-response mechanisms by GNU SASL: a session takes a
 * challenge in base64 and returns the response. */
#include "net/sasl.h"

#include <gsasl.h>
#include <string.h>

#include "base/library.h"

#define NTLM_CHALLENGE_LEAST 64 /* characters of 48 octets */

static struct {
	int (*init)(Gsasl **);
	int (*start)(Gsasl *, const char *, Gsasl_session **);
	int (*set)(Gsasl_session *, Gsasl_property, const char *);
	int (*step)(Gsasl_session *, const char *, char **);
	void (*finish)(Gsasl_session *);
	void (*free)(void *);
	const char *(*strerror)(int);
	int (*prepare)(const char *, Gsasl_saslprep_flags, char **, int *);
	int (*keys)(Gsasl_hash, const char *, unsigned, const char *, size_t,
		    char *, char *, char *, char *);
} gnu;

static const struct library_symbol symbols[] = {
	{ "gsasl_init", &gnu.init },
	{ "gsasl_client_start", &gnu.start },
	{ "gsasl_property_set", &gnu.set },
	{ "gsasl_step64", &gnu.step },
	{ "gsasl_finish", &gnu.finish },
	{ "gsasl_free", &gnu.free },
	{ "gsasl_strerror", &gnu.strerror },
	{ "gsasl_saslprep", &gnu.prepare },
	{ "gsasl_scram_secrets_from_password", &gnu.keys },
	{ NULL, NULL },
};

static struct library library = { .file = "libgsasl.so.18",
				  .package = "libgsasl18",
				  .symbols = symbols };

static Gsasl *context; /* kept until the process ends */

int gnu_sasl_load(struct error *f)
{
	if (context)
		return 0;
	if (library_load(&library, f) < 0)
		return -1;
	if (gnu.init(&context) != GSASL_OK)
		return error_set(f, ERROR_TEMPORARY,
				 "libgsasl cannot be initialized now");
	return 0;
}

/* The ticket may have expired, or the realm's server may be down. */
static int no_ticket(struct error *f)
{
	error_set(f, ERROR_PERMISSION,
		  "there is no Kerberos ticket for the server; get one with "
		  "kinit");
	f->temporary = true;
	return -1;
}

static int failed(const struct sasl *s, int code, struct error *f)
{
	const char *name = s->mechanism->name;

	switch (code) {
	case GSASL_MALLOC_ERROR:
		return error_set(f, ERROR_TEMPORARY, "memory is short");
	case GSASL_UNKNOWN_MECHANISM:
		return error_set(f, ERROR_UNAVAILABLE,
				 "this libgsasl cannot do %s; set auth to "
				 "another mechanism",
				 name);
	case GSASL_AUTHENTICATION_ERROR:
		return error_set(
			f, ERROR_CONFIG,
			"the server did not prove by %s that it knows "
			"the password: it may be the wrong server, and "
			"nothing was sent",
			name);
	case GSASL_GSSAPI_IMPORT_NAME_ERROR:
	case GSASL_GSSAPI_INIT_SEC_CONTEXT_ERROR:
		return no_ticket(f);
	case GSASL_MECHANISM_PARSE_ERROR:
	case GSASL_MECHANISM_CALLED_TOO_MANY_TIMES:
	case GSASL_BASE64_ERROR:
		return error_set(f, ERROR_PROTOCOL,
				 "the server's challenge does not follow %s",
				 name);
	default:
		return error_set(f, ERROR_UNAVAILABLE,
				 "login by %s is not possible: %s", name,
				 gnu.strerror(code));
	}
}

static void set(struct sasl *s, Gsasl_property property, const char *value,
		int *code)
{
	if (value && *code == GSASL_OK)
		*code = gnu.set(s->session, property, value);
}

/* NTLM's user may be "DOMAIN\user", but libntlm expects "user@DOMAIN": its
 * response ignores GSASL_REALM. */
static void set_user(struct sasl *s, int *code)
{
	const char *user = s->options->user;
	const char *slash = user ? strchr(user, '\\') : NULL;
	struct buf turned = BUF_INIT(SASL_SECRET_MAX);

	if (slash && !strcmp(s->mechanism->name, "NTLM")) {
		buf_printf(&turned, "%s@%.*s", slash + 1, (int)(slash - user),
			   user);
		user = turned.data;
	}
	set(s, GSASL_AUTHID, user, code);
	buf_free(&turned);
}

int gnu_sasl_begin(struct sasl *s, struct error *f)
{
	const struct sasl_options *o = s->options;
	Gsasl_session *session = NULL;
	int code;

	if (gnu_sasl_load(f) < 0)
		return -1;
	code = gnu.start(context, s->mechanism->name, &session);
	if (code != GSASL_OK)
		return failed(s, code, f);
	s->session = session;
	if (!(s->mechanism->flags & MECHANISM_NO_PASSWORD)) {
		set_user(s, &code);
		set(s, GSASL_PASSWORD, o->password, &code);
	}
	set(s, GSASL_SERVICE, o->service, &code);
	set(s, GSASL_HOSTNAME, o->host, &code);
	return code == GSASL_OK ? 0 : failed(s, code, f);
}

int gnu_sasl_answer(struct sasl *s, const char *challenge, struct error *f)
{
	char *response = NULL;
	int code = GSASL_MECHANISM_PARSE_ERROR, r = 0;

	if (!challenge)
		challenge = "";
	/* libntlm reads beyond the end of a short challenge */
	if (!s->step++ || strcmp(s->mechanism->name, "NTLM") != 0 ||
	    strlen(challenge) >= NTLM_CHALLENGE_LEAST)
		code = gnu.step(s->session, challenge, &response);
	s->is_done = code == GSASL_OK;
	if (code != GSASL_OK && code != GSASL_NEEDS_MORE)
		r = failed(s, code, f);
	else if (response && buf_puts(&s->response, response) < 0)
		r = error_set(f, ERROR_CONFIG,
			      "the user's name or the password is too long");
	if (response) {
		explicit_bzero(response, strlen(response));
		gnu.free(response);
	}
	return r;
}

void gnu_sasl_end(struct sasl *s)
{
	if (s->session)
		gnu.finish(s->session);
	s->session = NULL;
}

/* ---- for SCRAM ---- */

int gnu_sasl_prepare(const struct sasl *s, const char *name, struct buf *out,
		     struct error *f)
{
	char *prepared = NULL;
	int code = gnu.prepare(name, GSASL_ALLOW_UNASSIGNED, &prepared, NULL);

	if (code != GSASL_OK)
		return failed(s, code, f);
	buf_puts(out, prepared);
	gnu.free(prepared);
	return 0;
}

int gnu_sasl_keys(const struct sasl *s, unsigned iterations,
		  const struct buf *salt, unsigned char *client,
		  unsigned char *stored, unsigned char *server, struct error *f)
{
	bool is_sha256 = !strncmp(s->mechanism->name, "SCRAM-SHA-256", 13);
	char salted[GSASL_HASH_MAX_SIZE];
	int code = gnu.keys(is_sha256 ? GSASL_HASH_SHA256 : GSASL_HASH_SHA1,
			    s->options->password, iterations, salt->data,
			    salt->len, salted, (char *)client, (char *)server,
			    (char *)stored);

	explicit_bzero(salted, sizeof(salted));
	return code == GSASL_OK ? 0 : failed(s, code, f);
}
