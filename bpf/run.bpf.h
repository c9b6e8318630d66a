/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs of failed tries: a thread that asks again and again whether something is
 * ready (decisions.md 9).  The first 19 tries of a run are ordinary records;
 * from the 20th on they are counted here, by call and descriptor, and told of
 * when the run ends, every 100 ms, and when a ninth pair appears.
 */
#ifndef IOTRACE_RUN_BPF_H
#define IOTRACE_RUN_BPF_H

static __always_inline void slot_tell(struct task_state *st, struct fold_slot *sl, u64 end, u64 now,
				      bool first, bool ending)
{
	struct rec_spin *r;

	/* not rec_reserve: what is not delivered here is a number of calls */
	r = st->lost_since_ns && loss_report(st, now) ? NULL
						      : bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
	if (!r) {
		struct probe_stats *s = stats_of(PC_CALL);

		if (!st->lost_since_ns)
			st->lost_since_ns = st->fold_ns;
		st->lost_calls += sl->count;
		if (s) {
			s->folded -= sl->count;
			s->dropped[LOSS_RING] += sl->count;
		}
		return;
	}
	head_fill(&r->head, st, REC_SPIN, end);
	r->ts_ns = st->fold_ns;
	r->end_ns = end;
	r->run_ns = st->run_ns;
	r->runq_ns = first ? st->fold_runq_ns : 0;
	r->count = sl->count;
	r->ret = sl->ret;
	r->fd = sl->fd;
	r->call = sl->call;
	r->flags = sl->flags;
	r->first = first;
	r->ending = ending;
	__builtin_memset(r->pad, 0, sizeof(r->pad));
	rec_submit(r);
}

/*
 * Tell of the stretch [fold_ns, end) and begin the next one there.  While the
 * ring is full the slots simply go on counting, unless the run is over.
 */
static __noinline int run_flush(struct task_state *st, u64 end, u64 now, u32 ending)
{
	u32 i;

	if (!st || !st->n_slots)
		return 0;
	if (!ending &&
	    bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) + 4096 > bpf_ringbuf_query(&ring, 1))
		return 0;
	for (i = 0; i < FOLD_SLOTS; i++) {
		if (i >= st->n_slots)
			break;
		slot_tell(st, &st->slot[i], end, now, i == 0, ending);
	}
	st->n_slots = 0;
	st->fold_ns = end;
	st->fold_runq_ns = 0;
	return 0;
}

/* The run is over: the thread made progress, slept, or went its way. */
static __always_inline void run_end(struct task_state *st, u64 now)
{
	if (st->n_slots)
		run_flush(st, st->run_end_ns, now, 1);
	st->tries = 0;
}

/* A call begins: more than 100 us on CPU since the last try ends the run. */
static __always_inline void run_gap(struct task_state *st, u64 now)
{
	if (st->gap_cpu_ns + (now - st->run_end_ns) > FOLD_GAP_NS)
		run_end(st, now);
}

/* Preempted between two tries. True: inside a folded run, of which it is a part. */
static __always_inline bool run_preempted(struct task_state *st, u64 now)
{
	if (!st->tries)
		return false;
	run_gap(st, now);
	st->gap_cpu_ns += now - st->run_end_ns;
	return st->tries && st->n_slots;
}

/* Goes on at `now` after run_preempted() at `off`. */
static __always_inline void run_resumed(struct task_state *st, u64 off, u64 now, bool silent)
{
	if (silent)
		st->fold_runq_ns += now - off;
	st->run_end_ns = now;
}

/* The call in progress failed as a try. True: folded, so no record of it. */
static __always_inline bool run_try(struct task_state *st, s64 ret, u64 now)
{
	struct fold_slot *sl = NULL;
	u32 i;

	if (st->tries == 0)
		st->run_ns = st->enter_ns;
	st->tries++;
	st->run_end_ns = now;
	st->gap_cpu_ns = 0;
	if (st->tries < FOLD_FROM)
		return false;
	if (st->n_slots && now - st->fold_ns >= FOLD_FLUSH_NS)
		run_flush(st, st->enter_ns, now, 0);
	if (st->tries == FOLD_FROM) {
		st->fold_ns = st->enter_ns;
		st->fold_runq_ns = 0;
	}
	for (i = 0; i < FOLD_SLOTS; i++) {
		if (i >= st->n_slots)
			break;
		if (st->slot[i].call == st->call && st->slot[i].fd == st->fd &&
		    st->slot[i].ret == ret) {
			sl = &st->slot[i];
			break;
		}
	}
	if (!sl) {
		if (st->n_slots >= FOLD_SLOTS)
			run_flush(st, st->enter_ns, now, 0);
		i = st->n_slots;
		if (i < FOLD_SLOTS) {
			st->n_slots = i + 1;
			barrier_var(i);
			sl = &st->slot[i & (FOLD_SLOTS - 1)];
			sl->count = 0;
			sl->call = st->call;
			sl->fd = st->fd;
			sl->ret = ret;
			sl->flags = st->call_flags;
		} else {
			sl = &st->slot[FOLD_SLOTS - 1]; /* the ring is full: this one takes it */
		}
	}
	sl->count++;
	st->fold_runq_ns += st->runq_ns;
	return true;
}

#endif
