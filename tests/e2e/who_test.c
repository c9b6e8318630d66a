/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who did what: four threads in two processes with a fork and an exec in the
 * middle; every read and write belongs to the right thread and none is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "trace.h"

#define LINES 4

/* Calls of one thread on one file. */
static void sum(const struct trace *t, const char *name, int tid, const char *file,
		int64_t *ret_calls, int64_t *ret_bytes)
{
	const struct tcall *c = NULL;

	*ret_calls = *ret_bytes = 0;
	while ((c = trace_next(t, c, name, tid, -1))) {
		if (strcmp(c->file, file))
			continue;
		*ret_calls += c->count;
		*ret_bytes += c->ret;
	}
}

static void check_thread(const struct trace *t, const json_t *truth)
{
	int tid = (int)number(truth, "tid");
	const struct tcall *c = NULL;
	int64_t calls, bytes;

	sum(t, "read", tid, "/dev/zero", &calls, &bytes);
	assert_int_equal(calls, number(truth, "reads"));
	assert_int_equal(bytes, number(truth, "read_bytes"));
	sum(t, "write", tid, "/dev/null", &calls, &bytes);
	assert_int_equal(calls, number(truth, "writes"));
	assert_int_equal(bytes, number(truth, "write_bytes"));
	while ((c = trace_next(t, c, "read", tid, -1)))
		assert_int_equal(c->pid, number(truth, "pid"));
}

static void check_family(const struct trace *t, const struct proc *p)
{
	int64_t calls, bytes, all = 0;

	for (size_t i = 0; i < LINES; i++) {
		json_t *truth = truth_of(p, i);

		check_thread(t, truth);
		all += number(truth, "reads");
		json_decref(truth);
	}
	/* nobody else read anything there */
	sum(t, "read", 0, "/dev/zero", &calls, &bytes);
	assert_int_equal(calls, all);
}

static void family(const char *const *options, bool attach)
{
	char prog[256];
	struct trace t;
	struct proc p;

	need_root();
	plain("tests/progs/family", prog, sizeof(prog));
	if (attach)
		trace_attached(&t, &p, options, (char *const[]){prog, "--wait-stdin", NULL});
	else
		trace_run(&t, &p, options, (char *const[]){prog, NULL});
	check_family(&t, &p);
	trace_free(&t);
}

static void attached_storage(void **state)
{
	(void)state;
	family((const char *const[]){"-f", NULL}, true);
}

static void attached_hash(void **state)
{
	(void)state;
	family((const char *const[]){"-f", "--task-state", "hash", NULL}, true);
}

static void command(void **state)
{
	(void)state;
	family((const char *const[]){"-f", NULL}, false);
}

/* Without -f the threads of the process are there, its child is not. */
static void no_follow(void **state)
{
	char prog[256];
	struct trace t;
	struct proc p;
	int child = 0;

	(void)state;
	need_root();
	plain("tests/progs/family", prog, sizeof(prog));
	trace_attached(&t, &p, NULL, (char *const[]){prog, "--wait-stdin", NULL});
	for (size_t i = 0; i < LINES; i++) {
		json_t *truth = truth_of(&p, i);

		if (number(truth, "pid") == p.pid)
			check_thread(&t, truth);
		else
			child = (int)number(truth, "pid");
		json_decref(truth);
	}
	assert_int_not_equal(child, 0);
	for (size_t i = 0; i < t.n_calls; i++)
		assert_int_equal(t.call[i].pid, p.pid);
	trace_free(&t);
}

/* The first thing that is told of a command is its execve (decisions.md 23). */
static void first_is_execve(void **state)
{
	char prog[256];
	struct trace t;
	struct proc p;

	(void)state;
	need_root();
	plain("tests/progs/zeros", prog, sizeof(prog));
	trace_run(&t, &p, NULL, (char *const[]){prog, "1", NULL});
	assert_true(t.n_calls > 1);
	assert_string_equal(t.call[0].name, "execve");
	assert_int_equal(t.call[0].ret, 0);
	trace_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attached_storage), cmocka_unit_test(attached_hash),
		cmocka_unit_test(command),	    cmocka_unit_test(no_follow),
		cmocka_unit_test(first_is_execve),
	};

	return cmocka_run_group_tests_name("who", tests, NULL, NULL);
}
