/* SPDX-License-Identifier: GPL-2.0 */
/*
 * System calls: one record for each that is watched and finished.
 *
 * The odd ones: an exit without an entry (seccomp or ptrace refused the call, or
 * it began before tracing), exit id -1 (rt_sigreturn), the second return of
 * clone, 32-bit callers (their numbers mean other calls), restarts.
 */
#ifndef IOTRACE_SYSCALLS_BPF_H
#define IOTRACE_SYSCALLS_BPF_H

#include "restart.bpf.h"

#define EAGAIN	     11
#define EINPROGRESS  115
#define MSG_DONTWAIT 0x40
#define IOV_MAX_READ 16

#if defined(__TARGET_ARCH_x86)
#define TS_COMPAT 2
#define REG_ARGS(r)                                                                                \
	{                                                                                          \
		(r)->di, (r)->si, (r)->dx, (r)->r10, (r)->r8                                       \
	}
#define REG_NR(r) ((long)(r)->orig_ax)
#elif defined(__TARGET_ARCH_arm64)
#define TIF_32BIT 22
#define REG_ARGS(r)                                                                                \
	{                                                                                          \
		(r)->orig_x0, (r)->regs[1], (r)->regs[2], (r)->regs[3], (r)->regs[4]               \
	}
#define REG_NR(r) ((long)(r)->syscallno)
#endif

/* Does the current call come from a 32-bit program (or int 0x80)? A plain load: this is hot. */
static __always_inline bool task_compat(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return task->thread_info.status & TS_COMPAT;
#else
	return task->thread_info.flags & (1ul << TIF_32BIT);
#endif
}

/* Sum of the lengths of an iovec array in user memory. False: not known. */
static __always_inline bool iov_sum(const void *iov, u64 n, u64 *ret_sum)
{
	struct iovec v;
	u64 sum = 0;
	u32 i;

	if (n > IOV_MAX_READ)
		return false;
	for (i = 0; i < IOV_MAX_READ; i++) {
		if (i >= n)
			break;
		if (bpf_probe_read_user(&v, sizeof(v), iov + i * sizeof(v)))
			return false;
		sum += v.iov_len;
	}
	*ret_sum = sum;
	return true;
}

static __noinline int asked_vector(struct task_state *st, u64 arg1, u64 arg2, u32 asked)
{
	struct user_msghdr msg;
	u64 sum = 0;

	if (!st)
		return 0;
	if (asked == ASKED_MSG) {
		if (bpf_probe_read_user(&msg, sizeof(msg), (void *)arg1))
			return 0;
		arg1 = (u64)msg.msg_iov;
		arg2 = msg.msg_iovlen;
	}
	if (!iov_sum((void *)arg1, arg2, &sum))
		return 0;
	st->asked = sum;
	st->call_flags |= CALLF_ASKED;
	return 0;
}

/* How much the call asks for, and whether it said "do not wait". */
static __always_inline void call_args(struct task_state *st, const u64 *arg, u32 asked, u32 call)
{
	st->arg0 = arg[0];
	st->asked = 0;
	switch (asked) {
	case ASKED_NONE:
		break;
	case ASKED_ARG1:
	case ASKED_ARG2:
	case ASKED_ARG3:
		st->asked = asked == ASKED_ARG1 ? arg[1] : asked == ASKED_ARG2 ? arg[2] : arg[3];
		st->call_flags |= CALLF_ASKED;
		break;
	case ASKED_ARG4:
		st->asked = arg[4];
		st->call_flags |= CALLF_ASKED;
		break;
	default:
		asked_vector(st, arg[1], arg[2], asked);
	}
	if (call == CALL_recvfrom || call == CALL_sendto || call == CALL_recvmmsg ||
	    call == CALL_sendmmsg) {
		if (arg[3] & MSG_DONTWAIT)
			st->call_flags |= CALLF_NONBLOCK;
	} else if (call == CALL_recvmsg || call == CALL_sendmsg) {
		if (arg[2] & MSG_DONTWAIT)
			st->call_flags |= CALLF_NONBLOCK;
	}
}

/* Fill in what is known of a watched call at its start (or, seeding, in it). */
static __always_inline void call_describe(struct task_state *st, struct task_struct *task,
					  const u64 *arg, const struct call_class *cl, long id)
{
	u32 fdarg = cl->fdarg;

	st->nr = id;
	st->call = cl->call;
	st->fd = -1;
	st->o_flags = 0;
	st->fd_kind = FDK_UNKNOWN;
	if (cl->flags & CF_RESTART) {
		/* goes on with the call that was interrupted */
		st->call = st->restart_attempt ? st->restart_call : st->call;
		st->arg0 = st->restart_arg0;
		st->asked = 0;
		return;
	}
	call_args(st, arg, cl->asked, cl->call);
	if (fdarg == NOFD)
		return;
	st->fd = fdarg == 1 ? arg[1] : arg[0];
	st->call_flags |= CALLF_FD;
	fd_use(st, task, st->fd);
	if (st->o_flags & O_NONBLOCK)
		st->call_flags |= CALLF_NONBLOCK;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long id)
{
	const volatile struct call_class *vcl;
	struct task_struct *task;
	struct call_class cl;
	struct task_state *st;
	u64 arg[5] = REG_ARGS(regs);
	bool compat, ready;
	u64 now;

	if (!tgid_maybe(bpf_get_current_pid_tgid() >> 32))
		return 0;
	st = state_of_current();
	if (!st)
		return 0;
	task = bpf_get_current_task_btf();
	if ((u64)id >= CLASS_SLOTS)
		id = CLASS_SLOTS - 1; /* no such call; an empty class */
	vcl = &classes[id];
	cl.flags = vcl->flags;
	cl.call = vcl->call;
	compat = task_compat(task);
	ready = st->restart_ready;
	st->restart_ready = 0;
	if (st->flags) {
		if (st->flags & TSF_ARMED) {
			if (compat || !(cl.flags & CF_EXEC))
				return 0;
			task_announce(st, task, TASK_SEED, bpf_ktime_get_ns());
		}
		st->flags &= ~(TSF_ARMED | TSF_RESYNC | TSF_NEWBORN | TSF_MIDWAY);
	}
	if (compat) {
		cl.flags = CF_RECORD;
		cl.call = CALL_compat;
		cl.fdarg = NOFD;
		cl.asked = ASKED_NONE;
		cl.sleep = STATE_BLOCKED;
	} else if (!(cl.flags & CF_RECORD)) {
		/* `call` stays: the state of a sleep depends on it */
		st->in_call = CALL_UNWATCHED;
		st->nr = id;
		return 0;
	} else {
		cl.fdarg = vcl->fdarg;
		cl.asked = vcl->asked;
	}
	now = bpf_ktime_get_ns();
	if (st->tries)
		run_gap(st, now);
	st->in_call = CALL_WATCHED;
	st->call_flags = compat ? CALLF_COMPAT : 0;
	phase_begin(st, now);
	call_describe(st, task, arg, &cl, id);
	restart_match(st, cl.flags, ready);
	return 0;
}

/* The parts of an estimated copy: CPU time after the last wake-up, or all of it. */
static __always_inline void copy_estimate(struct task_state *st, u32 cl_flags)
{
	u32 i, from = cl_flags & CF_OUT ? 0 : st->tail_seg;
	u64 part = cl_flags & CF_OUT ? st->cpu_ns : st->tail_ns;

	st->copy_ns = part;
	st->cpu_ns -= part;
	for (i = 0; i < REC_SEGS; i++) {
		if (i >= from && i < st->nseg && (st->seg[i] & 15) == SEG_CPU)
			st->seg[i] = (st->seg[i] & ~15ull) | SEG_COPY;
	}
}

/* Decide how the copy of a finished call is known (semantics 2, decisions.md 5). */
static __always_inline u32 copy_decide(struct task_state *st, u32 cl_flags, s64 ret)
{
	if (st->n_copies)
		return st->copying ? COPY_START : COPY_EXACT;
	if (ret <= 0 || !(cl_flags & (CF_COPY | CF_HARVEST)))
		return COPY_NONE;
	if (st->o_flags & O_DIRECT && (st->fd_kind == FDK_FILE || st->fd_kind == FDK_BLK))
		return COPY_DMA;
	copy_estimate(st, cl_flags);
	if (cl_flags & CF_HARVEST)
		st->call_flags |= CALLF_HARVEST;
	return COPY_ESTIMATED;
}

/* Marks seen in a call that moved nothing after all: its copy is CPU time. */
static __always_inline void copy_undo(struct task_state *st)
{
	u32 i;

	st->cpu_ns += st->copy_ns;
	st->copy_ns = 0;
	st->n_copies = 0;
	st->copying = 0;
	for (i = 0; i < REC_SEGS; i++) {
		if (i < st->nseg && (st->seg[i] & 15) == SEG_COPY)
			st->seg[i] = (st->seg[i] & ~15ull) | SEG_CPU;
	}
}

static __always_inline void call_tell_short(struct task_state *st, s64 ret, u32 src, u64 now)
{
	struct rec_call *r = rec_reserve(st, sizeof(*r), PC_CALL, st->enter_ns, now);
	u64 at = 0;

	if (!r)
		return;
	if ((st->seg[0] & 15) != SEG_COPY && st->nseg > 1)
		at = st->seg[1] >> 4;
	head_fill(&r->head, st, REC_CALL, now);
	r->dur_ns = now - st->enter_ns;
	r->copy_ns = st->copy_ns;
	r->copy_at_ns = st->copy_ns ? at : 0;
	r->fd = st->fd;
	r->ret = ret;
	r->asked = st->asked;
	r->call = st->call;
	r->flags = st->call_flags;
	r->copy_src = src;
	r->pad[0] = r->pad[1] = r->pad[2] = 0;
	rec_submit(r);
}

static __always_inline void callx_fill(struct rec_callx *r, struct task_state *st, s64 ret, u32 src,
				       u64 now)
{
	head_fill(&r->head, st, REC_CALLX, now);
	r->enter_ns = st->enter_ns;
	r->wait_ns = st->wait_ns;
	r->runq_ns = st->runq_ns;
	r->copy_ns = st->copy_ns;
	r->cpu_ns = st->cpu_ns;
	r->ret = ret;
	r->asked = st->asked;
	r->first_ns = st->is_restart ? st->restart_first_ns : 0;
	r->attempt = st->is_restart ? st->restart_attempt + 1 : 1;
	r->fd = st->fd;
	r->nr = st->nr;
	r->sleeps = st->sleeps;
	r->preempts = st->preempts;
	r->waker = st->last_waker;
	r->waker_kind = st->last_waker_kind;
	r->call = st->call;
	r->flags = st->call_flags;
	r->copy_src = src;
	r->nseg = st->nseg;
	__builtin_memset(r->pad, 0, sizeof(r->pad));
	__builtin_memcpy(r->seg, st->seg, sizeof(r->seg));
}

static __noinline int call_tell_full(struct task_state *st, s64 ret, u32 src, u64 now)
{
	struct rec_callx *r;

	if (!st)
		return 0;
	r = rec_reserve(st, sizeof(*r), PC_CALL, st->enter_ns, now);
	if (!r)
		return 0;
	callx_fill(r, st, ret, src, now);
	rec_submit(r);
	return 0;
}

/*
 * Is a finished call left out?  One that is not wanted (-e) is here only when it
 * goes on with another one: restart_syscall.
 */
static __always_inline bool call_filtered(struct task_state *st, u32 cl_flags, u64 now)
{
	return (cl_flags & CF_SLEPT && !st->sleeps) || !(cl_flags & CF_RECORD) ||
	       now - st->enter_ns < min_ns;
}

/* A call that is left out was off the CPU all the same: its time must not become `user`. */
static __noinline int call_tell_parts(struct task_state *st, u64 now)
{
	struct rec_callx *r;

	if (!st)
		return 0;
	COUNT(PC_SCHED, seen);
	r = rec_reserve(st, sizeof(*r), PC_SCHED, st->enter_ns, now);
	if (!r)
		return 0;
	callx_fill(r, st, 0, COPY_NONE, now);
	r->head.kind = REC_PARTS;
	r->flags |= CALLF_HIDDEN;
	rec_submit(r);
	return 0;
}

/* The call in progress is over: deliver, fold or filter it. */
static __always_inline void call_finish(struct task_state *st, u32 cl_flags, s64 ret, u64 now)
{
	u32 src, simple;

	phase_run(st, now);
	COUNT(PC_CALL, seen);
	if (!st->sleeps && (ret == -EAGAIN || (ret == 0 && cl_flags & CF_TRY0))) {
		if (run_try(st, ret, now)) {
			COUNT(PC_CALL, folded);
			return;
		}
	} else if (st->tries) {
		run_end(st, now);
	}
	if (call_filtered(st, cl_flags, now)) {
		COUNT(PC_CALL, filtered);
		if (st->sleeps || st->preempts)
			call_tell_parts(st, now);
		return;
	}
	if (ret <= 0 && st->n_copies)
		copy_undo(st);
	src = copy_decide(st, cl_flags, ret);
	simple = !st->sleeps && !st->preempts && st->nseg <= 3 &&
		 (st->nseg < 3 || (st->seg[1] & 15) == SEG_COPY) && !st->is_restart &&
		 now - st->enter_ns < 0xffffffffull && !(st->call_flags & CALLF_COMPAT);
	if (simple)
		call_tell_short(st, ret, src, now);
	else
		call_tell_full(st, ret, src, now);
}

/* A call refused before it began: it took no time that we saw. */
static __always_inline void call_refused(struct task_state *st, struct task_struct *task,
					 const struct pt_regs *regs, long id, s64 ret)
{
	const volatile struct call_class *vcl;
	struct call_class cl;
	u64 arg[5] = REG_ARGS(regs);
	u64 now;

	if ((u64)id >= CLASS_SLOTS || task_compat(task))
		return;
	vcl = &classes[id];
	cl.flags = vcl->flags;
	if (!(cl.flags & CF_RECORD) || cl.flags & CF_CLONE)
		return;
	COUNT(PC_CALL, seen);
	if (cl.flags & CF_SLEPT || min_ns) { /* it took no time at all */
		COUNT(PC_CALL, filtered);
		return;
	}
	cl.call = vcl->call;
	cl.fdarg = vcl->fdarg;
	cl.asked = vcl->asked;
	now = bpf_ktime_get_ns();
	if (st->tries)
		run_end(st, now);
	st->call_flags = st->flags & TSF_MIDWAY ? CALLF_OPEN_START : CALLF_NO_ENTER;
	phase_begin(st, now);
	call_describe(st, task, arg, &cl, id);
	st->is_restart = 0;
	call_tell_short(st, ret, COPY_NONE, now);
}

/* The end of a call that is only counted. */
static __always_inline void exit_unwatched(struct task_state *st, struct pt_regs *regs, long ret)
{
	u64 arg[5] = REG_ARGS(regs);
	u32 flags;

	st->in_call = CALL_OUTSIDE;
	COUNT(PC_CALL, seen);
	COUNT(PC_CALL, filtered);
	if (st->nr == NR_RT_SIGRETURN)
		sigreturn_note(st, ret);
	flags = classes[st->nr & (CLASS_SLOTS - 1)].flags;
	if (flags & CF_TABLE)
		fd_table_changed(st, flags, ret, arg);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	struct task_state *st;
	u32 flags = CF_RECORD;
	long id;

	if (!tgid_maybe(bpf_get_current_pid_tgid() >> 32))
		return 0;
	st = state_of_current();
	if (!st)
		return 0;
	if (st->in_call == CALL_UNWATCHED) {
		exit_unwatched(st, regs, ret);
		return 0;
	}
	if (st->in_call == CALL_OUTSIDE) {
		id = REG_NR(regs);
		if (!(st->flags & (TSF_ARMED | TSF_RESYNC | TSF_NEWBORN)) && id >= 0)
			call_refused(st, bpf_get_current_task_btf(), regs, id, ret);
		st->flags &= ~(TSF_NEWBORN | TSF_MIDWAY | TSF_RESYNC);
		return 0;
	}
	if (!(st->call_flags & CALLF_COMPAT) && (u32)st->nr < CLASS_SLOTS) {
		flags = classes[st->nr & (CLASS_SLOTS - 1)].flags;
		if (flags & CF_RESTART && st->restart_attempt)
			flags = classes[st->restart_nr & (CLASS_SLOTS - 1)].flags | CF_RESTART;
	}
	if (st->call_flags & CALLF_RESTART)
		st->call_flags &= ~CALLF_RESTART;
	if (ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK && ret != -515)
		st->call_flags |= dies(bpf_get_current_task_btf()) ? CALLF_KILLED : CALLF_RESTART;
	call_finish(st, flags, ret, bpf_ktime_get_ns());
	st->in_call = CALL_OUTSIDE;
	if (st->is_restart || st->call_flags & CALLF_RESTART)
		restart_note(st, flags, ret);
	if (flags & CF_TABLE) {
		u64 arg[5] = REG_ARGS(regs);

		arg[0] = st->arg0;
		fd_table_changed(st, flags, ret, arg);
	}
	return 0;
}

#endif
