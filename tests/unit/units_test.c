/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures for people: the exact text at every change of unit and precision, and
 * that a buffer which is too small is filled and ended, never overrun.
 */
#include "units.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "make.h"

struct row {
	uint64_t n;
	const char *text;
};

static void check(size_t (*format)(char *, size_t, uint64_t), const struct row *rows, size_t n)
{
	char buf[40];

	for (size_t i = 0; i < n; i++) {
		size_t len = format(buf, sizeof(buf), rows[i].n);

		assert_string_equal(buf, rows[i].text);
		assert_int_equal(len, strlen(buf));
	}
}

static void test_ns(void **state)
{
	static const struct row rows[] = {
		{0, "0 ns"},
		{812, "812 ns"},
		{999, "999 ns"},
		{1000, "1.00 us"},
		{4134, "4.13 us"},
		{9994, "9.99 us"},
		{9996, "10.0 us"},
		{31240, "31.2 us"},
		{99960, "100 us"},
		{999499, "999 us"},
		{999500, "1.00 ms"},
		{1000000, "1.00 ms"},
		{203600000, "204 ms"},
		{999499999, "999 ms"},
		{999500000, "1.000 s"},
		{999999999, "1.000 s"},
		{1204000000, "1.204 s"},
		{9999600000, "10.0 s"},
		{59940000000, "59.9 s"},
		{119900000000, "119.9 s"},
		{120000000000, "2 min 00 s"},
		{184000000000, "3 min 04 s"},
		{7199999999999, "119 min 59 s"},
		{7200000000000, "2 h 00 min"},
		{7500000000000, "2 h 05 min"},
		{UINT64_MAX, "5124095 h 34 min"},
	};
	(void)state;

	check(format_ns, rows, COUNT_OF(rows));
}

static void test_count(void **state)
{
	static const struct row rows[] = {
		{0, "0"},
		{999, "999"},
		{1000, "1,000"},
		{812334, "812,334"},
		{1000000, "1,000,000"},
		{UINT64_MAX, "18,446,744,073,709,551,615"},
	};
	(void)state;

	check(format_count, rows, COUNT_OF(rows));
}

static void test_bytes(void **state)
{
	static const struct row rows[] = {
		{0, "0 B"},
		{4096, "4,096 B"},
		{9999, "9,999 B"},
		{10240, "10.0 KiB"},
		{65536, "64.0 KiB"},
		{1310720, "1.25 MiB"},
		{1ull << 30, "1.00 GiB"},
		{300ull << 40, "300 TiB"},
		{UINT64_MAX, "16.0 EiB"},
	};
	(void)state;

	check(format_bytes, rows, COUNT_OF(rows));
}

static void test_small_buffer(void **state)
{
	static size_t (*const all[])(char *, size_t, uint64_t) = {format_ns, format_count,
								  format_bytes};
	struct rng r = {3};
	(void)state;

	for (int i = 0; i < 3000; i++) {
		size_t size = rng_below(&r, 12), len;
		uint64_t n = rng_next(&r) >> rng_below(&r, 64);
		char *buf = malloc(size + 1);

		assert_non_null(buf);
		memset(buf, 'x', size + 1);
		len = all[i % 3](buf, size, n);
		assert_int_equal(buf[size], 'x'); /* not ours */
		if (size) {
			assert_true(len < size);
			assert_int_equal(strlen(buf), len);
		}
		free(buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ns),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
