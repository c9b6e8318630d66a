/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model: events in, conclusions out; see model.h. */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_priv.h"

#define OR(a, b) ((a) ? (a) : (b))

struct model *model_new(const struct model_config *cfg)
{
	struct model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->cfg = *cfg;
	m->cfg.window_ns = OR(cfg->window_ns, 1000000000ull);
	m->cfg.calls_kept = OR(cfg->calls_kept, 256u);
	m->cfg.spans_kept = OR(cfg->spans_kept, 16384u);
	m->cfg.buckets_kept = OR(cfg->buckets_kept, 36000u);
	m->now_ns = cfg->t0_ns;
	m->window_ticks = (unsigned)((m->cfg.window_ns + TICK_NS - 1) / TICK_NS);
	if (m->window_ticks > WINDOW_TICKS_MAX)
		m->window_ticks = WINDOW_TICKS_MAX;
	m->n_ticks = (m->window_ticks > RATE_TICKS ? m->window_ticks : RATE_TICKS) + 1;
	return m;
}

void model_free(struct model *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < m->n_lanes; i++)
		lane_free(m->lanes[i]);
	for (unsigned i = 0; i < m->n_procs; i++)
		process_free(m->procs[i]);
	fds_free(m);
	idmap_free(&m->lane_of_tid);
	idmap_free(&m->proc_of_tgid);
	free(m->lanes);
	free(m->procs);
	free(m);
}

void model_observe(struct model *m, const struct model_observer *o)
{
	m->obs = o ? *o : (struct model_observer){0};
}

/* --- events --- */

static struct lane *living(const struct model *m, uint32_t tid)
{
	uint32_t i = idmap_get(&m->lane_of_tid, tid + 1ull);

	return i != IDMAP_NONE && !m->lanes[i]->end_ns ? m->lanes[i] : NULL;
}

/*
 * A lane in place of whoever has that tid: its end was not seen.  The table is
 * held meanwhile: both may use it.
 */
static struct lane *lane_replace(struct model *m, const struct event *ev)
{
	struct lane *old = living(m, ev->tid), *l;

	if (files_join(m, ev->task.files))
		return NULL;
	if (old)
		lane_end(m, old, ev->t_ns, STATE_UNKNOWN);
	l = lane_new(m, ev->tid, ev->tgid, ev->task.files, ev->t_ns);
	files_leave(m, ev->task.files, ev->t_ns);
	return l;
}

/* A thread is found or born: its lane begins. */
static int task_begin(struct model *m, const struct event *ev)
{
	const struct ev_task *k = &ev->task;
	struct lane *l = lane_replace(m, ev);

	if (!l)
		return -ENOMEM;
	l->flags = k->flags;
	l->global_tid = k->global_tid;
	l->cpu = ev->cpu;
	if (k->flags & TASKF_TARGET)
		l->proc->target = true;
	if (k->ptgid && k->ptgid != ev->tgid)
		l->proc->ptgid = k->ptgid;
	lane_set_comm(m, l, k->comm);
	if (k->op == TASK_NEW) { /* waits for its first turn on a CPU */
		lane_priv(l)->ran = false;
		lane_open(l, STATE_RUNNABLE, ev->t_ns);
	}
	return 0;
}

/*
 * The lane of the caller ends in its execve, of which the lane that takes over
 * has the record.  When it began is known only if it slept (reading the
 * program, or until the other threads were gone); else nothing is made up.
 */
static void exec_end(struct model *m, struct lane *l, uint64_t t)
{
	l->ended_by_exec = true;
	if (l->in_call)
		lane_commit_open(m, l, t);
	else
		lane_gap(m, l, t);
	lane_end(m, l, t, STATE_USER);
}

/* A new program; another thread than the leader takes the leader's lane over. */
static int task_exec(struct model *m, const struct event *ev)
{
	const struct ev_task *k = &ev->task;
	struct lane *old = NULL, *l;

	if (k->old_tid && k->old_tid != ev->tid) {
		old = living(m, k->old_tid);
		l = lane_replace(m, ev);
		if (l && old)
			exec_end(m, old, ev->t_ns);
	} else {
		l = lane_of(m, ev->tid, ev->tgid, ev->t_ns);
	}
	if (!l || lane_set_files(m, l, k->files, ev->t_ns))
		return -ENOMEM;
	l->flags = k->flags;
	l->global_tid = k->global_tid;
	if (k->flags & TASKF_TARGET)
		l->proc->target = true;
	lane_set_comm(m, l, k->comm);
	return 0;
}

static int task_exit(struct model *m, const struct event *ev)
{
	struct lane *l = lane_of(m, ev->tid, ev->tgid, ev->t_ns);

	if (!l)
		return -ENOMEM;
	l->exit_code = ev->task.code;
	if (l->in_call) /* the record of the call that it died in is missing */
		lane_commit_open(m, l, ev->t_ns);
	else
		lane_gap(m, l, ev->t_ns);
	lane_end(m, l, ev->t_ns, STATE_USER);
	return 0;
}

static int feed_task(struct model *m, const struct event *ev)
{
	struct lane *l;

	switch (ev->task.op) {
	case TASK_SEED:
	case TASK_NEW:
		return task_begin(m, ev);
	case TASK_EXEC:
		return task_exec(m, ev);
	case TASK_EXIT:
		return task_exit(m, ev);
	default:
		l = lane_of(m, ev->tid, ev->tgid, ev->t_ns);
		if (!l)
			return -ENOMEM;
		if (ev->task.op == TASK_FILES)
			return lane_set_files(m, l, ev->task.files, ev->t_ns);
		lane_set_comm(m, l, ev->task.comm);
		return 0;
	}
}

static int feed_sleep(struct model *m, struct lane *l, const struct event *ev)
{
	int err = lane_gap(m, l, ev->sleep.enter_ns);

	l->cpu = ev->cpu;
	lane_open(l, ev->sleep.state, ev->t_ns);
	l->open_call = ev->sleep;
	l->in_call = true;
	return err;
}

static int feed_sched(struct model *m, struct lane *l, const struct event *ev)
{
	const struct ev_sched *s = &ev->sched;
	struct lane_priv *v = lane_priv(l);
	bool preempted = s->state == STATE_RUNNABLE;
	/* a newborn interrupts nothing while it waits for its first turn */
	int off = !preempted ? (int)s->state
		  : v->ran   ? (int)STATE_RUNNABLE_RUN
			     : (int)STATE_RUNNABLE;
	int err;

	if (s->dir == SCHED_OUT) {
		err = lane_gap(m, l, ev->t_ns);
		lane_open(l, preempted ? STATE_RUNNABLE_RUN : s->state, ev->t_ns);
		l->in_nr = s->nr;
		l->cpu = ev->cpu;
		if (preempted)
			l->nivcsw++;
		else
			l->nvcsw++;
		return err;
	}
	err = lane_gap(m, l, s->off_ns);
	if (!err)
		err = lane_commit(m, l, s->wake_ns, off);
	if (!err)
		err = lane_commit(m, l, ev->t_ns, preempted ? off : (int)STATE_RUNNABLE);
	if (!preempted)
		v->sleeps++;
	v->ran = true;
	l->cpu = ev->cpu;
	lane_open(l, STATE_USER, ev->t_ns);
	return err;
}

static int lane_lost(struct model *m, struct lane *l, uint64_t since)
{
	int err;

	err = lane_commit_open(m, l, since);
	lane_open(l, STATE_UNKNOWN, l->timeline.end_ns);
	return err;
}

static int feed_loss(struct model *m, const struct event *ev)
{
	const struct ev_loss *s = &ev->loss;
	int err = 0;

	m->loss.calls += s->calls;
	m->loss.records += s->records;
	m->loss.by_cause[s->cause] += s->calls + s->records;
	if (ev->tid) {
		struct lane *l = lane_of(m, ev->tid, ev->tgid, s->since_ns);

		if (!l)
			return -ENOMEM;
		l->lost_calls += s->calls;
		return lane_lost(m, l, s->since_ns);
	}
	for (struct lane *l = m->first_alive; l && !err; l = lane_priv(l)->next)
		if (!ev->tgid || l->proc->tgid == ev->tgid)
			err = lane_lost(m, l, s->since_ns);
	return err;
}

static int feed_tick(struct model *m, const struct event *ev)
{
	m->tick_no++;
	labels_tick(m, ev->t_ns);
	fds_tick(m);
	return 0;
}

static int feed_lane(struct model *m, const struct event *ev)
{
	struct lane *l;
	uint64_t begin = ev->t_ns;

	if (ev->kind == EV_CALL)
		begin = ev->call.enter_ns;
	else if (ev->kind == EV_SPIN)
		begin = ev->spin.ts_ns;
	else if (ev->kind == EV_SLEEP)
		begin = ev->sleep.enter_ns;
	else if (ev->kind == EV_SCHED)
		begin = ev->sched.off_ns;
	l = lane_of(m, ev->tid, ev->tgid, begin);
	if (!l)
		return -ENOMEM;
	switch (ev->kind) {
	case EV_SLEEP:
		return feed_sleep(m, l, ev);
	case EV_SCHED:
		return feed_sched(m, l, ev);
	case EV_CALL:
		return calls_feed(m, l, ev);
	default:
		return spin_feed(m, l, ev);
	}
}

int model_feed(struct model *m, const struct event *ev)
{
	int err = event_check(ev);

	if (err || m->finished) {
		m->n_anomalies++;
		return -EBADMSG;
	}
	m->n_events++;
	if (ev->t_ns > m->now_ns)
		m->now_ns = ev->t_ns;
	switch (ev->kind) {
	case EV_TASK:
		err = feed_task(m, ev);
		break;
	case EV_FD:
		err = fds_feed(m, ev);
		break;
	case EV_LOSS:
		err = feed_loss(m, ev);
		break;
	case EV_TICK:
		err = feed_tick(m, ev);
		break;
	default:
		err = feed_lane(m, ev);
	}
#ifdef IOTRACE_DEBUG
	if (!err && ev->kind == EV_TICK && model_check(m))
		abort();
#endif
	return err;
}

void model_finish(struct model *m, uint64_t t)
{
	if (m->finished)
		return;
	for (struct lane *l = m->first_alive; l; l = lane_priv(l)->next)
		lane_commit_open(m, l, t);
	m->finished = true;
}

/* --- what readers ask --- */

uint64_t model_t0(const struct model *m)
{
	return m->cfg.t0_ns;
}

uint64_t model_now(const struct model *m)
{
	return m->now_ns;
}

uint64_t model_events(const struct model *m)
{
	return m->n_events;
}

uint64_t model_anomalies(const struct model *m)
{
	return m->n_anomalies;
}

const struct loss_total *model_loss(const struct model *m)
{
	return &m->loss;
}

void model_set_stats(struct model *m, const struct model_stats *s)
{
	m->stats = *s;
}

const struct model_stats *model_get_stats(const struct model *m)
{
	return &m->stats;
}

unsigned model_n_processes(const struct model *m)
{
	return m->n_procs;
}

const struct process *model_process(const struct model *m, unsigned i)
{
	return i < m->n_procs ? m->procs[i] : NULL;
}

unsigned model_n_lanes(const struct model *m)
{
	return m->n_lanes;
}

const struct lane *model_lane(const struct model *m, unsigned i)
{
	return i < m->n_lanes ? m->lanes[i] : NULL;
}

const struct lane *model_lane_by_tid(const struct model *m, uint32_t tid)
{
	uint32_t i = idmap_get(&m->lane_of_tid, tid + 1ull);

	return i == IDMAP_NONE ? NULL : m->lanes[i];
}

const struct lane *model_next_alive(const struct model *m, const struct lane *l)
{
	return l ? lane_priv(l)->next : m->first_alive;
}

unsigned model_n_alive(const struct model *m)
{
	return m->n_alive;
}

unsigned model_n_alive_processes(const struct model *m)
{
	return m->n_alive_procs;
}

unsigned model_fds_gone(const struct model *m, const struct totals **ret_t)
{
	*ret_t = &m->fds_gone;
	return m->n_fds_gone;
}

unsigned model_n_fds(const struct model *m)
{
	return m->n_fds;
}

const struct fd_entry *model_fd(const struct model *m, unsigned i)
{
	return i < m->n_fds ? m->fds[i] : NULL;
}

int model_check(const struct model *m)
{
	for (unsigned i = 0; i < m->n_lanes; i++) {
		const struct timeline *t = &m->lanes[i]->timeline;
		uint64_t sum = 0, from, to, next = t->end_ns;
		int slot;

		for (int s = 0; s < STATE_SLOTS; s++)
			sum += t->total_ns[s];
		if (sum != t->end_ns - t->begin_ns)
			return -EPROTO;
		if (m->lanes[i]->forgotten)
			continue;
		for (uint32_t k = 0; timeline_span(t, k, &from, &to, &slot); k++) {
			if (to != next || from >= to || slot >= STATE_SLOTS)
				return -EPROTO;
			next = from;
		}
		if (t->span_len && next != t->exact_from_ns)
			return -EPROTO;
	}
	return 0;
}
