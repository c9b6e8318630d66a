/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * idmap against a plain array: the same answers after many thousand random
 * sets, replacements and removals, with keys that collide on purpose.
 */
#include "idmap.h"
#include "make.h"

#define KEYS 700

static void test_empty(void **state)
{
	struct idmap m = {0};
	(void)state;

	assert_int_equal(idmap_get(&m, 1), IDMAP_NONE);
	idmap_remove(&m, 1); /* nothing to remove is fine */
	assert_int_equal(idmap_set(&m, 1, 5), 0);
	assert_int_equal(idmap_get(&m, 1), 5);
	assert_int_equal(idmap_get(&m, 2), IDMAP_NONE);
	idmap_free(&m);
	assert_int_equal(idmap_get(&m, 1), IDMAP_NONE);
}

static void test_replace(void **state)
{
	struct idmap m = {0};
	(void)state;

	assert_int_equal(idmap_set(&m, UINT64_MAX, 1), 0);
	assert_int_equal(idmap_set(&m, UINT64_MAX, 2), 0);
	assert_int_equal(idmap_get(&m, UINT64_MAX), 2);
	assert_int_equal(m.len, 1);
	idmap_remove(&m, UINT64_MAX);
	assert_int_equal(idmap_get(&m, UINT64_MAX), IDMAP_NONE);
	assert_int_equal(m.len, 0);
	idmap_free(&m);
}

/* Keys near each other, far apart, and alike in their low bits. */
static uint64_t key_of(unsigned i)
{
	return i % 3 == 0 ? i + 1 : i % 3 == 1 ? (uint64_t)i << 32 | 1 : ~(uint64_t)i;
}

static void test_random(void **state)
{
	uint32_t want[KEYS];
	struct idmap m = {0};
	struct rng r = {1};
	unsigned len = 0;
	(void)state;

	memset(want, 0xff, sizeof(want));
	for (unsigned n = 0; n < 60000; n++) {
		/* phases that fill and phases that empty */
		bool fill = (n / 5000) % 2 == 0;
		unsigned i = (unsigned)rng_below(&r, KEYS);

		if (rng_below(&r, 10) < (fill ? 7u : 3u)) {
			len += want[i] == IDMAP_NONE;
			want[i] = n;
			assert_int_equal(idmap_set(&m, key_of(i), n), 0);
		} else {
			len -= want[i] != IDMAP_NONE;
			want[i] = IDMAP_NONE;
			idmap_remove(&m, key_of(i));
		}
		assert_int_equal(m.len, len);
		if (n % 97)
			continue;
		for (unsigned k = 0; k < KEYS; k++)
			assert_int_equal(idmap_get(&m, key_of(k)), want[k]);
	}
	idmap_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
