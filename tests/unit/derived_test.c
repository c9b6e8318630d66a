/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the writer derives for other viewers: phases inside of their calls,
 * slices that nest, states and thread states that touch and add up to the
 * observed lives, labels with evidence, names, and the summary.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tape.h"

static struct tape all_tape;
static json_t *all_objects;

static int story_setup(void **state)
{
	(void)state;
	tape_begin(&all_tape, &tape_info, JSON_ARRAY, DERIVED_ALL);
	tape_story(&all_tape, 32, 5000);
	tape_finish(&all_tape, true);
	all_objects = objects(&all_tape, JSON_ARRAY);
	return 0;
}

static int story_teardown(void **state)
{
	(void)state;
	json_decref(all_objects);
	tape_free(&all_tape);
	return 0;
}

static bool is_raw(const json_t *o)
{
	return is_kind(o, "X", "io") || is_kind(o, "X", "spin") ||
	       !strcmp(str_of(o, "name"), "iotrace.rec");
}

/* Phases stand behind their call, inside of it, one after the other, and add up. */
static void test_phases(void **state)
{
	long long from = 0, to = 0, at = 0, wait = 0, runq = 0, copy = 0, tid = -1;
	unsigned checked = 0;
	bool exact = false;
	const json_t *call = NULL;
	size_t i;
	json_t *o;
	(void)state;

	json_array_foreach(all_objects, i, o)
	{
		const char *name = str_of(o, "name");
		long long ts = ns_of(o, "ts"), dur = ns_of(o, "dur");

		if (is_kind(o, "X", "phase")) {
			assert_int_equal(int_of(o, "tid"), tid);
			assert_true(ts >= at && ts >= from && ts + dur <= to);
			at = ts + dur;
			wait += strcmp(name, "wait") ? 0 : dur;
			runq += strcmp(name, "run queue") ? 0 : dur;
			copy += strcmp(name, "copy") ? 0 : dur;
			continue;
		}
		if (call && exact && is_raw(o)) {
			assert_int_equal(wait, int_of(args_of(call), "wait_ns"));
			assert_int_equal(runq, int_of(args_of(call), "runq_ns"));
			assert_int_equal(copy, int_of(args_of(call), "copy_ns"));
			checked++;
			call = NULL;
		}
		if (is_kind(o, "X", "io")) {
			json_t *segs = json_object_get(args_of(o), "segs");
			json_t *last = json_array_get(segs, json_array_size(segs) - 1);

			call = o;
			exact = strcmp(json_string_value(json_array_get(last, 1)), "mixed") != 0;
			tid = int_of(o, "tid");
			from = at = ts;
			to = ts + dur;
			wait = runq = copy = 0;
		}
	}
	assert_true(checked > 1000);
}

struct slice {
	long long pid, tid, from, to;
	size_t order;
};

static int by_thread_and_time(const void *pa, const void *pb)
{
	const struct slice *a = pa, *b = pb;

	if (a->tid != b->tid)
		return a->tid < b->tid ? -1 : 1;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	if (a->to != b->to)
		return a->to > b->to ? -1 : 1; /* the longer one is the parent */
	return (a->order > b->order) - (a->order < b->order);
}

/* Slices of one thread nest: a child ends no later than its parent. */
static void test_slices_nest(void **state)
{
	size_t n = json_array_size(all_objects), count = 0, depth = 0, i;
	struct slice *s = calloc(n, sizeof(*s)), stack[64];
	json_t *o;
	(void)state;

	assert_non_null(s);
	json_array_foreach(all_objects, i, o) if (!strcmp(str_of(o, "ph"), "X")) s[count++] =
		(struct slice){int_of(o, "pid"), int_of(o, "tid"), ns_of(o, "ts"),
			       ns_of(o, "ts") + ns_of(o, "dur"), i};
	qsort(s, count, sizeof(*s), by_thread_and_time);
	for (i = 0; i < count; i++) {
		if (i && s[i].tid != s[i - 1].tid)
			depth = 0;
		while (depth && stack[depth - 1].to <= s[i].from)
			depth--;
		if (depth && s[i].to > stack[depth - 1].to)
			fail_msg("slices %zu and %zu of thread %lld overlap",
				 stack[depth - 1].order, s[i].order, s[i].tid);
		assert_true(depth < COUNT_OF(stack));
		stack[depth++] = s[i];
	}
	assert_true(count > 2000);
	free(s);
}

struct track {
	bool begun, open;
	char name[80];
	long long at, sum;
};

/* The lane of states: begins with its name, then touching intervals, `e` before `b`. */
static void test_states(void **state)
{
	struct track *track = calloc(4000, sizeof(*track));
	long long life = 0, sum = 0;
	size_t i;
	json_t *o;
	(void)state;

	assert_non_null(track);
	json_array_foreach(all_objects, i, o)
	{
		struct track *k = &track[int_of(o, "tid")];
		long long ts = ns_of(o, "ts");
		char id[32];

		if (is_kind(o, "b", "state")) {
			assert_false(k->open);
			assert_true(ts >= k->at);
			if (strstr(str_of(o, "name"), " states"))
				k->begun = true; /* a new lane, maybe with an old number */
			else
				assert_int_equal(ts, k->at);
			assert_true(k->begun);
			k->open = true;
			k->at = ts;
			snprintf(k->name, sizeof(k->name), "%s", str_of(o, "name"));
		} else if (is_kind(o, "e", "state")) {
			assert_true(k->open && ts >= k->at);
			assert_string_equal(str_of(o, "name"), k->name);
			assert_true(ts > k->at || strstr(k->name, " states"));
			sum += ts - k->at;
			k->open = false;
			k->at = ts;
		} else {
			continue;
		}
		snprintf(id, sizeof(id), "0x%llx", int_of(o, "tid"));
		assert_string_equal(str_of(json_object_get(o, "id2"), "local"), id);
	}
	for (i = 0; i < 4000; i++)
		assert_false(track[i].open);
	for (unsigned l = 0; l < model_n_lanes(all_tape.m); l++)
		life += (long long)(model_lane(all_tape.m, l)->timeline.end_ns -
				    model_lane(all_tape.m, l)->birth_ns);
	assert_int_equal(sum, life);
	free(track);
}

static bool is_born(long long tid, long long ts)
{
	for (unsigned l = 0; l < model_n_lanes(all_tape.m); l++) {
		const struct lane *lane = model_lane(all_tape.m, l);

		if (lane->tid == tid && (long long)(lane->birth_ns - T0) == ts)
			return true;
	}
	return false;
}

/* The scheduler's states: all of each life that is not unknown, each as one slice. */
static void test_thread_states(void **state)
{
	struct track *track = calloc(4000, sizeof(*track));
	long long sum = 0, known = 0;
	size_t i;
	json_t *o;
	(void)state;

	assert_non_null(track);
	json_array_foreach(all_objects, i, o)
	{
		long long ts = ns_of(o, "ts"), tid = int_of(o, "tid");
		struct track *k = &track[tid];

		if (!is_kind(o, "T", "thread_state"))
			continue;
		assert_true(ts >= k->at);
		if (ts == k->at && !is_born(tid, ts))
			assert_string_not_equal(str_of(o, "name"), k->name);
		snprintf(k->name, sizeof(k->name), "%s", str_of(o, "name"));
		k->at = ts + ns_of(o, "dur");
		sum += ns_of(o, "dur");
		assert_int_equal(int_of(args_of(o), "io_wait"), !strcmp(k->name, "D"));
	}
	for (unsigned l = 0; l < model_n_lanes(all_tape.m); l++) {
		const struct timeline *t = &model_lane(all_tape.m, l)->timeline;

		known += (long long)(t->end_ns - t->begin_ns - t->total_ns[STATE_UNKNOWN]);
	}
	assert_int_equal(sum, known);
	free(track);
}

/* Labels: words of the table, evidence in words and numbers, at ticks or ends. */
static void test_labels(void **state)
{
	unsigned n = 0, of_process = 0;
	size_t i;
	json_t *o;
	(void)state;

	json_array_foreach(all_objects, i, o)
	{
		const json_t *a = args_of(o);
		bool known = false;

		if (!is_kind(o, "i", "label"))
			continue;
		for (int k = LABEL_BUSY; k < LABEL_COUNT; k++)
			known |= !strcmp(str_of(o, "name"), label_name((enum label)k));
		assert_true(known);
		assert_true(strlen(str_of(a, "evidence")) > 0);
		of_process += !strcmp(str_of(o, "s"), "p");
		n++;
		if (!strcmp(str_of(o, "name"), "exited"))
			continue;
		assert_int_equal(ns_of(o, "ts") % (long long)TICK_NS, 0);
		assert_true(int_of(a, "share_ns") <= int_of(a, "window_ns") * ACTORS);
		assert_true(int_of(a, "window_ns") > 0 && int_of(a, "window_ns") <= (long long)SEC);
	}
	assert_in_range(n, 40, 10000);
	assert_in_range(of_process, 4, n - 1);
}

static void test_names(void **state)
{
	unsigned threads = 0, processes = 0;
	size_t i;
	json_t *o;
	(void)state;

	json_array_foreach(all_objects, i, o)
	{
		threads += !strcmp(str_of(o, "name"), "thread_name");
		processes += !strcmp(str_of(o, "name"), "process_name");
		if (!strcmp(str_of(o, "name"), "thread_name"))
			assert_true(strlen(str_of(args_of(o), "name")) > 0);
	}
	assert_true(threads >= ACTORS && processes >= 2 && threads > processes);
}

/* The last object: the totals of the model, and its presence. */
static void test_summary(void **state)
{
	const json_t *last = json_array_get(all_objects, json_array_size(all_objects) - 1);
	const json_t *threads = json_object_get(args_of(last), "threads");
	const json_t *processes = json_object_get(args_of(last), "processes");
	(void)state;

	assert_true(is_kind(last, "i", "summary"));
	assert_int_equal(json_array_size(threads), model_n_lanes(all_tape.m));
	assert_int_equal(json_array_size(processes), model_n_processes(all_tape.m));
	for (unsigned i = 0; i < model_n_lanes(all_tape.m); i++) {
		const struct lane *l = model_lane(all_tape.m, i);
		const json_t *t = json_array_get(threads, i), *v;
		long long sum = 0;
		const char *key;

		assert_int_equal(int_of(t, "tid"), l->tid);
		assert_int_equal(int_of(t, "calls"), l->totals.calls);
		assert_int_equal(int_of(t, "bytes"), l->totals.bytes);
		assert_int_equal(int_of(t, "folded"), l->totals.folded);
		assert_int_equal(int_of(t, "lost_calls"), l->lost_calls);
		assert_int_equal(ns_of(t, "from"), l->birth_ns - T0);
		json_object_foreach((json_t *)json_object_get(t, "states"), key, v) sum +=
			json_integer_value(v);
		assert_int_equal(sum, int_of(t, "observed_ns"));
		assert_int_equal(json_object_size(json_object_get(t, "by_call")), l->n_by_call);
	}
	/* nothing is known of the kernel side's counts here */
	assert_int_equal(json_object_size(json_object_get(args_of(last), "lost")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phases),	cmocka_unit_test(test_slices_nest),
		cmocka_unit_test(test_states),	cmocka_unit_test(test_thread_states),
		cmocka_unit_test(test_labels),	cmocka_unit_test(test_names),
		cmocka_unit_test(test_summary),
	};

	return cmocka_run_group_tests(tests, story_setup, story_teardown);
}
