/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `-- CMD`: a child that waits before its execve until it is traced, runs as
 * the user who called sudo, and may have a pseudo-terminal of its own.
 */
#ifndef IOTRACE_CHILD_H
#define IOTRACE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct child {
	pid_t pid;
	int go_fd;  /* a byte written here lets it execve */
	int err_fd; /* errno of a failed execve comes from here */
	int pty_fd; /* master of its terminal, -1: it has ours */
	bool reaped;
	int status; /* exit status as a shell would say it, once reaped */
};

/* Remember what signals are ignored and blocked, before iotrace changes it: CMD inherits that. */
void child_inherit_signals(void);
/*
 * Find the program and fork.  0, or 127/126 (not found, not executable) or 1
 * after a sentence was put into `err`.
 */
int child_spawn(struct child *c, char **argv, bool with_pty, char *err, size_t err_size);
/* Let it run.  0, or -errno of its execve. */
int child_go(struct child *c);
/* Has it ended?  Never waits. */
bool child_poll(struct child *c);
/* Ask it to end (SIGTERM, SIGCONT) and wait at most `ms` for it; then SIGKILL. */
void child_end(struct child *c, int ms);
void child_close(struct child *c);

#endif
