/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way out: records into the ring, and the account of everything that was
 * seen.  BPF_RB_NO_WAKEUP always: a wake-up of the reader on the traced
 * thread's CPU disturbs it a thousandfold; the reader looks by the clock.
 */
#ifndef IOTRACE_EMIT_BPF_H
#define IOTRACE_EMIT_BPF_H

static __always_inline struct probe_stats *stats_of(enum probe_class pc)
{
	u32 zero = 0;
	struct all_stats *s = bpf_map_lookup_elem(&stats, &zero);

	return s ? &s->by_class[pc] : NULL;
}

#define COUNT(pc, field)                                                                           \
	do {                                                                                       \
		struct probe_stats *s_ = stats_of(pc);                                             \
		if (s_)                                                                            \
			s_->field++;                                                               \
	} while (0)

static __always_inline void head_fill(struct rec_head *h, struct task_state *st, u16 kind, u64 t_ns)
{
	h->t_ns = t_ns;
	h->tid = st->tid;
	h->tgid = st->tgid;
	h->kind = kind;
	h->cpu = (u16)bpf_get_smp_processor_id();
	h->pad = 0;
}

/* Say what was lost before the next record is delivered (semantics 8). */
static __noinline int loss_report(struct task_state *st, u64 now)
{
	struct rec_loss *r;

	if (!st)
		return 0;
	r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
	if (!r)
		return 1;
	head_fill(&r->head, st, REC_LOSS, now);
	r->since_ns = st->lost_since_ns;
	r->calls = st->lost_calls;
	r->records = st->lost_records;
	r->cause = LOSS_RING;
	r->pad = 0;
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
	st->lost_calls = 0;
	st->lost_records = 0;
	st->lost_since_ns = 0;
	return 0;
}

static __always_inline void loss_note(struct task_state *st, enum probe_class pc, u64 since,
				      u64 calls, u64 records)
{
	struct probe_stats *s = stats_of(pc);

	if (!st->lost_since_ns || since < st->lost_since_ns)
		st->lost_since_ns = since;
	st->lost_calls += calls;
	st->lost_records += records;
	if (s)
		s->dropped[LOSS_RING] += calls + records;
}

/*
 * Room for a record of `size` (a constant), NULL after the loss was noted.
 * `since`: from when on the thread's story has a hole without it.
 */
static __always_inline void *rec_reserve(struct task_state *st, u64 size, enum probe_class pc,
					 u64 since, u64 now)
{
	void *r = NULL;

	if (!st->lost_since_ns || !loss_report(st, now))
		r = bpf_ringbuf_reserve(&ring, size, 0);
	if (!r)
		loss_note(st, pc, since, pc == PC_CALL, pc != PC_CALL);
	else
		COUNT(pc, submitted);
	return r;
}

static __always_inline void rec_submit(void *r)
{
	bpf_ringbuf_submit(r, BPF_RB_NO_WAKEUP);
}

#endif
