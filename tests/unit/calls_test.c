/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finished calls: their phases in the timeline, their figures in the totals of
 * thread, call and descriptor, the list of last calls, and attempts of a
 * restarted call as one call (decisions.md 4).
 */
#include "make.h"
#include "story.h"

static struct model *m;
static const struct lane *l;

static int setup(void **state)
{
	(void)state;
	m = mk_model();
	feed(m, mk_task(TASK_SEED, PID, T0, "main"));
	l = lane_of_tid(m, PID);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(model_check(m), 0);
	model_free(m);
	return 0;
}

static uint64_t total(int slot)
{
	return l->timeline.total_ns[slot];
}

static const struct totals *of_call(unsigned call)
{
	for (unsigned i = 0; i < l->n_by_call; i++)
		if (l->by_call[i].call == call)
			return &l->by_call[i].t;
	fail_msg("no totals of %s", call_name(call));
	return NULL;
}

static void test_phases(void **state)
{
	const struct call_entry *e;
	(void)state;

	feed(m, mk_slept(CALL_read, PID, T0 + 100, 30, 800, 20, 50, 3, 4096));
	assert_int_equal(total(STATE_USER), 100);
	assert_int_equal(total(STATE_KERNEL), 30);
	assert_int_equal(total(STATE_BLOCKED), 800);
	assert_int_equal(total(STATE_RUNNABLE), 20);
	assert_int_equal(total(STATE_COPY), 50);
	e = lane_call(l, 0);
	assert_int_equal(e->wait_ns, 800);
	assert_int_equal(e->runq_ns, 20);
	assert_int_equal(e->copy_ns, 50);
	assert_int_equal(e->cpu_ns, 30);
	assert_int_equal(e->begin_ns, T0 + 100);
	assert_null(lane_call(l, 1));
	assert_int_equal(l->totals.wait_ns, 800);
	assert_int_equal(l->totals.copy_ns, 50);
	assert_int_equal(l->nvcsw, 1);
}

/* Each kind of part has its state; the state of a sleep is that of the call. */
static void test_states_of_parts(void **state)
{
	struct event ev = mk_call(CALL_epoll_wait, PID, T0, 1, 3, 1);
	(void)state;

	add_part(&ev, SEG_WAIT, 10);
	add_part(&ev, SEG_RUNQ, 100);
	add_part(&ev, SEG_COPY, 1000);
	add_part(&ev, SEG_PREEMPT, 10000);
	add_part(&ev, SEG_DISK, 100000);
	add_part(&ev, SEG_STOPPED, 1000000);
	feed(m, ev);
	assert_int_equal(total(STATE_KERNEL), 1);
	assert_int_equal(total(STATE_IDLE), 10);
	assert_int_equal(total(STATE_RUNNABLE), 100);
	assert_int_equal(total(STATE_COPY), 1000);
	assert_int_equal(total(STATE_RUNNABLE_RUN), 10000);
	assert_int_equal(total(STATE_DISK), 100000);
	assert_int_equal(total(STATE_STOPPED), 1000000);
	assert_int_equal(l->totals.wait_ns, 1100010);
	assert_int_equal(l->totals.runq_ns, 10100);
	assert_int_equal(l->nvcsw, 3);
	assert_int_equal(l->nivcsw, 1);
}

/* What did not fit is laid out as cpu, wait, runq, copy; the totals are exact. */
static void test_mixed(void **state)
{
	struct event ev = mk_call(CALL_read, PID, T0, 10, 3, 1);
	uint64_t from, to;
	int slot;
	(void)state;

	add_part(&ev, SEG_WAIT, 20);
	add_part(&ev, SEG_MIXED, 0);
	ev.call.wait_ns += 300;
	ev.call.runq_ns += 40;
	ev.call.copy_ns += 500;
	ev.call.cpu_ns += 60;
	ev.t_ns += 900;
	feed(m, ev);
	assert_int_equal(total(STATE_KERNEL), 70);
	assert_int_equal(total(STATE_BLOCKED), 320);
	assert_int_equal(total(STATE_RUNNABLE), 40);
	assert_int_equal(total(STATE_COPY), 500);
	timeline_span(&l->timeline, 0, &from, &to, &slot);
	assert_int_equal(slot, STATE_COPY);
	assert_int_equal(to, ev.t_ns);
	timeline_span(&l->timeline, 3, &from, &to, &slot);
	assert_int_equal(slot, STATE_KERNEL);
	assert_int_equal(from, T0 + 30);
	assert_int_equal(to, T0 + 90);
}

/* The sums of lane, calls and descriptors agree, and so do phases and states. */
static void test_sums(void **state)
{
	struct rng r = {20};
	struct totals want = {0}, by_call = {0}, by_fd = {0};
	uint64_t t = T0;
	(void)state;

	for (int i = 0; i < 3000; i++) {
		unsigned call = rng_below(&r, 2) ? CALL_read : CALL_write;
		int64_t ret = rng_below(&r, 3) ? (int64_t)rng_below(&r, 5000) : -11;
		uint64_t p[4] = {rng_span(&r), rng_span(&r), rng_span(&r), rng_span(&r)};
		struct event ev = mk_slept(call, PID, t + 5, p[0], p[1], p[2], p[3],
					   (int)rng_below(&r, 6), ret);

		feed(m, ev);
		t = ev.t_ns;
		want.calls++;
		want.errors += ret < 0;
		want.bytes += ret > 0 ? (uint64_t)ret : 0;
		want.cpu_ns += p[0];
		want.wait_ns += p[1];
		want.runq_ns += p[2];
		want.copy_ns += p[3];
	}
	assert_memory_equal(&l->totals, &want, sizeof(want));
	for (unsigned i = 0; i < l->n_by_call; i++) {
		by_call.calls += l->by_call[i].t.calls;
		by_call.bytes += l->by_call[i].t.bytes;
		by_call.wait_ns += l->by_call[i].t.wait_ns;
	}
	for (unsigned i = 0; i < model_n_fds(m); i++) {
		by_fd.calls += model_fd(m, i)->totals.calls;
		by_fd.bytes += model_fd(m, i)->totals.bytes;
		by_fd.wait_ns += model_fd(m, i)->totals.wait_ns;
	}
	assert_int_equal(model_n_fds(m), 6);
	assert_int_equal(by_call.calls, want.calls);
	assert_int_equal(by_call.bytes, want.bytes);
	assert_int_equal(by_call.wait_ns, want.wait_ns);
	assert_int_equal(by_fd.calls, want.calls);
	assert_int_equal(by_fd.bytes, want.bytes);
	assert_int_equal(by_fd.wait_ns, want.wait_ns);
	assert_int_equal(total(STATE_BLOCKED), want.wait_ns);
	assert_int_equal(total(STATE_COPY), want.copy_ns);
	assert_int_equal(total(STATE_KERNEL), want.cpu_ns);
	assert_int_equal(total(STATE_RUNNABLE), want.runq_ns);
}

/* decisions.md 5: bytes only of calls whose result is a number of bytes. */
static void test_bytes(void **state)
{
	static const struct {
		unsigned call;
		uint64_t bytes;
	} rows[] = {{CALL_read, 7},  {CALL_sendto, 7},	   {CALL_splice, 7},	{CALL_accept4, 0},
		    {CALL_poll, 0},  {CALL_epoll_wait, 0}, {CALL_futex, 0},	{CALL_connect, 0},
		    {CALL_fsync, 0}, {CALL_recvmmsg, 0},   {CALL_getdents64, 7}};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		feed(m, mk_call(rows[i].call, PID, T0 + i * 100, 50, 3, 7));
		assert_int_equal(of_call(rows[i].call)->bytes, rows[i].bytes);
	}
	feed(m, mk_call(CALL_read, PID, T0 + 5000, 50, 3, -11));
	feed(m, mk_call(CALL_read, PID, T0 + 6000, 50, 3, 0));
	assert_int_equal(of_call(CALL_read)->bytes, 7);
	assert_int_equal(of_call(CALL_read)->calls, 3);
	assert_int_equal(of_call(CALL_read)->errors, 1);
}

/* A call that did not return has no result: neither bytes nor an error. */
static void test_without_result(void **state)
{
	struct event ev = mk_slept(CALL_read, PID, T0 + 10, 5, 1000, 0, 0, 3, -4);
	(void)state;

	ev.call.flags |= CALLF_KILLED;
	feed(m, ev);
	ev = mk_call(CALL_read, PID, ev.t_ns + 10, 500, 3, 4096);
	ev.call.flags |= CALLF_OPEN_END;
	feed(m, ev);
	assert_int_equal(l->totals.calls, 2);
	assert_int_equal(l->totals.errors, 0);
	assert_int_equal(l->totals.bytes, 0);
	assert_int_equal(total(STATE_BLOCKED), 1000);
}

/* Began before the trace: known from the lane's birth on. */
static void test_open_start(void **state)
{
	struct event ev = mk_slept(CALL_read, PID, T0, 0, 1000, 10, 10, 3, 5);
	(void)state;

	ev.call.flags |= CALLF_OPEN_START;
	feed(m, ev);
	assert_int_equal(total(STATE_BLOCKED), 1000);
	assert_int_equal(total(STATE_USER), 0);
	assert_int_equal(model_anomalies(m), 0);
	assert_true(lane_call(l, 0)->ev.call.flags & CALLF_OPEN_START);
}

/* An attempt that will be restarted, after a sleep of `wait`. */
static struct event attempt(unsigned n, uint64_t first, uint64_t enter, uint64_t wait, int64_t ret)
{
	struct event ev = mk_slept(CALL_read, PID, enter, 10, wait, 1, 0, 3, ret);

	ev.call.attempt = (uint16_t)n;
	ev.call.first_ns = n > 1 ? first : 0;
	if (ret <= -512)
		ev.call.flags |= CALLF_RESTART;
	return ev;
}

static void test_restarted(void **state)
{
	uint64_t first = T0 + 100;
	const struct call_entry *e;
	(void)state;

	feed(m, attempt(1, first, first, 1000, -512));
	assert_int_equal(l->totals.errors, 1); /* as long as nobody knows better */
	/* the handler's own calls stand between */
	feed(m, mk_call(CALL_write, PID, T0 + 2000, 50, 1, 6));
	feed(m, attempt(2, first, T0 + 3000, 2000, -512));
	feed(m, attempt(3, first, T0 + 6000, 3000, 4096));
	assert_int_equal(of_call(CALL_read)->calls, 1);
	assert_int_equal(of_call(CALL_read)->errors, 0);
	assert_int_equal(of_call(CALL_read)->bytes, 4096);
	assert_int_equal(of_call(CALL_read)->wait_ns, 6000);
	assert_int_equal(l->totals.calls, 2);
	assert_int_equal(model_fd_of(m, l, 3)->totals.calls, 1);
	assert_int_equal(model_fd_of(m, l, 3)->totals.errors, 0);
	/* one entry, at its last attempt, with the phases of all */
	e = lane_call(l, 0);
	assert_int_equal(e->ev.call.attempt, 3);
	assert_int_equal(e->begin_ns, first);
	assert_int_equal(e->wait_ns, 6000);
	assert_int_equal(e->cpu_ns, 30);
	assert_int_equal(e->runq_ns, 3);
	assert_int_equal(lane_call(l, 1)->ev.call.call, CALL_write);
	assert_null(lane_call(l, 2));
	/* the time is not counted twice either: the handler ran between the attempts */
	assert_int_equal(total(STATE_BLOCKED), 6000);
}

/* Closed and opened again in between: each descriptor has the attempt that was made on it. */
static void test_restarted_on_another(void **state)
{
	struct event ev = mk_fd(FDOP_IS, T0 + 50, 3, FDK_PIPE, "pipe:[1]");
	const struct fd_entry *old, *f;
	(void)state;

	feed(m, ev);
	old = model_fd_of(m, l, 3);
	feed(m, attempt(1, 0, T0 + 100, 1000, -512));
	feed(m, mk_fd(FDOP_CLOSE, T0 + 2000, 3, 0, ""));
	feed(m, attempt(2, T0 + 100, T0 + 3000, 2000, 10));
	f = model_fd_of(m, l, 3);
	assert_ptr_not_equal(f, old);
	assert_int_equal(f->totals.calls, 1);
	assert_int_equal(f->totals.errors, 0);
	assert_int_equal(f->totals.wait_ns, 2000);
	assert_int_equal(old->totals.calls, 1);
	assert_int_equal(old->totals.errors, 1);
	/* of the thread it is one call, and it did not fail */
	assert_int_equal(l->totals.calls, 1);
	assert_int_equal(l->totals.errors, 0);
	assert_int_equal(l->totals.wait_ns, 3000);
}

/* An earlier attempt that says it succeeded was not counted as a failure. */
static void test_restarted_after_success(void **state)
{
	struct event ev = attempt(1, 0, T0 + 100, 1000, 5);
	(void)state;

	ev.call.flags |= CALLF_RESTART;
	feed(m, ev);
	feed(m, attempt(2, T0 + 100, T0 + 3000, 2000, 10));
	assert_int_equal(l->totals.errors, 0);
	assert_int_equal(model_fd_of(m, l, 3)->totals.errors, 0);
}

/* No further attempt: it failed, which is what EINTR says to the program. */
static void test_not_restarted(void **state)
{
	(void)state;
	feed(m, attempt(1, 0, T0 + 100, 1000, -514));
	feed(m, mk_call(CALL_read, PID, T0 + 5000, 10, 3, 1));
	assert_int_equal(of_call(CALL_read)->calls, 2);
	assert_int_equal(of_call(CALL_read)->errors, 1);
	assert_int_equal(lane_call(l, 1)->ev.call.ret, -514);
}

/* An attempt whose first one was lost, or is too long ago, is a call of its own. */
static void test_attempt_without_first(void **state)
{
	(void)state;
	feed(m, attempt(1, 0, T0 + 100, 10, -512));
	for (uint64_t i = 0; i < 40; i++)
		feed(m, mk_call(CALL_write, PID, T0 + 1000 + i * 100, 50, 1, 1));
	feed(m, attempt(2, T0 + 100, T0 + 9000, 10, 5));
	assert_int_equal(of_call(CALL_read)->calls, 2);
	feed(m, attempt(2, T0 + 77, T0 + 20000, 10, 5));
	assert_int_equal(of_call(CALL_read)->calls, 3);
	assert_int_equal(of_call(CALL_read)->errors, 1);
}

static void test_folded(void **state)
{
	struct event ev = mk_spin(CALL_recvfrom, PID, T0, T0 + 1000, 4, 812334);
	const struct call_entry *e;
	(void)state;

	ev.spin.runq_ns = 100;
	feed(m, ev);
	assert_int_equal(l->totals.calls, 812334);
	assert_int_equal(l->totals.folded, 812334);
	assert_int_equal(l->totals.errors, 812334);
	assert_int_equal(l->totals.cpu_ns, 900);
	assert_int_equal(l->totals.runq_ns, 100);
	e = lane_call(l, 0);
	assert_int_equal(e->ev.kind, EV_SPIN);
	assert_int_equal(e->cpu_ns, 900);
	ev.spin.first = false; /* the next slot of the flush has no phases of its own */
	ev.spin.runq_ns = 0;
	ev.spin.ret = 0; /* and no error: 0 ready is no failure */
	ev.spin.call = CALL_poll;
	ev.spin.flags = 0;
	ev.spin.fd = -1;
	ev.spin.count = 20;
	feed(m, ev);
	assert_int_equal(l->totals.calls, 812354);
	assert_int_equal(l->totals.errors, 812334);
	assert_int_equal(l->totals.cpu_ns, 900);
	assert_int_equal(of_call(CALL_poll)->folded, 20);
	assert_int_equal(model_fd_of(m, l, 4)->totals.folded, 812334);
}

/* The list keeps the newest; its order is that of time. */
static void test_list(void **state)
{
	struct model_config cfg = {.t0_ns = T0, .calls_kept = 50};
	(void)state;

	model_free(m);
	m = model_new(&cfg);
	for (uint64_t i = 0; i < 500; i++) {
		feed(m, mk_call(CALL_read, PID, T0 + i * 100, 50, 3, (int64_t)i));
		l = lane_of_tid(m, PID);
		assert_int_equal(l->ring_len, i < 49 ? i + 1 : 50);
		for (unsigned k = 0; k < l->ring_len; k++)
			assert_int_equal(lane_call(l, k)->ev.call.ret, i - k);
	}
	assert_null(lane_call(l, 50));
}

/* The descriptor of an entry is that of the lane's table at the time of the call. */
static void test_descriptor_of_entry(void **state)
{
	(void)state;
	feed(m, mk_call(CALL_read, PID, T0, 10, 5, 1));
	assert_int_equal(model_fd(m, lane_call(l, 0)->fd_index)->fd, 5);
	feed(m, mk_call(CALL_poll, PID, T0 + 100, 10, -1, 1));
	assert_int_equal(lane_call(l, 0)->fd_index, MODEL_NO_FD);
	feed(m, mk_call(CALL_read, PID, T0 + 200, 10, -1, -9)); /* read(-1) */
	assert_int_equal(lane_call(l, 0)->fd_index, MODEL_NO_FD);
}

static void ignore_or_feed(void *ctx, const struct event *ev)
{
	(void)ctx;
	assert_int_equal(model_feed(m, ev), 0);
}

/* In a long made-up trace too, the calls of all lanes are those of all descriptors and more. */
static void test_story(void **state)
{
	struct story s;
	uint64_t lanes = 0, calls = 0, folded = 0;
	(void)state;

	model_free(m);
	m = mk_model();
	story_begin(&s, 21, ignore_or_feed, NULL);
	while (s.n_events < 30000)
		story_step(&s);
	for (unsigned i = 0; i < model_n_lanes(m); i++) {
		l = model_lane(m, i);
		lanes += l->totals.calls;
		folded += l->totals.folded;
		for (unsigned k = 0; k < l->n_by_call; k++) {
			calls += l->by_call[k].t.calls;
			assert_true(!k || l->by_call[k].call > l->by_call[k - 1].call);
		}
	}
	assert_int_equal(lanes, calls);
	assert_int_equal(lanes - folded, s.n_calls); /* restarted ones once */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_phases),
		T(test_states_of_parts),
		T(test_mixed),
		T(test_sums),
		T(test_bytes),
		T(test_without_result),
		T(test_open_start),
		T(test_restarted),
		T(test_restarted_on_another),
		T(test_restarted_after_success),
		T(test_not_restarted),
		T(test_attempt_without_first),
		T(test_folded),
		T(test_list),
		T(test_descriptor_of_entry),
		T(test_story),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
