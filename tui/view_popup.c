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
	[STATE_USER] = "on CPU, the program's own code",
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
	char count[40];

	format_count(count, sizeof(count), c->ev.spin.count);
	box_line(b, "folded", "%s failed tries, nothing learned", count);
	if (c->ev.spin.first)
		phases(b, c, COPY_NONE);
}

static void details_call(struct box *b, const struct call_entry *c)
{
	const struct ev_call *e = &c->ev.call;
	char count[40];

	if (e->flags & CALLF_ASKED) {
		format_count(count, sizeof(count), e->asked);
		box_line(b, "asked", "%s bytes", count);
	}
	phases(b, c, (enum copy_src)e->copy_src);
	box_line(b, "copy found by", "%s%s", copy_src_name((enum copy_src)e->copy_src),
		 e->flags & CALLF_HARVEST ? " (collecting the ready list)" : "");
	box_line(b, "slept", "%u times, preempted %u times", e->sleeps, e->preempts);
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

void view_details(struct scene *sc)
{
	const struct lane *l = ui_lane(sc->u, sc->m);
	uint64_t t = sc->u->frozen ? sc->u->cursor_ns : sc->u->now_ns, from;
	struct box b = box_open(sc, 64, 18, "details");
	const struct call_entry *c;
	enum state s;
	char name[4 * REC_COMM + 1], text[256], result[80];

	if (!l) {
		box_line(&b, "", "no thread yet");
		return;
	}
	text_name(l->comm, name, sizeof(name));
	s = lane_state_at(l, t, &from);
	box_line(&b, "thread", "%u %s of process %u", l->tid, name, l->proc->tgid);
	text_trace_time(sc, from, 9, text, sizeof(text));
	box_line(&b, "state", "%s since %s: %s", state_name(s), text, state_words[s]);
	c = sc->u->frozen ? call_at(l, t) : lane_call(l, 0);
	if (!c) {
		box_line(&b, "call", "none that is over");
		return;
	}
	text_call(sc, l, c->ev.kind == EV_SPIN ? c->ev.spin.call : c->ev.call.call,
		  c->ev.kind == EV_SPIN ? c->ev.spin.fd : c->ev.call.fd,
		  c->fd_index != MODEL_NO_FD ? model_fd(sc->m, c->fd_index) : NULL, text,
		  sizeof(text), 44);
	text_result(c, result, sizeof(result));
	box_line(&b, sc->u->frozen ? "call" : "newest call", "%s %s", text, result);
	text_trace_time(sc, c->begin_ns, 9, text, sizeof(text));
	box_line(&b, "began", "%s", text);
	if (c->ev.kind == EV_SPIN)
		details_spin(&b, c);
	else
		details_call(&b, c);
}
