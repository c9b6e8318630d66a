/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live source: what this kernel offers, loading, attaching.  It is read from the
 * kernel's BTF, never from its version; what is optional fails calmly and is
 * listed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_priv.h"
#include "names.h"

#define RING_MIN (64ull << 10)
#define RING_MAX (1ull << 30)

const struct probe_plan capture_plan[] = {
	{"on_sys_enter", "sys_enter", 0, true, PC_COUNT, NULL},
	{"on_sys_exit", "sys_exit", 0, true, PC_CALL, NULL},
	{"on_sched_switch", "sched_switch", 4, false, PC_SCHED, NULL},
	{"on_sched_switch3", "sched_switch", 3, false, PC_SCHED, "sched_switch of before 5.18"},
	{"on_sched_waking", "sched_waking", 0, true, PC_COUNT, NULL},
	{"on_newtask", "task_newtask", 0, true, PC_TASK, NULL},
	{"on_exec", "sched_process_exec", 0, true, PC_TASK, NULL},
	{"on_exit", "sched_process_exit", 0, true, PC_TASK, NULL},
	{"on_rename", "task_rename", 0, false, PC_TASK, NULL},
	{"on_skb_copy", "skb_copy_datagram_iovec", 0, false, PC_COUNT, NULL},
	{"on_tcp_copied", "tcp_rcv_space_adjust", 0, false, PC_COUNT, NULL},
	{"on_consume_skb", "consume_skb", 0, false, PC_COUNT, NULL},
	{"on_recv_done", "sock_recv_length", 0, false, PC_COUNT, NULL},
	{"on_pages_ready", "mm_filemap_get_pages", 0, false, PC_COUNT, NULL},
};
const unsigned capture_n_plan = sizeof(capture_plan) / sizeof(capture_plan[0]);

struct bpf_program *capture_program(const struct capture *c, unsigned i)
{
	return bpf_object__find_program_by_name(c->skel->obj, capture_plan[i].prog);
}

/* Number of arguments of a tracepoint in the kernel's BTF, -1: not there. */
static int tracepoint_args(const struct btf *btf, const char *name)
{
	const struct btf_type *t;
	char type_name[128];
	int id;

	snprintf(type_name, sizeof(type_name), "btf_trace_%s", name);
	id = btf__find_by_name_kind(btf, type_name, BTF_KIND_TYPEDEF);
	if (id < 0)
		return -1;
	t = btf__type_by_id(btf, (__u32)id);
	t = btf__type_by_id(btf, t->type); /* pointer */
	if (!t || !btf_is_ptr(t))
		return -1;
	t = btf__type_by_id(btf, t->type);
	if (!t || !btf_is_func_proto(t))
		return -1;
	return btf_vlen(t) - 1; /* without the void *__data */
}

/*
 * Task storage for tracing programs needs task_struct.bpf_storage (5.13, commit
 * a10787e6d58c); before that it was a part of the LSM blob.
 */
static bool kernel_has_storage(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "task_struct", BTF_KIND_STRUCT);
	const struct btf_type *t;
	const struct btf_member *m;

	if (id < 0)
		return false;
	t = btf__type_by_id(btf, (__u32)id);
	m = btf_members(t);
	for (int i = 0; i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, m[i].name_off), "bpf_storage"))
			return true;
	return false;
}

static void probes_plan(struct capture *c)
{
	for (unsigned i = 0; i < capture_n_plan; i++) {
		struct probe_info *p = &c->probes[i];
		int args = tracepoint_args(c->btf, capture_plan[i].tracepoint);
		struct bpf_program *prog = capture_program(c, i);

		p->name = capture_plan[i].name ? capture_plan[i].name : capture_plan[i].tracepoint;
		p->required = capture_plan[i].required;
		p->on = args >= 0 && (!capture_plan[i].args || capture_plan[i].args == args);
		p->why = p->on	    ? ""
			 : args < 0 ? "this kernel has no such tracepoint"
				    : "this kernel has the other form";
		bpf_program__set_autoload(prog, p->on);
	}
	c->n_probes = capture_n_plan;
}

static void classes_fill(struct capture *c, const struct capture_options *o)
{
	static const struct {
		unsigned char family, fdarg, asked;
		unsigned flags;
	} rows[CALL_COUNT] = {
#define CALL(name, family, fdarg, asked, flags) {FAMILY_##family, fdarg, ASKED_##asked, flags},
		IOTRACE_CALLS(CALL)
#undef CALL
	};
	struct call_class *cl = c->skel->rodata->classes;

	for (unsigned nr = 0; nr < CLASS_SLOTS; nr++) {
		cl[nr].call = CALL_NONE;
		cl[nr].sleep = STATE_BLOCKED;
	}
	for (unsigned i = 0; i < CALL_COUNT; i++) {
		int nr = call_nr(i);

		if (nr < 0 || nr >= CLASS_SLOTS)
			continue;
		cl[nr].call = (unsigned short)i;
		cl[nr].flags = rows[i].flags;
		/* restart_syscall may go on with a call that is wanted */
		if (!o->call_wanted || o->call_wanted[i] || rows[i].flags & CF_RESTART)
			cl[nr].flags |= CF_RECORD;
		cl[nr].fdarg = rows[i].fdarg;
		cl[nr].asked = rows[i].asked;
		cl[nr].family = rows[i].family;
		cl[nr].sleep = (unsigned char)call_sleep_state(i);
	}
}

static uint64_t ring_size(uint64_t want)
{
	uint64_t n = RING_MIN;

	while (n < want && n < RING_MAX)
		n <<= 1;
	return n;
}

/* Why loading failed, in a sentence that says what to do. */
static int load_failed(int err)
{
	if (err == -EPERM || err == -EACCES) {
		if (geteuid() != 0)
			return capture_fail(
				err,
				"not permitted to load BPF programs; run it with sudo, or give "
				"it the capabilities CAP_BPF, CAP_PERFMON and, for other users' "
				"processes, CAP_SYS_PTRACE");
		return capture_fail(
			err, "the kernel refuses BPF programs although this is root; a container "
			     "without CAP_BPF and CAP_PERFMON, or kernel lockdown "
			     "(cat /sys/kernel/security/lockdown), may be the reason");
	}
	if (err == -ESRCH || err == -ENOENT)
		return capture_fail(
			err,
			"this kernel has no type information (BTF), so its structures cannot be "
			"read; it needs CONFIG_DEBUG_INFO_BTF=y (every stock kernel of the "
			"last years has it; under WSL: wsl --update)");
	return capture_fail(err,
			    "the kernel did not take the BPF programs (%s); -v shows its reasons",
			    strerror(-err));
}

static int load(struct capture *c, const struct capture_options *o, bool optional)
{
	bool storage;
	int err;

	c->skel = iotrace_bpf__open();
	if (!c->skel)
		return load_failed(-errno);
	probes_plan(c);
	for (unsigned i = 0; !optional && i < capture_n_plan; i++) {
		if (capture_plan[i].required || capture_plan[i].args || !c->probes[i].on)
			continue;
		c->probes[i].on = false;
		c->probes[i].why = "refused by the kernel's verifier";
		bpf_program__set_autoload(capture_program(c, i), false);
	}
	storage = o->state_map == STATE_MAP_AUTO ? kernel_has_storage(c->btf)
						 : o->state_map == STATE_MAP_STORAGE;
	c->skel->rodata->use_storage = storage;
	c->skel->rodata->follow = o->follow;
	c->skel->rodata->min_ns = o->min_ns;
	classes_fill(c, o);
	bpf_map__set_autocreate(c->skel->maps.tasks, storage);
	if (storage)
		bpf_map__set_max_entries(c->skel->maps.tasks_by_tid, 1);
	bpf_map__set_max_entries(c->skel->maps.ring, (__u32)ring_size(o->buffer_bytes));
	err = iotrace_bpf__load(c->skel);
	if (err) {
		iotrace_bpf__destroy(c->skel);
		c->skel = NULL;
	}
	return err;
}

static int attach(struct capture *c)
{
	for (unsigned i = 0; i < capture_n_plan; i++) {
		struct probe_info *p = &c->probes[i];
		struct bpf_program *prog = capture_program(c, i);

		if (!p->on)
			continue;
		c->links[i] = bpf_program__attach(prog);
		if (c->links[i])
			continue;
		p->on = false;
		p->why = "the kernel refused to attach it";
		if (capture_plan[i].required || capture_plan[i].args)
			return capture_fail(-errno, "cannot attach to the tracepoint %s: %s",
					    capture_plan[i].tracepoint, strerror(errno));
	}
	return 0;
}

int capture_load(struct capture *c, const struct capture_options *o)
{
	int err;

	c->probes = calloc(capture_n_plan, sizeof(*c->probes));
	c->links = calloc(capture_n_plan, sizeof(struct bpf_link *));
	if (!c->probes || !c->links)
		return capture_fail(-ENOMEM, "out of memory");
	c->btf = btf__load_vmlinux_btf();
	if (!c->btf)
		return load_failed(-ENOENT);
	err = load(c, o, true);
	if (err && err != -EPERM && err != -EACCES)
		err = load(c, o, false);
	return err ? load_failed(err) : attach(c);
}
