/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The top of the screen: title, label with its evidence, lanes over time. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"
#include "view.h"

/* What a process's row and its label stand on. */
static const struct process *selected_process(const struct scene *sc)
{
	return sc->u->sel_proc < model_n_processes(sc->m) ? model_process(sc->m, sc->u->sel_proc)
							  : NULL;
}

/* "3 threads"; at the end, when none is left, how many there were. */
static void title_threads(const struct scene *sc, int room, char *dst, size_t size)
{
	unsigned n = 0, procs = 0, all = model_n_lanes(sc->m);

	*dst = 0;
	for (unsigned i = 0; i < model_n_processes(sc->m); i++) {
		n += model_process(sc->m, i)->n_alive;
		procs += model_process(sc->m, i)->n_alive > 0;
	}
	if (!n)
		snprintf(dst, size, " (%u thread%s, ended)", all, all == 1 ? "" : "s");
	else if (procs > 1)
		snprintf(dst, size, " (%u processes, %u threads)", procs, n);
	if ((n && procs <= 1) || (int)strlen(dst) > room)
		snprintf(dst, size, " (%u thread%s)", n ? n : all, (n ? n : all) == 1 ? "" : "s");
	if (!all || (int)strlen(dst) > room)
		*dst = 0;
}

static double calls_per_s(const struct model *m)
{
	double sum = 0;

	for (unsigned i = 0; i < model_n_lanes(m); i++)
		sum += model_lane(m, i)->calls_per_s;
	return sum;
}

static void title_time(const struct scene *sc, char *dst, size_t size)
{
	const struct tui_status *s = sc->s;
	char window[32];

	format_ns(window, sizeof(window), ui_cell_ns(sc->u, sc->m) * (uint64_t)ui_cells_w(sc->u));
	if (s->ended)
		snprintf(dst, size, "ENDED  %s", window);
	else if (sc->u->frozen)
		snprintf(dst, size, "FROZEN  %s", window);
	else if (!sc->u->follow)
		snprintf(dst, size, "PAST  %s", window);
	else if (s->live)
		snprintf(dst, size, "LIVE  %s", window);
	else if (s->speed > 0)
		snprintf(dst, size, "REPLAY x%g  %s", s->speed, window);
	else
		snprintf(dst, size, "REPLAY  %s", window);
}

void view_title(struct scene *sc)
{
	const struct loss_total *loss = model_loss(sc->m);
	uint64_t lost = loss->calls + loss->records;
	char wall[32], mode[64], count[32], right[160], rate[32], threads[64];
	int x, end;

	for (x = 0; x < sc->f->w; x++)
		frame_put(sc->f, x, 0, 1, STYLE_TITLE, " ");
	text_wall_time(sc, sc->u->edge_ns, wall, sizeof(wall));
	wall[8] = 0; /* whole seconds */
	title_time(sc, mode, sizeof(mode));
	format_count(count, sizeof(count), lost);
	snprintf(right, sizeof(right), "%s  lost %s  %s ", mode, count, wall);
	end = frame_put_right(sc->f, sc->f->w, 0, STYLE_TITLE, right);
	x = frame_put(sc->f, 1, 0, end - 2, STYLE_TITLE, end > 9 ? "iotrace  " : "");
	if (x < end)
		x = frame_put(sc->f, x, 0, end - x - 1, STYLE_TITLE, sc->s->title);
	title_threads(sc, end - x - 1, threads, sizeof(threads));
	x = frame_put(sc->f, x, 0, -1, STYLE_TITLE, threads);
	format_count(rate, sizeof(rate), (uint64_t)(calls_per_s(sc->m) + 0.5));
	if (x + 2 + (int)strlen(rate) + 8 < end)
		frame_printf(sc->f, x + 2, 0, end - x - 2, STYLE_TITLE, "%s calls/s", rate);
	if (lost && sc->f->w > 40)
		frame_printf(sc->f, end + (int)strlen(mode) + 2, 0, -1, STYLE_ON_UNKNOWN, "lost %s",
			     count);
}

static enum style label_style(enum label l)
{
	switch (l) {
	case LABEL_BUSY:
		return STYLE_BIG_BUSY;
	case LABEL_RUNNING:
		return STYLE_BIG_RUNNING;
	case LABEL_BLOCKED:
		return STYLE_BIG_BLOCKED;
	case LABEL_IDLE:
		return STYLE_BIG_IDLE;
	default:
		return STYLE_BIG_OTHER;
	}
}

static void upper(char *s)
{
	for (; *s; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 32);
}

static char *last_of(char *s, const char *what)
{
	char *last = NULL;

	while ((s = strstr(s, what)))
		last = s++;
	return last;
}

/* Why, in at most `room` cells: what does not fit is left out in whole parts. */
static void label_why(const struct scene *sc, const struct label_state *ls, int room, char *dst,
		      size_t size)
{
	size_t n = evidence_format(&ls->why, dst, size);
	const struct lane *l = model_lane_by_tid(sc->m, ls->why.tid);
	const struct fd_entry *fd = l && ls->why.fd >= 0 && ls->why.call != CALL_NONE
					    ? model_fd_of(sc->m, l, ls->why.fd)
					    : NULL;
	static const char *const ends[] = {", ", " of ", " "};
	char tail[256];
	int left = room - frame_text_width(dst) - 4;

	if (fd && fd->name[0] && left >= 8 && n < size) {
		text_tail(fd->name, left, tail, sizeof(tail));
		snprintf(dst + n, size - n, "  (%s)", tail);
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		while (frame_text_width(dst) > room && last_of(dst, ends[i]))
			*last_of(dst, ends[i]) = 0;
	if (frame_text_width(dst) > room)
		*dst = 0;
}

static void line_label(struct scene *sc, const struct label_state *ls)
{
	char word[32], why[512], since[32];
	int x, end;

	if (ls->shown == LABEL_NONE) {
		frame_put(sc->f, 1, 1, -1, STYLE_DIM, "no label in the first tenth of a second");
		return;
	}
	snprintf(word, sizeof(word), " %s ", label_name(ls->shown));
	upper(word);
	x = frame_put(sc->f, 1, 1, -1, label_style(ls->shown), word);
	text_trace_time(sc, ls->since_ns, 1, since, sizeof(since));
	snprintf(why, sizeof(why), "since %s ", since);
	end = frame_put_right(sc->f, sc->f->w, 1, STYLE_DIM, why);
	label_why(sc, ls, end - x - 3, why, sizeof(why));
	if (x + 3 < end)
		frame_put(sc->f, x + 2, 1, end - x - 3, STYLE_NORMAL, why);
}

/* Frozen: what the selected thread did under the cursor, to the nanosecond. */
static void line_cursor(struct scene *sc, const struct lane *l)
{
	uint64_t t = sc->u->cursor_ns, from, to;
	enum state s = lane_span_at(l, t, sc->u->now_ns, &from, &to);
	char at[40], begin[32], dur[32], call[256], line[512];
	int x = 1, end;

	text_trace_time(sc, t, 9, begin, sizeof(begin));
	snprintf(at, sizeof(at), "at %s ", begin);
	end = frame_put_right(sc->f, sc->f->w, 1, STYLE_NORMAL, at);
	if (t < l->birth_ns || (l->end_ns && t >= l->end_ns)) {
		frame_printf(sc->f, x, 1, end - 2, STYLE_DIM, "thread %u %s", l->tid,
			     t < l->birth_ns ? "was not there yet" : "had ended");
		return;
	}
	x = frame_printf(sc->f, x, 1, end - 2, style_of_state(s), " %s %s ", text_glyph(sc, s),
			 state_name(s));
	format_ns(dur, sizeof(dur), to - from);
	text_trace_time(sc, from, 6, begin, sizeof(begin));
	snprintf(line, sizeof(line), " %s", dur);
	if (text_call_at(sc, l, t, end - x - 5 - (int)strlen(line), call, sizeof(call)))
		snprintf(line, sizeof(line), " %s in %s", dur, call);
	x = frame_put(sc->f, x, 1, end - x - 1, STYLE_NORMAL, line);
	/* what is left out first: it is where Left and Right put the cursor */
	if (x + 8 + (int)strlen(begin) < end)
		frame_printf(sc->f, x, 1, end - x - 1, STYLE_DIM, " from %s", begin);
}

void view_label(struct scene *sc)
{
	const struct process *p = selected_process(sc);
	const struct lane *l = ui_lane(sc->u, sc->m);

	if (sc->u->frozen && l)
		line_cursor(sc, l);
	else if (p)
		line_label(sc, &p->label);
	else
		frame_put(sc->f, 1, 1, -1, STYLE_DIM, "nothing has happened yet");
	frame_rule(sc->f, 2);
}

/* --- lanes --- */

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

/* What a thread does now: the label, or how long it has been asleep already. */
static void now_text(const struct scene *sc, const struct lane *l, char *dst, size_t size,
		     enum style *ret_style)
{
	uint64_t since, now = sc->u->now_ns;
	enum state s;
	char dur[32];

	if (l->end_ns) {
		snprintf(dst, size, l->ended_by_exec ? "exec" : "exited");
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
		upper(dst);
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
