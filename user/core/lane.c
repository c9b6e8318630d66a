/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lanes and processes: birth, names, end, and the committing of time.  A lane's
 * timeline has no holes: whatever no event tells of is filled here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_priv.h"

/* Room for one more pointer. 0 or -ENOMEM. */
static int grow(void ***items, unsigned n, unsigned *cap)
{
	unsigned want = *cap ? *cap * 2 : 64;
	void **p;

	if (n < *cap)
		return 0;
	p = realloc(*items, want * sizeof(*p));
	if (!p)
		return -ENOMEM;
	*items = p;
	*cap = want;
	return 0;
}

static struct process *process_new(struct model *m, uint32_t tgid, uint64_t t)
{
	struct process *p = calloc(1, sizeof(*p));
	struct proc_priv *v = calloc(1, sizeof(*v));

	if (!p || !v || grow((void ***)&m->procs, m->n_procs, &m->cap_procs) ||
	    idmap_set(&m->proc_of_tgid, tgid + 1ull, m->n_procs)) {
		free(v);
		free(p);
		return NULL;
	}
	p->tgid = tgid;
	p->birth_ns = t;
	p->index = m->n_procs;
	label_none(&p->label, t);
	p->priv = v;
	p->lanes = &p->only;
	m->procs[m->n_procs++] = p;
	v->prev = m->last_proc;
	if (v->prev)
		proc_priv(v->prev)->next = p;
	else
		m->first_proc = p;
	m->last_proc = p;
	m->n_alive_procs++;
	return p;
}

/* Its last lane has ended: another one with this tgid is another process. */
static void process_end(struct model *m, struct process *p, uint64_t t)
{
	struct proc_priv *v = p->priv;

	p->end_ns = t;
	if (v->prev)
		proc_priv(v->prev)->next = v->next;
	else
		m->first_proc = v->next;
	if (v->next)
		proc_priv(v->next)->prev = v->prev;
	else
		m->last_proc = v->prev;
	m->n_alive_procs--;
	idmap_remove(&m->proc_of_tgid, p->tgid + 1ull);
	free(v);
	p->priv = NULL;
}

void process_free(struct process *p)
{
	if (p->lanes != &p->only)
		free(p->lanes);
	free(p->priv);
	free(p);
}

/* The living process `tgid`, made if there is none. */
static struct process *process_of(struct model *m, uint32_t tgid, uint64_t t)
{
	uint32_t i = idmap_get(&m->proc_of_tgid, tgid + 1ull);

	return i != IDMAP_NONE ? m->procs[i] : process_new(m, tgid, t);
}

/* Room for one more lane; the array doubles, at powers of two. 0 or -ENOMEM. */
static int process_room(struct process *p)
{
	unsigned n = p->n_lanes;
	struct lane **lanes;

	if (!n || n & (n - 1))
		return 0;
	lanes = realloc(n > 1 ? p->lanes : NULL, 2ul * n * sizeof(*lanes));
	if (!lanes)
		return -ENOMEM;
	lanes[0] = n > 1 ? lanes[0] : p->only;
	p->lanes = lanes;
	return 0;
}

/* The last of its process and of all; a new lane comes behind the older ones. */
static void lane_link(struct model *m, struct process *p, struct lane *l)
{
	struct proc_priv *pv = p->priv;
	struct lane_priv *v = l->priv;

	p->lanes[p->n_lanes++] = l;
	p->n_alive++;
	m->n_alive++;
	v->proc_prev = pv->last;
	v->prev = m->last_alive;
	if (pv->last)
		lane_priv(pv->last)->proc_next = l;
	else
		pv->first = l;
	if (m->last_alive)
		lane_priv(m->last_alive)->next = l;
	else
		m->first_alive = l;
	pv->last = m->last_alive = l;
}

static void lane_unlink(struct model *m, struct lane *l)
{
	struct proc_priv *pv = l->proc->priv;
	struct lane_priv *v = l->priv;

	*(v->proc_prev ? &lane_priv(v->proc_prev)->proc_next : &pv->first) = v->proc_next;
	*(v->proc_next ? &lane_priv(v->proc_next)->proc_prev : &pv->last) = v->proc_prev;
	*(v->prev ? &lane_priv(v->prev)->next : &m->first_alive) = v->next;
	*(v->next ? &lane_priv(v->next)->prev : &m->last_alive) = v->prev;
	l->proc->n_alive--;
	m->n_alive--;
}

static void priv_free(struct lane *l)
{
	if (l->priv)
		free(lane_priv(l)->ticks);
	free(l->priv);
	l->priv = NULL;
}

static struct lane *lane_blank(const struct model *m)
{
	struct lane *l = calloc(1, sizeof(*l));
	struct lane_priv *v = calloc(1, sizeof(*v));

	if (v)
		v->ticks = calloc(m->n_ticks, sizeof(*v->ticks));
	if (!l || !v || !v->ticks) {
		if (v)
			free(v->ticks);
		free(v);
		free(l);
		return NULL;
	}
	v->top_call = CALL_NONE;
	v->ran = true;
	l->priv = v;
	l->in_nr = -1;
	return l;
}

struct lane *lane_new(struct model *m, uint32_t tid, uint32_t tgid, uint32_t files, uint64_t t)
{
	struct process *p = process_of(m, tgid, t);
	struct lane *l = lane_blank(m);

	if (!p || !l || process_room(p) || grow((void ***)&m->lanes, m->n_lanes, &m->cap_lanes) ||
	    files_join(m, files) || idmap_set(&m->lane_of_tid, tid + 1ull, m->n_lanes)) {
		lane_free(l);
		return NULL;
	}
	l->proc = p;
	l->files = files;
	l->tid = tid;
	l->birth_ns = t;
	l->index = m->n_lanes;
	label_none(&l->label, t);
	timeline_init(&l->timeline, m->cfg.t0_ns, t, m->cfg.spans_kept, m->cfg.buckets_kept);
	lane_open(l, STATE_USER, t);
	m->lanes[m->n_lanes++] = l;
	lane_link(m, p, l);
	if (m->obs.lane_begin)
		m->obs.lane_begin(m->obs.ctx, l);
	return l;
}

struct lane *lane_of(struct model *m, uint32_t tid, uint32_t tgid, uint64_t t)
{
	uint32_t i = idmap_get(&m->lane_of_tid, tid + 1ull);

	if (i != IDMAP_NONE && !m->lanes[i]->end_ns)
		return m->lanes[i];
	return lane_new(m, tid, tgid, 0, t);
}

int lane_commit(struct model *m, struct lane *l, uint64_t to, int slot)
{
	uint64_t from = l->timeline.end_ns;
	int err;

	if (to <= from)
		return 0;
	err = timeline_append(&l->timeline, to, slot);
	if (!err && m->obs.interval)
		m->obs.interval(m->obs.ctx, l, from, to, slot);
	return err;
}

void lane_open(struct lane *l, int slot, uint64_t since)
{
	l->open_slot = slot;
	l->open_since_ns = since;
	l->in_call = false;
	l->in_nr = -1;
}

int lane_gap(struct model *m, struct lane *l, uint64_t to)
{
	if (l->open_slot != STATE_UNKNOWN)
		return lane_commit(m, l, to, STATE_USER);
	return lane_commit(m, l, to, STATE_UNKNOWN);
}

int lane_commit_open(struct model *m, struct lane *l, uint64_t to)
{
	uint64_t since = l->open_since_ns < to ? l->open_since_ns : to;
	int err;

	if (l->in_call) {
		err = lane_commit(m, l,
				  l->open_call.enter_ns < since ? l->open_call.enter_ns : since,
				  STATE_USER);
		if (!err)
			err = lane_commit(m, l, since, STATE_KERNEL);
	} else {
		err = lane_commit(m, l, since, STATE_USER);
	}
	return err ? err : lane_commit(m, l, to, l->open_slot);
}

static size_t detail_bytes(const struct lane *l)
{
	return timeline_bytes(&l->timeline) + l->ring_cap * sizeof(*l->ring);
}

/* The lane that ended first gives its detail back: what stays is the totals. */
static void forget_first(struct model *m)
{
	struct lane *l = m->ended[m->ended_head];

	m->ended_head = (m->ended_head + 1) % ENDED_KEPT;
	m->n_ended--;
	m->ended_bytes -= detail_bytes(l);
	timeline_free(&l->timeline);
	free(l->ring);
	l->ring = NULL;
	l->ring_len = l->ring_cap = l->ring_head = 0;
	l->forgotten = true;
	if (idmap_get(&m->lane_of_tid, l->tid + 1ull) == l->index)
		idmap_remove(&m->lane_of_tid, l->tid + 1ull);
}

/* Its detail is kept as long as there is room, that of the newest always. */
static void keep_ended(struct model *m, struct lane *l)
{
	size_t bytes = detail_bytes(l);

	while (m->n_ended && (m->n_ended == ENDED_KEPT || m->ended_bytes + bytes > ENDED_BYTES))
		forget_first(m);
	m->ended[(m->ended_head + m->n_ended++) % ENDED_KEPT] = l;
	m->ended_bytes += bytes;
}

void lane_end(struct model *m, struct lane *l, uint64_t t, int gap_slot)
{
	struct process *p = l->proc;

	lane_commit(m, l, t, gap_slot);
	l->end_ns = l->timeline.end_ns;
	lane_open(l, gap_slot, l->end_ns);
	lane_unlink(m, l);
	if (!p->n_alive)
		process_end(m, p, l->end_ns);
	label_exit(m, l, l->end_ns);
	if (m->obs.lane_end)
		m->obs.lane_end(m->obs.ctx, l);
	files_leave(m, l->files, l->end_ns);
	priv_free(l);
	keep_ended(m, l);
}

void lane_set_comm(struct model *m, struct lane *l, const char *comm)
{
	if (!memcmp(l->comm, comm, REC_COMM))
		return;
	memcpy(l->comm, comm, REC_COMM);
	if (l->tid == l->proc->tgid || !l->proc->comm[0])
		memcpy(l->proc->comm, comm, REC_COMM);
	if (m->obs.lane_named)
		m->obs.lane_named(m->obs.ctx, l);
}

void lane_free(struct lane *l)
{
	if (!l)
		return;
	timeline_free(&l->timeline);
	priv_free(l);
	free(l->by_call);
	free(l->ring);
	free(l);
}

/* --- what readers ask --- */

void lane_shares(const struct lane *l, uint64_t from, uint64_t to, uint64_t now,
		 uint64_t ret_ns[STATE_SLOTS])
{
	uint64_t end = l->timeline.end_ns, since = l->open_since_ns;

	timeline_sum(&l->timeline, from, to, ret_ns);
	if (l->end_ns)
		return;
	to = to < now ? to : now;
	from = from > end ? from : end;
	if (since > from && from < to) {
		uint64_t stop = since < to ? since : to;
		uint64_t enter = l->in_call ? l->open_call.enter_ns : stop;

		enter = enter < from ? from : enter > stop ? stop : enter;
		ret_ns[STATE_USER] += enter - from;
		ret_ns[STATE_KERNEL] += stop - enter;
		from = stop;
	}
	if (from < to)
		ret_ns[l->open_slot] += to - from;
}

void lane_state_totals(const struct lane *l, uint64_t ret_ns[STATE_COUNT])
{
	memset(ret_ns, 0, STATE_COUNT * sizeof(ret_ns[0]));
	for (int i = 0; i < STATE_SLOTS; i++)
		ret_ns[state_shown(i)] += l->timeline.total_ns[i];
}

/* The part of the provisional tail that holds t: its slot, where it begins and ends. */
static int tail_span(const struct lane *l, uint64_t t, uint64_t now, uint64_t *ret_from,
		     uint64_t *ret_to)
{
	uint64_t end = l->timeline.end_ns, since = l->open_since_ns > end ? l->open_since_ns : end;
	uint64_t enter =
		l->in_call && l->open_call.enter_ns < since ? l->open_call.enter_ns : since;

	if (enter < end)
		enter = end;
	*ret_from = t < enter ? end : t < since ? enter : since;
	*ret_to = t < enter ? enter : t < since ? since : now > t ? now : t;
	return t < enter ? STATE_USER : t < since ? STATE_KERNEL : l->open_slot;
}

enum state lane_span_at(const struct lane *l, uint64_t t, uint64_t now, uint64_t *ret_from,
			uint64_t *ret_to)
{
	uint64_t end = l->timeline.end_ns, from = l->birth_ns, to = from;
	int slot = STATE_UNKNOWN, last = -1;
	uint32_t i;

	if (t >= end && !l->end_ns) {
		slot = tail_span(l, t, now, ret_from, ret_to);
		/* what is committed may be the beginning of it */
		if (*ret_from == end && timeline_span(&l->timeline, 0, &from, &to, &last) &&
		    last == slot)
			*ret_from = from;
		return state_shown(slot);
	}
	if (t >= l->birth_ns && timeline_find(&l->timeline, t, &i))
		timeline_span(&l->timeline, i, &from, &to, &slot);
	*ret_from = from;
	*ret_to = to;
	if (to == end && !l->end_ns && tail_span(l, end, now, &from, &to) == slot)
		*ret_to = to;
	return state_shown(slot);
}

enum state lane_state_at(const struct lane *l, uint64_t t, uint64_t *ret_since)
{
	uint64_t to;

	return lane_span_at(l, t, t, ret_since, &to);
}

const struct call_entry *lane_call(const struct lane *l, unsigned i)
{
	if (i >= l->ring_len)
		return NULL;
	return &l->ring[(l->ring_head + l->ring_len - 1 - i) % l->ring_cap];
}
