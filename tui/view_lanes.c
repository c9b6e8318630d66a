/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lanes over time: axis, rows, cursor; and the legend of their glyphs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "view.h"

/* Digits behind the point that a time on a grid of `step` needs. */
static int fraction_of(uint64_t step)
{
	return step % 1000000000 == 0 ? 0 : step % 1000000 == 0 ? 3 : step % 1000 == 0 ? 6 : 9;
}

/* The least of 1, 2, 5, 10, ... ns whose label fits between two of its kind. */
static uint64_t axis_step(uint64_t cell, bool follow)
{
	static const uint64_t steps[] = {1, 2, 5};

	for (unsigned i = 0;; i++) {
		uint64_t step = steps[i % 3];
		int fraction, width;

		for (unsigned k = 0; k < i / 3; k++)
			step *= 10;
		fraction = fraction_of(step);
		width = follow ? 9 : 7 + (fraction ? fraction + 1 : 0);
		if (step >= cell * (uint64_t)width)
			return step;
	}
}

/* A label of the axis that is there as a whole, or not at all. */
static void axis_label(struct scene *sc, int x, enum style st, const char *text)
{
	if (x + frame_text_width(text) <= sc->f->w)
		frame_put(sc->f, x, 3, -1, st, text);
}

/* "-20 ms": round figures need no decimals. */
static void back_text(uint64_t back, char *dst, size_t size)
{
	char dur[32], *point, *unit;

	format_ns(dur, sizeof(dur), back);
	point = strchr(dur, '.');
	unit = strchr(dur, ' ');
	if (point && unit && strspn(point + 1, "0") == (size_t)(unit - point) - 1)
		memmove(point, unit, strlen(unit) + 1);
	snprintf(dst, size, "-%s", dur);
}

/* How long ago, by a round step from the right edge. */
static void axis_back(struct scene *sc, uint64_t cell, int now_x)
{
	uint64_t step = axis_step(cell, true);
	int x0 = ui_cells_x(sc->u), now_from = x0 + (now_x > 2 ? now_x - 2 : 0);
	char text[40];

	for (uint64_t back = step; back <= cell * (uint64_t)now_x; back += step) {
		int x = x0 + now_x - (int)(back / cell);

		back_text(back, text, sizeof(text));
		if (x + (int)strlen(text) < now_from)
			axis_label(sc, x, STYLE_DIM, text);
	}
	axis_label(sc, now_from, STYLE_HEAD, "now");
}

/* Times since the trace began, or while following how long ago. */
static void axis(struct scene *sc)
{
	uint64_t cell = ui_cell_ns(sc->u, sc->m), first = ui_first_ns(sc->u, sc->m);
	uint64_t t0 = model_t0(sc->m), step = axis_step(cell, false);
	int n = ui_cells_w(sc->u);
	int now_x = sc->u->edge_ns > first ? (int)((sc->u->edge_ns - first) / cell) : 0;
	char text[40];

	if (sc->u->follow) {
		axis_back(sc, cell, now_x < n ? now_x : n - 1);
		return;
	}
	for (uint64_t t = (first - t0 + step - 1) / step * step;
	     t < first - t0 + cell * (uint64_t)n; t += step) {
		text_trace_time(sc, t + t0, fraction_of(step), text, sizeof(text));
		axis_label(sc, ui_cells_x(sc->u) + (int)((t + t0 - first) / cell), STYLE_DIM, text);
	}
}

/* The state that holds most of `ns`; false: nothing (the thread was not there). */
static bool dominant(const uint64_t slots[STATE_SLOTS], enum state *ret_s, bool *ret_mixed)
{
	uint64_t ns[STATE_COUNT] = {0}, sum = 0, on = 0;
	enum state best = STATE_USER;

	for (int i = 0; i < STATE_SLOTS; i++)
		ns[state_shown(i)] += slots[i];
	for (int i = 0; i < STATE_COUNT; i++) {
		sum += ns[i];
		on += i <= STATE_KERNEL ? ns[i] : 0;
		if (ns[i] > ns[best])
			best = (enum state)i;
	}
	*ret_s = best;
	/* asleep, but it woke up: worth a mark however short */
	*ret_mixed = (sum - ns[best]) * 32 > sum || (best > STATE_KERNEL && on);
	return sum > 0;
}

/* A process's cell: on CPU if its threads together are for half of it, else asleep. */
static bool dominant_of_process(const struct process *p, uint64_t from, uint64_t to, uint64_t now,
				enum state *ret_s, bool *ret_mixed)
{
	uint64_t ns[STATE_SLOTS] = {0}, on[STATE_SLOTS] = {0}, on_sum = 0;

	for (unsigned i = 0; i < p->n_lanes; i++) {
		const struct lane *l = p->lanes[i];

		if (l->birth_ns < to && (!l->end_ns || l->end_ns > from))
			lane_shares(l, from, to, now, ns);
	}
	for (int i = 0; i < STATE_SLOTS; i++) {
		if (i > STATE_KERNEL && i < STATE_COUNT)
			continue;
		on[i] = ns[i];
		on_sum += ns[i];
	}
	return dominant(on_sum * 2 >= to - from ? on : ns, ret_s, ret_mixed);
}

static void draw_cells(struct scene *sc, int y, const struct ui_row *r)
{
	uint64_t cell = ui_cell_ns(sc->u, sc->m), first = ui_first_ns(sc->u, sc->m);
	int x0 = ui_cells_x(sc->u), n = ui_cells_w(sc->u);
	char lower[2] = "";

	for (int i = 0; i < n; i++) {
		uint64_t from = first + (uint64_t)i * cell, to = from + cell;
		uint64_t ns[STATE_SLOTS] = {0};
		enum state s;
		bool mixed, some;

		if (from >= sc->u->edge_ns)
			break;
		if (to > sc->u->edge_ns)
			to = sc->u->edge_ns;
		if (r->lane)
			lane_shares(r->lane, from, to, sc->u->now_ns, ns);
		some = r->lane ? dominant(ns, &s, &mixed)
			       : dominant_of_process(r->proc, from, to, sc->u->now_ns, &s, &mixed);
		if (!some)
			continue;
		lower[0] = (char)(state_letter(s) | 0x20);
		if (sc->u->ascii && mixed && state_letter(s) >= 'A')
			frame_put(sc->f, x0 + i, y, 1, style_of_state(s), lower);
		else
			frame_put(sc->f, x0 + i, y, 1, style_of_state(s), text_glyph(sc, s));
		if (mixed)
			frame_mark(sc->f, x0 + i, y, MARK_MIXED);
	}
}

/* As format_ns(), but never wider than "1.234 s" or "119 min". */
static void format_short(char *dst, size_t size, uint64_t ns)
{
	uint64_t min = ns / 60000000000;

	if (min >= 120)
		snprintf(dst, size, "%" PRIu64 " h", min / 60);
	else if (min >= 2)
		snprintf(dst, size, "%" PRIu64 " min", min);
	else
		format_ns(dst, size, ns);
}

/* How a thread ended; its code is that of wait(2). */
static void end_text(const struct lane *l, char *dst, size_t size)
{
	int sig = l->exit_code & 0x7f;
	const char *name = sig ? sigabbrev_np(sig) : NULL;

	if (l->ended_by_exec)
		snprintf(dst, size, "exec");
	else if (name)
		snprintf(dst, size, "SIG%s", name);
	else if (sig)
		snprintf(dst, size, "signal %d", sig);
	else if (l->exit_code >> 8 & 0xff)
		snprintf(dst, size, "exit %d", l->exit_code >> 8 & 0xff);
	else
		snprintf(dst, size, "exited");
}

/* What a thread does now: the label, or how long it has been asleep already. */
static void now_text(const struct scene *sc, const struct lane *l, char *dst, size_t size,
		     enum style *ret_style)
{
	uint64_t since, now = sc->u->now_ns;
	enum state s;
	char dur[32];

	if (l->end_ns) {
		end_text(l, dst, size);
		*ret_style = STYLE_DIM;
		return;
	}
	s = lane_state_at(l, now, &since);
	if (s > STATE_KERNEL && now > since && now - since >= 100000000) {
		format_short(dur, sizeof(dur), now - since);
		snprintf(dst, size, "%s %s", state_name(s), dur);
		*ret_style = style_of_state(s);
		return;
	}
	snprintf(dst, size, "%s", label_name(l->label.shown));
	*ret_style = l->label.shown == LABEL_BUSY ? STYLE_ALERT : STYLE_NORMAL;
	if (l->label.shown == LABEL_BUSY)
		text_upper(dst);
}

/* Cells of a thread's name; where the "now" column begins. */
static int name_w(const struct ui *u)
{
	return u->w < 60 ? 0 : u->w < 120 ? 9 : 12;
}

static int now_x(const struct ui *u)
{
	return 9 + (name_w(u) ? name_w(u) + 1 : 0);
}

static void draw_row(struct scene *sc, int y, const struct ui_row *r, bool selected)
{
	enum style st = selected ? STYLE_SELECT : STYLE_NORMAL, now_style;
	char name[4 * REC_COMM + 1], now[64];

	if (selected)
		frame_put(sc->f, 0, y, 1, STYLE_SELECT, ">");
	if (r->lane) {
		text_name(r->lane->comm, name, sizeof(name));
		now_text(sc, r->lane, now, sizeof(now), &now_style);
		frame_printf(sc->f, 1, y, 7, st, "%u", r->lane->tid);
	} else {
		text_name(r->proc->comm, name, sizeof(name));
		snprintf(now, sizeof(now), "%s", label_name(r->proc->label.shown));
		now_style = r->proc->label.shown == LABEL_BUSY ? STYLE_ALERT : STYLE_NORMAL;
		frame_printf(sc->f, 1, y, 8, st, "%s%u",
			     sc->u->ascii	   ? "*"
			     : sc->u->hide_threads ? "\xe2\x96\xb8"
						   : "\xe2\x96\xbe",
			     r->proc->tgid);
	}
	frame_put(sc->f, 9, y, name_w(sc->u), st, name);
	frame_put(sc->f, now_x(sc->u), y, ui_cells_x(sc->u) - now_x(sc->u) - 1, now_style, now);
	if (r->lane || sc->u->hide_threads)
		draw_cells(sc, y, r);
}

static void draw_cursor(struct scene *sc, int y, int h)
{
	uint64_t first = ui_first_ns(sc->u, sc->m), cell = ui_cell_ns(sc->u, sc->m);
	int n = ui_cells_w(sc->u);
	int i = sc->u->cursor_ns >= first ? (int)((sc->u->cursor_ns - first) / cell) : -1;

	if (!sc->u->frozen || i < 0 || i >= n)
		return;
	frame_put(sc->f, ui_cells_x(sc->u) + i, 2, 1, STYLE_KEY, "v");
	for (int k = 0; k < h; k++)
		frame_mark(sc->f, ui_cells_x(sc->u) + i, y + k, MARK_CURSOR);
}

void view_lanes(struct scene *sc)
{
	const struct ui *u = sc->u;
	int y = ui_rows_y(), h = ui_rows_h(u);
	unsigned sel = ui_selected_row(u);
	unsigned more =
		u->n_rows > u->top_row + (unsigned)h ? u->n_rows - u->top_row - (unsigned)h : 0;

	frame_put(sc->f, 1, 3, -1, STYLE_HEAD, "tid");
	frame_put(sc->f, 9, 3, name_w(u), STYLE_HEAD, "name");
	frame_put(sc->f, now_x(u), 3, -1, STYLE_HEAD, "now");
	axis(sc);
	for (int i = 0; i < h && u->top_row + (unsigned)i < u->n_rows; i++)
		draw_row(sc, y + i, &u->rows[u->top_row + (unsigned)i],
			 u->top_row + (unsigned)i == sel);
	draw_cursor(sc, y, h);
	frame_rule(sc->f, y + h);
	if (u->top_row || more)
		frame_printf(sc->f, 2, y + h, -1, STYLE_DIM, " %u above, %u below ", u->top_row,
			     more);
}

void view_legend(struct scene *sc, int y)
{
	char keys[] = "? help  q quit";
	int x = 1, end = sc->f->w - (int)sizeof(keys);

	if (sc->s->message) {
		frame_put(sc->f, 1, y, -1, STYLE_ALERT, sc->s->message);
		return;
	}
	for (int s = 0; s < STATE_COUNT; s++) {
		int need = 2 + (int)strlen(state_name((enum state)s));

		if (s == STATE_STOPPED || s == STATE_UNKNOWN)
			if (sc->f->w < 100)
				continue;
		if (x + need > end)
			break;
		frame_put(sc->f, x, y, 1, style_of_state((enum state)s),
			  text_glyph(sc, (enum state)s));
		x = frame_put(sc->f, x + 2, y, -1, STYLE_DIM, state_name((enum state)s)) + 1;
	}
	frame_put_right(sc->f, sc->f->w, y, STYLE_KEY, keys);
}
