/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The system calls that are watched: the one table.
 *
 * To watch another call, add one line.  Everything else (numbers, the kernel
 * side's classes, names in recordings, filters, help) follows from it.
 * It must not include anything: BPF and user space both use it.
 *
 * Columns of CALL(name, family, fdarg, asked, flags):
 *   fdarg   index of the argument that is the descriptor, or NOFD
 *   asked   where the number of bytes asked for is found (enum asked)
 *   flags   CF_* below
 */
#ifndef IOTRACE_CALLS_H
#define IOTRACE_CALLS_H

/* Family: name, state of a sleep in such a call. */
#define IOTRACE_FAMILIES(X)                                                                        \
	X(READ, "read", BLOCKED)                                                                   \
	X(WRITE, "write", BLOCKED)                                                                 \
	X(READY, "ready", IDLE)                                                                    \
	X(FILE, "file", BLOCKED)                                                                   \
	X(MEMORY, "memory", BLOCKED)                                                               \
	X(URING, "uring", IDLE)                                                                    \
	X(AIO, "aio", IDLE)                                                                        \
	X(SIGNAL, "signal", IDLE)                                                                  \
	X(WAIT, "wait", IDLE)                                                                      \
	X(COMPAT, "compat", BLOCKED)                                                               \
	X(OTHER, "other", BLOCKED)

enum family {
#define X(id, word, sleep) FAMILY_##id,
	IOTRACE_FAMILIES(X)
#undef X
		FAMILY_COUNT,
};

enum asked {
	ASKED_NONE,
	ASKED_ARG1, /* the count is args[1] ... */
	ASKED_ARG2,
	ASKED_ARG3,
	ASKED_ARG4,
	ASKED_IOV, /* args[1] = iovec, args[2] = how many */
	ASKED_MSG, /* args[1] = msghdr */
};

#define NOFD 7

#define CF_BYTES   0x0001  /* a positive result is a number of bytes moved */
#define CF_COPY	   0x0002  /* has a copy phase between kernel and process */
#define CF_OUT	   0x0004  /* copies from the process: the copy precedes the wait */
#define CF_TRY0	   0x0008  /* a result of 0 without a sleep is a failed try */
#define CF_SLEPT   0x0010  /* recorded only when it slept */
#define CF_OPENS   0x0020  /* a result >= 0 is a new descriptor */
#define CF_CLOSES  0x0040  /* args[0] is closed */
#define CF_CHANGES 0x0080  /* what is known of args[0] (name, flags) may have changed */
#define CF_RANGE   0x0100  /* closes args[0]..args[1] */
#define CF_PAIR	   0x0200  /* opens two descriptors, written to memory */
#define CF_EXEC	   0x0400  /* execve, execveat */
#define CF_DUP2	   0x0800  /* args[1] becomes args[0] */
#define CF_RECORD  0x1000  /* set by user space: wanted by the sinks (-e) */
#define CF_CLONE   0x2000  /* returns twice */
#define CF_RESTART 0x4000  /* restart_syscall: goes on with the call before it */
#define CF_HARVEST 0x8000  /* the CPU time after the wait collects the ready list */
#define CF_BLOCKS  0x10000 /* a sleep in it is `blocked`, whatever its family says */
#define CF_FCNTL   0x20000 /* F_DUPFD opens, F_SETFL changes */
#define CF_IOCTL   0x40000 /* FIONBIO and FIOASYNC change */
#define CF_UNSHARE 0x80000 /* CLONE_FILES: a descriptor table of its own */

/* Any of these changes the descriptor table. */
#define CF_TABLE                                                                                   \
	(CF_CHANGES | CF_OPENS | CF_DUP2 | CF_CLOSES | CF_FCNTL | CF_IOCTL | CF_RANGE | CF_UNSHARE)

#define CF_RD  (CF_BYTES | CF_COPY)
#define CF_WR  (CF_BYTES | CF_COPY | CF_OUT)
#define CF_RDY (CF_TRY0 | CF_HARVEST)

#define IOTRACE_CALLS(CALL)                                                                        \
	CALL(read, READ, 0, ARG2, CF_RD)                                                           \
	CALL(readv, READ, 0, IOV, CF_RD)                                                           \
	CALL(pread64, READ, 0, ARG2, CF_RD)                                                        \
	CALL(preadv, READ, 0, IOV, CF_RD)                                                          \
	CALL(preadv2, READ, 0, IOV, CF_RD)                                                         \
	CALL(recvfrom, READ, 0, ARG2, CF_RD)                                                       \
	CALL(recvmsg, READ, 0, MSG, CF_RD)                                                         \
	CALL(recvmmsg, READ, 0, NONE, CF_COPY)                                                     \
	CALL(accept, READ, 0, NONE, CF_OPENS)                                                      \
	CALL(accept4, READ, 0, NONE, CF_OPENS)                                                     \
	CALL(splice, READ, 0, ARG4, CF_BYTES)                                                      \
	CALL(sendfile, READ, 1, ARG3, CF_BYTES)                                                    \
	CALL(copy_file_range, READ, 0, ARG4, CF_BYTES)                                             \
	CALL(getdents64, READ, 0, ARG2, CF_RD)                                                     \
	CALL(write, WRITE, 0, ARG2, CF_WR)                                                         \
	CALL(writev, WRITE, 0, IOV, CF_WR)                                                         \
	CALL(pwrite64, WRITE, 0, ARG2, CF_WR)                                                      \
	CALL(pwritev, WRITE, 0, IOV, CF_WR)                                                        \
	CALL(pwritev2, WRITE, 0, IOV, CF_WR)                                                       \
	CALL(sendto, WRITE, 0, ARG2, CF_WR)                                                        \
	CALL(sendmsg, WRITE, 0, MSG, CF_WR)                                                        \
	CALL(sendmmsg, WRITE, 0, NONE, CF_COPY | CF_OUT)                                           \
	CALL(connect, WRITE, 0, NONE, CF_CHANGES)                                                  \
	CALL(fsync, WRITE, 0, NONE, 0)                                                             \
	CALL(fdatasync, WRITE, 0, NONE, 0)                                                         \
	CALL(select, READY, NOFD, NONE, CF_RDY)                                                    \
	CALL(pselect6, READY, NOFD, NONE, CF_RDY)                                                  \
	CALL(poll, READY, NOFD, NONE, CF_RDY)                                                      \
	CALL(ppoll, READY, NOFD, NONE, CF_RDY)                                                     \
	CALL(epoll_wait, READY, 0, NONE, CF_RDY)                                                   \
	CALL(epoll_pwait, READY, 0, NONE, CF_RDY)                                                  \
	CALL(epoll_pwait2, READY, 0, NONE, CF_RDY)                                                 \
	CALL(futex, WAIT, NOFD, NONE, 0)                                                           \
	CALL(nanosleep, WAIT, NOFD, NONE, 0)                                                       \
	CALL(clock_nanosleep, WAIT, NOFD, NONE, 0)                                                 \
	CALL(wait4, WAIT, NOFD, NONE, 0)                                                           \
	CALL(waitid, WAIT, NOFD, NONE, 0)                                                          \
	CALL(sched_yield, WAIT, NOFD, NONE, CF_TRY0)                                               \
	CALL(restart_syscall, WAIT, NOFD, NONE, CF_RESTART)                                        \
	CALL(rt_sigtimedwait, SIGNAL, NOFD, NONE, CF_SLEPT)                                        \
	CALL(rt_sigsuspend, SIGNAL, NOFD, NONE, CF_SLEPT)                                          \
	CALL(pause, SIGNAL, NOFD, NONE, CF_SLEPT)                                                  \
	CALL(clone, WAIT, NOFD, NONE, CF_SLEPT | CF_CLONE)                                         \
	CALL(clone3, WAIT, NOFD, NONE, CF_SLEPT | CF_CLONE)                                        \
	CALL(fork, WAIT, NOFD, NONE, CF_SLEPT | CF_CLONE)                                          \
	CALL(vfork, WAIT, NOFD, NONE, CF_SLEPT | CF_CLONE)                                         \
	CALL(io_uring_setup, URING, NOFD, NONE, CF_SLEPT | CF_OPENS)                               \
	CALL(io_uring_enter, URING, 0, NONE, CF_SLEPT)                                             \
	CALL(io_uring_register, URING, 0, NONE, CF_SLEPT)                                          \
	CALL(io_setup, AIO, NOFD, NONE, CF_SLEPT)                                                  \
	CALL(io_submit, AIO, NOFD, NONE, CF_SLEPT | CF_BLOCKS)                                     \
	CALL(io_getevents, AIO, NOFD, NONE, CF_SLEPT)                                              \
	CALL(io_pgetevents, AIO, NOFD, NONE, CF_SLEPT)                                             \
	CALL(io_destroy, AIO, NOFD, NONE, CF_SLEPT)                                                \
	CALL(open, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                          \
	CALL(openat, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                        \
	CALL(openat2, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                       \
	CALL(open_by_handle_at, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                             \
	CALL(creat, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                         \
	CALL(socket, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                        \
	CALL(socketpair, FILE, NOFD, NONE, CF_SLEPT | CF_PAIR)                                     \
	CALL(pipe, FILE, NOFD, NONE, CF_SLEPT | CF_PAIR)                                           \
	CALL(pipe2, FILE, NOFD, NONE, CF_SLEPT | CF_PAIR)                                          \
	CALL(eventfd, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                       \
	CALL(eventfd2, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                      \
	CALL(timerfd_create, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                \
	CALL(signalfd, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                      \
	CALL(signalfd4, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                     \
	CALL(epoll_create, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                  \
	CALL(epoll_create1, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                 \
	CALL(epoll_ctl, READY, 0, NONE, CF_SLEPT)                                                  \
	CALL(inotify_init, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                  \
	CALL(inotify_init1, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                 \
	CALL(memfd_create, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                  \
	CALL(pidfd_open, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                    \
	CALL(pidfd_getfd, FILE, NOFD, NONE, CF_SLEPT | CF_OPENS)                                   \
	CALL(close, FILE, 0, NONE, CF_SLEPT | CF_CLOSES)                                           \
	CALL(close_range, FILE, NOFD, NONE, CF_SLEPT | CF_RANGE)                                   \
	CALL(unshare, FILE, NOFD, NONE, CF_SLEPT | CF_UNSHARE)                                     \
	CALL(dup, FILE, 0, NONE, CF_SLEPT | CF_OPENS)                                              \
	CALL(dup2, FILE, 0, NONE, CF_SLEPT | CF_DUP2)                                              \
	CALL(dup3, FILE, 0, NONE, CF_SLEPT | CF_DUP2)                                              \
	CALL(fcntl, FILE, 0, NONE, CF_SLEPT | CF_FCNTL)                                            \
	CALL(ioctl, FILE, 0, NONE, CF_SLEPT | CF_IOCTL)                                            \
	CALL(bind, FILE, 0, NONE, CF_SLEPT | CF_CHANGES)                                           \
	CALL(listen, FILE, 0, NONE, CF_SLEPT | CF_CHANGES)                                         \
	CALL(flock, FILE, 0, NONE, CF_SLEPT)                                                       \
	CALL(execve, FILE, NOFD, NONE, CF_EXEC)                                                    \
	CALL(execveat, FILE, NOFD, NONE, CF_EXEC)                                                  \
	CALL(compat, COMPAT, NOFD, NONE, 0) /* a 32-bit call; not decoded */

enum call {
#define CALL(name, family, fdarg, asked, flags) CALL_##name,
	IOTRACE_CALLS(CALL)
#undef CALL
		CALL_COUNT,
	CALL_NONE = 0xffff,
};

/* What the kernel side knows of a call number.  Filled in from the table. */
#define CLASS_SLOTS 512 /* above the highest number of every 64-bit Linux */
struct call_class {
	unsigned int flags;  /* CF_* */
	unsigned short call; /* enum call, CALL_NONE: not in the table */
	unsigned char fdarg;
	unsigned char asked;
	unsigned char sleep; /* enum state of a sleep in it */
	unsigned char family;
	unsigned char pad[2];
};

#endif
