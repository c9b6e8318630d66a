/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Live source: ring, queue, seeding and the end; see capture.h. */
#include "capture_priv.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_BYTES   (256 * 1024)
#define QUEUE_DEFAULT (128ull << 20)
/* How often the ring is looked at: while records come, and while none do. */
#define BUSY_NS 4000000l
#define IDLE_NS 20000000l

/* The kernel side's targets map; see bpf/state.bpf.h. */
#define SEED_TID    0x1
#define SEED_ARMED  0x2
#define SEED_TARGET 0x4

static char error_text[1024];
static bool log_verbose;

const char *capture_error(void)
{
	return error_text;
}

int capture_fail(int err, const char *fmt, ...)
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
	int err;

	*ret_c = NULL;
	if (!c)
		return capture_fail(-ENOMEM, "out of memory");
	log_verbose = o->verbose;
	libbpf_set_print(log_line);
	pthread_mutex_init(&c->lock, NULL);
	c->queue_max = o->queue_bytes ? o->queue_bytes : QUEUE_DEFAULT;
	err = capture_load(c, o);
	if (err)
		goto cleanup;
	c->ring = ring_buffer__new(bpf_map__fd(c->skel->maps.ring), on_record, c, NULL);
	if (!c->ring)
		err = capture_fail(-errno, "cannot map the ring buffer: %s", strerror(errno));
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
		return capture_fail(-ENOMEM, "out of memory");
	c->target_ids = ids;
	ids[c->n_targets++] = id;
	if (bpf_map_update_elem(bpf_map__fd(c->skel->maps.targets), &key, &value, BPF_ANY))
		return capture_fail(-errno, "too many targets");
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
		return capture_fail(err, "cannot look at the running threads: %s", strerror(-err));
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
		return capture_fail(-err, "cannot start a thread: %s", strerror(err));
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

/* Runs that the kernel skipped because a program was already active on that CPU. */
static void count_missed(struct capture *c)
{
	for (unsigned i = 0; i < capture_n_plan; i++) {
		enum probe_class pc = capture_plan[i].missed_as;
		struct bpf_prog_info info = {0};
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(capture_program(c, i));

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
	for (unsigned i = 0; i < capture_n_plan; i++) {
		bpf_link__destroy(c->links[i]);
		c->links[i] = NULL;
	}
	ring_buffer__consume(c->ring);
	take_gone(c);
	c->open = NULL;
	return err ? capture_fail(err, "cannot look at the open calls: %s", strerror(-err)) : 0;
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
	for (unsigned i = 0; c->links && i < capture_n_plan; i++)
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
