/* charset_name.c - what charsets are called, and which of the names stand for a
 * form of Unicode that no mail may have. */
#include "mail/charset.h"

#include <string.h>

#include "base/ascii.h"
#include "base/text.h"

#define LOOKED_AT 4096 /* octets that tell which of two octets comes first */

/* Locales call these by names that mail does not. */
static const struct alias {
	const char *locale, *mime;
} aliases[] = {
	{ "CP1250", "windows-1250" },
	{ "CP1251", "windows-1251" },
	{ "CP1252", "windows-1252" },
	{ "CP1253", "windows-1253" },
	{ "CP1254", "windows-1254" },
	{ "CP1255", "windows-1255" },
	{ "CP1256", "windows-1256" },
	{ "CP1257", "windows-1257" },
	{ "CP1258", "windows-1258" },
	{ "ISO8859-1", "iso-8859-1" },
	{ "ISO8859-15", "iso-8859-15" },
	{ "646", "us-ascii" },
	{ "ANSI_X3.4-1968", "us-ascii" },
	{ "ASCII", "us-ascii" },
	{ "utf8", "utf-8" },
	{ "SJIS", "Shift_JIS" },
	{ "LATIN1", "iso-8859-1" },
	{ "LATIN9", "iso-8859-15" },
	{ "eucJP", "EUC-JP" },
	{ "eucKR", "EUC-KR" },
};

/* Labels that mail has and iconv does not know, or defines too narrowly: a
 * mailer that writes "gb2312" or "shift_jis" means what their system makes of
 * it. */
static const struct label {
	const char *label, *iconv;
} labels[] = {
	{ "gb2312", "GB18030" },
	{ "gb_2312-80", "GB18030" },
	{ "gb2312-80", "GB18030" },
	{ "gbk", "GB18030" },
	{ "chinese", "GB18030" },
	{ "x-euc-cn", "GB18030" },
	{ "shift_jis", "CP932" },
	{ "shift-jis", "CP932" },
	{ "sjis", "CP932" },
	{ "ms_kanji", "CP932" },
	{ "x-ms-cp932", "CP932" },
	{ "ks_c_5601-1987", "CP949" },
	{ "ks_c_5601-1989", "CP949" },
	{ "ks_c_5601", "CP949" },
	{ "ksc5601", "CP949" },
	{ "korean", "CP949" },
	{ "euc-kr", "CP949" },
	{ "ms949", "CP949" },
	{ "windows-949", "CP949" },
	{ "ms950", "CP950" },
	{ "x-euc", "EUC-JP" },
	{ "cp51932", "EUC-JP" },
	{ "eucjp-ms", "EUC-JP" },
	{ "eucjp-win", "EUC-JP" },
	{ "cp50220", "ISO-2022-JP" },
	{ "iso-2022-jp-1", "ISO-2022-JP-2" },
	{ "iso-2022-jp-ms", "ISO-2022-JP" },
	{ "iso-8859-6-i", "ISO-8859-6" },
	{ "iso-8859-6-e", "ISO-8859-6" },
	{ "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-8-e", "ISO-8859-8" },
	{ "iso-8859-11", "CP874" },
	{ "tis-620", "CP874" },
	{ "dos-874", "CP874" },
	{ "latin1", "windows-1252" },
	{ "iso_8859-1", "windows-1252" },
	{ "iso-8859_1", "windows-1252" },
	{ "ansi", "windows-1252" },
	{ "mac-roman", "MACINTOSH" },
	{ "mac-cyrillic", "MAC-CYRILLIC" },
	{ "mac-ukrainian", "MAC-UK" },
	{ "unicode-1-1-utf-7", "UTF-7" },
	{ "unicode-2-0-utf-7", "UTF-7" },
	{ "unicode-1-1-utf-8", "utf-8" },
};

static const char *label_of(const char *name)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (ascii_equal(name, labels[i].label))
			return labels[i].iconv;
	return NULL;
}

/* "x-" stands before many, by custom. */
const char *charset_decoder_name(const char *name)
{
	const char *found = label_of(name);

	if (!found && ascii_begins(name, "x-")) {
		name += 2;
		found = label_of(name);
	}
	return found ? found : name;
}

const char *charset_mime_name(const char *name)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (ascii_equal(name, aliases[i].locale))
			return aliases[i].mime;
	return name;
}

/* Known whatever tables the C library was installed with; and what a name that
 * is not known may have been meant for. */
static const char *const known[] = {
	"us-ascii",	"utf-8",	"utf-16",	"utf-16le",
	"utf-16be",	"utf-32",	"utf-32le",	"utf-32be",
	"ucs-2",	"ucs-4",	"iso-8859-1",	"iso-8859-2",
	"iso-8859-3",	"iso-8859-4",	"iso-8859-5",	"iso-8859-6",
	"iso-8859-7",	"iso-8859-8",	"iso-8859-9",	"iso-8859-10",
	"iso-8859-13",	"iso-8859-14",	"iso-8859-15",	"iso-8859-16",
	"windows-1250", "windows-1251", "windows-1252", "windows-1253",
	"windows-1254", "windows-1255", "windows-1256", "windows-1257",
	"windows-1258", "windows-874",	"koi8-r",	"koi8-u",
	"macintosh",	"ibm437",	"ibm850",	"ibm852",
	"ibm866",	"tis-620",	"shift_jis",	"euc-jp",
	"iso-2022-jp",	"euc-kr",	"iso-2022-kr",	"gb2312",
	"gbk",		"gb18030",	"big5",		"utf-7",
};

static const struct wide {
	const char *name;
	enum utf_form little, big;
} wide[] = {
	{ "utf-16le", UTF_16LE, UTF_16LE },
	{ "utf-16be", UTF_16BE, UTF_16BE },
	{ "utf-32le", UTF_32LE, UTF_32LE },
	{ "utf-32be", UTF_32BE, UTF_32BE },
	{ "ucs-2le", UTF_16LE, UTF_16LE },
	{ "ucs-2be", UTF_16BE, UTF_16BE },
	{ "ucs-4le", UTF_32LE, UTF_32LE },
	{ "ucs-4be", UTF_32BE, UTF_32BE },
	/* the order of the octets is not said */
	{ "utf-16", UTF_16LE, UTF_16BE },
	{ "unicode", UTF_16LE, UTF_16BE },
	{ "csunicode", UTF_16LE, UTF_16BE },
	{ "unicodelittle", UTF_16LE, UTF_16LE },
	{ "unicodebig", UTF_16BE, UTF_16BE },
	{ "ucs-2", UTF_16LE, UTF_16BE },
	{ "iso-10646-ucs-2", UTF_16LE, UTF_16BE },
	{ "utf-32", UTF_32LE, UTF_32BE },
	{ "ucs-4", UTF_32LE, UTF_32BE },
	{ "csucs4", UTF_32LE, UTF_32BE },
	{ "iso-10646", UTF_32LE, UTF_32BE },
	{ "iso-10646-ucs-4", UTF_32LE, UTF_32BE },
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* "UTF16BE" and "ucs2" are what iconv and people call them, too. */
static bool is_written_as(const char *typed, const char *name)
{
	for (;; typed++, name++) {
		typed += strspn(typed, "-_");
		name += strspn(name, "-_");
		if (ascii_lower(*typed) != ascii_lower(*name))
			return false;
		if (!*typed)
			return true;
	}
}

static bool is_windows(const char *typed, const char *name)
{
	return ascii_begins(typed, "win") && !ascii_begins(typed, "windows") &&
	       ascii_begins(name, "windows-") &&
	       is_written_as(typed + strlen("win"), name + strlen("windows"));
}

const char *charset_of_label(const char *label)
{
	const char *name = charset_mime_name(charset_decoder_name(label));

	for (size_t i = 0; i < COUNT(known); i++)
		if (ascii_equal(name, known[i]))
			return name;
	if (charset_has_table(name))
		return name;
	for (size_t i = 0; i < COUNT(labels); i++)
		if (is_written_as(name, labels[i].label))
			return labels[i].iconv;
	for (size_t i = 0; i < COUNT(aliases); i++)
		if (is_written_as(name, aliases[i].locale))
			return aliases[i].mime;
	for (size_t i = 0; i < COUNT(known); i++)
		if (is_written_as(name, known[i]) || is_windows(name, known[i]))
			return known[i];
	return name;
}

static const struct wide *find_wide(const char *name)
{
	for (size_t i = 0; i < COUNT(wide); i++)
		if (is_written_as(name, wide[i].name))
			return &wide[i];
	return NULL;
}

bool charset_is_text(const char *name)
{
	return find_wide(name) || charset_is_ascii_based(name);
}

bool charset_is_known(const char *name, const char **nearest)
{
	struct nearest best;

	name = charset_mime_name(charset_decoder_name(name));
	nearest_init(&best, name);
	for (size_t i = 0; i < COUNT(known); i++) {
		if (ascii_equal(name, known[i]))
			return true;
		nearest_offer(&best, known[i]);
	}
	if (find_wide(name))
		return true;
	for (size_t i = 0; i < COUNT(aliases); i++)
		nearest_offer(&best, aliases[i].locale);
	*nearest = best.best;
	return charset_has_table(name);
}

/* ---- Unicode in larger units ---- */

static size_t read_start(const struct slice *bytes, unsigned char *out,
			 size_t room)
{
	struct error unused = ERROR_INIT;
	struct source from;
	size_t done = 0;
	ssize_t n;

	source_of_slice(&from, bytes);
	while (done < room &&
	       (n = source_read(&from, out + done, room - done, &unused)) > 0)
		done += (size_t)n;
	return done;
}

/* RFC 2781 3.2, Unicode 3.10; two NULs after the mark make it UTF-32's. */
static enum utf_form form_by_mark(const unsigned char *p, size_t n)
{
	if (n >= 4 && !memcmp(p, "\xff\xfe\0\0", 4))
		return UTF_32LE;
	if (n >= 4 && !memcmp(p, "\0\0\xfe\xff", 4))
		return UTF_32BE;
	if (n >= 2 && !memcmp(p, "\xff\xfe", 2))
		return UTF_16LE;
	if (n >= 2 && !memcmp(p, "\xfe\xff", 2))
		return UTF_16BE;
	return UTF_NONE;
}

enum utf_form charset_mark(const struct slice *bytes)
{
	unsigned char start[4];
	size_t n = read_start(bytes, start, sizeof(start));

	if (n >= 3 && !memcmp(start, UTF_8_MARK, 3))
		return UTF_8;
	return form_by_mark(start, n);
}

/* Most characters are small: where are their zeros? */
static enum utf_form guess_form(const struct wide *w, const unsigned char *p,
				size_t n)
{
	size_t width = w->little == UTF_16LE ? 2 : 4, first = 0, last = 0;

	for (size_t i = 0; i + width <= n; i += width) {
		first += !p[i];
		last += !p[i + width - 1];
	}
	return last > first ? w->little : w->big;
}

enum utf_form charset_form(const char *label, const struct slice *bytes,
			   const struct content_scan *s, const char *locale)
{
	unsigned char start[LOOKED_AT];
	size_t n = read_start(bytes, start, sizeof(start));
	enum utf_form mark = form_by_mark(start, n);
	const struct wide *w = label ? find_wide(label) : NULL;

	if (w) {
		if (w->little == w->big)
			return w->little;
		return mark == w->little || mark == w->big
			       ? mark
			       : guess_form(w, start, n);
	}
	if (label && !ascii_equal(charset_mime_name(label), "utf-8"))
		return UTF_NONE;
	if (!label && mark != UTF_NONE)
		return mark;
	if (s->utf8)
		return UTF_NONE;
	return label || charset_is_torn_utf8(s, bytes, locale) ? UTF_8
							       : UTF_NONE;
}
