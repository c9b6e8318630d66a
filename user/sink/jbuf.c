/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON text; see jbuf.h. */
#include "jbuf.h"

#include <stdlib.h>
#include <string.h>

static bool room(struct jbuf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 1024;
	char *p;

	if (b->failed)
		return false;
	if (b->len + more <= b->cap)
		return true;
	while (cap < b->len + more)
		cap *= 2;
	p = realloc(b->p, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void jbuf_raw(struct jbuf *b, const char *s, size_t len)
{
	if (!len || !room(b, len))
		return;
	memcpy(b->p + b->len, s, len);
	b->len += len;
}

void jbuf_str(struct jbuf *b, const char *s)
{
	jbuf_raw(b, s, strlen(s));
}

void jbuf_u64(struct jbuf *b, uint64_t n)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	jbuf_raw(b, digits + i, sizeof(digits) - i);
}

void jbuf_i64(struct jbuf *b, int64_t n)
{
	if (n < 0) {
		jbuf_lit(b, "-");
		jbuf_u64(b, 0 - (uint64_t)n);
	} else {
		jbuf_u64(b, (uint64_t)n);
	}
}

void jbuf_us(struct jbuf *b, uint64_t t, uint64_t t0)
{
	uint64_t d = t >= t0 ? t - t0 : t0 - t;
	char frac[4] = {'.', (char)('0' + d % 1000 / 100), (char)('0' + d % 100 / 10),
			(char)('0' + d % 10)};

	if (t < t0)
		jbuf_lit(b, "-");
	jbuf_u64(b, d / 1000);
	jbuf_raw(b, frac, sizeof(frac));
}

/* Length of the UTF-8 sequence at s, 0 when it is none. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc2 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf5 ? 4
				 : 0;

	if (n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)))
		return 0;
	if (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f)))
		return 0;
	return n;
}

static void escape(struct jbuf *b, unsigned char c, const char *how)
{
	static const char hex[] = "0123456789abcdef";
	char two[2] = {hex[c >> 4], hex[c & 15]};

	jbuf_str(b, how);
	jbuf_raw(b, two, 2);
}

void jbuf_string(struct jbuf *b, const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;

	jbuf_lit(b, "\"");
	for (size_t i = 0; i < len;) {
		size_t plain = i, n;

		while (plain < len && u[plain] >= 0x20 && u[plain] < 0x7f && u[plain] != '"' &&
		       u[plain] != '\\')
			plain++;
		jbuf_raw(b, s + i, plain - i);
		i = plain;
		if (i == len)
			break;
		n = utf8_len(u + i, len - i);
		if (u[i] == '"' || u[i] == '\\') {
			char two[2] = {'\\', s[i]};

			jbuf_raw(b, two, 2);
			n = 1;
		} else if (n == 0) {
			escape(b, u[i], "\\\\x");
			n = 1;
		} else if (n == 1) {
			escape(b, u[i], "\\u00");
		} else {
			jbuf_raw(b, s + i, n);
		}
		i += n;
	}
	jbuf_lit(b, "\"");
}

void jbuf_free(struct jbuf *b)
{
	free(b->p);
	*b = (struct jbuf){0};
}
