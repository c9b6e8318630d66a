/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last object of a recording: totals of processes, threads, losses. */
#include <string.h>

#include "json_priv.h"

static void put_comm(struct jbuf *b, const char *comm)
{
	char name[4 * REC_COMM + 1];

	text_escape(name, sizeof(name), comm, strlen(comm));
	jbuf_key_str(b, ",\"name\":", name);
}

static void put_totals(struct jbuf *b, const struct totals *t)
{
	jbuf_key_u64(b, "\"calls\":", t->calls);
	jbuf_key_u64(b, ",\"folded\":", t->folded);
	jbuf_key_u64(b, ",\"errors\":", t->errors);
	jbuf_key_u64(b, ",\"bytes\":", t->bytes);
	jbuf_key_u64(b, ",\"wait_ns\":", t->wait_ns);
	jbuf_key_u64(b, ",\"runq_ns\":", t->runq_ns);
	jbuf_key_u64(b, ",\"copy_ns\":", t->copy_ns);
	if (t->copy_guess_ns)
		jbuf_key_u64(b, ",\"copy_estimated_ns\":", t->copy_guess_ns);
	jbuf_key_u64(b, ",\"cpu_ns\":", t->cpu_ns);
}

static void put_states(struct jbuf *b, const uint64_t ns[STATE_COUNT])
{
	jbuf_lit(b, ",\"states\":{");
	for (int i = 0; i < STATE_COUNT; i++) {
		jbuf_str(b, i ? ",\"" : "\"");
		jbuf_str(b, state_name((enum state)i));
		jbuf_key_u64(b, "\":", ns[i]);
	}
	jbuf_lit(b, "}");
}

static void put_models(struct jbuf *b, unsigned models)
{
	bool first = true;

	jbuf_lit(b, ",\"models\":[");
	for (unsigned bit = 1; bit <= MODEL_MAPPED; bit <<= 1) {
		if (!(models & bit))
			continue;
		jbuf_str(b, first ? "\"" : ",\"");
		jbuf_str(b, io_model_name(bit));
		jbuf_lit(b, "\"");
		first = false;
	}
	jbuf_lit(b, "]");
}

static void put_thread(struct jbuf *b, const struct lane *l)
{
	uint64_t ns[STATE_COUNT];

	lane_state_totals(l, ns);
	jbuf_key_u64(b, "{\"pid\":", l->proc->tgid);
	jbuf_key_u64(b, ",\"tid\":", l->tid);
	put_comm(b, l->comm);
	jbuf_lit(b, ",\"from\":");
	jbuf_us(b, l->timeline.begin_ns, l->timeline.origin_ns);
	jbuf_key_u64(b, ",\"observed_ns\":", l->timeline.end_ns - l->timeline.begin_ns);
	put_states(b, ns);
	jbuf_lit(b, ",");
	put_totals(b, &l->totals);
	jbuf_key_u64(b, ",\"nvcsw\":", l->nvcsw);
	jbuf_key_u64(b, ",\"nivcsw\":", l->nivcsw);
	jbuf_key_u64(b, ",\"lost_calls\":", l->lost_calls);
	jbuf_key_str(b, ",\"label\":", label_name(l->label.shown));
	jbuf_lit(b, ",\"by_call\":{");
	for (unsigned i = 0; i < l->n_by_call; i++) {
		jbuf_str(b, i ? ",\"" : "\"");
		jbuf_str(b, call_name(l->by_call[i].call));
		jbuf_lit(b, "\":{");
		put_totals(b, &l->by_call[i].t);
		jbuf_lit(b, "}");
	}
	jbuf_lit(b, "}}");
}

static void put_fds(struct json_writer *w, struct jbuf *b, const struct process *p)
{
	bool first = true;

	jbuf_lit(b, ",\"fds\":[");
	for (unsigned i = 0; i < model_n_fds(w->model); i++) {
		const struct fd_entry *f = model_fd(w->model, i);

		if (f->tgid != p->tgid || !f->totals.calls)
			continue;
		jbuf_str(b, first ? "{" : ",{");
		first = false;
		jbuf_key_i64(b, "\"fd\":", f->fd);
		jbuf_key_str(b, ",\"file\":", f->name);
		jbuf_key_str(b, ",\"kind\":", fd_kind_name((enum fd_kind)f->kind));
		put_models(b, f->models);
		jbuf_lit(b, ",");
		put_totals(b, &f->totals);
		jbuf_lit(b, "}");
	}
	jbuf_lit(b, "]");
}

static void put_process(struct json_writer *w, struct jbuf *b, const struct process *p)
{
	struct totals sum = {0};
	uint64_t ns[STATE_COUNT] = {0}, one[STATE_COUNT];

	for (unsigned i = 0; i < p->n_lanes; i++) {
		lane_state_totals(p->lanes[i], one);
		for (int k = 0; k < STATE_COUNT; k++)
			ns[k] += one[k];
		totals_sum(&sum, &p->lanes[i]->totals);
	}
	jbuf_key_u64(b, "{\"pid\":", p->tgid);
	put_comm(b, p->comm);
	if (p->ptgid)
		jbuf_key_u64(b, ",\"ppid\":", p->ptgid);
	jbuf_key_u64(b, ",\"threads\":", p->n_lanes);
	put_states(b, ns);
	jbuf_lit(b, ",");
	put_totals(b, &sum);
	jbuf_key_str(b, ",\"label\":", label_name(p->label.shown));
	put_fds(w, b, p);
	jbuf_lit(b, "}");
}

static uint64_t dropped_sum(const struct probe_stats *s)
{
	uint64_t n = 0;

	for (int i = 0; i < LOSS_CAUSES; i++)
		n += s->dropped[i];
	return n;
}

static void put_account(struct jbuf *b, const struct probe_stats *s)
{
	jbuf_key_u64(b, "\"seen\":", s->seen);
	jbuf_key_u64(b, ",\"submitted\":", s->submitted);
	jbuf_key_u64(b, ",\"folded\":", s->folded);
	jbuf_key_u64(b, ",\"filtered\":", s->filtered);
	jbuf_key_u64(b, ",\"dropped\":", dropped_sum(s));
	jbuf_lit(b, ",\"by_cause\":{");
	for (int i = 1; i < LOSS_CAUSES; i++) {
		jbuf_str(b, i > 1 ? ",\"" : "\"");
		jbuf_str(b, loss_cause_name((enum loss_cause)i));
		jbuf_key_u64(b, "\":", s->dropped[i]);
	}
	jbuf_lit(b, "}");
}

/* Descriptors that no process lists any more: too many were opened and closed. */
static void put_fds_gone(struct jbuf *b, const struct model *m)
{
	const struct totals *t;
	unsigned n = model_fds_gone(m, &t);

	if (!n)
		return;
	jbuf_key_u64(b, "\"fds_gone\":{\"n\":", n);
	jbuf_lit(b, ",");
	put_totals(b, t);
	jbuf_lit(b, "},");
}

/* Calls in `lost` itself; the other classes of events in `records`. */
static void put_lost(struct jbuf *b, const struct model_stats *s)
{
	static const char *const names[PC_COUNT] = {"call", "sched", "task", "fd"};

	jbuf_lit(b, "\"lost\":{");
	if (s->known) {
		put_account(b, &s->by_class[PC_CALL]);
		jbuf_lit(b, ",\"records\":{");
		for (int i = PC_CALL + 1; i < PC_COUNT; i++) {
			jbuf_str(b, i > PC_CALL + 1 ? ",\"" : "\"");
			jbuf_str(b, names[i]);
			jbuf_lit(b, "\":{");
			put_account(b, &s->by_class[i]);
			jbuf_lit(b, "}");
		}
		jbuf_lit(b, "}");
	}
	jbuf_lit(b, "}");
}

#define PIECE_BYTES 65536u

/* One line for tens of thousands of threads is written piece by piece, not built first. */
static void write_piece(struct json_writer *w, struct jbuf *b)
{
	if (b->failed || b->len < PIECE_BYTES)
		return;
	out_write(w->out, b->p, b->len); /* its error stays; object_end() finds it */
	b->len = 0;
}

void summary_object(struct json_writer *w, struct jbuf *b)
{
	const struct model *m = w->model;

	jbuf_lit(b, "{\"ph\":\"i\",\"s\":\"g\",\"cat\":\"summary\",\"name\":\"iotrace\",\"pid\":0,"
		    "\"tid\":0,"
		    "\"ts\":");
	jbuf_us(b, model_now(m), w->t0_ns);
	jbuf_lit(b, ",\"args\":{\"processes\":[");
	for (unsigned i = 0; i < model_n_processes(m); i++) {
		if (i)
			jbuf_lit(b, ",");
		put_process(w, b, model_process(m, i));
		write_piece(w, b);
	}
	jbuf_lit(b, "],\"threads\":[");
	for (unsigned i = 0; i < model_n_lanes(m); i++) {
		if (i)
			jbuf_lit(b, ",");
		put_thread(b, model_lane(m, i));
		write_piece(w, b);
	}
	jbuf_lit(b, "],");
	put_fds_gone(b, m);
	put_lost(b, model_get_stats(m));
	jbuf_lit(b, "}}");
}
