/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recordings in tests; see trace.h. */
#include "trace.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_ARGS 64

int64_t number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v))
		fail_msg("no integer '%s'", key);
	return json_integer_value(v);
}

uint64_t item(const json_t *o, const char *key, size_t i)
{
	const json_t *v = json_array_get(json_object_get(o, key), i);

	if (!json_is_integer(v))
		fail_msg("no integer '%s'[%zu]", key, i);
	return (uint64_t)json_integer_value(v);
}

static int64_t number_or(const json_t *o, const char *key, int64_t otherwise)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static const char *word(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* Microseconds of a recording -> ns; exact far beyond any test's length. */
static uint64_t ns_of(const json_t *o, const char *key)
{
	return (uint64_t)llround(json_number_value(json_object_get(o, key)) * 1000.0);
}

json_t *truth_of(const struct proc *p, size_t i)
{
	const char *at = p->out;
	json_error_t err;
	json_t *o;

	while (i-- && (at = strchr(at, '\n')))
		at++;
	o = at ? json_loads(at, JSON_DISABLE_EOF_CHECK, &err) : NULL;
	if (!o)
		fail_msg("no truth in '%s' (stderr '%s', status %d)", p->out, p->err, p->status);
	return o;
}

/* --- loading --- */

static void take_call(struct trace *t, json_t *o)
{
	json_t *a = json_object_get(o, "args");
	struct tcall c = {
		.name = word(o, "name"),
		.spin = !strcmp(word(o, "cat"), "spin"),
		.pid = (int)number(o, "pid"),
		.tid = (int)number(o, "tid"),
		.fd = (int)number_or(a, "fd", -1),
		.ts_ns = t->t0_ns + ns_of(o, "ts"),
		.dur_ns = ns_of(o, "dur"),
		.wait_ns = (uint64_t)number_or(a, "wait_ns", 0),
		.runq_ns = (uint64_t)number_or(a, "runq_ns", 0),
		.copy_ns = (uint64_t)number_or(a, "copy_ns", 0),
		.cpu_ns = (uint64_t)number_or(a, "cpu_ns", 0),
		.ret = number_or(a, "ret", 0),
		.count = number_or(a, "count", 1),
		.copy_src = word(a, "copy_src"),
		.file = word(a, "file"),
		.args = a,
	};

	t->call = realloc(t->call, (t->n_calls + 1) * sizeof(c));
	assert_non_null(t->call);
	t->call[t->n_calls++] = c;
}

static void take_line(struct trace *t, json_t *o)
{
	const char *cat = word(o, "cat");

	if (!strcmp(word(o, "name"), "iotrace") && !strcmp(word(o, "ph"), "M"))
		t->t0_ns = (uint64_t)number(json_object_get(o, "args"), "t0_ns");
	if (!strcmp(word(o, "ph"), "X") && (!strcmp(cat, "io") || !strcmp(cat, "spin")))
		take_call(t, o);
	if (!strcmp(cat, "summary"))
		t->summary = json_object_get(o, "args");
}

/* --- what holds for every recording --- */

static void check_identity(const struct trace *t)
{
	for (size_t i = 0; i < t->n_calls; i++) {
		const struct tcall *c = &t->call[i];
		uint64_t sum = c->wait_ns + c->runq_ns + c->copy_ns + c->cpu_ns;

		if (c->spin && !json_object_get(c->args, "cpu_ns"))
			continue; /* a later slot of a flush has no phases of its own */
		if (sum != c->dur_ns)
			fail_msg("%s of %d: phases sum to %llu, it took %llu", c->name, c->tid,
				 (unsigned long long)sum, (unsigned long long)c->dur_ns);
		if (c->copy_ns && (c->ret <= 0 || !strcmp(c->copy_src, "none")))
			fail_msg("%s of %d has a copy of %llu ns but returned %lld (%s)", c->name,
				 c->tid, (unsigned long long)c->copy_ns, (long long)c->ret,
				 c->copy_src);
	}
}

static void check_partition(const struct trace *t)
{
	json_t *thread, *ns;
	const char *state;
	size_t i;

	json_array_foreach(json_object_get(t->summary, "threads"), i, thread)
	{
		int64_t sum = 0;

		json_object_foreach(json_object_get(thread, "states"), state, ns) sum +=
			json_integer_value(ns);
		assert_int_equal(sum, number(thread, "observed_ns"));
	}
}

static void check_account(const json_t *a, const char *what)
{
	int64_t out = number(a, "submitted") + number(a, "folded") + number(a, "filtered") +
		      number(a, "dropped");
	int64_t causes = 0;
	const char *cause;
	json_t *n;

	json_object_foreach(json_object_get(a, "by_cause"), cause, n) causes +=
		json_integer_value(n);
	assert_int_equal(causes, number(a, "dropped"));
	if (number(a, "seen") != out)
		fail_msg("%s: seen %lld, accounted for %lld", what, (long long)number(a, "seen"),
			 (long long)out);
}

/* Each way out of the probes is what the file says. */
static void check_counts(const struct trace *t)
{
	int64_t calls = 0, folded = 0;
	const char *what;
	json_t *a;

	check_account(t->lost, "calls");
	json_object_foreach(json_object_get(t->lost, "records"), what, a) check_account(a, what);
	for (size_t i = 0; i < t->n_calls; i++) {
		calls += !t->call[i].spin;
		folded += t->call[i].spin ? t->call[i].count : 0;
	}
	assert_int_equal(calls, number(t->lost, "submitted"));
	assert_int_equal(folded, number(t->lost, "folded"));
}

static char *slurp(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	char *p;

	if (!f || fstat(fileno(f), &st))
		fail_msg("cannot read %s", path);
	p = malloc((size_t)st.st_size + 1);
	assert_non_null(p);
	*ret_len = fread(p, 1, (size_t)st.st_size, f);
	p[*ret_len] = 0;
	fclose(f);
	return p;
}

/* A replay writes the same bytes again. */
static void check_replay(const struct trace *t)
{
	char iotrace[256], again[256], *a, *b;
	struct proc p;
	size_t a_len, b_len;

	built("iotrace", iotrace, sizeof(iotrace));
	scratch("again.ndjson", again, sizeof(again));
	unlink(again);
	proc_start(&p, (char *const[]){iotrace, "-r", (char *)t->path, "-o", again, NULL});
	proc_wait(&p, 120000);
	if (p.status)
		fail_msg("replay of %s: status %d, %s", t->path, p.status, p.err);
	a = slurp(t->path, &a_len);
	b = slurp(again, &b_len);
	if (a_len != b_len || memcmp(a, b, a_len))
		fail_msg("a replay of %s gave %zu bytes, not the %zu of it", t->path, b_len, a_len);
	free(a);
	free(b);
}

void trace_load(struct trace *t, const char *path)
{
	json_error_t err;
	size_t len;
	char *text, *next;

	*t = (struct trace){.n_lines = 0};
	snprintf(t->path, sizeof(t->path), "%s", path);
	text = slurp(path, &len);
	for (char *at = text; *at; at = next) {
		json_t *o = json_loads(at, JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &err);

		if (!o)
			fail_msg("line %zu of %s: %s", t->n_lines + 1, path, err.text);
		next = strchr(at, '\n');
		assert_non_null(next);
		next++;
		t->line = realloc(t->line, (t->n_lines + 1) * sizeof(json_t *));
		assert_non_null(t->line);
		t->line[t->n_lines++] = o;
		take_line(t, o);
	}
	free(text);
	assert_true(t->n_lines > 0);
	assert_string_equal(word(t->line[0], "name"), "iotrace");
	if (!t->summary)
		fail_msg("%s has no summary", path);
	t->lost = json_object_get(t->summary, "lost");
	check_identity(t);
	check_partition(t);
	check_counts(t);
	check_replay(t);
}

void trace_free(struct trace *t)
{
	for (size_t i = 0; i < t->n_lines; i++)
		json_decref(t->line[i]);
	free(t->line);
	free(t->call);
}

/* --- making them --- */

static int put_options(char **args, int n, const char *const *options)
{
	for (; options && *options; options++) {
		assert_true(n < MAX_ARGS - 8);
		args[n++] = (char *)*options;
	}
	return n;
}

void trace_run(struct trace *t, struct proc *p, const char *const *options, char *const argv[])
{
	char iotrace[256], file[256], *args[MAX_ARGS];
	int n = 0;

	args[n++] = (char *)built("iotrace", iotrace, sizeof(iotrace));
	n = put_options(args, n, options);
	args[n++] = "-o";
	args[n++] = (char *)scratch("run.ndjson", file, sizeof(file));
	args[n++] = "--";
	n = put_options(args, n, (const char *const *)argv);
	args[n] = NULL;
	unlink(file);
	proc_start(p, args);
	proc_wait(p, 120000);
	if (strstr(p->err, "AddressSanitizer") || strstr(p->err, "runtime error"))
		fail_msg("%s", p->err);
	trace_load(t, file);
}

void trace_start(struct proc *p, const char *file, const char *const *args)
{
	struct timespec step = {0, 5000000};
	char iotrace[256], *argv[MAX_ARGS];
	struct stat st;
	int n = 0;

	argv[n++] = (char *)built("iotrace", iotrace, sizeof(iotrace));
	n = put_options(argv, n, args);
	argv[n++] = "-o";
	argv[n++] = (char *)file;
	argv[n] = NULL;
	unlink(file);
	proc_start(p, argv);
	for (int waited = 0; stat(file, &st) || !st.st_size; waited += 5) {
		if (waited > 30000 || waitpid(p->pid, NULL, WNOHANG) == p->pid)
			fail_msg("iotrace did not begin to trace");
		nanosleep(&step, NULL);
	}
}

void trace_attached(struct trace *t, struct proc *p, const char *const *options, char *const argv[])
{
	char file[256], pid[16];
	const char *args[MAX_ARGS];
	struct proc tracer;
	int n = 0;

	proc_start(p, argv);
	snprintf(pid, sizeof(pid), "%d", p->pid);
	args[n++] = "-p";
	args[n++] = pid;
	n = put_options((char **)args, n, options);
	args[n] = NULL;
	trace_start(&tracer, scratch("attached.ndjson", file, sizeof(file)), args);
	proc_go(p);
	proc_wait(p, 120000);
	proc_wait(&tracer, 60000);
	if (tracer.status)
		fail_msg("iotrace: status %d, %s", tracer.status, tracer.err);
	trace_load(t, file);
}

/* --- asking --- */

static bool is(const struct tcall *c, const char *name, int tid, int fd)
{
	return !strcmp(c->name, name) && (!tid || c->tid == tid) && (fd < 0 || c->fd == fd);
}

int64_t trace_count(const struct trace *t, const char *name, int tid, int fd)
{
	int64_t n = 0;

	for (size_t i = 0; i < t->n_calls; i++)
		if (is(&t->call[i], name, tid, fd))
			n += t->call[i].count;
	return n;
}

int64_t trace_bytes(const struct trace *t, const char *name, int tid, int fd)
{
	int64_t n = 0;

	for (size_t i = 0; i < t->n_calls; i++)
		if (is(&t->call[i], name, tid, fd) && t->call[i].ret > 0)
			n += t->call[i].ret;
	return n;
}

const struct tcall *trace_next(const struct trace *t, const struct tcall *c, const char *name,
			       int tid, int fd)
{
	for (c = c ? c + 1 : t->call; c < t->call + t->n_calls; c++)
		if (is(c, name, tid, fd))
			return c;
	return NULL;
}

json_t *trace_rec(const struct trace *t, const char *k, int tid, size_t n)
{
	for (size_t i = 0; i < t->n_lines; i++) {
		json_t *o = t->line[i], *a = json_object_get(o, "args");

		if (!strcmp(word(o, "name"), "iotrace.rec") && !strcmp(word(a, "k"), k) &&
		    (!tid || number(o, "tid") == tid) && !n--)
			return a;
	}
	return NULL;
}

json_t *trace_label(const struct trace *t, const char *scope, const char *name, int tid)
{
	for (size_t i = 0; i < t->n_lines; i++) {
		json_t *o = t->line[i];

		if (!strcmp(word(o, "cat"), "label") && !strcmp(word(o, "name"), name) &&
		    !strcmp(word(o, "s"), scope) && (!tid || number(o, "tid") == tid))
			return o;
	}
	return NULL;
}

json_t *trace_thread(const struct trace *t, int tid)
{
	json_t *thread;
	size_t i;

	json_array_foreach(json_object_get(t->summary, "threads"), i, thread)
	{
		if (number(thread, "tid") == tid)
			return thread;
	}
	fail_msg("thread %d is not in the summary", tid);
	return NULL;
}
