/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first lines of the screen: title, then the label with its evidence, or
 * when frozen what the selected thread did under the cursor.
 */
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
	unsigned n = model_n_alive(sc->m), procs = model_n_alive_processes(sc->m);
	unsigned all = model_n_lanes(sc->m);

	*dst = 0;
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

	for (const struct lane *l = model_next_alive(m, NULL); l; l = model_next_alive(m, l))
		sum += l->calls_per_s;
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

/* The rate of all calls in at most `room` cells, "" if there is no room for it. */
static void title_rate(const struct scene *sc, int room, char *dst, size_t size)
{
	double n = calls_per_s(sc->m);
	char count[32];

	format_count(count, sizeof(count), (uint64_t)(n + 0.5));
	snprintf(dst, size, "%s calls/s", count);
	if ((int)strlen(dst) > room && n >= 1e4)
		snprintf(dst, size, n < 1e6 ? "%.0fk calls/s" : "%.2fM calls/s",
			 n < 1e6 ? n / 1e3 : n / 1e6);
	if ((int)strlen(dst) > room)
		*dst = 0;
}

void view_title(struct scene *sc)
{
	const struct loss_total *loss = model_loss(sc->m);
	uint64_t lost = loss->calls + loss->records;
	char wall[32], mode[64], count[32], right[160], rate[48], threads[64];
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
	title_rate(sc, end - x - 3, rate, sizeof(rate));
	if (x + 2 < end)
		frame_put(sc->f, x + 2, 0, end - x - 2, STYLE_TITLE, rate);
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
	size_t n = evidence_format(ls->why, dst, size);
	const struct lane *l = model_lane_by_tid(sc->m, ls->why->tid);
	const struct fd_entry *fd = l && ls->why->fd >= 0 && ls->why->call != CALL_NONE
					    ? model_fd_of(sc->m, l, ls->why->fd)
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

/* `l`: the thread that was chosen, or NULL for the process. */
static void line_label(struct scene *sc, const struct label_state *ls, const struct lane *l)
{
	char word[32], why[512], since[32];
	int x = 1, end;

	if (ls->shown == LABEL_NONE) {
		frame_put(sc->f, 1, 1, -1, STYLE_DIM, "no label in the first tenth of a second");
		return;
	}
	snprintf(word, sizeof(word), " %s ", label_name(ls->shown));
	text_upper(word);
	if (l)
		x = frame_printf(sc->f, x, 1, -1, STYLE_NORMAL, "%u", l->tid) + 1;
	x = frame_put(sc->f, x, 1, -1, label_style(ls->shown), word);
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
	else if (l && sc->u->chosen && sc->u->sel_lane != UI_NO_LANE)
		line_label(sc, &l->label, l);
	else if (p)
		line_label(sc, &p->label, NULL);
	else
		frame_put(sc->f, 1, 1, -1, STYLE_DIM, "nothing has happened yet");
	frame_rule(sc->f, 2);
}
