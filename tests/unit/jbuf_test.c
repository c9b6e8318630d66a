/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Building JSON text: integers at their limits, microseconds from nanoseconds,
 * and strings that any JSON reader takes whatever bytes go in.
 */
#include "jbuf.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "make.h"

static void holds(struct jbuf *b, const char *want)
{
	assert_false(b->failed);
	assert_int_equal(b->len, strlen(want));
	assert_memory_equal(b->p, want, b->len);
	b->len = 0;
}

static void test_integers(void **state)
{
	struct jbuf b = {0};
	(void)state;

	jbuf_u64(&b, 0);
	holds(&b, "0");
	jbuf_u64(&b, UINT64_MAX);
	holds(&b, "18446744073709551615");
	jbuf_i64(&b, INT64_MAX);
	holds(&b, "9223372036854775807");
	jbuf_i64(&b, INT64_MIN);
	holds(&b, "-9223372036854775808");
	jbuf_i64(&b, -11);
	holds(&b, "-11");
	jbuf_lit(&b, "{");
	jbuf_key_u64(&b, "\"a\":", 5);
	jbuf_key_str(&b, ",\"b\":", "x");
	jbuf_lit(&b, "}");
	holds(&b, "{\"a\":5,\"b\":\"x\"}");
	jbuf_free(&b);
	assert_null(b.p);
}

static void us_is(uint64_t t, uint64_t t0, const char *want)
{
	struct jbuf b = {0};

	jbuf_us(&b, t, t0);
	holds(&b, want);
	jbuf_free(&b);
}

static void test_us(void **state)
{
	(void)state;
	us_is(T0, T0, "0.000");
	us_is(T0 + 1, T0, "0.001");
	us_is(T0 + 1234567, T0, "1234.567");
	us_is(T0 + 1000000, T0, "1000.000");
	us_is(T0 - 1, T0, "-0.001");
	us_is(T0 - 1500, T0, "-1.500");
	us_is(UINT64_MAX, 0, "18446744073709551.615");
}

static void string_is(const char *bytes, size_t len, const char *want)
{
	struct jbuf b = {0};

	jbuf_string(&b, bytes, len);
	holds(&b, want);
	jbuf_free(&b);
}
#define STRING_IS(bytes, want) string_is(bytes, sizeof(bytes) - 1, want)

static void test_strings(void **state)
{
	(void)state;
	STRING_IS("", "\"\"");
	STRING_IS("plain", "\"plain\"");
	STRING_IS("a\"b\\c", "\"a\\\"b\\\\c\"");
	STRING_IS("\n\x01\x7f", "\"\\u000a\\u0001\\u007f\"");
	STRING_IS("a\0b", "\"a\\u0000b\"");
	STRING_IS("\xe5\xbf\x99", "\"\xe5\xbf\x99\"");
	STRING_IS("\xff", "\"\\\\xff\"");
	STRING_IS("\xc3(", "\"\\\\xc3(\"");
	STRING_IS("\xe0\x80\x80", "\"\\\\xe0\\\\x80\\\\x80\"");
	STRING_IS("\xed\xbf\xbf", "\"\\\\xed\\\\xbf\\\\xbf\"");
	STRING_IS("\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"");
	STRING_IS("\xf0\x9f\x98", "\"\\\\xf0\\\\x9f\\\\x98\"");
}

/* Any bytes give a string that another reader takes. */
static void test_random_bytes(void **state)
{
	struct rng r = {5};
	(void)state;

	for (int n = 0; n < 5000; n++) {
		char bytes[32];
		size_t len = rng_below(&r, sizeof(bytes));
		struct jbuf b = {0};
		json_t *j;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)(rng_below(&r, 3) ? rng_next(&r) : 0xc0 | rng_next(&r));
		jbuf_string(&b, bytes, len);
		j = json_loadb(b.p, b.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(j);
		json_decref(j);
		jbuf_free(&b);
	}
}

/* Long text is grown for, byte by byte and at once. */
static void test_grows(void **state)
{
	struct jbuf b = {0};
	char big[5000];
	(void)state;

	memset(big, 'x', sizeof(big));
	for (int i = 0; i < 3000; i++)
		jbuf_lit(&b, "y");
	jbuf_raw(&b, big, sizeof(big));
	assert_int_equal(b.len, 8000);
	assert_int_equal(b.p[2999], 'y');
	assert_memory_equal(b.p + 3000, big, sizeof(big));
	jbuf_free(&b);
}

static void test_failed_stays(void **state)
{
	struct jbuf b = {.failed = true};
	(void)state;

	jbuf_u64(&b, 5);
	assert_true(b.failed);
	assert_int_equal(b.len, 0);
	jbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers), cmocka_unit_test(test_us),
		cmocka_unit_test(test_strings),	 cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_grows),	 cmocka_unit_test(test_failed_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
