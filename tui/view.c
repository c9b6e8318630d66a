/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole screen: which part stands where. */
#include "view.h"

#include <stdio.h>
#include <string.h>

#define LEAST_W 40
#define LEAST_H 8

void view_output(struct scene *sc, int y, int h)
{
	unsigned n = sc->s->n_output, rows = h > 1 ? (unsigned)h - 1 : 0;
	unsigned from = n > rows ? n - rows : 0;
	char line[2048];

	frame_put(sc->f, 1, y, -1, STYLE_HEAD,
		  ui_typing(sc->u) ? "output of the command; keys go to it (Ctrl-] gives them back)"
				   : "output of the command (o hides it)");
	for (unsigned i = from; i < n; i++) {
		text_escape(line, sizeof(line), sc->s->output[i].p, sc->s->output[i].len);
		frame_put(sc->f, 1, y + 1 + (int)(i - from), -1, STYLE_NORMAL, line);
	}
	if (!n)
		frame_put(sc->f, 1, y + 1, -1, STYLE_DIM,
			  sc->s->output ? "nothing yet" : "no command was started here");
}

static void draw_timeline(struct scene *sc)
{
	int h = sc->f->h, y = ui_rows_y() + ui_rows_h(sc->u) + 1, left, fds;

	view_title(sc);
	view_label(sc);
	view_lanes(sc);
	left = h - 1 - y;
	if (left < 2)
		return;
	if (sc->u->show_output) {
		view_output(sc, y, left);
		return;
	}
	fds = left < 9 ? 0 : left < 14 ? 4 : left / 3;
	if (!fds) {
		view_calls(sc, y, left);
		return;
	}
	view_calls(sc, y, left - fds - 1);
	frame_rule(sc->f, y + left - fds - 1);
	view_fds(sc, y + left - fds, fds);
}

static void draw_list(struct scene *sc, void (*view)(struct scene *sc, int y, int h))
{
	view_title(sc);
	view_label(sc);
	view(sc, 3, sc->f->h - 4);
}

static void too_small(struct scene *sc)
{
	frame_printf(sc->f, 0, 0, -1, STYLE_ALERT, "%dx%d: too small", sc->f->w, sc->f->h);
	frame_printf(sc->f, 0, 1, -1, STYLE_ALERT, "needs %dx%d", LEAST_W, LEAST_H);
	frame_put(sc->f, 0, 2, -1, STYLE_ALERT, "q quits");
}

void view_draw(struct scene *sc)
{
	sc->f->ascii = sc->u->ascii;
	frame_clear(sc->f);
	if (sc->f->w < LEAST_W || sc->f->h < LEAST_H) {
		too_small(sc);
		return;
	}
	switch (sc->u->view) {
	case VIEW_TIMELINE:
		draw_timeline(sc);
		break;
	case VIEW_FDS:
		draw_list(sc, view_fds);
		break;
	case VIEW_CALLS:
		draw_list(sc, view_calls);
		break;
	}
	view_legend(sc, sc->f->h - 1);
	if (sc->u->popup == POPUP_HELP)
		view_help(sc);
	else if (sc->u->popup == POPUP_DETAILS)
		view_details(sc);
}
