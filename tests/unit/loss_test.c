/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loss (semantics 8): counted by cause; the thread, the process or everything
 * is unknown from the first dropped record until its next event, never joined
 * over.
 */
#include "make.h"

static struct model *m;

static int setup(void **state)
{
	struct event other = mk_task(TASK_SEED, 300, T0, "other");
	(void)state;

	m = mk_model();
	feed(m, mk_task(TASK_SEED, PID, T0, "main"));
	feed(m, mk_task(TASK_SEED, PID + 1, T0, "thread"));
	other.tgid = 300;
	feed(m, other);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(model_check(m), 0);
	model_free(m);
	return 0;
}

static uint64_t unknown(uint32_t tid, uint64_t upto)
{
	return share(lane_of_tid(m, tid), T0, upto, STATE_UNKNOWN);
}

static void test_of_a_thread(void **state)
{
	const struct lane *l = lane_of_tid(m, PID);
	uint64_t since;
	(void)state;

	feed(m, mk_loss(PID, T0 + 100, T0 + 400, 7));
	assert_int_equal(lane_state_at(l, T0 + 99, &since), STATE_USER);
	assert_int_equal(lane_state_at(l, T0 + 300, &since), STATE_UNKNOWN);
	assert_int_equal(since, T0 + 100);
	assert_int_equal(unknown(PID, T0 + 500), 400); /* it goes on: nothing was heard since */
	assert_int_equal(unknown(PID + 1, T0 + 500), 0);
	/* until the start of the next thing that is known */
	feed(m, mk_call(CALL_read, PID, T0 + 600, 50, 3, 1));
	assert_int_equal(unknown(PID, T0 + 9000), 500);
	assert_int_equal(l->timeline.total_ns[STATE_UNKNOWN], 500);
	assert_int_equal(l->timeline.total_ns[STATE_KERNEL], 50);
	assert_int_equal(share(l, T0 + 650, T0 + 700, STATE_USER), 50);
	assert_int_equal(l->lost_calls, 7);
	assert_int_equal(lane_of_tid(m, PID + 1)->lost_calls, 0);
}

static void test_of_a_process(void **state)
{
	struct event ev = mk_loss(0, T0 + 100, T0 + 400, 3);
	(void)state;

	feed(m, ev);
	assert_int_equal(unknown(PID, T0 + 500), 400);
	assert_int_equal(unknown(PID + 1, T0 + 500), 400);
	assert_int_equal(unknown(300, T0 + 500), 0);
}

static void test_of_all(void **state)
{
	struct event ev = mk_loss(0, T0 + 100, T0 + 400, 3);
	(void)state;

	ev.tgid = 0;
	feed(m, ev);
	assert_int_equal(unknown(PID, T0 + 500), 400);
	assert_int_equal(unknown(300, T0 + 500), 400);
	/* each until its own next event */
	feed(m, mk_out(PID, T0 + 450, STATE_BLOCKED));
	assert_int_equal(unknown(PID, T0 + 1000), 350);
	assert_int_equal(unknown(PID + 1, T0 + 1000), 900);
}

static void test_of_ended_threads(void **state)
{
	struct event ev = mk_loss(0, T0 + 600, T0 + 700, 1);
	const struct lane *l = lane_of_tid(m, PID + 1);
	(void)state;

	feed(m, mk_task(TASK_EXIT, PID + 1, T0 + 500, "thread"));
	feed(m, ev);
	assert_int_equal(l->timeline.end_ns, T0 + 500);
	assert_int_equal(share(l, T0, T0 + 1000, STATE_UNKNOWN), 0);
}

/* What was going on when records began to drop is known up to there. */
static void test_while_asleep(void **state)
{
	const struct lane *l = lane_of_tid(m, PID);
	(void)state;

	feed(m, mk_sleep(CALL_read, PID, T0 + 10, T0 + 20, 3, STATE_BLOCKED));
	feed(m, mk_loss(PID, T0 + 500, T0 + 900, 1));
	assert_false(l->in_call);
	assert_int_equal(l->timeline.total_ns[STATE_USER], 10);
	assert_int_equal(l->timeline.total_ns[STATE_KERNEL], 10);
	assert_int_equal(l->timeline.total_ns[STATE_BLOCKED], 480);
	assert_int_equal(unknown(PID, T0 + 1000), 500);
}

/* Each kind of event ends the gap where what it tells of begins. */
static void test_ends_with_any_event(void **state)
{
	static const uint64_t want[] = {600, 700, 600, 650, 900, 900};
	struct event ev[6];
	(void)state;

	ev[0] = mk_call(CALL_read, 0, T0 + 700, 100, 3, 1);
	ev[1] = mk_out(0, T0 + 800, STATE_IDLE);
	ev[2] = mk_in(0, T0 + 700, T0 + 800, T0 + 900, STATE_IDLE);
	ev[3] = mk_spin(CALL_read, 0, T0 + 750, T0 + 900, 3, 20);
	ev[4] = mk_task(TASK_EXIT, 0, T0 + 1000, "x");
	ev[5] = mk_task(TASK_NAME, 0, T0 + 950, "x"); /* says nothing of what it does */
	for (uint32_t i = 0; i < COUNT_OF(ev); i++) {
		uint32_t tid = PID + 10 + i;

		feed(m, mk_task(TASK_SEED, tid, T0, "x"));
		feed(m, mk_loss(tid, T0 + 100, T0 + 200, 1));
		ev[i].tid = tid;
		feed(m, ev[i]);
		assert_int_equal(unknown(tid, T0 + 1000), want[i]);
	}
}

/* A sleep that goes on: the gap ends where its call began. */
static void test_ends_with_a_sleep(void **state)
{
	const struct lane *l = lane_of_tid(m, PID);
	(void)state;

	feed(m, mk_loss(PID, T0 + 100, T0 + 200, 1));
	feed(m, mk_sleep(CALL_read, PID, T0 + 600, T0 + 610, 3, STATE_BLOCKED));
	assert_int_equal(unknown(PID, T0 + 1000), 500);
	assert_int_equal(share(l, T0, T0 + 1000, STATE_KERNEL), 10);
	assert_int_equal(share(l, T0, T0 + 1000, STATE_BLOCKED), 390);
}

/* Time that is settled already is not taken back. */
static void test_late_news(void **state)
{
	const struct lane *l = lane_of_tid(m, PID);
	(void)state;

	feed(m, mk_call(CALL_read, PID, T0 + 100, 900, 3, 1));
	feed(m, mk_loss(PID, T0 + 500, T0 + 1200, 1));
	assert_int_equal(l->timeline.total_ns[STATE_KERNEL], 900);
	assert_int_equal(unknown(PID, T0 + 1500), 500);
}

static void test_counts(void **state)
{
	const struct loss_total *loss = model_loss(m);
	struct event ev = mk_loss(PID, T0 + 10, T0 + 20, 5);
	(void)state;

	assert_int_equal(loss->calls + loss->records, 0);
	feed(m, ev);
	ev.loss.records = 3;
	ev.loss.cause = LOSS_QUEUE;
	feed(m, ev);
	assert_int_equal(loss->calls, 10);
	assert_int_equal(loss->records, 3);
	assert_int_equal(loss->by_cause[LOSS_RING], 5);
	assert_int_equal(loss->by_cause[LOSS_QUEUE], 8);
	assert_int_equal(loss->by_cause[LOSS_STATE], 0);
}

/* A thread of which the first thing heard is that records were lost. */
static void test_of_a_stranger(void **state)
{
	(void)state;
	feed(m, mk_loss(PID + 77, T0 + 100, T0 + 200, 1));
	assert_int_equal(lane_of_tid(m, PID + 77)->birth_ns, T0 + 100);
	assert_int_equal(unknown(PID + 77, T0 + 300), 200);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_of_a_thread),	   T(test_of_a_process), T(test_of_all),
		T(test_of_ended_threads),  T(test_while_asleep), T(test_ends_with_any_event),
		T(test_ends_with_a_sleep), T(test_late_news),	 T(test_counts),
		T(test_of_a_stranger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
