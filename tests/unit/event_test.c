/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel records -> events: every kind of record is decoded member by member,
 * and a record that breaks the contract of record.h is refused: wrong size,
 * unknown kind, times that cannot be.  Calls: call_record_test.c.
 */
#include "decode.h"

static struct rec_task a_task(void)
{
	struct rec_task r = {
		.head = head,
		.clone_flags = 0x3d0f00,
		.start_ns = 77,
		.op = TASK_NEW,
		.flags = TASKF_TARGET,
		.files = 9,
		.ptid = 11,
		.ptgid = 10,
		.old_tid = 13,
		.code = 0x8b,
		.nvcsw = 4,
		.nivcsw = 5,
		.global_tid = 1012,
		.comm = "worker",
	};

	r.head.kind = REC_TASK;
	return r;
}

static void test_task(void **state)
{
	struct rec_task r = a_task();
	(void)state;

	GOOD(r);
	head_is_there(EV_TASK);
	assert_int_equal(ev.task.clone_flags, 0x3d0f00);
	assert_int_equal(ev.task.start_ns, 77);
	assert_int_equal(ev.task.op, TASK_NEW);
	assert_int_equal(ev.task.flags, TASKF_TARGET);
	assert_int_equal(ev.task.files, 9);
	assert_int_equal(ev.task.ptid, 11);
	assert_int_equal(ev.task.ptgid, 10);
	assert_int_equal(ev.task.old_tid, 13);
	assert_int_equal(ev.task.code, 0x8b);
	assert_int_equal(ev.task.nvcsw, 4);
	assert_int_equal(ev.task.nivcsw, 5);
	assert_int_equal(ev.task.global_tid, 1012);
	assert_string_equal(ev.task.comm, "worker");
	r.op = 0;
	BAD(r);
	r.op = TASK_FILES + 1;
	BAD(r);
}

/* A name that fills its room is ended all the same; bytes behind its end are dropped. */
static void test_task_name(void **state)
{
	struct rec_task r = a_task();
	(void)state;

	memset(r.comm, 'x', sizeof(r.comm));
	GOOD(r);
	assert_string_equal(ev.task.comm, "xxxxxxxxxxxxxxx");
	memcpy(r.comm, "ab\0cd", 6);
	GOOD(r);
	assert_string_equal(ev.task.comm, "ab");
	for (size_t i = 2; i < REC_COMM; i++)
		assert_int_equal(ev.task.comm[i], 0);
}

static void test_sleep(void **state)
{
	struct rec_sleep r = {
		.head = head,
		.enter_ns = T0,
		.asked = 4096,
		.nr = 17,
		.fd = 4,
		.call = CALL_pread64,
		.flags = CALLF_FD | CALLF_ASKED,
		.state = STATE_BLOCKED,
	};
	(void)state;

	r.head.kind = REC_SLEEP;
	GOOD(r);
	head_is_there(EV_SLEEP);
	assert_int_equal(ev.sleep.enter_ns, T0);
	assert_int_equal(ev.sleep.asked, 4096);
	assert_int_equal(ev.sleep.nr, 17);
	assert_int_equal(ev.sleep.fd, 4);
	assert_int_equal(ev.sleep.call, CALL_pread64);
	assert_int_equal(ev.sleep.state, STATE_BLOCKED);
	r.flags = 0; /* what is not said to be known is not taken over */
	GOOD(r);
	assert_int_equal(ev.sleep.fd, -1);
	assert_int_equal(ev.sleep.asked, 0);
	r.enter_ns = head.t_ns + 1;
	BAD(r);
	r.enter_ns = T0;
	r.state = STATE_COUNT;
	BAD(r);
	r.state = STATE_IDLE;
	r.call = CALL_COUNT;
	BAD(r);
}

static void test_sched(void **state)
{
	struct rec_sched r = {
		.head = head,
		.off_ns = T0 + 100,
		.wake_ns = T0 + 900,
		.waker = 55,
		.nr = 39,
		.prev_state = 0x2002,
		.dir = SCHED_IN,
		.state = STATE_DISK,
		.waker_kind = WAKER_TASK,
		.in_iowait = 1,
	};
	(void)state;

	r.head.kind = REC_SCHED;
	GOOD(r);
	head_is_there(EV_SCHED);
	assert_int_equal(ev.sched.off_ns, T0 + 100);
	assert_int_equal(ev.sched.wake_ns, T0 + 900);
	assert_int_equal(ev.sched.waker, 55);
	assert_int_equal(ev.sched.nr, 39);
	assert_int_equal(ev.sched.prev_state, 0x2002);
	assert_int_equal(ev.sched.dir, SCHED_IN);
	assert_int_equal(ev.sched.state, STATE_DISK);
	assert_int_equal(ev.sched.waker_kind, WAKER_TASK);
	assert_int_equal(ev.sched.in_iowait, 1);
	r.off_ns = r.wake_ns + 1;
	BAD(r);
	r.off_ns = T0;
	r.wake_ns = head.t_ns + 1;
	BAD(r);
	r.wake_ns = T0;
	r.dir = 2;
	BAD(r);
	r.dir = SCHED_OUT;
	r.state = STATE_COUNT;
	BAD(r);
	r.state = STATE_IDLE;
	r.waker_kind = WAKER_IRQ + 1;
	BAD(r);
}

static void test_spin(void **state)
{
	struct rec_spin r = {
		.head = head,
		.ts_ns = T0 + 100,
		.end_ns = T0 + 900,
		.run_ns = T0,
		.runq_ns = 30,
		.count = 812334,
		.ret = -11,
		.fd = 4,
		.call = CALL_read,
		.flags = CALLF_FD,
		.first = 1,
		.ending = 1,
	};
	(void)state;

	r.head.kind = REC_SPIN;
	GOOD(r);
	head_is_there(EV_SPIN);
	assert_int_equal(ev.spin.ts_ns, T0 + 100);
	assert_int_equal(ev.spin.end_ns, T0 + 900);
	assert_int_equal(ev.spin.run_ns, T0);
	assert_int_equal(ev.spin.runq_ns, 30);
	assert_int_equal(ev.spin.count, 812334);
	assert_int_equal(ev.spin.ret, -11);
	assert_int_equal(ev.spin.fd, 4);
	assert_true(ev.spin.first && ev.spin.ending);
	r.flags = 0;
	GOOD(r);
	assert_int_equal(ev.spin.fd, -1);
	r.runq_ns = 801;
	BAD(r);
	r.runq_ns = 0;
	r.count = 0;
	BAD(r);
	r.count = 1;
	r.run_ns = T0 + 101;
	BAD(r);
	r.run_ns = T0;
	r.end_ns = head.t_ns + 1;
	BAD(r);
	r.end_ns = T0 + 99;
	BAD(r);
}

static void test_loss(void **state)
{
	struct rec_loss r = {
		.head = head, .since_ns = T0, .calls = 7, .records = 2, .cause = LOSS_RING};
	(void)state;

	r.head.kind = REC_LOSS;
	GOOD(r);
	head_is_there(EV_LOSS);
	assert_int_equal(ev.loss.since_ns, T0);
	assert_int_equal(ev.loss.calls, 7);
	assert_int_equal(ev.loss.records, 2);
	assert_int_equal(ev.loss.cause, LOSS_RING);
	r.since_ns = head.t_ns + 1;
	BAD(r);
	r.since_ns = T0;
	r.cause = 0;
	BAD(r);
	r.cause = LOSS_CAUSES;
	BAD(r);
}

static void test_tick(void **state)
{
	struct rec_head r = head;
	(void)state;

	r.kind = REC_TICK;
	GOOD(r);
	head_is_there(EV_TICK);
	r.t_ns = 1ull << 63;
	BAD(r);
}

/* No kind takes a record of another size, and no size makes an unknown kind known. */
static void test_sizes(void **state)
{
	static const size_t want[] = {
		[REC_TASK] = sizeof(struct rec_task),	[REC_SLEEP] = sizeof(struct rec_sleep),
		[REC_SCHED] = sizeof(struct rec_sched), [REC_CALL] = sizeof(struct rec_call),
		[REC_CALLX] = sizeof(struct rec_callx), [REC_SPIN] = sizeof(struct rec_spin),
		[REC_FD] = 0 /* its own length says */, [REC_LOSS] = sizeof(struct rec_loss),
		[REC_TICK] = sizeof(struct rec_head)};
	union {
		struct rec_head h;
		char bytes[512];
	} r;
	(void)state;

	for (unsigned kind = 0; kind < 40; kind++) {
		for (size_t len = 0; len < sizeof(r); len++) {
			memset(&r, 0, sizeof(r));
			r.h = head;
			r.h.kind = (uint16_t)kind;
			if (kind < COUNT_OF(want) && want[kind] && len == want[kind])
				continue;
			if (kind == REC_FD && len == sizeof(struct rec_fd))
				continue;
			assert_int_equal(decode(&r, len), -EBADMSG);
		}
	}
	r.h.kind = 0xffff;
	assert_int_equal(decode(&r, sizeof(r.h)), -EBADMSG);
}

/* Whatever the bytes: refused, or an event that passes its own checks. */
static void test_random_bytes(void **state)
{
	static const size_t sizes[] = {24, 56, 64, 88, 96, 104, 120, 192};
	struct rng r = {7};
	unsigned taken = 0;
	(void)state;

	for (int n = 0; n < 200000; n++) {
		size_t len = sizes[rng_below(&r, COUNT_OF(sizes))];
		uint64_t rec[24];
		struct rec_head *h = (struct rec_head *)rec;

		for (size_t i = 0; i < COUNT_OF(rec); i++)
			rec[i] = rng_below(&r, 3) ? rng_below(&r, 8) : rng_next(&r);
		h->kind = (uint16_t)rng_below(&r, 11);
		h->t_ns = rng_next(&r) >> (rng_below(&r, 2) ? 20 : 0);
		if (decode(rec, len))
			continue;
		taken++;
		assert_int_equal(event_check(&ev), 0);
		if (ev.kind == EV_CALL)
			assert_int_equal(ev.call.wait_ns + ev.call.runq_ns + ev.call.copy_ns +
						 ev.call.cpu_ns,
					 ev_call_dur_ns(&ev));
	}
	assert_true(taken > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_task),	     cmocka_unit_test(test_task_name),
		cmocka_unit_test(test_sleep),	     cmocka_unit_test(test_sched),
		cmocka_unit_test(test_spin),	     cmocka_unit_test(test_loss),
		cmocka_unit_test(test_tick),	     cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
