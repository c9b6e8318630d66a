/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What keys do to the choice of thread, view and pop-up: a selection that stays
 * on its thread while rows come and go, and a layout that holds at any size.
 */
#include "person.h"

/* --- rows and selection --- */

static uint32_t selected(void)
{
	const struct lane *l = ui_lane(&u, m);

	assert_non_null(l);
	return l->tid;
}

static void test_nothing_yet(void **state)
{
	(void)state;
	model_free(m);
	m = mk_model();
	ui_free(&u);
	ui_init(&u, true);
	sync_at(T0);
	assert_null(ui_lane(&u, m));
	keys(K_DOWN, 3);
	key(K_LEFT);
	key(' ');
	key(K_LEFT);
	key('0');
	assert_null(ui_lane(&u, m));
	assert_int_equal(u.n_rows, 0);
}

/* The first thread is chosen by itself; the choice stays on its thread. */
static void test_selection_stays(void **state)
{
	(void)state;
	assert_int_equal(selected(), PID);
	for (uint32_t i = 1; i < 20; i++)
		thread(PID + i, PID, T0 + i);
	sync_at(T0 + SEC);
	assert_int_equal(u.n_rows, 20);
	assert_int_equal(selected(), PID);
	keys(K_DOWN, 7);
	assert_int_equal(selected(), PID + 7);
	/* another process: rows of processes appear above the threads */
	thread(300, 300, T0 + SEC);
	thread(301, 300, T0 + SEC);
	sync_at(T0 + SEC);
	assert_int_equal(u.n_rows, 24);
	assert_int_equal(selected(), PID + 7);
	assert_int_equal(ui_selected_row(&u), 8);
	/* it is in sight */
	assert_true(u.top_row <= 8 && 8 < u.top_row + (unsigned)ui_rows_h(&u));
	for (uint32_t i = 302; i < 400; i++) {
		thread(i, 300, T0 + SEC);
		sync_at(T0 + SEC);
		assert_int_equal(selected(), PID + 7);
	}
}

static void test_moves(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < 40; i++)
		thread(PID + i, PID, T0 + i);
	sync_at(T0 + SEC);
	key(K_UP);
	assert_int_equal(selected(), PID);
	key('G');
	assert_int_equal(selected(), PID + 39);
	assert_int_equal(u.top_row + (unsigned)ui_rows_h(&u), 40);
	key('j');
	assert_int_equal(selected(), PID + 39);
	key('k');
	assert_int_equal(selected(), PID + 38);
	key('g');
	assert_int_equal(selected(), PID);
	assert_int_equal(u.top_row, 0);
}

/* Rows of what ended before the window go; who was selected there gives way. */
static void test_ended_rows(void **state)
{
	(void)state;
	thread(PID + 1, PID, T0);
	thread(PID + 2, PID, T0);
	sync_at(T0 + SEC);
	key(K_DOWN);
	assert_int_equal(selected(), PID + 1);
	feed(m, mk_task(TASK_EXIT, PID + 1, T0 + 2 * SEC, "x"));
	sync_at(T0 + 3 * SEC);
	assert_int_equal(u.n_rows, 3); /* still to be seen */
	assert_int_equal(selected(), PID + 1);
	sync_at(T0 + 60 * SEC);
	assert_int_equal(u.n_rows, 2);
	assert_int_equal(selected(), PID); /* of the same process */
	key('0');			   /* the whole trace shows everything again */
	assert_int_equal(u.n_rows, 3);
}

static bool shows(uint32_t tid)
{
	for (unsigned i = 0; i < u.n_rows; i++)
		if (u.rows[i].lane && u.rows[i].lane->tid == tid)
			return true;
	return false;
}

/* Many short processes: the rows are those of the window, whichever way it moves. */
static void test_many_processes(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3000; i++) {
		uint64_t t = T0 + i * 20 * MS;
		struct event ev = mk_task(TASK_EXIT, 1000 + i, t + 10 * MS, "x");

		thread(1000 + i, 1000 + i, t);
		ev.tgid = 1000 + i;
		feed(m, ev);
		sync_at(t + 20 * MS);
		if (i == 1500)
			thread(PID + 1, PID, t); /* belongs above all of them */
	}
	assert_true(u.n_rows < 2 * 1100 + 3);
	assert_true(u.rows[0].proc->tgid == PID && !u.rows[0].lane);
	assert_int_equal(u.rows[1].lane->tid, PID);
	assert_int_equal(u.rows[2].lane->tid, PID + 1);
	assert_true(shows(3999) && !shows(1000));
	key('0');
	assert_int_equal(u.n_rows, 2 * 3001 + 1);
	assert_true(shows(1000));
	for (unsigned i = 3; i < u.n_rows; i++)
		assert_int_equal(u.rows[i].proc->index, (i - 1) / 2);
}

/* A process stands for a thread that lives: after an exec the old leader does not. */
static void test_lane_of_process(void **state)
{
	struct event ev = mk_task(TASK_EXEC, PID, T0 + 200, "program");
	(void)state;

	thread(PID + 1, PID, T0);
	key('H');
	assert_int_equal(u.sel_lane, UI_NO_LANE);
	assert_ptr_equal(ui_lane(&u, m), model_lane(m, 0));
	feed(m, mk_task(TASK_EXIT, PID, T0 + 100, "main"));
	assert_int_equal(selected(), PID + 1);
	ev.task.old_tid = PID + 1;
	feed(m, ev);
	assert_int_equal(selected(), PID);
	assert_ptr_equal(ui_lane(&u, m), model_lane(m, 2));
	feed(m, mk_task(TASK_EXIT, PID, T0 + 300, "program"));
	assert_ptr_equal(ui_lane(&u, m), model_lane(m, 2));
}

static void test_hide_threads(void **state)
{
	(void)state;
	thread(PID + 1, PID, T0);
	thread(300, 300, T0);
	sync_at(T0 + SEC);
	assert_int_equal(u.n_rows, 5);
	keys(K_DOWN, 10);
	assert_int_equal(selected(), 300);
	key('H');
	assert_int_equal(u.n_rows, 2);
	assert_int_equal(selected(), 300);
	assert_int_equal(u.sel_lane, UI_NO_LANE);
	key('t');
	assert_int_equal(u.n_rows, 5);
	assert_int_equal(selected(), 300);
}

static void test_click(void **state)
{
	int x = ui_cells_x(&u) + 10;
	(void)state;

	thread(PID + 1, PID, T0);
	thread(PID + 2, PID, T0);
	sync_at(T0 + 100 * SEC);
	ui_key(&u, m, K_MOUSE_CLICK, x, ui_rows_y() + 2);
	assert_int_equal(selected(), PID + 2);
	ui_key(&u, m, K_MOUSE_CLICK, x, ui_rows_y() + 3); /* below the last */
	ui_key(&u, m, K_MOUSE_CLICK, x, 0);		  /* on the title */
	assert_int_equal(selected(), PID + 2);
	key(' ');
	ui_key(&u, m, K_MOUSE_CLICK, x, ui_rows_y() + 1);
	assert_int_equal(selected(), PID + 1);
	assert_int_equal(cell_of(u.cursor_ns), 10);
}

/* --- views and pop-ups --- */

static void test_views(void **state)
{
	(void)state;
	assert_int_equal(u.view, VIEW_TIMELINE);
	key('4');
	assert_int_equal(u.view, VIEW_CALLS);
	keys(K_DOWN, 3);
	assert_int_equal(u.scroll, 3);
	assert_int_equal(selected(), PID); /* the list scrolls, the thread stays */
	keys(K_UP, 5);
	assert_int_equal(u.scroll, 0);
	key(K_TAB);
	assert_int_equal(u.view, VIEW_TIMELINE);
	key(K_BACK_TAB);
	assert_int_equal(u.view, VIEW_CALLS);
	key('3');
	assert_int_equal(u.view, VIEW_FDS);
	key(K_ESC);
	assert_int_equal(u.view, VIEW_TIMELINE);
}

static void test_popups(void **state)
{
	(void)state;
	sync_at(T0 + SEC);
	key('?');
	assert_int_equal(u.popup, POPUP_HELP);
	key('?');
	assert_int_equal(u.popup, POPUP_NONE);
	key(' ');
	key(K_ENTER);
	assert_int_equal(u.popup, POPUP_DETAILS);
	assert_int_equal(key(K_ESC), UI_DIRTY); /* closes the pop-up first */
	assert_int_equal(u.popup, POPUP_NONE);
	assert_true(u.frozen);
	assert_int_equal(key(K_ESC), UI_PAUSE); /* then goes on */
	assert_false(u.frozen);
	key(K_ESC); /* and never quits */
	assert_int_equal(key('q'), UI_QUIT);
	assert_int_equal(key(K_CTRL_L), UI_REDRAW);
	assert_int_equal(key(K_RESIZE), UI_REDRAW);
	assert_int_equal(key('Q'), UI_NOTHING);
}

/* Any keys at any size: the layout holds, the selection is on something. */
static void test_random_keys(void **state)
{
	static const int all[] = {'p', K_LEFT, K_RIGHT, 'a',	'd',	       '+',	    '-',
				  '0', 'F',    K_UP,	K_DOWN, K_PAGE_UP,     K_PAGE_DOWN, 'g',
				  'G', K_END,  K_ENTER, K_ESC,	K_TAB,	       '1',	    '3',
				  '4', 'H',    'o',	'u',	K_MOUSE_CLICK, K_ZOOM_IN};
	struct tui_status s = {.title = "x", .live = true, .info = &info};
	struct rng r = {41};
	uint32_t tid = PID + 1;
	(void)state;

	a_life();
	for (int i = 0; i < 20000; i++) {
		if (rng_below(&r, 50) == 0)
			thread(tid++, rng_below(&r, 2) ? PID : 300, now);
		if (rng_below(&r, 50) == 0 && tid > PID + 3)
			feed(m, mk_task(TASK_EXIT, tid - 1 - (uint32_t)rng_below(&r, 3), now, "x"));
		s.now_ns = now += rng_span(&r);
		ui_sync(&u, m, &s, (int)rng_below(&r, 150), (int)rng_below(&r, 60));
		ui_key(&u, m, all[rng_below(&r, COUNT_OF(all))], (int)rng_below(&r, 150),
		       (int)rng_below(&r, 60));
		assert_true(u.edge_ns <= u.now_ns && u.cursor_ns <= u.now_ns);
		assert_true(ui_first_ns(&u, m) <= u.edge_ns || u.edge_ns < T0);
		assert_true(ui_rows_h(&u) >= 1 && ui_cells_w(&u) >= 1);
		assert_true(ui_selected_row(&u) < u.n_rows);
		assert_non_null(ui_lane(&u, m));
		assert_false(u.follow && u.frozen);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_nothing_yet),	T(test_selection_stays), T(test_moves),
		T(test_many_processes), T(test_lane_of_process), T(test_ended_rows),
		T(test_hide_threads),	T(test_click),		 T(test_views),
		T(test_popups),		T(test_random_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
