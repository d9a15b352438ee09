/* charset.c - the content scan decides most cases, iconv the rest.
 *
 * The C library may have been installed without its conversion tables, so what
 * must always work (ASCII, UTF-8, windows-1252) is implemented here. */
#include "mail/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/sysenv.h"
#include "base/text.h"

#define WINDOWS_1252	 "windows-1252"
#define CHARSET_NAME_MAX 40

/* 0x80 to 0x9f; the five undefined ones become U+FFFD. */
static const uint16_t windows_1252[32] = {
	0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
	0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
};

/* Names that iconv can only take for a charset: "//IGNORE" and the like are
 * options. */
static bool is_name(const char *name)
{
	size_t n = 0;

	for (; name[n]; n++)
		if (!ascii_is_letter(name[n]) && !ascii_is_digit(name[n]) &&
		    !strchr("-_.:+()", name[n]))
			return false;
	return n && n <= CHARSET_NAME_MAX;
}

/* Converts the complete characters in `in`, removes them, and passes the result
 * on; the rest stays.  `out` may be NULL.  -1 when the bytes are not valid. */
static int convert(iconv_t cd, char **in, size_t *left, struct buf *out,
		   bool *c1)
{
	char room[1024], *to;
	size_t free_room, r = 0;

	do {
		to = room;
		free_room = sizeof(room);
		r = iconv(cd, in, left, &to, &free_room);
		if (r == (size_t)-1 && errno == EILSEQ)
			return -1;
		if (out && buf_put(out, room, (size_t)(to - room)) < 0)
			return -1;
		for (char *c = room; c + 1 < to; c++)
			if (c[0] == '\xc2' && (unsigned char)c[1] < 0xa0)
				*c1 = true;
	} while (r == (size_t)-1 && errno == E2BIG);
	return r == (size_t)-1 && errno != EINVAL ? -1 : 0;
}

/* Is the slice valid in a charset?  Read in pieces; a character that is split
 * at the end of a piece is moved to the front for the next. */
static bool slice_is(const struct slice *bytes, const char *charset, bool *c1)
{
	struct error f = ERROR_INIT;
	struct source from;
	char room[4096], *in;
	size_t held = 0;
	ssize_t n = -1;
	iconv_t cd;

	if (!is_name(charset))
		return false;
	cd = iconv_open("UTF-8", charset);
	if (cd == (iconv_t)-1)
		return false;
	source_of_slice(&from, bytes);
	while (held < 64 && (n = source_read(&from, room + held,
					     sizeof(room) - held, &f)) > 0) {
		in = room;
		held += (size_t)n;
		if (convert(cd, &in, &held, NULL, c1) < 0)
			break;
		memmove(room, in, held);
	}
	iconv_close(cd);
	return n == 0 && held == 0;
}

static bool is_always_known(const char *charset)
{
	return ascii_equal(charset, "us-ascii") ||
	       ascii_equal(charset, "utf-8") ||
	       ascii_equal(charset, WINDOWS_1252);
}

static bool is_multibyte(const char *charset)
{
	static const char *const begins[] = { "euc-", "gb", "big5", "shift_jis",
					      "iso-2022-" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (ascii_begins(charset, begins[i]))
			return true;
	return false;
}

static const char *name_of_locale(const char *locale)
{
	return charset_mime_name(locale ? locale : sysenv_charset());
}

bool charset_is_torn_utf8(const struct content_scan *s,
			  const struct slice *bytes, const char *locale)
{
	bool c1;

	if (s->utf8 || !s->characters || s->broken > s->characters)
		return false;
	/* multi-byte text is often valid UTF-8 by accident */
	locale = name_of_locale(locale);
	return !is_multibyte(locale) || !slice_is(bytes, locale, &c1);
}

const char *charset_of(const struct content_scan *s, const struct slice *bytes,
		       const char *locale)
{
	bool c1 = false;

	if (!s->high)
		return "us-ascii";
	if (s->utf8)
		return "utf-8";
	locale = name_of_locale(locale);
	if (is_always_known(locale) || !slice_is(bytes, locale, &c1))
		return WINDOWS_1252;
	return c1 && ascii_equal(locale, "iso-8859-1") ? WINDOWS_1252 : locale;
}

/* Does the C library have its table? */
static bool has_table(const char *name)
{
	iconv_t cd = is_name(name) ? iconv_open("UTF-8", name) : (iconv_t)-1;

	if (cd == (iconv_t)-1)
		return false;
	iconv_close(cd);
	return true;
}

static int put_by_iconv(struct buf *out, const char *charset, const char *bytes,
			size_t n)
{
	/* iconv's input pointer is not const */
	union {
		const char *bytes;
		char *in;
	} from = { .bytes = bytes };
	bool c1;
	iconv_t cd;
	int rc;

	if (!is_name(charset))
		return -1;
	cd = iconv_open("UTF-8", charset);
	if (cd == (iconv_t)-1)
		return -1;
	rc = convert(cd, &from.in, &n, out, &c1);
	/* some hold a letter until its accent is known */
	if (rc == 0 && !n)
		rc = convert(cd, NULL, NULL, out, &c1);
	iconv_close(cd);
	return rc < 0 || n ? -1 : 0;
}

/* Are ASCII characters and line ends encoded as in ASCII?  Yes, if that cannot
 * be determined. */
static bool is_ascii_based(const char *name)
{
	static const char line[] = "Az 0\r\n";
	struct buf out = BUF_INIT(sizeof(line));
	bool is_same = put_by_iconv(&out, name, line, strlen(line)) == 0 &&
		       out.len == strlen(line) &&
		       memcmp(out.data, line, strlen(line)) == 0;

	buf_free(&out);
	return is_same || !has_table(name);
}

/* ---- names ---- */

#define LOOKED_AT 4096 /* enough octets to determine the byte order */

struct synonym {
	const char *name, *means;
};

/* Names that locales use and mail does not. */
static const struct synonym aliases[] = {
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

/* Labels in mail that iconv does not know, or defines too narrowly: "gb2312"
 * or "shift_jis" in a mail mean the larger charset that the sender's system
 * uses. */
static const struct synonym labels[] = {
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

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

typedef bool same_name(const char *typed, const char *name);

static const char *find(const struct synonym *table, size_t count,
			same_name *is_same, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (is_same(name, table[i].name))
			return table[i].means;
	return NULL;
}

/* The name by which a label of a mail is decoded; many have an "x-" prefix. */
static const char *decoder_name(const char *name)
{
	const char *found = find(labels, COUNT(labels), ascii_equal, name);

	if (!found && ascii_begins(name, "x-")) {
		name += 2;
		found = find(labels, COUNT(labels), ascii_equal, name);
	}
	return found ? found : name;
}

const char *charset_mime_name(const char *name)
{
	const char *found = find(aliases, COUNT(aliases), ascii_equal, name);

	return found ? found : name;
}

/* Known without any tables of the C library; and candidates for an unknown
 * name. */
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
	/* the byte order is not given */
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

/* Also accepts "UTF16BE" and "ucs2", as iconv and people write. */
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

/* The MIME or iconv name of the charset for a label of a mail: also "latin-1",
 * "cp-1252", "win1251".  Others are returned unchanged. */
static const char *charset_named(const char *label)
{
	const char *name = charset_mime_name(decoder_name(label));
	const char *found;

	for (size_t i = 0; i < COUNT(known); i++)
		if (ascii_equal(name, known[i]))
			return name;
	if (has_table(name))
		return name;
	found = find(labels, COUNT(labels), is_written_as, name);
	if (!found)
		found = find(aliases, COUNT(aliases), is_written_as, name);
	if (found)
		return found;
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
	return find_wide(name) || is_ascii_based(name);
}

bool charset_is_known(const char *name, const char **nearest)
{
	struct nearest best;

	name = charset_mime_name(decoder_name(name));
	nearest_init(&best, name);
	for (size_t i = 0; i < COUNT(known); i++) {
		if (ascii_equal(name, known[i]))
			return true;
		nearest_offer(&best, known[i]);
	}
	if (find_wide(name))
		return true;
	for (size_t i = 0; i < COUNT(aliases); i++)
		nearest_offer(&best, aliases[i].name);
	*nearest = best.best;
	return has_table(name);
}

/* ---- conversion to UTF-8 ---- */

bool charset_is_utf8(const char *bytes, size_t n)
{
	const struct slice slice = slice_of_memory(bytes, n);
	struct error f = ERROR_INIT;
	struct content_scan s;

	return !content_scan_slice(&s, &slice, &f) && s.utf8;
}

static void put_windows_1252(struct buf *out, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned c = (unsigned char)bytes[i];
		char character[4];

		if (c >= 0x80 && c < 0xa0)
			c = windows_1252[c - 0x80];
		buf_put(out, character, text_encode(character, c));
	}
}

static bool is_ascii(const char *bytes, size_t n)
{
	while (n && (unsigned char)*bytes < 128)
		bytes++, n--;
	return !n;
}

int charset_decode(struct buf *out, const char *charset, const char *bytes,
		   size_t n)
{
	size_t before = out->len;
	int rc = 0;

	charset = charset_named(charset);
	if (ascii_equal(charset, "us-ascii"))
		rc = is_ascii(bytes, n) ? buf_put(out, bytes, n) : -1;
	else if (ascii_equal(charset, "utf-8"))
		rc = charset_is_utf8(bytes, n) ? buf_put(out, bytes, n) : -1;
	else if (ascii_equal(charset, WINDOWS_1252) ||
		 ascii_equal(charset, "iso-8859-1"))
		put_windows_1252(out, bytes, n);
	else
		rc = put_by_iconv(out, charset, bytes, n);
	if (rc < 0)
		buf_truncate(out, before);
	return rc < 0 || out->overflow ? -1 : 0;
}

static void put_repaired(struct buf *out, const struct slice *text,
			 struct error *f)
{
	struct sink_buf end;
	struct to_utf8 repair;

	sink_buf_init(&end, out, f);
	to_utf8_init(&repair, &end.sink, UTF_8);
	pump_slice(text, &repair.sink);
	sink_close(&repair.sink);
}

int charset_repair(struct buf *out, const char *charset, const char *bytes,
		   size_t n)
{
	const struct slice slice = slice_of_memory(bytes, n);
	struct error f = ERROR_INIT;
	struct content_scan s;

	if (!ascii_equal(charset_named(charset), "utf-8") ||
	    content_scan_slice(&s, &slice, &f) < 0 ||
	    !charset_is_torn_utf8(&s, &slice, "utf-8"))
		return -1;
	put_repaired(out, &slice, &f);
	return error_is_set(&f) || out->overflow ? -1 : 0;
}

const char *charset_to_utf8(struct arena *a, const char *text,
			    const char *locale)
{
	size_t n = strlen(text);
	struct buf out = BUF_INIT(8 * n + 16);
	const char *result;
	const struct slice slice = slice_of_memory(text, n);
	struct error f = ERROR_INIT;
	struct content_scan s;

	if (content_scan_slice(&s, &slice, &f) < 0 || s.utf8)
		return text;
	if (!locale)
		locale = sysenv_charset();
	if (charset_is_torn_utf8(&s, &slice, locale))
		put_repaired(&out, &slice, &f);
	else if (ascii_equal(charset_mime_name(locale), "us-ascii") ||
		 charset_decode(&out, locale, text, n) < 0) {
		buf_reset(&out);
		put_windows_1252(&out, text, n);
	}
	result = arena_dup_n(a, out.data, out.len);
	buf_free(&out);
	return result;
}

/* ---- UTF-16 and UTF-32 ---- */

enum utf_form charset_mark(const struct slice *bytes)
{
	struct error unread = ERROR_INIT;
	unsigned char start[4];
	size_t n = slice_start(bytes, start, sizeof(start), &unread);

	if (n >= 3 && !memcmp(start, UTF_8_MARK, 3))
		return UTF_8;
	return utf_form_by_mark(start, n);
}

enum utf_form charset_form(const char *label, const struct slice *bytes,
			   const struct content_scan *s, const char *locale)
{
	struct error unread = ERROR_INIT;
	unsigned char start[LOOKED_AT];
	size_t n = slice_start(bytes, start, sizeof(start), &unread);
	enum utf_form mark = utf_form_by_mark(start, n);
	const struct wide *w = label ? find_wide(label) : NULL;

	if (w) {
		if (mark == w->little || mark == w->big)
			return mark;
		return utf_is_little(start, n, w->little == UTF_16LE ? 2 : 4)
			       ? w->little
			       : w->big;
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
