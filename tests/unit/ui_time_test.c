/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What keys do to the time that is shown: freeze, follow, pan, zoom about the
 * cursor, and steps from state to state.
 */
#include "person.h"

/* --- time --- */

static void test_follows(void **state)
{
	(void)state;
	assert_true(u.follow && !u.frozen);
	sync_at(T0 + 60 * SEC);
	assert_int_equal(u.edge_ns, T0 + 60 * SEC);
	assert_int_equal(cell_of(u.edge_ns), ui_cells_w(&u) - 1); /* the last cell holds it */
	sync_at(T0 + 50 * SEC);					  /* a clock never goes back */
	assert_int_equal(u.edge_ns, T0 + 60 * SEC);
}

/* A young trace grows from the left. */
static void test_young(void **state)
{
	(void)state;
	sync_at(T0 + SEC);
	assert_int_equal(ui_first_ns(&u, m), T0);
	assert_true(cell_of(u.edge_ns) < ui_cells_w(&u) - 1);
}

static void test_freeze(void **state)
{
	(void)state;
	sync_at(T0 + 30 * SEC);
	assert_int_equal(key(' '), UI_PAUSE); /* a replay stands still too */
	assert_true(u.frozen && !u.follow);
	assert_int_equal(u.cursor_ns, T0 + 30 * SEC - 1);
	sync_at(T0 + 40 * SEC); /* capture goes on, the picture does not */
	assert_int_equal(u.edge_ns, T0 + 30 * SEC);
	assert_int_equal(u.now_ns, T0 + 30 * SEC);
	assert_int_equal(key(' '), UI_PAUSE);
	assert_true(!u.frozen && u.follow);
	sync_at(T0 + 40 * SEC);
	assert_int_equal(u.edge_ns, T0 + 40 * SEC);
}

static void test_follow_keys(void **state)
{
	static const int ways[] = {'F', K_END, K_ESC};
	(void)state;

	sync_at(T0 + 30 * SEC);
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		key(' ');
		assert_int_equal(key(ways[i]), UI_PAUSE);
		assert_true(u.follow && !u.frozen);
		keys('a', 2);
		assert_false(u.follow);
		assert_int_equal(key(ways[i]), UI_DIRTY);
		assert_true(u.follow);
		assert_int_equal(u.edge_ns, now);
	}
}

static void test_pan(void **state)
{
	uint64_t window, edge;
	(void)state;

	sync_at(T0 + 100 * SEC);
	window = ui_cell_ns(&u, m) * (uint64_t)ui_cells_w(&u);
	key('a');
	assert_false(u.follow);
	assert_int_equal(u.edge_ns, T0 + 100 * SEC - window / 4);
	key(K_SHIFT_LEFT);
	assert_int_equal(u.edge_ns, T0 + 100 * SEC - window / 4 * 2);
	edge = u.edge_ns;
	key(K_LEFT); /* not frozen: by a cell */
	assert_int_equal(u.edge_ns, edge - ui_cell_ns(&u, m));
	key(K_RIGHT);
	assert_int_equal(u.edge_ns, edge);
	sync_at(T0 + 110 * SEC);
	assert_int_equal(u.edge_ns, edge); /* held */
	keys('d', 10);			   /* to the newest: it follows again */
	assert_true(u.follow);
	assert_int_equal(u.edge_ns, T0 + 110 * SEC);
	keys('a', 1000); /* never before the beginning */
	assert_int_equal(ui_first_ns(&u, m), T0);
	assert_true(u.edge_ns > T0);
	/* frozen, the newest is no reason to go on */
	key(' ');
	keys('d', 100);
	assert_true(u.frozen && !u.follow);
}

/* --- zoom --- */

static void test_zoom_following(void **state)
{
	uint64_t cell;
	(void)state;

	sync_at(T0 + 100 * SEC);
	cell = ui_cell_ns(&u, m);
	assert_in_range(cell * (uint64_t)ui_cells_w(&u), 6 * SEC, 20 * SEC); /* about ten seconds */
	key('+');
	assert_true(ui_cell_ns(&u, m) < cell);
	assert_true(u.follow);
	assert_int_equal(u.edge_ns, now);
	key('s');
	assert_int_equal(ui_cell_ns(&u, m), cell);
	keys('-', 100);
	assert_true(ui_cell_ns(&u, m) > 100 * cell);
	keys('+', 100);
	assert_int_equal(ui_cell_ns(&u, m), US); /* the finest */
	assert_int_equal(cell_of(u.edge_ns), ui_cells_w(&u) - 1);
}

/* What is under the cursor stays in its cell, however often one zooms. */
static void test_zoom_about_the_cursor(void **state)
{
	struct rng r = {40};
	(void)state;

	sync_at(T0 + 1000 * SEC);
	key(' ');
	for (int n = 0; n < 2000; n++) {
		int64_t before;
		int steps = 1 + (int)rng_below(&r, 6), in = '+';

		/* a window in the middle of the trace, the cursor anywhere inside */
		u.zoom = 15 + (unsigned)rng_below(&r, 6);
		u.edge_ns = T0 + 400 * SEC + rng_below(&r, 200 * SEC);
		u.cursor_ns = ui_first_ns(&u, m) +
			      rng_below(&r, ui_cell_ns(&u, m) * (uint64_t)ui_cells_w(&u));
		if (u.cursor_ns > u.edge_ns)
			u.cursor_ns = u.edge_ns;
		before = cell_of(u.cursor_ns);
		while (steps--) {
			key(in);
			if (cell_of(u.cursor_ns) != before)
				fail_msg("round %d: from cell %d to %d", n, (int)before,
					 (int)cell_of(u.cursor_ns));
			in = rng_below(&r, 3) ? in : '-';
		}
	}
}

/* At the newest end there is no room to the right: the cursor stays on the screen. */
static void test_zoom_at_the_end(void **state)
{
	(void)state;
	sync_at(T0 + 3 * SEC); /* shorter than the window, too */
	key(' ');
	for (int i = 0; i < 12; i++) {
		key('+');
		assert_in_range(cell_of(u.cursor_ns), 0, ui_cells_w(&u) - 1);
		assert_true(u.edge_ns <= now);
		assert_true(u.cursor_ns < u.edge_ns || u.edge_ns == now);
	}
	for (int i = 0; i < 24; i++) {
		key('-');
		assert_in_range(cell_of(u.cursor_ns), 0, ui_cells_w(&u) - 1);
		assert_true(u.edge_ns <= now);
	}
	assert_int_equal(ui_first_ns(&u, m), T0);
}

/* Everything that there is stays in sight while the window is wider than the trace. */
static void test_zoom_young_trace(void **state)
{
	(void)state;
	sync_at(T0 + 2 * SEC);
	key(' ');
	u.cursor_ns = T0 + SEC;
	key('+');
	assert_true(ui_first_ns(&u, m) + ui_cell_ns(&u, m) * (uint64_t)ui_cells_w(&u) >= now);
	assert_int_equal(u.edge_ns, now);
}

static void test_zoom_all(void **state)
{
	static const uint64_t lives[] = {5 * US, 20 * MS, 3 * SEC, 1000 * SEC, 40 * 3600 * SEC};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(lives); i++) {
		sync_at(T0 + lives[i]);
		key('0');
		assert_int_equal(ui_first_ns(&u, m), T0);
		assert_in_range(cell_of(now), 0, ui_cells_w(&u) - 1);
		if (lives[i] > 100 * US) /* not wastefully */
			assert_true(cell_of(now) > ui_cells_w(&u) / 3);
		assert_true(u.follow);
	}
	key(' ');
	key('0');
	assert_false(u.follow); /* frozen stays frozen */
}

/* --- steps --- */

static void at(uint64_t ms)
{
	assert_int_equal(u.cursor_ns, T0 + ms * MS);
}

static void test_steps(void **state)
{
	static const uint64_t left[] = {1500, 970, 950, 150, 100, 0, 0};
	static const uint64_t right[] = {100, 150, 950, 970, 1000, 1500, 1500};
	(void)state;

	a_life();
	/* what is asleep is settled up to its call only */
	assert_int_equal(lane_of_tid(m, PID)->timeline.end_ns, T0 + 1500 * MS);
	key(' ');
	key(K_LEFT); /* from the open end to the beginning of the open sleep */
	at(1500);
	key(K_LEFT);
	at(1000);
	for (size_t i = 1; i < COUNT_OF(left); i++) {
		key(K_LEFT);
		at(left[i]);
	}
	for (size_t i = 0; i < COUNT_OF(right); i++) {
		key(K_RIGHT);
		at(right[i]);
	}
}

/* From the middle of a state, left goes to its beginning. */
static void test_step_from_the_middle(void **state)
{
	(void)state;
	a_life();
	key(' ');
	u.cursor_ns = T0 + 500 * MS;
	key(K_LEFT);
	at(150);
	u.cursor_ns = T0 + 500 * MS;
	key(K_RIGHT);
	at(950);
}

/* Preemption in user code and a wait after a sleep look the same: one step. */
static void test_step_over_what_is_seen(void **state)
{
	(void)state;
	feed(m, mk_out(PID, T0 + 100 * MS, STATE_BLOCKED));
	feed(m, mk_in(PID, T0 + 100 * MS, T0 + 200 * MS, T0 + 250 * MS, STATE_BLOCKED));
	feed(m, mk_out(PID, T0 + 250 * MS, STATE_RUNNABLE));
	feed(m, mk_in(PID, T0 + 250 * MS, T0 + 250 * MS, T0 + 300 * MS, STATE_RUNNABLE));
	feed(m, mk_out(PID, T0 + 400 * MS, STATE_IDLE));
	sync_at(T0 + SEC);
	key(' ');
	u.cursor_ns = T0 + 350 * MS;
	key(K_LEFT);
	at(300);
	key(K_LEFT);
	at(200);
	key(K_LEFT);
	at(100);
	key(K_RIGHT);
	at(200);
	key(K_RIGHT);
	at(300);
}

/* The window comes along. */
static void test_step_keeps_the_cursor_in_sight(void **state)
{
	uint64_t t = T0;
	(void)state;

	for (int i = 0; i < 300; i++, t += 100 * MS)
		feed(m, mk_slept(CALL_read, PID, t, 10 * MS, 60 * MS, 10 * MS, 10 * MS, 3, 1));
	sync_at(t);
	key(' ');
	for (int i = 0; i < 1600; i++) {
		key(K_LEFT);
		assert_in_range(cell_of(u.cursor_ns), 0, ui_cells_w(&u) - 1);
	}
	at(0);
	for (int i = 0; i < 1600; i++) {
		key(K_RIGHT);
		assert_in_range(cell_of(u.cursor_ns), 0, ui_cells_w(&u) - 1);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_follows),
		T(test_young),
		T(test_freeze),
		T(test_follow_keys),
		T(test_pan),
		T(test_zoom_following),
		T(test_zoom_about_the_cursor),
		T(test_zoom_at_the_end),
		T(test_zoom_young_trace),
		T(test_zoom_all),
		T(test_steps),
		T(test_step_from_the_middle),
		T(test_step_over_what_is_seen),
		T(test_step_keeps_the_cursor_in_sight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
