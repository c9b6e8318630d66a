/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exact counts: a million failed tries fold into a handful of records, every
 * read of /dev/zero is told of with its bytes, and what does not fit into a small
 * ring is counted as lost.  With both places for a task's state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace.h"

#define TRIES	     1000000
#define FOLD_RECORDS 400 /* "a few hundred" */
#define RUN_RECORDS  21	 /* a run begins with 19 tries, and ends with a fold */
#define READS	     100000
#define READ_BYTES   4096

static const char *const storage[] = {"--task-state", "storage", NULL};
static const char *const hash[] = {"--task-state", "hash", NULL};

static void check_folds(const struct trace *t, const struct proc *p)
{
	json_t *truth = truth_of(p, 0);
	int pid = (int)number(truth, "pid"), fd = (int)number(truth, "fd");
	uint64_t begin = (uint64_t)number(truth, "begin_ns");
	uint64_t end = (uint64_t)number(truth, "end_ns"), spun = 0;
	uint64_t busy = end - begin - (uint64_t)number(truth, "gap_ns");
	size_t records = 0, limit = RUN_RECORDS * (size_t)(number(truth, "gaps") + 2);
	const struct tcall *c;
	int64_t tries = 0;

	for (c = NULL; (c = trace_next(t, c, "read", pid, fd));) {
		if (strncmp(c->file, "pipe:", 5))
			continue; /* the loader had other files under this number */
		records++;
		tries += c->count;
		assert_string_equal(json_string_value(json_object_get(c->args, "errno")), "EAGAIN");
		spun += c->spin ? c->dur_ns : 0;
	}
	assert_int_equal(tries, TRIES);
	/* a machine that held the loop up has made several runs of it */
	if (records > (limit > FOLD_RECORDS ? limit : FOLD_RECORDS))
		fail_msg("%zu records of one loop with %lld gaps", records,
			 (long long)number(truth, "gaps"));
	/* the loop was spun through, all but its first tries */
	if (spun > end - begin || spun < busy * 9 / 10)
		fail_msg("%llu ns of spinning, in truth %llu", (unsigned long long)spun,
			 (unsigned long long)(end - begin));
	assert_non_null(trace_label(t, "t", "busy-waiting", pid));
	assert_non_null(trace_label(t, "p", "busy-waiting", 0));
	json_decref(truth);
}

static void fold_with(const char *const *options, bool attach)
{
	char prog[256];
	struct trace t;
	struct proc p;

	need_root();
	plain("tests/progs/poller", prog, sizeof(prog));
	if (attach)
		trace_attached(&t, &p, options, (char *const[]){prog, "--wait-stdin", NULL});
	else
		trace_run(&t, &p, options, (char *const[]){prog, NULL});
	check_folds(&t, &p);
	trace_free(&t);
}

static void fold_attached(void **state)
{
	(void)state;
	fold_with(storage, true);
}

static void fold_command(void **state)
{
	(void)state;
	fold_with(NULL, false);
}

static void fold_hash(void **state)
{
	(void)state;
	fold_with(hash, true);
}

static void zeros_with(const char *const *options, bool attach)
{
	char prog[256];
	struct trace t;
	struct proc p;
	const struct tcall *c;
	json_t *truth, *thread;
	int64_t calls = 0, bytes = 0;
	int pid, fd;

	need_root();
	plain("tests/progs/zeros", prog, sizeof(prog));
	if (attach)
		trace_attached(&t, &p, options, (char *const[]){prog, "--wait-stdin", NULL});
	else
		trace_run(&t, &p, options, (char *const[]){prog, NULL});
	truth = truth_of(&p, 0);
	pid = (int)number(truth, "pid");
	fd = (int)number(truth, "fd");
	assert_int_equal(number(truth, "calls"), READS);
	for (c = NULL; (c = trace_next(&t, c, "read", pid, fd));) {
		if (strcmp(c->file, "/dev/zero"))
			continue;
		calls += c->count;
		bytes += c->ret;
	}
	assert_int_equal(calls, READS);
	assert_int_equal(bytes, (int64_t)READS * READ_BYTES);
	assert_int_equal(number(t.lost, "dropped"), 0);
	thread = json_object_get(json_object_get(trace_thread(&t, pid), "by_call"), "read");
	assert_true(number(thread, "calls") >= READS);
	json_decref(truth);
	trace_free(&t);
}

static void zeros_attached(void **state)
{
	(void)state;
	zeros_with(NULL, true);
}

static void zeros_command(void **state)
{
	(void)state;
	zeros_with(storage, false);
}

static void zeros_hash(void **state)
{
	(void)state;
	zeros_with(hash, true);
}

/* The summary of a recording that is too long to be loaded whole; the caller frees it. */
static json_t *last_line(const char *path)
{
	static char tail[1 << 20];
	FILE *f = fopen(path, "re");
	json_error_t err;
	json_t *o;
	char *at;

	assert_non_null(f);
	fseek(f, -(long)sizeof(tail) + 1, SEEK_END);
	tail[fread(tail, 1, sizeof(tail) - 1, f)] = 0;
	fclose(f);
	at = strstr(tail, "{\"ph\":\"i\",\"s\":\"g\",\"cat\":\"summary\"");
	assert_non_null(at);
	o = json_loads(at, JSON_DISABLE_EOF_CHECK, &err);
	assert_non_null(o);
	return o;
}

/* A burst of a million records fits into the default ring and queue (decisions.md 24). */
static void burst(void **state)
{
	char prog[256], iotrace[256], file[256];
	struct proc p;
	json_t *o, *lost;

	(void)state;
	need_root();
	plain("tests/progs/zeros", prog, sizeof(prog));
	built("iotrace", iotrace, sizeof(iotrace));
	scratch("burst.ndjson", file, sizeof(file));
	proc_start(&p, (char *const[]){iotrace, "-o", file, "--", prog, "1000000", "1", NULL});
	proc_wait(&p, 120000);
	assert_int_equal(p.status, 0);
	if (*p.err)
		fail_msg("%s", p.err);
	o = last_line(file);
	remove(file);
	lost = json_object_get(json_object_get(o, "args"), "lost");
	assert_int_equal(number(lost, "dropped"), 0);
	assert_true(number(lost, "submitted") > 1000000);
	json_decref(o);
}

/* A ring that is far too small: what is missing is counted, to the call. */
static void loss(void **state)
{
	char prog[256];
	struct trace t;
	struct proc p;
	json_t *rec;
	int64_t told = 0, dropped = 0, unknown;

	(void)state;
	need_root();
	plain("tests/progs/zeros", prog, sizeof(prog));
	trace_attached(&t, &p, (const char *const[]){"--buffer-size", "64K", NULL},
		       (char *const[]){prog, "--wait-stdin", "300000", "1", NULL});
	for (size_t i = 0; i < t.n_calls; i++)
		told += t.call[i].count;
	dropped = number(t.lost, "dropped");
	assert_true(dropped > 0);
	assert_int_equal(number(json_object_get(t.lost, "by_cause"), "ring"), dropped);
	/* calls made = told + dropped; beside the reads there are a few more */
	assert_true(told + dropped >= 300000 + 1);
	assert_true(told + dropped < 300000 + 50);
	for (size_t i = 0; (rec = trace_rec(&t, "loss", 0, i)); i++)
		dropped -= number(rec, "calls");
	assert_int_equal(dropped, 0); /* each is told of in its place, too */
	unknown = number(json_object_get(trace_thread(&t, p.pid), "states"), "unknown");
	assert_true(unknown > 0);
	trace_free(&t);
}

/* The warning names the number and the option that helps. */
static void loss_is_said(void **state)
{
	char prog[256], iotrace[256], file[256];
	struct proc p;

	(void)state;
	need_root();
	plain("tests/progs/zeros", prog, sizeof(prog));
	built("iotrace", iotrace, sizeof(iotrace));
	scratch("loss.ndjson", file, sizeof(file));
	proc_start(&p, (char *const[]){iotrace, "--buffer-size", "64K", "-o", file, "--", prog,
				       "300000", "1", NULL});
	proc_wait(&p, 60000);
	assert_int_equal(p.status, 0);
	assert_non_null(strstr(p.err, "lost"));
	assert_non_null(strstr(p.err, "--buffer-size"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fold_attached), cmocka_unit_test(fold_command),
		cmocka_unit_test(fold_hash),	 cmocka_unit_test(zeros_attached),
		cmocka_unit_test(zeros_command), cmocka_unit_test(zeros_hash),
		cmocka_unit_test(burst),	 cmocka_unit_test(loss),
		cmocka_unit_test(loss_is_said),
	};

	return cmocka_run_group_tests_name("counts", tests, NULL, NULL);
}
