/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events: what the model consumes, whatever the source.
 *
 * An event is one kernel record, decoded and checked (event_decode), or one raw
 * line of a recording (user/source/recording.c).  Both give the same struct, so
 * that every line of code behind it serves live tracing and replay alike.
 * Pure: no libbpf, no curses, no clock, no stdio.
 */
#ifndef IOTRACE_EVENT_H
#define IOTRACE_EVENT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h" /* bpf/ */

enum event_kind {
	EV_TASK = 1,
	EV_SLEEP,
	EV_SCHED,
	EV_CALL,
	EV_SPIN,
	EV_FD,
	EV_LOSS,
	EV_TICK,
};

/* A run of bytes that is not owned and not ended by NUL; may hold any byte. */
struct text {
	const char *p;
	size_t len;
};

struct ev_task {
	uint64_t clone_flags;
	uint64_t start_ns;
	uint32_t op;	/* enum task_op */
	uint32_t flags; /* TASKF_* */
	uint32_t files;
	uint32_t ptid, ptgid;
	uint32_t old_tid;
	int32_t code;
	uint32_t nvcsw, nivcsw;
	uint32_t global_tid;
	char comm[REC_COMM]; /* raw bytes, always NUL-ended */
};

struct ev_sleep {
	uint64_t enter_ns;
	uint64_t asked; /* with CALLF_ASKED */
	uint32_t nr;
	int32_t fd; /* with CALLF_FD, else -1 */
	uint16_t call, flags;
	uint8_t state;
};

struct ev_sched {
	uint64_t off_ns, wake_ns;
	uint32_t waker;
	int32_t nr;
	uint32_t prev_state;
	uint8_t dir, state, waker_kind, in_iowait;
};

/*
 * A finished call (REC_CALL and REC_CALLX alike); the event's t_ns is its return.
 * Checked by the decoder: enter_ns + wait + runq + copy + cpu == t_ns; segments
 * begin at offset 0, do not go back and lie inside the call.  A call without
 * segments in its record gets them here (cpu, copy, cpu).
 */
struct ev_call {
	uint64_t enter_ns;
	uint64_t wait_ns, runq_ns, copy_ns, cpu_ns;
	int64_t ret;
	uint64_t asked;
	uint64_t first_ns;
	int32_t fd;
	uint32_t nr;
	uint32_t sleeps, preempts;
	uint32_t waker;
	uint16_t attempt, call, flags;
	uint8_t copy_src, nseg, waker_kind;
	uint64_t seg[REC_SEGS]; /* offset << 4 | enum segment */
};

struct ev_spin {
	uint64_t ts_ns, end_ns, run_ns;
	uint64_t runq_ns;
	uint64_t count;
	int64_t ret;
	int32_t fd;
	uint16_t call, flags;
	bool first, ending;
};

struct ev_fd {
	uint64_t ino;
	uint32_t files;
	int32_t fd;
	uint32_t last;
	uint32_t o_flags;
	uint16_t mode;
	uint8_t op;   /* enum fd_op */
	uint8_t kind; /* enum fd_kind */
	bool partial;
	struct text name; /* as shown, already escaped ASCII/UTF-8; decisions.md 20 */
};

struct ev_loss {
	uint64_t since_ns;
	uint64_t calls, records;
	uint32_t cause;
};

struct event {
	uint64_t t_ns;
	uint32_t tid, tgid;
	uint16_t kind; /* enum event_kind */
	uint16_t cpu;
	union {
		struct ev_task task;
		struct ev_sleep sleep;
		struct ev_sched sched;
		struct ev_call call;
		struct ev_spin spin;
		struct ev_fd fd;
		struct ev_loss loss;
	};
};

/* Room for the texts of one event; an event's `name` points into it. */
#define EVENT_TEXT_BYTES (4 * REC_PATH_BYTES + 64)
struct event_text {
	char buf[EVENT_TEXT_BYTES];
};

/*
 * Decode one kernel record of `len` bytes.  The event's texts live in `text`
 * until its next use.  Returns 0, or -EBADMSG for a record that breaks the
 * contract of record.h (wrong size, unknown kind, broken identity).
 */
int event_decode(const void *rec, size_t len, struct event *ret_ev, struct event_text *text);

/* The checks of event_decode on an event from elsewhere.  0 or -EBADMSG. */
int event_check(const struct event *ev);

/* Only the time of a call that is left out (--min, -e, or it did not sleep). */
static inline bool ev_is_parts(const struct event *ev)
{
	return ev->kind == EV_CALL && ev->call.flags & CALLF_HIDDEN;
}

/* Duration of a call in ns. */
static inline uint64_t ev_call_dur_ns(const struct event *ev)
{
	return ev->t_ns - ev->call.enter_ns;
}

#endif
