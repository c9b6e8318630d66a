/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel side of iotrace: one object, one file per subsystem.
 *
 * Each traced task has a small state machine (state.bpf.h); each finished call
 * becomes one record (record.h) in one ring buffer.  README.md has the map.
 */
#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define NULL ((void *)0)

#include "record.h"

#include "state.bpf.h"

#include "emit.bpf.h"

static __noinline int task_announce(struct task_state *st, struct task_struct *task, u32 op,
				    u64 now);

#include "fd.bpf.h"
#include "phase.bpf.h"
#include "run.bpf.h"

#include "syscalls.bpf.h"

#include "copy.bpf.h"
#include "sched.bpf.h"
#include "task.bpf.h"

#include "seed.bpf.h"

char LICENSE[] SEC("license") = "GPL";
