/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the person at the screen has chosen; see ui.h. */
#include "ui.h"

#include <stdlib.h>
#include <string.h>

#define AUTO_WINDOW_NS 10000000000ull
#define LADDER	       45 /* 1, 2, 5, ... ns up to 500,000 s */

static uint64_t ladder_ns(unsigned i)
{
	static const uint64_t step[] = {1, 2, 5};
	uint64_t ns = step[i % 3];

	for (i /= 3; i; i--)
		ns *= 10;
	return ns;
}

/* The smallest width of a cell with which `span` fits into `cells`. */
static unsigned ladder_fit(uint64_t span, int cells)
{
	unsigned i = 9;

	while (i < LADDER && ladder_ns(i) * (uint64_t)(cells > 0 ? cells : 1) < span)
		i++;
	return i;
}

void ui_init(struct ui *u, bool ascii)
{
	memset(u, 0, sizeof(*u));
	u->ascii = ascii;
	u->follow = true;
	u->zoom = UI_ZOOM_AUTO;
	u->sel_lane = UI_NO_LANE;
}

void ui_free(struct ui *u)
{
	free(u->rows);
	free(u->fd_then);
	free(u->seen);
	u->rows = NULL;
	u->seen = NULL;
	u->n_rows = u->cap_rows = u->n_seen = u->cap_seen = u->next_lane = 0;
}

/* --- layout --- */

int ui_cells_x(const struct ui *u)
{
	/* marker, tid, name from 60 columns on, 16 cells of what it does now */
	return u->w < 60 ? 26 : u->w < 120 ? 36 : 39;
}

int ui_cells_w(const struct ui *u)
{
	int n = u->w - ui_cells_x(u) - 1;

	return n > 1 ? n : 1;
}

int ui_rows_y(void)
{
	return 4;
}

int ui_rows_h(const struct ui *u)
{
	int most = u->h < 14 ? u->h - 6 : u->h < 30 ? 6 : u->h * 2 / 5;
	int n = (int)u->n_rows < most ? (int)u->n_rows : most;

	return n < 1 ? 1 : n;
}

uint64_t ui_cell_ns(const struct ui *u, const struct model *m)
{
	(void)m;
	if (u->zoom != UI_ZOOM_AUTO)
		return ladder_ns(u->zoom);
	/* the nearest that shows about ten seconds */
	return ladder_ns(ladder_fit(AUTO_WINDOW_NS * 7 / 10, ui_cells_w(u)));
}

uint64_t ui_first_ns(const struct ui *u, const struct model *m)
{
	uint64_t cell = ui_cell_ns(u, m), t0 = model_t0(m);
	uint64_t edge = u->edge_ns > t0 ? u->edge_ns - t0 : 0;
	uint64_t cells = (uint64_t)ui_cells_w(u);
	/* the last cell holds the edge */
	uint64_t last = edge / cell;

	if (last + 1 < cells)
		return t0; /* the trace is younger than the window: it grows to the right */
	return t0 + (last + 1 - cells) * cell;
}

/* --- rows --- */

static bool row_is_selected(const struct ui *u, const struct ui_row *r)
{
	if (r->lane)
		return r->lane->index == u->sel_lane;
	return u->sel_lane == UI_NO_LANE && r->proc->index == u->sel_proc;
}

unsigned ui_selected_row(const struct ui *u)
{
	for (unsigned i = 0; i < u->n_rows; i++)
		if (row_is_selected(u, &u->rows[i]))
			return i;
	return 0;
}

static void select_row(struct ui *u, unsigned i)
{
	if (i >= u->n_rows)
		return;
	u->sel_proc = u->rows[i].proc->index;
	u->sel_lane = u->rows[i].lane ? u->rows[i].lane->index : UI_NO_LANE;
	u->scroll = 0;
}

/* Keep the selection: the same row, else the same process, else the first thread. */
static void keep_selection(struct ui *u)
{
	unsigned same = UINT32_MAX, lane = UINT32_MAX;

	for (unsigned i = 0; i < u->n_rows; i++) {
		if (row_is_selected(u, &u->rows[i]))
			return;
		if (same == UINT32_MAX && u->rows[i].proc->index == u->sel_proc)
			same = i;
		if (lane == UINT32_MAX && u->rows[i].lane)
			lane = i;
	}
	if (same != UINT32_MAX && !u->rows[same].lane && same + 1 < u->n_rows &&
	    u->rows[same + 1].lane)
		same++;
	select_row(u, same != UINT32_MAX ? same : lane != UINT32_MAX ? lane : 0);
}

static void keep_in_sight(struct ui *u)
{
	unsigned sel = ui_selected_row(u), h = (unsigned)ui_rows_h(u);

	if (u->top_row + h > u->n_rows)
		u->top_row = u->n_rows > h ? u->n_rows - h : 0;
	if (sel < u->top_row)
		u->top_row = sel;
	else if (sel >= u->top_row + h)
		u->top_row = sel - h + 1;
}

void ui_sync(struct ui *u, const struct model *m, const struct tui_status *s, int w, int h)
{
	u->w = w;
	u->h = h;
	if (s->now_ns > u->now_ns && !u->frozen)
		u->now_ns = s->now_ns;
	if (u->follow)
		u->edge_ns = u->now_ns;
	ui_build_rows(u, m);
	keep_selection(u);
	keep_in_sight(u);
}

const struct lane *ui_lane(const struct ui *u, const struct model *m)
{
	const struct process *p;

	if (u->sel_lane != UI_NO_LANE)
		return u->sel_lane < model_n_lanes(m) ? model_lane(m, u->sel_lane) : NULL;
	if (u->sel_proc >= model_n_processes(m))
		return NULL;
	p = model_process(m, u->sel_proc);
	for (unsigned i = 0; p->n_alive && i < p->n_lanes; i++)
		if (!p->lanes[i]->end_ns)
			return p->lanes[i];
	return p->n_lanes ? p->lanes[p->n_lanes - 1] : NULL;
}

/* --- time --- */

static uint64_t clamp(uint64_t t, uint64_t low, uint64_t high)
{
	return t < low ? low : t > high ? high : t;
}

static uint64_t window_ns(const struct ui *u, const struct model *m)
{
	return ui_cell_ns(u, m) * (uint64_t)ui_cells_w(u);
}

static void pan(struct ui *u, const struct model *m, bool left, uint64_t by)
{
	uint64_t low = model_t0(m) + ui_cell_ns(u, m);

	u->follow = false;
	if (left)
		u->edge_ns = u->edge_ns > low + by ? u->edge_ns - by : low;
	else
		u->edge_ns += by;
	u->edge_ns = clamp(u->edge_ns, low < u->now_ns ? low : u->now_ns, u->now_ns);
	if (!u->frozen && u->edge_ns == u->now_ns)
		u->follow = true;
}

/* Move the window so that the cursor is inside it. */
static void show_cursor(struct ui *u, const struct model *m)
{
	uint64_t first = ui_first_ns(u, m), window = window_ns(u, m);

	if (u->cursor_ns < first)
		u->edge_ns = u->cursor_ns + window * 3 / 4;
	else if (u->cursor_ns >= first + window)
		u->edge_ns = u->cursor_ns + window / 4;
	u->edge_ns = clamp(u->edge_ns, model_t0(m), u->now_ns);
}

/* What is counted goes on while the picture stands still: keep it as it is. */
static void keep_fds(struct ui *u, const struct model *m)
{
	unsigned n = model_n_fds(m);
	struct ui_fd *then = realloc(u->fd_then, (n ? n : 1) * sizeof(*then));

	u->n_fd_then = then ? n : 0;
	if (then)
		u->fd_then = then;
	for (unsigned i = 0; i < u->n_fd_then; i++) {
		const struct fd_entry *f = model_fd(m, i);

		then[i] = (struct ui_fd){f->life,   f->model,	    f->models,
					 f->totals, f->calls_per_s, f->bytes_per_s};
	}
}

static void freeze(struct ui *u, const struct model *m)
{
	keep_fds(u, m);
	u->frozen = !u->frozen;
	u->follow = !u->frozen;
	u->cursor_ns = u->edge_ns ? u->edge_ns - 1 : 0;
}

/* The interval at `t` with those beside it that look the same. False: no longer kept. */
static bool seen_span(const struct lane *l, uint64_t t, uint64_t now, uint64_t *ret_from,
		      uint64_t *ret_to)
{
	enum state s = lane_span_at(l, t, now, ret_from, ret_to);
	uint64_t from, to;

	if (*ret_to <= t)
		return false;
	while (*ret_from > l->birth_ns && lane_span_at(l, *ret_from - 1, now, &from, &to) == s &&
	       to == *ret_from)
		*ret_from = from;
	while (lane_span_at(l, *ret_to, now, &from, &to) == s && to > *ret_to)
		*ret_to = to;
	return true;
}

/* To the beginning of the previous state, or of the next one. */
static void step(struct ui *u, const struct model *m, bool left)
{
	const struct lane *l = ui_lane(u, m);
	uint64_t from, to, last, at = u->cursor_ns;

	if (!l)
		return;
	last = l->end_ns ? l->end_ns : u->now_ns;
	if (left && at > l->birth_ns)
		at--; /* left of its first ns there is the state before */
	if (at >= last && last)
		at = last - 1; /* behind its end: as if from its last moment */
	if (!seen_span(l, at, u->now_ns, &from, &to))
		return;
	if (left)
		u->cursor_ns = from;
	else if (to < last)
		u->cursor_ns = to;
	u->cursor_ns = clamp(u->cursor_ns, model_t0(m), u->now_ns);
	show_cursor(u, m);
}

/* What is under the cursor stays in its cell, as far as the window ends before now. */
static void zoom(struct ui *u, const struct model *m, bool in)
{
	uint64_t about = u->frozen ? u->cursor_ns : u->edge_ns, t0 = model_t0(m);
	uint64_t first = ui_first_ns(u, m), cells = (uint64_t)ui_cells_w(u), from, at;
	unsigned to = u->zoom;

	if (to == UI_ZOOM_AUTO)
		to = ladder_fit(AUTO_WINDOW_NS * 7 / 10, (int)cells);
	at = about > first ? (about - first) / ladder_ns(to) : 0;
	if (in && to > 9)
		to--;
	else if (!in && to + 1 < LADDER)
		to++;
	u->zoom = to;
	from = (about > t0 ? about - t0 : 0) / ladder_ns(to);
	from = from > at ? from - at : 0;
	if (!u->follow)
		u->edge_ns = clamp(t0 + (from + cells) * ladder_ns(to) - 1, t0, u->now_ns);
}

static void zoom_all(struct ui *u, const struct model *m)
{
	u->edge_ns = u->now_ns;
	u->follow = !u->frozen;
	u->zoom = ladder_fit(u->now_ns - model_t0(m) + 1, ui_cells_w(u));
}

static void follow(struct ui *u)
{
	u->frozen = false;
	u->follow = true;
	u->edge_ns = u->now_ns;
}

/* --- selection --- */

static void move(struct ui *u, int by)
{
	long to;

	if (u->view == VIEW_TIMELINE) {
		to = (long)ui_selected_row(u) + by;
		u->chosen = true;
		if (u->n_rows)
			select_row(u, to < 0		      ? 0
				      : to >= (long)u->n_rows ? u->n_rows - 1
							      : (unsigned)to);
		keep_in_sight(u);
		return;
	}
	to = (long)u->scroll + by;
	u->scroll = to < 0 ? 0 : (unsigned)to; /* the view knows how long its list is */
}

static void set_view(struct ui *u, enum ui_view v)
{
	u->view = v;
	u->scroll = 0;
}

static void click(struct ui *u, const struct model *m, int x, int y)
{
	unsigned row = u->top_row + (unsigned)(y - ui_rows_y());

	if (u->view != VIEW_TIMELINE || y < ui_rows_y() || y >= ui_rows_y() + ui_rows_h(u))
		return;
	select_row(u, row);
	u->chosen = true;
	if (u->frozen && x >= ui_cells_x(u))
		u->cursor_ns =
			clamp(ui_first_ns(u, m) + (uint64_t)(x - ui_cells_x(u)) * ui_cell_ns(u, m) +
				      ui_cell_ns(u, m) / 2,
			      model_t0(m), u->now_ns);
}

/* Esc: close what is on top; never quits. */
static void back(struct ui *u)
{
	if (u->popup)
		u->popup = POPUP_NONE;
	else if (u->view != VIEW_TIMELINE)
		set_view(u, VIEW_TIMELINE);
	else if (u->frozen || !u->follow)
		follow(u);
	else
		u->chosen = false;
}

static enum ui_result obey(struct ui *u, const struct model *m, enum command c, int x, int y)
{
	switch (c) {
	case CMD_QUIT:
		return UI_QUIT;
	case CMD_HELP:
		u->popup = u->popup == POPUP_HELP ? POPUP_NONE : POPUP_HELP;
		break;
	case CMD_FREEZE:
		freeze(u, m);
		break;
	case CMD_LEFT:
	case CMD_RIGHT:
		if (u->frozen)
			step(u, m, c == CMD_LEFT);
		else
			pan(u, m, c == CMD_LEFT, ui_cell_ns(u, m));
		break;
	case CMD_PAN_LEFT:
	case CMD_PAN_RIGHT:
		pan(u, m, c == CMD_PAN_LEFT, window_ns(u, m) / 4);
		break;
	case CMD_ZOOM_IN:
	case CMD_ZOOM_OUT:
		zoom(u, m, c == CMD_ZOOM_IN);
		break;
	case CMD_ZOOM_ALL:
		zoom_all(u, m);
		break;
	case CMD_FOLLOW:
		follow(u);
		break;
	case CMD_UP:
	case CMD_DOWN:
		move(u, c == CMD_UP ? -1 : 1);
		break;
	case CMD_PAGE_UP:
	case CMD_PAGE_DOWN:
		move(u, c == CMD_PAGE_UP ? -u->page : u->page);
		break;
	case CMD_FIRST:
		move(u, -1000000);
		break;
	case CMD_LAST:
		move(u, 1000000);
		break;
	case CMD_END:
		if (u->view == VIEW_TIMELINE)
			follow(u);
		else
			move(u, 1000000);
		break;
	case CMD_DETAILS:
		u->popup = u->popup == POPUP_DETAILS ? POPUP_NONE : POPUP_DETAILS;
		break;
	case CMD_BACK:
		back(u);
		break;
	case CMD_NEXT_VIEW:
		set_view(u, (enum ui_view)((u->view + 1) % 3));
		break;
	case CMD_PREV_VIEW:
		set_view(u, (enum ui_view)((u->view + 2) % 3));
		break;
	case CMD_VIEW_TIMELINE:
		set_view(u, VIEW_TIMELINE);
		break;
	case CMD_VIEW_FDS:
		set_view(u, VIEW_FDS);
		break;
	case CMD_VIEW_CALLS:
		set_view(u, VIEW_CALLS);
		break;
	case CMD_THREADS:
		u->hide_threads = !u->hide_threads;
		break;
	case CMD_OUTPUT:
		u->show_output = !u->show_output;
		break;
	case CMD_ASCII:
		u->ascii = !u->ascii;
		break;
	case CMD_REDRAW:
		return UI_REDRAW;
	case CMD_CLICK:
		click(u, m, x, y);
		break;
	case CMD_NONE:
	case CMD_COUNT:
		return UI_NOTHING;
	}
	return UI_DIRTY;
}

enum ui_result ui_key(struct ui *u, const struct model *m, int key, int x, int y)
{
	bool was_frozen = u->frozen;
	enum ui_result r;

	if (ui_typing(u) && key != K_RESIZE)
		return ui_type(u, key);
	r = key == K_RESIZE ? UI_REDRAW : obey(u, m, keymap_command(key), x, y);

	/* a replay stands still with the picture */
	return was_frozen != u->frozen ? UI_PAUSE : r;
}
