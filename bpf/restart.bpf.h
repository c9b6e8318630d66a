/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls that a signal interrupts: restarted by the kernel (decisions.md 4), given
 * up with EINTR, or the last thing that a thread does.
 */
#ifndef IOTRACE_RESTART_BPF_H
#define IOTRACE_RESTART_BPF_H

#define EINTR		      4
#define ERESTARTSYS	      512
#define ERESTARTNOINTR	      513
#define ERESTARTNOHAND	      514
#define ERESTART_RESTARTBLOCK 516
#define SIGKILL		      9

#if defined(__TARGET_ARCH_x86)
#define NR_RT_SIGRETURN	   15
#define RESTART_RESULT(st) ((u64)(st)->restart_nr)
#elif defined(__TARGET_ARCH_arm64)
#define NR_RT_SIGRETURN	   139
#define RESTART_RESULT(st) ((st)->restart_arg0)
#endif

/*
 * Is the call that begins another attempt of an interrupted one?  Only the very
 * next call can be, or the next after the handler's rt_sigreturn.
 */
static __always_inline void restart_match(struct task_state *st, u32 cl_flags, bool ready)
{
	st->is_restart = 0;
	if (!ready)
		return;
	if (cl_flags & CF_RESTART ||
	    (st->restart_nr == (u32)st->nr && st->restart_arg0 == st->arg0))
		st->is_restart = 1;
}

/* -512..-516: the kernel will begin this call again, or the program sees EINTR. */
static __always_inline void restart_note(struct task_state *st, u32 cl_flags, s64 ret)
{
	if (ret != -ERESTARTSYS && ret != -ERESTARTNOINTR && ret != -ERESTARTNOHAND &&
	    ret != -ERESTART_RESTARTBLOCK) {
		st->restart_attempt = 0;
		return;
	}
	if (!st->is_restart) {
		st->restart_first_ns = st->enter_ns;
		st->restart_attempt = 0;
	}
	st->restart_attempt++;
	st->restart_ready = 1;
	st->restart_call = st->call;
	st->restart_arg0 = st->arg0;
	if (!(cl_flags & CF_RESTART))
		st->restart_nr = st->nr;
}

/*
 * The end of a handler: rt_sigreturn gives the registers back as the interrupted
 * call left them, so its "result" is -EINTR, or what the kernel put there for the
 * call to begin again: its number on x86, its first argument on arm64.
 */
static __always_inline void sigreturn_note(struct task_state *st, s64 ret)
{
	if (!st->restart_attempt)
		return;
	if (ret == -EINTR)
		st->restart_attempt = 0;
	else if ((u64)ret == RESTART_RESULT(st))
		st->restart_ready = 1;
}

/*
 * Interrupted by a signal that ends the thread?  Every fatal one becomes a
 * SIGKILL pending for each thread (kernel/signal.c, complete_signal), and so
 * does the exec of another thread (zap_other_threads).
 */
static __always_inline bool dies(struct task_struct *task)
{
	return BPF_CORE_READ(task, pending.signal.sig[0]) & 1ul << (SIGKILL - 1);
}

#endif
