/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Iterators that user space reads: what is there when tracing begins, and what
 * is still open when it ends.
 *
 *   seed_tasks   a state for every thread of a target; what it is doing
 *   seed_files   every descriptor of the targets
 *   last_words   (probes detached) open calls and runs of every traced thread
 */
#ifndef IOTRACE_SEED_BPF_H
#define IOTRACE_SEED_BPF_H

/* Descriptor tables by address: only while seeding, to see which are shared. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, u32);
} seed_tables SEC(".maps");

/* Counted for user space: threads seeded. */
__u32 n_seeded = 0;
__u32 n_seeded_tables = 0;

static __always_inline u32 seed_table(struct task_struct *task)
{
	u64 key = (u64)BPF_CORE_READ(task, files);
	u32 *known = bpf_map_lookup_elem(&seed_tables, &key);
	u32 id;

	if (known)
		return *known;
	id = 1u << 31 | ++n_seeded_tables; /* files_new() stays below */
	bpf_map_update_elem(&seed_tables, &key, &id, BPF_ANY);
	return id;
}

/* What the command line wants of this task; 0: nothing. */
static __always_inline u32 seed_wanted(struct task_struct *task, u32 tid, u32 tgid)
{
	u32 *want;

	if (!tid || !tgid || BPF_CORE_READ(task, flags) & (PF_KTHREAD | PF_EXITING))
		return 0;
	want = bpf_map_lookup_elem(&targets, &tid);
	if (want && *want & SEED_TID)
		return *want;
	want = bpf_map_lookup_elem(&targets, &tgid);
	if (want && !(*want & SEED_TID))
		return *want;
	return 0;
}

/* The call that a sleeping task is in, from its saved registers. */
static __noinline int seed_call(struct task_state *st, struct task_struct *task, u64 now)
{
	struct pt_regs *regs;
	u64 arg[5];
	struct call_class cl;
	u64 id;

	if (!st || !task || st->flags & TSF_WORKER)
		return 0;
	regs = (void *)bpf_task_pt_regs(task);
	if (!regs)
		return 0;
#if defined(__TARGET_ARCH_x86)
	arg[0] = BPF_CORE_READ(regs, di);
	arg[1] = BPF_CORE_READ(regs, si);
	arg[2] = BPF_CORE_READ(regs, dx);
	arg[3] = BPF_CORE_READ(regs, r10);
	arg[4] = BPF_CORE_READ(regs, r8);
	id = BPF_CORE_READ(regs, orig_ax);
#else
	arg[0] = BPF_CORE_READ(regs, orig_x0);
	arg[1] = BPF_CORE_READ(regs, regs[1]);
	arg[2] = BPF_CORE_READ(regs, regs[2]);
	arg[3] = BPF_CORE_READ(regs, regs[3]);
	arg[4] = BPF_CORE_READ(regs, regs[4]);
	id = (s64)BPF_CORE_READ(regs, syscallno);
#endif
	if (id >= CLASS_SLOTS)
		return 0;
	cl.flags = classes[id].flags;
	cl.call = classes[id].call;
	cl.fdarg = classes[id].fdarg;
	cl.asked = classes[id].asked;
	if (task_compat(task)) {
		cl.flags = CF_RECORD;
		cl.call = CALL_compat;
		cl.fdarg = NOFD;
		cl.asked = ASKED_NONE;
		st->call_flags |= CALLF_COMPAT;
	}
	st->nr = id;
	if (!(cl.flags & CF_RECORD)) {
		st->in_call = CALL_UNWATCHED;
		return 0;
	}
	if (cl.asked == ASKED_IOV || cl.asked == ASKED_MSG)
		cl.asked = ASKED_NONE; /* that is another task's memory */
	st->in_call = CALL_WATCHED;
	st->call_flags |= CALLF_OPEN_START;
	phase_begin(st, now);
	call_describe(st, task, arg, &cl, id);
	return 0;
}

/* Off the CPU when tracing begins: in which state, and in which call. */
static __always_inline void seed_off(struct task_state *st, struct task_struct *task, u64 now)
{
	u32 state = task_sched_state(task);

	st->flags |= TSF_MIDWAY;
	if (state == 0 && (bpf_core_field_exists(task->on_cpu) ? BPF_CORE_READ(task, on_cpu) : 1))
		return;
	/* a stop lies between two calls, whatever the saved registers say */
	if (state != 0 && !(state & TASK_STOPPED_OR_TRACED))
		seed_call(st, task, now);
	if (!off_classify(st, false, state, BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait)))
		return;
	st->off = 1;
	st->off_ns = now;
	if (st->in_call == CALL_WATCHED) {
		st->flags &= ~TSF_MIDWAY;
		phase_leave(st, now);
		st->seg[0] &= 15;
	}
}

/* The reader of the iterator is the viewer: which PID namespace is its own? */
static __always_inline void viewer_find(struct task_struct *viewer)
{
	viewer_level = BPF_CORE_READ(viewer, thread_pid, level);
	pid_at_level(viewer, viewer_level, &viewer_ns);
}

SEC("iter/task")
int seed_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_state *st, *init;
	u64 now, switches;
	u32 tid, tgid, want;

	viewer_find(bpf_get_current_task_btf());
	if (!task)
		return 0;
	tid = viewer_id(task);
	tgid = viewer_id(BPF_CORE_READ(task, group_leader));
	want = seed_wanted(task, tid, tgid);
	if (!want || state_of(task))
		return 0;
	init = state_blank();
	if (!init)
		return 0;
	now = bpf_ktime_get_ns();
	switches = BPF_CORE_READ(task, nvcsw) + BPF_CORE_READ(task, nivcsw);
	init->tid = tid;
	init->tgid = tgid;
	init->files = seed_table(task);
	init->flags = (want & SEED_TID ? TSF_ONLY_TID : 0) | (want & SEED_ARMED ? TSF_ARMED : 0) |
		      (want & SEED_TARGET ? TSF_TARGET : 0) | worker_flag(task);
	if (!(want & SEED_ARMED))
		seed_off(init, task, now);
	st = state_create(task, init);
	tgid_watch(BPF_CORE_READ(task, tgid));
	if (!st)
		return 0;
	n_seeded++;
	__sync_fetch_and_add(&n_alive, 1);
	if (st->flags & TSF_ARMED)
		return 0;
	task_announce(st, task, TASK_SEED, now);
	if (BPF_CORE_READ(task, nvcsw) + BPF_CORE_READ(task, nivcsw) != switches ||
	    (init->off && !st->off)) {
		/* it ran meanwhile: what was read of it may be wrong */
		st->flags |= TSF_RESYNC;
		st->in_call = CALL_OUTSIDE;
		st->off = 0;
		return 0;
	}
	if (!st->off)
		return 0;
	if (st->in_call == CALL_WATCHED) {
		fd_use(st, task, st->fd);
		sleep_tell(st, now);
	} else {
		sched_tell(st, SCHED_OUT, now, now);
	}
	return 0;
}

SEC("iter/task_file")
int seed_files(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct fd_key key = {};
	struct task_state *st;

	if (!task || !file || !tgid_maybe(BPF_CORE_READ(task, tgid)))
		return 0;
	st = state_of(task);
	if (!st || st->flags & TSF_ARMED)
		return 0;
	key.files = st->files;
	key.fd = ctx->fd;
	if (!bpf_map_lookup_elem(&known_fds, &key))
		fd_tell(st, file, ctx->fd);
	return 0;
}

/*
 * User space has silenced all probes (it cleared tgid_filter) and then took
 * `over_ns`: what a state says now is how things were at that time.
 */
__u64 over_ns = 0;

SEC("iter/task")
int last_words(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_state *st;
	u64 now = over_ns;

	if (!task)
		return 0;
	st = state_of(task);
	if (!st || st->flags & TSF_ARMED)
		return 0;
	if (now < st->last_ns)
		now = st->last_ns;
	if (now < st->off_ns)
		now = st->off_ns;
	task_close(st, CALLF_OPEN_END, now);
	if (st->lost_since_ns)
		loss_report(st, now);
	return 0;
}

#endif
