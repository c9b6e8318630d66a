/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last calls of the selected thread: phases as a bar and in figures. */
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "view.h"

#define ONE_LINE_WIDTH 120 /* from here on the figures stand beside the bar */
#define FIGURE	       10

/* A call as it is drawn: finished, folded, or still going on. */
struct shown_call {
	uint64_t begin_ns;
	uint64_t wait_ns, runq_ns, copy_ns, cpu_ns;
	bool phases; /* false: a folded run's later part, which has none of its own */
	bool open;
	enum state cpu_state, wait_state;
	enum copy_src copy_src;
	char text[256], result[80];
};

static uint64_t total_ns(const struct shown_call *c)
{
	return c->wait_ns + c->runq_ns + c->copy_ns + c->cpu_ns;
}

/* The thread is asleep in a call right now. */
static bool open_call(const struct scene *sc, const struct lane *l, int room,
		      struct shown_call *ret_c)
{
	const struct ev_sleep *o = &l->open_call;
	uint64_t now = sc->u->now_ns;
	const struct fd_entry *file;

	if (!open_call_at(l, sc->u->frozen ? sc->u->cursor_ns : now))
		return false;
	file = o->fd >= 0 ? model_fd_of(sc->m, l, o->fd) : NULL;
	*ret_c = (struct shown_call){
		.begin_ns = o->enter_ns,
		.wait_ns = now > l->open_since_ns ? now - l->open_since_ns : 0,
		.cpu_ns = l->open_since_ns > o->enter_ns ? l->open_since_ns - o->enter_ns : 0,
		.phases = true,
		.open = true,
		.cpu_state = STATE_KERNEL,
		.wait_state = (enum state)o->state,
		.result = "...",
	};
	text_call(sc, l, o->call, o->fd, file, ret_c->text, sizeof(ret_c->text), room - 4);
	return true;
}

static void done_call(const struct scene *sc, const struct lane *l, const struct call_entry *c,
		      int room, struct shown_call *ret_c)
{
	bool spin = c->ev.kind == EV_SPIN;
	unsigned nr = spin ? c->ev.spin.call : c->ev.call.call;
	const struct fd_entry *file = model_call_fd(sc->m, c);

	*ret_c = (struct shown_call){
		.begin_ns = c->begin_ns,
		.wait_ns = c->wait_ns,
		.runq_ns = c->runq_ns,
		.copy_ns = c->copy_ns,
		.cpu_ns = c->cpu_ns,
		.phases = !spin || c->ev.spin.first,
		.cpu_state = spin ? STATE_SPIN : STATE_KERNEL,
		.wait_state = call_sleep_state(nr),
		.copy_src = spin ? COPY_NONE : (enum copy_src)c->ev.call.copy_src,
	};
	/* the result is there as a whole; the file's name gets what is left */
	text_result(c, ret_c->result, sizeof(ret_c->result));
	text_call(sc, l, nr, spin ? c->ev.spin.fd : c->ev.call.fd, file, ret_c->text,
		  sizeof(ret_c->text), room - 1 - frame_text_width(ret_c->result));
}

/* Cells of each phase; whatever is not nothing gets one at least. */
static void bar_cells(const struct shown_call *c, uint64_t scale, int w, int ret_n[4])
{
	const uint64_t ns[4] = {c->cpu_ns, c->wait_ns, c->runq_ns, c->copy_ns};
	int sum = 0, most = 0;

	for (int i = 0; i < 4; i++) {
		ret_n[i] = scale ? (int)((double)ns[i] * w / (double)scale + 0.5) : 0;
		if (ns[i] && !ret_n[i])
			ret_n[i] = 1;
		sum += ret_n[i];
		if (ret_n[i] > ret_n[most])
			most = i;
	}
	if (sum > w)
		ret_n[most] -= sum - w;
	if (ret_n[most] < 0)
		ret_n[most] = 0;
}

/* In the order of a read: work, wait, run queue, copy. */
static void draw_bar(struct scene *sc, int x, int y, int w, const struct shown_call *c,
		     uint64_t scale)
{
	const enum state s[4] = {c->cpu_state, c->wait_state, STATE_RUNNABLE, STATE_COPY};
	int n[4];

	bar_cells(c, scale, w, n);
	for (int i = 0; i < 4; i++)
		while (n[i]-- > 0)
			x = frame_put(sc->f, x, y, 1, style_of_state(s[i]), text_glyph(sc, s[i]));
	if (c->open)
		frame_put(sc->f, x, y, 1, STYLE_KEY, ">");
}

static void figure(struct scene *sc, int right, int y, const char *mark, uint64_t ns, bool known,
		   enum style st)
{
	char text[48] = "-", dur[40];

	if (known) {
		format_ns(dur, sizeof(dur), ns);
		snprintf(text, sizeof(text), "%s%s", mark, dur);
	}
	if (frame_text_width(text) < right) /* else there is no room for this column */
		frame_put_right(sc->f, right, y, st, text);
}

static void draw_figures(struct scene *sc, int right, int y, const struct shown_call *c)
{
	const char *guess = c->copy_src == COPY_ESTIMATED ? "~" : "";
	bool past = c->phases && !c->open;

	figure(sc, right - 4 * FIGURE - 2, y, "", c->wait_ns, c->phases, STYLE_NORMAL);
	figure(sc, right - 3 * FIGURE - 2, y, "", c->runq_ns, past, STYLE_NORMAL);
	figure(sc, right - 2 * FIGURE - 2, y, guess, c->copy_ns, past && c->copy_src != COPY_NONE,
	       STYLE_NORMAL);
	figure(sc, right - FIGURE - 2, y, "", c->cpu_ns, past, STYLE_NORMAL);
	figure(sc, right - 1, y, "", total_ns(c), c->phases, STYLE_KEY);
}

/* Where the bar begins: behind time, call and result. */
static int bar_x(const struct scene *sc)
{
	int w = sc->f->w;

	return w >= ONE_LINE_WIDTH ? 64 : w >= 60 ? 48 : w;
}

static void draw_call(struct scene *sc, int y, int lines, const struct shown_call *c,
		      uint64_t scale)
{
	char when[32];
	int x, x1 = bar_x(sc), w = sc->f->w;

	text_wall_time(sc, c->begin_ns, when, sizeof(when));
	frame_put(sc->f, 1, y, -1, STYLE_DIM, when);
	x = frame_put(sc->f, 15, y, x1 - 16, c->open ? STYLE_KEY : STYLE_NORMAL, c->text);
	frame_put(sc->f, x + 1, y, x1 > x + 2 ? x1 - x - 2 : 0, STYLE_KEY, c->result);
	if (lines == 1) {
		draw_bar(sc, x1, y, w - x1 - 5 * FIGURE - 3, c, scale);
		draw_figures(sc, w, y, c);
	} else {
		draw_bar(sc, x1, y, w - x1 - 2, c, scale);
		draw_figures(sc, w, y + 1, c);
	}
}

static void head(struct scene *sc, int y, const struct lane *l)
{
	static const char *const columns[] = {"wait", "run q", "copy", "cpu", "= total"};
	char name[4 * REC_COMM + 1], text[128];
	int w = sc->f->w, first = w - 4 * FIGURE - 2, left = w;

	for (int i = 0; i < 5; i++) {
		int right = i < 4 ? first + i * FIGURE : w - 1;
		int width = (int)strlen(columns[i]);

		if (width >= right)
			continue;
		frame_put_right(sc->f, right, y, STYLE_HEAD, columns[i]);
		left = left < right - width ? left : right - width;
	}
	text_name(l->comm, name, sizeof(name));
	snprintf(text, sizeof(text), "calls of %u %s", l->tid, name);
	if (frame_text_width(text) > left - 3)
		snprintf(text, sizeof(text), "%u", l->tid);
	if (frame_text_width(text) <= left - 2)
		frame_put(sc->f, 1, y, -1, STYLE_HEAD, text);
}

static bool shown(struct scene *sc, const struct lane *l, unsigned i, int room,
		  struct shown_call *ret_c)
{
	const struct call_entry *c;
	unsigned skip = sc->u->frozen ? call_before(l, sc->u->cursor_ns) : 0;

	/* frozen: begin with the call under the cursor */
	if (skip && call_at(l, sc->u->cursor_ns))
		skip--;
	if (open_call(sc, l, room, ret_c) && i-- == 0)
		return true;
	c = lane_call(l, i + skip);
	if (c)
		done_call(sc, l, c, room, ret_c);
	return c != NULL;
}

/* Where to begin so that the last page is full. */
static unsigned last_page(struct scene *sc, const struct lane *l, unsigned from, unsigned n)
{
	unsigned all = l->ring_len + 1;
	struct shown_call c;

	while (all && !shown(sc, l, all - 1, 0, &c))
		all--;
	if (from + n > all)
		sc->u->scroll = from = all > n ? all - n : 0;
	return from;
}

void view_calls(struct scene *sc, int y, int h)
{
	const struct lane *l = ui_lane(sc->u, sc->m);
	int lines = sc->f->w >= ONE_LINE_WIDTH ? 1 : 2, n = (h - 1) / lines;
	int room = bar_x(sc) - 16;
	unsigned from = sc->u->view == VIEW_CALLS ? sc->u->scroll : 0;
	uint64_t scale = 0;
	struct shown_call c;

	if (!l || h < 2)
		return;
	head(sc, y, l);
	if (sc->u->view == VIEW_CALLS) {
		sc->u->page = n > 1 ? n - 1 : 1;
		from = last_page(sc, l, from, (unsigned)n);
	}
	for (int i = 0; i < n && shown(sc, l, from + (unsigned)i, room, &c); i++)
		if (c.phases && total_ns(&c) > scale)
			scale = total_ns(&c);
	for (int i = 0; i < n && shown(sc, l, from + (unsigned)i, room, &c); i++)
		draw_call(sc, y + 1 + i * lines, lines, &c, scale);
	if (!shown(sc, l, from, room, &c))
		frame_put(sc->f, 15, y + 1, -1, STYLE_DIM,
			  sc->u->frozen ? "the calls of that time are no longer kept"
			  : l->end_ns	? "no call was seen"
					: "no call yet");
}
