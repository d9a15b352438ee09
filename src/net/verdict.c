/* verdict.c - tables of what OpenSSL says, by number and by word. */
#include "net/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A look-up that failed is asked once more, for libcurl does not tell "there
 * is no such host" from "nobody could say".  Neither does a resolver always. */
int verdict_lookup(const char *host, const char *hint, const char *text,
		   struct error *f)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int error;

	error = getaddrinfo(host, NULL, &hints, &found);
	if (!error)
		freeaddrinfo(found);
	if (error == EAI_NONAME
#ifdef EAI_NODATA
	    || error == EAI_NODATA
#endif
	) {
		error_set(f, ERROR_NOHOST, "there is no host named %s; %s",
			  host, hint);
		/* away from its network a machine hears the same of a host
		 * that is there */
		f->temporary = true;
		return -1;
	}
	error_set(f, ERROR_TEMPORARY,
		  "the address of %s cannot be found out now: %s", host,
		  error ? gai_strerror(error) : text);
	snprintf(f->esc, sizeof(f->esc), "4.4.3"); /* RFC 3463 3.5 */
	return -1;
}

int verdict_source(const char *source, struct error *f)
{
	return error_set(f, ERROR_CONFIG,
			 "source_ip %s is not an address of this machine, or "
			 "not of the server's family",
			 source ? source : "");
}

#define VERIFY_NO_MEMORY 17

/* Numbers are OpenSSL's X509_V_ERR_*, fixed since its beginnings. */
static const struct {
	long code;
	enum error_cause cause;
	const char *what, *way_out;
} chain_errors[] = {
	{ 7, ERROR_CONFIG, "has an invalid signature of its CA",
	  "it is forged or damaged, or that authority has a new key: ask the "
	  "server's administrator before you trust it" },
	{ 9, ERROR_UNAVAILABLE, "is not valid yet",
	  "is this machine's clock right?" },
	{ 10, ERROR_UNAVAILABLE, "has expired",
	  "its administrator has to renew it (or is this machine's clock "
	  "wrong?)" },
	{ 11, ERROR_UNAVAILABLE,
	  "is not covered by a valid list of revocations",
	  "renew the file tls_crl_file" },
	{ 12, ERROR_UNAVAILABLE,
	  "is checked by a list of revocations that has "
	  "expired",
	  "renew the file tls_crl_file" },
	{ 3, ERROR_CONFIG, "is not covered by the list of revocations",
	  "the file tls_crl_file has to hold one for each CA of the chain" },
	{ VERIFY_NO_MEMORY, ERROR_TEMPORARY, "cannot be checked now",
	  "memory is short on this machine" },
	{ 18, ERROR_CONFIG, "is self-signed",
	  "if it is the right one, set tls_fingerprint to it or use it as "
	  "tls_trust_file" },
	{ 19, ERROR_CONFIG, "is signed by an unknown CA",
	  "set tls_trust_file to the certificate of the CA, or tls_fingerprint "
	  "to that of the server" },
	{ 20, ERROR_CONFIG, "is signed by an unknown CA",
	  "set tls_trust_file to the certificate of the CA, or tls_fingerprint "
	  "to that of the server" },
	{ 21, ERROR_CONFIG, "was sent without the chain to a known CA",
	  "set tls_trust_file to the missing certificate, or tls_fingerprint "
	  "to that of the server" },
	{ 23, ERROR_PERMISSION, "has been revoked",
	  "do not trust this server before its administrator has a new one" },
};

bool verdict_is_name(const char *text)
{
	return strstr(text, "match") != NULL;
}

/* Of 7.88, and of those that have CURLE_TOO_LARGE (8.6). */
bool verdict_is_endless(const char *text)
{
	return strstr(text, "Too large response") ||
	       strstr(text, "grew larger than allowed");
}

/* What a dial holds at a time: its socket, the look-up's, a file, a folder. */
#define DESCRIPTORS 8

/* Where they ran out, files of ours could not be looked at either, and say
 * nothing.  By now the dial has given its own back: that many must be free. */
static int check_descriptors(const char *place, struct error *f)
{
	int held[DESCRIPTORS], n = 0, error = 0;

	while (n < DESCRIPTORS &&
	       (held[n] = open("/", O_RDONLY | O_CLOEXEC)) >= 0)
		n++;
	if (n < DESCRIPTORS)
		error = errno;
	while (n > 0)
		close(held[--n]);
	if (error != EMFILE && error != ENFILE && error != ENOMEM)
		return 0;
	return error_errno(f, ERROR_TEMPORARY, error,
			   "TLS with %s cannot be set up now", place);
}

int verdict_files(const char *place, const char *text,
		  const struct verdict_file *files, struct error *f)
{
	if (check_descriptors(place, f) < 0)
		return -1;
	for (; files->setting; files++) {
		int fd = files->path ? open(files->path, O_RDONLY | O_CLOEXEC)
				     : -1;

		if (files->path && fd < 0)
			return error_errno(f, ERROR_CONFIG, errno,
					   "%s: cannot read %s", files->setting,
					   files->path);
		if (fd >= 0)
			close(fd);
	}
	return error_set(f, ERROR_CONFIG, "TLS with %s cannot be set up: %s",
			 place, text);
}

int verdict_certificate(const char *place, const char *name, long verify,
			const struct pin *pin, const char *text,
			struct error *f)
{
	if (pin->refused)
		return error_set(f, ERROR_CONFIG,
				 "the certificate of %s has the fingerprint "
				 "%s, not the one in tls_fingerprint; if the "
				 "server's was renewed, change the setting",
				 place, pin->seen);
	if (verify > 1 && check_descriptors(place, f) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(chain_errors) / sizeof(*chain_errors);
	     i++)
		if (chain_errors[i].code == verify)
			return error_set(f, chain_errors[i].cause,
					 "the certificate of %s %s; %s", place,
					 chain_errors[i].what,
					 chain_errors[i].way_out);
	/* libcurl looks at the name before it fetches OpenSSL's verdict. */
	if (verdict_is_name(text))
		return error_set(f, ERROR_CONFIG,
				 "the certificate of %s is not for the name "
				 "%s; set host to a name in it, or "
				 "tls_host_override to the name to expect",
				 place, name ? name : "localhost");
	return error_set(f, ERROR_CONFIG,
			 "the certificate of %s is not good: %s", place, text);
}

/* What OpenSSL says for good; all else (a reset, an early end) may pass. */
static const struct {
	const char *part, *way_out; /* NULL: the caller's */
	enum error_cause cause;
} handshake_errors[] = {
	{ "wrong version number", NULL, ERROR_PROTOCOL },
	{ "packet length too long", NULL, ERROR_PROTOCOL },
	{ "protocol version",
	  "it has no TLS 1.2 or later, and nothing older is safe",
	  ERROR_UNAVAILABLE },
	{ "unsupported protocol",
	  "it has no TLS 1.2 or later, and nothing older is safe",
	  ERROR_UNAVAILABLE },
	{ "no shared cipher", "check tls_priorities", ERROR_UNAVAILABLE },
	{ "no ciphers available", "check tls_priorities", ERROR_CONFIG },
	{ "handshake failure",
	  "it may want a certificate of ours (tls_cert_file), or share no "
	  "cipher with us",
	  ERROR_UNAVAILABLE },
	{ "certificate required", "set tls_cert_file and tls_key_file",
	  ERROR_PERMISSION },
	{ "bad certificate", "it does not take the one in tls_cert_file",
	  ERROR_PERMISSION },
	{ "unknown ca", "it does not take the one in tls_cert_file",
	  ERROR_PERMISSION },
	/* of what the server signs to show that the certificate is its own */
	{ "bad signature", "it did not show that the certificate is its own",
	  ERROR_CONFIG },
	{ "rsa routines", "it did not show that the certificate is its own",
	  ERROR_CONFIG },
	{ "dh key too small", "its keys are too small to be safe",
	  ERROR_UNAVAILABLE },
	{ "ee key too small", "its keys are too small to be safe",
	  ERROR_UNAVAILABLE },
};

int verdict_handshake(const char *place, const char *late, const char *text,
		      struct error *f)
{
	for (size_t i = 0;
	     i < sizeof(handshake_errors) / sizeof(*handshake_errors); i++)
		if (strstr(text, handshake_errors[i].part))
			return error_set(
				f, handshake_errors[i].cause,
				"no TLS with %s: %s; %s%s", place, text,
				handshake_errors[i].way_out
					? ""
					: "it does not speak implicit TLS: ",
				handshake_errors[i].way_out
					? handshake_errors[i].way_out
					: late);
	return error_set(f, ERROR_TEMPORARY, "no TLS with %s: %s", place, text);
}
