/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The partition: whatever happens, a lane's intervals touch, never overlap, and
 * add up to its observed life.  Checked by the model's own check, by the
 * observer's intervals, and by the shares of any window, over long made-up
 * traces; and by hand for each way in which a lane begins, changes and ends.
 */
#include <errno.h>
#include <stdlib.h>

#include "make.h"
#include "story.h"

#define LANES 4000

/* --- what the observer sees, kept by lane --- */

struct seen {
	bool begun, ended;
	uint64_t upto, ns[STATE_SLOTS];
};

struct watch {
	struct model *m;
	struct story story;
	struct seen *lane;
	struct rng r;
	unsigned n_windows, n_lanes;
};

static void on_begin(void *ctx, const struct lane *l)
{
	struct watch *w = ctx;

	assert_int_equal(l->index, w->n_lanes);
	assert_true(w->n_lanes < LANES);
	w->n_lanes++;
	w->lane[l->index] = (struct seen){.begun = true, .upto = l->birth_ns};
}

static void on_interval(void *ctx, const struct lane *l, uint64_t from, uint64_t to, int slot)
{
	struct watch *w = ctx;
	struct seen *s = &w->lane[l->index];

	assert_true(s->begun && !s->ended);
	assert_int_equal(from, s->upto);
	assert_true(to > from);
	assert_in_range(slot, 0, STATE_SLOTS - 1);
	s->upto = to;
	s->ns[slot] += to - from;
}

static void on_end(void *ctx, const struct lane *l)
{
	struct watch *w = ctx;
	struct seen *s = &w->lane[l->index];

	assert_false(s->ended);
	s->ended = true;
	assert_int_equal(s->upto, l->end_ns);
}

static void watch_begin(struct watch *w, unsigned spans, unsigned buckets)
{
	struct model_config cfg = {.t0_ns = T0, .spans_kept = spans, .buckets_kept = buckets};
	const struct model_observer o = {
		.ctx = w, .interval = on_interval, .lane_begin = on_begin, .lane_end = on_end};

	*w = (struct watch){.m = model_new(&cfg), .r = {99}};
	w->lane = calloc(LANES, sizeof(*w->lane));
	assert_non_null(w->m);
	assert_non_null(w->lane);
	model_observe(w->m, &o);
}

static void watch_end(struct watch *w)
{
	model_free(w->m);
	free(w->lane);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The shares of a window add up to the part of it in which the lane was alive. */
static void check_window(struct watch *w, const struct lane *l)
{
	uint64_t now = model_now(w->m), from = T0 + rng_below(&w->r, now - T0 + 1);
	uint64_t to = from + rng_span(&w->r), alive_to, ns[STATE_SLOTS] = {0};

	if (rng_below(&w->r, 2)) /* near the end, where the open tail is */
		from = now - least(rng_span(&w->r), now - T0);
	/* events of a thread may be ahead of the newest tick, never of `now` */
	alive_to = l->end_ns ? l->end_ns : now;
	alive_to = least(to, alive_to);
	from = from > l->birth_ns ? from : l->birth_ns;
	lane_shares(l, from, to, now, ns);
	assert_int_equal(sum_slots(ns, STATE_SLOTS), alive_to > from ? alive_to - from : 0);
	w->n_windows++;
}

static void on_event(void *ctx, const struct event *ev)
{
	struct watch *w = ctx;

	feed(w->m, *ev);
	if (rng_below(&w->r, 8) == 0)
		check_window(w, model_lane(w->m, (unsigned)rng_below(&w->r, model_n_lanes(w->m))));
	if (ev->kind == EV_TICK)
		assert_int_equal(model_check(w->m), 0);
}

/* Totals of states, of the observer and of the timeline are one and the same. */
static void check_lane(const struct watch *w, const struct lane *l)
{
	uint64_t states[STATE_COUNT], life = l->timeline.end_ns - l->birth_ns;
	const struct seen *s = &w->lane[l->index];

	assert_int_equal(s->upto, l->timeline.end_ns);
	assert_memory_equal(s->ns, l->timeline.total_ns, sizeof(s->ns));
	assert_int_equal(sum_slots(s->ns, STATE_SLOTS), life);
	lane_state_totals(l, states);
	assert_int_equal(sum_slots(states, STATE_COUNT), life);
	assert_int_equal(states[STATE_RUNNABLE], s->ns[STATE_RUNNABLE] + s->ns[STATE_RUNNABLE_RUN] +
							 s->ns[STATE_RUNNABLE_SPIN]);
	assert_int_equal(s->ended, l->end_ns != 0);
}

static void tell_story(uint64_t seed, int steps, unsigned spans, unsigned buckets)
{
	struct watch w;
	uint64_t end;

	watch_begin(&w, spans, buckets);
	story_begin(&w.story, seed, on_event, &w);
	while (steps--)
		story_step(&w.story);
	end = model_now(w.m);
	model_finish(w.m, end);
	assert_int_equal(model_check(w.m), 0);
	assert_int_equal(model_anomalies(w.m), 0);
	for (unsigned i = 0; i < model_n_lanes(w.m); i++) {
		const struct lane *l = model_lane(w.m, i);

		check_lane(&w, l);
		if (!l->end_ns)
			assert_int_equal(l->timeline.end_ns, end);
	}
	assert_true(w.story.n_losses > 20 && w.story.n_exits > 20 && w.n_windows > 1000);
	watch_end(&w);
}

static void test_story(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++)
		tell_story(seed, 8000, 0, 0);
}

/* The same with so little room that most is overwritten. */
static void test_story_with_little_room(void **state)
{
	(void)state;
	tell_story(5, 8000, 16, 8);
	tell_story(6, 8000, 64, 200);
	tell_story(7, 8000, 1, 1);
}

/* More ended lanes than are kept: the oldest forget their detail, not their totals. */
static void test_forgotten_lanes(void **state)
{
	struct watch w;
	unsigned kept = 0;
	(void)state;

	watch_begin(&w, 0, 0);
	feed(w.m, mk_task(TASK_SEED, PID, T0, "main"));
	for (uint32_t i = 0; i < 3000; i++) {
		uint64_t t = T0 + i * US;

		feed(w.m, mk_task(TASK_NEW, PID + 1 + i, t, "short"));
		feed(w.m, mk_call(CALL_read, PID + 1 + i, t + 10, 100, 3, 1));
		feed(w.m, mk_task(TASK_EXIT, PID + 1 + i, t + 500, "short"));
	}
	assert_int_equal(model_check(w.m), 0);
	for (unsigned i = 0; i < model_n_lanes(w.m); i++) {
		const struct lane *l = model_lane(w.m, i);

		check_lane(&w, l);
		kept += l->timeline.span_len > 0;
		if (l->tid != PID)
			assert_int_equal(l->totals.calls, 1);
	}
	assert_in_range(kept, 1024, 1025 + 1);
	watch_end(&w);
}

/* Events that cannot be are clipped and counted; the partition holds. */
static void test_nonsense(void **state)
{
	struct watch w;
	struct rng r = {15};
	(void)state;

	watch_begin(&w, 0, 0);
	feed(w.m, mk_task(TASK_SEED, PID, T0, "main"));
	for (int i = 0; i < 20000; i++) {
		uint64_t t = T0 + SEC + rng_below(&r, 100 * SEC), d = rng_span(&r);
		struct event ev;

		switch (rng_below(&r, 7)) {
		case 0:
			ev = mk_out(PID, t, STATE_BLOCKED);
			break;
		case 1:
			ev = mk_in(PID, t - d, t - d / 2, t, STATE_IDLE);
			break;
		case 2:
			ev = mk_spin(CALL_read, PID, t - d, t, 3, 5);
			break;
		case 3:
			ev = mk_sleep(CALL_read, PID, t - d, t, 3, STATE_BLOCKED);
			break;
		case 4:
			ev = mk_loss(PID, t - d, t, 1);
			break;
		default:
			ev = mk_slept(CALL_read, PID, t, d, d, d, d, 3, 1);
		}
		feed(w.m, ev);
		assert_int_equal(model_check(w.m), 0);
		check_window(&w, model_lane(w.m, 0));
	}
	assert_true(model_anomalies(w.m) > 1000);
	model_finish(w.m, model_now(w.m));
	check_lane(&w, model_lane(w.m, 0));
	watch_end(&w);
}

/* --- by hand --- */

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

#define HAND(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_story),
		cmocka_unit_test(test_story_with_little_room),
		cmocka_unit_test(test_forgotten_lanes),
		cmocka_unit_test(test_nonsense),
		HAND(test_sleep_in_a_call),
		HAND(test_open_end),
		HAND(test_off_and_on),
		HAND(test_newborn),
		HAND(test_polling),
		HAND(test_exit_and_reuse),
		HAND(test_process_end),
		HAND(test_exec_by_another_thread),
		HAND(test_exec_by_the_leader),
		HAND(test_names),
		HAND(test_unannounced),
		HAND(test_mixed_that_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
