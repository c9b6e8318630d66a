/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard of the terminal: a small process that outlives a SIGKILL of iotrace
 * and then puts the terminal back.  It holds nothing but the terminal and a pipe,
 * whose end without a goodbye is the sign.  Used by term.c only.
 */
#ifndef IOTRACE_GUARD_H
#define IOTRACE_GUARD_H

#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

struct guard {
	int fd; /* -1: none */
	pid_t pid;
};

/*
 * Start it, before the terminal is changed.  `restore` (what to write) and `tty`
 * (its modes now) are copied by fork().  0 or -errno; without a guard all else works.
 */
int guard_start(struct guard *g, const char *restore, size_t len, const struct termios *tty);
/* The terminal has been put back: the guard may go.  Safe twice. */
void guard_end(struct guard *g);

#endif
