/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scanner of recordings: integers exact to the last of 64 bits, times with
 * three decimals, strings with every escape, and stepping over any value
 * without touching it.  Against jansson as the second reader.
 */
#include "pure_scan.h"

#include <jansson.h>
#include <stdio.h>

#include "jbuf.h"
#include "make.h"

static char buf[256];
static struct scan s;

static struct scan *at(const char *text)
{
	size_t len = strlen(text);

	assert_true(len < sizeof(buf));
	memcpy(buf, text, len); /* no NUL behind it: the scanner knows the end */
	memset(buf + len, '9', sizeof(buf) - len);
	s = (struct scan){buf, buf + len};
	return &s;
}

static void test_u64(void **state)
{
	uint64_t n;
	(void)state;

	assert_true(scan_u64(at("0"), &n));
	assert_int_equal(n, 0);
	assert_true(scan_u64(at(" 18446744073709551615,"), &n));
	assert_int_equal(n, UINT64_MAX);
	assert_int_equal(*s.p, ',');
	assert_false(scan_u64(at("18446744073709551616"), &n));
	assert_false(scan_u64(at("99999999999999999999"), &n));
	assert_false(scan_u64(at("-1"), &n));
	assert_false(scan_u64(at(""), &n));
	assert_false(scan_u64(at("x"), &n));
}

static void test_i64(void **state)
{
	int64_t n;
	(void)state;

	assert_true(scan_i64(at("-9223372036854775808"), &n));
	assert_int_equal(n, INT64_MIN);
	assert_true(scan_i64(at("9223372036854775807"), &n));
	assert_int_equal(n, INT64_MAX);
	assert_false(scan_i64(at("9223372036854775808"), &n));
	assert_false(scan_i64(at("-9223372036854775809"), &n));
	assert_false(scan_i64(at("-"), &n));
	assert_false(scan_i64(at("--1"), &n));
}

static void us_is(const char *text, int64_t want)
{
	int64_t ns;

	assert_true(scan_us(at(text), &ns));
	assert_int_equal(ns, want);
}

static void test_us(void **state)
{
	int64_t ns;
	(void)state;

	us_is("0.000", 0);
	us_is("1234.567", 1234567);
	us_is("-0.001", -1);
	us_is("-1.5", -1500);
	us_is("7", 7000);
	us_is("1.0009", 1000); /* finer than ns */
	assert_false(scan_us(at("9223372036854776"), &ns));
	assert_false(scan_us(at(".5"), &ns));
	assert_false(scan_us(at("x"), &ns));
}

/* What jbuf_us() writes comes back, for any two times less than 146 years apart. */
static void test_us_round_trip(void **state)
{
	struct rng r = {9};
	(void)state;

	for (int i = 0; i < 20000; i++) {
		uint64_t t = rng_next(&r) >> (2 + rng_below(&r, 50));
		uint64_t t0 = rng_next(&r) >> (2 + rng_below(&r, 50));
		struct jbuf b = {0};
		int64_t ns;

		jbuf_us(&b, t, t0);
		s = (struct scan){b.p, b.p + b.len};
		assert_true(scan_us(&s, &ns));
		assert_ptr_equal(s.p, s.end);
		assert_int_equal(t0 + (uint64_t)ns, t);
		jbuf_free(&b);
	}
}

static void string_is(const char *text, const char *want, size_t len)
{
	struct text t;

	assert_true(scan_string(at(text), &t));
	assert_int_equal(t.len, len);
	assert_memory_equal(t.p, want, len);
	assert_ptr_equal(s.p, s.end);
}
#define STRING_IS(text, want) string_is(text, want, sizeof(want) - 1)

static void test_string(void **state)
{
	static const char *const wrong[] = {"\"",	   "\"abc",    "abc",
					    "\"\\\"",	   "\"\\x\"",  "\"\\u12\"",
					    "\"\\u12g4\"", "\"a\nb\"", "\"\\ud83d\\u0041\""};
	struct text t;
	(void)state;

	STRING_IS("\"\"", "");
	STRING_IS(" \"abc\"", "abc");
	STRING_IS("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
	STRING_IS("\"\\u0041\\u00e4\\u5fD9\"", "A\xc3\xa4\xe5\xbf\x99");
	STRING_IS("\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!");
	STRING_IS("\"a\\u0000b\"", "a\0b");
	STRING_IS("\"\xe5\xbf\x99\"", "\xe5\xbf\x99");
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_false(scan_string(at(wrong[i]), &t));
}

/* jbuf_string() and back: what was valid text is the same again. */
static void test_string_round_trip(void **state)
{
	static const char *const bits[] = {
		"\"", "\\",   "\n",	  "\x01",	  "a",
		"/",  "\x7f", "\xc3\xa4", "\xe5\xbf\x99", "\xf0\x9f\x98\x80"};
	struct rng r = {10};
	(void)state;

	for (int i = 0; i < 5000; i++) {
		struct jbuf b = {0};
		char text[64] = "";
		struct text t;
		json_t *j;

		for (uint64_t k = rng_below(&r, 12); k; k--)
			strcat(text, bits[rng_below(&r, COUNT_OF(bits))]);
		jbuf_string(&b, text, strlen(text));
		j = json_loadb(b.p, b.len, JSON_DECODE_ANY, NULL);
		assert_string_equal(json_string_value(j), text);
		json_decref(j);
		s = (struct scan){b.p, b.p + b.len};
		assert_true(scan_string(&s, &t));
		assert_int_equal(t.len, strlen(text));
		assert_memory_equal(t.p, text, t.len);
		jbuf_free(&b);
	}
}

static void test_bool(void **state)
{
	bool b;
	(void)state;

	assert_true(scan_bool(at("true"), &b) && b);
	assert_true(scan_bool(at(" false}"), &b) && !b);
	assert_int_equal(*s.p, '}');
	assert_false(scan_bool(at("tru"), &b));
	assert_false(scan_bool(at("1"), &b));
}

static void test_key(void **state)
{
	struct text t;
	(void)state;

	assert_true(scan_key(at("\"ts\" : 5"), &t));
	assert_true(text_is(t, "ts"));
	assert_false(text_is(t, "tsx"));
	assert_false(text_is(t, "t"));
	assert_false(scan_key(at("\"ts\" 5"), &t));
}

/* Steps over any value, and leaves its bytes as they were: they may be read later. */
static void test_skip(void **state)
{
	static const char *const values[] = {"1",
					     "-1.5e7",
					     "true",
					     "null",
					     "\"a\\\"]}\"",
					     "[]",
					     "{}",
					     "[1,[2,{\"a\":[3]}],4]",
					     "{\"a\":{\"b\":\"}\\\\\"},\"c\":[\"\\u0041]\"]}"};
	static const char *const wrong[] = {"",	    ",",	   "}", "]",
					    "[1,2", "{\"a\":\"b}", ":", "{\"a\":["};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		char text[128], before[128];

		snprintf(text, sizeof(text), " %s,tail", values[i]);
		at(text);
		memcpy(before, buf, strlen(text));
		assert_true(scan_skip(&s));
		assert_int_equal(s.end - s.p, 5);
		assert_memory_equal(buf, before, strlen(text));
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		if (scan_skip(at(wrong[i])))
			fail_msg("'%s' is no value", wrong[i]);
	at("[1,x]");
	buf[3] = 0; /* a byte of a damaged disk: the end, not a value without end */
	assert_false(scan_skip(&s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),    cmocka_unit_test(test_i64),
		cmocka_unit_test(test_us),     cmocka_unit_test(test_us_round_trip),
		cmocka_unit_test(test_string), cmocka_unit_test(test_string_round_trip),
		cmocka_unit_test(test_bool),   cmocka_unit_test(test_key),
		cmocka_unit_test(test_skip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
