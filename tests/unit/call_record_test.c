/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of calls -> events: the short and the full one; refused when phases
 * do not add up or segments are out of place.
 */
#include "decode.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short_call),	  cmocka_unit_test(test_short_call_parts),
		cmocka_unit_test(test_short_call_broken), cmocka_unit_test(test_full_call),
		cmocka_unit_test(test_identity),	  cmocka_unit_test(test_segments),
		cmocka_unit_test(test_attempts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
