/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known waits: twenty times 200 ms in each of ten kinds of call.  All ten
 * programs are traced at once by one iotrace, attached by -p.  The truth is the
 * program's own clock: from just before the call to just before the giving.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "trace.h"

#define REPS	  20
#define TOLERANCE 10000000 /* ns; generous for a busy machine */

static const struct kind {
	const char *name, *call, *state;
} kinds[] = {
	{"pipe", "read", "blocked"},	 {"unix", "read", "blocked"},
	{"tcp", "read", "blocked"},	 {"udp", "read", "blocked"},
	{"pty", "read", "blocked"},	 {"eventfd", "read", "blocked"},
	{"epoll", "epoll_wait", "idle"}, {"poll", "poll", "idle"},
	{"select", "pselect6", "idle"},	 {"nanosleep", "nanosleep", "idle"},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct trace trace;
static struct proc proc[N_KINDS];

static int make_trace(void **state)
{
	char prog[256], file[256], pids[256] = "";
	struct proc tracer;

	(void)state;
	plain("tests/progs/waiter", prog, sizeof(prog));
	for (size_t i = 0; i < N_KINDS; i++) {
		proc_start(&proc[i],
			   (char *const[]){prog, "--wait-stdin", (char *)kinds[i].name, NULL});
		snprintf(pids + strlen(pids), sizeof(pids) - strlen(pids), "%s%d", i ? "," : "",
			 proc[i].pid);
	}
	trace_start(&tracer, scratch("waits.ndjson", file, sizeof(file)),
		    (const char *const[]){"-p", pids, NULL});
	for (size_t i = 0; i < N_KINDS; i++)
		proc_go(&proc[i]);
	for (size_t i = 0; i < N_KINDS; i++)
		proc_wait(&proc[i], 60000);
	proc_wait(&tracer, 30000);
	assert_int_equal(tracer.status, 0);
	trace_load(&trace, file);
	return 0;
}

/* The call that was going on when the data was given. */
static const struct tcall *call_over(const char *name, int tid, uint64_t begin, uint64_t end)
{
	const struct tcall *c;

	for (c = NULL; (c = trace_next(&trace, c, name, tid, -1));)
		if (c->ts_ns >= begin && c->ts_ns + c->dur_ns <= end)
			return c;
	return NULL;
}

static void check_one(const struct kind *k, const json_t *truth, size_t i)
{
	int pid = (int)number(truth, "pid");
	uint64_t begin = item(truth, "begin_ns", i), end = item(truth, "end_ns", i);
	uint64_t give = item(truth, "give_ns", i);
	const struct tcall *c = call_over(k->call, pid, begin, end);
	int64_t expect = give ? (int64_t)(give - begin) : 200000000, off;

	if (!c)
		fail_msg("%s: no %s in repetition %zu", k->name, k->call, i);
	off = (int64_t)c->wait_ns - expect;
	if (off > TOLERANCE || off < -TOLERANCE)
		fail_msg("%s, repetition %zu: waited %lld ns, in truth %lld", k->name, i,
			 (long long)c->wait_ns, (long long)expect);
	assert_int_equal(number(c->args, "sleeps") >= 1, 1);
	if (!strcmp(k->call, "nanosleep")) {
		assert_int_equal(c->copy_ns, 0);
		return;
	}
	if (!c->copy_ns)
		fail_msg("%s, repetition %zu: no copy", k->name, i);
	if (!strcmp(k->call, "read"))
		assert_int_equal(c->ret, number(truth, "bytes"));
}

static void check_kind(void **state)
{
	const struct kind *k = *state;
	json_t *truth, *rec;

	need_root();
	truth = truth_of(&proc[k - kinds], 0);
	for (size_t i = 0; i < REPS; i++)
		check_one(k, truth, i);
	/* every sleep of the waiting thread in its call was told of, with its state */
	for (size_t i = 0; i < REPS; i++) {
		rec = trace_rec(&trace, "sleep", (int)number(truth, "pid"), i);
		assert_non_null(rec);
		if (strcmp(json_string_value(json_object_get(rec, "call")), k->call))
			continue; /* a futex while the giver was made */
		assert_string_equal(json_string_value(json_object_get(rec, "state")), k->state);
	}
	assert_non_null(trace_label(&trace, "t",
				    !strcmp(k->state, "idle") ? "idle-waiting" : "blocked",
				    (int)number(truth, "pid")));
	json_decref(truth);
}

/* TCP and AF_UNIX have marks on this and every kernel: their copy is no estimate. */
static void check_marks(void **state)
{
	json_t *truth;
	const struct tcall *c;

	(void)state;
	need_root();
	for (size_t k = 1; k <= 2; k++) {
		truth = truth_of(&proc[k], 0);
		for (size_t i = 0; i < REPS; i++) {
			c = call_over("read", (int)number(truth, "pid"), item(truth, "begin_ns", i),
				      item(truth, "end_ns", i));
			assert_non_null(c);
			assert_string_equal(c->copy_src, "exact");
		}
		json_decref(truth);
	}
}

static int setup(void **state)
{
	if (geteuid() == 0)
		return make_trace(state);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	trace_free(&trace);
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[N_KINDS + 1];

	for (size_t i = 0; i < N_KINDS; i++)
		tests[i] = (struct CMUnitTest){kinds[i].name, check_kind, NULL, NULL,
					       (void *)&kinds[i]};
	tests[N_KINDS] = (struct CMUnitTest)cmocka_unit_test(check_marks);
	return cmocka_run_group_tests_name("waits", tests, setup, teardown);
}
