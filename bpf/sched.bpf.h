/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The scheduler: when a traced thread leaves a CPU, is woken, and runs again.
 *
 * Inside a watched call this only feeds the phases (and says once that the
 * thread sleeps); outside of calls every change is a record.
 */
#ifndef IOTRACE_SCHED_BPF_H
#define IOTRACE_SCHED_BPF_H

#define TASK_STOPPED_OR_TRACED (0x4 | 0x8 | 0x8000)
#define TASK_GONE	       (0x80 | 0x10 | 0x20)
#define TASK_RTLOCK_WAIT       0x1000
#define TASK_UNINTERRUPTIBLE   0x2
#define TASK_SLEEPS	       0x3

/* The state of a sleep in the call in progress, watched or not. */
static __always_inline u8 sleep_state(struct task_state *st)
{
	if (!st->in_call)
		return st->flags & TSF_WORKER ? STATE_IDLE : STATE_BLOCKED;
	if (st->in_call == CALL_WATCHED && st->call_flags & CALLF_COMPAT)
		return STATE_BLOCKED;
	return classes[st->nr & (CLASS_SLOTS - 1)].sleep;
}

/*
 * What it means that a thread leaves the CPU in `state`; the order is that of
 * decisions.md 3.  False: it is dead.
 */
static __always_inline bool off_classify(struct task_state *st, bool preempt, u32 state,
					 bool iowait)
{
	st->off_preempt = 0;
	if (preempt || state == 0 || state == TASK_RTLOCK_WAIT) {
		st->off_preempt = 1;
		st->off_state = STATE_RUNNABLE;
	} else if (state & TASK_STOPPED_OR_TRACED) {
		st->off_state = STATE_STOPPED;
	} else if (state & TASK_GONE) {
		return false;
	} else if (state & TASK_UNINTERRUPTIBLE && iowait) {
		st->off_state = STATE_DISK;
	} else {
		st->off_state = sleep_state(st);
	}
	st->off_prev_state = state;
	st->off_iowait = iowait;
	return true;
}

static __always_inline void sleep_tell(struct task_state *st, u64 t_ns)
{
	struct rec_sleep *r;

	COUNT(PC_SCHED, seen);
	r = rec_reserve(st, sizeof(*r), PC_SCHED, t_ns, t_ns);
	if (!r)
		return;
	head_fill(&r->head, st, REC_SLEEP, t_ns);
	r->enter_ns = st->enter_ns;
	r->asked = st->asked;
	r->nr = st->nr;
	r->fd = st->fd;
	r->call = st->call;
	r->flags = st->call_flags;
	r->state = st->off_state;
	r->pad[0] = r->pad[1] = r->pad[2] = 0;
	rec_submit(r);
}

static __always_inline void sched_tell(struct task_state *st, u32 dir, u64 wake, u64 now)
{
	struct rec_sched *r;

	COUNT(PC_SCHED, seen);
	r = rec_reserve(st, sizeof(*r), PC_SCHED, st->off_ns, now);
	if (!r)
		return;
	head_fill(&r->head, st, REC_SCHED, now);
	r->off_ns = st->off_ns;
	r->wake_ns = wake;
	r->waker = st->last_waker;
	r->waker_kind = st->last_waker_kind;
	r->nr = st->in_call ? st->nr : -1;
	r->prev_state = st->off_prev_state;
	r->dir = dir;
	r->state = st->off_state;
	r->in_iowait = st->off_iowait;
	rec_submit(r);
}

/* Defined in seed.bpf.h: the call that a task is in, from its saved registers. */
static __noinline int seed_call(struct task_state *st, struct task_struct *task, u64 now);

/*
 * Seeded in the middle of whatever it did, and goes to sleep before any call
 * began or ended: which call is it in?
 */
static __always_inline void midway_call(struct task_state *st, struct task_struct *task,
					bool preempt, u32 state)
{
	st->flags &= ~TSF_RESYNC;
	if (preempt || !(state & TASK_SLEEPS) || st->in_call != CALL_OUTSIDE)
		return;
	st->flags &= ~TSF_MIDWAY;
	seed_call(st, task, bpf_ktime_get_ns());
}

static __always_inline void task_off(struct task_struct *task, bool preempt, u32 state)
{
	struct task_state *st = state_of(task);
	u64 now;

	if (!st || st->flags & TSF_ARMED)
		return;
	if (st->flags & (TSF_MIDWAY | TSF_RESYNC))
		midway_call(st, task, preempt, state);
	if (!off_classify(st, preempt, state, BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait)))
		return;
	now = bpf_ktime_get_ns();
	st->off_ns = now;
	st->off = 1;
	st->off_silent = 0;
	if (!st->off_preempt && st->tries)
		run_end(st, now);
	if (st->in_call == CALL_WATCHED) {
		phase_leave(st, now);
		if (!st->off_preempt && !st->sleeps)
			sleep_tell(st, now);
		return;
	}
	if (st->off_preempt)
		st->off_silent = run_preempted(st, now);
	st->last_waker = 0;
	st->last_waker_kind = WAKER_NONE;
	if (st->off_silent)
		return;
	sched_tell(st, SCHED_OUT, now, now);
}

/*
 * When the sleep ended.  The waking may be stamped a little before the switch
 * that it ends (another CPU's clock read came first); one that nobody saw ends
 * the wait only now.
 */
static __always_inline u64 wake_time(struct task_state *st, u64 now)
{
	u64 wake = st->wake_ns, off = st->off_ns;

	if (st->off_preempt || st->born_off)
		return off;
	if (wake >= off && wake <= now)
		return wake;
	if (wake && wake < off && off - wake < WAKE_EARLY_NS)
		return off;
	return now;
}

static __always_inline void task_on(struct task_struct *task)
{
	struct task_state *st = state_of(task);
	u64 now, wake;

	if (!st || !st->off || st->flags & (TSF_ARMED | TSF_RESYNC))
		return;
	now = bpf_ktime_get_ns();
	wake = wake_time(st, now);
	if (!st->off_preempt && st->wake_ns) {
		st->last_waker = st->wake_tid;
		st->last_waker_kind = st->wake_kind;
	}
	st->wake_ns = 0;
	st->off = 0;
	st->born_off = 0;
	if (st->in_call == CALL_WATCHED) {
		/* a wait for more pages ends the copy of those that were there */
		if (st->copying && !st->skb && st->off_state == STATE_DISK)
			st->copying = 0;
		phase_resume(st, wake, now);
		return;
	}
	if (st->tries)
		run_resumed(st, st->off_ns, now, st->off_silent);
	if (!st->off_silent)
		sched_tell(st, SCHED_IN, wake, now);
}

/* since 5.18 (commit fa2c3254d7cf) the fourth argument is the state */
SEC("?tp_btf/sched_switch")
int BPF_PROG(on_sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	if (tgid_maybe(prev->tgid))
		task_off(prev, preempt, prev_state);
	if (tgid_maybe(next->tgid))
		task_on(next);
	return 0;
}

SEC("?tp_btf/sched_switch")
int BPF_PROG(on_sched_switch3, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	if (tgid_maybe(prev->tgid))
		task_off(prev, preempt, task_sched_state(prev));
	if (tgid_maybe(next->tgid))
		task_on(next);
	return 0;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_sched_waking, struct task_struct *p)
{
	struct task_state *st;
	u32 waker;

	if (!tgid_maybe(p->tgid))
		return 0;
	st = state_of(p);
	if (!st)
		return 0;
	waker = (u32)bpf_get_current_pid_tgid();
	st->wake_tid = waker ? viewer_id(bpf_get_current_task_btf()) : 0;
	st->wake_kind = waker ? WAKER_TASK : WAKER_IRQ;
	st->wake_ns = bpf_ktime_get_ns();
	return 0;
}

#endif
