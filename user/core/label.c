/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Labels: what each thread and process mostly did in the window, found on ticks
 * only (decisions.md 12), with the evidence for it.
 */
#include <string.h>

#include "model_priv.h"

/* Ties go to the first of these. */
static const enum label order[] = {LABEL_BUSY, LABEL_RUNNING, LABEL_BLOCKED, LABEL_RUNNABLE,
				   LABEL_IDLE, LABEL_STOPPED, LABEL_UNKNOWN};
#define N_ORDER (sizeof(order) / sizeof(order[0]))

const char *label_name(enum label l)
{
#define X(id, word) word,
	static const char *const names[LABEL_COUNT] = {IOTRACE_LABELS(X)};
#undef X
	return (unsigned)l < LABEL_COUNT ? names[l] : "?";
}

const char *io_model_name(unsigned model)
{
#define X(id, word, bit)                                                                           \
	if (model == (bit))                                                                        \
		return word;
	IOTRACE_MODELS(X)
#undef X
	return "-";
}

/* ns of every slot -> ns of every label. */
static void shares_of(const uint64_t ns[STATE_SLOTS], uint64_t window, uint64_t ret[LABEL_COUNT])
{
	uint64_t waiting = ns[STATE_RUNNABLE], run = ns[STATE_RUNNABLE_RUN],
		 spin = ns[STATE_RUNNABLE_SPIN];

	memset(ret, 0, LABEL_COUNT * sizeof(ret[0]));
	/* starved for two thirds of the window: that is the story, not what it interrupted */
	if ((waiting + run + spin) * 3 >= window * 2) {
		waiting += run + spin;
		run = spin = 0;
	}
	ret[LABEL_BLOCKED] = ns[STATE_BLOCKED] + ns[STATE_DISK];
	ret[LABEL_IDLE] = ns[STATE_IDLE];
	ret[LABEL_BUSY] = ns[STATE_SPIN] + spin;
	ret[LABEL_RUNNING] = ns[STATE_USER] + ns[STATE_KERNEL] + ns[STATE_COPY] + run;
	ret[LABEL_RUNNABLE] = waiting;
	ret[LABEL_STOPPED] = ns[STATE_STOPPED];
	ret[LABEL_UNKNOWN] = ns[STATE_UNKNOWN];
}

/* The largest of those in `mask`; a new one must lead the shown one by a tenth. */
static enum label choose(const uint64_t share[LABEL_COUNT], unsigned mask, enum label shown,
			 uint64_t window)
{
	enum label best = LABEL_NONE;

	for (size_t i = 0; i < N_ORDER; i++)
		if (mask & 1u << order[i] && (best == LABEL_NONE || share[order[i]] > share[best]))
			best = order[i];
	if (best != shown && mask & 1u << shown && share[best] < share[shown] + window / 10)
		return shown;
	return best;
}

#define ALL_LABELS (~0u & ~(1u << LABEL_NONE | 1u << LABEL_EXITED))
#define ON_CPU	   (1u << LABEL_BUSY | 1u << LABEL_RUNNING)
#define OFF_CPU	   (ALL_LABELS & ~ON_CPU)

/* The tick that lies `back` before the newest. */
static const struct tick_stat *tick_back(const struct model *m, const struct lane *l, uint64_t back)
{
	return &lane_priv(l)->ticks[(m->tick_no - back) % m->n_ticks];
}

static void evidence_wait(const struct model *m, const struct lane *l, uint64_t t, uint64_t ticks,
			  struct evidence *e)
{
	uint64_t longest = 0;

	if (l->in_call && l->open_since_ns < t) {
		e->call = l->open_call.call;
		e->fd = l->open_call.fd;
		e->since_ns = l->open_since_ns;
		longest = t - l->open_since_ns;
	}
	for (uint64_t i = 0; i < ticks; i++) {
		const struct tick_stat *s = tick_back(m, l, i);

		if (s->top_call == CALL_NONE || s->top_wait_ns <= longest)
			continue;
		longest = s->top_wait_ns;
		e->call = s->top_call;
		e->fd = s->top_fd;
		e->since_ns = 0; /* that one is over */
	}
}

/* The tries of one pair of call and descriptor in the window. */
static uint64_t spin_sum(const struct model *m, const struct lane *l, uint64_t ticks,
			 const struct spin_stat *p)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < ticks; i++) {
		const struct spin_stat *s = &tick_back(m, l, i)->spin;

		if (s->count && s->call == p->call && s->fd == p->fd)
			sum += s->count;
	}
	return sum;
}

/* The pair that was tried most often stands for the polling. */
static void evidence_spin(const struct model *m, const struct lane *l, uint64_t ticks,
			  struct evidence *e)
{
	for (uint64_t i = 0; i < ticks; i++) {
		const struct spin_stat *s = &tick_back(m, l, i)->spin;
		uint64_t sum;

		if (!s->count || (s->call == e->call && s->fd == e->fd))
			continue;
		sum = spin_sum(m, l, ticks, s);
		if (sum <= e->count)
			continue;
		e->count = sum;
		e->call = s->call;
		e->fd = s->fd;
		e->err = (int32_t)-s->ret;
	}
}

static void evidence_of(const struct model *m, struct lane *l, uint64_t t, uint64_t window,
			const uint64_t ns[STATE_SLOTS], enum label label, struct evidence *e)
{
	const struct lane_priv *v = lane_priv(l);
	uint64_t ticks = (window + TICK_NS - 1) / TICK_NS;
	const struct tick_stat *now, *then;

	if (ticks > m->window_ticks)
		ticks = m->window_ticks;
	if (ticks > m->tick_no)
		ticks = m->tick_no;
	now = tick_back(m, l, 0);
	then = tick_back(m, l, ticks);
	*e = (struct evidence){
		.label = label,
		.window_ns = window,
		.share_ns = v->shares[label],
		.call = CALL_NONE,
		.fd = -1,
		.cpu = l->cpu,
		.tid = l->tid,
		.cpu_ns = ns[STATE_USER] + ns[STATE_KERNEL] + ns[STATE_COPY] + ns[STATE_SPIN],
	};
	switch (label) {
	case LABEL_BUSY:
		evidence_spin(m, l, ticks, e);
		break;
	case LABEL_BLOCKED:
	case LABEL_IDLE:
		e->count = now->sleeps - then->sleeps;
		evidence_wait(m, l, t, ticks, e);
		break;
	case LABEL_RUNNING:
		e->count = now->calls - then->calls;
		break;
	default:
		break;
	}
}

static void lane_rates(const struct model *m, struct lane *l)
{
	uint64_t ticks = m->tick_no < RATE_TICKS ? m->tick_no : RATE_TICKS;
	const struct tick_stat *now = tick_back(m, l, 0), *then = tick_back(m, l, ticks);

	if (!ticks)
		return;
	l->calls_made = now->calls - then->calls;
	l->calls_per_s = (double)l->calls_made * RATE_TICKS / (double)ticks;
	l->bytes_per_s = (double)(now->bytes - then->bytes) * RATE_TICKS / (double)ticks;
}

static void tick_store(struct model *m, struct lane *l)
{
	struct lane_priv *v = lane_priv(l);

	v->ticks[m->tick_no % m->n_ticks] = (struct tick_stat){
		.calls = l->totals.calls,
		.folded = l->totals.folded,
		.bytes = l->totals.bytes,
		.sleeps = v->sleeps,
		.spin = v->spin,
		.top_wait_ns = v->top_wait_ns,
		.top_fd = v->top_fd,
		.top_call = v->top_call,
	};
	v->top_wait_ns = 0;
	v->top_call = CALL_NONE;
	v->spin.count = 0;
}

static void lane_label(struct model *m, struct lane *l, uint64_t t)
{
	struct lane_priv *v = lane_priv(l);
	uint64_t window = m->cfg.window_ns, ns[STATE_SLOTS] = {0};
	enum label label;
	bool changed;

	if (t <= l->birth_ns)
		return;
	if (window > t - l->birth_ns)
		window = t - l->birth_ns;
	lane_shares(l, t - window, t, t, ns);
	shares_of(ns, window, v->shares);
	v->idle_throughout = v->shares[LABEL_IDLE] >= window;
	label = choose(v->shares, ALL_LABELS, l->label.shown, window);
	changed = label != l->label.shown;
	if (changed) {
		l->label.shown = label;
		l->label.since_ns = t;
	}
	evidence_of(m, l, t, window, ns, label, &v->why);
	l->label.why = &v->why;
	if (changed && m->obs.label)
		m->obs.label(m->obs.ctx, l, t, &l->label);
}

/* The thread that contributes most to a process's label tells its evidence. */
static void process_evidence(struct process *p, enum label label)
{
	const struct lane *best = NULL;
	struct evidence *e = &proc_priv(p)->why;

	for (const struct lane *l = proc_priv(p)->first; l; l = lane_priv(l)->proc_next) {
		if (!best || lane_priv(l)->shares[label] > lane_priv(best)->shares[label])
			best = l;
	}
	if (!best)
		return;
	/* of many that sleep the main thread is the one that is meant */
	for (const struct lane *l = proc_priv(p)->first; l; l = lane_priv(l)->proc_next)
		if (l->tid == p->tgid && l->label.shown == label && label != LABEL_BUSY &&
		    label != LABEL_RUNNING)
			best = l;
	*e = *best->label.why;
	if (best->label.shown != label) /* its own label is another one */
		*e = (struct evidence){.label = label,
				       .window_ns = best->label.why->window_ns,
				       .call = CALL_NONE,
				       .fd = -1,
				       .cpu = best->cpu,
				       .tid = best->tid,
				       .cpu_ns = best->label.why->cpu_ns};
	e->share_ns = lane_priv(best)->shares[label];
	p->label.why = e;
}

static void process_label(struct model *m, struct process *p, uint64_t t)
{
	uint64_t sum[LABEL_COUNT] = {0}, sum_busy[LABEL_COUNT] = {0};
	uint64_t window = m->cfg.window_ns;
	unsigned voters = 0, idlers = 0, mask = 0;
	enum label label;

	for (const struct lane *l = proc_priv(p)->first; l; l = lane_priv(l)->proc_next) {
		const struct lane_priv *v = l->priv;

		if (l->flags & TASKF_KERNEL_WORKER || l->label.shown == LABEL_NONE)
			continue;
		voters++;
		idlers += v->idle_throughout;
		mask |= 1u << l->label.shown;
		for (int k = 0; k < LABEL_COUNT; k++) {
			sum[k] += v->shares[k];
			sum_busy[k] += v->idle_throughout ? 0 : v->shares[k];
		}
	}
	if (!voters)
		return;
	if (window > t - p->birth_ns)
		window = t - p->birth_ns;
	if (mask & ON_CPU)
		label = choose(sum, ON_CPU, p->label.shown, window);
	else
		label = choose(idlers == voters ? sum : sum_busy, OFF_CPU, p->label.shown, window);
	process_evidence(p, label);
	if (label == p->label.shown)
		return;
	p->label.shown = label;
	p->label.since_ns = t;
	if (m->obs.process_label)
		m->obs.process_label(m->obs.ctx, p, t, &p->label);
}

void labels_tick(struct model *m, uint64_t t)
{
	for (struct lane *l = m->first_alive; l; l = lane_priv(l)->next) {
		tick_store(m, l);
		lane_rates(m, l);
		lane_label(m, l, t);
	}
	for (struct process *p = m->first_proc; p; p = proc_priv(p)->next)
		process_label(m, p, t);
}

void label_none(struct label_state *s, uint64_t t)
{
	static const struct evidence none = {.label = LABEL_NONE, .call = CALL_NONE, .fd = -1};

	*s = (struct label_state){LABEL_NONE, t, &none};
}

/* One for all: an ended lane or process has nothing of its own to say, and there are many. */
void label_exit(struct model *m, struct lane *l, uint64_t t)
{
	static const struct evidence ended = {.label = LABEL_EXITED, .call = CALL_NONE, .fd = -1};
	struct process *p = l->proc;

	l->label = (struct label_state){LABEL_EXITED, t, &ended};
	l->calls_per_s = l->bytes_per_s = 0;
	if (m->obs.label)
		m->obs.label(m->obs.ctx, l, t, &l->label);
	if (p->n_alive)
		return;
	p->label = l->label;
	if (m->obs.process_label)
		m->obs.process_label(m->obs.ctx, p, t, &p->label);
}
