/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The odd calls: restarted, interrupted, refused, killed, of handlers, of new
 * threads, of a thread that becomes the leader, of 32-bit callers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace.h"

#define SLACK 10000000 /* ns between the program's clock and the kernel's, at most */

static const char *const follow[] = {"-f", NULL};
static const char *const follow_hash[] = {"-f", "--task-state", "hash", NULL};

struct odd {
	struct trace t;
	struct proc p;
	json_t *truth;
	int pid;
};

static void odd_run(struct odd *o, const char *name, const char *const *options)
{
	char prog[256];

	need_root();
	plain("tests/progs/odd", prog, sizeof(prog));
	trace_run(&o->t, &o->p, options, (char *const[]){prog, (char *)name, NULL});
	if (o->p.status == 77) {
		trace_free(&o->t);
		print_message("SKIPPED: no 32-bit calls here\n");
		skip();
	}
	o->truth = truth_of(&o->p, 0);
	o->pid = (int)number(o->truth, "pid");
}

static void odd_free(struct odd *o)
{
	json_decref(o->truth);
	trace_free(&o->t);
}

static const char *errno_of(const struct tcall *c)
{
	const char *e = json_string_value(json_object_get(c->args, "errno"));

	return e ? e : "";
}

static bool flag(const struct tcall *c, const char *name)
{
	return json_is_true(json_object_get(c->args, name));
}

static void check_near(uint64_t got, uint64_t expect)
{
	uint64_t off = got > expect ? got - expect : expect - got;

	if (off > SLACK)
		fail_msg("%llu ns, in truth %llu", (unsigned long long)got,
			 (unsigned long long)expect);
}

/* A time that another process made: never shorter, and longer on a busy machine. */
static void check_about(uint64_t got, uint64_t expect)
{
	if (got + SLACK < expect || got > expect + 500000000)
		fail_msg("%llu ns, in truth about %llu", (unsigned long long)got,
			 (unsigned long long)expect);
}

/* Two signals, SA_RESTART: three attempts, one call with the time of all three. */
static void restart_read(void **state)
{
	const struct tcall *c = NULL;
	json_t *calls;
	uint64_t sum = 0;
	struct odd o;
	int n = 0, fd;

	odd_run(&o, "restart-read", *state);
	fd = (int)number(o.truth, "fd");
	while ((c = trace_next(&o.t, c, "read", o.pid, fd))) {
		if (strncmp(c->file, "pipe:", 5))
			continue;
		n++;
		sum += c->dur_ns;
		if (n < 3) {
			assert_string_equal(errno_of(c), "ERESTARTSYS");
		} else {
			assert_int_equal(number(c->args, "attempt"), 3);
			assert_int_equal(c->ret, 64);
		}
	}
	assert_int_equal(n, 3);
	check_near(sum,
		   (uint64_t)number(o.truth, "end_ns") - (uint64_t)number(o.truth, "begin_ns"));
	/* the tables count it once, and not as an error */
	calls = json_object_get(json_object_get(trace_thread(&o.t, o.pid), "by_call"), "read");
	assert_int_equal(number(calls, "errors"), 0);
	odd_free(&o);
}

/* No SA_RESTART: the program saw EINTR, so there is one attempt only. */
static void eintr_read(void **state)
{
	const struct tcall *c = NULL, *found = NULL;
	struct odd o;
	int n = 0;

	odd_run(&o, "eintr-read", *state);
	while ((c = trace_next(&o.t, c, "read", o.pid, (int)number(o.truth, "fd")))) {
		if (strncmp(c->file, "pipe:", 5))
			continue;
		n++;
		found = c;
	}
	assert_int_equal(n, 1);
	assert_string_equal(errno_of(found), "ERESTARTSYS");
	assert_null(json_object_get(found->args, "attempt"));
	check_near(found->dur_ns,
		   (uint64_t)(number(o.truth, "end_ns") - number(o.truth, "begin_ns")));
	odd_free(&o);
}

/* The attempts of the reads of `fd`, 1 where it is the first, in their order. */
static int attempts(struct odd *o, int64_t ret_attempt[8])
{
	const struct tcall *c = NULL;
	int n = 0;

	while ((c = trace_next(&o->t, c, "read", o->pid, (int)number(o->truth, "fd")))) {
		json_t *a = json_object_get(c->args, "attempt");

		if (!strncmp(c->file, "pipe:", 5) && n < 8)
			ret_attempt[n++] = a ? json_integer_value(a) : 1;
	}
	return n;
}

/* The handler reads the same descriptor: its read is no attempt, the next one is. */
static void handler_read(void **state)
{
	int64_t a[8];
	struct odd o;

	odd_run(&o, "handler-read", *state);
	assert_int_equal(attempts(&o, a), 3);
	/* records stand in the order of their ends: interrupted, handler's, the rest */
	assert_int_equal(a[0], 1);
	assert_int_equal(a[1], 1);
	assert_int_equal(a[2], 2);
	odd_free(&o);
}

/* The handler jumped away: what is read later is another call. */
static void longjmp_read(void **state)
{
	int64_t a[8];
	struct odd o;

	odd_run(&o, "longjmp", *state);
	assert_int_equal(attempts(&o, a), 2);
	assert_int_equal(a[0], 1);
	assert_int_equal(a[1], 1);
	odd_free(&o);
}

/* A stop and restart_syscall in the middle of a sleep. */
static void restart_sleep(void **state)
{
	const struct tcall *c, *last;
	struct odd o;
	json_t *states;

	odd_run(&o, "restart-sleep", *state);
	c = trace_next(&o.t, NULL, "nanosleep", o.pid, -1);
	assert_non_null(c);
	assert_string_equal(errno_of(c), "ERESTART_RESTARTBLOCK");
	last = trace_next(&o.t, c, "nanosleep", o.pid, -1);
	assert_non_null(last);
	assert_int_equal(number(last->args, "attempt"), 2);
	assert_int_equal(last->ret, 0);
	check_near(last->ts_ns + last->dur_ns - c->ts_ns,
		   (uint64_t)(number(o.truth, "end_ns") - number(o.truth, "begin_ns")));
	assert_null(trace_next(&o.t, last, "nanosleep", o.pid, -1));
	/* 60 ms of it were a stop */
	states = json_object_get(trace_thread(&o.t, o.pid), "states");
	check_about((uint64_t)number(states, "stopped"), 60000000);
	odd_free(&o);
}

/* Refused by seccomp: an exit without an entry, and the calls around it are whole. */
static void seccomp(void **state)
{
	const struct tcall *c = NULL;
	struct odd o;
	int n = 0, reads = 0;

	odd_run(&o, "seccomp", *state);
	while ((c = trace_next(&o.t, c, "fdatasync", o.pid, -1))) {
		n++;
		assert_true(flag(c, "no_enter"));
		assert_string_equal(errno_of(c), "EPERM");
		assert_int_equal(c->dur_ns, 0);
	}
	while ((c = trace_next(&o.t, c, "read", o.pid, -1)))
		reads += !strcmp(c->file, "/dev/zero");
	assert_int_equal(n, number(o.truth, "refused"));
	assert_int_equal(reads, number(o.truth, "reads"));
	odd_free(&o);
}

/* rt_sigreturn exits as call -1; a thousand of them disturb nothing. */
static void handlers(void **state)
{
	const struct tcall *c = NULL;
	struct odd o;
	int reads = 0;

	odd_run(&o, "handlers", *state);
	while ((c = trace_next(&o.t, c, "read", o.pid, -1))) {
		if (strcmp(c->file, "/dev/zero"))
			continue;
		reads++;
		assert_int_equal(c->ret, 8);
		assert_null(json_object_get(c->args, "attempt"));
	}
	assert_int_equal(reads, number(o.truth, "reads"));
	odd_free(&o);
}

/* Killed while asleep in read: the call is closed, and says so. */
static void killed(void **state)
{
	const struct tcall *c;
	struct odd o;

	odd_run(&o, "killed", *state);
	assert_int_equal(o.p.status, 128 + 9);
	c = trace_next(&o.t, NULL, "read", o.pid, (int)number(o.truth, "fd"));
	while (c && strncmp(c->file, "pipe:", 5))
		c = trace_next(&o.t, c, "read", o.pid, (int)number(o.truth, "fd"));
	assert_non_null(c);
	assert_true(flag(c, "killed"));
	check_about(c->wait_ns, 150000000);
	odd_free(&o);
}

/* A new thread's first event is its return from clone: no call of its own. */
static void threads(void **state)
{
	struct odd o;
	json_t *tid;
	size_t i;

	odd_run(&o, "threads", *state);
	json_array_foreach(json_object_get(o.truth, "tids"), i, tid)
	{
		int id = (int)json_integer_value(tid);
		const struct tcall *c = NULL;
		int n = 0;

		while ((c = trace_next(&o.t, c, "read", id, -1)))
			n++;
		assert_int_equal(n, number(o.truth, "reads"));
		assert_null(trace_next(&o.t, NULL, "clone3", id, -1));
		assert_null(trace_next(&o.t, NULL, "clone", id, -1));
		assert_non_null(trace_rec(&o.t, "task", id, 0));
	}
	odd_free(&o);
}

/* execve from a thread that is not the leader (decisions.md 7). */
static void exec_thread(void **state)
{
	const struct tcall *c = NULL, *exec = NULL;
	int old, before = 0, leader = 0, after = 0;
	uint64_t exec_at;
	json_t *rec;
	struct odd o;

	odd_run(&o, "exec-thread", *state);
	old = (int)number(o.truth, "old_tid");
	for (size_t i = 0; (rec = trace_rec(&o.t, "task", o.pid, i)); i++)
		if (json_object_get(rec, "old_tid") && number(rec, "old_tid") == old)
			break;
	assert_non_null(rec);
	exec_at = (uint64_t)number(rec, "t");
	while ((c = trace_next(&o.t, c, "read", 0, -1))) {
		if (strcmp(c->file, "/dev/zero"))
			continue;
		if (c->tid == old)
			before++;
		else if (c->ts_ns < exec_at)
			leader++;
		else
			after++;
	}
	assert_int_equal(before, number(o.truth, "before"));
	assert_int_equal(leader, number(o.truth, "leader"));
	assert_int_equal(after, number(o.truth, "after"));
	/* the new lane begins at the ns of the exec and owns the execve */
	while ((c = trace_next(&o.t, c, "execve", o.pid, -1)))
		exec = c;
	assert_non_null(exec);
	assert_true(llabs((int64_t)(exec->ts_ns - exec_at)) < 1000); /* printed to the ns */
	odd_free(&o);
}

/* A vfork parent waits for its child: idle, not disk. */
static void vfork_waits(void **state)
{
	const struct tcall *c;
	json_t *states;
	struct odd o;

	odd_run(&o, "vfork", *state);
	c = trace_next(&o.t, NULL, "vfork", o.pid, -1);
	assert_non_null(c);
	check_about(c->wait_ns, 150000000);
	states = json_object_get(trace_thread(&o.t, o.pid), "states");
	assert_int_equal(number(states, "disk"), 0);
	assert_true(number(states, "idle") > 100000000);
	odd_free(&o);
}

/* int 0x80: never taken for the 64-bit call of that number. */
static void int80(void **state)
{
	const struct tcall *c = NULL;
	struct odd o;
	int n = 0, reads = 0;

	odd_run(&o, "int80", *state);
	while ((c = trace_next(&o.t, c, "compat", o.pid, -1))) {
		n++;
		assert_true(flag(c, "compat"));
	}
	while ((c = trace_next(&o.t, c, "read", o.pid, -1)))
		reads += !strcmp(c->file, "/dev/zero");
	assert_int_equal(n, number(o.truth, "calls") * 3);
	assert_int_equal(reads, number(o.truth, "reads"));
	assert_null(trace_next(&o.t, NULL, "writev", o.pid, -1));
	odd_free(&o);
}

#define BOTH(f)                                                                                    \
	{#f, f, NULL, NULL, (void *)follow},                                                       \
	{                                                                                          \
#f " (hash)", f, NULL, NULL, (void *)follow_hash                                   \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(restart_read), BOTH(eintr_read),	BOTH(restart_sleep), BOTH(seccomp),
		BOTH(handler_read), BOTH(longjmp_read), BOTH(handlers),	     BOTH(killed),
		BOTH(threads),	    BOTH(exec_thread),	BOTH(vfork_waits),   BOTH(int80),
	};

	return cmocka_run_group_tests_name("odd", tests, NULL, NULL);
}
