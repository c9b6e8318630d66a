/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings as a second reader (jansson) sees them, and ways to make them:
 * run a program under iotrace, or attach to one that waits for the word to go.
 * Every recording that is loaded here passes the checks that hold for all.
 */
#ifndef IOTRACE_TESTS_TRACE_H
#define IOTRACE_TESTS_TRACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "proc.h"

/* One call, or one folded run. */
struct tcall {
	const char *name;
	bool spin;
	int pid, tid, fd;	/* fd -1: none */
	uint64_t ts_ns, dur_ns; /* ts on CLOCK_MONOTONIC */
	uint64_t wait_ns, runq_ns, copy_ns, cpu_ns;
	int64_t ret, count;
	const char *copy_src, *file;
	json_t *args;
};

struct trace {
	char path[256];
	json_t **line;
	size_t n_lines;
	uint64_t t0_ns;
	struct tcall *call;
	size_t n_calls;
	json_t *summary; /* its args */
	json_t *lost;
};

/* Load an .ndjson and check what holds for every complete recording. */
void trace_load(struct trace *t, const char *path);
void trace_free(struct trace *t);

/*
 * iotrace [options] -o FILE -- argv, to its end; its output (and the program's)
 * is in `p`.  `options` is NULL-ended and may be NULL.
 */
void trace_run(struct trace *t, struct proc *p, const char *const *options, char *const argv[]);
/* Start `argv`, which takes --wait-stdin; attach; let it go; wait for both. */
void trace_attached(struct trace *t, struct proc *p, const char *const *options,
		    char *const argv[]);
/* Start iotrace with these arguments and wait until it traces (its file has a header). */
void trace_start(struct proc *p, const char *file, const char *const *args);

/* The truth that a program printed: the i-th line of its output as JSON. */
json_t *truth_of(const struct proc *p, size_t i);
int64_t number(const json_t *o, const char *key);
uint64_t item(const json_t *o, const char *key, size_t i);

/* Calls named `name` of thread `tid` on `fd`; 0 and -1: any.  Folded ones by their count. */
int64_t trace_count(const struct trace *t, const char *name, int tid, int fd);
int64_t trace_bytes(const struct trace *t, const char *name, int tid, int fd);
/* The next of them behind `c`, or the first (c NULL); NULL past the end. */
const struct tcall *trace_next(const struct trace *t, const struct tcall *c, const char *name,
			       int tid, int fd);
/* The n-th iotrace.rec of this kind and thread (0: any). */
json_t *trace_rec(const struct trace *t, const char *k, int tid, size_t n);
/* Is there a label event of this name? `scope`: "t" thread, "p" process. */
json_t *trace_label(const struct trace *t, const char *scope, const char *name, int tid);
/* The summary's object of a thread or process. */
json_t *trace_thread(const struct trace *t, int tid);

#endif
