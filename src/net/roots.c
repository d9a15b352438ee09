/* roots.c - PEM (RFC 7468), and the fields of X.509 up to the subject (RFC 5280
 * 4.1). */
#include "net/roots.h"

#include <string.h>

#include "base/disk.h"
#include "codec/base64.h"

#define FILE_MAX	((size_t)4 << 20)
#define CERTIFICATE_MAX 65536
#define FEW		8 /* certificates: the library loads them as fast */

#define BEGIN_ANY   "-----BEGIN "
#define CERTIFICATE "CERTIFICATE-----"
#define END	    "-----END CERTIFICATE-----"

/* ---- PEM ---- */

/* Where the base64 of the next certificate begins, or NULL. */
static const char *next_certificate(const char *text)
{
	const char *at = strstr(text, BEGIN_ANY CERTIFICATE);

	return at ? at + strlen(BEGIN_ANY CERTIFICATE) : NULL;
}

static bool has_only_certificates(const char *text)
{
	size_t count = 0;

	while ((text = strstr(text, BEGIN_ANY))) {
		text += strlen(BEGIN_ANY);
		if (strncmp(text, CERTIFICATE, strlen(CERTIFICATE)) != 0)
			return false;
		count++;
	}
	return count > FEW;
}

bool roots_read(struct roots *r, const char *path)
{
	struct error unimportant = ERROR_INIT;

	buf_init(&r->text, FILE_MAX);
	if (disk_read_file(path, &r->text, false, &unimportant) == 0 &&
	    strlen(r->text.data) == r->text.len &&
	    has_only_certificates(r->text.data))
		return true;
	roots_free(r);
	return false;
}

void roots_free(struct roots *r)
{
	buf_free(&r->text);
}

/* ---- DER ---- */

#define INTEGER	 0x02
#define SEQUENCE 0x30
#define VERSION	 0xA0 /* [0] */

struct der {
	const unsigned char *at, *end;
};

/* The length after a tag; false if it exceeds the data. */
static bool take_length(struct der *d, size_t *length)
{
	size_t left = (size_t)(d->end - d->at), octets;

	if (!left)
		return false;
	*length = *d->at++;
	left--;
	if (*length >= 0x80) {
		octets = *length & 0x7f;
		if (!octets || octets > sizeof(uint32_t) || octets > left)
			return false;
		left -= octets;
		for (*length = 0; octets; octets--)
			*length = *length << 8 | *d->at++;
	}
	return *length <= left;
}

/* Reads one element with that tag; `whole` is all of it, `inside` its contents,
 * and either may be NULL. */
static bool take(struct der *d, unsigned char tag, struct der *whole,
		 struct der *inside)
{
	const unsigned char *start = d->at;
	size_t length;

	if (d->at == d->end || *d->at != tag)
		return false;
	d->at++;
	if (!take_length(d, &length))
		return false;
	if (inside)
		*inside = (struct der){ d->at, d->at + length };
	d->at += length;
	if (whole)
		*whole = (struct der){ start, d->at };
	return true;
}

static bool find_subject(const unsigned char *der, size_t length,
			 struct der *subject)
{
	struct der all = { der, der + length }, outer, inner;

	if (!take(&all, SEQUENCE, NULL, &outer) ||
	    !take(&outer, SEQUENCE, NULL, &inner))
		return false;
	take(&inner, VERSION, NULL, NULL);	     /* absent in version 1 */
	return take(&inner, INTEGER, NULL, NULL) &&  /* serial number */
	       take(&inner, SEQUENCE, NULL, NULL) && /* algorithm */
	       take(&inner, SEQUENCE, NULL, NULL) && /* issuer */
	       take(&inner, SEQUENCE, NULL, NULL) && /* validity */
	       take(&inner, SEQUENCE, subject, NULL);
}

/* ---- the search ---- */

static bool is_one_of(const struct roots_name *names, size_t count,
		      const struct der *subject)
{
	size_t length = (size_t)(subject->end - subject->at);

	for (size_t i = 0; i < count; i++)
		if (names[i].length == length &&
		    memcmp(names[i].der, subject->at, length) == 0)
			return true;
	return false;
}

static bool decode(const char *text, size_t n, struct buf *der)
{
	struct error unimportant = ERROR_INIT;
	struct unbase64 decoder;
	struct sink_buf end;

	buf_reset(der);
	sink_buf_init(&end, der, &unimportant);
	unbase64_init(&decoder, &end.sink);
	sink_put(&decoder.sink, text, n);
	sink_close(&decoder.sink);
	return !decoder.is_damaged && !der->overflow;
}

void roots_find(const struct roots *r, const struct roots_name *names,
		size_t count, roots_found *found, void *context)
{
	struct buf der = BUF_INIT(CERTIFICATE_MAX);
	const char *text = r->text.len ? next_certificate(r->text.data) : NULL;
	const char *end;

	for (; text && (end = strstr(text, END));
	     text = next_certificate(end)) {
		const unsigned char *octets;
		struct der subject;

		if (!decode(text, (size_t)(end - text), &der))
			continue;
		octets = (const unsigned char *)der.data;
		if (find_subject(octets, der.len, &subject) &&
		    is_one_of(names, count, &subject))
			found(context, octets, der.len);
	}
	buf_free(&der);
}
