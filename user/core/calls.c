/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finished calls and folded runs: their parts go to the timeline, their figures
 * to the totals of lane, call and descriptor, they themselves to the lane's list
 * of last calls.  Attempts of a restarted call are one call (decisions.md 4).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model_priv.h"

#define RING_FIRST   16u
#define ATTEMPT_BACK 16u /* a handler's own calls may stand between two attempts */

/* --- the list of last calls --- */

static int ring_room(struct model *m, struct lane *l)
{
	unsigned cap = l->ring_cap ? l->ring_cap * 2 : RING_FIRST;
	struct call_entry *ring;

	if (l->ring_len < l->ring_cap || l->ring_cap >= m->cfg.calls_kept)
		return 0;
	if (cap > m->cfg.calls_kept)
		cap = m->cfg.calls_kept;
	ring = calloc(cap, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	for (unsigned i = 0; i < l->ring_len; i++)
		ring[i] = l->ring[(l->ring_head + i) % l->ring_cap];
	free(l->ring);
	l->ring = ring;
	l->ring_cap = cap;
	l->ring_head = 0;
	return 0;
}

static int ring_push(struct model *m, struct lane *l, const struct call_entry *e)
{
	int err = ring_room(m, l);

	if (err)
		return err;
	if (l->ring_len == l->ring_cap) {
		l->ring_head = (l->ring_head + 1) % l->ring_cap;
		l->ring_len--;
	}
	l->ring[(l->ring_head + l->ring_len++) % l->ring_cap] = *e;
	return 0;
}

/* Take the entry of an earlier attempt of `ev` out of the list. False: not there. */
static bool ring_take_attempt(struct lane *l, const struct event *ev, struct call_entry *ret_e)
{
	for (unsigned i = 0; i < l->ring_len && i < ATTEMPT_BACK; i++) {
		unsigned at = l->ring_len - 1 - i;
		struct call_entry *e = &l->ring[(l->ring_head + at) % l->ring_cap];

		if (e->ev.kind != EV_CALL || !(e->ev.call.flags & CALLF_RESTART) ||
		    e->begin_ns != ev->call.first_ns || e->ev.call.call != ev->call.call)
			continue;
		*ret_e = *e;
		for (; at + 1 < l->ring_len; at++)
			l->ring[(l->ring_head + at) % l->ring_cap] =
				l->ring[(l->ring_head + at + 1) % l->ring_cap];
		l->ring_len--;
		return true;
	}
	return false;
}

/* --- totals --- */

static struct totals *total_of_call(struct lane *l, uint16_t call)
{
	unsigned lo = 0, hi = l->n_by_call;
	struct call_total *p;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (l->by_call[mid].call < call)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < l->n_by_call && l->by_call[lo].call == call)
		return &l->by_call[lo].t;
	p = realloc(l->by_call, (l->n_by_call + 1) * sizeof(*p));
	if (!p)
		return NULL;
	l->by_call = p;
	memmove(p + lo + 1, p + lo, (l->n_by_call - lo) * sizeof(*p));
	p[lo] = (struct call_total){.call = call};
	l->n_by_call++;
	return &p[lo].t;
}

static bool result_known(const struct ev_call *c)
{
	return !(c->flags & (CALLF_KILLED | CALLF_OPEN_END));
}

/* A call that seccomp turned into a signal "returns" its own number: no bytes. */
static bool moved_bytes(const struct ev_call *c)
{
	return result_known(c) && c->ret > 0 && call_flags(c->call) & CF_BYTES &&
	       !(c->flags & CALLF_NO_ENTER);
}

static bool failed(const struct ev_call *c)
{
	return result_known(c) && c->ret < 0;
}

/* `earlier`: the attempt before this one, which these totals have counted; or NULL. */
static void totals_add(struct totals *t, const struct ev_call *c, const struct ev_call *earlier)
{
	if (!earlier)
		t->calls++;
	else if (failed(earlier))
		t->errors--;
	if (failed(c))
		t->errors++;
	if (moved_bytes(c))
		t->bytes += (uint64_t)c->ret;
	t->wait_ns += c->wait_ns;
	t->runq_ns += c->runq_ns;
	t->copy_ns += c->copy_ns;
	if (c->copy_src == COPY_ESTIMATED)
		t->copy_guess_ns += c->copy_ns;
	t->cpu_ns += c->cpu_ns;
}

static void totals_spin(struct totals *t, const struct ev_spin *s)
{
	t->calls += s->count;
	t->folded += s->count;
	if (s->ret < 0)
		t->errors += s->count;
	if (!s->first)
		return;
	t->runq_ns += s->runq_ns;
	t->cpu_ns += s->end_ns - s->ts_ns - s->runq_ns;
}

void totals_sum(struct totals *sum, const struct totals *t)
{
	sum->calls += t->calls;
	sum->folded += t->folded;
	sum->errors += t->errors;
	sum->bytes += t->bytes;
	sum->wait_ns += t->wait_ns;
	sum->runq_ns += t->runq_ns;
	sum->copy_ns += t->copy_ns;
	sum->copy_guess_ns += t->copy_guess_ns;
	sum->cpu_ns += t->cpu_ns;
}

/* --- the timeline --- */

static int slot_of(const struct ev_call *c, enum segment kind)
{
	switch (kind) {
	case SEG_CPU:
		return STATE_KERNEL;
	case SEG_COPY:
		return STATE_COPY;
	case SEG_DISK:
		return STATE_DISK;
	case SEG_STOPPED:
		return STATE_STOPPED;
	case SEG_RUNQ:
		return STATE_RUNNABLE;
	case SEG_PREEMPT:
		return STATE_RUNNABLE_RUN;
	default:
		return (int)call_sleep_state(c->call);
	}
}

/* The phase that a part of this kind counts for: 0 cpu, 1 wait, 2 runq, 3 copy. */
static int phase_of(enum segment kind)
{
	switch (kind) {
	case SEG_CPU:
		return 0;
	case SEG_COPY:
		return 3;
	case SEG_RUNQ:
	case SEG_PREEMPT:
		return 2;
	default:
		return 1;
	}
}

/* What the kept parts did not use of the totals, in the order cpu, wait, runq, copy. */
static int commit_mixed(struct model *m, struct lane *l, const struct event *ev, uint64_t at,
			const uint64_t used[4])
{
	const struct ev_call *c = &ev->call;
	const uint64_t total[4] = {c->cpu_ns, c->wait_ns, c->runq_ns, c->copy_ns};
	const int slot[4] = {STATE_KERNEL, (int)call_sleep_state(c->call), STATE_RUNNABLE,
			     STATE_COPY};

	for (int i = 0; i < 4; i++) {
		int err;

		if (total[i] <= used[i])
			continue;
		at += total[i] - used[i];
		if (at > ev->t_ns) /* the parts contradict the totals */
			at = ev->t_ns;
		err = lane_commit(m, l, at, slot[i]);
		if (err)
			return err;
	}
	return 0;
}

static int commit_call(struct model *m, struct lane *l, const struct event *ev)
{
	const struct ev_call *c = &ev->call;
	uint64_t used[4] = {0};
	int err = lane_gap(m, l, c->enter_ns);

	if (c->enter_ns < l->timeline.end_ns && !(call_flags(c->call) & CF_EXEC))
		m->n_anomalies++;
	for (unsigned i = 0; i < c->nseg && !err; i++) {
		enum segment kind = (enum segment)(c->seg[i] & 15);
		uint64_t at = c->seg[i] >> 4;
		uint64_t end = i + 1 < c->nseg ? c->seg[i + 1] >> 4 : ev_call_dur_ns(ev);

		if (kind == SEG_MIXED)
			err = commit_mixed(m, l, ev, c->enter_ns + at, used);
		else
			err = lane_commit(m, l, c->enter_ns + end, slot_of(c, kind));
		used[phase_of(kind)] += end - at;
	}
	if (!err) /* rounding of nothing: a mixed tail ends where the call ends */
		err = lane_commit(m, l, ev->t_ns, STATE_KERNEL);
	return err;
}

/* --- events --- */

/* Out of the call; one that is still going on when tracing ends stays as it was. */
static int state_after(const struct ev_call *c)
{
	if (!(c->flags & CALLF_OPEN_END))
		return STATE_USER;
	return slot_of(c, (enum segment)(c->seg[c->nseg - 1] & 15));
}

static void note_ready(struct lane *l, const struct ev_call *c)
{
	struct lane_priv *v = lane_priv(l);

	if (call_family(c->call) == FAMILY_READY && !(call_flags(c->call) & CF_SLEPT)) {
		v->ready_calls++;
		v->ready_left = c->ret > 0 ? c->ret : 0;
	}
}

static void note_wait(struct lane *l, const struct ev_call *c)
{
	struct lane_priv *v = lane_priv(l);

	v->sleeps += c->sleeps;
	if (c->flags & CALLF_OPEN_END && c->sleeps)
		v->sleeps--; /* from the last one nobody woke it */
	l->nvcsw += c->sleeps;
	l->nivcsw += c->preempts;
	if (c->wait_ns <= v->top_wait_ns)
		return;
	v->top_wait_ns = c->wait_ns;
	v->top_call = c->call;
	v->top_fd = c->fd;
}

/* True, with the entry that this one stands for as well: an earlier attempt of the same call. */
static bool entry_make(struct lane *l, const struct event *ev, struct call_entry *e,
		       struct call_entry *ret_old)
{
	*e = (struct call_entry){
		.ev = *ev,
		.wait_ns = ev->call.wait_ns,
		.runq_ns = ev->call.runq_ns,
		.copy_ns = ev->call.copy_ns,
		.cpu_ns = ev->call.cpu_ns,
		.begin_ns = ev->call.enter_ns,
		.fd_index = MODEL_NO_FD,
	};
	if (ev->call.attempt < 2 || !ring_take_attempt(l, ev, ret_old))
		return false;
	e->begin_ns = ret_old->begin_ns;
	e->wait_ns += ret_old->wait_ns;
	e->runq_ns += ret_old->runq_ns;
	e->copy_ns += ret_old->copy_ns;
	e->cpu_ns += ret_old->cpu_ns;
	return true;
}

/*
 * The descriptor's part.  If its number means another one than at the attempt
 * before, the old one keeps that attempt as the failed call that it was there.
 */
static int call_on_fd(struct model *m, struct lane *l, struct call_entry *e,
		      const struct call_entry *old)
{
	const struct ev_call *c = &e->ev.call;
	struct fd_entry *f = fds_use(m, l, c->fd, e->ev.t_ns, &e->fd_index);
	bool same;

	if (!f)
		return -ENOMEM;
	e->fd_life = f->life;
	same = old && old->fd_index == e->fd_index && old->fd_life == f->life;
	totals_add(&f->totals, c, same ? &old->ev.call : NULL);
	f->last_ns = e->ev.t_ns;
	fds_model(m, l, f, &e->ev);
	return 0;
}

int calls_feed(struct model *m, struct lane *l, const struct event *ev)
{
	const struct ev_call *c = &ev->call;
	struct call_entry e, old;
	const struct ev_call *earlier;
	struct totals *t;
	bool again;
	int err = commit_call(m, l, ev);

	lane_open(l, state_after(c), ev->t_ns);
	l->cpu = ev->cpu;
	lane_priv(l)->ran = true;
	if (err)
		return err;
	if (ev_is_parts(ev)) {
		note_wait(l, c);
		return 0;
	}
	again = entry_make(l, ev, &e, &old);
	earlier = again ? &old.ev.call : NULL;
	t = total_of_call(l, c->call);
	if (!t)
		return -ENOMEM;
	totals_add(t, c, earlier);
	totals_add(&l->totals, c, earlier);
	note_wait(l, c);
	if (c->flags & CALLF_FD && c->fd >= 0)
		err = call_on_fd(m, l, &e, again ? &old : NULL);
	if (err)
		return err;
	note_ready(l, c);
	return ring_push(m, l, &e);
}

static void note_spin(struct lane *l, const struct ev_spin *s)
{
	struct lane_priv *v = lane_priv(l);

	if (v->spin.count && v->spin.call == s->call && v->spin.fd == s->fd)
		v->spin.count += s->count;
	else if (s->count > v->spin.count)
		v->spin = (struct spin_stat){s->count, s->ret, s->fd, s->call};
}

int spin_feed(struct model *m, struct lane *l, const struct event *ev)
{
	const struct ev_spin *s = &ev->spin;
	struct call_entry e = {.ev = *ev, .begin_ns = s->ts_ns, .fd_index = MODEL_NO_FD};
	struct totals *t;
	int err = lane_gap(m, l, s->ts_ns);

	if (!err)
		err = lane_commit(m, l, s->end_ns - s->runq_ns, STATE_SPIN);
	if (!err)
		err = lane_commit(m, l, s->end_ns, STATE_RUNNABLE_SPIN);
	if (err)
		return err;
	/* while the run lasts the next stretch is expected to be like this one */
	lane_open(l, s->ending ? STATE_USER : STATE_SPIN, l->timeline.end_ns);
	l->cpu = ev->cpu;
	note_spin(l, s);
	t = total_of_call(l, s->call);
	if (!t)
		return -ENOMEM;
	totals_spin(t, s);
	totals_spin(&l->totals, s);
	if (s->flags & CALLF_FD && s->fd >= 0) {
		struct fd_entry *f = fds_use(m, l, s->fd, ev->t_ns, &e.fd_index);

		if (!f)
			return -ENOMEM;
		e.fd_life = f->life;
		totals_spin(&f->totals, s);
		f->last_ns = ev->t_ns;
		fds_model(m, l, f, ev);
	}
	if (s->first) {
		e.runq_ns = s->runq_ns;
		e.cpu_ns = s->end_ns - s->ts_ns - s->runq_ns;
	}
	return ring_push(m, l, &e);
}
