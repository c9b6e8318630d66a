/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands above the views: help, details of an interval. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "view.h"

struct box {
	struct scene *sc;
	int x, y, w, h, line;
};

static struct box box_open(struct scene *sc, int w, int h, const char *title)
{
	struct frame *f = sc->f;
	struct box b = {.sc = sc, .line = 1};

	b.w = w < f->w ? w : f->w;
	b.h = h < f->h ? h : f->h;
	b.x = (f->w - b.w) / 2;
	b.y = (f->h - b.h) / 2;
	frame_blank(f, b.x, b.y, b.w, b.h);
	for (int i = 0; i < b.w; i++) {
		const char *bar = sc->u->ascii ? "-" : "\xe2\x94\x80";

		frame_put(f, b.x + i, b.y, 1, STYLE_DIM, bar);
		frame_put(f, b.x + i, b.y + b.h - 1, 1, STYLE_DIM, bar);
	}
	frame_printf(f, b.x + 2, b.y, b.w - 4, STYLE_KEY, " %s ", title);
	frame_put_right(f, b.x + b.w - 2, b.y + b.h - 1, STYLE_DIM, " Esc closes ");
	return b;
}

static void box_line(struct box *b, const char *left, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void box_line(struct box *b, const char *left, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (b->line >= b->h - 1)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	frame_put(b->sc->f, b->x + 2, b->y + b->line, 15, STYLE_KEY, left);
	frame_put(b->sc->f, b->x + 18, b->y + b->line, b->w - 20, STYLE_NORMAL, text);
	b->line++;
}

/* What a glyph stands for, in words of the lecture. */
static const char *const state_words[STATE_COUNT] = {
	[STATE_USER] = "on CPU outside of watched calls",
	[STATE_SPIN] = "busy-waiting: on CPU, asking again and again",
	[STATE_COPY] = "on CPU, moving bytes between kernel and process",
	[STATE_KERNEL] = "on CPU, other work inside a watched call",
	[STATE_BLOCKED] = "asleep in I/O on one descriptor",
	[STATE_IDLE] = "asleep, waiting for any of several events",
	[STATE_DISK] = "asleep, waiting for the disk",
	[STATE_RUNNABLE] = "ready, but not on a CPU",
	[STATE_STOPPED] = "stopped by a signal or a debugger",
	[STATE_UNKNOWN] = "events were lost here",
};

void view_help(struct scene *sc)
{
	bool narrow = sc->f->h < 40;
	struct keymap_help k;
	struct box b;
	int keys = 0;

	while (keymap_help((unsigned)keys, &k))
		keys++;
	b = box_open(sc, 76, keys + (narrow ? 3 : STATE_COUNT + 4), "iotrace: keys");
	for (unsigned i = 0; keymap_help(i, &k); i++)
		box_line(&b, k.keys, "%s", k.what);
	if (narrow) {
		box_line(&b, "underlined", "a cell with other states in it too; ~ an estimate");
		return;
	}
	b.line++;
	for (int s = 0; s < STATE_COUNT; s++) {
		frame_put(sc->f, b.x + 2, b.y + b.line, 1, style_of_state((enum state)s),
			  text_glyph(sc, (enum state)s));
		frame_printf(sc->f, b.x + 4, b.y + b.line, 12, STYLE_KEY, "%s",
			     state_name((enum state)s));
		box_line(&b, "", "%s", state_words[s]);
		frame_put(sc->f, b.x + 2, b.y + b.line - 1, 1, style_of_state((enum state)s),
			  text_glyph(sc, (enum state)s));
		frame_put(sc->f, b.x + 4, b.y + b.line - 1, 12, STYLE_KEY,
			  state_name((enum state)s));
	}
	box_line(&b, "underlined", "a cell with other states in it too; ~ an estimate");
}

static void line_ns(struct box *b, const char *left, const char *mark, uint64_t ns)
{
	char dur[40], exact[40];

	format_ns(dur, sizeof(dur), ns);
	format_count(exact, sizeof(exact), ns);
	box_line(b, left, "%s%-12s %s ns", mark, dur, exact);
}

static void phases(struct box *b, const struct call_entry *c, enum copy_src src)
{
	line_ns(b, "wait", "", c->wait_ns);
	line_ns(b, "run queue", "", c->runq_ns);
	line_ns(b, "copy", src == COPY_ESTIMATED ? "~" : "", c->copy_ns);
	line_ns(b, "cpu", "", c->cpu_ns);
	line_ns(b, "total", "", c->wait_ns + c->runq_ns + c->copy_ns + c->cpu_ns);
}

static void details_spin(struct box *b, const struct call_entry *c)
{
	char count[40], span[40];

	format_count(count, sizeof(count), c->ev.spin.count);
	format_ns(span, sizeof(span), c->ev.spin.end_ns - c->ev.spin.ts_ns);
	box_line(b, "folded", "%s failed tries in %s, nothing learned", count, span);
	if (c->ev.spin.first)
		phases(b, c, COPY_NONE);
}

static void details_call(struct box *b, const struct call_entry *c)
{
	const struct ev_call *e = &c->ev.call;
	char count[40];

	if (e->flags & CALLF_ASKED) {
		format_count(count, sizeof(count), e->asked);
		box_line(b, "asked", "%s byte%s", count, e->asked == 1 ? "" : "s");
	}
	phases(b, c, (enum copy_src)e->copy_src);
	box_line(b, "copy found by", "%s%s", copy_src_name((enum copy_src)e->copy_src),
		 e->flags & CALLF_HARVEST ? " (collecting the ready list)" : "");
	box_line(b, "slept", "%u time%s, preempted %u time%s", e->sleeps, e->sleeps == 1 ? "" : "s",
		 e->preempts, e->preempts == 1 ? "" : "s");
	if (e->waker_kind == WAKER_TASK)
		box_line(b, "woken by", "thread %u, or an interrupt during it", e->waker);
	else if (e->waker_kind == WAKER_IRQ)
		box_line(b, "woken by", "an interrupt");
	if (e->attempt > 1)
		box_line(b, "attempt", "%u: restarted after a signal", e->attempt);
	box_line(b, "descriptor", "%s%s%s", e->flags & CALLF_NONBLOCK ? "non-blocking" : "blocking",
		 e->flags & CALLF_OPEN_START ? ", began before the trace" : "",
		 e->flags & CALLF_COMPAT ? ", 32-bit caller" : "");
}

/* The interval under the cursor, or the one that is going on. */
static void details_state(struct box *b, const struct lane *l, uint64_t t)
{
	const struct scene *sc = b->sc;
	uint64_t from, to;
	enum state s = lane_span_at(l, t, sc->u->now_ns, &from, &to);
	char name[4 * REC_COMM + 1], text[64], dur[40];

	text_name(l->comm, name, sizeof(name));
	box_line(b, "thread", "%u %s of process %u", l->tid, name, l->proc->tgid);
	if (l->end_ns && t >= l->end_ns) {
		text_trace_time(sc, l->end_ns, 9, text, sizeof(text));
		box_line(b, "ended", "%s", text);
		return;
	}
	box_line(b, "state", "%s: %s", state_name(s), state_words[s]);
	text_trace_time(sc, from, 9, text, sizeof(text));
	format_ns(dur, sizeof(dur), to - from);
	box_line(b, "since", "%s, %s", text, dur);
}

/* A call that is not over: all that is known of it. */
static void details_open(struct box *b, const struct lane *l)
{
	const struct ev_sleep *o = &l->open_call;
	char text[256], count[40];

	text_call(b->sc, l, o->call, o->fd, model_fd_of(b->sc->m, l, o->fd), text, sizeof(text),
		  56);
	box_line(b, "call", "%s", text);
	box_line(b, "result", "it is not over");
	text_trace_time(b->sc, o->enter_ns, 9, text, sizeof(text));
	box_line(b, "began", "%s%s", text,
		 o->flags & CALLF_OPEN_START ? " or before: it was going on" : "");
	if (o->flags & CALLF_ASKED) {
		format_count(count, sizeof(count), o->asked);
		box_line(b, "asked", "%s byte%s", count, o->asked == 1 ? "" : "s");
	}
	line_ns(b, "asleep so far", "",
		b->sc->u->now_ns > l->open_since_ns ? b->sc->u->now_ns - l->open_since_ns : 0);
}

static void details_done(struct box *b, const struct lane *l, const struct call_entry *c)
{
	bool spin = c->ev.kind == EV_SPIN;
	char text[256];

	text_call(b->sc, l, spin ? c->ev.spin.call : c->ev.call.call,
		  spin ? c->ev.spin.fd : c->ev.call.fd, model_call_fd(b->sc->m, c), text,
		  sizeof(text), 56);
	box_line(b, b->sc->u->frozen ? "call" : "newest call", "%s", text);
	text_result(c, text, sizeof(text));
	box_line(b, "result", "%s", text);
	text_trace_time(b->sc, c->begin_ns, 9, text, sizeof(text));
	box_line(b, "began", "%s", text);
	if (spin)
		details_spin(b, c);
	else
		details_call(b, c);
}

void view_details(struct scene *sc)
{
	const struct lane *l = ui_lane(sc->u, sc->m);
	uint64_t t = sc->u->frozen ? sc->u->cursor_ns : sc->u->now_ns;
	struct box b = box_open(sc, 76, 20, "details");
	const struct call_entry *c;

	if (!l) {
		box_line(&b, "", "no thread yet");
		return;
	}
	details_state(&b, l, t);
	c = sc->u->frozen ? call_at(l, t) : lane_call(l, 0);
	if (open_call_at(l, t))
		details_open(&b, l);
	else if (c)
		details_done(&b, l, c);
	else
		box_line(&b, "call", sc->u->frozen ? "none at this time" : "none that is over");
}
