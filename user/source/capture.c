/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live source: see capture.h.  What this kernel offers is read from its BTF,
 * never from its version; what is optional fails calmly and is listed.
 */
#include "capture.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "iotrace.skel.h"
#include "names.h"

#define CHUNK_BYTES   (256 * 1024)
#define QUEUE_DEFAULT (128ull << 20)
#define RING_MIN      (64ull << 10)
#define RING_MAX      (1ull << 30)
/* How often the ring is looked at: while records come, and while none do. */
#define BUSY_NS 4000000l
#define IDLE_NS 20000000l

/* The kernel side's targets map; see bpf/state.bpf.h. */
#define SEED_TID    0x1
#define SEED_ARMED  0x2
#define SEED_TARGET 0x4

struct capture {
	struct iotrace_bpf *skel;
	struct btf *btf;
	struct ring_buffer *ring;
	struct probe_info *probes;
	unsigned n_probes;
	struct bpf_link **links;
	pid_t *target_ids;
	unsigned n_targets;
	_Atomic uint64_t queue_max;
	uint64_t missed[PC_COUNT];
	uint64_t gone; /* of the kernel side's n_gone: looked at */
	/* the thread and its queue */
	pthread_t thread;
	bool running;
	atomic_bool stop;
	pthread_mutex_t lock;
	struct capture_chunk *first, *last, *open;
	_Atomic uint64_t queued;
};

/* One per probe: what it hangs on, and what it is good for. */
struct probe_plan {
	const char *prog;
	const char *tracepoint; /* of the kernel's BTF */
	int args;		/* that it must have; 0: any number */
	bool required;
	const char *name; /* shown instead of the tracepoint's */
};
static const struct probe_plan plan[] = {
	{"on_sys_enter", "sys_enter", 0, true, NULL},
	{"on_sys_exit", "sys_exit", 0, true, NULL},
	{"on_sched_switch", "sched_switch", 4, false, NULL},
	{"on_sched_switch3", "sched_switch", 3, false, "sched_switch of before 5.18"},
	{"on_sched_waking", "sched_waking", 0, true, NULL},
	{"on_newtask", "task_newtask", 0, true, NULL},
	{"on_exec", "sched_process_exec", 0, true, NULL},
	{"on_exit", "sched_process_exit", 0, true, NULL},
	{"on_rename", "task_rename", 0, false, NULL},
	{"on_skb_copy", "skb_copy_datagram_iovec", 0, false, NULL},
	{"on_tcp_copied", "tcp_rcv_space_adjust", 0, false, NULL},
	{"on_consume_skb", "consume_skb", 0, false, NULL},
	{"on_recv_done", "sock_recv_length", 0, false, NULL},
	{"on_pages_ready", "mm_filemap_get_pages", 0, false, NULL},
};
#define N_PLAN (sizeof(plan) / sizeof(plan[0]))

static char error_text[1024];
static bool log_verbose;

const char *capture_error(void)
{
	return error_text;
}

static int fail(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error_text, sizeof(error_text), fmt, ap);
	va_end(ap);
	return err;
}

static int log_line(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (!log_verbose || level > LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, fmt, ap);
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
	for (unsigned i = 0; i < N_PLAN; i++) {
		struct probe_info *p = &c->probes[i];
		int args = tracepoint_args(c->btf, plan[i].tracepoint);
		struct bpf_program *prog =
			bpf_object__find_program_by_name(c->skel->obj, plan[i].prog);

		p->name = plan[i].name ? plan[i].name : plan[i].tracepoint;
		p->required = plan[i].required;
		p->on = args >= 0 && (!plan[i].args || plan[i].args == args);
		p->why = p->on	    ? ""
			 : args < 0 ? "this kernel has no such tracepoint"
				    : "this kernel has the other form";
		bpf_program__set_autoload(prog, p->on);
	}
	c->n_probes = N_PLAN;
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
			return fail(
				err,
				"not permitted to load BPF programs; run it with sudo, or give "
				"it the capabilities CAP_BPF, CAP_PERFMON and, for other users' "
				"processes, CAP_SYS_PTRACE");
		return fail(err,
			    "the kernel refuses BPF programs although this is root; a container "
			    "without CAP_BPF and CAP_PERFMON, or kernel lockdown "
			    "(cat /sys/kernel/security/lockdown), may be the reason");
	}
	if (err == -ESRCH || err == -ENOENT)
		return fail(
			err,
			"this kernel has no type information (BTF), so its structures cannot be "
			"read; it needs CONFIG_DEBUG_INFO_BTF=y (every stock kernel of the "
			"last years has it; under WSL: wsl --update)");
	return fail(err, "the kernel did not take the BPF programs (%s); -v shows its reasons",
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
	for (unsigned i = 0; !optional && i < N_PLAN; i++) {
		if (plan[i].required || plan[i].args || !c->probes[i].on)
			continue;
		c->probes[i].on = false;
		c->probes[i].why = "refused by the kernel's verifier";
		bpf_program__set_autoload(
			bpf_object__find_program_by_name(c->skel->obj, plan[i].prog), false);
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
	for (unsigned i = 0; i < N_PLAN; i++) {
		struct probe_info *p = &c->probes[i];
		struct bpf_program *prog =
			bpf_object__find_program_by_name(c->skel->obj, plan[i].prog);

		if (!p->on)
			continue;
		c->links[i] = bpf_program__attach(prog);
		if (c->links[i])
			continue;
		p->on = false;
		p->why = "the kernel refused to attach it";
		if (plan[i].required || plan[i].args)
			return fail(-errno, "cannot attach to the tracepoint %s: %s",
				    plan[i].tracepoint, strerror(errno));
	}
	return 0;
}

/* A record from the ring goes to the queue, byte for byte. */
static int on_record(void *ctx, void *data, size_t len)
{
	struct capture *c = ctx;
	size_t need = 8 + ((len + 7) & ~7ull);
	struct capture_chunk *k = c->open;
	uint32_t n = (uint32_t)len;

	if (!k || k->used + need > CHUNK_BYTES) {
		k = malloc(sizeof(*k) + CHUNK_BYTES);
		if (!k)
			return -ENOMEM;
		k->next = NULL;
		k->used = 0;
		k->records = 0;
		pthread_mutex_lock(&c->lock);
		if (c->last)
			c->last->next = k;
		else
			c->first = k;
		c->last = k;
		c->open = k;
		pthread_mutex_unlock(&c->lock);
	}
	memcpy(k->data + k->used, &n, sizeof(n));
	memcpy(k->data + k->used + 8, data, len);
	k->used += need;
	k->records++;
	if (atomic_fetch_add(&c->queued, need) + need > c->queue_max)
		return -EDQUOT; /* the ring holds the rest, then the kernel counts */
	return 0;
}

int capture_open(const struct capture_options *o, struct capture **ret_c)
{
	struct capture *c = calloc(1, sizeof(*c));
	int err = -ENOMEM;

	*ret_c = NULL;
	if (!c)
		return fail(-ENOMEM, "out of memory");
	log_verbose = o->verbose;
	libbpf_set_print(log_line);
	pthread_mutex_init(&c->lock, NULL);
	c->queue_max = o->queue_bytes ? o->queue_bytes : QUEUE_DEFAULT;
	c->probes = calloc(N_PLAN, sizeof(*c->probes));
	c->links = calloc(N_PLAN, sizeof(struct bpf_link *));
	if (!c->probes || !c->links)
		goto cleanup;
	c->btf = btf__load_vmlinux_btf();
	if (!c->btf) {
		err = load_failed(-ENOENT);
		goto cleanup;
	}
	err = load(c, o, true);
	if (err && err != -EPERM && err != -EACCES)
		err = load(c, o, false);
	if (err) {
		err = load_failed(err);
		goto cleanup;
	}
	c->ring = ring_buffer__new(bpf_map__fd(c->skel->maps.ring), on_record, c, NULL);
	if (!c->ring) {
		err = fail(-errno, "cannot map the ring buffer: %s", strerror(errno));
		goto cleanup;
	}
	err = attach(c);
cleanup:
	if (err) {
		capture_free(c);
		return err;
	}
	*ret_c = c;
	return 0;
}

int capture_target(struct capture *c, pid_t id, unsigned flags)
{
	__u32 key = (__u32)id;
	__u32 value = SEED_TARGET | (flags & CAPTURE_TID ? SEED_TID : 0) |
		      (flags & CAPTURE_ARMED ? SEED_ARMED : 0);
	pid_t *ids = realloc(c->target_ids, (c->n_targets + 1) * sizeof(*ids));

	if (!ids)
		return fail(-ENOMEM, "out of memory");
	c->target_ids = ids;
	ids[c->n_targets++] = id;
	if (bpf_map_update_elem(bpf_map__fd(c->skel->maps.targets), &key, &value, BPF_ANY))
		return fail(-errno, "too many targets");
	return 0;
}

/* Run an iterator program over everything; `id`: only this process, if possible. */
static int iterate(struct bpf_program *prog, pid_t id)
{
	LIBBPF_OPTS(bpf_iter_attach_opts, opts);
	union bpf_iter_link_info info = {.task = {.pid = (__u32)id}};
	struct bpf_link *link;
	char buf[4096];
	ssize_t n;
	int fd, err = 0;

	if (id) {
		opts.link_info = &info;
		opts.link_info_len = sizeof(info);
	}
	link = bpf_program__attach_iter(prog, id ? &opts : NULL);
	if (!link && id) /* before 6.1 an iterator cannot be narrowed to a process */
		link = bpf_program__attach_iter(prog, NULL);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = -errno;
	} else {
		do
			n = read(fd, buf, sizeof(buf));
		while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
		if (n < 0)
			err = -errno;
		close(fd);
	}
	bpf_link__destroy(link);
	return err;
}

int capture_seed(struct capture *c)
{
	int err = iterate(c->skel->progs.seed_tasks, 0);

	if (err)
		return fail(err, "cannot look at the running threads: %s", strerror(-err));
	for (unsigned i = 0; i < c->n_targets; i++)
		iterate(c->skel->progs.seed_files, c->target_ids[i]); /* names come later too */
	return (int)c->skel->bss->n_seeded;
}

/* Put the last words of a thread that ended while the ring was full. */
static int put_gone(struct capture *c, const struct gone *g)
{
	struct rec_head head = {
		.t_ns = g->end_ns, .tid = g->tid, .tgid = g->tgid, .cpu = (__u16)g->cpu};
	struct rec_loss loss = {.head = head,
				.since_ns = g->lost_since_ns,
				.calls = g->lost_calls,
				.records = g->lost_records,
				.cause = LOSS_RING};
	struct rec_task end = {
		.head = head, .start_ns = g->start_ns, .op = TASK_EXIT, .code = g->code};
	int err = 0;

	loss.head.kind = REC_LOSS;
	end.head.kind = REC_TASK;
	if (g->lost_calls || g->lost_records)
		err = on_record(c, &loss, sizeof(loss));
	if (!err || err == -EDQUOT)
		err = on_record(c, &end, sizeof(end));
	return err;
}

/* Threads that could not say that they ended. */
static void take_gone(struct capture *c)
{
	int map = bpf_map__fd(c->skel->maps.gone);
	uint64_t n = __atomic_load_n(&c->skel->bss->n_gone, __ATOMIC_ACQUIRE);
	struct gone g;
	__u32 key;

	if (n == c->gone)
		return;
	c->gone = n;
	while (!bpf_map_get_next_key(map, NULL, &key)) {
		if (!bpf_map_lookup_elem(map, &key, &g))
			put_gone(c, &g);
		bpf_map_delete_elem(map, &key);
	}
}

static void *capture_thread(void *arg)
{
	struct capture *c = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	pthread_setname_np(pthread_self(), "capture");
	while (!atomic_load(&c->stop)) {
		struct timespec ts = {0, IDLE_NS};

		if (atomic_load(&c->queued) <= c->queue_max && ring_buffer__consume(c->ring) > 0)
			ts.tv_nsec = BUSY_NS;
		take_gone(c);
		pthread_mutex_lock(&c->lock);
		if (c->open && c->open->records)
			c->open = NULL; /* what is there may be taken */
		pthread_mutex_unlock(&c->lock);
		nanosleep(&ts, NULL);
	}
	return NULL;
}

int capture_start(struct capture *c)
{
	int err = pthread_create(&c->thread, NULL, capture_thread, c);

	if (err)
		return fail(-err, "cannot start a thread: %s", strerror(err));
	c->running = true;
	return 0;
}

struct capture_chunk *capture_take(struct capture *c)
{
	struct capture_chunk *k, **end;

	pthread_mutex_lock(&c->lock);
	k = c->first;
	for (end = &c->first; *end && *end != c->open; end = &(*end)->next)
		;
	if (end == &c->first) {
		k = NULL; /* the only one is still being filled */
	} else {
		c->first = *end;
		if (!c->first)
			c->last = NULL;
		*end = NULL;
	}
	pthread_mutex_unlock(&c->lock);
	return k;
}

void capture_chunk_free(struct capture *c, struct capture_chunk *k)
{
	if (!k)
		return;
	atomic_fetch_sub(&c->queued, k->used);
	free(k);
}

static void thread_end(struct capture *c)
{
	if (!c->running)
		return;
	atomic_store(&c->stop, true);
	pthread_join(c->thread, NULL);
	c->running = false;
}

/* What a run that the kernel skipped would have told of; PC_COUNT: nothing that is counted. */
static enum probe_class class_of(const char *prog)
{
	if (!strcmp(prog, "on_sys_exit"))
		return PC_CALL;
	if (!strncmp(prog, "on_sched", 8))
		return PC_SCHED;
	if (!strcmp(prog, "on_newtask") || !strcmp(prog, "on_exec") || !strcmp(prog, "on_exit") ||
	    !strcmp(prog, "on_rename"))
		return PC_TASK;
	return PC_COUNT;
}

/* Runs that the kernel skipped because a program was already active on that CPU. */
static void count_missed(struct capture *c)
{
	for (unsigned i = 0; i < N_PLAN; i++) {
		struct bpf_program *prog =
			bpf_object__find_program_by_name(c->skel->obj, plan[i].prog);
		enum probe_class pc = class_of(plan[i].prog);
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(prog);

		if (fd >= 0 && pc < PC_COUNT && !bpf_obj_get_info_by_fd(fd, &info, &len))
			c->missed[pc] += info.recursion_misses;
	}
}

/*
 * One store silences all programs; what a state says a moment later, when those
 * that ran are done, is how things were then (bpf/seed.bpf.h, last_words).
 */
static uint64_t silence(struct capture *c)
{
	struct timespec settle = {0, 1000000};
	struct timespec now;

	memset(c->skel->bss->tgid_filter, 0, sizeof(c->skel->bss->tgid_filter));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	nanosleep(&settle, NULL);
	clock_gettime(CLOCK_MONOTONIC, &now);
	c->skel->bss->over_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	return c->skel->bss->over_ns;
}

int capture_stop(struct capture *c, uint64_t *ret_end_ns)
{
	int err;

	*ret_end_ns = silence(c);
	c->queue_max = UINT64_MAX;
	/* the thread goes on taking what this tells */
	err = iterate(c->skel->progs.last_words, 0);
	thread_end(c);
	count_missed(c);
	for (unsigned i = 0; i < N_PLAN; i++) {
		bpf_link__destroy(c->links[i]);
		c->links[i] = NULL;
	}
	ring_buffer__consume(c->ring);
	take_gone(c);
	c->open = NULL;
	return err ? fail(err, "cannot look at the open calls: %s", strerror(-err)) : 0;
}

void capture_stats(struct capture *c, struct probe_stats ret_by_class[PC_COUNT])
{
	int cpus = libbpf_num_possible_cpus();
	const size_t words = sizeof(struct probe_stats) * PC_COUNT / sizeof(uint64_t);
	uint64_t *sum = (uint64_t *)ret_by_class, *per_cpu;
	__u32 zero = 0;

	memset(ret_by_class, 0, sizeof(struct probe_stats) * PC_COUNT);
	for (int i = 0; i < PC_COUNT; i++) {
		ret_by_class[i].seen = c->missed[i];
		ret_by_class[i].dropped[LOSS_MISSED] = c->missed[i];
	}
	per_cpu = cpus > 0 ? calloc((size_t)cpus, words * sizeof(*per_cpu)) : NULL;
	if (!per_cpu)
		return;
	if (!bpf_map_lookup_elem(bpf_map__fd(c->skel->maps.stats), &zero, per_cpu))
		for (size_t i = 0; i < words * (size_t)cpus; i++)
			sum[i % words] += per_cpu[i];
	free(per_cpu);
}

bool capture_alive(const struct capture *c)
{
	return __atomic_load_n(&c->skel->bss->n_alive, __ATOMIC_ACQUIRE) > 0;
}

const struct probe_info *capture_probes(const struct capture *c, unsigned *ret_n)
{
	*ret_n = c->n_probes;
	return c->probes;
}

void capture_free(struct capture *c)
{
	struct capture_chunk *k;

	if (!c)
		return;
	thread_end(c);
	for (unsigned i = 0; c->links && i < N_PLAN; i++)
		bpf_link__destroy(c->links[i]);
	ring_buffer__free(c->ring);
	iotrace_bpf__destroy(c->skel);
	btf__free(c->btf);
	while ((k = c->first)) {
		c->first = k->next;
		free(k);
	}
	pthread_mutex_destroy(&c->lock);
	free(c->probes);
	free(c->links);
	free(c->target_ids);
	free(c);
}
