/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel records -> events: every kind of record is decoded member by member,
 * and a record that breaks the contract of record.h is refused: wrong size,
 * unknown kind, phases that do not add up, segments out of place.
 */
#include "event.h"

#include <errno.h>

#include "make.h"

static struct event ev;
static struct event_text text;

static const struct rec_head head = {.t_ns = T0 + 1000, .tid = 12, .tgid = 10, .cpu = 3};

static int decode(const void *rec, size_t len)
{
	memset(&ev, 0x5a, sizeof(ev)); /* nothing may be left of it */
	return event_decode(rec, len, &ev, &text);
}

#define GOOD(r) assert_int_equal(decode(&(r), sizeof(r)), 0)
#define BAD(r)	assert_int_equal(decode(&(r), sizeof(r)), -EBADMSG)

static void head_is_there(unsigned kind)
{
	assert_int_equal(ev.kind, kind);
	assert_int_equal(ev.t_ns, T0 + 1000);
	assert_int_equal(ev.tid, 12);
	assert_int_equal(ev.tgid, 10);
	assert_int_equal(ev.cpu, 3);
}

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

static struct rec_call a_call(uint32_t dur, uint32_t copy, uint32_t at)
{
	struct rec_call r = {
		.head = head,
		.dur_ns = dur,
		.copy_ns = copy,
		.copy_at_ns = at,
		.fd = 5,
		.ret = 100,
		.asked = 200,
		.call = CALL_read,
		.flags = CALLF_FD | CALLF_ASKED | CALLF_NONBLOCK,
		.copy_src = COPY_EXACT,
	};

	r.head.kind = REC_CALL;
	return r;
}

static void segs_are(unsigned n, uint64_t a, uint64_t b, uint64_t c)
{
	assert_int_equal(ev.call.nseg, n);
	assert_int_equal(ev.call.seg[0], a);
	assert_int_equal(ev.call.seg[1], b);
	assert_int_equal(ev.call.seg[2], c);
}

static void test_short_call(void **state)
{
	struct rec_call r = a_call(600, 200, 100);
	(void)state;

	GOOD(r);
	head_is_there(EV_CALL);
	assert_int_equal(ev.call.enter_ns, T0 + 400);
	assert_int_equal(ev_call_dur_ns(&ev), 600);
	assert_int_equal(ev.call.cpu_ns, 400);
	assert_int_equal(ev.call.copy_ns, 200);
	assert_int_equal(ev.call.wait_ns + ev.call.runq_ns, 0);
	assert_int_equal(ev.call.ret, 100);
	assert_int_equal(ev.call.asked, 200);
	assert_int_equal(ev.call.fd, 5);
	assert_int_equal(ev.call.attempt, 1);
	assert_int_equal(ev.call.copy_src, COPY_EXACT);
	segs_are(3, SEG_CPU, 100 << 4 | SEG_COPY, 300 << 4 | SEG_CPU);
	r.flags = 0;
	GOOD(r);
	assert_int_equal(ev.call.fd, -1);
	assert_int_equal(ev.call.asked, 0);
}

/* The parts that are empty are left out. */
static void test_short_call_parts(void **state)
{
	struct rec_call r = a_call(600, 0, 0);
	(void)state;

	GOOD(r);
	segs_are(1, SEG_CPU, 0, 0);
	r = a_call(600, 200, 400); /* to the end */
	GOOD(r);
	segs_are(2, SEG_CPU, 400 << 4 | SEG_COPY, 0);
	r = a_call(600, 200, 0); /* from the start */
	GOOD(r);
	segs_are(2, SEG_COPY, 200 << 4 | SEG_CPU, 0);
	r = a_call(600, 600, 0); /* nothing else */
	GOOD(r);
	segs_are(1, SEG_COPY, 0, 0);
	r = a_call(0, 0, 0);
	GOOD(r);
	segs_are(1, SEG_CPU, 0, 0);
}

static void test_short_call_broken(void **state)
{
	struct rec_call r = a_call(600, 601, 0);
	(void)state;

	BAD(r);
	r = a_call(600, 200, 601); /* the copy begins behind the end */
	BAD(r);
	r = a_call(600, 0, 0);
	r.call = CALL_COUNT;
	BAD(r);
	r.call = CALL_read;
	r.copy_src = COPY_SRC_COUNT;
	BAD(r);
	r.copy_src = COPY_NONE;
	r.head.t_ns = 599; /* it would have begun before the clock */
	BAD(r);
}

/* [cpu 100][wait 500][runq 50][copy 150][cpu 200] */
static struct rec_callx a_callx(void)
{
	struct rec_callx r = {
		.head = head,
		.enter_ns = T0,
		.wait_ns = 500,
		.runq_ns = 50,
		.copy_ns = 150,
		.cpu_ns = 300,
		.ret = -11,
		.asked = 8,
		.fd = 6,
		.nr = 45,
		.sleeps = 1,
		.preempts = 2,
		.waker = 9,
		.attempt = 1,
		.call = CALL_recvfrom,
		.flags = CALLF_FD,
		.copy_src = COPY_START,
		.nseg = 5,
		.waker_kind = WAKER_IRQ,
		.seg = {SEG_CPU, 100 << 4 | SEG_WAIT, 600 << 4 | SEG_RUNQ, 650 << 4 | SEG_COPY,
			800 << 4 | SEG_CPU},
	};

	r.head.kind = REC_CALLX;
	return r;
}

static void test_full_call(void **state)
{
	struct rec_callx r = a_callx();
	(void)state;

	GOOD(r);
	head_is_there(EV_CALL);
	assert_int_equal(ev.call.enter_ns, T0);
	assert_int_equal(ev.call.wait_ns, 500);
	assert_int_equal(ev.call.runq_ns, 50);
	assert_int_equal(ev.call.copy_ns, 150);
	assert_int_equal(ev.call.cpu_ns, 300);
	assert_int_equal(ev.call.ret, -11);
	assert_int_equal(ev.call.asked, 0); /* CALLF_ASKED is not set */
	assert_int_equal(ev.call.fd, 6);
	assert_int_equal(ev.call.nr, 45);
	assert_int_equal(ev.call.sleeps, 1);
	assert_int_equal(ev.call.preempts, 2);
	assert_int_equal(ev.call.waker, 9);
	assert_int_equal(ev.call.waker_kind, WAKER_IRQ);
	assert_int_equal(ev.call.copy_src, COPY_START);
	assert_int_equal(ev.call.nseg, 5);
	assert_memory_equal(ev.call.seg, r.seg, sizeof(r.seg));
}

static void test_identity(void **state)
{
	struct rec_callx r = a_callx();
	(void)state;

	r.cpu_ns++;
	BAD(r);
	r.cpu_ns -= 2;
	BAD(r);
	r = a_callx();
	r.wait_ns = (uint64_t)-50; /* a sum that overflows to the right value is wrong too */
	r.runq_ns = 600;
	BAD(r);
	r = a_callx();
	r.enter_ns = head.t_ns + 1;
	BAD(r);
}

static void test_segments(void **state)
{
	struct rec_callx r = a_callx();
	(void)state;

	r.nseg = 0;
	BAD(r);
	r.nseg = REC_SEGS + 1;
	BAD(r);
	r = a_callx();
	r.seg[0] = 1 << 4 | SEG_CPU; /* does not begin at the start */
	BAD(r);
	r = a_callx();
	r.seg[2] = 90 << 4 | SEG_RUNQ; /* goes back */
	BAD(r);
	r = a_callx();
	r.seg[4] = 1001 << 4 | SEG_CPU; /* outside */
	BAD(r);
	r.seg[4] = 1000 << 4 | SEG_CPU; /* empty, but inside */
	GOOD(r);
	r = a_callx();
	r.seg[1] = 100 << 4 | SEG_COUNT; /* of no kind */
	BAD(r);
	r = a_callx();
	r.seg[4] = 800 << 4 | SEG_MIXED; /* the last one may be mixed, no other */
	GOOD(r);
	r = a_callx();
	r.seg[3] = 650 << 4 | SEG_MIXED;
	BAD(r);
}

static void test_attempts(void **state)
{
	struct rec_callx r = a_callx();
	(void)state;

	r.first_ns = T0 - 500;
	GOOD(r);
	assert_int_equal(ev.call.first_ns, 0); /* the only attempt: nothing came before */
	r.attempt = 2;
	GOOD(r);
	assert_int_equal(ev.call.first_ns, T0 - 500);
	assert_int_equal(ev.call.attempt, 2);
	r.first_ns = T0 + 1;
	BAD(r);
	r.first_ns = 0;
	BAD(r);
	r.attempt = 0;
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
		cmocka_unit_test(test_task),
		cmocka_unit_test(test_task_name),
		cmocka_unit_test(test_sleep),
		cmocka_unit_test(test_sched),
		cmocka_unit_test(test_short_call),
		cmocka_unit_test(test_short_call_parts),
		cmocka_unit_test(test_short_call_broken),
		cmocka_unit_test(test_full_call),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_attempts),
		cmocka_unit_test(test_spin),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_tick),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
