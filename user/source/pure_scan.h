/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scanner for one line of a recording: a JSON object of strings, integers,
 * times in microseconds, flags and nested values.  Exact for 64-bit integers
 * and for our three decimals; no allocation.  Pure.
 */
#ifndef IOTRACE_SCAN_H
#define IOTRACE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h" /* struct text */

struct scan {
	char *p, *end; /* strings are decoded in place */
};

/* At the value of the next key; a negative result anywhere means: not JSON. */
bool scan_open(struct scan *s, char c);	 /* take `{` or `[` */
bool scan_close(struct scan *s, char c); /* take `}` or `]` if it stands here */
bool scan_comma(struct scan *s);
/* Key and colon, decoded. */
bool scan_key(struct scan *s, struct text *ret_key);
bool scan_string(struct scan *s, struct text *ret_s);
bool scan_u64(struct scan *s, uint64_t *ret_n);
bool scan_i64(struct scan *s, int64_t *ret_n);
bool scan_bool(struct scan *s, bool *ret_b);
/* Microseconds with up to three decimals -> ns. */
bool scan_us(struct scan *s, int64_t *ret_ns);
/*
 * An object: `member` takes the value of each key, whatever it does with it.
 * False: not an object, or `member` said so.
 */
bool scan_object(struct scan *s, bool (*member)(struct scan *s, struct text key, void *ctx),
		 void *ctx);
/* Step over any value. */
bool scan_skip(struct scan *s);

static inline bool text_is(struct text t, const char *word)
{
	return __builtin_strlen(word) == t.len && !__builtin_memcmp(t.p, word, t.len);
}

#endif
