/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The states of a thread: a partition of its time.
 *
 * One table feeds the kernel side, the core, the screens, the recordings and
 * the manual.  It must not include anything, so that BPF and user space both
 * can.  Columns: enum name, word in recordings, letter, glyph (UTF-8), on CPU.
 */
#ifndef IOTRACE_STATES_H
#define IOTRACE_STATES_H

#define IOTRACE_STATES(X)                                                                          \
	X(USER, "user", 'U', "\xe2\x96\x88", 1)                                                    \
	X(SPIN, "spin", 'B', "\xe2\x96\x93", 1)                                                    \
	X(COPY, "copy", 'C', "\xe2\x96\x8c", 1)                                                    \
	X(KERNEL, "kernel", 'K', "\xe2\x96\x86", 1)                                                \
	X(BLOCKED, "blocked", 'W', "\xe2\x96\x92", 0)                                              \
	X(IDLE, "idle", 'I', "\xc2\xb7", 0)                                                        \
	X(DISK, "disk", 'D', "\xe2\x96\x91", 0)                                                    \
	X(RUNNABLE, "runnable", '/', "/", 0)                                                       \
	X(STOPPED, "stopped", 's', "s", 0)                                                         \
	X(UNKNOWN, "unknown", '!', "!", 0)

enum state {
#define X(id, word, letter, glyph, oncpu) STATE_##id,
	IOTRACE_STATES(X)
#undef X
		STATE_COUNT,
	/*
	 * Preemption is `runnable` too, but counts for the state that it
	 * interrupted when a label is found.  These two live in the timeline only;
	 * state_shown() folds them into STATE_RUNNABLE.
	 */
	STATE_RUNNABLE_RUN = STATE_COUNT, /* preempted in user, kernel or copy */
	STATE_RUNNABLE_SPIN,		  /* preempted in a polling run */
	STATE_SLOTS,
};

/* The parts of a call, in the order of time.  A segment's kind. */
#define IOTRACE_SEGMENTS(X)                                                                        \
	X(CPU, "cpu")	      /* on CPU, not copying */                                            \
	X(COPY, "copy")	      /* on CPU, moving bytes */                                           \
	X(WAIT, "wait")	      /* asleep; the state is that of the call's family */                 \
	X(DISK, "disk")	      /* asleep, uninterruptible in I/O wait; phase wait */                \
	X(STOPPED, "stop")    /* stopped inside the call; phase wait */                            \
	X(RUNQ, "runq")	      /* woken, not yet on a CPU */                                        \
	X(PREEMPT, "preempt") /* preempted; phase runq */                                          \
	X(MIXED, "mixed")     /* too many parts: laid out as cpu, wait, runq, copy */

enum segment {
#define X(id, word) SEG_##id,
	IOTRACE_SEGMENTS(X)
#undef X
		SEG_COUNT,
};

/* How a call's copy was found. */
#define IOTRACE_COPY_SOURCES(X)                                                                    \
	X(NONE, "none")		  /* nothing was copied */                                         \
	X(EXACT, "exact")	  /* start and end both seen */                                    \
	X(START, "start")	  /* start seen, the end is the return of the call */              \
	X(ESTIMATED, "estimated") /* no mark: CPU time after the last wake-up */                   \
	X(DMA, "dma")		  /* O_DIRECT: the device writes into the process's pages */

enum copy_src {
#define X(id, word) COPY_##id,
	IOTRACE_COPY_SOURCES(X)
#undef X
		COPY_SRC_COUNT,
};

#endif
