/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The partition: whatever happens, a lane's intervals touch, never overlap, and
 * add up to its observed life.  Checked by the model's own check, by the
 * observer's intervals, and by the shares of any window, over long made-up
 * traces.  By hand: lane_test.c.
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

static void short_life(struct model *m, uint32_t tid, uint64_t t)
{
	feed(m, mk_task(TASK_NEW, tid, t, "short"));
	feed(m, mk_call(CALL_read, tid, t + 10, 100, -1, 1));
	feed(m, mk_task(TASK_EXIT, tid, t + 500, "short"));
}

/* In the order of their end: one that outlived younger ones is forgotten in its turn. */
static void test_forgotten_in_order_of_end(void **state)
{
	struct model *m = mk_model();
	const struct lane *old;
	(void)state;

	feed(m, mk_task(TASK_SEED, PID, T0, "main"));
	feed(m, mk_task(TASK_SEED, PID + 1, T0, "old"));
	old = lane_of_tid(m, PID + 1);
	for (uint32_t i = 2; i < 2000; i++)
		short_life(m, PID + i, T0 + i * US);
	assert_false(old->forgotten);
	assert_true(model_lane(m, 2)->forgotten);
	assert_null(model_lane_by_tid(m, PID + 2));
	feed(m, mk_task(TASK_EXIT, PID + 1, T0 + 2000 * US, "old"));
	for (uint32_t i = 2000; i < 3023; i++)
		short_life(m, PID + i, T0 + i * US);
	assert_false(old->forgotten);
	short_life(m, PID + 3023, T0 + 3023 * US);
	assert_true(old->forgotten);
	assert_null(old->timeline.spans);
	assert_null(old->timeline.buckets);
	assert_null(old->ring);
	assert_int_equal(share(old, T0, T0 + SEC, STATE_UNKNOWN), 2000 * US); /* no longer known */
	assert_ptr_equal(model_next_alive(m, NULL), lane_of_tid(m, PID));
	assert_null(model_next_alive(m, lane_of_tid(m, PID)));
	assert_int_equal(model_n_alive(m), 1);
	assert_int_equal(model_n_alive_processes(m), 1);
	assert_int_equal(model_check(m), 0);
	model_free(m);
}

/* Long lives have much detail: fewer of them are kept, the newest always. */
static void test_forgotten_by_size(void **state)
{
	struct model *m = mk_model();
	size_t bytes = 0;
	unsigned kept = 0;
	(void)state;

	for (uint32_t i = 0; i < 60; i++) { /* a quarter of an hour each: 9000 buckets */
		uint64_t t = T0 + i * 900 * SEC;

		feed(m, mk_task(TASK_NEW, PID + i, t, "long"));
		feed(m, mk_task(TASK_EXIT, PID + i, t + 900 * SEC, "long"));
	}
	for (unsigned i = 0; i < model_n_lanes(m); i++) {
		bytes += timeline_bytes(&model_lane(m, i)->timeline);
		kept += !model_lane(m, i)->forgotten;
	}
	assert_in_range(bytes, 16u << 20, 24u << 20);
	assert_in_range(kept, 10, 59);
	assert_false(model_lane(m, model_n_lanes(m) - 1)->forgotten);
	model_free(m);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_story),
		cmocka_unit_test(test_story_with_little_room),
		cmocka_unit_test(test_forgotten_lanes),
		cmocka_unit_test(test_forgotten_in_order_of_end),
		cmocka_unit_test(test_forgotten_by_size),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
