/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contract between the kernel side and user space: the records.
 *
 * Fixed-width members only, explicit padding, every byte assigned.  Kinds are
 * numbered for ever: append, never renumber.  All times are nanoseconds on
 * CLOCK_MONOTONIC (bpf_ktime_get_ns).  Ids are those of the viewer's PID
 * namespace.  The includer has __u8..__s64 already (vmlinux.h or
 * linux/types.h).
 */
#ifndef IOTRACE_RECORD_H
#define IOTRACE_RECORD_H

#include "calls.h"
#include "states.h"

#define REC_SEGS       8    /* parts of a call that are kept */
#define REC_COMM       16   /* TASK_COMM_LEN */
#define REC_PATH_NAMES 32   /* dentries walked for a path */
#define REC_PATH_BYTES 4096 /* room for their names */
#define REC_ADDR       108  /* sun_path */

enum rec_kind {
	REC_TASK = 1,	/* a lane begins, changes or ends */
	REC_SLEEP = 2,	/* a watched call goes to sleep for the first time */
	REC_SCHED = 3,	/* off or on a CPU outside watched calls */
	REC_CALL = 4,	/* a finished call that never left the CPU */
	REC_CALLX = 5,	/* any other finished call */
	REC_SPIN = 6,	/* one slot of a folded run of failed tries */
	REC_FD = 7,	/* what a descriptor is */
	REC_LOSS = 8,	/* records that this thread could not deliver */
	REC_TICK = 9,	/* made by user space: time went by */
	REC_PARTS = 10, /* a struct rec_callx: the time of a call that is left out */
};

struct rec_head {
	__u64 t_ns; /* when the record was made: the end of what it describes */
	__u32 tid;
	__u32 tgid;
	__u16 kind;
	__u16 cpu;
	__u32 pad;
};

enum task_op {
	TASK_SEED = 1, /* found when tracing began */
	TASK_NEW = 2,  /* born of a traced task */
	TASK_EXEC = 3, /* runs a new program; see old_tid */
	TASK_EXIT = 4,
	TASK_NAME = 5,	/* calls itself something else */
	TASK_FILES = 6, /* left the descriptor table that it shared */
};

#define TASKF_KERNEL_WORKER 0x1 /* an io_uring thread of the process */
#define TASKF_TARGET	    0x2 /* named on the command line */
#define TASKF_LEADER	    0x4 /* thread group leader */

struct rec_task {
	struct rec_head head;
	__u64 clone_flags; /* TASK_NEW */
	__u64 start_ns;	   /* start_boottime of the task; tells a reused tid */
	__u32 op;
	__u32 flags;
	__u32 files;	  /* id of the descriptor table; new after exec */
	__u32 ptid;	  /* TASK_NEW: the thread that created it */
	__u32 ptgid;	  /*           and its process */
	__u32 old_tid;	  /* TASK_EXEC: the tid until now (exec by a non-leader) */
	__s32 code;	  /* TASK_EXIT: as in wait status */
	__u32 nvcsw;	  /* TASK_EXIT: voluntary and ... */
	__u32 nivcsw;	  /* ... involuntary switches, of its whole life */
	__u32 global_tid; /* in the initial PID namespace */
	char comm[REC_COMM];
};

struct rec_sleep {
	struct rec_head head; /* t_ns: when it left the CPU */
	__u64 enter_ns;
	__u64 asked;
	__u32 nr;
	__s32 fd;
	__u16 call;
	__u16 flags; /* CALLF_* */
	__u8 state;  /* enum state */
	__u8 pad[3];
};

enum sched_dir { SCHED_OUT = 0, SCHED_IN = 1 };

struct rec_sched {
	struct rec_head head;
	__u64 off_ns;	  /* IN: when it had left the CPU; OUT: = t_ns */
	__u64 wake_ns;	  /* IN: when it was woken (= off_ns when preempted) */
	__u32 waker;	  /* tid, 0: not known */
	__s32 nr;	  /* unwatched call that it sleeps in, -1: none */
	__u32 prev_state; /* as the scheduler said it */
	__u8 dir;
	__u8 state;	 /* enum state of the time off the CPU */
	__u8 waker_kind; /* enum waker */
	__u8 in_iowait;
};

enum waker {
	WAKER_NONE = 0,
	WAKER_TASK = 1, /* the running thread, or an interrupt on its back */
	WAKER_IRQ = 2,	/* the CPU was idle: an interrupt */
};

/* Flags of a call, in REC_SLEEP, REC_CALL and REC_CALLX. */
#define CALLF_NONBLOCK	 0x0001 /* O_NONBLOCK on the descriptor or MSG_DONTWAIT */
#define CALLF_OPEN_START 0x0002 /* was going on when tracing began */
#define CALLF_OPEN_END	 0x0004 /* still going on when tracing ended */
#define CALLF_KILLED	 0x0008 /* the thread died in it */
#define CALLF_NO_ENTER	 0x0010 /* refused before it began (seccomp, ptrace) */
#define CALLF_COMPAT	 0x0020 /* a 32-bit caller */
#define CALLF_RESTART	 0x0040 /* will be, or may be, restarted (-512..-516) */
#define CALLF_ASKED	 0x0080 /* `asked` is known */
#define CALLF_HARVEST	 0x0100 /* the copy is the collection of a ready list */
#define CALLF_FD	 0x0200 /* `fd` is a descriptor */
#define CALLF_HIDDEN	 0x0400 /* left out; only its time counts (REC_PARTS) */

struct rec_call {
	struct rec_head head; /* t_ns: its return */
	__u32 dur_ns;
	__u32 copy_ns;
	__u32 copy_at_ns; /* from the start to the copy */
	__s32 fd;
	__s64 ret;
	__u64 asked;
	__u16 call;
	__u16 flags;
	__u8 copy_src;
	__u8 pad[3];
};

struct rec_callx {
	struct rec_head head; /* t_ns: its return */
	__u64 enter_ns;
	__u64 wait_ns; /* the four phases: their sum is t_ns - enter_ns */
	__u64 runq_ns;
	__u64 copy_ns;
	__u64 cpu_ns;
	__s64 ret;
	__u64 asked;
	__u64 first_ns; /* start of the first attempt; 0: this is the only one */
	__s32 fd;
	__u32 nr;
	__u32 sleeps;	/* voluntary switches in the call */
	__u32 preempts; /* involuntary ones */
	__u32 waker;	/* of the last sleep */
	__u16 attempt;	/* 1, 2, ... */
	__u16 call;
	__u16 flags;
	__u8 copy_src;
	__u8 nseg;
	__u8 waker_kind;
	__u8 pad[7];
	__u64 seg[REC_SEGS]; /* offset from enter_ns << 4 | enum segment */
};

struct rec_spin {
	struct rec_head head; /* t_ns: the flush */
	__u64 ts_ns;	      /* start of this stretch ... */
	__u64 end_ns;	      /* ... and end; slots of one flush share both */
	__u64 run_ns;	      /* when the run began (its first 19 tries were calls) */
	__u64 runq_ns;
	__u64 count;
	__s64 ret; /* -EAGAIN or 0 */
	__s32 fd;
	__u16 call;
	__u16 flags;
	__u8 first;  /* the slot that carries the phases */
	__u8 ending; /* the run is over */
	__u8 pad[6];
};

enum fd_op {
	FDOP_IS = 1,	/* this is what the descriptor is */
	FDOP_CLOSE = 2, /* fd */
	FDOP_RANGE = 3, /* fd .. last */
};

#define IOTRACE_FD_KINDS(X)                                                                        \
	X(UNKNOWN, "unknown")                                                                      \
	X(FILE, "file")                                                                            \
	X(DIR, "dir")                                                                              \
	X(CHR, "chr")                                                                              \
	X(BLK, "blk")                                                                              \
	X(TTY, "tty")                                                                              \
	X(PIPE, "pipe")                                                                            \
	X(FIFO, "fifo")                                                                            \
	X(TCP, "tcp")                                                                              \
	X(UDP, "udp")                                                                              \
	X(UNIX_STREAM, "unix")                                                                     \
	X(UNIX_DGRAM, "unix-dgram")                                                                \
	X(SOCKET, "socket")                                                                        \
	X(EVENTFD, "eventfd")                                                                      \
	X(TIMERFD, "timerfd")                                                                      \
	X(SIGNALFD, "signalfd")                                                                    \
	X(EPOLL, "epoll")                                                                          \
	X(INOTIFY, "inotify")                                                                      \
	X(URING, "io_uring")                                                                       \
	X(ANON, "anon")

enum fd_kind {
#define X(id, word) FDK_##id,
	IOTRACE_FD_KINDS(X)
#undef X
		FDK_COUNT,
};

struct rec_fd {
	struct rec_head head;
	__u64 ino;
	__u32 files;
	__s32 fd;
	__u32 last;    /* FDOP_RANGE */
	__u32 o_flags; /* O_NONBLOCK, O_DIRECT, ... */
	__u16 mode;    /* i_mode */
	__u8 op;
	__u8 kind;
	__u16 sk_family, sk_type, sk_protocol;
	__u16 lport, rport; /* host order */
	__u16 names;	    /* parts of the path, from the last to the first */
	__u16 name_bytes;   /* bytes used in `name` */
	__u8 partial;	    /* the path was longer */
	__u8 pad[5];
	__u8 laddr[16], raddr[16];
	char name[]; /* NUL-ended parts, name_bytes in all; unix: one, the address */
};

enum loss_cause {
	LOSS_RING = 1,	 /* the ring buffer was full */
	LOSS_STATE = 2,	 /* no memory for the state of a task */
	LOSS_MISSED = 3, /* a probe was skipped (recursion) or an exit was not seen */
	LOSS_QUEUE = 4,	 /* the queue to a slow sink was full */
};
#define IOTRACE_LOSS_CAUSES(X)                                                                     \
	X(RING, "ring") X(STATE, "state") X(MISSED, "missed") X(QUEUE, "queue")
#define LOSS_CAUSES 5

struct rec_loss {
	struct rec_head head; /* tid 0: whole process; tgid 0 too: all */
	__u64 since_ns;
	__u64 calls;   /* finished calls that no record tells of */
	__u64 records; /* records of other kinds */
	__u32 cause;
	__u32 pad;
};

/*
 * The last words of a thread that ended while the ring was full.  Not a record:
 * it waits in a map, and user space makes a REC_LOSS and a REC_TASK of it.
 */
struct gone {
	__u64 start_ns;
	__u64 end_ns;
	__u64 lost_since_ns, lost_calls, lost_records;
	__u32 tid, tgid;
	__u32 cpu;
	__s32 code;
};

/* Where every event at a probe went: seen = submitted + folded + filtered + dropped. */
enum probe_class { PC_CALL, PC_SCHED, PC_TASK, PC_FD, PC_COUNT };
struct probe_stats {
	__u64 seen;
	__u64 submitted;
	__u64 folded;
	__u64 filtered;
	__u64 dropped[LOSS_CAUSES];
};

_Static_assert(sizeof(struct rec_head) == 24, "wire");
_Static_assert(sizeof(struct rec_task) == 96, "wire");
_Static_assert(sizeof(struct rec_sleep) == 56, "wire");
_Static_assert(sizeof(struct rec_sched) == 56, "wire");
_Static_assert(sizeof(struct rec_call) == 64, "wire");
_Static_assert(sizeof(struct rec_callx) == 192, "wire");
_Static_assert(sizeof(struct rec_spin) == 88, "wire");
_Static_assert(sizeof(struct rec_fd) == 104, "wire");
_Static_assert(sizeof(struct rec_loss) == 56, "wire");
_Static_assert(sizeof(struct gone) == 56, "wire");
_Static_assert(sizeof(struct call_class) == 12, "wire");

#endif
