/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scanner for recordings; see pure_scan.h. */
#include "pure_scan.h"

#include <string.h>

static void space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r' || *s->p == '\n'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	space(s);
	if (s->p >= s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

bool scan_open(struct scan *s, char c)
{
	return take(s, c);
}

bool scan_close(struct scan *s, char c)
{
	return take(s, c);
}

bool scan_comma(struct scan *s)
{
	return take(s, ',');
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of \uXXXX at p. -1: they are none. */
static int unicode(const char *p, const char *end)
{
	int c = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(p[i]);

		if (d < 0)
			return -1;
		c = c << 4 | d;
	}
	return c;
}

static char *put_utf8(char *to, unsigned c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 63));
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	}
	return to;
}

/* One escape behind the backslash; what it stands for is never longer. */
static bool escape(struct scan *s, char **to)
{
	static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int c, low;

	if (s->p >= s->end)
		return false;
	if (*s->p != 'u') {
		at = memchr(from, *s->p, sizeof(from) - 1);
		if (!at)
			return false;
		s->p++;
		*(*to)++ = into[at - from];
		return true;
	}
	c = unicode(s->p + 1, s->end);
	if (c < 0)
		return false;
	s->p += 5;
	if (c >= 0xd800 && c < 0xdc00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
		low = unicode(s->p + 2, s->end);
		if (low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		s->p += 6;
	}
	*to = put_utf8(*to, (unsigned)c);
	return true;
}

bool scan_string(struct scan *s, struct text *ret_s)
{
	char *to;

	if (!take(s, '"'))
		return false;
	ret_s->p = to = s->p;
	while (s->p < s->end && *s->p != '"') {
		if ((unsigned char)*s->p < 0x20)
			return false;
		if (*s->p != '\\') {
			*to++ = *s->p++;
			continue;
		}
		s->p++;
		if (!escape(s, &to))
			return false;
	}
	if (s->p >= s->end)
		return false;
	s->p++;
	ret_s->len = (size_t)(to - ret_s->p);
	return true;
}

bool scan_key(struct scan *s, struct text *ret_key)
{
	return scan_string(s, ret_key) && take(s, ':');
}

bool scan_u64(struct scan *s, uint64_t *ret_n)
{
	uint64_t n = 0;
	char *start;

	space(s);
	start = s->p;
	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
		unsigned d = (unsigned)(*s->p - '0');

		if (n > (UINT64_MAX - d) / 10)
			return false;
		n = n * 10 + d;
	}
	*ret_n = n;
	return s->p > start;
}

bool scan_i64(struct scan *s, int64_t *ret_n)
{
	uint64_t n;
	bool minus;

	space(s);
	minus = s->p < s->end && *s->p == '-';
	s->p += minus;
	if (!scan_u64(s, &n) || n > (uint64_t)INT64_MAX + minus)
		return false;
	*ret_n = minus ? (int64_t)(0 - n) : (int64_t)n;
	return true;
}

bool scan_bool(struct scan *s, bool *ret_b)
{
	space(s);
	if (s->end - s->p >= 4 && !memcmp(s->p, "true", 4)) {
		s->p += 4;
		*ret_b = true;
		return true;
	}
	if (s->end - s->p >= 5 && !memcmp(s->p, "false", 5)) {
		s->p += 5;
		*ret_b = false;
		return true;
	}
	return false;
}

bool scan_us(struct scan *s, int64_t *ret_ns)
{
	uint64_t us, ns = 0, unit = 100;
	bool minus;

	space(s);
	minus = s->p < s->end && *s->p == '-';
	s->p += minus;
	if (!scan_u64(s, &us) || us > INT64_MAX / 1000 - 1)
		return false;
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++) {
			ns += (uint64_t)(*s->p - '0') * unit;
			unit /= 10;
		}
	}
	*ret_ns = (int64_t)(us * 1000 + ns);
	if (minus)
		*ret_ns = -*ret_ns;
	return true;
}

bool scan_object(struct scan *s, bool (*member)(struct scan *s, struct text key, void *ctx),
		 void *ctx)
{
	bool first = true;
	struct text key;

	if (!scan_open(s, '{'))
		return false;
	while (!scan_close(s, '}')) {
		if ((!first && !scan_comma(s)) || !scan_key(s, &key) || !member(s, key, ctx))
			return false;
		first = false;
	}
	return true;
}

/* Over a string, without decoding it: what is skipped may be read later. */
static bool skip_string(struct scan *s)
{
	for (s->p++; s->p < s->end && *s->p != '"'; s->p++)
		if (*s->p == '\\' && ++s->p == s->end)
			return false;
	if (s->p >= s->end)
		return false;
	s->p++;
	return true;
}

bool scan_skip(struct scan *s)
{
	int depth = 0;

	do {
		space(s);
		if (s->p >= s->end)
			return false;
		switch (*s->p) {
		case '{':
		case '[':
			depth++;
			s->p++;
			break;
		case '}':
		case ']':
			if (--depth < 0)
				return false;
			s->p++;
			break;
		case '"':
			if (!skip_string(s))
				return false;
			break;
		case ',':
		case ':':
			if (!depth)
				return false;
			s->p++;
			break;
		default: /* a number or a word */
			if (!*s->p)
				return false;
			while (s->p < s->end && !strchr(",:]}[{\" \t\r\n", *s->p))
				s->p++;
		}
	} while (depth);
	return true;
}
