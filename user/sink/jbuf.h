/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building JSON text: integers, strings and keys without printf, because a
 * recording has a million lines.  An append that finds no memory marks the
 * buffer as failed; the owner looks once at the end.
 */
#ifndef IOTRACE_JBUF_H
#define IOTRACE_JBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jbuf {
	char *p;
	size_t len, cap;
	bool failed;
};

void jbuf_raw(struct jbuf *b, const char *s, size_t len);
#define jbuf_lit(b, s) jbuf_raw(b, s, sizeof(s) - 1)
void jbuf_str(struct jbuf *b, const char *s); /* as it is, no quotes */
void jbuf_u64(struct jbuf *b, uint64_t n);
void jbuf_i64(struct jbuf *b, int64_t n);
/* A JSON string of valid UTF-8: quotes, escapes; bad bytes become \xNN text. */
void jbuf_string(struct jbuf *b, const char *s, size_t len);
/* Nanoseconds as microseconds with three decimals; `t` - `t0`, which may be negative. */
void jbuf_us(struct jbuf *b, uint64_t t, uint64_t t0);

/* ,"key":value; `key` is a literal that brings its own comma, quotes and colon. */
#define jbuf_key_u64(b, key, n) (jbuf_lit(b, key), jbuf_u64(b, n))
#define jbuf_key_i64(b, key, n) (jbuf_lit(b, key), jbuf_i64(b, n))
#define jbuf_key_str(b, key, s) (jbuf_lit(b, key), jbuf_string(b, s, strlen(s)))

void jbuf_free(struct jbuf *b);

#endif
