/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that a test starts, tells to go, waits for and reads: each has a pipe
 * for its standard input and one for its output; what it says on standard error
 * goes to a file of its own.  A program that outlives its time fails the test.
 */
#ifndef IOTRACE_TESTS_PROC_H
#define IOTRACE_TESTS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROC_OUTPUT (64 * 1024)

struct proc {
	pid_t pid;
	int in_fd, out_fd;
	bool ended;
	int status;	       /* as a shell says it: 128 + n after a signal */
	char out[PROC_OUTPUT]; /* standard output, once it has ended */
	char err[4096];	       /* standard error, the same */
	char err_path[256];
};

/* Start `argv` (NULL-ended).  Fails the test when that cannot be done. */
void proc_start(struct proc *p, char *const argv[]);
/* Let a program with --wait-stdin begin. */
void proc_go(struct proc *p);
/* Wait until it has ended, `ms` at most (then it is killed and the test fails). */
void proc_wait(struct proc *p, int ms);
/* Read one line of its output into p->out, without waiting for its end. */
void proc_line(struct proc *p, int ms);
/* End it now, whatever it does. */
void proc_kill(struct proc *p);

/* What the test was built beside: "iotrace", "tests/progs/zeros", ... */
const char *built(const char *name, char *dst, size_t size);
/* The programs that are traced, always plain. */
const char *plain(const char *name, char *dst, size_t size);
/* A file in the test's scratch directory. */
const char *scratch(const char *name, char *dst, size_t size);
/* Root and BTF are there; otherwise the test is skipped. */
void need_root(void);

#endif
