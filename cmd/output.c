/* output.c - see output.h.
 *
 * Each library is loaded by one file in src/; --version loads it for its
 * version only.  If one is missing, the program works without it as far as
 * possible, and --version says what does not work. */
#include "output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/json.h"
#include "base/library.h"
#include "base/log.h"
#include "codec/compress.h"
#include "deliver/jsonify.h"

#define VERSION_MAX   4096
#define OPENSSL_SHORT 6 /* OPENSSL_VERSION_STRING of <openssl/crypto.h> */

int output_put(const struct buf *text, struct error *f)
{
	if (text->overflow)
		return error_set(f, ERROR_SOFTWARE, "the output is too long");
	return disk_write_all(STDOUT_FILENO, text->data, text->len,
			      "standard output", f);
}

int output_puts(const char *text, struct error *f)
{
	return disk_write_all(STDOUT_FILENO, text, strlen(text),
			      "standard output", f);
}

int output_help(const struct persona *p, bool all, struct error *f)
{
	struct buf text = BUF_INIT(OUTPUT_MAX);
	int r = all ? options_help(p, &text) : options_help_common(p, &text);

	r = r < 0 ? error_set(f, ERROR_SOFTWARE, "the help cannot be printed")
		  : output_put(&text, f);
	buf_free(&text);
	return r;
}

void output_usage(const struct persona *p)
{
	struct buf text = BUF_INIT(256);

	if (options_usage(p, &text) == 0)
		log_line("", text.data, text.len - 1);
	buf_free(&text);
}

void output_failure(const struct error *f)
{
	struct buf text = BUF_INIT(4096);
	struct error trouble = ERROR_INIT;

	if (json_prepare(&trouble) < 0 || jsonify_failure(f, &text) < 0 ||
	    output_put(&text, &trouble) < 0)
		log_error("the report could not be written: %s", trouble.text);
	buf_free(&text);
}

/* ---- --version ---- */

/* The type of a library's version function. */
enum teller {
	TELLS_TEXT,    /* const char *(void) */
	TELLS_OPENSSL, /* const char *(int) */
	TELLS_CHECK,   /* const char *(const char *least) */
	TELLS_NUMBER,  /* int(void): 100 times the major number */
};

static const struct library_version {
	const char *name, *file, *package;
	const char *symbol;
	enum teller teller;
	const char *use;
	enum compression compression; /* NONE: it is always built in */
} libraries[] = {
	{ "libcurl", "libcurl.so.4", "libcurl4", "curl_version", TELLS_TEXT,
	  "connections, proxies and TLS", COMPRESSION_NONE },
	{ "OpenSSL", "libcrypto.so.3", "libssl3", "OpenSSL_version",
	  TELLS_OPENSSL, "certificates, checksums, TLS of --serve",
	  COMPRESSION_NONE },
	{ "libgsasl", "libgsasl.so.18", "libgsasl18", "gsasl_check_version",
	  TELLS_CHECK, "login by SCRAM, DIGEST-MD5, NTLM, GSSAPI",
	  COMPRESSION_NONE },
	{ "libmagic", "libmagic.so.1", "libmagic1", "magic_version",
	  TELLS_NUMBER, "media types of files", COMPRESSION_NONE },
	{ "libidn2", "libidn2.so.0", "libidn2-0", "idn2_check_version",
	  TELLS_CHECK, "internationalized domain names", COMPRESSION_NONE },
	{ "jansson", "libjansson.so.4", "libjansson4", "jansson_version_str",
	  TELLS_TEXT, "--json, tokens of OAuth 2", COMPRESSION_NONE },
	{ "zlib", "libz.so.1", "zlib1g", "zlibVersion", TELLS_TEXT,
	  "--compress gzip", COMPRESSION_GZIP },
	{ "liblzma", "liblzma.so.5", "liblzma5", "lzma_version_string",
	  TELLS_TEXT, "--compress xz", COMPRESSION_XZ },
	{ "libzstd", "libzstd.so.1", "libzstd1", "ZSTD_versionString",
	  TELLS_TEXT, "--compress zstd", COMPRESSION_ZSTD },
};

/* The version function of the last library, by its type. */
static const char *(*text)(void);
static const char *(*by_kind)(int);
static const char *(*at_least)(const char *);
static int (*number)(void);

/* The version number: of "libcurl/7.88.1 OpenSSL/3.0.15 ..." the first one;
 * NULL if the library cannot be loaded. */
static const char *version_of(const struct library_version *v, char *room,
			      size_t size)
{
	const struct library_symbol symbols[] = {
		{ v->symbol, v->teller == TELLS_TEXT	  ? (void *)&text
			     : v->teller == TELLS_OPENSSL ? (void *)&by_kind
			     : v->teller == TELLS_CHECK	  ? (void *)&at_least
							  : (void *)&number },
		{ NULL, NULL },
	};
	struct library library = { .file = v->file,
				   .package = v->package,
				   .symbols = symbols };
	struct error missing = ERROR_INIT;
	const char *told;

	if (library_load(&library, &missing) < 0)
		return NULL;
	if (v->teller == TELLS_NUMBER) {
		snprintf(room, size, "%d.%02d", number() / 100, number() % 100);
		return room;
	}
	told = v->teller == TELLS_TEXT	    ? text()
	       : v->teller == TELLS_OPENSSL ? by_kind(OPENSSL_SHORT)
					    : at_least(NULL);
	told += strcspn(told, "0123456789");
	snprintf(room, size, "%.*s", (int)strcspn(told, " "), told);
	return room;
}

static void put_library(const struct library_version *v, struct buf *out)
{
	char room[32];
	const char *version;

	if (v->compression != COMPRESSION_NONE &&
	    !compression_is_built(v->compression)) {
		buf_printf(out, "  %-9s %-9s %s is not in this build\n",
			   v->name, "none", v->use);
		return;
	}
	version = version_of(v, room, sizeof(room));
	buf_printf(out, "  %-9s %-9s %s", v->name,
		   version ? version : "missing", v->use);
	if (!version)
		buf_printf(out, ": install %s", v->package);
	buf_putc(out, '\n');
}

int output_version(const char *name, struct error *f)
{
	struct buf out = BUF_INIT(VERSION_MAX);
	const char *ours =
		strncmp(name, "mailsend", 8) == 0 ? "" : " (mailsend)";
	int r;

	buf_printf(&out, "%.*s%s %s\n\n", (int)strcspn(name, " "), name, ours,
		   MAILSEND_VERSION);
	buf_puts(&out, "Libraries, loaded on first use:\n");
	for (size_t i = 0; i < sizeof(libraries) / sizeof(*libraries); i++)
		put_library(&libraries[i], &out);
	buf_putc(&out, '\n');
	buf_puts(&out,
		 "Features: SMTP, POP3 and IMAP with STARTTLS or implicit TLS "
		 "1.2 and later;\n"
		 "SOCKS proxies, PIPELINING, CHUNKING, DSN, SMTPUTF8; queue, "
		 "SMTP server, aliases\n");
	r = output_put(&out, f);
	buf_free(&out);
	return r;
}
