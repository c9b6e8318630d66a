/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lanes by hand: each way in which one begins, changes and ends, and the tail
 * that is drawn before anything is settled.
 */
#include <errno.h>

#include "make.h"

static int setup(void **state)
{
	struct model *m = mk_model();

	feed(m, mk_task(TASK_SEED, PID, T0, "main"));
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(model_check(*state), 0);
	model_free(*state);
	return 0;
}

static uint64_t total(const struct lane *l, int slot)
{
	return l->timeline.total_ns[slot];
}

static void test_sleep_in_a_call(void **state)
{
	struct model *m = *state;
	const struct lane *l = lane_of_tid(m, PID);
	uint64_t since;

	/* user until 100, kernel until 130, then asleep: nothing is committed behind 100 yet */
	feed(m, mk_sleep(CALL_read, PID, T0 + 100, T0 + 130, 3, STATE_BLOCKED));
	assert_int_equal(l->timeline.end_ns, T0 + 100);
	assert_true(l->in_call);
	assert_int_equal(l->open_call.call, CALL_read);
	assert_int_equal(share(l, T0, T0 + 1000, STATE_USER), 100);
	assert_int_equal(share(l, T0, T0 + 1000, STATE_KERNEL), 30);
	assert_int_equal(share(l, T0, T0 + 1000, STATE_BLOCKED), 870);
	assert_int_equal(share(l, T0 + 110, T0 + 120, STATE_KERNEL), 10);
	assert_int_equal(lane_state_at(l, T0 + 50, &since), STATE_USER);
	assert_int_equal(lane_state_at(l, T0 + 129, &since), STATE_KERNEL);
	assert_int_equal(lane_state_at(l, T0 + 500, &since), STATE_BLOCKED);
	assert_int_equal(since, T0 + 130);
	/* the call is over: what was provisional is settled */
	feed(m, mk_slept(CALL_read, PID, T0 + 100, 30, 800, 20, 50, 3, 5));
	assert_false(l->in_call);
	assert_int_equal(l->timeline.end_ns, T0 + 1000);
	assert_int_equal(total(l, STATE_BLOCKED), 800);
	assert_int_equal(total(l, STATE_RUNNABLE), 20);
	assert_int_equal(total(l, STATE_COPY), 50);
	assert_int_equal(lane_state_at(l, T0 + 2000, &since), STATE_USER);
}

/* Still asleep at the end of the trace: its time counts up to there. */
static void test_open_end(void **state)
{
	struct model *m = *state;
	const struct lane *l = lane_of_tid(m, PID);
	struct event tick = mk_tick(T0 + 2000);

	feed(m, mk_sleep(CALL_epoll_wait, PID, T0 + 100, T0 + 130, 3, STATE_IDLE));
	model_finish(m, T0 + 1000);
	assert_int_equal(total(l, STATE_USER), 100);
	assert_int_equal(total(l, STATE_KERNEL), 30);
	assert_int_equal(total(l, STATE_IDLE), 870);
	/* over is over */
	assert_int_equal(model_feed(m, &tick), -EBADMSG);
	model_finish(m, T0 + 5000);
	assert_int_equal(l->timeline.end_ns, T0 + 1000);
}

static void test_off_and_on(void **state)
{
	struct model *m = *state;
	const struct lane *l = lane_of_tid(m, PID);
	uint64_t since;

	feed(m, mk_out(PID, T0 + 100, STATE_DISK));
	assert_int_equal(share(l, T0, T0 + 500, STATE_DISK), 400);
	assert_int_equal(l->nvcsw, 1);
	feed(m, mk_in(PID, T0 + 100, T0 + 600, T0 + 650, STATE_DISK));
	assert_int_equal(total(l, STATE_DISK), 500);
	assert_int_equal(total(l, STATE_RUNNABLE), 50); /* woken, not yet on a CPU */
	/* preempted: runnable, for the state that it interrupted */
	feed(m, mk_out(PID, T0 + 700, STATE_RUNNABLE));
	assert_int_equal(lane_state_at(l, T0 + 750, &since), STATE_RUNNABLE);
	feed(m, mk_in(PID, T0 + 700, T0 + 700, T0 + 800, STATE_RUNNABLE));
	assert_int_equal(total(l, STATE_RUNNABLE_RUN), 100);
	assert_int_equal(total(l, STATE_RUNNABLE), 50);
	assert_int_equal(l->nivcsw, 1);
	assert_int_equal(l->nvcsw, 1);
	assert_int_equal(total(l, STATE_USER), 150);
}

/* A newborn waits for its first turn: runnable, and not preempted. */
static void test_newborn(void **state)
{
	struct model *m = *state;
	const struct lane *l;

	feed(m, mk_task(TASK_NEW, PID + 1, T0 + 100, "child"));
	l = lane_of_tid(m, PID + 1);
	assert_int_equal(share(l, T0, T0 + 150, STATE_RUNNABLE), 50);
	feed(m, mk_in(PID + 1, T0 + 100, T0 + 100, T0 + 180, STATE_RUNNABLE));
	assert_int_equal(total(l, STATE_RUNNABLE), 80);
	assert_int_equal(total(l, STATE_RUNNABLE_RUN), 0);
	assert_int_equal(l->proc->n_alive, 2);
}

static void test_polling(void **state)
{
	struct model *m = *state;
	const struct lane *l = lane_of_tid(m, PID);
	struct event ev = mk_spin(CALL_read, PID, T0 + 100, T0 + 1100, 3, 500);

	ev.spin.runq_ns = 200;
	feed(m, ev);
	assert_int_equal(total(l, STATE_SPIN), 800);
	assert_int_equal(total(l, STATE_RUNNABLE_SPIN), 200);
	assert_int_equal(share(l, T0 + 1100, T0 + 1500, STATE_SPIN), 400); /* the run lasts */
	ev = mk_spin(CALL_read, PID, T0 + 1100, T0 + 1200, 3, 50);
	ev.spin.ending = true;
	feed(m, ev);
	ev.spin.fd = 4; /* another slot of the same flush takes no time of its own */
	ev.spin.first = false;
	feed(m, ev);
	assert_int_equal(total(l, STATE_SPIN), 900);
	assert_int_equal(share(l, T0 + 1200, T0 + 1500, STATE_USER), 300);
	assert_int_equal(l->totals.folded, 600);
}

static void test_exit_and_reuse(void **state)
{
	struct model *m = *state;
	const struct lane *l, *again;

	feed(m, mk_task(TASK_SEED, PID + 1, T0, "first"));
	l = lane_of_tid(m, PID + 1);
	feed(m, mk_task(TASK_EXIT, PID + 1, T0 + 500, "first"));
	assert_int_equal(l->end_ns, T0 + 500);
	assert_int_equal(total(l, STATE_USER), 500);
	assert_int_equal(share(l, T0, T0 + 9000, STATE_USER), 500); /* nothing after its end */
	assert_int_equal(l->label.shown, LABEL_EXITED);
	feed(m, mk_task(TASK_NEW, PID + 1, T0 + 800, "second"));
	again = lane_of_tid(m, PID + 1);
	assert_ptr_not_equal(again, l);
	assert_string_equal(again->comm, "second");
	assert_int_equal(again->birth_ns, T0 + 800);
	/* the end of that one was not seen: a third one has its number */
	feed(m, mk_task(TASK_NEW, PID + 1, T0 + 900, "third"));
	assert_int_equal(again->end_ns, T0 + 900);
	assert_int_equal(total(again, STATE_UNKNOWN), 100);
}

/* The process ends with its last thread; its number may come back. */
static void test_process_end(void **state)
{
	struct model *m = *state;
	const struct process *p = lane_of_tid(m, PID)->proc;

	feed(m, mk_task(TASK_EXIT, PID, T0 + 500, "main"));
	assert_int_equal(p->end_ns, T0 + 500);
	assert_int_equal(p->n_alive, 0);
	assert_int_equal(p->label.shown, LABEL_EXITED);
	feed(m, mk_task(TASK_NEW, PID, T0 + 900, "other"));
	assert_int_equal(model_n_processes(m), 2);
	assert_ptr_not_equal(lane_of_tid(m, PID)->proc, p);
}

/* decisions.md 7: the leader's lane ends, the caller's ends with exec, a new one begins. */
static void test_exec_by_another_thread(void **state)
{
	struct model *m = *state;
	const struct lane *leader = lane_of_tid(m, PID), *caller, *now;
	struct event ev = mk_task(TASK_EXEC, PID, T0 + 1000, "program");

	feed(m, mk_task(TASK_SEED, PID + 1, T0, "caller"));
	caller = lane_of_tid(m, PID + 1);
	feed(m, mk_task(TASK_EXIT, PID, T0 + 900, "main"));
	ev.task.old_tid = PID + 1;
	ev.task.files = FILES + 5;
	feed(m, ev);
	now = lane_of_tid(m, PID);
	assert_ptr_not_equal(now, leader);
	assert_int_equal(leader->end_ns, T0 + 900);
	assert_int_equal(caller->end_ns, T0 + 1000);
	assert_true(caller->ended_by_exec);
	assert_false(leader->ended_by_exec);
	assert_int_equal(now->birth_ns, T0 + 1000);
	assert_int_equal(now->files, FILES + 5);
	assert_string_equal(now->proc->comm, "program");
	assert_ptr_equal(now->proc, caller->proc); /* the process lived on */
	assert_int_equal(now->proc->n_alive, 1);
	assert_int_equal(now->proc->end_ns, 0);
	/* the execve began before the lane did: it is cut there, and that is no anomaly */
	feed(m, mk_call(CALL_execve, PID, T0 + 950, 300, -1, 0));
	assert_int_equal(total(now, STATE_KERNEL), 250);
	assert_int_equal(model_anomalies(m), 0);
	assert_int_equal(now->totals.calls, 1);
}

/* When the execve began is known only if it slept; what is not known is not kernel. */
static void test_exec_begins(void **state)
{
	struct model *m = *state;
	const struct lane *l;
	struct event ev = mk_task(TASK_EXEC, PID, T0 + 1000, "program");

	feed(m, mk_task(TASK_SEED, PID + 1, T0, "caller"));
	l = lane_of_tid(m, PID + 1);
	feed(m, mk_sleep(CALL_execve, PID + 1, T0 + 600, T0 + 700, -1, STATE_BLOCKED));
	ev.task.old_tid = PID + 1;
	feed(m, ev);
	assert_int_equal(total(l, STATE_USER), 600);
	assert_int_equal(total(l, STATE_KERNEL), 100);
	assert_int_equal(total(l, STATE_BLOCKED), 300);
	feed(m, mk_task(TASK_SEED, PID + 2, T0 + 1000, "caller"));
	l = lane_of_tid(m, PID + 2);
	feed(m, mk_call(CALL_read, PID + 2, T0 + 1100, 100, -1, 0));
	ev.task.old_tid = PID + 2;
	ev.t_ns = T0 + 2000;
	feed(m, ev);
	assert_int_equal(total(l, STATE_USER), 900);
	assert_int_equal(total(l, STATE_KERNEL), 100);
	/* after a loss not even that is known */
	feed(m, mk_task(TASK_SEED, PID + 3, T0 + 2000, "caller"));
	l = lane_of_tid(m, PID + 3);
	feed(m, mk_loss(PID + 3, T0 + 2100, T0 + 2200, 1));
	ev.task.old_tid = PID + 3;
	ev.t_ns = T0 + 3000;
	feed(m, ev);
	assert_int_equal(total(l, STATE_USER), 100);
	assert_int_equal(total(l, STATE_UNKNOWN), 900);
}

static void test_exec_by_the_leader(void **state)
{
	struct model *m = *state;
	const struct lane *l = lane_of_tid(m, PID);
	struct event ev = mk_task(TASK_EXEC, PID, T0 + 1000, "program");

	ev.task.old_tid = PID;
	feed(m, ev);
	assert_ptr_equal(lane_of_tid(m, PID), l);
	assert_int_equal(l->end_ns, 0);
	assert_string_equal(l->comm, "program");
}

static void test_names(void **state)
{
	struct model *m = *state;

	feed(m, mk_task(TASK_SEED, PID + 1, T0, "helper"));
	feed(m, mk_task(TASK_NAME, PID + 1, T0 + 5, "pool-1"));
	assert_string_equal(lane_of_tid(m, PID + 1)->comm, "pool-1");
	assert_string_equal(lane_of_tid(m, PID)->proc->comm, "main"); /* the leader's */
	feed(m, mk_task(TASK_NAME, PID, T0 + 6, "renamed"));
	assert_string_equal(lane_of_tid(m, PID)->proc->comm, "renamed");
}

/* A record of a thread that nobody announced gives it a lane. */
static void test_unannounced(void **state)
{
	struct model *m = *state;
	const struct lane *l;

	feed(m, mk_call(CALL_read, PID + 9, T0 + 500, 100, 3, 1));
	l = lane_of_tid(m, PID + 9);
	assert_int_equal(l->birth_ns, T0 + 500);
	assert_int_equal(total(l, STATE_KERNEL), 100);
	assert_int_equal(total(l, STATE_USER), 0);
	/* it lives from the start of what its first record tells of */
	feed(m, mk_sleep(CALL_read, PID + 10, T0 + 500, T0 + 600, 3, STATE_BLOCKED));
	assert_int_equal(lane_of_tid(m, PID + 10)->birth_ns, T0 + 500);
	feed(m, mk_in(PID + 11, T0 + 500, T0 + 600, T0 + 700, STATE_IDLE));
	assert_int_equal(lane_of_tid(m, PID + 11)->birth_ns, T0 + 500);
	feed(m, mk_slept(CALL_read, PID + 10, T0 + 500, 100, 50, 1, 1, 3, 1));
	assert_int_equal(model_anomalies(m), 0);
}

/* A record whose kept parts contradict its totals does not run past its end. */
static void test_mixed_that_lies(void **state)
{
	struct model *m = *state;
	const struct lane *l = lane_of_tid(m, PID);
	struct event ev = mk_call(CALL_read, PID, T0, 0, 3, 1);

	ev.t_ns = T0 + 1000;
	ev.call.wait_ns = 1000; /* and yet 900 of it were on the CPU */
	ev.call.nseg = 2;
	ev.call.seg[1] = 900 << 4 | SEG_MIXED;
	feed(m, ev);
	assert_int_equal(l->timeline.end_ns, T0 + 1000);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_sleep_in_a_call), T(test_open_end),
		T(test_off_and_on),	 T(test_newborn),
		T(test_polling),	 T(test_exit_and_reuse),
		T(test_process_end),	 T(test_exec_by_another_thread),
		T(test_exec_begins),	 T(test_exec_by_the_leader),
		T(test_names),		 T(test_unannounced),
		T(test_mixed_that_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
