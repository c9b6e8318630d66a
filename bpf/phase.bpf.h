/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Phases of the call in progress: every ns between its start and its end goes
 * to exactly one of cpu, copy, wait, runq, and the parts are kept in order.
 */
#ifndef IOTRACE_PHASE_BPF_H
#define IOTRACE_PHASE_BPF_H

/* A part of kind `kind` begins at `at`. */
static __always_inline void seg_push(struct task_state *st, u64 at, u32 kind)
{
	u32 n = st->nseg;

	if (n >= REC_SEGS) {
		/* no room: the last part stands for all the rest */
		st->seg[REC_SEGS - 1] = (st->seg[REC_SEGS - 1] & ~15ull) | SEG_MIXED;
		return;
	}
	st->nseg = n + 1;
	barrier_var(n); /* keeps the mask below, by which the verifier knows the bound */
	st->seg[n & (REC_SEGS - 1)] = (at - st->enter_ns) << 4 | kind;
}

/* Account the time on CPU since the last look. */
static __always_inline void phase_run(struct task_state *st, u64 now)
{
	u64 d = now - st->last_ns;

	if (st->copying) {
		st->copy_ns += d;
	} else {
		st->cpu_ns += d;
		st->tail_ns += d;
	}
	st->last_ns = now;
}

static __always_inline void phase_begin(struct task_state *st, u64 now)
{
	st->enter_ns = now;
	st->last_ns = now;
	st->cpu_ns = st->tail_ns = st->wait_ns = st->runq_ns = st->copy_ns = 0;
	st->sleeps = st->preempts = 0;
	st->copying = st->n_copies = st->copy_end_seen = 0;
	st->skb = 0;
	st->seg[0] = SEG_CPU;
	st->nseg = 1;
	st->tail_seg = 0;
	st->last_waker = 0;
	st->last_waker_kind = WAKER_NONE;
}

/* Back on a CPU at `now`, woken at `wake` (both the same after preemption). */
static __always_inline void phase_resume(struct task_state *st, u64 wake, u64 now)
{
	if (st->off_preempt) {
		st->runq_ns += now - st->off_ns;
		st->preempts++;
	} else {
		st->wait_ns += wake - st->off_ns;
		st->runq_ns += now - wake;
		st->sleeps++;
		st->tail_ns = 0;
		if (wake < now)
			seg_push(st, wake, SEG_RUNQ);
		st->tail_seg = st->nseg;
	}
	st->last_ns = now;
	seg_push(st, now, st->copying ? SEG_COPY : SEG_CPU);
}

/* Leaves the CPU at `now`. */
static __always_inline void phase_leave(struct task_state *st, u64 now)
{
	u32 kind = SEG_WAIT;

	phase_run(st, now);
	if (st->off_preempt)
		kind = SEG_PREEMPT;
	else if (st->off_state == STATE_DISK)
		kind = SEG_DISK;
	else if (st->off_state == STATE_STOPPED)
		kind = SEG_STOPPED;
	seg_push(st, now, kind);
}

static __always_inline void copy_begin(struct task_state *st, u64 now)
{
	phase_run(st, now);
	if (!st->copying)
		seg_push(st, now, SEG_COPY);
	st->copying = 1;
	st->copy_end_seen = 0;
	if (st->n_copies < 2)
		st->n_copies++;
}

static __always_inline void copy_end(struct task_state *st, u64 now)
{
	phase_run(st, now);
	seg_push(st, now, SEG_CPU);
	st->copying = 0;
	st->copy_end_seen = 1;
	st->skb = 0;
}

#endif
