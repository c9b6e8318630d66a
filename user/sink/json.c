/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The writer of recordings: containers and raw lines.  Each raw line carries
 * all that the event holds, so that reading it gives the same event again;
 * what is only a convenience for other readers (file, model) is ignored then.
 */
#include "json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_priv.h"

/* --- containers --- */

static void object_begin(struct json_writer *w)
{
	if (w->format == JSON_ARRAY)
		out_write(w->out, w->any ? ",\n" : "[\n", 2);
	w->any = true;
}

/* What is left of the object that was begun. */
static int object_end(struct json_writer *w, const struct jbuf *b)
{
	if (b->failed)
		return -ENOMEM;
	out_write(w->out, b->p, b->len);
	return w->format == JSON_LINES ? out_write(w->out, "\n", 1) : out_error(w->out);
}

static int object_write(struct json_writer *w, const struct jbuf *b)
{
	if (b->failed)
		return -ENOMEM;
	object_begin(w);
	return object_end(w, b);
}

struct jbuf *derived_begin(struct json_writer *w)
{
	if (w->format == JSON_ARRAY)
		jbuf_lit(&w->pending, ",\n");
	return &w->pending;
}

void derived_end(struct json_writer *w)
{
	if (w->format == JSON_LINES)
		jbuf_lit(&w->pending, "\n");
}

static int pending_write(struct json_writer *w)
{
	int err = w->pending.failed ? -ENOMEM : 0;

	if (!err && w->pending.len)
		err = out_write(w->out, w->pending.p, w->pending.len);
	w->pending.len = 0;
	return err;
}

void event_head(struct json_writer *w, struct jbuf *b, const char *ph_cat, const char *name,
		uint32_t pid, uint32_t tid, uint64_t ts)
{
	jbuf_str(b, ph_cat);
	jbuf_lit(b, ",\"name\":");
	jbuf_string(b, name, strlen(name));
	jbuf_key_u64(b, ",\"pid\":", pid);
	jbuf_key_u64(b, ",\"tid\":", tid);
	jbuf_lit(b, ",\"ts\":");
	jbuf_us(b, ts, w->t0_ns);
}

/* --- header --- */

static void header(struct json_writer *w, const struct trace_info *info)
{
	struct jbuf *b = &w->line;

	b->len = 0;
	if (info->header_line) {
		jbuf_str(b, info->header_line);
		return;
	}
	jbuf_key_u64(b, "{\"ph\":\"M\",\"name\":\"iotrace\",\"pid\":0,\"args\":{\"schema\":",
		     SCHEMA_VERSION);
	jbuf_key_str(b, ",\"version\":", info->version ? info->version : "");
	jbuf_key_str(b, ",\"kernel\":", info->kernel ? info->kernel : "");
	jbuf_key_str(b, ",\"arch\":", info->arch ? info->arch : "");
	jbuf_key_u64(b, ",\"clock\":\"monotonic\",\"t0_ns\":", info->t0_ns);
	jbuf_key_i64(b, ",\"epoch_offset_ns\":", info->epoch_offset_ns);
	jbuf_key_u64(b, ",\"window_ns\":", info->window_ns);
	jbuf_lit(b, ",\"command\":[");
	for (char **arg = info->command; arg && *arg; arg++) {
		if (arg != info->command)
			jbuf_lit(b, ",");
		jbuf_string(b, *arg, strlen(*arg));
	}
	jbuf_lit(b, "],\"probes\":{");
	for (unsigned i = 0; i < info->n_probes; i++) {
		const struct probe_info *p = &info->probes[i];

		if (i)
			jbuf_lit(b, ",");
		jbuf_string(b, p->name, strlen(p->name));
		jbuf_str(b, p->on ? ":\"on" : ":\"off: ");
		if (!p->on)
			jbuf_str(b, p->why); /* our own words: nothing to escape */
		jbuf_lit(b, "\"");
	}
	jbuf_lit(b, "}}}");
}

/* --- raw lines --- */

static const struct {
	unsigned flag;
	const char *key;
} call_flag_keys[] = {
	{CALLF_NONBLOCK, ",\"nonblock\":true"}, {CALLF_OPEN_START, ",\"open_start\":true"},
	{CALLF_OPEN_END, ",\"open_end\":true"}, {CALLF_KILLED, ",\"killed\":true"},
	{CALLF_NO_ENTER, ",\"no_enter\":true"}, {CALLF_COMPAT, ",\"compat\":true"},
	{CALLF_HARVEST, ",\"harvest\":true"},
};

static void put_flags(struct jbuf *b, unsigned flags)
{
	for (size_t i = 0; i < sizeof(call_flag_keys) / sizeof(call_flag_keys[0]); i++)
		if (flags & call_flag_keys[i].flag)
			jbuf_str(b, call_flag_keys[i].key);
}

static void put_errno(struct jbuf *b, int64_t ret)
{
	const char *name = ret < 0 && ret >= -4095 ? errno_name((int)-ret) : NULL;

	if (name)
		jbuf_key_str(b, ",\"errno\":", name);
	else if (ret < 0 && ret >= -4095)
		jbuf_key_i64(b, ",\"errno\":", -ret);
}

static void put_hex(struct jbuf *b, uint64_t n)
{
	static const char hex[] = "0123456789abcdef";
	char digits[16];
	size_t i = sizeof(digits);

	do {
		digits[--i] = hex[n & 15];
		n >>= 4;
	} while (n);
	jbuf_lit(b, "\"0x");
	jbuf_raw(b, digits + i, sizeof(digits) - i);
	jbuf_lit(b, "\"");
}

/* The descriptor of a call: number, and for other readers what it is. */
static const struct fd_entry *put_fd(struct json_writer *w, struct jbuf *b, const struct event *ev,
				     int32_t fd)
{
	const struct lane *l = model_lane_by_tid(w->model, ev->tid);
	const struct fd_entry *f = l ? model_fd_of(w->model, l, fd) : NULL;

	jbuf_key_i64(b, ",\"fd\":", fd);
	if (f && f->name[0])
		jbuf_key_str(b, ",\"file\":", f->name);
	return f;
}

static void put_model(struct jbuf *b, const struct fd_entry *f)
{
	if (f && f->model)
		jbuf_key_str(b, ",\"model\":", io_model_name(f->model));
}

static void put_segments(struct jbuf *b, const struct ev_call *c)
{
	jbuf_lit(b, ",\"segs\":[");
	for (unsigned i = 0; i < c->nseg; i++) {
		jbuf_str(b, i ? ",[" : "[");
		jbuf_u64(b, c->seg[i] >> 4);
		jbuf_lit(b, ",\"");
		jbuf_str(b, segment_name((enum segment)(c->seg[i] & 15)));
		jbuf_lit(b, "\"]");
	}
	jbuf_lit(b, "]");
}

static void put_phases(struct jbuf *b, const struct ev_call *c)
{
	jbuf_key_u64(b, ",\"wait_ns\":", c->wait_ns);
	jbuf_key_u64(b, ",\"runq_ns\":", c->runq_ns);
	jbuf_key_u64(b, ",\"copy_ns\":", c->copy_ns);
	jbuf_key_u64(b, ",\"cpu_ns\":", c->cpu_ns);
}

static void put_sleeps(struct jbuf *b, const struct ev_call *c)
{
	jbuf_key_u64(b, ",\"sleeps\":", c->sleeps);
	if (c->preempts)
		jbuf_key_u64(b, ",\"preempts\":", c->preempts);
	if (c->waker)
		jbuf_key_u64(b, ",\"waker_tid\":", c->waker);
	if (c->waker_kind)
		jbuf_key_u64(b, ",\"waker_kind\":", c->waker_kind);
}

static void put_call(struct json_writer *w, struct jbuf *b, const struct event *ev)
{
	const struct ev_call *c = &ev->call;
	const struct fd_entry *f = NULL;

	event_head(w, b, "{\"ph\":\"X\",\"cat\":\"io\"", call_name(c->call), ev->tgid, ev->tid,
		   c->enter_ns);
	jbuf_lit(b, ",\"dur\":");
	jbuf_us(b, ev->t_ns, c->enter_ns);
	jbuf_lit(b, ",\"args\":{\"family\":\"");
	jbuf_str(b, family_name(call_family(c->call)));
	jbuf_lit(b, "\"");
	if (c->flags & CALLF_FD)
		f = put_fd(w, b, ev, c->fd);
	if (c->flags & CALLF_ASKED)
		jbuf_key_u64(b, ",\"asked\":", c->asked);
	if (!(c->flags & (CALLF_KILLED | CALLF_OPEN_END))) {
		jbuf_key_i64(b, ",\"ret\":", c->ret);
		put_errno(b, c->ret);
	}
	put_phases(b, c);
	jbuf_key_str(b, ",\"copy_src\":", copy_src_name((enum copy_src)c->copy_src));
	put_model(b, f);
	put_flags(b, c->flags);
	put_sleeps(b, c);
	if (c->attempt > 1) {
		jbuf_key_u64(b, ",\"attempt\":", c->attempt);
		jbuf_lit(b, ",\"first_ts\":");
		jbuf_us(b, c->first_ns, w->t0_ns);
	}
	jbuf_key_u64(b, ",\"cpu\":", ev->cpu);
	if (c->nr)
		jbuf_key_u64(b, ",\"nr\":", c->nr);
	put_segments(b, c);
	jbuf_lit(b, "}}");
}

static void put_spin(struct json_writer *w, struct jbuf *b, const struct event *ev)
{
	const struct ev_spin *s = &ev->spin;
	const struct fd_entry *f = NULL;

	event_head(w, b, "{\"ph\":\"X\",\"cat\":\"spin\"", call_name(s->call), ev->tgid, ev->tid,
		   s->ts_ns);
	jbuf_lit(b, ",\"dur\":");
	jbuf_us(b, s->end_ns, s->ts_ns);
	jbuf_lit(b, ",\"args\":{\"family\":\"");
	jbuf_str(b, family_name(call_family(s->call)));
	jbuf_lit(b, "\"");
	if (s->flags & CALLF_FD)
		f = put_fd(w, b, ev, s->fd);
	jbuf_key_i64(b, ",\"ret\":", s->ret);
	put_errno(b, s->ret);
	jbuf_key_u64(b, ",\"count\":", s->count);
	if (s->first) {
		jbuf_key_u64(b, ",\"wait_ns\":0,\"copy_ns\":0,\"runq_ns\":", s->runq_ns);
		jbuf_key_u64(b, ",\"cpu_ns\":", s->end_ns - s->ts_ns - s->runq_ns);
	}
	put_model(b, f);
	put_flags(b, s->flags);
	jbuf_lit(b, ",\"run_ts\":");
	jbuf_us(b, s->run_ns, w->t0_ns);
	if (s->ending)
		jbuf_lit(b, ",\"ending\":true");
	jbuf_key_u64(b, ",\"cpu\":", ev->cpu);
	if (ev->t_ns != s->end_ns)
		jbuf_key_u64(b, ",\"t\":", ev->t_ns);
	jbuf_lit(b, "}}");
}

static void put_task(struct jbuf *b, const struct ev_task *k)
{
	static const char *const ops[] = {
		[TASK_SEED] = "seed", [TASK_NEW] = "new",   [TASK_EXEC] = "exec",
		[TASK_EXIT] = "exit", [TASK_NAME] = "name", [TASK_FILES] = "files"};
	char comm[4 * REC_COMM + 1];

	jbuf_key_str(b, ",\"op\":", ops[k->op]);
	text_escape(comm, sizeof(comm), k->comm, strlen(k->comm));
	jbuf_key_str(b, ",\"comm\":", comm);
	jbuf_key_u64(b, ",\"flags\":", k->flags);
	jbuf_key_u64(b, ",\"files\":", k->files);
	if (k->op == TASK_NEW) {
		jbuf_key_u64(b, ",\"ptid\":", k->ptid);
		jbuf_key_u64(b, ",\"ptgid\":", k->ptgid);
		jbuf_lit(b, ",\"clone\":");
		put_hex(b, k->clone_flags);
	}
	if (k->old_tid)
		jbuf_key_u64(b, ",\"old_tid\":", k->old_tid);
	if (k->op == TASK_EXIT)
		jbuf_key_i64(b, ",\"code\":", k->code);
	jbuf_key_u64(b, ",\"nvcsw\":", k->nvcsw);
	jbuf_key_u64(b, ",\"nivcsw\":", k->nivcsw);
	jbuf_key_u64(b, ",\"global_tid\":", k->global_tid);
	jbuf_key_u64(b, ",\"start_ns\":", k->start_ns);
}

/* The time of a call that is left out. */
static void put_parts(struct jbuf *b, const struct ev_call *c)
{
	jbuf_key_str(b, ",\"call\":", call_name(c->call));
	jbuf_key_u64(b, ",\"enter\":", c->enter_ns);
	if (c->flags & CALLF_FD)
		jbuf_key_i64(b, ",\"fd\":", c->fd);
	put_phases(b, c);
	put_flags(b, c->flags);
	put_sleeps(b, c);
	put_segments(b, c);
}

static void put_sleep(struct jbuf *b, const struct ev_sleep *s)
{
	jbuf_key_str(b, ",\"call\":", call_name(s->call));
	jbuf_key_u64(b, ",\"enter\":", s->enter_ns);
	jbuf_key_str(b, ",\"state\":", state_name((enum state)s->state));
	if (s->flags & CALLF_FD)
		jbuf_key_i64(b, ",\"fd\":", s->fd);
	if (s->flags & CALLF_ASKED)
		jbuf_key_u64(b, ",\"asked\":", s->asked);
	if (s->nr)
		jbuf_key_u64(b, ",\"nr\":", s->nr);
	put_flags(b, s->flags);
}

static void put_sched(struct jbuf *b, const struct event *ev)
{
	const struct ev_sched *s = &ev->sched;
	const char *nr_name = s->nr >= 0 ? syscall_nr_name(s->nr) : NULL;

	jbuf_str(b, s->dir == SCHED_OUT ? ",\"dir\":\"out\"" : ",\"dir\":\"in\"");
	jbuf_key_str(b, ",\"state\":", state_name((enum state)s->state));
	if (s->dir == SCHED_IN) {
		jbuf_key_u64(b, ",\"off\":", s->off_ns);
		jbuf_key_u64(b, ",\"wake\":", s->wake_ns);
	}
	if (s->waker)
		jbuf_key_u64(b, ",\"waker_tid\":", s->waker);
	if (s->waker_kind)
		jbuf_key_u64(b, ",\"waker_kind\":", s->waker_kind);
	if (s->nr >= 0)
		jbuf_key_i64(b, ",\"nr\":", s->nr);
	if (nr_name)
		jbuf_key_str(b, ",\"call\":", nr_name);
	jbuf_key_u64(b, ",\"prev_state\":", s->prev_state);
	if (s->in_iowait)
		jbuf_key_u64(b, ",\"io_wait\":", s->in_iowait);
}

static void put_fd_event(struct jbuf *b, const struct ev_fd *d)
{
	static const char *const ops[] = {
		[FDOP_IS] = "is", [FDOP_CLOSE] = "close", [FDOP_RANGE] = "close_range"};

	jbuf_key_str(b, ",\"op\":", ops[d->op]);
	jbuf_key_u64(b, ",\"files\":", d->files);
	jbuf_key_i64(b, ",\"fd\":", d->fd);
	if (d->op == FDOP_RANGE)
		jbuf_key_u64(b, ",\"last\":", d->last);
	if (d->op != FDOP_IS)
		return;
	jbuf_key_str(b, ",\"kind\":", fd_kind_name((enum fd_kind)d->kind));
	jbuf_lit(b, ",\"file\":");
	jbuf_string(b, d->name.p, d->name.len);
	if (d->partial)
		jbuf_lit(b, ",\"partial\":true");
	jbuf_key_u64(b, ",\"o_flags\":", d->o_flags);
	jbuf_key_u64(b, ",\"mode\":", d->mode);
	jbuf_key_u64(b, ",\"ino\":", d->ino);
}

static void put_record(struct json_writer *w, struct jbuf *b, const struct event *ev)
{
	static const char *const kinds[] = {
		[EV_TASK] = "task", [EV_SLEEP] = "sleep", [EV_SCHED] = "sched", [EV_FD] = "fd",
		[EV_LOSS] = "loss", [EV_TICK] = "tick",	  [EV_CALL] = "parts"};
	(void)w;

	jbuf_key_u64(b, "{\"ph\":\"M\",\"name\":\"iotrace.rec\",\"pid\":", ev->tgid);
	jbuf_key_u64(b, ",\"tid\":", ev->tid);
	jbuf_key_str(b, ",\"args\":{\"k\":", kinds[ev->kind]);
	jbuf_key_u64(b, ",\"t\":", ev->t_ns);
	if (ev->cpu)
		jbuf_key_u64(b, ",\"cpu\":", ev->cpu);
	switch (ev->kind) {
	case EV_TASK:
		put_task(b, &ev->task);
		break;
	case EV_SLEEP:
		put_sleep(b, &ev->sleep);
		break;
	case EV_SCHED:
		put_sched(b, ev);
		break;
	case EV_CALL:
		put_parts(b, &ev->call);
		break;
	case EV_FD:
		put_fd_event(b, &ev->fd);
		break;
	case EV_LOSS:
		jbuf_key_u64(b, ",\"since\":", ev->loss.since_ns);
		jbuf_key_u64(b, ",\"calls\":", ev->loss.calls);
		jbuf_key_u64(b, ",\"records\":", ev->loss.records);
		jbuf_key_str(b, ",\"cause\":", loss_cause_name((enum loss_cause)ev->loss.cause));
		break;
	default:
		break;
	}
	jbuf_lit(b, "}}");
}

/* --- the writer --- */

int json_writer_new(struct json_writer **ret_w, struct out *out, const struct model *m,
		    const struct trace_info *info, enum json_format f, enum json_derived d)
{
	struct json_writer *w = calloc(1, sizeof(*w));
	int err;

	*ret_w = NULL;
	if (!w)
		return -ENOMEM;
	w->out = out;
	w->model = m;
	w->t0_ns = info->t0_ns;
	w->format = f;
	w->slices = d == DERIVED_ALL || (d == DERIVED_DEFAULT && f == JSON_ARRAY);
	w->marks = d != DERIVED_NONE;
	header(w, info);
	err = object_write(w, &w->line);
	if (err) {
		json_writer_free(w);
		return err;
	}
	*ret_w = w;
	return 0;
}

int json_writer_event(struct json_writer *w, const struct event *ev)
{
	struct jbuf *b = &w->line;
	int err;

	b->len = 0;
	if (ev->kind == EV_CALL && !ev_is_parts(ev))
		put_call(w, b, ev);
	else if (ev->kind == EV_SPIN)
		put_spin(w, b, ev);
	else
		put_record(w, b, ev);
	derive_from_event(w, ev);
	err = object_write(w, b);
	return err ? err : pending_write(w);
}

int json_writer_finish(struct json_writer *w, bool complete)
{
	int err;

	derive_finish(w);
	err = pending_write(w);
	if (!err && complete && w->marks) {
		w->line.len = 0;
		object_begin(w);
		summary_object(w, &w->line);
		err = object_end(w, &w->line);
	}
	if (!err && w->format == JSON_ARRAY)
		err = out_write(w->out, "\n]\n", 3);
	return err;
}

void json_writer_free(struct json_writer *w)
{
	if (!w)
		return;
	jbuf_free(&w->line);
	jbuf_free(&w->pending);
	free(w->lanes);
	free(w);
}
