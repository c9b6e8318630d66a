/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of recordings; see pure_line.h. */
#include "pure_line_priv.h"

#include <string.h>

#include "names.h"
#include "pure_scan.h"

#define ERESTART_FIRST 512
#define ERESTART_LAST  516
#define ENOIOCTLCMD_   515 /* lies between them and is no restart */

/* Everything that any raw line's args may hold; absent members stay 0. */
struct fields {
	struct text k, call_text, state, op, comm, kind, file, cause, dir, copy_src, clone;
	uint64_t t, cpu, asked, wait_ns, runq_ns, copy_ns, cpu_ns, sleeps, preempts, waker,
		waker_kind, attempt, nr_u, count, enter, off, wake, prev_state, io_wait, flags,
		files, ptid, ptgid, old_tid, nvcsw, nivcsw, global_tid, start_ns, last, o_flags,
		mode, ino, since, calls, records;
	int64_t fd, ret, first_ts, run_ts, nr, code;
	bool has_fd, has_asked, has_ret, has_cpu_ns, has_nr, has_t;
	bool nonblock, open_start, open_end, killed, no_enter, compat, harvest, ending, partial;
	uint64_t seg[REC_SEGS];
	unsigned nseg;
};

enum type { T_U64, T_I64, T_US, T_TEXT, T_BOOL };
#define FIELD(word, type, member, has)                                                             \
	{                                                                                          \
		word, type, offsetof(struct fields, member), has                                   \
	}
#define HAS(member) (1 + offsetof(struct fields, member))

static const struct {
	const char *key;
	enum type type;
	size_t at, has; /* has: offset + 1 of the flag that it was there, or 0 */
} keys[] = {
	FIELD("k", T_TEXT, k, 0),
	FIELD("t", T_U64, t, HAS(has_t)),
	FIELD("cpu", T_U64, cpu, 0),
	FIELD("fd", T_I64, fd, HAS(has_fd)),
	FIELD("asked", T_U64, asked, HAS(has_asked)),
	FIELD("ret", T_I64, ret, HAS(has_ret)),
	FIELD("wait_ns", T_U64, wait_ns, 0),
	FIELD("runq_ns", T_U64, runq_ns, 0),
	FIELD("copy_ns", T_U64, copy_ns, 0),
	FIELD("cpu_ns", T_U64, cpu_ns, HAS(has_cpu_ns)),
	FIELD("copy_src", T_TEXT, copy_src, 0),
	FIELD("sleeps", T_U64, sleeps, 0),
	FIELD("preempts", T_U64, preempts, 0),
	FIELD("waker_tid", T_U64, waker, 0),
	FIELD("waker_kind", T_U64, waker_kind, 0),
	FIELD("attempt", T_U64, attempt, 0),
	FIELD("first_ts", T_US, first_ts, 0),
	FIELD("nr", T_I64, nr, HAS(has_nr)),
	FIELD("count", T_U64, count, 0),
	FIELD("run_ts", T_US, run_ts, 0),
	FIELD("nonblock", T_BOOL, nonblock, 0),
	FIELD("open_start", T_BOOL, open_start, 0),
	FIELD("open_end", T_BOOL, open_end, 0),
	FIELD("killed", T_BOOL, killed, 0),
	FIELD("no_enter", T_BOOL, no_enter, 0),
	FIELD("compat", T_BOOL, compat, 0),
	FIELD("harvest", T_BOOL, harvest, 0),
	FIELD("ending", T_BOOL, ending, 0),
	FIELD("op", T_TEXT, op, 0),
	FIELD("comm", T_TEXT, comm, 0),
	FIELD("flags", T_U64, flags, 0),
	FIELD("files", T_U64, files, 0),
	FIELD("ptid", T_U64, ptid, 0),
	FIELD("ptgid", T_U64, ptgid, 0),
	FIELD("clone", T_TEXT, clone, 0),
	FIELD("old_tid", T_U64, old_tid, 0),
	FIELD("code", T_I64, code, 0),
	FIELD("nvcsw", T_U64, nvcsw, 0),
	FIELD("nivcsw", T_U64, nivcsw, 0),
	FIELD("global_tid", T_U64, global_tid, 0),
	FIELD("start_ns", T_U64, start_ns, 0),
	FIELD("call", T_TEXT, call_text, 0),
	FIELD("enter", T_U64, enter, 0),
	FIELD("state", T_TEXT, state, 0),
	FIELD("dir", T_TEXT, dir, 0),
	FIELD("off", T_U64, off, 0),
	FIELD("wake", T_U64, wake, 0),
	FIELD("prev_state", T_U64, prev_state, 0),
	FIELD("io_wait", T_U64, io_wait, 0),
	FIELD("last", T_U64, last, 0),
	FIELD("kind", T_TEXT, kind, 0),
	FIELD("file", T_TEXT, file, 0),
	FIELD("partial", T_BOOL, partial, 0),
	FIELD("o_flags", T_U64, o_flags, 0),
	FIELD("mode", T_U64, mode, 0),
	FIELD("ino", T_U64, ino, 0),
	FIELD("since", T_U64, since, 0),
	FIELD("calls", T_U64, calls, 0),
	FIELD("records", T_U64, records, 0),
	FIELD("cause", T_TEXT, cause, 0),
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static bool take_segs(struct scan *s, struct fields *f)
{
	if (!scan_open(s, '['))
		return false;
	while (!scan_close(s, ']')) {
		uint64_t at;
		struct text kind;
		int n;

		if (f->nseg && !scan_comma(s))
			return false;
		if (!scan_open(s, '[') || !scan_u64(s, &at) || !scan_comma(s) ||
		    !scan_string(s, &kind) || !scan_close(s, ']'))
			return false;
		n = segment_by_name(kind);
		if (n < 0 || f->nseg == REC_SEGS || at >> 60)
			return false;
		f->seg[f->nseg++] = at << 4 | (unsigned)n;
	}
	return true;
}

static bool take_field(struct scan *s, struct text key, struct fields *f)
{
	char *base = (char *)f;

	if (text_is(key, "segs"))
		return take_segs(s, f);
	for (size_t i = 0; i < N_KEYS; i++) {
		void *to = base + keys[i].at;

		if (!text_is(key, keys[i].key))
			continue;
		if (keys[i].has)
			*(bool *)(base + keys[i].has - 1) = true;
		switch (keys[i].type) {
		case T_U64:
			return scan_u64(s, to);
		case T_I64:
			return scan_i64(s, to);
		case T_US:
			return scan_us(s, to);
		case T_TEXT:
			return scan_string(s, to);
		default:
			return scan_bool(s, to);
		}
	}
	return scan_skip(s);
}

static bool field_member(struct scan *s, struct text key, void *ctx)
{
	return take_field(s, key, ctx);
}

/* --- fields -> events --- */

static unsigned flags_of(const struct fields *f)
{
	return (f->nonblock ? CALLF_NONBLOCK : 0u) | (f->open_start ? CALLF_OPEN_START : 0u) |
	       (f->open_end ? CALLF_OPEN_END : 0u) | (f->killed ? CALLF_KILLED : 0u) |
	       (f->no_enter ? CALLF_NO_ENTER : 0u) | (f->compat ? CALLF_COMPAT : 0u) |
	       (f->harvest ? CALLF_HARVEST : 0u) | (f->has_fd ? CALLF_FD : 0u) |
	       (f->has_asked ? CALLF_ASKED : 0u) |
	       (f->ret <= -ERESTART_FIRST && f->ret >= -ERESTART_LAST && f->ret != -ENOIOCTLCMD_
			? CALLF_RESTART
			: 0u);
}

static bool make_call(const struct fields *f, struct text name, uint64_t ts, uint64_t dur,
		      uint64_t t0, struct event *ev)
{
	struct ev_call *c = &ev->call;
	int call = call_by_name(name), src = copy_src_by_name(f->copy_src);

	if (call < 0)
		return false;
	ev->kind = EV_CALL;
	ev->t_ns = ts + dur;
	c->enter_ns = ts;
	c->wait_ns = f->wait_ns;
	c->runq_ns = f->runq_ns;
	c->copy_ns = f->copy_ns;
	c->cpu_ns = f->cpu_ns;
	c->ret = f->ret;
	c->asked = f->asked;
	c->attempt = f->attempt ? (uint16_t)f->attempt : 1;
	c->first_ns = f->attempt > 1 ? t0 + (uint64_t)f->first_ts : 0;
	c->fd = f->has_fd ? (int32_t)f->fd : -1;
	c->nr = (uint32_t)f->nr;
	c->sleeps = (uint32_t)f->sleeps;
	c->preempts = (uint32_t)f->preempts;
	c->waker = (uint32_t)f->waker;
	c->waker_kind = (uint8_t)f->waker_kind;
	c->call = (uint16_t)call;
	c->flags = (uint16_t)flags_of(f);
	c->copy_src = src < 0 ? COPY_NONE : (uint8_t)src;
	c->nseg = (uint8_t)f->nseg;
	memcpy(c->seg, f->seg, sizeof(c->seg));
	return true;
}

static bool make_spin(const struct fields *f, struct text name, uint64_t ts, uint64_t dur,
		      uint64_t t0, struct event *ev)
{
	struct ev_spin *s = &ev->spin;
	int call = call_by_name(name);

	if (call < 0)
		return false;
	ev->kind = EV_SPIN;
	ev->t_ns = f->has_t ? f->t : ts + dur;
	s->ts_ns = ts;
	s->end_ns = ts + dur;
	s->run_ns = t0 + (uint64_t)f->run_ts;
	s->runq_ns = f->runq_ns;
	s->count = f->count;
	s->ret = f->ret;
	s->fd = f->has_fd ? (int32_t)f->fd : -1;
	s->call = (uint16_t)call;
	s->flags = (uint16_t)flags_of(f);
	s->first = f->has_cpu_ns;
	s->ending = f->ending;
	return true;
}

int word_of(struct text t, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (words[i] && text_is(t, words[i]))
			return i;
	return -1;
}

static uint64_t hex_of(struct text t)
{
	uint64_t n = 0;

	for (size_t i = 2; i < t.len; i++) {
		char c = t.p[i];

		n = n << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	return n;
}

static bool make_task(const struct fields *f, struct event *ev)
{
	static const char *const ops[] = {
		[TASK_SEED] = "seed", [TASK_NEW] = "new",   [TASK_EXEC] = "exec",
		[TASK_EXIT] = "exit", [TASK_NAME] = "name", [TASK_FILES] = "files"};
	struct ev_task *k = &ev->task;
	int op = word_of(f->op, ops, TASK_FILES + 1);

	if (op < 0)
		return false;
	ev->kind = EV_TASK;
	k->op = (uint32_t)op;
	k->clone_flags = hex_of(f->clone);
	k->start_ns = f->start_ns;
	k->flags = (uint32_t)f->flags;
	k->files = (uint32_t)f->files;
	k->ptid = (uint32_t)f->ptid;
	k->ptgid = (uint32_t)f->ptgid;
	k->old_tid = (uint32_t)f->old_tid;
	k->code = (int32_t)f->code;
	k->nvcsw = (uint32_t)f->nvcsw;
	k->nivcsw = (uint32_t)f->nivcsw;
	k->global_tid = (uint32_t)f->global_tid;
	text_unescape(k->comm, REC_COMM - 1, f->comm.p, f->comm.len);
	return true;
}

static bool make_sleep(const struct fields *f, struct event *ev)
{
	int call = call_by_name(f->call_text), state = state_by_name(f->state);

	if (call < 0 || state < 0)
		return false;
	ev->kind = EV_SLEEP;
	ev->sleep = (struct ev_sleep){
		.enter_ns = f->enter,
		.asked = f->asked,
		.nr = (uint32_t)f->nr,
		.fd = f->has_fd ? (int32_t)f->fd : -1,
		.call = (uint16_t)call,
		.flags = (uint16_t)flags_of(f),
		.state = (uint8_t)state,
	};
	return true;
}

static bool make_sched(const struct fields *f, struct event *ev)
{
	int state = state_by_name(f->state);
	bool in = text_is(f->dir, "in");

	if (state < 0 || (!in && !text_is(f->dir, "out")))
		return false;
	ev->kind = EV_SCHED;
	ev->sched = (struct ev_sched){
		.off_ns = in ? f->off : f->t,
		.wake_ns = in ? f->wake : f->t,
		.waker = (uint32_t)f->waker,
		.nr = f->has_nr ? (int32_t)f->nr : -1,
		.prev_state = (uint32_t)f->prev_state,
		.dir = in ? SCHED_IN : SCHED_OUT,
		.state = (uint8_t)state,
		.waker_kind = (uint8_t)f->waker_kind,
		.in_iowait = (uint8_t)f->io_wait,
	};
	return true;
}

static bool make_fd(const struct fields *f, struct event *ev)
{
	static const char *const ops[] = {
		[FDOP_IS] = "is", [FDOP_CLOSE] = "close", [FDOP_RANGE] = "close_range"};
	int op = word_of(f->op, ops, FDOP_RANGE + 1);
	int kind = f->kind.len ? fd_kind_by_name(f->kind) : FDK_UNKNOWN;

	if (op < 0)
		return false;
	ev->kind = EV_FD;
	ev->fd = (struct ev_fd){
		.ino = f->ino,
		.files = (uint32_t)f->files,
		.fd = (int32_t)f->fd,
		.last = (uint32_t)(op == FDOP_RANGE   ? f->last
				   : op == FDOP_CLOSE ? (uint64_t)f->fd
						      : 0),
		.o_flags = (uint32_t)f->o_flags,
		.mode = (uint16_t)f->mode,
		.op = (uint8_t)op,
		.kind = kind < 0 ? FDK_UNKNOWN : (uint8_t)kind,
		.partial = f->partial,
		.name = {f->file.p ? f->file.p : "", f->file.len},
	};
	return true;
}

static bool make_loss(const struct fields *f, struct event *ev)
{
	int cause = loss_cause_by_name(f->cause);

	if (cause <= 0)
		return false;
	ev->kind = EV_LOSS;
	ev->loss = (struct ev_loss){f->since, f->calls, f->records, (uint32_t)cause};
	return true;
}

/* The time of a call that is left out. */
static bool make_parts(const struct fields *f, struct event *ev)
{
	if (f->enter > f->t || !make_call(f, f->call_text, f->enter, f->t - f->enter, 0, ev))
		return false;
	ev->call.flags |= CALLF_HIDDEN;
	return true;
}

static bool make_record(const struct fields *f, struct event *ev)
{
	ev->t_ns = f->t;
	if (text_is(f->k, "task"))
		return make_task(f, ev);
	if (text_is(f->k, "sleep"))
		return make_sleep(f, ev);
	if (text_is(f->k, "sched"))
		return make_sched(f, ev);
	if (text_is(f->k, "parts"))
		return make_parts(f, ev);
	if (text_is(f->k, "fd"))
		return make_fd(f, ev);
	if (text_is(f->k, "loss"))
		return make_loss(f, ev);
	ev->kind = EV_TICK;
	return text_is(f->k, "tick");
}

/* --- the line --- */

struct outer {
	struct text ph, cat, name;
	uint64_t pid, tid;
	int64_t ts, dur;
	char *args; /* where its value begins */
};

static bool take_outer(struct scan *s, struct outer *o)
{
	bool first = true;
	struct text key;

	if (!scan_open(s, '{'))
		return false;
	while (!scan_close(s, '}')) {
		bool ok;

		if ((!first && !scan_comma(s)) || !scan_key(s, &key))
			return false;
		first = false;
		if (text_is(key, "ph"))
			ok = scan_string(s, &o->ph);
		else if (text_is(key, "cat"))
			ok = scan_string(s, &o->cat);
		else if (text_is(key, "name"))
			ok = scan_string(s, &o->name);
		else if (text_is(key, "pid"))
			ok = scan_u64(s, &o->pid);
		else if (text_is(key, "tid"))
			ok = scan_u64(s, &o->tid);
		else if (text_is(key, "ts"))
			ok = scan_us(s, &o->ts);
		else if (text_is(key, "dur"))
			ok = scan_us(s, &o->dur);
		else if (text_is(key, "args")) {
			/* looked at only when the rest says that it is ours */
			struct scan peek = *s;

			o->args = s->p;
			ok = scan_open(&peek, '{');
			if (ok && (text_is(o->ph, "X") || text_is(o->ph, "M") ||
				   text_is(o->cat, "summary")))
				return true;
			ok = ok && scan_skip(s);
		} else {
			ok = scan_skip(s);
		}
		if (!ok)
			return false;
	}
	return true;
}

enum line_kind line_parse(char *p, size_t len, uint64_t t0_ns, struct line_result *r)
{
	struct scan s = {p, p + len};
	struct outer o = {0};
	struct fields f;
	bool ours, ok;

	if (!take_outer(&s, &o))
		return LINE_BROKEN;
	if (!o.args)
		return LINE_SKIP;
	s.p = o.args;
	if (text_is(o.ph, "M") && text_is(o.name, "iotrace"))
		return line_header_take(&s, &r->header) ? LINE_HEADER : LINE_BROKEN;
	if (text_is(o.cat, "summary"))
		return line_summary_take(&s, r) ? LINE_SUMMARY : LINE_BROKEN;
	ours = text_is(o.ph, "X") ? text_is(o.cat, "io") || text_is(o.cat, "spin")
				  : text_is(o.ph, "M") && text_is(o.name, "iotrace.rec");
	if (!ours)
		return scan_skip(&s) ? LINE_SKIP : LINE_BROKEN;
	memset(&f, 0, sizeof(f));
	if (!scan_object(&s, field_member, &f))
		return LINE_BROKEN;
	memset(&r->ev, 0, sizeof(r->ev));
	r->ev.tgid = (uint32_t)o.pid;
	r->ev.tid = (uint32_t)o.tid;
	r->ev.cpu = (uint16_t)f.cpu;
	if (text_is(o.ph, "M"))
		ok = make_record(&f, &r->ev);
	else if (text_is(o.cat, "io"))
		ok = make_call(&f, o.name, t0_ns + (uint64_t)o.ts, (uint64_t)o.dur, t0_ns, &r->ev);
	else
		ok = make_spin(&f, o.name, t0_ns + (uint64_t)o.ts, (uint64_t)o.dur, t0_ns, &r->ev);
	if (!ok) /* a call or kind of a later version */
		return LINE_SKIP;
	return event_check(&r->ev) ? LINE_BROKEN : LINE_EVENT;
}
