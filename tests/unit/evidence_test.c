/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence: the one line that says why a label is what it is, with its numbers;
 * and the rates of the last second.
 */
#include "label.h"

static void says(uint32_t tid, const char *want)
{
	char text[256];
	size_t n = evidence_format(lane_of_tid(m, tid)->label.why, text, sizeof(text));

	assert_string_equal(text, want);
	assert_int_equal(n, strlen(want));
}

static void test_evidence_busy(void **state)
{
	struct event ev = mk_spin(CALL_read, PID, T0, T0 + SEC, 4, 812334);
	(void)state;

	seed(PID, T0);
	ev.spin.runq_ns = 30 * MS;
	ev.cpu = 3;
	feed(m, ev);
	tick(T0 + SEC);
	says(PID, "read(4) -> EAGAIN x 812,334/s, 97 % of cpu 3");
	/* of several slots the one with the most tries tells, and only of its own */
	ev.spin.ts_ns = T0 + SEC;
	ev.spin.run_ns = T0;
	ev.t_ns = ev.spin.end_ns = T0 + 2 * SEC;
	ev.spin.count = 100;
	feed(m, ev);
	ev.spin.first = false;
	ev.spin.runq_ns = 0;
	ev.spin.call = CALL_poll;
	ev.spin.fd = -1;
	ev.spin.flags = 0;
	ev.spin.ret = 0;
	ev.spin.count = 900;
	feed(m, ev);
	for (int i = 1; i <= 10; i++)
		tick(T0 + SEC + (uint64_t)i * 100 * MS);
	says(PID, "poll() -> 0 x 900/s, 97 % of cpu 3");
}

static void test_evidence_blocked(void **state)
{
	uint64_t t = T0;
	(void)state;

	seed(PID, T0);
	for (int i = 0; i < 10; i++) {
		feed(m, mk_slept(CALL_read, PID, t, MS, 97 * MS, MS, MS, 7, 100));
		t += 100 * MS;
		tick(t);
	}
	says(PID, "read(7) blocked 97 % of 1.000 s, 10 wake-ups, 2 % cpu");
}

/* The call that sleeps now, if its sleep is the longest of the window. */
static void test_evidence_open_call(void **state)
{
	(void)state;
	seed(PID, T0);
	feed(m, mk_slept(CALL_read, PID, T0, MS, 97 * MS, MS, MS, 7, 100));
	feed(m, mk_sleep(CALL_epoll_wait, PID, T0 + 100 * MS, T0 + 100 * MS, 5, STATE_IDLE));
	tick(T0 + 150 * MS);
	says(PID, "read(7) blocked 65 % of 150 ms, 1 wake-up, 1 % cpu");
	assert_int_equal(lane_of_tid(m, PID)->label.why->since_ns, 0);
	tick(T0 + 400 * MS);
	says(PID, "epoll_wait(5) asleep 75 % of 400 ms, 1 wake-up, 1 % cpu");
	assert_int_equal(lane_of_tid(m, PID)->label.why->since_ns, T0 + 100 * MS);
}

/* Sleeps outside of watched calls are wake-ups like others. */
static void test_evidence_unwatched_sleeps(void **state)
{
	uint64_t t = T0;
	(void)state;

	seed(PID, T0);
	for (int i = 0; i < 20; i++) {
		struct event ev = mk_in(PID, t, t + 4 * MS, t + 4 * MS, STATE_BLOCKED);

		ev.sched.nr = i % 2 ? 77 : -1;
		feed(m, ev);
		t += 5 * MS;
	}
	tick(T0 + 100 * MS);
	says(PID, "blocked 80 % of 100 ms, 20 wake-ups, 20 % cpu");
}

static void test_evidence_running(void **state)
{
	(void)state;
	seed(PID, T0);
	for (uint64_t i = 0; i < 1500; i++)
		feed(m, mk_call(CALL_read, PID, T0 + i * 60 * US, 10 * US, 3, 1));
	feed(m, mk_out(PID, T0 + 90 * MS, STATE_BLOCKED));
	tick(T0 + 100 * MS);
	says(PID, "on cpu 90 % of 100 ms, 1,500 calls");
}

static void test_evidence_others(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		seed(PID + i, T0);
	spend(PID, T0, 100 * MS, STATE_STOPPED);
	feed(m, mk_loss(PID + 1, T0, T0 + 5, 1));
	spend(PID + 2, T0, 100 * MS, STATE_RUNNABLE);
	feed(m, mk_task(TASK_EXIT, PID + 3, T0 + 5, "x"));
	tick(T0 + 100 * MS);
	says(PID, "stopped 100 % of 100 ms, 0 % cpu");
	says(PID + 1, "events lost 100 % of 100 ms, 0 % cpu");
	says(PID + 2, "waiting for a cpu 100 % of 100 ms, 0 % cpu");
	says(PID + 3, "ended");
}

/* The thread that decides tells for its process; its own label may be another one. */
static void test_evidence_of_process(void **state)
{
	const struct evidence *why;
	(void)state;

	seed(PID, T0);
	spend(PID, T0, 100 * MS, STATE_BLOCKED);
	seed(PID + 1, T0);
	spend(PID + 1, T0, 100 * MS, STATE_SPIN);
	tick(T0 + 100 * MS);
	why = lane_of_tid(m, PID)->proc->label.why;
	assert_int_equal(process_label(), LABEL_BUSY);
	assert_int_equal(why->tid, PID + 1);
	assert_int_equal(why->label, LABEL_BUSY);
	assert_int_equal(why->share_ns, 100 * MS);
	assert_int_equal(why->fd, 4);
}

static void test_evidence_is_cut(void **state)
{
	char text[300];
	size_t whole, n;
	(void)state;

	seed(PID, T0);
	spend(PID, T0, 100 * MS, STATE_SPIN);
	tick(T0 + 100 * MS);
	whole = evidence_format(lane_of_tid(m, PID)->label.why, text, sizeof(text));
	for (size_t size = 1; size <= whole + 2; size++) {
		memset(text, 'x', sizeof(text));
		n = evidence_format(lane_of_tid(m, PID)->label.why, text, size);
		assert_int_equal(n, size <= whole ? size - 1 : whole);
		assert_int_equal(strlen(text), n);
		assert_int_equal(text[size], 'x');
	}
	assert_int_equal(evidence_format(lane_of_tid(m, PID)->label.why, text, 0), 0);
}

static void test_rates(void **state)
{
	const struct lane *l;
	(void)state;

	seed(PID, T0);
	l = lane_of_tid(m, PID);
	for (uint64_t i = 0; i < 2000; i++) { /* two seconds, a thousand calls each */
		feed(m, mk_call(CALL_read, PID, T0 + i * MS, 10 * US, 3, 4096));
		if (i % 100 == 99)
			tick(T0 + (i + 1) * MS);
	}
	assert_true(l->calls_per_s == 1000);
	assert_true(l->bytes_per_s == 4096000);
	assert_true(model_fd_of(m, l, 3)->calls_per_s == 1000);
	for (int i = 1; i <= 10; i++)
		tick(T0 + 2 * SEC + (uint64_t)i * 100 * MS);
	assert_true(l->calls_per_s == 0);
	assert_true(model_fd_of(m, l, 3)->calls_per_s == 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_evidence_busy),
		T(test_evidence_blocked),
		T(test_evidence_open_call),
		T(test_evidence_unwatched_sleeps),
		T(test_evidence_running),
		T(test_evidence_others),
		T(test_evidence_of_process),
		T(test_evidence_is_cut),
		T(test_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
