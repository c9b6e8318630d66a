/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel side remembers: knobs, maps, and the state of one task.
 *
 * A task's state is written by the CPU that runs the task, except wake_* (by
 * the waker).  It lives in task storage; where tracing programs may not use
 * that (before 5.13, commit a10787e6d58c) in a hash keyed by the global tid.
 * Included by iotrace.bpf.c only.
 */
#ifndef IOTRACE_STATE_BPF_H
#define IOTRACE_STATE_BPF_H

/* --- knobs: set by user space before loading --- */
const volatile struct call_class classes[CLASS_SLOTS];
const volatile bool use_storage = true; /* task storage, else the hash */
const volatile bool follow = false;	/* -f: new processes too */
const volatile __u64 min_ns = 0;	/* --min: calls shorter than this are filtered */

#define FOLD_FROM     20	/* tries 1..19 are ordinary records */
#define FOLD_SLOTS    8		/* (call, fd) pairs that a run keeps apart */
#define FOLD_FLUSH_NS 100000000 /* a run is told of this often */
#define FOLD_GAP_NS   100000	/* more than this on CPU between tries ends a run */
#define WAKE_EARLY_NS 100000	/* a waking stamped this much before the switch is its own */

enum in_call {
	CALL_OUTSIDE,
	CALL_WATCHED,
	CALL_UNWATCHED, /* only its number is known */
};

/* task_state.flags */
#define TSF_ARMED    0x1  /* -- CMD before its execve: silent */
#define TSF_ONLY_TID 0x2  /* -t: new threads are not inherited */
#define TSF_RESYNC   0x4  /* seeding raced with the task: silent until its next call */
#define TSF_NEWBORN  0x8  /* has not returned from clone yet */
#define TSF_TARGET   0x10 /* named on the command line */
#define TSF_MIDWAY   0x20 /* may have been inside a call when seeded */
#define TSF_WORKER   0x40 /* a thread of io_uring: its sleeps are idle */

struct fold_slot {
	u64 count;
	s64 ret;
	s32 fd;
	u16 call;
	u16 flags;
};

struct fd_cached {
	s32 fd; /* + 1; 0: empty */
	u32 stamp;
	u32 o_flags;
	u32 kind;
};
#define FD_CACHE 4

struct task_state {
	/* who */
	u32 tid, tgid; /* viewer's */
	u32 files;
	u32 flags;
	/* the call in progress */
	u64 enter_ns;
	u64 last_ns; /* phases are accounted up to here */
	u64 cpu_ns, tail_ns, wait_ns, runq_ns, copy_ns;
	u64 asked;
	u64 arg0;
	u64 skb; /* being copied */
	u64 seg[REC_SEGS];
	u32 nseg;
	u32 tail_seg; /* segments from this one on come after the last wake-up */
	u32 sleeps, preempts;
	s32 nr;
	s32 fd;
	u32 o_flags;
	u32 fd_kind;
	u16 call;
	u16 call_flags; /* CALLF_* */
	u8 in_call;
	u8 copying;  /* between the marks of a copy */
	u8 n_copies; /* marks seen: 0, 1, 2 = many */
	u8 copy_end_seen;
	/* off the CPU */
	u64 off_ns;
	u8 off; /* off the CPU at all */
	u8 off_state;
	u8 off_preempt;
	u8 off_silent; /* inside a folded run: no record of it */
	u32 off_prev_state;
	u8 off_iowait;
	u8 born_off; /* has never run yet */
	u8 wake_kind;
	u8 last_waker_kind;
	u32 wake_tid;
	u32 last_waker;
	u64 wake_ns;
	/* restarts */
	u64 restart_first_ns;
	u64 restart_arg0;
	u32 restart_nr;
	u16 restart_attempt; /* attempts so far, 0: none pending */
	u16 restart_call;
	u8 is_restart;	  /* the call in progress goes on with an interrupted one */
	u8 restart_ready; /* the next call may be that attempt */
	u8 pad2[6];
	/* the run of failed tries */
	u64 run_ns;	/* start of the first try */
	u64 run_end_ns; /* end of the last one */
	u64 fold_ns;	/* start of this stretch */
	u64 fold_runq_ns;
	u64 gap_cpu_ns; /* on CPU since the last try, before run_end_ns */
	u32 tries;
	u32 n_slots;
	struct fold_slot slot[FOLD_SLOTS];
	struct fd_cached fdc[FD_CACHE];
	/* what could not be delivered */
	u64 lost_since_ns;
	u64 lost_calls;
	u64 lost_records;
};

/* --- maps --- */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 * 1024 * 1024);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct task_state);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, u32);
	__type(value, struct task_state);
} tasks_by_tid SEC(".maps");

/* A new state is made here, then published as a whole. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct task_state);
} fresh SEC(".maps");

struct all_stats {
	struct probe_stats by_class[PC_COUNT];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct all_stats);
} stats SEC(".maps");

/* Targets: viewer's tgid (or tid with SEED_TID) -> SEED_* */
#define SEED_TID    0x1
#define SEED_ARMED  0x2
#define SEED_TARGET 0x4
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u32);
} targets SEC(".maps");

/*
 * The last words of threads that ended while the ring was full: there is no
 * later record to carry them.  User space looks when n_gone has grown.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, struct gone);
} gone SEC(".maps");
__u64 n_gone = 0;

/* Threads that have a state; 0: nothing is left to trace. */
__s64 n_alive = 0;

/*
 * Processes with a traced thread, by the low bits of the global tgid: the first
 * question of every program, so it must cost next to nothing.  A false yes only
 * costs a look-up.
 */
#define TGID_SLOTS 65536
__u8 tgid_filter[TGID_SLOTS];

/* The viewer's PID namespace and its level; found by the first iterator. */
__u32 viewer_level = 0;
__u64 viewer_ns = 0;

/* User space clears the table to silence every program at once. */
static __always_inline bool tgid_maybe(u32 tgid)
{
	return tgid_filter[tgid & (TGID_SLOTS - 1)];
}

static __always_inline void tgid_watch(u32 tgid)
{
	tgid_filter[tgid & (TGID_SLOTS - 1)] = 1;
}

static __always_inline struct task_state *state_of(struct task_struct *task)
{
	u32 tid;

	if (use_storage)
		return bpf_task_storage_get(&tasks, task, 0, 0);
	tid = task->pid;
	return bpf_map_lookup_elem(&tasks_by_tid, &tid);
}

static __always_inline struct task_state *state_of_current(void)
{
	u32 tid;

	if (use_storage)
		return bpf_task_storage_get(&tasks, bpf_get_current_task_btf(), 0, 0);
	tid = (u32)bpf_get_current_pid_tgid();
	return bpf_map_lookup_elem(&tasks_by_tid, &tid);
}

/* Publish `init` as the state of a task that has none. NULL: no memory. */
static __always_inline struct task_state *state_create(struct task_struct *task,
						       struct task_state *init)
{
	u32 tid;

	if (use_storage)
		return bpf_task_storage_get(&tasks, task, init, BPF_LOCAL_STORAGE_GET_F_CREATE);
	tid = task->pid;
	bpf_map_update_elem(&tasks_by_tid, &tid, init, BPF_ANY);
	return bpf_map_lookup_elem(&tasks_by_tid, &tid);
}

static __always_inline void state_delete(struct task_struct *task)
{
	u32 tid;

	if (use_storage) {
		bpf_task_storage_delete(&tasks, task);
		return;
	}
	tid = task->pid;
	bpf_map_delete_elem(&tasks_by_tid, &tid);
}

/* An empty state to be filled in for state_create(). */
static __always_inline struct task_state *state_blank(void)
{
	u32 zero = 0;
	struct task_state *st = bpf_map_lookup_elem(&fresh, &zero);

	if (st)
		__builtin_memset(st, 0, sizeof(*st));
	return st;
}

/* The number of a task's thread in the PID namespace of this level, and which that is. */
static __always_inline u32 pid_at_level(struct task_struct *task, u32 level, u64 *ret_ns)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	void *up;
	u32 nr = 0;

	*ret_ns = 0;
	if (!pid || BPF_CORE_READ(pid, level) < level)
		return 0;
	up = (void *)pid + bpf_core_field_offset(struct pid, numbers) +
	     level * bpf_core_type_size(struct upid);
	bpf_probe_read_kernel(&nr, sizeof(nr), up + bpf_core_field_offset(struct upid, nr));
	bpf_probe_read_kernel(ret_ns, sizeof(*ret_ns), up + bpf_core_field_offset(struct upid, ns));
	return nr;
}

/* The id that the viewer's PID namespace gives to a task's thread; 0: it cannot see it. */
static __always_inline u32 viewer_id(struct task_struct *task)
{
	u64 ns;
	u32 nr;

	if (viewer_level == 0)
		return BPF_CORE_READ(task, pid);
	nr = pid_at_level(task, viewer_level, &ns);
	return ns == viewer_ns ? nr : 0;
}

static __always_inline u64 task_start_ns(struct task_struct *task)
{
	return BPF_CORE_READ(task, start_boottime);
}

/*
 * A number for a descriptor table, new for every new table: a reused tid or
 * files_struct must not find what was known of its predecessor.  Counted on
 * each CPU, so that no atomic operation is needed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} tables SEC(".maps");

static __always_inline u32 files_new(void)
{
	u32 zero = 0;
	u64 *n = bpf_map_lookup_elem(&tables, &zero);

	if (!n)
		return 0;
	++*n;
	return ((u32)*n & 0x7ffff) << 12 | (bpf_get_smp_processor_id() & 4095);
}

/* prev_state, as sched_switch's fourth argument has it, for kernels without it. */
static __always_inline u32 task_sched_state(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return (u32)BPF_CORE_READ((struct task_struct___old *)task, state);
}

#endif
