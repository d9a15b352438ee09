/* domain.c - ASCII is checked here, everything else by libidn2 and then here.
 *
 * Accepts host names (RFC 1123 2.1), and the underscore, which some hosts have.
 * IDNA is UTS 46 non-transitional: the sharp s is kept, as in registries and
 * browsers. */
#include "mail/domain.h"

#include <arpa/inet.h>
#include <idn2.h>
#include <string.h>

#include "base/ascii.h"
#include "base/library.h"

#define DOMAIN_LABEL_MAX 63
#define DOMAIN_NAME_MAX	 253

static int (*lookup_u8)(const uint8_t *, uint8_t **, int);
static const char *(*error_text)(int);
static void (*release)(void *);

static const struct library_symbol idn2_symbols[] = {
	{ "idn2_lookup_u8", &lookup_u8 },
	{ "idn2_strerror", &error_text },
	{ "idn2_free", &release },
	{ NULL, NULL },
};

static struct library idn2 = {
	.file = "libidn2.so.0",
	.package = "libidn2-0",
	.symbols = idn2_symbols,
};

/* "[1.2.3.4]" or "[IPv6:...]" (RFC 5321 4.1.3). */
static const char *check_literal(struct arena *a, const char *text,
				 struct error *f)
{
	unsigned char address[16];
	size_t n = strlen(text);
	const char *inner;
	int ok;

	inner = arena_dup_n(a, text + 1, n > 2 ? n - 2 : 0);
	if (ascii_begins(inner, "ipv6:"))
		ok = inet_pton(AF_INET6, inner + 5, address);
	else
		ok = inet_pton(AF_INET, inner, address);
	if (ok == 1 && text[n - 1] == ']')
		return arena_dup(a, text);
	error_set(f, ERROR_DATA,
		  "%.300s is not an address literal; write [192.0.2.1] or "
		  "[IPv6:2001:db8::1]",
		  text);
	return NULL;
}

static bool label_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '_';
}

/* What is wrong with the label of n octets, or NULL. */
static const char *label_problem(const char *label, size_t n)
{
	if (!n)
		return "has an empty part between its dots";
	if (n > DOMAIN_LABEL_MAX)
		return "has a part of more than 63 characters";
	if (label[0] == '-' || label[n - 1] == '-')
		return "has a part that begins or ends with a hyphen";
	for (size_t i = 0; i < n; i++)
		if (!label_char(label[i]))
			return "has a character that no host name has";
	return NULL;
}

static const char *name_problem(const char *name, size_t n)
{
	unsigned char address[4];

	if (n > DOMAIN_NAME_MAX)
		return "is longer than 253 characters";
	for (size_t at = 0; at <= n;) {
		size_t label = strcspn(name + at, ".");
		const char *problem = label_problem(name + at, label);

		if (problem)
			return problem;
		at += label + 1;
	}
	if (inet_pton(AF_INET, name, address) == 1)
		return "is an IP address, which has to be in brackets "
		       "in a mail address";
	return NULL;
}

static const char *check_name(struct arena *a, const char *text,
			      const char *as_written, struct error *f)
{
	size_t n = strlen(text);
	const char *problem;
	char *name;

	if (n && text[n - 1] == '.')
		n--;
	name = arena_dup_n(a, text, n);
	for (char *c = name; *c; c++)
		*c = ascii_lower(*c);
	problem = n ? name_problem(name, n) : "is empty";
	if (!problem)
		return name;
	error_set(f, ERROR_DATA, "the domain \"%.300s\" %s", as_written,
		  problem);
	return NULL;
}

const char *domain_to_ascii(struct arena *a, const char *utf8, struct error *f)
{
	const char *name;
	uint8_t *labels;
	int rc;

	if (*utf8 == '[')
		return check_literal(a, utf8, f);
	if (ascii_is_all(utf8))
		return check_name(a, utf8, utf8, f);
	if (library_load(&idn2, f) < 0)
		return NULL;
	rc = lookup_u8((const uint8_t *)utf8, &labels,
		       IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (rc != IDN2_OK) {
		error_set(f, ERROR_DATA, "the domain \"%.300s\" is not one: %s",
			  utf8, error_text(rc));
		return NULL;
	}
	name = check_name(a, (const char *)labels, utf8, f);
	release(labels);
	return name;
}

/* A trailing dot is dropped. */
static size_t length_without_dot(const char *name)
{
	size_t n = strlen(name);

	return n && name[n - 1] == '.' ? n - 1 : n;
}

bool domain_equal(const char *one, const char *other)
{
	size_t n = length_without_dot(one);

	if (n != length_without_dot(other))
		return false;
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(one[i]) != ascii_lower(other[i]))
			return false;
	return true;
}

bool domain_is_above(const char *domain, size_t n, const char *host)
{
	size_t length = strlen(host);

	if (length < n || (length > n && host[length - n - 1] != '.'))
		return false;
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(domain[i]) != ascii_lower(host[length - n + i]))
			return false;
	return true;
}
