/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Labels (decisions.md 12): found on ticks only, by the shares of the window;
 * a new one must lead by a tenth; ties have an order; and a process's label
 * follows from those of its threads.
 */
#include "label.h"

static void test_each_label(void **state)
{
	static const struct {
		enum state s;
		enum label l;
	} rows[] = {
		{STATE_USER, LABEL_RUNNING},	  {STATE_KERNEL, LABEL_RUNNING},
		{STATE_COPY, LABEL_RUNNING},	  {STATE_SPIN, LABEL_BUSY},
		{STATE_BLOCKED, LABEL_BLOCKED},	  {STATE_DISK, LABEL_BLOCKED},
		{STATE_IDLE, LABEL_IDLE},	  {STATE_STOPPED, LABEL_STOPPED},
		{STATE_RUNNABLE, LABEL_RUNNABLE}, {STATE_UNKNOWN, LABEL_UNKNOWN},
	};
	(void)state;

	for (uint32_t i = 0; i < COUNT_OF(rows); i++)
		seed(PID + i, T0);
	for (uint32_t i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].s == STATE_UNKNOWN)
			feed(m, mk_loss(PID + i, T0, T0 + 5, 1));
		else
			spend(PID + i, T0, 100 * MS, rows[i].s);
	}
	tick(T0 + 100 * MS);
	for (uint32_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(label_of(PID + i), rows[i].l);
}

/* No tick, no label; and what is asleep right now counts up to the tick. */
static void test_on_ticks_only(void **state)
{
	(void)state;
	seed(PID, T0);
	feed(m, mk_sleep(CALL_epoll_wait, PID, T0 + 10, T0 + 20, 3, STATE_IDLE));
	assert_int_equal(label_of(PID), LABEL_NONE);
	assert_int_equal(process_label(), LABEL_NONE);
	tick(T0 + 100 * MS);
	assert_int_equal(label_of(PID), LABEL_IDLE);
	assert_int_equal(process_label(), LABEL_IDLE);
	assert_int_equal(lane_of_tid(m, PID)->label.since_ns, T0 + 100 * MS);
	tick(T0 + 200 * MS);
	assert_int_equal(lane_of_tid(m, PID)->label.since_ns, T0 + 100 * MS);
}

/* The window is one second, or the life when that is shorter. */
static void test_window(void **state)
{
	const struct evidence *why;
	uint64_t t = T0;
	(void)state;

	seed(PID, T0);
	t = spend(PID, t, 300 * MS, STATE_BLOCKED);
	tick(t);
	why = lane_of_tid(m, PID)->label.why;
	assert_int_equal(why->window_ns, 300 * MS);
	assert_int_equal(why->share_ns, 300 * MS);
	t = spend(PID, t, 700 * MS, STATE_USER);
	tick(t);
	assert_int_equal(why->window_ns, SEC);
	assert_int_equal(why->share_ns, 700 * MS);
	assert_int_equal(why->label, LABEL_RUNNING);
	/* the oldest slides out */
	t = spend(PID, t, 200 * MS, STATE_BLOCKED);
	tick(t);
	assert_int_equal(why->window_ns, SEC);
	assert_int_equal(why->share_ns, 700 * MS); /* [0.2 s, 1.2 s): 0.1 + 0.2 blocked */
}

/* A new label must lead by a tenth of the window, not less. */
static void test_hysteresis(void **state)
{
	uint64_t t = T0;
	(void)state;

	seed(PID, T0);
	t = spend(PID, t, 550 * MS, STATE_BLOCKED);
	tick(T0 + 500 * MS);
	assert_int_equal(label_of(PID), LABEL_BLOCKED);
	t = spend(PID, t, 450 * MS, STATE_USER);
	tick(t); /* 550 : 450 */
	assert_int_equal(label_of(PID), LABEL_BLOCKED);
	t = spend(PID, t, 99 * MS, STATE_USER);
	tick(t); /* 451 : 549, a lead of 98 */
	assert_int_equal(label_of(PID), LABEL_BLOCKED);
	t = spend(PID, t, 1 * MS, STATE_USER);
	tick(t); /* 450 : 550, a lead of exactly 100 */
	assert_int_equal(label_of(PID), LABEL_RUNNING);
	t = spend(PID, t, 100 * MS, STATE_BLOCKED);
	tick(t); /* 450 : 550 again */
	assert_int_equal(label_of(PID), LABEL_RUNNING);
}

/* Equal shares: busy-waiting, running, blocked, runnable, idle-waiting, stopped, unknown. */
static void test_ties(void **state)
{
	static const struct {
		enum state s;
		enum label l;
	} order[] = {
		{STATE_SPIN, LABEL_BUSY},	{STATE_USER, LABEL_RUNNING},
		{STATE_DISK, LABEL_BLOCKED},	{STATE_IDLE, LABEL_IDLE},
		{STATE_STOPPED, LABEL_STOPPED},
	};
	uint32_t tid = PID;
	(void)state;

	for (unsigned a = 0; a < COUNT_OF(order); a++)
		for (unsigned b = a + 1; b < COUNT_OF(order); b++, tid++) {
			seed(tid, T0);
			/* the weaker one first and last alike */
			spend(tid, T0, 25 * MS, order[b].s);
			spend(tid, T0 + 25 * MS, 50 * MS, order[a].s);
			spend(tid, T0 + 75 * MS, 25 * MS, order[b].s);
		}
	tick(T0 + 100 * MS);
	tid = PID;
	for (unsigned a = 0; a < COUNT_OF(order); a++)
		for (unsigned b = a + 1; b < COUNT_OF(order); b++, tid++)
			assert_int_equal(label_of(tid), order[a].l);
}

/* Preemption counts for what it interrupted, unless it is the story itself. */
static void test_preempted(void **state)
{
	(void)state;
	seed(PID, T0);
	spend(PID, T0, 30 * MS, STATE_USER);
	spend(PID, T0 + 30 * MS, 30 * MS, STATE_RUNNABLE);
	spend(PID, T0 + 60 * MS, 40 * MS, STATE_BLOCKED);
	seed(PID + 1, T0);
	spend(PID + 1, T0, 34 * MS, STATE_USER);
	spend(PID + 1, T0 + 34 * MS, 66 * MS, STATE_RUNNABLE);
	seed(PID + 2, T0);
	spend(PID + 2, T0, 33 * MS, STATE_USER);
	spend(PID + 2, T0 + 33 * MS, 67 * MS, STATE_RUNNABLE);
	tick(T0 + 100 * MS);
	assert_int_equal(label_of(PID), LABEL_RUNNING);	     /* 30 + 30 against 40 */
	assert_int_equal(label_of(PID + 1), LABEL_RUNNING);  /* short of two thirds */
	assert_int_equal(label_of(PID + 2), LABEL_RUNNABLE); /* starved */
}

/* A wait for a CPU after a sleep is no running. */
static void test_runnable_after_sleep(void **state)
{
	(void)state;
	seed(PID, T0);
	feed(m, mk_out(PID, T0 + 40 * MS, STATE_BLOCKED));
	feed(m, mk_in(PID, T0 + 40 * MS, T0 + 50 * MS, T0 + 100 * MS, STATE_BLOCKED));
	tick(T0 + 100 * MS);
	assert_int_equal(label_of(PID), LABEL_RUNNABLE); /* 40 user, 10 asleep, 50 waiting */
}

static void test_exited(void **state)
{
	(void)state;
	seed(PID, T0);
	seed(PID + 1, T0);
	tick(T0 + 100 * MS);
	feed(m, mk_task(TASK_EXIT, PID + 1, T0 + 110 * MS, "x"));
	assert_int_equal(label_of(PID + 1), LABEL_EXITED);
	assert_int_equal(lane_of_tid(m, PID + 1)->label.since_ns, T0 + 110 * MS);
	assert_int_equal(process_label(), LABEL_RUNNING);
	feed(m, mk_task(TASK_EXIT, PID, T0 + 120 * MS, "x"));
	assert_int_equal(process_label(), LABEL_EXITED);
	tick(T0 + 200 * MS);
	assert_int_equal(label_of(PID + 1), LABEL_EXITED);
}

/* --- processes --- */

/* Any thread that runs or polls: the larger of these two sums, over all threads. */
static void test_process_on_cpu(void **state)
{
	(void)state;
	seed(PID, T0);
	spend(PID, T0, 100 * MS, STATE_USER);
	for (uint32_t i = 1; i < 9; i++) {
		seed(PID + i, T0);
		spend(PID + i, T0, 100 * MS, STATE_BLOCKED);
	}
	tick(T0 + 100 * MS);
	assert_int_equal(process_label(), LABEL_RUNNING); /* one against eight */
}

static void test_process_sums_of_all_threads(void **state)
{
	(void)state;
	seed(PID, T0);
	spend(PID, T0, 60 * MS, STATE_USER);
	spend(PID, T0 + 60 * MS, 40 * MS, STATE_IDLE);
	/* three that poll a lot, yet are blocked for longer */
	for (uint32_t i = 1; i < 4; i++) {
		seed(PID + i, T0);
		spend(PID + i, T0, 40 * MS, STATE_SPIN);
		spend(PID + i, T0 + 40 * MS, 60 * MS, STATE_BLOCKED);
	}
	tick(T0 + 100 * MS);
	assert_int_equal(label_of(PID), LABEL_RUNNING);
	assert_int_equal(label_of(PID + 1), LABEL_BLOCKED);
	assert_int_equal(process_label(), LABEL_BUSY); /* 120 against 60 */
}

/* Off the CPU: threads that idle throughout have no say, unless all do. */
static void test_process_idle_throughout(void **state)
{
	(void)state;
	seed(PID, T0);
	spend(PID, T0, 60 * MS, STATE_BLOCKED);
	spend(PID, T0 + 60 * MS, 40 * MS, STATE_USER);
	for (uint32_t i = 1; i < 5; i++) {
		seed(PID + i, T0);
		spend(PID + i, T0, 100 * MS, STATE_IDLE);
	}
	tick(T0 + 100 * MS);
	assert_int_equal(process_label(), LABEL_BLOCKED);
}

static void test_process_all_idle(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		seed(PID + i, T0);
		spend(PID + i, T0, 100 * MS, STATE_IDLE);
	}
	tick(T0 + 100 * MS);
	assert_int_equal(process_label(), LABEL_IDLE);
}

/* One that idles with a short break counts in full. */
static void test_process_nearly_idle(void **state)
{
	(void)state;
	seed(PID, T0);
	spend(PID, T0, 100 * MS, STATE_BLOCKED);
	for (uint32_t i = 1; i < 3; i++) {
		seed(PID + i, T0);
		spend(PID + i, T0, 1, STATE_USER);
		spend(PID + i, T0 + 1, 100 * MS - 1, STATE_IDLE);
	}
	tick(T0 + 100 * MS);
	assert_int_equal(process_label(), LABEL_IDLE); /* 200 against 100 */
}

static void test_kernel_workers(void **state)
{
	struct event ev = mk_task(TASK_NEW, PID + 1, T0, "iou-wrk-100");
	(void)state;

	seed(PID, T0);
	ev.task.flags = TASKF_KERNEL_WORKER;
	feed(m, ev);
	spend(PID, T0, 100 * MS, STATE_IDLE);
	spend(PID + 1, T0, 100 * MS, STATE_KERNEL);
	tick(T0 + 100 * MS);
	assert_int_equal(label_of(PID + 1), LABEL_RUNNING); /* a label of its own, no vote */
	assert_int_equal(process_label(), LABEL_IDLE);
}

/* The tenth is that of the window, which for a young process is its life. */
static void test_young_process(void **state)
{
	uint64_t t = T0;
	(void)state;

	seed(PID, T0);
	t = spend(PID, t, 50 * MS, STATE_BLOCKED);
	t = spend(PID, t, 50 * MS, STATE_IDLE);
	tick(t); /* a tie: blocked */
	assert_int_equal(process_label(), LABEL_BLOCKED);
	t = spend(PID, t, 100 * MS, STATE_IDLE);
	tick(t); /* 50 : 150 of 200, a lead of half the window */
	assert_int_equal(label_of(PID), LABEL_IDLE);
	assert_int_equal(process_label(), LABEL_IDLE);
	t = spend(PID, t, 30 * MS, STATE_BLOCKED);
	tick(t); /* 80 : 150 */
	assert_int_equal(process_label(), LABEL_IDLE);
	t = spend(PID, t, 110 * MS, STATE_BLOCKED);
	tick(t); /* 190 : 150 of 340: 40 is more than a tenth */
	assert_int_equal(label_of(PID), LABEL_BLOCKED);
	assert_int_equal(process_label(), LABEL_BLOCKED);
}

static struct {
	unsigned lane, process;
	enum label last;
} told;

static void on_label(void *ctx, const struct lane *l, uint64_t t, const struct label_state *s)
{
	(void)ctx;
	assert_true(l->label.shown == s->shown && s->since_ns == t);
	assert_int_not_equal(s->shown, told.last);
	told.last = s->shown;
	told.lane++;
}

static void on_process_label(void *ctx, const struct process *p, uint64_t t,
			     const struct label_state *s)
{
	(void)ctx;
	assert_true(p->label.shown == s->shown && s->since_ns == t);
	told.process++;
}

/* Told at the first tick, at each change, and at the end: not at every tick. */
static void test_told_at_changes(void **state)
{
	const struct model_observer o = {.label = on_label, .process_label = on_process_label};
	uint64_t t = T0;
	(void)state;

	memset(&told, 0, sizeof(told));
	model_observe(m, &o);
	seed(PID, T0);
	for (int i = 0; i < 20; i++)
		tick(t = spend(PID, t, 100 * MS, STATE_BLOCKED));
	assert_int_equal(told.lane, 1);
	for (int i = 0; i < 20; i++)
		tick(t = spend(PID, t, 100 * MS, STATE_SPIN));
	assert_int_equal(told.lane, 2);
	assert_int_equal(told.last, LABEL_BUSY);
	feed(m, mk_task(TASK_EXIT, PID, t + 5, "x"));
	assert_int_equal(told.lane, 3);
	assert_int_equal(told.process, 3);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_each_label),
		T(test_on_ticks_only),
		T(test_window),
		T(test_hysteresis),
		T(test_ties),
		T(test_preempted),
		T(test_runnable_after_sleep),
		T(test_exited),
		T(test_process_on_cpu),
		T(test_process_sums_of_all_threads),
		T(test_process_idle_throughout),
		T(test_process_all_idle),
		T(test_process_nearly_idle),
		T(test_kernel_workers),
		T(test_young_process),
		T(test_told_at_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
