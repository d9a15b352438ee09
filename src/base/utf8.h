/* utf8.h - UTF-8 an octet at a time (RFC 3629), for bytes that come in pieces.
 *
 * What is broken is counted as Unicode has it (3.9, "maximal subparts"): each
 * beginning of a character that does not go on as it must is one, and so is
 * each octet that begins none.  For text in memory there is base/text.h. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

struct utf8 {
	unsigned char want;	 /* octets that the character at hand lacks */
	unsigned char low, high; /* what the next of them may be */
};

enum utf8_step {
	UTF8_MORE,  /* of a character of several octets */
	UTF8_WHOLE, /* one ends here */
	UTF8_BAD,   /* the octet begins none */
	UTF8_TORN,  /* the one at hand is broken; the octet is to come again */
};

/* Zeroed at first. */
static inline enum utf8_step utf8_take(struct utf8 *s, unsigned char c)
{
	if (s->want) {
		if (c < s->low || c > s->high) {
			s->want = 0;
			return UTF8_TORN;
		}
		s->low = 0x80;
		s->high = 0xbf;
		return --s->want ? UTF8_MORE : UTF8_WHOLE;
	}
	if (c < 0x80)
		return UTF8_WHOLE;
	if (c < 0xc2 || c > 0xf4)
		return UTF8_BAD;
	s->want = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	/* no overlong forms, no surrogates, nothing past U+10FFFF */
	s->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	s->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	return UTF8_MORE;
}

#endif
