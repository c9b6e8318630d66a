/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lane's partition of time against a plain list of intervals: sums over any
 * window, exact where the intervals are kept, from the buckets where they are
 * not, unknown where nothing is; and finding the interval at a time.
 */
#include "timeline.h"

#include <stdlib.h>

#include "make.h"

#define MANY 6000

static struct part {
	uint64_t from, to;
	int slot;
} part[MANY];
static unsigned n_part;
static struct timeline t;

static void begin(uint64_t at, uint32_t spans, uint32_t buckets)
{
	timeline_init(&t, T0, at, spans, buckets);
	n_part = 0;
}

static int teardown(void **state)
{
	(void)state;
	timeline_free(&t);
	return 0;
}

static void append(uint64_t ns, int slot)
{
	uint64_t from = t.end_ns;

	assert_int_equal(timeline_append(&t, from + ns, slot), 0);
	assert_int_equal(t.end_ns, from + ns);
	if (n_part && part[n_part - 1].slot == slot) {
		part[n_part - 1].to += ns;
		return;
	}
	assert_true(n_part < MANY);
	part[n_part++] = (struct part){from, from + ns, slot};
}

static void append_random(struct rng *r, unsigned n)
{
	while (n--)
		append(1 + rng_span(r), (int)rng_below(r, STATE_SLOTS));
}

static uint64_t overlap(uint64_t a, uint64_t b, uint64_t from, uint64_t to)
{
	uint64_t low = a > from ? a : from, high = b < to ? b : to;

	return high > low ? high - low : 0;
}

/* The plain list's answer. */
static void sum_slowly(uint64_t from, uint64_t to, uint64_t ns[STATE_SLOTS])
{
	for (unsigned i = 0; i < n_part; i++)
		ns[part[i].slot] += overlap(part[i].from, part[i].to, from, to);
}

static uint64_t sum_of(uint64_t from, uint64_t to, int slot)
{
	uint64_t ns[STATE_SLOTS] = {0};

	timeline_sum(&t, from, to, ns);
	return ns[slot];
}

static void test_empty(void **state)
{
	uint64_t ns[STATE_SLOTS] = {0}, from, to;
	uint32_t i;
	int slot;
	(void)state;

	begin(T0 + 5, 16, 16);
	timeline_sum(&t, 0, UINT64_MAX, ns);
	assert_int_equal(sum_slots(ns, STATE_SLOTS), 0);
	assert_false(timeline_span(&t, 0, &from, &to, &slot));
	assert_false(timeline_find(&t, T0 + 5, &i));
	assert_int_equal(timeline_append(&t, T0 + 5, STATE_USER), 0); /* of no length */
	assert_int_equal(timeline_append(&t, T0, STATE_USER), 0);     /* in the past */
	assert_false(timeline_span(&t, 0, &from, &to, &slot));
}

static void test_merges(void **state)
{
	uint64_t from, to;
	int slot;
	(void)state;

	begin(T0, 16, 16);
	append(10, STATE_USER);
	append(20, STATE_USER);
	append(5, STATE_COPY);
	append(5, STATE_USER);
	assert_true(timeline_span(&t, 0, &from, &to, &slot));
	assert_int_equal(from, T0 + 35);
	assert_true(timeline_span(&t, 2, &from, &to, &slot));
	assert_int_equal(from, T0);
	assert_int_equal(to, T0 + 30);
	assert_int_equal(slot, STATE_USER);
	assert_false(timeline_span(&t, 3, &from, &to, &slot));
	assert_int_equal(t.total_ns[STATE_USER], 35);
	assert_int_equal(t.total_ns[STATE_COPY], 5);
}

static void test_find(void **state)
{
	uint32_t i;
	(void)state;

	begin(T0, 16, 16);
	append(10, STATE_USER);
	append(5, STATE_COPY);
	append(5, STATE_USER);
	assert_false(timeline_find(&t, T0 - 1, &i));
	assert_true(timeline_find(&t, T0, &i));
	assert_int_equal(i, 2);
	assert_true(timeline_find(&t, T0 + 9, &i));
	assert_int_equal(i, 2);
	assert_true(timeline_find(&t, T0 + 10, &i));
	assert_int_equal(i, 1);
	assert_true(timeline_find(&t, T0 + 19, &i));
	assert_int_equal(i, 0);
	assert_false(timeline_find(&t, T0 + 20, &i)); /* behind what is committed */
}

/* Windows that begin and end anywhere, also outside of the lane's life. */
static void check_windows(struct rng *r, int times, bool exact)
{
	uint64_t life = t.end_ns - t.begin_ns;

	while (times--) {
		uint64_t from = t.begin_ns + rng_below(r, life), to = from + rng_span(r);
		uint64_t got[STATE_SLOTS] = {0}, want[STATE_SLOTS] = {0};

		if (!rng_below(r, 4))
			from -= rng_span(r);
		if (!rng_below(r, 4))
			to = from + rng_below(r, life);
		if (from % 3 == 0) /* along the buckets */
			from -= (from - T0) % BUCKET_NS;
		timeline_sum(&t, from, to, got);
		sum_slowly(from, to, want);
		assert_int_equal(sum_slots(got, STATE_SLOTS), sum_slots(want, STATE_SLOTS));
		if (exact || from >= t.exact_from_ns)
			assert_memory_equal(got, want, sizeof(got));
	}
}

static void test_sums_exact(void **state)
{
	struct rng r = {12};
	(void)state;

	begin(T0 + 12345678, 16384, 36000);
	append_random(&r, 5000);
	check_windows(&r, 3000, true);
	for (int s = 0; s < STATE_SLOTS; s++)
		assert_int_equal(sum_of(0, UINT64_MAX, s), t.total_ns[s]);
	assert_int_equal(sum_slots(t.total_ns, STATE_SLOTS), t.end_ns - t.begin_ns);
}

/* Most intervals are overwritten: the sum stays that of the window. */
static void test_sums_from_buckets(void **state)
{
	struct rng r = {13};
	(void)state;

	begin(T0 + 7, 50, 36000);
	append_random(&r, 5000);
	assert_true(t.exact_from_ns > t.begin_ns);
	check_windows(&r, 3000, false);
	/* whole buckets are exact however old they are */
	for (uint64_t at = T0 + BUCKET_NS; at + BUCKET_NS < t.end_ns; at += 3 * BUCKET_NS) {
		uint64_t got[STATE_SLOTS] = {0}, want[STATE_SLOTS] = {0};

		timeline_sum(&t, at, at + BUCKET_NS, got);
		sum_slowly(at, at + BUCKET_NS, want);
		assert_memory_equal(got, want, sizeof(got));
	}
}

/* The buckets are overwritten too: what was there is not known. */
static void overwrite(uint32_t spans, uint32_t buckets)
{
	uint64_t kept, from, to;
	struct rng r = {14};
	int slot;

	begin(T0, spans, buckets);
	for (int i = 0; i < 3000; i++)
		append(1 + rng_span(&r), (int)rng_below(&r, STATE_UNKNOWN));
	kept = T0 + t.bucket_first * BUCKET_NS;
	if (kept > t.exact_from_ns)
		kept = t.exact_from_ns;
	assert_true(kept > T0 + SEC);
	assert_int_equal(sum_of(T0, kept, STATE_UNKNOWN), kept - T0);
	assert_int_equal(sum_of(kept, t.end_ns, STATE_UNKNOWN), 0);
	check_windows(&r, 2000, false);
	/* the newest intervals are those of the list, newest first */
	for (uint32_t i = 0; timeline_span(&t, i, &from, &to, &slot); i++) {
		assert_int_equal(from, part[n_part - 1 - i].from);
		assert_int_equal(to, part[n_part - 1 - i].to);
		assert_int_equal(slot, part[n_part - 1 - i].slot);
		assert_true(i < spans);
	}
	assert_int_equal(sum_slots(t.total_ns, STATE_SLOTS), t.end_ns - t.begin_ns);
}

static void test_overwritten(void **state)
{
	(void)state;
	overwrite(20, 5); /* the intervals reach further back */
	timeline_free(&t);
	overwrite(20, 200); /* the buckets do */
}

/* One long interval: longer than all buckets together. */
static void test_leap(void **state)
{
	(void)state;
	begin(T0, 20, 5);
	append(10 * MS, STATE_USER);
	append(100 * SEC, STATE_IDLE);
	append(10 * MS, STATE_COPY);
	assert_int_equal(sum_of(T0, t.end_ns, STATE_IDLE) + sum_of(T0, t.end_ns, STATE_UNKNOWN) +
				 sum_of(T0, t.end_ns, STATE_USER) +
				 sum_of(T0, t.end_ns, STATE_COPY),
			 100 * SEC + 20 * MS);
	assert_int_equal(sum_of(T0 + SEC, T0 + SEC + 5, STATE_IDLE), 5); /* the interval is kept */
	assert_int_equal(sum_of(t.end_ns - 10 * MS, t.end_ns, STATE_COPY), 10 * MS);
}

static void test_only_one_kept(void **state)
{
	uint64_t from, to;
	int slot;
	(void)state;

	begin(T0, 1, 1);
	append(10, STATE_USER);
	append(20, STATE_COPY);
	assert_true(timeline_span(&t, 0, &from, &to, &slot));
	assert_int_equal(from, T0 + 10);
	assert_int_equal(to, T0 + 30);
	assert_false(timeline_span(&t, 1, &from, &to, &slot));
	assert_int_equal(t.exact_from_ns, T0 + 10);
}

/* A lane that is older than the trace: its grid begins with it. */
static void test_before_origin(void **state)
{
	(void)state;
	begin(T0 - 250 * MS, 16, 16);
	append(500 * MS, STATE_BLOCKED);
	assert_int_equal(sum_of(0, UINT64_MAX, STATE_BLOCKED), 500 * MS);
	assert_int_equal(sum_of(T0 - 100 * MS, T0 + 1, STATE_BLOCKED), 100 * MS + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_empty, teardown),
		cmocka_unit_test_teardown(test_merges, teardown),
		cmocka_unit_test_teardown(test_find, teardown),
		cmocka_unit_test_teardown(test_sums_exact, teardown),
		cmocka_unit_test_teardown(test_sums_from_buckets, teardown),
		cmocka_unit_test_teardown(test_overwritten, teardown),
		cmocka_unit_test_teardown(test_leap, teardown),
		cmocka_unit_test_teardown(test_only_one_kept, teardown),
		cmocka_unit_test_teardown(test_before_origin, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
