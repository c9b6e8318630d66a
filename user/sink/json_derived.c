/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the model concluded, for viewers that know nothing of iotrace: names,
 * thread states, phases, a lane of states, labels, loss.  A reader of ours
 * skips all of it and concludes it again (decisions.md 15).
 */
#include <stdlib.h>
#include <string.h>

#include "json_priv.h"

/* --- names --- */

static void put_name(struct json_writer *w, const char *what, uint32_t pid, uint32_t tid,
		     const char *comm)
{
	struct jbuf *b = derived_begin(w);
	char name[4 * REC_COMM + 1];

	text_escape(name, sizeof(name), comm, strlen(comm));
	jbuf_lit(b, "{\"ph\":\"M\",\"name\":\"");
	jbuf_str(b, what);
	jbuf_key_u64(b, "\",\"pid\":", pid);
	jbuf_key_u64(b, ",\"tid\":", tid);
	jbuf_key_str(b, ",\"args\":{\"name\":", name);
	jbuf_lit(b, "}}");
	derived_end(w);
}

static struct lane_tracks *tracks_of(struct json_writer *w, const struct lane *l)
{
	if (l->index >= w->n_lanes) {
		unsigned n = l->index * 2 + 16;
		struct lane_tracks *p = realloc(w->lanes, n * sizeof(*p));

		if (!p) {
			w->pending.failed = true;
			return NULL;
		}
		for (unsigned i = w->n_lanes; i < n; i++)
			p[i] = (struct lane_tracks){.state = -1, .sched = -1};
		w->lanes = p;
		w->n_lanes = n;
	}
	return &w->lanes[l->index];
}

/* --- the lane of states --- */

static void put_state(struct json_writer *w, const struct lane *l, char ph, const char *name,
		      uint64_t ts)
{
	static const char hex[] = "0123456789abcdef";
	struct jbuf *b = derived_begin(w);
	char id[9];
	size_t n = sizeof(id);
	uint32_t tid = l->tid;

	id[--n] = 0;
	do {
		id[--n] = hex[tid & 15];
		tid >>= 4;
	} while (tid);
	event_head(w, b,
		   ph == 'b' ? "{\"ph\":\"b\",\"cat\":\"state\""
			     : "{\"ph\":\"e\",\"cat\":\"state\"",
		   name, l->proc->tgid, l->tid, ts);
	jbuf_lit(b, ",\"id2\":{\"local\":\"0x");
	jbuf_str(b, id + n);
	jbuf_lit(b, "\"}}");
	derived_end(w);
}

static void states_begin(struct json_writer *w, const struct lane *l, struct lane_tracks *k)
{
	char comm[4 * REC_COMM + 1], name[4 * REC_COMM + 32];
	struct jbuf n = {0};

	if (k->begun)
		return;
	k->begun = true;
	text_escape(comm, sizeof(comm), l->comm, strlen(l->comm));
	jbuf_u64(&n, l->tid);
	jbuf_lit(&n, " ");
	jbuf_str(&n, comm);
	jbuf_lit(&n, " states");
	if (n.failed || n.len >= sizeof(name)) {
		w->pending.failed = true;
		jbuf_free(&n);
		return;
	}
	memcpy(name, n.p, n.len);
	name[n.len] = 0;
	jbuf_free(&n);
	put_state(w, l, 'b', name, l->birth_ns);
	put_state(w, l, 'e', name, l->birth_ns);
}

/* --- thread states, as the scheduler's viewers know them --- */

static const char *sched_name(int slot)
{
	switch (slot) {
	case STATE_USER:
	case STATE_SPIN:
	case STATE_COPY:
	case STATE_KERNEL:
		return "Running";
	case STATE_RUNNABLE:
		return "R";
	case STATE_RUNNABLE_RUN:
	case STATE_RUNNABLE_SPIN:
		return "R+";
	case STATE_BLOCKED:
	case STATE_IDLE:
		return "S";
	case STATE_DISK:
		return "D";
	case STATE_STOPPED:
		return "T";
	default:
		return NULL;
	}
}

/* The first slot that has the same scheduler state. */
static int sched_class(int slot)
{
	for (int i = 0; i < STATE_SLOTS; i++) {
		const char *a = sched_name(i), *b = sched_name(slot);

		if (a == b || (a && b && !strcmp(a, b)))
			return i;
	}
	return slot;
}

static void sched_flush(struct json_writer *w, const struct lane *l, struct lane_tracks *k,
			uint64_t to)
{
	const char *name = k->sched >= 0 ? sched_name(k->sched) : NULL;
	struct jbuf *b;

	if (!name || to <= k->sched_from)
		return;
	b = derived_begin(w);
	event_head(w, b, "{\"ph\":\"T\",\"cat\":\"thread_state\"", name, l->proc->tgid, l->tid,
		   k->sched_from);
	jbuf_lit(b, ",\"dur\":");
	jbuf_us(b, to, k->sched_from);
	jbuf_key_u64(b, ",\"args\":{\"cpu\":", l->cpu);
	jbuf_str(b, k->sched == STATE_DISK ? ",\"io_wait\":1}}" : ",\"io_wait\":0}}");
	derived_end(w);
}

static void on_interval(void *ctx, const struct lane *l, uint64_t from, uint64_t to, int slot)
{
	struct json_writer *w = ctx;
	struct lane_tracks *k;
	int state = (int)state_shown(slot), sched = sched_class(slot);

	if (!w->slices)
		return;
	k = tracks_of(w, l);
	if (!k)
		return;
	states_begin(w, l, k);
	k->end = to;
	if (state != k->state) {
		if (k->state >= 0)
			put_state(w, l, 'e', state_name((enum state)k->state), from);
		put_state(w, l, 'b', state_name((enum state)state), from);
		k->state = state;
	}
	if (sched != k->sched) {
		sched_flush(w, l, k, from);
		k->sched = sched;
		k->sched_from = from;
	}
}

static void tracks_end(struct json_writer *w, const struct lane *l)
{
	struct lane_tracks *k = tracks_of(w, l);

	if (!k || !k->begun)
		return;
	if (k->state >= 0)
		put_state(w, l, 'e', state_name((enum state)k->state), k->end);
	sched_flush(w, l, k, k->end);
	k->state = k->sched = -1;
}

static void on_lane_named(void *ctx, const struct lane *l)
{
	struct json_writer *w = ctx;
	struct lane_tracks *k;

	if (!w->slices)
		return;
	if (l->tid == l->proc->tgid)
		put_name(w, "process_name", l->proc->tgid, l->tid, l->comm);
	put_name(w, "thread_name", l->proc->tgid, l->tid, l->comm);
	k = tracks_of(w, l);
	if (k)
		states_begin(w, l, k);
}

static void on_lane_end(void *ctx, const struct lane *l)
{
	struct json_writer *w = ctx;

	if (w->slices)
		tracks_end(w, l);
}

/* --- labels --- */

static void put_label(struct json_writer *w, const char *head, uint32_t pid, uint32_t tid,
		      uint64_t t, const struct label_state *s)
{
	struct jbuf *b = derived_begin(w);
	const struct evidence *e = s->why;
	char text[256];

	evidence_format(e, text, sizeof(text));
	event_head(w, b, head, label_name(s->shown), pid, tid, t);
	jbuf_key_str(b, ",\"args\":{\"evidence\":", text);
	if (s->shown != LABEL_EXITED) {
		jbuf_key_u64(b, ",\"window_ns\":", e->window_ns);
		jbuf_key_u64(b, ",\"share_ns\":", e->share_ns);
		jbuf_key_u64(b, ",\"cpu_ns\":", e->cpu_ns);
		jbuf_key_u64(b, ",\"count\":", e->count);
		if (e->call != CALL_NONE)
			jbuf_key_str(b, ",\"call\":", call_name(e->call));
		if (e->fd >= 0)
			jbuf_key_i64(b, ",\"fd\":", e->fd);
	}
	jbuf_lit(b, "}}");
	derived_end(w);
}

static void on_label(void *ctx, const struct lane *l, uint64_t t, const struct label_state *s)
{
	struct json_writer *w = ctx;

	if (w->marks)
		put_label(w, "{\"ph\":\"i\",\"s\":\"t\",\"cat\":\"label\"", l->proc->tgid, l->tid,
			  t, s);
}

static void on_process_label(void *ctx, const struct process *p, uint64_t t,
			     const struct label_state *s)
{
	struct json_writer *w = ctx;

	if (w->marks)
		put_label(w, "{\"ph\":\"i\",\"s\":\"p\",\"cat\":\"label\"", p->tgid, p->tgid, t, s);
}

struct model_observer json_writer_observer(struct json_writer *w)
{
	return (struct model_observer){
		.ctx = w,
		.interval = on_interval,
		.label = on_label,
		.process_label = on_process_label,
		.lane_named = on_lane_named,
		.lane_end = on_lane_end,
	};
}

/* --- phases and loss: from the event itself --- */

static void put_phase(struct json_writer *w, const struct event *ev, const char *name,
		      uint64_t from, uint64_t to)
{
	struct jbuf *b;

	if (from >= to)
		return;
	b = derived_begin(w);
	event_head(w, b, "{\"ph\":\"X\",\"cat\":\"phase\"", name, ev->tgid, ev->tid, from);
	jbuf_lit(b, ",\"dur\":");
	jbuf_us(b, to, from);
	jbuf_lit(b, "}");
	derived_end(w);
}

static const char *phase_name(const struct ev_call *c, enum segment kind)
{
	switch (kind) {
	case SEG_WAIT:
	case SEG_DISK:
	case SEG_STOPPED:
		return "wait";
	case SEG_RUNQ:
	case SEG_PREEMPT:
		return "run queue";
	case SEG_COPY:
		return c->flags & CALLF_HARVEST ? "collect" : "copy";
	default:
		return NULL;
	}
}

static void put_phases(struct json_writer *w, const struct event *ev)
{
	const struct ev_call *c = &ev->call;
	uint64_t dur = ev_call_dur_ns(ev);

	for (unsigned i = 0; i < c->nseg; i++) {
		const char *name = phase_name(c, (enum segment)(c->seg[i] & 15));
		uint64_t end = i + 1 < c->nseg ? c->seg[i + 1] >> 4 : dur;

		if (name)
			put_phase(w, ev, name, c->enter_ns + (c->seg[i] >> 4), c->enter_ns + end);
	}
}

static void put_loss(struct json_writer *w, const struct event *ev)
{
	const struct ev_loss *s = &ev->loss;
	struct jbuf *b = derived_begin(w);

	event_head(w, b,
		   ev->tid ? "{\"ph\":\"i\",\"s\":\"t\",\"cat\":\"loss\""
			   : "{\"ph\":\"i\",\"s\":\"g\",\"cat\":\"loss\"",
		   "lost", ev->tgid, ev->tid, s->since_ns);
	jbuf_key_u64(b, ",\"args\":{\"dropped\":", s->calls + s->records);
	jbuf_key_str(b, ",\"cause\":", loss_cause_name((enum loss_cause)s->cause));
	jbuf_lit(b, "}}");
	derived_end(w);
}

void derive_from_event(struct json_writer *w, const struct event *ev)
{
	if (ev->kind == EV_CALL && !ev_is_parts(ev) && w->slices)
		put_phases(w, ev);
	else if (ev->kind == EV_LOSS && w->marks)
		put_loss(w, ev);
}

void derive_finish(struct json_writer *w)
{
	for (unsigned i = 0; w->slices && i < model_n_lanes(w->model); i++)
		if (!model_lane(w->model, i)->end_ns)
			tracks_end(w, model_lane(w->model, i));
}
