/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ways to run: live (live.c) and replay (replay.c).  Each takes a
 * session with its outputs open, connects its source, and returns the exit
 * status.
 */
#ifndef IOTRACE_RUN_H
#define IOTRACE_RUN_H

#include "session.h"

int run_live(struct session *s);
int run_replay(struct session *s);
int run_check(const struct options *o);

/* --- what both loops share (loop.c) --- */

struct loop {
	bool quit;  /* the user wants to leave, or a signal came */
	int signal; /* the one that came, 0: none */
	bool paused;
};

/* Route signals to loop_signal(); blocks them outside of loop_wait(). */
void loop_signals(void);
/*
 * Wait until input, a signal, or `timeout_ns` passed; take what was typed.
 * `extra_fd` (or -1) ends the wait too.
 */
void loop_wait(struct loop *l, struct session *s, uint64_t timeout_ns, int extra_fd);
/* Draw if something changed and 33 ms have passed. */
void loop_draw(struct session *s, const struct tui_status *st);

#endif
