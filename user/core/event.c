/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel records -> checked events; see event.h. */
#include "event.h"

#include <errno.h>
#include <string.h>

#include "fdname.h"

/* Any time beyond this (292 years of uptime) is a broken record. */
#define TIME_MAX (1ull << 63)

static bool segments_ok(const struct event *ev)
{
	const struct ev_call *c = &ev->call;
	uint64_t dur = ev_call_dur_ns(ev), last = 0;

	if (c->nseg < 1 || c->nseg > REC_SEGS || c->seg[0] >> 4 != 0)
		return false;
	for (unsigned i = 0; i < c->nseg; i++) {
		uint64_t at = c->seg[i] >> 4;

		if (at < last || at > dur || (c->seg[i] & 15) >= SEG_COUNT)
			return false;
		if ((c->seg[i] & 15) == SEG_MIXED && i + 1 != c->nseg)
			return false;
		last = at;
	}
	return true;
}

static bool call_ok(const struct event *ev)
{
	const struct ev_call *c = &ev->call;
	uint64_t dur;

	if (c->enter_ns > ev->t_ns || c->call >= CALL_COUNT || c->copy_src >= COPY_SRC_COUNT)
		return false;
	dur = ev_call_dur_ns(ev);
	if (c->wait_ns > dur || c->runq_ns > dur || c->copy_ns > dur || c->cpu_ns > dur)
		return false;
	if (c->wait_ns + c->runq_ns + c->copy_ns + c->cpu_ns != dur)
		return false;
	if (c->attempt < 1 || (c->attempt > 1 && (!c->first_ns || c->first_ns > c->enter_ns)))
		return false;
	return segments_ok(ev);
}

static bool task_ok(const struct ev_task *t)
{
	return t->op >= TASK_SEED && t->op <= TASK_FILES && !t->comm[REC_COMM - 1];
}

static bool sched_ok(const struct event *ev)
{
	const struct ev_sched *s = &ev->sched;

	if (s->dir > SCHED_IN || s->state >= STATE_COUNT || s->waker_kind > WAKER_IRQ)
		return false;
	return s->off_ns <= s->wake_ns && s->wake_ns <= ev->t_ns;
}

static bool spin_ok(const struct ev_spin *s)
{
	if (s->call >= CALL_COUNT || s->ts_ns > s->end_ns || s->run_ns > s->ts_ns)
		return false;
	return s->count > 0 && s->runq_ns <= s->end_ns - s->ts_ns;
}

int event_check(const struct event *ev)
{
	bool ok = ev->t_ns < TIME_MAX;

	switch (ev->kind) {
	case EV_TASK:
		ok = ok && task_ok(&ev->task);
		break;
	case EV_SLEEP:
		ok = ok && ev->sleep.call < CALL_COUNT && ev->sleep.state < STATE_COUNT &&
		     ev->sleep.enter_ns <= ev->t_ns;
		break;
	case EV_SCHED:
		ok = ok && sched_ok(ev);
		break;
	case EV_CALL:
		ok = ok && call_ok(ev);
		break;
	case EV_SPIN:
		ok = ok && spin_ok(&ev->spin) && ev->spin.end_ns <= ev->t_ns;
		break;
	case EV_FD:
		ok = ok && ev->fd.op >= FDOP_IS && ev->fd.op <= FDOP_RANGE &&
		     ev->fd.kind < FDK_COUNT;
		break;
	case EV_LOSS:
		ok = ok && ev->loss.cause > 0 && ev->loss.cause < LOSS_CAUSES &&
		     ev->loss.since_ns <= ev->t_ns;
		break;
	case EV_TICK:
		break;
	default:
		ok = false;
	}
	return ok ? 0 : -EBADMSG;
}

static void take_call(const struct rec_call *r, struct event *ev)
{
	struct ev_call *c = &ev->call;
	uint64_t at = r->copy_at_ns, end = at + r->copy_ns;

	c->enter_ns = r->head.t_ns - r->dur_ns;
	c->copy_ns = r->copy_ns;
	c->cpu_ns = (uint64_t)r->dur_ns - r->copy_ns;
	c->ret = r->ret;
	c->asked = r->flags & CALLF_ASKED ? r->asked : 0;
	c->fd = r->flags & CALLF_FD ? r->fd : -1;
	c->call = r->call;
	c->flags = r->flags;
	c->copy_src = r->copy_src;
	c->attempt = 1;
	/* cpu, copy, cpu: those that are not empty */
	if (at || !r->copy_ns)
		c->seg[c->nseg++] = SEG_CPU;
	if (r->copy_ns)
		c->seg[c->nseg++] = at << 4 | SEG_COPY;
	if (r->copy_ns && end < r->dur_ns)
		c->seg[c->nseg++] = end << 4 | SEG_CPU;
}

static void take_callx(const struct rec_callx *r, struct event *ev)
{
	struct ev_call *c = &ev->call;

	c->enter_ns = r->enter_ns;
	c->wait_ns = r->wait_ns;
	c->runq_ns = r->runq_ns;
	c->copy_ns = r->copy_ns;
	c->cpu_ns = r->cpu_ns;
	c->ret = r->ret;
	c->asked = r->flags & CALLF_ASKED ? r->asked : 0;
	c->first_ns = r->attempt > 1 ? r->first_ns : 0;
	c->fd = r->flags & CALLF_FD ? r->fd : -1;
	c->nr = r->nr;
	c->sleeps = r->sleeps;
	c->preempts = r->preempts;
	c->waker = r->waker;
	c->waker_kind = r->waker_kind;
	c->attempt = r->attempt;
	c->call = r->call;
	c->flags = r->flags;
	c->copy_src = r->copy_src;
	c->nseg = r->nseg;
	if (r->nseg <= REC_SEGS)
		memcpy(c->seg, r->seg, r->nseg * sizeof(c->seg[0]));
}

static void take_task(const struct rec_task *r, struct event *ev)
{
	struct ev_task *t = &ev->task;

	t->clone_flags = r->clone_flags;
	t->start_ns = r->start_ns;
	t->op = r->op;
	t->flags = r->flags;
	t->files = r->files;
	t->ptid = r->ptid;
	t->ptgid = r->ptgid;
	t->old_tid = r->old_tid;
	t->code = r->code;
	t->nvcsw = r->nvcsw;
	t->nivcsw = r->nivcsw;
	t->global_tid = r->global_tid;
	/* what stands behind the NUL is nobody's business */
	for (unsigned i = 0; i < REC_COMM - 1 && r->comm[i]; i++)
		t->comm[i] = r->comm[i];
}

static void take_sleep(const struct rec_sleep *r, struct event *ev)
{
	ev->sleep = (struct ev_sleep){
		.enter_ns = r->enter_ns,
		.asked = r->flags & CALLF_ASKED ? r->asked : 0,
		.nr = r->nr,
		.fd = r->flags & CALLF_FD ? r->fd : -1,
		.call = r->call,
		.flags = r->flags,
		.state = r->state,
	};
}

static void take_sched(const struct rec_sched *r, struct event *ev)
{
	ev->sched = (struct ev_sched){
		.off_ns = r->off_ns,
		.wake_ns = r->wake_ns,
		.waker = r->waker,
		.nr = r->nr,
		.prev_state = r->prev_state,
		.dir = r->dir,
		.state = r->state,
		.waker_kind = r->waker_kind,
		.in_iowait = r->in_iowait,
	};
}

static void take_spin(const struct rec_spin *r, struct event *ev)
{
	ev->spin = (struct ev_spin){
		.ts_ns = r->ts_ns,
		.end_ns = r->end_ns,
		.run_ns = r->run_ns,
		.runq_ns = r->runq_ns,
		.count = r->count,
		.ret = r->ret,
		.fd = r->flags & CALLF_FD ? r->fd : -1,
		.call = r->call,
		.flags = r->flags,
		.first = r->first,
		.ending = r->ending,
	};
}

/* The size that a record of this kind must have, 0: no such kind. */
static size_t size_of(unsigned kind, size_t len)
{
	switch (kind) {
	case REC_TASK:
		return sizeof(struct rec_task);
	case REC_SLEEP:
		return sizeof(struct rec_sleep);
	case REC_SCHED:
		return sizeof(struct rec_sched);
	case REC_CALL:
		return sizeof(struct rec_call);
	case REC_CALLX:
	case REC_PARTS:
		return sizeof(struct rec_callx);
	case REC_SPIN:
		return sizeof(struct rec_spin);
	case REC_FD:
		return len >= sizeof(struct rec_fd) ? len : 0;
	case REC_LOSS:
		return sizeof(struct rec_loss);
	case REC_TICK:
		return sizeof(struct rec_head);
	default:
		return 0;
	}
}

int event_decode(const void *rec, size_t len, struct event *ev, struct event_text *text)
{
	static const uint16_t kinds[] = {
		[REC_TASK] = EV_TASK,  [REC_SLEEP] = EV_SLEEP, [REC_SCHED] = EV_SCHED,
		[REC_CALL] = EV_CALL,  [REC_CALLX] = EV_CALL,  [REC_SPIN] = EV_SPIN,
		[REC_FD] = EV_FD,      [REC_LOSS] = EV_LOSS,   [REC_TICK] = EV_TICK,
		[REC_PARTS] = EV_CALL,
	};
	const struct rec_head *h = rec;
	int err = 0;

	if (len < sizeof(*h) || size_of(h->kind, len) != len)
		return -EBADMSG;
	memset(ev, 0, sizeof(*ev));
	ev->t_ns = h->t_ns;
	ev->tid = h->tid;
	ev->tgid = h->tgid;
	ev->cpu = h->cpu;
	ev->kind = kinds[h->kind];
	switch (h->kind) {
	case REC_TASK:
		take_task(rec, ev);
		break;
	case REC_SLEEP:
		take_sleep(rec, ev);
		break;
	case REC_SCHED:
		take_sched(rec, ev);
		break;
	case REC_CALL:
		if (((const struct rec_call *)rec)->copy_ns >
		    ((const struct rec_call *)rec)->dur_ns)
			return -EBADMSG;
		take_call(rec, ev);
		break;
	case REC_CALLX:
	case REC_PARTS:
		take_callx(rec, ev);
		break;
	case REC_SPIN:
		take_spin(rec, ev);
		break;
	case REC_FD:
		err = fdname_decode(rec, len, ev, text);
		break;
	case REC_LOSS: {
		const struct rec_loss *r = rec;

		ev->loss = (struct ev_loss){r->since_ns, r->calls, r->records, r->cause};
		break;
	}
	default:
		break;
	}
	return err ? err : event_check(ev);
}
