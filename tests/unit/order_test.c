/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of time: what comes out is sorted, equal times keep the order in
 * which they came, nothing younger than asked for comes out, and nothing is
 * lost over many thousand additions and removals.
 */
#include "pure_order.h"

#include "make.h"

static void add(struct order *o, uint64_t t, uint32_t number)
{
	const struct order_item item = {.t_ns = t, .len = 1, .batch = (void *)(uintptr_t)number};

	assert_int_equal(order_add(o, &item), 0);
}

static void test_empty(void **state)
{
	struct order o = {0};
	struct order_item item;
	(void)state;

	assert_false(order_take(&o, UINT64_MAX, &item));
	order_free(&o);
}

static void test_until(void **state)
{
	struct order o = {0};
	struct order_item item;
	(void)state;

	add(&o, 30, 3);
	add(&o, 10, 1);
	add(&o, 20, 2);
	assert_false(order_take(&o, 9, &item));
	assert_true(order_take(&o, 20, &item));
	assert_int_equal((uintptr_t)item.batch, 1);
	assert_true(order_take(&o, 20, &item));
	assert_int_equal((uintptr_t)item.batch, 2);
	assert_false(order_take(&o, 29, &item));
	assert_true(order_take(&o, 30, &item));
	assert_int_equal((uintptr_t)item.batch, 3);
	assert_int_equal(item.t_ns, 30);
	order_free(&o);
}

static void test_equal_times(void **state)
{
	struct order o = {0};
	struct order_item item;
	(void)state;

	add(&o, 9, 100);
	for (uint32_t i = 0; i < 50; i++)
		add(&o, 5, i);
	add(&o, 4, 200);
	for (uint32_t i = 50; i < 60; i++)
		add(&o, 5, i);
	assert_true(order_take(&o, UINT64_MAX, &item));
	assert_int_equal((uintptr_t)item.batch, 200);
	for (uint32_t i = 0; i < 60; i++) {
		assert_true(order_take(&o, UINT64_MAX, &item));
		assert_int_equal((uintptr_t)item.batch, i);
	}
	order_free(&o);
}

/* As the capture uses it: records apart by a little, taken up to a mark that follows. */
static void test_stream(void **state)
{
	struct order o = {0};
	struct order_item item;
	struct rng r = {2};
	uint64_t now = 1000000, last = 0, n_in = 0, n_out = 0;
	(void)state;

	for (int round = 0; round < 4000; round++) {
		for (uint64_t n = rng_below(&r, 30); n; n--) {
			now += rng_below(&r, 50);
			add(&o, now - rng_below(&r, 5000), (uint32_t)n_in++);
		}
		/* seldom at first, so that it grows while its head moves */
		if (round > 1000 || round % 7 == 0)
			while (order_take(&o, now - 5000, &item)) {
				assert_true(item.t_ns >= last && item.t_ns <= now - 5000);
				last = item.t_ns;
				n_out++;
			}
	}
	while (order_take(&o, UINT64_MAX, &item)) {
		assert_true(item.t_ns >= last);
		last = item.t_ns;
		n_out++;
	}
	assert_true(n_in > 40000);
	assert_int_equal(n_out, n_in);
	order_free(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_until),
		cmocka_unit_test(test_equal_times),
		cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
