/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a traced task: born, renamed, running another program, gone.
 */
#ifndef IOTRACE_TASK_BPF_H
#define IOTRACE_TASK_BPF_H

#define CLONE_THREAD   0x10000
#define PF_EXITING     0x4
#define PF_IO_WORKER   0x10
#define PF_USER_WORKER 0x4000
#define PF_KTHREAD     0x200000

static __always_inline u32 worker_flag(struct task_struct *task)
{
	return BPF_CORE_READ(task, flags) & (PF_IO_WORKER | PF_USER_WORKER) ? TSF_WORKER : 0;
}

static __always_inline u32 task_flags(struct task_state *st, struct task_struct *task)
{
	u32 flags = 0;

	if (st->flags & TSF_WORKER)
		flags |= TASKF_KERNEL_WORKER;
	if (st->flags & TSF_TARGET)
		flags |= TASKF_TARGET;
	if (BPF_CORE_READ(task, pid) == BPF_CORE_READ(task, tgid))
		flags |= TASKF_LEADER;
	return flags;
}

/* A REC_TASK with what every kind of it carries. NULL: noted as lost. */
static __always_inline struct rec_task *task_reserve(struct task_state *st,
						     struct task_struct *task, u32 op, u64 now)
{
	struct rec_task *r;

	COUNT(PC_TASK, seen);
	r = rec_reserve(st, sizeof(*r), PC_TASK, now, now);
	if (!r)
		return NULL;
	head_fill(&r->head, st, REC_TASK, now);
	r->clone_flags = 0;
	r->start_ns = task_start_ns(task);
	r->op = op;
	r->flags = task_flags(st, task);
	r->files = st->files;
	r->ptid = r->ptgid = 0;
	r->old_tid = 0;
	r->code = 0;
	r->nvcsw = BPF_CORE_READ(task, nvcsw);
	r->nivcsw = BPF_CORE_READ(task, nivcsw);
	r->global_tid = BPF_CORE_READ(task, pid);
	__builtin_memset(r->comm, 0, sizeof(r->comm));
	BPF_CORE_READ_STR_INTO(&r->comm, task, comm);
	return r;
}

static __noinline int task_announce(struct task_state *st, struct task_struct *task, u32 op,
				    u64 now)
{
	struct rec_task *r;

	if (!st || !task)
		return 0;
	r = task_reserve(st, task, op, now);
	if (r)
		rec_submit(r);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(on_newtask, struct task_struct *task, unsigned long clone_flags)
{
	struct task_state *st, *parent, *init;
	struct rec_task *r;
	u64 now;

	if (!tgid_maybe(bpf_get_current_pid_tgid() >> 32))
		return 0;
	parent = state_of_current();
	if (!parent || parent->flags & (TSF_ARMED | TSF_ONLY_TID))
		return 0;
	if (!(clone_flags & CLONE_THREAD) && !follow)
		return 0;
	init = state_blank();
	if (!init)
		return 0;
	now = bpf_ktime_get_ns();
	init->tid = viewer_id(task);
	init->tgid = clone_flags & CLONE_THREAD ? parent->tgid : init->tid;
	init->files = clone_flags & CLONE_FILES ? parent->files : files_new();
	init->flags = TSF_NEWBORN | worker_flag(task);
	init->off = 1;
	init->off_ns = now;
	init->off_state = STATE_RUNNABLE;
	init->born_off = 1;
	tgid_watch(task->tgid);
	st = state_create(task, init);
	if (!st) {
		struct probe_stats *s = stats_of(PC_TASK);

		if (s) {
			s->seen++;
			s->dropped[LOSS_STATE]++;
		}
		return 0;
	}
	__sync_fetch_and_add(&n_alive, 1);
	r = task_reserve(st, task, TASK_NEW, now);
	if (!r)
		return 0;
	r->clone_flags = clone_flags;
	r->ptid = parent->tid;
	r->ptgid = parent->tgid;
	rec_submit(r);
	return 0;
}

/*
 * A new program.  When a thread other than the leader called execve it takes
 * over the leader's tid (fs/exec.c, de_thread): its lane ends and another one
 * begins at the same ns, which owns the call.
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *p, pid_t old_pid)
{
	struct task_state *st;
	struct rec_task *r;
	u32 old_tid, key = old_pid;
	u64 now;

	if (!tgid_maybe(p->tgid))
		return 0;
	if (!use_storage && old_pid != p->pid) {
		st = bpf_map_lookup_elem(&tasks_by_tid, &key);
		if (!st)
			return 0;
		state_create(p, st);
		bpf_map_delete_elem(&tasks_by_tid, &key);
	}
	st = state_of(p);
	if (!st || st->flags & TSF_ARMED)
		return 0;
	now = bpf_ktime_get_ns();
	if (st->n_slots)
		run_end(st, now); /* what was folded was the old lane's */
	old_tid = st->tid;
	st->tid = viewer_id(p);
	st->files = files_new(); /* close-on-exec, and no longer shared */
	__builtin_memset(st->fdc, 0, sizeof(st->fdc));
	if (old_tid != st->tid && st->in_call == CALL_WATCHED) {
		/* the lane that begins here owns the call from here on */
		phase_begin(st, now);
		st->call_flags |= CALLF_OPEN_START;
	}
	r = task_reserve(st, p, TASK_EXEC, now);
	if (!r)
		return 0;
	r->old_tid = old_tid;
	rec_submit(r);
	return 0;
}

/* What is still open is told before a thread is gone; `flags`: why it ends. */
static __always_inline void task_close(struct task_state *st, u32 flags, u64 now)
{
	if (st->n_slots)
		run_end(st, now);
	if (st->in_call != CALL_WATCHED)
		return;
	if (st->off) {
		u32 parts = st->nseg;

		phase_resume(st, now, now);
		st->nseg = parts; /* it did not really go on */
	} else {
		phase_run(st, now);
	}
	COUNT(PC_CALL, seen);
	st->call_flags |= flags;
	if (st->n_copies)
		copy_undo(st);
	call_tell_full(st, 0, COPY_NONE, now);
	st->in_call = CALL_OUTSIDE;
}

/* The ring is full, and this thread has no later record: keep its end for user space. */
static __noinline int gone_keep(struct task_state *st, struct task_struct *p, u64 now)
{
	struct probe_stats *s = stats_of(PC_TASK);
	struct gone g = {};
	u32 key;

	if (!st || !p)
		return 0;
	key = st->tid;
	g.tid = st->tid;
	g.tgid = st->tgid;
	g.cpu = bpf_get_smp_processor_id();
	g.code = BPF_CORE_READ(p, exit_code);
	g.end_ns = now;
	g.lost_since_ns = st->lost_since_ns;
	g.lost_calls = st->lost_calls;
	g.lost_records = st->lost_records - 1; /* the end itself is not lost then */
	g.start_ns = task_start_ns(p);
	if (bpf_map_update_elem(&gone, &key, &g, BPF_ANY))
		return 0;
	__sync_fetch_and_add(&n_gone, 1);
	if (s) {
		s->dropped[LOSS_RING]--;
		s->submitted++;
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *p)
{
	struct task_state *st;
	struct rec_task *r;
	u64 now;

	if (!tgid_maybe(p->tgid))
		return 0;
	st = state_of(p);
	if (!st)
		return 0;
	now = bpf_ktime_get_ns();
	if (!(st->flags & TSF_ARMED)) {
		task_close(st, CALLF_KILLED, now);
		r = task_reserve(st, p, TASK_EXIT, now);
		if (r) {
			r->code = BPF_CORE_READ(p, exit_code);
			rec_submit(r);
		} else {
			gone_keep(st, p, now);
		}
	}
	state_delete(p);
	__sync_fetch_and_add(&n_alive, -1);
	return 0;
}

static __always_inline bool name_by_exec(struct task_state *st)
{
	return st->in_call == CALL_WATCHED &&
	       (st->call == CALL_execve || st->call == CALL_execveat);
}

SEC("?tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *task, const char *comm)
{
	struct task_state *st;
	struct rec_task *r;
	char name[REC_COMM] = {};
	u64 now;

	if (!tgid_maybe(task->tgid))
		return 0;
	st = state_of(task);
	/* an execve gives a name too; it comes with TASK_EXEC */
	if (!st || st->flags & TSF_ARMED || name_by_exec(st))
		return 0;
	bpf_probe_read_kernel_str(name, sizeof(name), comm);
	now = bpf_ktime_get_ns();
	r = task_reserve(st, task, TASK_NAME, now);
	if (!r)
		return 0;
	__builtin_memcpy(r->comm, name, sizeof(name)); /* the task still has the old one */
	rec_submit(r);
	return 0;
}

#endif
